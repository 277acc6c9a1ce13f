module Optim.CoreTests.SecondOrderTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private undamped =
    SaddleFreeNewton.create { Damping = SaddleFreeDamping.Fixed 0.0 }

[<Tests>]
let secondOrder =
    testList "Second-order methods" [
        testCase
            "pure Newton on Rosenbrock: the golden trace"
            (fun () ->
                let p = problem "rosenbrock"

                [ 4.7318843; 1411.8452; 0.055965517; 0.31318908; 1.8527397e-11; 3.43e-20 ]
                |> List.iteri (fun i expected ->
                    let x = after (int64 i + 1L) (PureNewton.create ()) p.Objective p.Start
                    let value = float (p.Objective.Function x)

                    if i < 5 then
                        close (1e-7 * abs expected + 1e-17) value expected $"step {i + 1}"
                    else
                        Expect.isLessThan value 1e-18 "rounding"
                )
            )

        testCase
            "saddle-free Newton on Rosenbrock from (0, 1): the golden trace"
            (fun () ->
                let objective = (problem "rosenbrock").Objective
                let start = Tensor.ofArray [| 0.0; 1.0 |]

                [
                    0.0050251256, 0.0, 0.98997506
                    0.99500025, 0.0099747506, 96.049972
                    0.99502563, 0.990076, 2.4744357e-5
                ]
                |> List.iteri (fun i (x0, x1, expected) ->
                    let x = after (int64 i + 1L) undamped objective start
                    close 1e-8 (float x[0]) x0 $"x after step {i + 1}"
                    close 1e-6 (float x[1]) x1 $"y after step {i + 1}"

                    close
                        (1e-7 * expected)
                        (float (objective.Function x))
                        expected
                        $"value after step {i + 1}"
                )

                let value = float (objective.Function(after 4L undamped objective start))
                close 1e-10 value 6.12e-8 "step 4"
            )

        testCase
            "saddle-free Newton leaves the saddle by doubling: the golden trace"
            (fun () ->
                let p = problem "saddle"

                [ 0.002; 0.004; 0.008; 0.016; 0.032; 0.064; 0.128; 0.259; 0.537; 1.347; 1.42 ]
                |> List.iteri (fun i expected ->
                    let x = after (int64 i + 1L) undamped p.Objective p.Start
                    close 5.1e-4 (float x[1]) expected $"y after step {i + 1}"
                    close 1e-12 (float x[0]) 0.0 "x is at its minimum at once"
                )

                let pure' = Objective.ofFunction (fun x -> Tensor.square x[0] - Tensor.square x[1])
                let x = after 10L undamped pure' p.Start
                close 1e-12 (float x[1]) 1.024 "a pure saddle doubles exactly"
            )

        testCase
            "saddle-free Newton goes where the gradient shows no way off the saddle"
            (fun () ->
                for n in [ 2; 5 ] do
                    let p = Problems.find "strict-saddle" (ValueSome n)
                    let method = SaddleFreeNewton.create SaddleFreeNewton.defaults
                    let result = Solver.minimizeWith timeless method p.Objective p.Start
                    Expect.equal result.Outcome Outcome.Converged (SolveResult.text result)
                    close 1e-12 result.Value p.Minimum "the minimum"
            )

        testCase
            "saddle-free Newton finds Rosenbrock's minimum to 1e-8, however small the objective"
            (fun () ->
                let p = problem "rosenbrock"
                let method = SaddleFreeNewton.create SaddleFreeNewton.defaults

                for factor in [ 1.0; 1e-8; 1e-12; 1e12 ] do
                    let objective = Objective.scaled factor p.Objective
                    let result = Solver.minimizeWith timeless method objective p.Start
                    Expect.equal result.Outcome Outcome.Converged (SolveResult.text result)
                    close 1e-8 (distance result.Point p.Minimizers.Head) 0.0 $"times {factor}"
            )

        testCase
            "a degenerate saddle gives no NaN"
            (fun () ->
                let monkey =
                    Objective.ofFunction (fun x -> x[0] * x[0] * x[0] - 3.0 * x[0] * x[1] * x[1])

                let options = { timeless with Budget = Budget.steps 200L }
                let method = SaddleFreeNewton.create SaddleFreeNewton.defaults

                let result =
                    Solver.minimizeWith options method monkey (Tensor.ofArray [| 0.1; 0.1 |])

                Expect.isFalse (Double.IsNaN result.Value) "value"
                Expect.notEqual result.Outcome Outcome.Converged "there is no minimum"
            )

        testCase
            "every Newton method makes one step of a convex quadratic"
            (fun () ->
                let p = problem "quadratic"

                for method in [ Newton.create Newton.defaults; PureNewton.create (); undamped ] do
                    let x = after 1L method p.Objective p.Start
                    close 1e-9 (distance x p.Minimizers.Head) 0.0 method.Name

                let wide = NewtonCg.create { NewtonCg.defaults with InitialRadius = 1e3 }
                let result = Solver.minimizeWith timeless wide p.Objective p.Start
                Expect.equal result.Outcome Outcome.Converged "Newton-CG"
            )

        testCase
            "Newton squares the error near a minimum"
            (fun () ->
                let p = problem "rosenbrock"

                let points =
                    path
                        20L
                        timeless
                        (Newton.create Newton.defaults)
                        p.Objective
                        (Tensor.ofArray [| 0.9; 0.8 |])

                let errors = points |> List.map (fun x -> distance x p.Minimizers.Head)

                let last =
                    errors
                    |> List.pairwise
                    |> List.filter (fun (before, _) -> before < 0.01 && before > 1e-6)

                Expect.isNonEmpty last "some steps are near"

                for before, next in last do
                    Expect.isLessThan next (100.0 * before * before + 1e-14) "quadratic"
            )

        testCase
            "Newton-CG with the Gauss-Newton matrix fits data"
            (fun () ->
                let method =
                    NewtonCg.create { NewtonCg.defaults with Matrix = CurvatureMatrix.GaussNewton }

                for name in [ "bard"; "kowalik-osborne"; "jennrich-sampson" ] do
                    let p = problem name

                    let options = {
                        timeless with
                            StopRules = [ StopRule.GradientBelow(0.0, 1e-6) ]
                    }

                    let result = Solver.minimizeWith options method p.Objective p.Start

                    close
                        (1e-5 * p.Minimum)
                        result.Value
                        p.Minimum
                        $"{name}: {SolveResult.text result}"

                Expect.throwsT<InvalidOperationException>
                    (fun () ->
                        Solver.minimize
                            method
                            (problem "booth" |> fun p -> Objective.ofFunction p.Objective.Function)
                            (Tensor.zeros [ 2 ])
                        |> ignore
                    )
                    "an objective that does not say how it is composed"
            )

        testCase
            "Newton-CG never builds the Hessian"
            (fun () ->
                let p = Problems.find "rosenbrock" (ValueSome 200)
                let options = { timeless with ExaminesCurvature = false }

                let result =
                    Solver.minimizeWith
                        options
                        (NewtonCg.create NewtonCg.defaults)
                        p.Objective
                        p.Start

                Expect.equal result.Outcome Outcome.Converged (SolveResult.text result)

                Expect.isLessThan
                    result.Evaluations.Products
                    (200L * result.Steps / 2L)
                    "far fewer products than n a step"
            )
    ]
