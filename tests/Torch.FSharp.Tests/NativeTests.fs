module Optim.TorchTests.NativeTests

open System.IO
open Expecto

[<Tests>]
let tests =
    testList "native" [
        testCase "the assembly names the native functions it calls"
        <| fun () ->
            let externs =
                typeof<Optim.EngineException>.Assembly.GetName().Name |> Path.GetFileName

            Expect.equal externs "Optim.Core" "core"
    ]
