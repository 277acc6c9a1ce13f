namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Very many small fits side by side.
[<RequireQualifiedAccess>]
module CompiledFits =

    [<Literal>]
    let private Fits = 100_000

    /// Single solves are slow: so many of them tell their rate.
    [<Literal>]
    let private Singles = 100

    let private name = $"{Fits} fits of 3 numbers to {Decays.Points} points"

    let private options = {
        SolveOptions.defaults with
            StopRules = [ StopRule.GradientBelow(Decays.Tolerance, 0.0) ]
            TraceEvery = 0L
            ExaminesCurvature = false
    }

    let private residuals (t: Tensor) (p: Tensor) (y: Tensor) : Tensor =
        p[0] * Tensor.exp (-p[1] * t) + p[2] - y

    let private method = Newton.create Newton.defaults

    /// All fits by the solver, side by side; compiled at the first call.
    let private sideBySide (decays: Decays) : unit -> ManyResult =
        let t = Tensor.ofArray decays.Times
        let y = Tensor.create [ decays.Fits; Decays.Points ] decays.Values
        let starts = Tensor.create [ decays.Fits; 3 ] (Decays.starts decays)

        let objective =
            ManyObjective.leastSquares "decay" (fun p data -> residuals t p data[0])

        fun () -> Solver.minimizeManyWith options method objective [ y ] starts

    /// A fit at a time by the solver.
    let private single (decays: Decays) (starts: float[]) (fit: int) : SolveResult =
        let t, y = Tensor.ofArray decays.Times, Tensor.ofArray (Decays.valuesOf fit decays)
        let objective = Objective.leastSquares "decay" (fun p -> residuals t p y)
        Solver.minimizeWith options method objective (Tensor.ofArray (Array.sub starts (3 * fit) 3))

    /// Ends the run when the fits are others than those by hand.
    let private verify (who: string) (expected: float[]) (actual: float[]) : unit =
        let difference = Array.map2 (fun a b -> abs (a - b)) expected actual |> Array.max

        if not (difference <= 1e-6) then
            invalidOp $"{who}: a number differs from the fit by hand by {difference}"

    let private perSecond (fits: int) : string -> Sample -> Cell = Cell.rate 1.0 (float fits)

    /// The table and its aim.
    let measure () : Section =
        let scipy = Python.measure "scipy" "scipy_fits.py" Environment.ProcessorCount
        let decays = Decays.create Fits
        let byHand, starts = Decays.byHand decays, Decays.starts decays

        let singles () =
            Array.init Singles (fun fit -> (single decays starts fit).Point.ToArray())
            |> Array.concat

        verify "Optim one by one" (Array.truncate (3 * Singles) byHand) (singles ())

        let many = sideBySide decays
        let result = many ()

        if result.CountOf Outcome.Converged <> Fits then
            invalidOp $"{result}"

        verify "Optim side by side" byHand (result.Points.ToArray())

        let cells = [
            perSecond Fits "Optim side by side" (Measure.time Measure.long (many >> ignore))
            perSecond Singles "Optim one by one" (Measure.time Measure.usual (singles >> ignore))
            Python.cell id name "SciPy curve_fit" scipy
            perSecond
                Fits
                "C# by hand"
                (Measure.time Measure.long (fun () -> Decays.byHand decays |> ignore))
        ]

        {
            Name = "compiled"
            Tables = [
                {
                    Title =
                        $"y = a exp(-b t) + c, least squares, threads: {Environment.ProcessorCount}"
                    Unit = "fits/s"
                    Rows = [ { Name = name; Cells = cells } ]
                    Notes = [
                        "all start from a guess out of their data and end with a gradient below 1e-8"
                        "by hand: Levenberg-Marquardt for this one function, derivatives found by a person, on all cores"
                        "side by side: minimizeMany, Newton's method; one by one: the same in a loop, not compiled"
                        "SciPy: a sample; derivatives by differences, and its usual tolerance"
                    ]
                }
            ]
            Bars = [
                Bar.atLeast name "fits/s" 400_000.0 (cells.Head.Best |> Option.defaultValue nan)
            ]
        }
