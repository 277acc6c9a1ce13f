module Optim.CoreTests.StopTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

[<Tests>]
let rules =
    testList "Stop rules" [
        testCase
            "Converged carries a certificate of its own evaluations, and only Converged"
            (fun () ->
                for method in methods do
                    let p = problem "booth"
                    let result = Solver.minimizeWith timeless method p.Objective p.Start

                    match result.Outcome, result.Certificate with
                    | Outcome.Converged, ValueSome certificate ->
                        let value, gradient =
                            Derivatives.valueAndGrad p.Objective.Function result.Point

                        Expect.equal certificate.Value (value.ToScalar()) "value"
                        Expect.equal certificate.GradientNorm (length gradient) "gradient norm"

                        Expect.isLessThanOrEqual
                            certificate.GradientNorm
                            certificate.Tolerance
                            "below the tolerance"

                        Expect.equal result.Value certificate.Value "the result's value"

                        match certificate.SmallestCurvature with
                        | ValueSome curvature -> close 1e-9 curvature 2.0 "the smallest eigenvalue"
                        | ValueNone -> failtest "the curvature was not examined"
                    | Outcome.Converged, ValueNone ->
                        failtest $"{method.Name} converged without a certificate"
                    | _, ValueSome _ ->
                        failtest $"{method.Name} has a certificate but did not converge"
                    | _, ValueNone -> ()
            )

        testCase
            "a gradient below an absolute tolerance ends the run as soon as it is met"
            (fun () ->
                let p = problem "rosenbrock"
                let options = { timeless with StopRules = [ StopRule.GradientBelow(1.0, 0.0) ] }

                let result =
                    Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) p.Objective p.Start

                Expect.equal result.Outcome Outcome.Converged "outcome"
                Expect.isLessThanOrEqual result.GradientNorm 1.0 "gradient norm"
                Expect.isGreaterThan result.GradientNorm 1e-9 "not much further"
            )

        testCase
            "a target value ends the run as Stopped"
            (fun () ->
                let p = problem "rosenbrock"
                let options = { timeless with StopRules = [ StopRule.ValueBelow 1.0 ] }

                let result =
                    Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) p.Objective p.Start

                Expect.equal result.Outcome Outcome.Stopped "outcome"
                Expect.isLessThanOrEqual result.Value 1.0 "value"

                match result.Reason with
                | Reason.TargetReached(value, target) ->
                    Expect.equal target 1.0 "target"
                    Expect.equal value result.Value "value"
                | other -> failtest $"{other}"
            )

        testCase
            "values that no longer change end the run as Stopped after as many moves"
            (fun () ->
                let p = problem "booth"
                let options = { timeless with StopRules = [ StopRule.ValueSettled(1e-3, 4) ] }
                // The value falls by the same factor every step, ever closer to its limit 5.
                let f (x: Tensor) = 5.0 + p.Objective.Function x
                let sgd = Sgd.create { Sgd.defaults with Rate = Schedule.Constant 0.01 }
                let result = Solver.minimizeWith options sgd (Objective.ofFunction f) p.Start
                Expect.equal result.Outcome Outcome.Stopped "outcome"
                let values = result.Trace |> List.map (fun r -> r.Value) |> List.rev

                let quiet =
                    values
                    |> List.pairwise
                    |> List.map (fun (after, before) -> abs (after - before) <= 1e-3 * abs after)

                Expect.equal
                    (List.take 4 quiet)
                    [ true; true; true; true ]
                    "the last four moves were quiet"

                Expect.isFalse quiet[4] "the one before was not"
            )

        testCase
            "rejected trials do not count as moves of the value"
            (fun () ->
                let p = problem "rosenbrock"
                let options = { timeless with StopRules = [ StopRule.ValueSettled(0.2, 2) ] }

                let result =
                    Solver.minimizeWith
                        options
                        (GradientDescent.create GradientDescent.defaults)
                        p.Objective
                        p.Start

                let moves =
                    result.Trace
                    |> List.filter (fun r -> r.Accepted)
                    |> List.map (fun r -> r.Value)

                let isQuiet =
                    List.pairwise (24.199999999999996 :: moves)
                    |> List.map (fun (before, after) -> abs (after - before) <= 0.2 * abs after)

                let first = isQuiet |> List.pairwise |> List.findIndex (fun (a, b) -> a && b)
                Expect.equal moves.Length (first + 2) "after the first two quiet moves in a row"
            )

        testCase
            "a request finishes the step and gives the best point"
            (fun () ->
                use source = new CancellationTokenSource()
                let p = problem "rosenbrock"

                let options = {
                    timeless with
                        StopRules = [ StopRule.WhenRequested source.Token ]
                        Observe =
                            fun report _ ->
                                if report.Step = 6L then
                                    source.Cancel()
                }

                let result =
                    Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) p.Objective p.Start

                Expect.equal result.Outcome Outcome.Stopped "outcome"
                Expect.equal result.Steps 6L "no further step"

                Expect.equal
                    (p.Objective.Function result.Point |> float)
                    result.Value
                    "value of the point"
            )

        testCase
            "a method that leaves the space of the start is refused by name"
            (fun () ->
                let p = problem "booth"

                for stray in [ Tensor.zeros [ 3 ]; Tensor.cast DType.Float32 p.Start ] do
                    let method =
                        Method.create
                            "stray"
                            (fun _ _ -> ())
                            (fun _ _ () -> Step.moved stray 1.0 ())

                    try
                        Solver.minimize method p.Objective p.Start |> ignore
                        failtest "was accepted"
                    with :? ShapeException as e ->
                        Expect.stringContains e.Message "stray" "the method's name"
            )

        testCase
            "illegal options are refused before any work"
            (fun () ->
                let objective, calls = counted (problem "booth").Objective
                let start = (problem "booth").Start
                let sgd = Sgd.create Sgd.defaults

                let refuse (options: SolveOptions) (message: string) =
                    Expect.throwsT<ArgumentOutOfRangeException>
                        (fun () -> Solver.minimizeWith options sgd objective start |> ignore)
                        message

                refuse { timeless with TraceEvery = -1L } "trace"

                refuse
                    { timeless with StopRules = [ StopRule.GradientBelow(-1.0, 0.0) ] }
                    "absolute"

                refuse
                    { timeless with StopRules = [ StopRule.GradientBelow(nan, 0.0) ] }
                    "not a number"

                refuse
                    { timeless with StopRules = [ StopRule.GradientBelow(0.0, 2.0) ] }
                    "relative"

                refuse { timeless with StopRules = [ StopRule.ValueSettled(1e-3, 0) ] } "moves"

                Expect.throwsT<ShapeException>
                    (fun () -> Solver.minimize sgd objective (Tensor.zeros [ 2; 2 ]) |> ignore)
                    "a matrix as start"

                Expect.throwsT<ShapeException>
                    (fun () -> Solver.minimize sgd objective (Tensor.zeros [ 0 ]) |> ignore)
                    "an empty start"

                Expect.throwsT<ArgumentException>
                    (fun () -> Solver.minimize sgd objective (Tensor.indices [ 1; 2 ]) |> ignore)
                    "whole numbers as start"

                Expect.equal (calls ()) 0L "calls"
            )
    ]
