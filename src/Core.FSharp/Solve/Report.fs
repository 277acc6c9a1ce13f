namespace Optim.Core

open System
open Optim

/// What is reported of a step.
[<Struct>]
type StepReport = {
    /// The step's number, from 1.
    Step: int64
    /// The last value that was evaluated with its gradient; on mini-batches, that of the batch.
    Value: float
    /// The norm of that gradient.
    GradientNorm: float
    /// How far the step went, in the method's own units.
    StepSize: float
    /// False when the step only tried a point and rejected it.
    Accepted: bool
    /// Everything asked of the objective so far.
    Evaluations: Evaluations
    /// Time so far, without the time of observers.
    Elapsed: TimeSpan
}

/// The proof behind Converged: value and gradient evaluated again, of the whole objective.
[<NoComparison; NoEquality>]
type Certificate = {
    /// f at the point.
    Value: float
    /// |∇f| at the point.
    GradientNorm: float
    /// What the norm had to be at most.
    Tolerance: float
    /// The smallest curvature that was found there; none where it was not looked for or is not finite.
    SmallestCurvature: float voption
}

/// How a run computed the objective.
[<RequireQualifiedAccess>]
type EvaluationPath =
    /// Operation by operation on tensors.
    | Eager
    /// By the objective's Arrays (see Objective.compile), which only points of the managed engine allow; methods that can
    /// do their own algebra in place do so then.
    /// Certificates and Gauss-Newton products are eager all the same.
    | Compiled

/// The result of a run.
[<NoComparison; NoEquality>]
type SolveResult = {
    /// The method's name.
    Method: string
    /// How the run ended.
    Outcome: Outcome
    /// Why.
    Reason: Reason
    /// The best point: the lowest value among all points evaluated with finite value and gradient. For an objective on
    /// mini-batches, where such values cannot be compared, the last point.
    Point: Tensor
    /// The value there; for an objective on mini-batches, that of the last batch.
    Value: float
    /// The norm of the gradient there.
    GradientNorm: float
    /// Steps, those that only tried a point included.
    Steps: int64
    /// Everything asked of the objective.
    Evaluations: Evaluations
    /// Time, without that of observers.
    Elapsed: TimeSpan
    /// Reports of steps, oldest first.
    Trace: StepReport list
    /// Present when the outcome is Converged, and only then.
    Certificate: Certificate voption
    /// How the objective was computed.
    Path: EvaluationPath
}

/// Results in words.
[<RequireQualifiedAccess>]
module SolveResult =

    /// One line: outcome, reason, value, steps and evaluations.
    let text (result: SolveResult) : string =
        let number (x: float) =
            // Adding 0 turns −0 into 0.
            (x + 0.0).ToString("G6", Globalization.CultureInfo.InvariantCulture)

        let e = result.Evaluations

        let path =
            match result.Path with
            | EvaluationPath.Eager -> ""
            | EvaluationPath.Compiled -> ", compiled"

        $"{result.Outcome}: {Reason.text result.Reason}; value {number result.Value} after {result.Steps} steps "
        + $"({e.Values} values, {e.Gradients} gradients, {e.Products} products{path})"
