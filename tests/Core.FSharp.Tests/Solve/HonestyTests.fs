module Optim.CoreTests.HonestyTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private solve (method: Method) (f: Tensor -> Tensor) (start: float list) : SolveResult =
    Solver.minimizeWith timeless method (Objective.ofFunction f) (Tensor.ofSeq start)

let private isConverged (result: SolveResult) : bool = result.Outcome = Outcome.Converged

let private cube (x: Tensor) : Tensor = Tensor.sum (x * x * x)

let private barrier (x: Tensor) : Tensor = Tensor.sum (x - Tensor.log x)

let private doubleWell (x: Tensor) : Tensor =
    Tensor.square x[0] - Tensor.square x[1] + Tensor.power 4.0 x[1] / 4.0

[<Tests>]
let honesty =
    testList "Honest endings" [
        for method in methods do
            testCase
                $"{method.Name} claims no convergence where there is no lower bound"
                (fun () ->
                    for name, f, start in
                        [
                            "x^3", cube, [ -1.0 ]
                            "x^3, smaller", (fun x -> 1e-12 * cube x), [ -1.0 ]
                            "-x", (fun (x: Tensor) -> -(Tensor.sum x)), [ 0.0 ]
                            "-x^2",
                            (fun (x: Tensor) -> -(Tensor.sum (Tensor.square x))),
                            [ 1.0; 2.0 ]
                            "-exp", (fun (x: Tensor) -> -(Tensor.sum (Tensor.exp x))), [ 1.0 ]
                        ] do
                        let options = { timeless with Budget = Budget.steps 2000L }

                        let result =
                            Solver.minimizeWith
                                options
                                method
                                (Objective.ofFunction f)
                                (Tensor.ofSeq start)

                        // Pure Newton goes to the top of a hill, and says so.
                        Expect.isFalse (isConverged result) $"{name}: {SolveResult.text result}"
                )

            testCase
                $"{method.Name} ends at once where the objective is flat"
                (fun () ->
                    let result = solve method (fun x -> 0.0 * Tensor.sum x + 3.0) [ 1.0; 2.0 ]

                    Expect.equal
                        result.Outcome
                        Outcome.Converged
                        "a zero gradient is a zero gradient"

                    Expect.equal result.Steps 0L "steps"
                    Expect.equal result.Value 3.0 "value"
                )

            testCase
                $"{method.Name} fails where the start has no value or no gradient"
                (fun () ->
                    let nowhere = solve method barrier [ -1.0; 1.0 ]
                    Expect.equal nowhere.Outcome Outcome.Failed "no value"
                    Expect.isFalse (Double.IsFinite nowhere.Value) "no value is invented"
                    let edge = solve method (fun x -> Tensor.sum (Tensor.sqrt x)) [ 0.0; 1.0 ]
                    Expect.equal edge.Outcome Outcome.Failed "no gradient"

                    Expect.stringContains
                        (Reason.text edge.Reason)
                        "gradient"
                        "the reason names it"
                )

            testCase
                $"{method.Name} takes no saddle for a minimum"
                (fun () ->
                    for start in [ [ 1.0; 0.0 ]; [ 0.0; 0.0 ] ] do
                        let result = solve method doubleWell start

                        if isConverged result then
                            close 1e-6 (abs (float result.Point[1])) (sqrt 2.0) "a true minimum"
                        else
                            match result.Reason with
                            | Reason.SaddlePoint(_, curvature) ->
                                close 1e-6 curvature -2.0 "the curvature that it saw"
                                Expect.equal result.Outcome Outcome.Stopped "outcome"
                            | Reason.Spent _ -> ()
                            | other -> failtest (Reason.text other)
                )

        testCase
            "pure Newton stays at the saddle and says so; saddle-free Newton finds a minimum"
            (fun () ->
                let stays = solve (PureNewton.create ()) doubleWell [ 1.0; 0.0 ]
                Expect.stringContains (Reason.text stays.Reason) "saddle" "says so"
                Expect.equal (stays.Point.ToArray()) [| 0.0; 0.0 |] "stays"

                let leaves =
                    solve (SaddleFreeNewton.create SaddleFreeNewton.defaults) doubleWell [
                        1.0
                        0.0
                    ]

                Expect.isTrue (isConverged leaves) (SolveResult.text leaves)
                close 1e-8 (abs (float leaves.Point[1])) (sqrt 2.0) "y"
                close 1e-8 (float leaves.Point[0]) 0.0 "x"
            )

        for method in searching do
            testCase
                $"{method.Name} finds its way along the edge of what has a value"
                (fun () ->
                    let result = solve method barrier [ 50.0; 20.0 ]
                    Expect.isTrue (isConverged result) (SolveResult.text result)
                    close 1e-6 (float result.Point[0]) 1.0 "x"
                    close 1e-6 (float result.Point[1]) 1.0 "y"
                )

        testCase
            "a plateau far away is no minimum"
            (fun () ->
                // One trial that goes too far sees a gradient that underflows.
                let f (x: Tensor) =
                    1.0 - Tensor.exp (-(Tensor.sum (Tensor.square x)))

                for method in searching do
                    let result = solve method f [ 0.5; 0.3 ]
                    Expect.isTrue (isConverged result) $"{method.Name}: {SolveResult.text result}"
                    close 1e-6 result.Value 0.0 method.Name
            )

        testCase
            "divergence is a failure that keeps the best point"
            (fun () ->
                let f (x: Tensor) = Tensor.sum (Tensor.power 4.0 x)
                let sgd = Sgd.create { Sgd.defaults with Rate = Schedule.Constant 1.0 }
                let result = solve sgd f [ 1.0; 0.5 ]
                Expect.equal result.Outcome Outcome.Failed "outcome"

                let finite =
                    result.Trace |> List.map (fun r -> r.Value) |> List.filter Double.IsFinite

                Expect.equal result.Value (List.min finite) "the lowest value that was seen"
                Expect.equal (f result.Point |> float) result.Value "at its point"
            )

        testCase
            "the best point is kept when later ones are worse"
            (fun () ->
                // Rate 1.05 of a parabola with curvature 2 overshoots more each time, after a first step through the middle.
                let f (x: Tensor) = Tensor.sum (Tensor.square x)

                let momentum =
                    Sgd.create { Sgd.defaults with Rate = Schedule.Constant 0.4; Momentum = 0.99 }

                let options = { timeless with Budget = Budget.steps 40L; StopRules = [] }

                let result =
                    Solver.minimizeWith
                        options
                        momentum
                        (Objective.ofFunction f)
                        (Tensor.ofArray [| 1.0 |])

                let values = result.Trace |> List.map (fun r -> r.Value)
                Expect.equal result.Value (List.min values) "the lowest value"
                Expect.isLessThan result.Value (List.last values) "which is not the last"
            )

        testCase
            "reasons are sentences"
            (fun () ->
                [
                    Reason.GradientSmall(1e-10, 1e-9), "gradient norm 1E-10 is at most 1E-09"
                    Reason.TargetReached(0.5, 1.0), "value 0.5 is at most the target 1"
                    Reason.Spent("steps", "500"), "the budget for steps (500) is spent"
                    Reason.Paused 3L, "paused after 3 steps; the run can go on"
                    Reason.Requested, "an end was requested"
                    Reason.SaddlePoint(0.0, -2.0),
                    "a saddle point: gradient norm 0, but the curvature along one direction is -2"
                    Reason.NoProgress "the gradient is zero",
                    "no further progress: the gradient is zero"
                    Reason.StartNotFinite nan, "the objective is NaN at the start"
                    Reason.StartNotFinite 1.0,
                    "the objective is 1 at the start, but its gradient is not finite there"
                    Reason.NotFinite "the value is NaN", "the value is NaN"
                    Reason.Unbounded -1e101,
                    "the objective seems to have no lower bound: it fell to -1E+101"
                ]
                |> List.iter (fun (reason, text) -> Expect.equal (Reason.text reason) text "text")
            )
    ]
