module Optim.TorchTests.Program

open Optim.Testing

[<EntryPoint>]
let main arguments = TestMain.Run arguments
