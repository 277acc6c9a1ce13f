module Optim.ReportsTests.VerdictTests

open Expecto
open Optim.Reports
open Optim.ReportsTests.Samples

/// From loss 1 to `last` in `steps` steps, `seconds` seconds, `work` gradient-equivalents.
let private race method seed steps seconds work last =
    run method seed [ point 0 0.0 0.0 1.0; point steps seconds work last ]

let private verdictOf (own: Comparison) =
    Verdict.ofSummary own.Measures (Summary.ofComparison own)

let private standing measure (verdict: Verdict) =
    verdict.Standings |> List.find (fun standing -> standing.Measure = measure)

let private spread median low high count finite : Spread = {
    Median = median
    Low = low
    High = high
    Count = count
    Finite = finite
}

[<Tests>]
let verdict =
    testList "Verdict" [
        testCase
            "different winners by step, by second and by work"
            (fun () ->
                let verdict =
                    {
                        comparison [
                            race "Saddle-free Newton" 1L 10 8.0 900.0 0.1
                            race "Adam" 1L 200 1.0 50.0 0.1
                        ] with
                            Targets = [ 0.1 ]
                    }
                    |> verdictOf

                Expect.equal
                    verdict.Headline
                    "Saddle-free Newton wins by step; Adam wins by second and by gradient-equivalent."
                    "headline"

                Expect.contains
                    verdict.Findings
                    "Saddle-free Newton needs the fewest steps to a loss of 0.1: 10, against 200 for Adam."
                    "the numbers behind it"

                Expect.contains
                    verdict.Findings
                    "Adam needs the least time to a loss of 0.1: 1.00 s, against 8.00 s for Saddle-free Newton."
                    "with unit"

                Expect.contains
                    verdict.Findings
                    "Saddle-free Newton and Adam end with the lowest loss: 0.100 and 0.100, too close to tell apart over these seeds."
                    "equal ends tie"
            )
        testCase
            "a winner of everything is named once"
            (fun () ->
                let verdict =
                    [ race "a" 1L 5 1.0 5.0 0.1; race "b" 1L 9 2.0 9.0 0.1 ]
                    |> comparison
                    |> verdictOf

                Expect.equal
                    verdict.Headline
                    "a wins by step, by second and by gradient-equivalent."
                    "headline"
            )
        testCase
            "medians within the other's seeds tie, others do not"
            (fun () ->
                let a = spread 10.0 9.0 12.0 3 3

                Expect.isTrue
                    (Verdict.isTie Measure.Seconds a (spread 11.5 11.0 13.0 3 3))
                    "11.5 < 12"

                Expect.isTrue
                    (Verdict.isTie Measure.Seconds a (spread 14.0 9.5 15.0 3 3))
                    "10 > 9.5"

                Expect.isFalse
                    (Verdict.isTie Measure.Seconds a (spread 12.5 11.0 13.0 3 3))
                    "apart"
            )
        testCase
            "medians that read the same tie"
            (fun () ->
                let one = spread 0.97222 0.97222 0.97222 1 1
                let other = spread 0.97201 0.97201 0.97201 1 1
                Expect.isTrue (Verdict.isTie Measure.FinalTestAccuracy one other) "both 97.2%"

                Expect.isFalse
                    (Verdict.isTie Measure.FinalTestAccuracy one (spread 0.96 0.96 0.96 1 1))
                    "96.0%"
            )
        testCase
            "who fails more often does not tie, and a failed seed does not widen the spread"
            (fun () ->
                let sound = spread 10.0 9.0 12.0 3 3

                Expect.isFalse
                    (Verdict.isTie Measure.Seconds sound (spread 11.0 9.5 infinity 3 2))
                    "one seed never got there"

                let torn = spread 10.0 9.0 infinity 3 2

                Expect.isFalse
                    (Verdict.isTie Measure.Seconds torn (spread 50.0 40.0 60.0 3 3))
                    "infinity is no spread"
            )
        testCase
            "a tie is said as a tie"
            (fun () ->
                let verdict =
                    [
                        race "a" 1L 10 1.0 10.0 0.1
                        race "a" 2L 14 1.4 14.0 0.1
                        race "a" 3L 12 1.2 12.0 0.1
                        race "b" 1L 13 1.3 13.0 0.1
                        race "b" 2L 13 1.3 13.0 0.1
                        race "b" 3L 30 3.0 30.0 0.1
                        race "c" 1L 90 9.0 90.0 0.1
                    ]
                    |> comparison
                    |> verdictOf

                Expect.equal
                    (standing Measure.Steps verdict).Winners
                    [ "a"; "b" ]
                    "13 is within 10 to 14"

                Expect.equal
                    verdict.Headline
                    "a and b tie by step, by second and by gradient-equivalent."
                    "headline"

                Expect.contains
                    verdict.Findings
                    "a and b need the fewest steps to a loss of 0.1: 12 and 13, too close to tell apart over these seeds, against 90 for c."
                    "finding"
            )
        testCase
            "diverged, failed and late runs are warned of by seed"
            (fun () ->
                let failed = { race "b" 4L 3 1.0 3.0 0.9 with Outcome = RunOutcome.Failed }

                let verdict =
                    {
                        comparison [
                            race "a" 1L 5 1.0 5.0 0.1
                            race "a" 2L 5 1.0 5.0 nan
                            race "b" 3L 9 2.0 9.0 0.1
                            failed
                            race "c" 1L 9 2.0 9.0 3.0
                        ] with
                            Targets = [ 0.1 ]
                    }
                    |> verdictOf

                Expect.equal
                    verdict.Warnings
                    [
                        "a diverged in 1 of 2 runs (seed 2)."
                        "b failed in 1 of 2 runs (seed 4)."
                        "b did not reach a loss of 0.1 in 1 of 2 runs (seed 4)."
                        "c did not reach a loss of 0.1."
                        "c ended above its first loss in 1 run."
                    ]
                    "warnings"
            )
        testCase
            "losses that differ by rounding errors only tie"
            (fun () ->
                let verdict =
                    [
                        race "a" 1L 5 1.0 5.0 1e-30
                        race "b" 1L 9 2.0 9.0 1e-42
                        race "c" 1L 9 2.0 9.0 1e-12
                    ]
                    |> comparison
                    |> verdictOf

                Expect.equal
                    (standing Measure.FinalLoss verdict).Winners
                    [ "b"; "a" ]
                    "1e-30 is nothing beside a first loss of 1, 1e-12 is something"
            )
        testCase
            "a winner that failed on some seeds says so"
            (fun () ->
                let verdict =
                    {
                        comparison [
                            race "a" 1L 5 1.0 5.0 0.1
                            race "a" 2L 6 1.0 5.0 0.1
                            race "a" 3L 6 1.0 5.0 nan
                            race "b" 1L 50 9.0 90.0 0.1
                        ] with
                            Targets = [ 0.1 ]
                    }
                    |> verdictOf

                Expect.contains
                    verdict.Findings
                    "a needs the fewest steps to a loss of 0.1: 6 (in 2 of 3 runs), against 50 for b."
                    "finding"
            )
        testCase
            "one seed is warned of"
            (fun () ->
                let verdict =
                    [ race "a" 1L 5 1.0 5.0 0.1; race "b" 1L 9 2.0 9.0 0.1 ]
                    |> comparison
                    |> verdictOf

                Expect.equal
                    verdict.Warnings
                    [ "Each method ran from one seed only: a small difference may be chance." ]
                    "warning"
            )
        testCase
            "nobody wins where nobody has a finite loss or reaches the target"
            (fun () ->
                let lost = [ race "a" 1L 5 1.0 5.0 nan; race "b" 1L 5 1.0 5.0 nan ]
                let blank = lost |> List.map (fun own -> { own with Curve = [] })

                Expect.equal
                    (verdictOf (comparison blank)).Headline
                    "No run ever had a finite loss: nobody wins."
                    "no loss"

                Expect.equal
                    (verdictOf { comparison lost with Targets = [ 1e-3 ] }).Headline
                    "No method reached the target: nobody wins the race."
                    "no target"

                Expect.equal
                    (standing Measure.FinalLoss (verdictOf (comparison blank))).Winners
                    []
                    "no winner by loss"
            )
        testCase
            "a method alone is not compared"
            (fun () ->
                Expect.equal
                    (verdictOf (comparison [ race "a" 1L 5 1.0 5.0 0.1 ])).Headline
                    "a ran alone: there is nobody to compare it with."
                    "headline"
            )
        testCase
            "more is better by accuracy, less by memory"
            (fun () ->
                let own accuracy memory (run: Run) = {
                    run with
                        PeakMemory = Some memory
                        Curve =
                            run.Curve
                            |> List.map (fun at -> { at with TestAccuracy = Some accuracy })
                }

                let verdict =
                    [
                        race "a" 1L 5 1.0 5.0 0.1 |> own 0.9 2_000L
                        race "b" 1L 9 2.0 9.0 0.1 |> own 0.8 1_000L
                    ]
                    |> comparison
                    |> verdictOf

                Expect.equal (standing Measure.FinalTestAccuracy verdict).Winners [ "a" ] "90%"
                Expect.equal (standing Measure.PeakMemory verdict).Winners [ "b" ] "1 kB"
            )
    ]
