module Optim.ReportsTests.SummaryTests

open System
open Expecto
open FsCheck
open Optim.Reports
open Optim.ReportsTests.Samples

/// Steps 0, 10, 20, …; a second a step, two gradient-equivalents a step.
let private falling method seed (losses: float list) =
    losses
    |> List.mapi (fun index loss ->
        point (10 * index) (10.0 * float index) (20.0 * float index) loss
    )
    |> run method seed

let private step (at: CurvePoint) = float at.Step

let private refuses name action =
    testCase name (fun () -> Expect.throwsT<ArgumentException> action name)

let private spreads =
    testList "Spread" [
        testCase
            "of costs"
            (fun () ->
                Expect.equal
                    (Spread.ofCosts [ 10.0; 1.0; 3.0; 2.0 ])
                    {
                        Median = 2.5
                        Low = 1.0
                        High = 10.0
                        Count = 4
                        Finite = 4
                    }
                    "the mean of 2 and 3"
            )
        testCase
            "a cost that is not finite is infinitely bad, whatever kind it is"
            (fun () ->
                for bad in [ nan; infinity; -infinity ] do
                    Expect.equal
                        (Spread.ofCosts [ 3.0; bad; 1.0 ])
                        {
                            Median = 3.0
                            Low = 1.0
                            High = infinity
                            Count = 3
                            Finite = 2
                        }
                        (string bad)
            )
        testCase
            "a gain that is not finite is infinitely bad"
            (fun () ->
                let spread = Spread.ofGains [ 0.9; nan ]
                Expect.equal spread.Median -infinity "half of the seeds failed"
                Expect.equal (spread.Low, spread.High, spread.Finite) (-infinity, 0.9, 1) "bounds"
            )
        refuses "nothing has no spread" (fun () -> Spread.ofCosts [] |> ignore)
        testProperty
            "the median lies between the bounds and does not depend on the order"
            (fun (NonEmptyArray(values: NormalFloat array)) ->
                let costs = values |> Array.map _.Get |> List.ofArray
                let spread = Spread.ofCosts costs

                spread.Low <= spread.Median
                && spread.Median <= spread.High
                && Spread.ofCosts (List.rev costs) = spread
            )
    ]

let private reaching =
    testList "reach" [
        testCase
            "straight in the logarithm where losses are positive"
            (fun () ->
                let own = falling "a" 1L [ 1.0; 0.01 ]
                let found = Summary.reach step 0.1 own
                Expect.floatClose Accuracy.high found.Value 5.0 "half way from 1 to 0.01"
            )
        testCase
            "straight in the loss where one is negative"
            (fun () ->
                let own = falling "a" 1L [ 3.0; -1.0 ]
                Expect.equal (Summary.reach step 0.0 own) (Some 7.5) "three quarters of the way"
            )
        testCase
            "never beyond the data"
            (fun () ->
                let own = falling "a" 1L [ 1.0; 0.5; 0.2 ]
                Expect.equal (Summary.reach step 0.1 own) None "not reached"
                Expect.equal (Summary.reach step 2.0 own) (Some 0.0) "there from the start"
            )
        testCase
            "the first time counts"
            (fun () ->
                let own = falling "a" 1L [ 1.0; 0.5; 0.9; 0.5 ]
                Expect.equal (Summary.reach step 0.5 own) (Some 10.0) "at the second point"
            )
        testCase
            "after a loss that is not finite only the measurement itself counts"
            (fun () ->
                let own = falling "a" 1L [ nan; 0.1 ]
                Expect.equal (Summary.reach step 0.5 own) (Some 10.0) "at the point"
            )
        testCase
            "no measurement, no arrival"
            (fun () -> Expect.equal (Summary.reach step 1.0 (run "a" 1L [])) None "empty")
        testProperty
            "a harder target is never reached earlier, and never outside the curve"
            (fun (NonEmptyArray(losses: PositiveInt array)) (PositiveInt easy) ->
                let own = falling "a" 1L [ for loss in losses -> float loss.Get ]
                let last = step (List.last own.Curve)
                let hard = 0.7 * float easy

                match Summary.reach step (float easy) own, Summary.reach step hard own with
                | Some early, Some late -> 0.0 <= early && early <= late && late <= last
                | Some early, None -> 0.0 <= early && early <= last
                | None, None -> true
                | None, Some _ -> false
            )
    ]

let private automatic =
    testList "automaticTarget" [
        testCase
            "what the method in the middle reaches, rounded up to two digits"
            (fun () ->
                let runs = [
                    falling "a" 1L [ 1.0; 0.5 ]
                    falling "b" 1L [ 1.0; 0.1234; 0.2 ]
                    falling "c" 1L [ 1.0; 0.01 ]
                ]

                Expect.equal (Summary.automaticTarget runs) (Some 0.13) "b's best loss"
            )
        testCase
            "of an even number the worse of the two in the middle"
            (fun () ->
                let runs = [ falling "a" 1L [ 1.0; 0.5 ]; falling "b" 1L [ 1.0; 0.1 ] ]
                Expect.equal (Summary.automaticTarget runs) (Some 0.5) "both get there"
            )
        testCase
            "not below 1e-8 of the start"
            (fun () ->
                let runs = [ falling "a" 1L [ 100.0; 1e-20 ]; falling "b" 1L [ 100.0; 0.0 ] ]

                Expect.floatClose
                    Accuracy.high
                    (Summary.automaticTarget runs).Value
                    1e-6
                    "1e-8 · 100"
            )
        testCase
            "negative losses are rounded up, too"
            (fun () ->
                let runs = [ falling "a" 1L [ 1.0; -0.1234 ] ]
                Expect.equal (Summary.automaticTarget runs) (Some -0.12) "towards zero"
            )
        testCase
            "a diverged middle falls back to the worst that is finite"
            (fun () ->
                let runs = [
                    falling "a" 1L [ nan ]
                    falling "b" 1L [ nan ]
                    falling "c" 1L [ 1.0; 0.2 ]
                ]

                Expect.equal (Summary.automaticTarget runs) (Some 0.2) "c's"
            )
        testCase
            "none where nothing is finite"
            (fun () ->
                Expect.equal (Summary.automaticTarget [ falling "a" 1L [ nan ] ]) None "no target"
            )
    ]

