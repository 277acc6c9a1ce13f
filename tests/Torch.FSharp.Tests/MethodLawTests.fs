/// The methods of the catalogue under all their laws, on libtorch on the processor.
module Optim.TorchTests.MethodLawTests

open Expecto
open Optim.Core
open Optim.Laws
open Optim.LawsTests
open Optim.TorchTests.Testing

/// As all methods' laws on the managed engine, with fewer cases: steps of small problems cost ten times as much here.
let private few: LawSettings = { LawSettings.defaults with Cases = 3 }

let private lawNamed (name: string) (claims: Claims) : Law =
    Laws.forClaims { few with Engine = Twins.torch () } claims
    |> List.find (fun law -> law.Name = name)

[<Tests>]
let tests =
    testList "laws of methods on torch" [
        for claims, method in Subjects.catalogued do
            testList method.Name [
                for law in Laws.forClaims few claims do
                    onLibrary law.Name (fun _ -> Laws.mustHold method (lawNamed law.Name claims))
            ]
    ]

[<Tests>]
let counterexamples =
    testList "counterexamples on torch" [
        onLibrary
            "a counterexample's program is given the engine"
            (fun _ ->
                let settings = { few with Engine = Twins.torch () }
                let claims = { Claims.none with IsMonotone = true }
                let hasty = Sgd.create { Sgd.defaults with Rate = Schedule.Constant 5.0 }
                let report = Laws.runOn settings claims hasty
                Expect.contains report.Broken "no accepted step raises the value" "it goes too far"

                Expect.stringContains
                    (string report)
                    "(engine: Engine) (method: Method)"
                    "arguments"

                Expect.stringContains (string report) "LawProblem.ofCaseOn engine (" "the problem"
            )
    ]
