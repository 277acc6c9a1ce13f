module Optim.TorchTests.Program

open Optim.Testing

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--speak" |] -> FailuresTests.speak ()
    | [| "--exhaust" |] -> PromiseTests.exhaust ()
    | [| "--missing" |] -> PromiseTests.missing ()
    | _ -> TestMain.Run arguments
