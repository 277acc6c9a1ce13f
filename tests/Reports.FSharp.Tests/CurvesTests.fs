module Optim.ReportsTests.CurvesTests

open Expecto
open Optim.Reports
open Optim.ReportsTests.Samples

let private curve method seed (points: (int * float) list) =
    points
    |> List.map (fun (step, loss) -> point step (float step) (float step) loss)
    |> run method seed

let private panels runs =
    let own = comparison runs
    let rows = Curves.rows own.Measures (Summary.ofComparison own)
    rows.Head.Panels

let private lineOf runs = (panels runs).Head.Lines.Head

[<Tests>]
let curves =
    testList "Curves" [
        testCase
            "median and band over seeds, straight in the logarithm between measurements"
            (fun () ->
                let line =
                    lineOf [
                        curve "a" 1L [ 0, 1.0; 2, 0.01 ]
                        curve "a" 2L [ 0, 1.0; 1, 0.5; 2, 0.3 ]
                        curve "a" 3L [ 0, 1.0; 1, 0.2; 2, 0.1 ]
                    ]

                Expect.equal line.X [| 0.0; 1.0; 2.0 |] "all steps of all seeds"
                Expect.floatClose Accuracy.high line.Low[1] 0.1 "seed 1 between 1 and 0.01"
                Expect.equal (line.Median[1], line.High[1]) (0.2, 0.5) "seed 3, seed 2"
                Expect.equal line.Median[2] 0.1 "of 0.01, 0.3, 0.1"
            )
        testCase
            "the line ends where half of the seeds have ended; the earlier ended keep their last loss"
            (fun () ->
                let line =
                    lineOf [
                        curve "a" 1L [ 0, 1.0; 1, 0.4 ]
                        curve "a" 2L [ 0, 1.0; 2, 0.2 ]
                        curve "a" 3L [ 0, 1.0; 2, 0.1; 9, 0.05 ]
                    ]

                Expect.equal (Array.last line.X) 2.0 "the median of 1, 2, 9"
                Expect.equal (Array.last line.High) 0.4 "seed 1, held"
            )
        testCase
            "a diverged run is drawn by itself up to its last finite loss, and counts in the median"
            (fun () ->
                let line =
                    lineOf [
                        curve "a" 1L [ 0, 1.0; 2, 0.2 ]
                        curve "a" 2L [ 0, 1.0; 2, 0.1 ]
                        curve "a" 3L [ 0, 1.0; 1, 50.0; 2, nan ]
                    ]

                Expect.equal line.Strays [ [| 0.0, 1.0; 1.0, 50.0 |] ] "its finite part"
                Expect.equal (Array.last line.Median) 0.2 "of 0.2, 0.1 and infinity"
                Expect.equal (Array.last line.High) 0.2 "the band is about the others"
            )
        testCase
            "where most seeds have diverged there is no median"
            (fun () ->
                let line =
                    lineOf [
                        curve "a" 1L [ 0, 1.0; 1, 0.5; 2, 0.2 ]
                        curve "a" 2L [ 0, 1.0; 1, 2.0; 2, nan ]
                        curve "a" 3L [ 0, 1.0; 1, 3.0; 2, infinity ]
                    ]

                Expect.equal line.X [| 0.0; 1.0 |] "up to the last median"
                Expect.equal line.Strays.Length 2 "both drawn"
            )
        testCase
            "a run on its way to infinity does not flatten the others"
            (fun () ->
                let panel =
                    panels [ curve "a" 1L [ 0, 2.0; 5, 0.1 ]; curve "b" 1L [ 0, 2.0; 5, 1e30 ] ]
                    |> List.head

                Expect.isLessThan panel.YHigh 5.0 "about twice the start"
                Expect.isGreaterThan panel.YHigh 3.9 "twice the start is shown"
            )
        testCase
            "long curves are thinned, their ends kept"
            (fun () ->
                let line =
                    lineOf [ curve "a" 1L [ for step in 0..5000 -> step, 1.0 / float (1 + step) ] ]

                Expect.isLessThanOrEqual line.X.Length 160 "few points"
                Expect.equal (line.X[0], Array.last line.X) (0.0, 5000.0) "both ends"
                Expect.equal line.X[1] 1.0 "dense at the start, for a logarithmic axis"
            )
        testCase
            "losses below zero have no logarithm"
            (fun () ->
                let isLog runs = (panels runs).Head.IsLogY
                Expect.isFalse (isLog [ curve "a" 1L [ 0, 1.0; 1, -0.5 ] ]) "negative"
                Expect.isTrue (isLog [ curve "a" 1L [ 0, 1.0; 1, 0.0 ] ]) "zero is allowed"
            )
        testCase
            "an axis on which methods differ by more than a factor of 20 is logarithmic"
            (fun () ->
                let isLog last =
                    (panels [
                        curve "a" 1L [ 0, 1.0; 10, 0.1 ]
                        curve "b" 1L [ 0, 1.0; last, 0.1 ]
                    ])
                        .Head.IsLogX

                Expect.isFalse (isLog 150) "15"
                Expect.isTrue (isLog 250) "25"
            )
        testCase
            "ticks"
            (fun () ->
                Expect.equal (Svg.linearTicks 5 0.0 600.0) [ 0.0; 200.0; 400.0; 600.0 ] "linear"
                Expect.equal (Svg.linearTicks 5 0.0 5e-324) [] "nothing to divide"

                Expect.isLessThan
                    (Svg.linearTicks 5 1e300 (1e300 + 1e284)).Length
                    9
                    "far from zero"

                Expect.equal (Svg.logTicks 0.0008 3.0) [ 0.001; 0.01; 0.1; 1.0 ] "decades"
                Expect.equal (Svg.logTicks 0.9 30.0) [ 1.0; 2.0; 5.0; 10.0; 20.0 ] "short"
                Expect.equal (Svg.logTicks 1e-12 1.0).Length 7 "every second decade"
                Expect.equal (Svg.label false 1e-8) "1e-8" "small"
                Expect.equal (Svg.label false 20_000.0) "20k" "thousands"
                Expect.equal (Svg.label true 0.6) "60%" "percent"
            )
    ]
