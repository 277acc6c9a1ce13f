namespace Optim.Benchmarks.Sections

open System
open System.Diagnostics
open MathNet.Numerics.LinearAlgebra
open MathNet.Numerics.Optimization
open Optim
open Optim.Core
open Optim.Benchmarks
open Optim.Benchmarks.Twins

/// L-BFGS through the whole valley of chained Rosenbrock: very many iterations, for which a solver must be fast and right.
[<RequireQualifiedAccess>]
module LongValley =

    [<Literal>]
    let private Length = 10000

    let private tolerance = 1e-6

    /// Whoever takes longer is not waited for, seconds.
    let private limit = 60.0

    let private tooLong = $"over {limit} s"

    let private own (objective: Objective) : SolveResult =
        let options = {
            SolveOptions.defaults with
                Budget = { Budget.unlimited with Time = TimeSpan.FromSeconds limit }
                StopRules = [ StopRule.GradientBelow(tolerance, 0.0) ]
                TraceEvery = 0L
                ExaminesCurvature = false
        }

        Solver.minimizeWith
            options
            (Lbfgs.create Lbfgs.defaults)
            objective
            (Tensor.ofArray (Chain.start Length))

    /// The steps and the time of a run. A short run is repeated, a long one is not.
    let private ownCell (name: string) (objective: Objective) : int64 * Cell =
        let result = own objective

        result.Steps,
        if result.Outcome <> Outcome.Converged then
            Cell.missing name (Reason.text result.Reason)
        elif result.Elapsed.TotalSeconds > 5.0 then
            Cell.number name result.Elapsed.TotalSeconds
        else
            Cell.time 1.0 name (Measure.time Measure.long (fun () -> own objective |> ignore))

    /// The clock of a run that is not waited for.
    type private OutOfTime() =
        inherit Exception("the run is not waited for")

    /// Math.NET's minimizer ends after a few iterations with a large gradient; it is started again from there.
    let private mathNet () : Cell =
        let name = "Math.NET restarted"
        let clock = Stopwatch.StartNew()

        let evaluate (x: Vector<float>) : struct (float * Vector<float>) =
            if clock.Elapsed.TotalSeconds > limit then
                raise (OutOfTime())

            let g = Array.zeroCreate Length
            let value = PlainRosenbrock.ValueAndGradient(x.AsArray(), g)
            struct (value, Vector<float>.Build.Dense g)

        let objective = ObjectiveFunction.Gradient(Func<_, _> evaluate)

        let minimizer =
            LimitedMemoryBfgsMinimizer(tolerance, 1e-30, 1e-30, Int32.MaxValue, 10)

        let rec run (start: Vector<float>) : unit =
            let result = minimizer.FindMinimum(objective, start)

            if result.FunctionInfoAtMinimum.Gradient.InfinityNorm() > tolerance then
                run result.MinimizingPoint

        try
            run (Vector<float>.Build.DenseOfArray(Chain.start Length))
            Cell.number name clock.Elapsed.TotalSeconds
        with
        | :? OutOfTime -> Cell.missing name tooLong
        | :? OptimizationException as error -> Cell.missing name (error.GetType().Name)

    /// The table and its aim.
    let measure () : Section =
        let row = $"n = {Length}"
        let scipy = Python.measure "scipy" "scipy_valley.py" Environment.ProcessorCount

        let steps, compiled = ownCell "Optim compiled" (Chain.compiled Length)

        let cells = [
            compiled
            snd (ownCell "Optim eager" (Chain.eager Length))
            Python.cell id row "SciPy L-BFGS-B" scipy
            mathNet ()
        ]

        let seconds =
            compiled.Best |> Option.orElse compiled.Value |> Option.defaultValue nan

        {
            Name = "compiled"
            Tables = [
                {
                    Title =
                        "L-BFGS on chained Rosenbrock from (-1.2, 1, ...) until the gradient is below 1e-6"
                    Unit = "s"
                    Rows = [ { Name = row; Cells = cells } ]
                    Notes = [
                        "Optim bounds the gradient's Euclidean norm, SciPy and Math.NET its largest component"
                        "Math.NET ends long before that and is started again from where it stopped"
                    ]
                }
            ]
            Bars = [
                Bar.atMost $"L-BFGS, chained Rosenbrock, {row}, gradient below 1e-6" "s" 2.0 seconds
                Bar.atMost
                    $"L-BFGS, {row}, a step of that run, of {steps}"
                    "us"
                    80.0
                    (1e6 * seconds / float steps)
            ]
        }
