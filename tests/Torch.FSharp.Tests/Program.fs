module Optim.TorchTests.Program

open Optim.Testing

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--speak" |] -> FailuresTests.speak ()
    | _ -> TestMain.Run arguments
