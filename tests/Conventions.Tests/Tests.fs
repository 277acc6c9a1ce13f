module Optim.ConventionsTests.SourceTests

open System.IO
open Expecto
open Optim.Testing

[<Tests>]
let source =
    testList "Sources" [
        testCase
            "the solution is found"
            (fun () -> Expect.isTrue (File.Exists(Repository.Path "Optim.sln")) "Optim.sln")
    ]
