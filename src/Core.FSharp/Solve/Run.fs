namespace Optim.Core

#nowarn "3559" // A method's state is of a type that is known only at run time.

open System
open System.Collections.Generic
open System.Threading
open Optim
open Optim.Contract

/// Where and how often a run is saved while it goes on.
type SavePlan = {
    /// The file; each save replaces it as a whole.
    Path: string
    /// A save after every so many steps: 1 or more.
    Every: int64
}

/// How a run goes on besides its method.
[<NoComparison; NoEquality>]
type SolveOptions = {
    /// Hard limits. Default: 10,000 steps.
    Budget: Budget
    /// When to end before. Default: gradient at most 1e-9 times that of the start.
    StopRules: StopRule list
    /// All chance of the run comes from it. Default 0.
    Seed: int64
    /// Every how many steps a report is kept in the trace; 0 keeps none. Default 1.
    TraceEvery: int64
    /// Called after steps with the report and the point. Its time is not counted. Default: nothing.
    Observe: StepReport -> Tensor -> unit
    /// Every how many steps Observe is called: 1 or more. Default 1.
    ObserveEvery: int64
    /// Whether a candidate for Converged is also examined for directions of negative curvature. Default true.
    ExaminesCurvature: bool
    /// Abandons the run with OperationCanceledException at the next evaluation. Default: never.
    Cancellation: CancellationToken
    /// Saves checkpoints during the run. Default: none.
    Save: SavePlan voption
    /// The clock. Default: the system's.
    Clock: TimeProvider
}

/// Options of runs.
[<RequireQualifiedAccess>]
module SolveOptions =

    /// 10,000 steps, gradient at most 1e-9 of the start's, seed 0, everything traced.
    let defaults: SolveOptions = {
        Budget = Budget.standard
        StopRules = StopRule.standard
        Seed = 0L
        TraceEvery = 1L
        Observe = fun _ _ -> ()
        ObserveEvery = 1L
        ExaminesCurvature = true
        Cancellation = CancellationToken.None
        Save = ValueNone
        Clock = TimeProvider.System
    }

    /// Whether somebody observes this step.
    let internal isObserved (options: SolveOptions) (step: int64) : bool =
        not (Object.ReferenceEquals(options.Observe, defaults.Observe))
        && step % options.ObserveEvery = 0L

/// How a run ended.
[<NoComparison; NoEquality>]
type RunEnd = {
    /// Why.
    Reason: Reason
    /// Where, if not merely at the best point.
    At: Evaluation voption
    /// The proof, where it converged.
    Certificate: Certificate voption
}

/// Endings of runs.
[<RequireQualifiedAccess>]
module internal RunEnd =

    /// The ending as a record.
    let create
        (reason: Reason)
        (at: Evaluation voption)
        (certificate: Certificate voption)
        : RunEnd = { Reason = reason; At = at; Certificate = certificate }

/// A run between two steps: everything that is needed to go on, today or from a file.
[<NoComparison; NoEquality>]
type Run = {
    /// The point from which the next step goes.
    Point: Tensor
    /// The method's state, of the method's own type.
    State: obj | null
    /// Steps so far.
    Steps: int64
    /// Accepted steps so far.
    Moves: int64
    /// Everything asked of the objective so far.
    Evaluations: Evaluations
    /// The lowest finite evaluation so far.
    Best: Evaluation voption
    /// The last point at which value and gradient were evaluated.
    Last: Evaluation voption
    /// The sample of a stochastic objective to which `Last` refers.
    LastSample: int64
    /// |∇f| at the start, or the first above 0 where that is 0; relative tolerances refer to it.
    StartNorm: float
    /// The value at the last accepted step.
    MoveValue: float
    /// For each ValueSettled rule, how many moves in a row hardly changed the value.
    QuietMoves: int list
    /// The step at which a saddle was found that the method has not left since; −1 for none.
    SaddleSince: int64
    /// Time so far, without that of observers.
    Elapsed: TimeSpan
    /// How it ended, if it did.
    Ended: RunEnd voption
    /// Newest first.
    Trace: StepReport list
}

/// Runs between two steps.
[<RequireQualifiedAccess>]
module Run =

    /// A run of this method on an engine: its points, its gradients and the method's state. It goes on there with the same
    /// numbers, so that a run saved on one engine is resumed on another. The objective must take points of that engine.
    let moveTo (engine: Engine) (method: Method) (run: Run) : Run =
        ArgumentNullException.ThrowIfNull engine
        // What was one tensor in the run is one again afterwards: methods ask for the value of the point they stand on.
        let moved = Dictionary<Tensor, Tensor> HashIdentity.Reference

        let move (x: Tensor) : Tensor =
            match moved.TryGetValue x with
            | true, there -> there
            | false, _ ->
                let there = Tensor.moveTo engine x
                moved.Add(x, there)
                there

        let evaluation (e: Evaluation) : Evaluation = {
            e with
                Point = move e.Point
                Gradient = move e.Gradient
        }

        {
            run with
                Point = move run.Point
                State = StateShape.map method.StateShape move run.State
                Best = ValueOption.map evaluation run.Best
                Last = ValueOption.map evaluation run.Last
                Ended =
                    run.Ended
                    |> ValueOption.map (fun ending -> {
                        ending with
                            At = ValueOption.map evaluation ending.At
                    })
        }
