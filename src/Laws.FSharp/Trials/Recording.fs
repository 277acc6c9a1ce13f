namespace Optim.Laws

open System
open System.Threading
open Optim
open Optim.Core

/// How often an objective's function was called, counted by the function itself.
[<Sealed>]
type internal CallCounter(onCall: int64 -> unit) =
    let mutable plain = 0L
    let mutable differentiated = 0L

    /// Calls with plain numbers.
    member _.Plain: int64 = plain

    /// Calls from inside grad, hessian and the like.
    member _.Differentiated: int64 = differentiated

    member _.Total: int64 = plain + differentiated

    member counter.Note(x: Tensor) : unit =
        if Object.ReferenceEquals(x.Concrete, x) then
            plain <- plain + 1L
        else
            differentiated <- differentiated + 1L

        onCall counter.Total

    /// The same function at arrays, with every call counted but those for Hessian products: they are calls of a derivative that
    /// an uncompiled objective prepares once.
    member private counter.WrapArrays(f: ArrayFunction) : ArrayFunction =
        let noteDerivative () =
            differentiated <- differentiated + 1L
            onCall counter.Total

        {
            new ArrayFunction with
                member _.Length = f.Length

                member _.Value x =
                    plain <- plain + 1L
                    onCall counter.Total
                    f.Value x

                member _.ValueAndGradient(x, gradient) =
                    noteDerivative ()
                    f.ValueAndGradient(x, gradient)

                member _.HessianProduct(x, v, product) = f.HessianProduct(x, v, product)

                member _.Hessian(x, hessian) =
                    noteDerivative ()
                    f.Hessian(x, hessian)
        }

    /// The same objective, with every call counted.
    member counter.Wrap(objective: Objective) : Objective =
        let counted (f: Tensor -> Tensor) (x: Tensor) : Tensor =
            counter.Note x
            f x

        {
            objective with
                Function = counted objective.Function
                FunctionAt = fun k -> counted (objective.FunctionAt k)
                Arrays =
                    objective.Arrays |> ValueOption.map (fun arrays -> arrays >> counter.WrapArrays)
                // Products of the Gauss-Newton matrix ask for the outputs once, inside their derivative.
                Composition =
                    objective.Composition
                    |> ValueOption.map (fun c -> {
                        c with
                            OutputsAt = fun k -> counted (c.OutputsAt k)
                    })
        }

/// Where a run was after a step.
type internal Stop = { Report: StepReport; At: float[] }

/// A run that was watched.
[<NoComparison; NoEquality>]
type internal Recording = {
    Result: SolveResult
    Stops: Stop list
    Plain: int64
    Differentiated: int64
}

/// A run as printable data.
[<NoComparison>]
type internal Trial = { Case: ProblemCase; Steps: int64; Seed: int64 }

/// Runs that are watched.
[<RequireQualifiedAccess>]
module internal Trial =

    let options (trial: Trial) : SolveOptions = {
        SolveOptions.defaults with
            Budget = Budget.steps trial.Steps
            Seed = trial.Seed
    }

    /// The F# expression of `options`.
    let optionsSource (trial: Trial) : string =
        $"{{ SolveOptions.defaults with Budget = Budget.steps {trial.Steps}L; Seed = {trial.Seed}L }}"

    /// Minimizes the problem and keeps what was seen on the way.
    let recordWith (options: SolveOptions) (method: Method) (problem: LawProblem) : Recording =
        let counter = CallCounter ignore
        let stops = ResizeArray<Stop>()

        let observe (report: StepReport) (point: Tensor) : unit =
            stops.Add { Report = report; At = point.ToArray() }
            options.Observe report point

        let objective = counter.Wrap problem.Objective

        let result =
            Solver.minimizeWith { options with Observe = observe } method objective problem.Start

        {
            Result = result
            Stops = List.ofSeq stops
            Plain = counter.Plain
            Differentiated = counter.Differentiated
        }

    let record (method: Method) (trial: Trial) (problem: LawProblem) : Recording =
        recordWith (options trial) method problem

    /// The points after accepted steps, the start first.
    let path (problem: LawProblem) (recording: Recording) : float[] list =
        problem.Start.ToArray()
        :: (recording.Stops |> List.filter _.Report.Accepted |> List.map _.At)

/// A clock that moves only when it is told to, in milliseconds.
[<Sealed>]
type internal ManualClock() =
    inherit TimeProvider()
    let mutable now = 0L
    member _.Advance() : unit = now <- now + 1L
    override _.TimestampFrequency = 1000L
    override _.GetTimestamp() = now

/// F# programs that show a counterexample.
[<RequireQualifiedAccess>]
module internal Snippet =

    /// A function of the method that builds the problem and goes on with these lines.
    let withProblem (case: ProblemCase) (lines: string list) : string =
        [
            "open System"
            "open Optim"
            "open Optim.Core"
            "open Optim.Laws"
            ""
            "let counterexample (method: Method) ="
            $"    let problem = LawProblem.ofCase ({case.Source})"
            yield! lines |> List.map (fun line -> "    " + line)
        ]
        |> String.concat "\n"

    /// The same, with a run and a line of its result first.
    let withResult (trial: Trial) (lines: string list) : string =
        withProblem trial.Case [
            $"let options = {Trial.optionsSource trial}"
            "let result = Solver.minimizeWith options method problem.Objective problem.Start"
            "printfn \"%s\" (SolveResult.text result)"
            yield! lines
        ]
