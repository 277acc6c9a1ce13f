module Optim.LawsTests.Program

open Optim.Testing

[<EntryPoint>]
let main arguments = TestMain.Run arguments
