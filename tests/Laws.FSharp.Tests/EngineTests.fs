/// The engines of this library and of the tests under the laws of engines, and engines with faults.
module Optim.LawsTests.EngineTests

open System
open Expecto
open Optim.Core
open Optim.Laws
open Optim.Testing
open Optim.LawsTests

[<Tests>]
let lawful =
    testList "Engines" [
        EngineLaws.forEngine Engines.managed
        EngineLaws.forEngine MirrorEngine.Instance
    ]

[<Tests>]
let broken =
    testList "Broken engines" [
        for fault, name, make in BrokenEngines.all do
            testCase
                $"{name} finds that {fault}"
                (fun () ->
                    match (EngineLaws.find name).Check(make ()) with
                    | EngineVerdict.Holds cases -> failtestNoStack $"it passed {cases} cases"
                    | EngineVerdict.Broken(case, detail) ->
                        Expect.isNonEmpty case "the case is printed"
                        Expect.isNonEmpty detail "what is wrong is said"
                )

        testCase
            "every family of laws has a fault that it finds"
            (fun () ->
                let families = EngineLaws.all |> List.map _.Family |> List.distinct

                let found =
                    BrokenEngines.all
                    |> List.map (fun (_, name, _) -> (EngineLaws.find name).Family)
                    |> List.distinct

                Expect.containsAll found families "families"
            )
    ]

[<Tests>]
let reports =
    testList "Reports of engines" [
        testCase
            "a lawful engine"
            (fun () ->
                let laws =
                    EngineLaws.quick |> List.filter (fun law -> law.Family = EngineFamily.Movement)

                let report = EngineLaws.report laws Engines.managed
                Expect.isTrue report.IsLawful (string report)

                Expect.stringStarts
                    (string report)
                    "the engine managed on cpu obeys all 6 laws"
                    "text"

                Expect.equal report.Rows[0].Passed 6 "laws of movement"
                Expect.isGreaterThan report.Rows[0].Cases 60 "cases"
            )

        testCase
            "a broken engine is told with its counterexample"
            (fun () ->
                let _, _, make =
                    BrokenEngines.all |> List.find (fun (_, name, _) -> name = "Slice")

                let laws = [ EngineLaws.find "Slice"; EngineLaws.find "Permute" ]
                let report = EngineLaws.report laws (make ())
                Expect.isFalse report.IsLawful "one is broken"
                Expect.stringContains (string report) "BROKEN  Slice" "the law"
                Expect.stringContains (string report) "expected" "the counterexample"
            )

        testCase
            "the same settings give the same cases"
            (fun () ->
                let _, _, make =
                    BrokenEngines.all |> List.find (fun (_, name, _) -> name = "Slice")

                let failures () =
                    (EngineLaws.report [ EngineLaws.find "Slice" ] (make ())).Failures

                Expect.equal (failures ()) (failures ()) "the same counterexample"
            )

        testCase
            "names are distinct, and quick laws are the same ones"
            (fun () ->
                let names = EngineLaws.all |> List.map _.Name
                Expect.equal (List.distinct names) names "names"
                Expect.equal (EngineLaws.quick |> List.map _.Name) names "quick"
            )

        testCase
            "less than one case is refused"
            (fun () ->
                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () ->
                        EngineLaws.withSettings { EngineLawSettings.defaults with Cases = 0 }
                        |> ignore
                    )
                    "no cases"
            )

        testCase
            "a law that does not exist is refused"
            (fun () ->
                Expect.throwsT<ArgumentException>
                    (fun () -> EngineLaws.find "nothing" |> ignore)
                    "no such law"
            )
    ]