let private methods =
    testList "ofComparison" [
        testCase
            "medians over seeds by hand"
            (fun () ->
                let runs = [
                    falling "a" 1L [ 1.0; 0.1; 0.01 ]
                    falling "b" 1L [ 1.0; 0.5 ]
                    falling "a" 2L [ 1.0; 0.1 ]
                    falling "a" 3L [ 1.0; 0.02; 0.04; 0.03 ]
                ]

                let summary =
                    Summary.ofComparison { comparison runs with Targets = [ 0.1; 0.015 ] }

                let a = summary.Methods[0]
                Expect.equal (summary.Methods |> List.map _.Method) [ "a"; "b" ] "first come"
                Expect.equal a.FinalLoss.Median 0.03 "of 0.01, 0.1, 0.03"
                Expect.equal (a.FinalLoss.Low, a.FinalLoss.High) (0.01, 0.1) "bounds"
                Expect.equal a.BestLoss.Median 0.02 "of 0.01, 0.1, 0.02"
                Expect.equal a.Steps.Median 20.0 "of 20, 10, 30"
                Expect.equal a.Seconds.Median 20.0 "a second a step"
                Expect.equal a.GradientEquivalents.High 60.0 "two a step"
                Expect.equal a.Efforts[0].Steps.Median 10.0 "of 10, 10 and 6"
                // Seed 3 falls from 1 to 0.02 in 10 steps: ln 10 / ln 50 of them, and the next whole step.
                Expect.equal a.Efforts[0].Steps.Low 6.0 "5.886 steps are 6"

                Expect.floatClose
                    Accuracy.high
                    a.Efforts[0].Seconds.Low
                    (10.0 * log 10.0 / log 50.0)
                    "s"

                Expect.equal a.Efforts[1].Steps.Finite 1 "only seed 1"
                Expect.equal a.Efforts[1].Steps.Median infinity "most seeds did not"
                Expect.isFalse summary.IsTargetAutomatic "targets were given"
            )
        testCase
            "a diverged run is counted, not dropped"
            (fun () ->
                let summary =
                    [ falling "a" 1L [ 1.0; 0.1 ]; falling "a" 2L [ 1.0; nan ] ]
                    |> comparison
                    |> Summary.ofComparison

                let a = summary.Methods.Head
                Expect.equal (a.Diverged, a.FinalLoss.Count, a.FinalLoss.Finite) (1, 2, 1) "counts"
                Expect.equal a.FinalLoss.High infinity "infinitely bad"
                Expect.equal a.BestLoss.High 1.0 "its start was finite"
            )
        testCase
            "a run that ends above its start has worsened"
            (fun () ->
                let summary =
                    Summary.ofComparison (comparison [ falling "a" 1L [ 1.0; 0.5; 2.0 ] ])

                Expect.equal summary.Methods.Head.Worsened 1 "2 > 1"
            )
        testCase
            "accuracies: final and best, none where unmeasured, infinitely bad where a run never began"
            (fun () ->
                let exact losses accuracies =
                    let own = falling "a" 1L losses

                    {
                        own with
                            Curve =
                                List.map2
                                    (fun (at: CurvePoint) accuracy -> {
                                        at with
                                            TestAccuracy = accuracy
                                    })
                                    own.Curve
                                    accuracies
                    }

                let runs = [
                    exact [ 1.0; 0.5; 0.2 ] [ Some 0.2; Some 0.9; Some 0.8 ]
                    exact [ 1.0; 0.5; 0.2 ] [ Some 0.1; Some 0.7; None ]
                    run "a" 3L []
                    falling "b" 1L [ 1.0 ]
                ]

                let summary = Summary.ofComparison (comparison runs)
                let a, b = summary.Methods[0], summary.Methods[1]
                Expect.equal a.FinalTestAccuracy.Value.High 0.8 "the last measured"
                Expect.equal a.FinalTestAccuracy.Value.Median 0.7 "of 0.8, 0.7 and nothing"
                Expect.equal a.BestTestAccuracy.Value.High 0.9 "on the way"
                Expect.equal a.FinalTestAccuracy.Value.Low -infinity "never began"
                Expect.equal b.FinalTestAccuracy None "never measured"
            )
        refuses "no runs" (fun () -> Summary.ofComparison (comparison []) |> ignore)
        refuses
            "a method without a name"
            (fun () -> Summary.ofComparison (comparison [ falling " " 1L [ 1.0 ] ]) |> ignore)
        refuses
            "steps that fall"
            (fun () ->
                let curve = [ point 5 0.0 0.0 1.0; point 4 1.0 1.0 0.5 ]
                Summary.ofComparison (comparison [ run "a" 1L curve ]) |> ignore
            )
        refuses
            "seconds that are not finite"
            (fun () ->
                Summary.ofComparison (comparison [ run "a" 1L [ point 0 nan 0.0 1.0 ] ])
                |> ignore
            )
        refuses
            "a target that is not finite"
            (fun () ->
                { comparison [ falling "a" 1L [ 1.0 ] ] with Targets = [ nan ] }
                |> Summary.ofComparison
                |> ignore
            )
    ]

[<Tests>]
let summary = testList "Summary" [ spreads; reaching; automatic; methods ]
