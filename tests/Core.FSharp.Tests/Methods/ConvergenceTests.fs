module Optim.CoreTests.ConvergenceTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

[<Tests>]
let convergence =
    testList "Convergence" [
        for method in searching do
            for family in Problems.all do
                // Steepest descent is honest about needing more steps than it gets.
                if method.Name <> "gradient-descent" && family.Name <> "offset-quadratic" then
                    testCase
                        $"{method.Name} solves {family.Name}"
                        (fun () ->
                            let p = family.Create family.DefaultDimension

                            let options = {
                                timeless with
                                    StopRules = [ StopRule.GradientBelow(0.0, 1e-12) ]
                            }

                            let result = Solver.minimizeWith options method p.Objective p.Start

                            let known =
                                p.Minimum
                                :: List.map (p.Objective.Function >> float) p.LocalMinimizers

                            let scale = 1.0 + abs p.Minimum

                            let isKnown =
                                known
                                |> List.exists (fun v -> abs (result.Value - v) <= 1e-6 * scale)

                            let isHonest =
                                match result.Reason with
                                | Reason.SaddlePoint _ -> family.Name = "strict-saddle"
                                | Reason.GradientSmall _
                                | Reason.NoProgress _ -> isKnown
                                | _ -> false

                            Expect.isTrue isHonest (SolveResult.text result)
                        )

        testCase
            "L-BFGS needs about as many iterations on chained Rosenbrock as SciPy's"
            (fun () ->
                for n, scipy in [ 2, 38; 10, 78; 100, 541 ] do
                    let p = Problems.find "rosenbrock" (ValueSome n)

                    let options = {
                        timeless with
                            StopRules = [ StopRule.GradientBelow(1e-8, 0.0) ]
                    }

                    let result =
                        Solver.minimizeWith
                            options
                            (Lbfgs.create Lbfgs.defaults)
                            p.Objective
                            p.Start

                    Expect.equal result.Outcome Outcome.Converged (SolveResult.text result)
                    let moves = result.Trace |> List.filter (fun r -> r.Accepted) |> List.length

                    Expect.isLessThan
                        (float moves)
                        (1.4 * float scipy)
                        $"n = {n}: {moves} iterations"

                    Expect.isLessThan result.Value 1e-14 "value"
            )

        testCase
            "a large constant in the objective does not keep the gradient from falling"
            (fun () ->
                let p = problem "offset-quadratic"
                let options = { timeless with StopRules = [ StopRule.GradientBelow(1e-7, 0.0) ] }

                for method in searching do
                    if method.Name <> "gradient-descent" then
                        let result = Solver.minimizeWith options method p.Objective p.Start

                        Expect.equal
                            result.Outcome
                            Outcome.Converged
                            $"{method.Name}: {SolveResult.text result}"
            )

        testCase
            "no accepted move raises the value by more than rounding"
            (fun () ->
                for method in searching do
                    for name in [ "rosenbrock"; "wood"; "brown-dennis"; "offset-quadratic" ] do
                        let p = problem name

                        let values =
                            path 300L timeless method p.Objective p.Start
                            |> List.map (p.Objective.Function >> float)

                        for before, next in List.pairwise values do
                            Expect.isLessThanOrEqual
                                next
                                (before + 1e-13 * abs before)
                                $"{method.Name} on {name}"
            )

        testCase
            "single precision works too"
            (fun () ->
                let start = Tensor.cast DType.Float32 (problem "booth").Start

                for method in methods do
                    if method.Name <> "adam" && method.Name <> "adamw" then
                        let options = {
                            timeless with
                                StopRules = [ StopRule.GradientBelow(0.0, 1e-4) ]
                        }

                        let result =
                            Solver.minimizeWith options method (problem "booth").Objective start

                        Expect.equal
                            result.Outcome
                            Outcome.Converged
                            $"{method.Name}: {SolveResult.text result}"

                        Expect.equal result.Point.DType DType.Float32 "element type"
            )
    ]
