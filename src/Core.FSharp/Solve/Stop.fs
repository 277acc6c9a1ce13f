namespace Optim.Core

open System
open System.Threading
open Optim

/// When a run may end before its budget.
[<RequireQualifiedAccess; NoComparison>]
type StopRule =
    /// |∇f(x)| ≤ max(absolute, relative · |∇f(start)|), Euclidean norms; where the gradient at the start is zero, the first
    /// other one takes its place. The relative part does not depend on the scale of the objective. Ends as Converged, once value and gradient are evaluated again and nothing shows a saddle.
    | GradientBelow of absolute: float * relative: float
    /// f(x) ≤ target. Ends as Stopped.
    | ValueBelow of target: float
    /// |f after a move − f before| ≤ relative · max(|f|, tiny) for `moves` moves in a row. Ends as Stopped: a small change is no proof.
    | ValueSettled of relative: float * moves: int
    /// The caller wishes to end: the step is finished and the best point returned. Ends as Stopped.
    | WhenRequested of CancellationToken

/// Stop rules.
[<RequireQualifiedAccess>]
module StopRule =

    /// |∇f(x)| ≤ 1e-9 · |∇f(start)|.
    let standard: StopRule list = [ StopRule.GradientBelow(0.0, 1e-9) ]

    /// Complains about tolerances that are negative or not finite.
    let check (rule: StopRule) : unit =
        match rule with
        | StopRule.GradientBelow(absolute, relative) ->
            Check.within (nameof absolute) 0.0 Double.MaxValue absolute
            Check.within (nameof relative) 0.0 1.0 relative
        | StopRule.ValueBelow target ->
            if Double.IsNaN target then
                raise (ArgumentException("target is NaN, expected a number", nameof target))
        | StopRule.ValueSettled(relative, moves) ->
            Check.within (nameof relative) 0.0 1.0 relative
            Check.atLeast (nameof moves) 1 moves
        | StopRule.WhenRequested _ -> ()
