module Optim.CoreTests.LoopTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private barrier (x: Tensor) : Tensor = Tensor.sum (x - Tensor.log x)

[<Tests>]
let invariance =
    testList "Scale of the objective" [
        for info in Catalogue.all |> List.filter (fun info -> info.Traits.IsScaleInvariant) do
            testCase
                $"{info.Name} takes the same path for f and 2^±40 f, bit by bit"
                (fun () ->
                    for name in [ "rosenbrock"; "beale"; "wood" ] do
                        let p = problem name
                        let method = info.Create Map.empty
                        let plain = path 40L timeless method p.Objective p.Start

                        for factor in [ 2.0 ** 40.0; 2.0 ** -40.0 ] do
                            let scaled =
                                path
                                    40L
                                    timeless
                                    method
                                    (Objective.scaled factor p.Objective)
                                    p.Start

                            Expect.equal
                                (List.map bits scaled)
                                (List.map bits plain)
                                $"{name} times {factor}"
                )

            testCase
                $"{info.Name} ends alike for f, 1e-12 f and 1e12 f"
                (fun () ->
                    for name in [ "booth"; "log-barrier"; "saddle" ] do
                        let p = problem name
                        let method = info.Create Map.empty
                        let plain = Solver.minimizeWith timeless method p.Objective p.Start

                        for factor in [ 1e-12; 1e12 ] do
                            let scaled =
                                Solver.minimizeWith
                                    timeless
                                    method
                                    (Objective.scaled factor p.Objective)
                                    p.Start

                            Expect.equal
                                scaled.Outcome
                                plain.Outcome
                                $"{name}: {SolveResult.text scaled}"

                            close
                                1e-5
                                (distance scaled.Point plain.Point)
                                0.0
                                $"{name} times {factor}"
                )
    ]

[<Tests>]
let traces =
    testList "Traces and samples" [
        testCase
            "every k-th report is kept, or none"
            (fun () ->
                let p = problem "booth"
                let sgd = Sgd.create Sgd.defaults

                let steps every =
                    let options = { timeless with TraceEvery = every; Budget = Budget.steps 20L }

                    (Solver.minimizeWith options sgd p.Objective p.Start).Trace
                    |> List.map (fun r -> r.Step)

                Expect.equal (steps 1L) [ 1L .. 20L ] "all"
                Expect.equal (steps 6L) [ 6L; 12L; 18L ] "every sixth"
                Expect.equal (steps 0L) [] "none"
            )

        testCase
            "observers see every step in order, with the counts so far"
            (fun () ->
                let p = problem "rosenbrock"
                let seen = ref []

                let options = {
                    timeless with
                        TraceEvery = 0L
                        Observe = fun report _ -> seen.Value <- report :: seen.Value
                }

                let result =
                    Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) p.Objective p.Start

                let reports = List.rev seen.Value
                Expect.equal (reports |> List.map (fun r -> r.Step)) [ 1L .. result.Steps ] "steps"
                let gradients = reports |> List.map (fun r -> r.Evaluations.Gradients)
                Expect.equal gradients (List.sort gradients) "counts grow"
            )

        testCase
            "all trials of a search see the same sample, and each move the next one"
            (fun () ->
                let p = problem "rosenbrock"

                for name in
                    [
                        "lbfgs"
                        "gradient-descent"
                        "newton"
                        "newton-cg"
                        "saddle-free-newton"
                        "adam"
                    ] do
                    let asked = ref []

                    let at (k: int64) (x: Tensor) =
                        asked.Value <- k :: asked.Value
                        p.Objective.Function x * (1.0 + 0.1 * float (k % 3L))

                    let moves = ref [ 0L ]

                    let observe (report: StepReport) (_: Tensor) =
                        let before = List.head moves.Value
                        let wrong = asked.Value |> List.filter (fun k -> k <> before)

                        Expect.isEmpty
                            wrong
                            $"{name}, step {report.Step}: other samples than {before}"

                        Expect.isNonEmpty asked.Value $"{name}, step {report.Step} asks something"
                        asked.Value <- []

                        moves.Value <-
                            (if report.Accepted then before + 1L else before) :: moves.Value

                    let options = {
                        timeless with
                            Observe = observe
                            Budget = Budget.steps 30L
                            StopRules = []
                    }

                    let objective = Objective.sampled "sampled" 0.5 p.Objective.Function at

                    let result =
                        Solver.minimizeWith
                            options
                            (Catalogue.create name Map.empty)
                            objective
                            p.Start

                    Expect.isGreaterThan (List.head moves.Value) 1L $"{name} moves"
                    Expect.isGreaterThan result.Steps 5L $"{name} steps"
            )

        testCase
            "an evaluation of half of the data costs half of a gradient"
            (fun () ->
                let p = problem "booth"

                let objective =
                    Objective.sampled
                        "half"
                        0.5
                        p.Objective.Function
                        (fun _ -> p.Objective.Function)

                let options = { timeless with Budget = Budget.steps 10L; StopRules = [] }

                let result =
                    Solver.minimizeWith options (Sgd.create Sgd.defaults) objective p.Start

                Expect.equal
                    result.Evaluations.GradientEquivalents
                    (0.5 * float result.Evaluations.Gradients)
                    "cost"
            )
    ]
