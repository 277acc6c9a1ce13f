namespace Optim.Benchmarks.Sections

open System
open MathNet.Numerics.LinearAlgebra
open MathNet.Numerics.Optimization
open Optim
open Optim.Core
open Optim.Benchmarks
open Optim.Benchmarks.Twins

/// What an iteration of L-BFGS costs, in this library's loop and in its rivals'.
[<RequireQualifiedAccess>]
module Lbfgs =

    /// A run of a minimizer: iterations, evaluations of value and gradient, and the value it reached.
    [<Struct>]
    type private Race = { Iterations: int; Evaluations: int; Value: float }

    /// Iterations are limited to these; n = 2 converges before.
    let private limit (n: int) : int = if n = 2 then 1000 else 100

    let private tolerance = 1e-6

    let private effort = { Measure.usual with Total = 3.0 }

    let private own (objective: Objective) (n: int) (steps: int) (trace: bool) : SolveResult =
        let options = {
            SolveOptions.defaults with
                Budget = Budget.steps (int64 steps)
                StopRules = [ StopRule.GradientBelow(tolerance, 0.0) ]
                TraceEvery = if trace then 1L else 0L
                ExaminesCurvature = false
        }

        Solver.minimizeWith
            options
            (Lbfgs.create Lbfgs.defaults)
            objective
            (Tensor.ofArray (Chain.start n))

    let private ownRace (objective: Objective) (n: int) : Race =
        let result = own objective n (limit n) true

        {
            Iterations = result.Trace |> List.filter _.Accepted |> List.length
            Evaluations = int result.Evaluations.Gradients
            Value = result.Value
        }

    /// A run of Math.NET's minimizer. It throws when the iterations are spent.
    let private mathNet
        (minimizer: IObjectiveFunction -> Vector<float> -> MinimizationResult)
        (n: int)
        : Race =
        let mutable evaluations = 0
        let mutable last = nan
        let start = Vector<float>.Build.DenseOfArray(Chain.start n)

        let evaluate (x: Vector<float>) : struct (float * Vector<float>) =
            let g = Array.zeroCreate n
            evaluations <- evaluations + 1
            last <- PlainRosenbrock.ValueAndGradient(x.AsArray(), g)
            struct (last, Vector<float>.Build.Dense g)

        let objective = ObjectiveFunction.Gradient(Func<_, _> evaluate)

        try
            let result = minimizer objective start

            {
                Iterations = result.Iterations
                Evaluations = evaluations
                Value = result.FunctionInfoAtMinimum.Value
            }
        with :? MathNet.Numerics.Optimization.MaximumIterationsException -> {
            Iterations = limit n
            Evaluations = evaluations
            Value = last
        }

    let private mathNetLbfgs (n: int) : Race =
        let minimizer = LimitedMemoryBfgsMinimizer(tolerance, 1e-30, 1e-30, limit n, 10)
        mathNet (fun f x -> minimizer.FindMinimum(f, x)) n

    let private mathNetBfgs (n: int) : Race =
        let minimizer = BfgsMinimizer(tolerance, 1e-30, 1e-30, limit n)
        mathNet (fun f x -> minimizer.FindMinimum(f, x)) n

    /// Time and bytes for one iteration, and the race.
    let private timed (contender: string) (race: Race) (run: unit -> unit) : Cell * Race =
        let sample = Measure.time effort run
        let iterations = float race.Iterations

        let cell =
            Cell.time 1e-6 contender {
                sample with
                    Median = sample.Median / iterations
                    Best = sample.Best / iterations
                    Bytes = sample.Bytes / iterations
            }

        cell, race

    /// This library's loop on an objective.
    let private ownTimed (name: string) (objective: Objective) (n: int) : Cell * Race =
        let race = ownRace objective n

        timed name race (fun () -> own objective n (limit n) false |> ignore)

    let private contenders (n: int) : (Cell * Race) list =
        let rival name (run: unit -> Race) =
            timed name (run ()) (fun () -> run () |> ignore)

        [
            ownTimed "Optim compiled" (Chain.compiled n) n
            ownTimed "Optim eager" (Chain.eager n) n
            rival "Math.NET L-BFGS" (fun () -> mathNetLbfgs n)
            if n = 2 then
                rival "Math.NET BFGS" (fun () -> mathNetBfgs n)
        ]

    /// The garbage of a step between two evaluations of one run, each of which is a step: without the run's beginning and end.
    let private garbageOfStep (n: int, first: int, last: int) : Row =
        let cell (name: string) (watch: (unit -> unit) -> Objective) : Cell =
            let mutable calls, before, after = 0, 0L, 0L

            let note () : unit =
                calls <- calls + 1

                if calls = first then
                    before <- GC.GetTotalAllocatedBytes true
                elif calls = last then
                    after <- GC.GetTotalAllocatedBytes true

            let objective = watch note

            // Other threads may allocate meanwhile, so the least of some runs is what the loop itself does.
            let once () : float =
                calls <- 0
                own objective n (limit n) false |> ignore
                float (after - before) / float (last - first)

            List.init 5 (fun _ -> once ()) |> List.min |> Cell.number name

        {
            Name = $"n = {n}, evaluations {first} to {last}"
            Cells = [
                cell "Optim compiled" (Chain.watched n)
                cell "Optim eager" (Chain.watchedEager n)
            ]
        }

    let private peerNames = [ "SciPy L-BFGS-B"; "torch LBFGS" ]

    /// Both tables' rows for n variables.
    let private rows (scipy: Peer) (torch: Peer) (n: int) : Row * Row list =
        let measured = contenders n
        let name = $"n = {n}"

        let peers row = [
            for contender, peer in List.zip peerNames [ scipy; torch ] do
                Python.cell (if row = name then (fun s -> s / 1e-6) else id) row contender peer
        ]

        let counts what (number: Race -> float) : Row =
            let row = $"n = {n}, {what}"

            {
                Name = row
                Cells = [
                    for cell, race in measured do
                        Cell.number cell.Contender (number race)
                    yield! peers row
                ]
            }

        { Name = name; Cells = List.map fst measured @ peers name },
        [
            counts "iterations" (fun race -> float race.Iterations)
            counts "evaluations" (fun race -> float race.Evaluations)
            counts "value at the end" _.Value
        ]

    let private bars (rows: Row list) (garbageRows: Row list) : Bar list =
        let value part (row: Row) : float =
            part row.Cells.Head |> Option.defaultValue nan

        [
            for row, limit in List.zip rows [ 1.0; 80.0 ] do
                Bar.atMost
                    $"L-BFGS, {row.Name}, an iteration of a whole run"
                    "us"
                    limit
                    (value _.Best row)
            for row in garbageRows do
                Bar.atMost $"L-BFGS, {row.Name}, garbage of a step" "B" 0.0 (value _.Value row)
        ]

    /// The tables, and the aims for best batches.
    let measure () : Section =
        let scipy = Python.measure "scipy" "scipy_lbfgs.py" Environment.ProcessorCount
        let torch = Python.measure "torch" "torch_lbfgs.py" Environment.ProcessorCount
        let rows = [ 2; 10000 ] |> List.map (rows scipy torch)
        let garbageRows = [ 2, 20, 40; 10000, 20, 80 ] |> List.map garbageOfStep

        {
            Name = "lbfgs"
            Tables = [
                {
                    Title = "L-BFGS with history 10 on chained Rosenbrock, for one iteration"
                    Unit = "us"
                    Rows = List.map fst rows
                    Notes = [
                        "n = 2: until the gradient is below 1e-6; n = 10000: the first 100 iterations (steps, for Optim)"
                        "whole runs, with their beginning and end, divided by their iterations"
                        "Optim and torch differentiate the function; SciPy and Math.NET get a gradient written by hand"
                    ]
                }
                {
                    Title = "The same runs"
                    Unit = "count"
                    Rows = List.collect snd rows
                    Notes = []
                }
                {
                    Title = "Garbage of a step of a run under way"
                    Unit = "B"
                    Rows = garbageRows
                    Notes = []
                }
            ]
            Bars = bars (List.map fst rows) garbageRows
        }
