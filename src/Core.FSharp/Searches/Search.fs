namespace Optim.Core

open Optim

/// A point of the function φ(t) = f(x + t d) of one variable that a line search looks at.
[<Struct>]
type LinePoint = {
    /// t, the multiple of the direction.
    Size: float
    /// φ(t).
    Value: float
    /// φ′(t) = ∇f(x + t d)ᵀ d.
    Slope: float
}

/// What a line search remembers between two trials. Numbers only.
[<Struct>]
type SearchState = {
    /// φ at t = 0.
    Origin: LinePoint
    /// Differences of φ up to this are taken for rounding.
    Resolution: float
    /// The size to try now.
    Trial: float
    /// Trials so far.
    Trials: int
    /// Whether Low and High enclose acceptable sizes.
    IsBracketed: bool
    /// The best end of the interval; while not bracketed, the previous trial.
    Low: LinePoint
    /// The other end of the interval.
    High: LinePoint
}

/// What a line search makes of a trial.
[<Struct; RequireQualifiedAccess>]
type SearchDecision =
    /// The trial is good enough.
    | Accept
    /// Try the size in this state next.
    | Try of following: SearchState
    /// No size fulfils the conditions, but this one lowers the value: go there.
    | Settle of size: float
    /// No acceptable size was found, and why.
    | GiveUp of detail: string

/// What a line search must know of a trial.
[<RequireQualifiedAccess>]
type TrialNeeds =
    /// Nothing: it accepts every trial.
    | Nothing
    /// φ. The gradient is then evaluated only where a trial is accepted.
    | Value
    /// φ and φ′.
    | ValueAndSlope

/// How far to go along a direction of descent. Pure: all memory is in the state, and each trial is a step of the loop.
type Search =
    /// The name in reports.
    abstract Name: string
    /// What it must know of a trial.
    abstract Needs: TrialNeeds
    /// The state before the first trial. origin: φ at 0 with negative slope; first: the size to try first, above 0;
    /// step: how many moves were accepted before.
    abstract Start: origin: LinePoint * first: float * step: int64 -> SearchState
    /// The decision after the trial at `state.Trial`. A value that is not finite counts as too high.
    abstract Next: state: SearchState * trial: LinePoint -> SearchDecision

/// Parts that searches share.
[<RequireQualifiedAccess>]
module internal Search =

    /// The state before the first trial, for a function computed in Float64.
    let start (origin: LinePoint) (first: float) : SearchState = {
        Origin = origin
        Resolution = 64.0 * DType.Float64.Epsilon * abs origin.Value
        Trial = first
        Trials = 0
        IsBracketed = false
        Low = origin
        High = origin
    }

    /// Whether the difference of two values is no more than rounding.
    let isSame (resolution: float) (a: LinePoint) (b: LinePoint) : bool =
        abs (a.Value - b.Value) <= resolution

    /// Whether the decrease asked for at a size is too small to be seen in values.
    let isBelowRounding (decrease: float) (state: SearchState) (trial: LinePoint) : bool =
        isSame state.Resolution state.Origin trial
        && abs (decrease * trial.Size * state.Origin.Slope) <= state.Resolution

    /// φ(t) ≤ φ(0) + decrease · t · φ′(0); false for NaN.
    let isArmijo (decrease: float) (origin: LinePoint) (trial: LinePoint) : bool =
        System.Double.IsFinite trial.Value
        && trial.Value <= origin.Value + decrease * trial.Size * origin.Slope
