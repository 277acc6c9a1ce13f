namespace Optim.Core

open System
open Optim

/// Options of the strong Wolfe search.
type StrongWolfeOptions = {
    /// c₁ in φ(t) ≤ φ(0) + c₁ t φ′(0). Range: 0 < c₁ < c₂. Default 1e-4.
    Decrease: float
    /// c₂ in |φ′(t)| ≤ c₂ |φ′(0)|. Range: c₁ < c₂ < 1. Default 0.9; 0.1 asks for nearly exact searches.
    Curvature: float
    /// The most trials before giving up: 1 or more. Default 40.
    MaxTrials: int
}

/// A size at which the value falls enough and the slope is small: both strong Wolfe conditions.
/// First the size grows until an interval with acceptable sizes is known, then cubic interpolation narrows the interval.
/// At the limit of rounding, where φ cannot fall by a representable amount, the slope alone decides.
/// Source: Nocedal & Wright 2006, Algorithms 3.5 and 3.6; approximate acceptance: Hager & Zhang 2005, (4.3).
/// Differs: a value that is not finite ends the growth and halves the interval.
[<RequireQualifiedAccess>]
module StrongWolfe =

    /// c₁ = 1e-4, c₂ = 0.9, 40 trials.
    let defaults: StrongWolfeOptions = { Decrease = 1e-4; Curvature = 0.9; MaxTrials = 40 }

    /// The minimizer of the cubic with the values and slopes of both points; NaN where it has none.
    let cubicMinimizer (a: LinePoint) (b: LinePoint) : float =
        let low, high = if a.Size <= b.Size then a, b else b, a
        let width = high.Size - low.Size
        let d1 = low.Slope + high.Slope - 3.0 * (high.Value - low.Value) / width
        let d2 = sqrt (d1 * d1 - low.Slope * high.Slope)
        high.Size - width * (high.Slope + d2 - d1) / (high.Slope - low.Slope + 2.0 * d2)

    /// The zero of the straight line through both slopes.
    let private secant (a: LinePoint) (b: LinePoint) : float =
        a.Size - a.Slope * (b.Size - a.Size) / (b.Slope - a.Slope)

    /// A size inside the interval: the cubic's minimizer, or the secant's where values say nothing, at least a tenth of
    /// the width from the ends.
    let private inside (resolution: float) (a: LinePoint) (b: LinePoint) : float =
        let low, high = min a.Size b.Size, max a.Size b.Size
        let margin = 0.1 * (high - low)

        let t =
            if Search.isSame resolution a b then
                secant a b
            else
                cubicMinimizer a b

        if Double.IsFinite t then
            Math.Clamp(t, low + margin, high - margin)
        else
            0.5 * (low + high)

    let private isLow (options: StrongWolfeOptions) (state: SearchState) (trial: LinePoint) : bool =
        Search.isArmijo options.Decrease state.Origin trial
        || (Search.isBelowRounding options.Decrease state trial
            && trial.Slope <= (2.0 * options.Decrease - 1.0) * state.Origin.Slope)

    let private isFlat
        (options: StrongWolfeOptions)
        (state: SearchState)
        (trial: LinePoint)
        : bool =
        abs trial.Slope <= -options.Curvature * state.Origin.Slope

    /// Whether the trial can be no better end of the interval than the present one.
    let private isWorse
        (options: StrongWolfeOptions)
        (state: SearchState)
        (trial: LinePoint)
        : bool =
        let isHigher =
            trial.Value >= state.Low.Value
            && not (Search.isSame state.Resolution state.Low trial)

        not (isLow options state trial)
        || (isHigher && state.Low.Size > 0.0)
        || not (Double.IsFinite trial.Slope)

    let private bracket (state: SearchState) (low: LinePoint) (high: LinePoint) : SearchState = {
        state with
            IsBracketed = true
            Low = low
            High = high
            Trial =
                if Double.IsFinite high.Value && Double.IsFinite high.Slope then
                    inside state.Resolution low high
                else
                    0.5 * (low.Size + high.Size)
    }

    /// The next state while no interval is known. Where the cubic has no minimizer the size grows as far as it may, in the
    /// end so fast that a function without lower bound is recognized by its values.
    let private grow
        (options: StrongWolfeOptions)
        (state: SearchState)
        (trial: LinePoint)
        : SearchState =
        if isWorse options state trial then
            bracket state state.Low trial
        elif trial.Slope >= 0.0 then
            bracket state trial state.Low
        else
            let cubic = cubicMinimizer state.Low trial
            let least = trial.Size + 0.5 * (trial.Size - state.Low.Size)
            let most = trial.Size * (if state.Trials <= 10 then 10.0 else 1e4)

            let size =
                if Double.IsFinite cubic then
                    Math.Clamp(cubic, least, most)
                else
                    most

            { state with Low = trial; Trial = size }

    let private narrow
        (options: StrongWolfeOptions)
        (state: SearchState)
        (trial: LinePoint)
        : SearchState =
        if isWorse options state trial then
            bracket state state.Low trial
        elif trial.Slope * (state.High.Size - state.Low.Size) >= 0.0 then
            bracket state trial state.Low
        else
            bracket state trial state.High

    let private next
        (options: StrongWolfeOptions)
        (state: SearchState)
        (trial: LinePoint)
        : SearchDecision =
        let counted = { state with Trials = state.Trials + 1 }

        let settleOr (detail: string) (low: LinePoint) =
            if low.Size > 0.0 && low.Value < state.Origin.Value then
                SearchDecision.Settle low.Size
            else
                SearchDecision.GiveUp detail

        if isLow options state trial && isFlat options state trial then
            SearchDecision.Accept
        elif counted.Trials >= options.MaxTrials then
            state.Low
            |> settleOr $"no size fulfils the strong Wolfe conditions after {counted.Trials} trials"
        else
            let following =
                if state.IsBracketed then
                    narrow options counted trial
                else
                    grow options counted trial

            if
                following.IsBracketed
                && (following.Trial = following.Low.Size || following.Trial = following.High.Size)
            then
                following.Low |> settleOr "the interval of sizes has become too small to divide"
            else
                SearchDecision.Try following

    /// The search with these options. Errors: ArgumentOutOfRangeException for options outside their ranges.
    let create (options: StrongWolfeOptions) : Search =
        Check.positive (nameof options.Decrease) options.Decrease
        Check.within (nameof options.Curvature) options.Decrease 0.999999 options.Curvature
        Check.atLeast (nameof options.MaxTrials) 1 options.MaxTrials

        {
            new Search with
                member _.Name = "strong Wolfe"
                member _.Needs = TrialNeeds.ValueAndSlope
                member _.Start(origin, first, _) = Search.start origin first
                member _.Next(state, trial) = next options state trial
        }
