module Optim.CliTests.Program

open Optim.Testing

[<EntryPoint>]
let main arguments = TestMain.Run arguments
