/// What laws say in words.
module Optim.LawsTests.ReportTests

open System
open Expecto
open Optim.Core
open Optim.Laws
open Optim.LawsTests

let private few: LawSettings = { LawSettings.defaults with Cases = 3 }

let private named (name: string) (settings: LawSettings) : Law =
    Laws.forClaims settings Claims.none |> List.find (fun law -> law.Name = name)

[<Tests>]
let reports =
    testList "Reports" [
        testCase
            "a lawful method's report is one line for each law"
            (fun () ->
                let law = named "finite numbers lead to finite points" few
                let report = Laws.report [ law ] (Lbfgs.create Lbfgs.defaults)
                Expect.isTrue report.IsLawful "lawful"
                Expect.isEmpty report.Broken "broken laws"
                let text = report.ToString()
                Expect.equal text $"lbfgs obeys all 1 laws\n  holds   {law.Name} (3 cases)" "text"
            )

        testCase
            "a lawless method's report shows the program"
            (fun () ->
                let law = named "finite numbers lead to finite points" few
                let report = Laws.report [ law ] (Faulty.dizzy ())
                Expect.isFalse report.IsLawful "lawful"
                Expect.equal report.Broken [ law.Name ] "broken laws"

                Expect.stringStarts
                    (report.ToString())
                    "dizzy breaks 1 of 1 laws\n  BROKEN  "
                    "text"

                Expect.stringContains
                    (report.ToString())
                    "LawProblem.ofCase (ProblemCase."
                    "the program"
            )

        testCase
            "run looks at all laws that need no claim"
            (fun () ->
                let names (laws: Law list) = laws |> List.map _.Name
                let report = Laws.run (Faulty.secretive ())

                Expect.equal
                    (report.Verdicts |> List.map fst |> names)
                    (names Laws.universal)
                    "laws"

                Expect.contains report.Broken "a step is a function of its state" "broken laws"
            )

        testCase
            "a failing test shows law, finding and program"
            (fun () ->
                let message =
                    try
                        let tests =
                            Laws.forMethod (Faulty.dizzy ()) |> Test.toTestCodeList |> List.ofSeq

                        let wanted =
                            tests
                            |> List.find (fun t ->
                                List.contains "finite numbers lead to finite points" t.name
                            )

                        match wanted.test with
                        | Sync run -> run ()
                        | SyncWithCancel _
                        | Async _
                        | AsyncFsCheck _ -> ()

                        ""
                    with error ->
                        error.Message

                Expect.stringContains message "Where value and gradient are finite" "the law"
                Expect.stringContains message "Here: step 4 went to (NaN" "the finding"
                Expect.stringContains message "let counterexample (method: Method) =" "the program"
            )

        testCase
            "counterexamples are made simpler"
            (fun () ->
                let law = named "finite numbers lead to finite points" LawSettings.defaults

                match law.Check(Faulty.dizzy ()) with
                | LawVerdict.Holds _ -> failtestNoStack "dizzy passed"
                | LawVerdict.Broken found ->
                    Expect.isGreaterThan found.Shrinks 0 "simplifications"

                    Expect.stringContains
                        found.Program
                        "Budget = Budget.steps 4L"
                        "no more steps than it takes"
            )

        testCase
            "zero cases are refused"
            (fun () ->
                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () -> Laws.forClaims { few with Cases = 0 } Claims.none |> ignore)
                    "Cases = 0"
            )
    ]
