module Optim.CliTests.ProgramTests

open Expecto
open Optim.Cli

[<Tests>]
let program =
    testList "Program" [
        testCase
            "misuse exits with 2"
            (fun () -> Expect.equal (Program.main [| "no-such-command" |]) 2 "exit code")
    ]
