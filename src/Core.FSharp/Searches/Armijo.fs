namespace Optim.Core

open System
open Optim

/// Options of Armijo backtracking.
type ArmijoOptions = {
    /// c in φ(t) ≤ φ(0) + c t φ′(0). Range: 0 < c < ½. Default 1e-4.
    Decrease: float
    /// The largest factor from one trial to the next. Range: 0 < shrink < 1. Default 0.5.
    Shrink: float
    /// The most trials before giving up: 1 or more. Default 60.
    MaxTrials: int
}

/// Backtracking: smaller and smaller sizes until the value falls enough.
/// After the first trials the next size is the minimizer of the parabola through φ(0), φ′(0) and φ(t), kept between 0.1
/// and `Shrink` of the last; after a value that is not finite it is `Shrink` of the last.
/// A trial is also taken where the decrease asked for and the change of the value both drown in rounding.
/// Source: Armijo 1966; Nocedal & Wright 2006, section 3.1 and (3.57).
[<RequireQualifiedAccess>]
module Armijo =

    /// c = 1e-4, halving, 60 trials.
    let defaults: ArmijoOptions = { Decrease = 1e-4; Shrink = 0.5; MaxTrials = 60 }

    let private shorter (options: ArmijoOptions) (origin: LinePoint) (trial: LinePoint) : float =
        let t = trial.Size

        let parabola =
            -origin.Slope * t * t / (2.0 * (trial.Value - origin.Value - origin.Slope * t))

        if Double.IsFinite trial.Value && Double.IsFinite parabola then
            Math.Clamp(parabola, 0.1 * t, options.Shrink * t)
        else
            options.Shrink * t

    let private next
        (options: ArmijoOptions)
        (state: SearchState)
        (trial: LinePoint)
        : SearchDecision =
        let trials = state.Trials + 1

        if
            Search.isArmijo options.Decrease state.Origin trial
            || Search.isBelowRounding options.Decrease state trial
        then
            SearchDecision.Accept
        elif trials >= options.MaxTrials then
            SearchDecision.GiveUp
                $"no sufficient decrease after {trials} trials down to size {trial.Size:g3}"
        else
            SearchDecision.Try {
                state with
                    Trial = shorter options state.Origin trial
                    Trials = trials
                    Low = trial
            }

    /// The search with these options. Errors: ArgumentOutOfRangeException for options outside their ranges.
    let create (options: ArmijoOptions) : Search =
        Check.positive (nameof options.Decrease) options.Decrease
        Check.within (nameof options.Decrease) 0.0 0.5 options.Decrease
        Check.within (nameof options.Shrink) 0.1 0.999 options.Shrink
        Check.atLeast (nameof options.MaxTrials) 1 options.MaxTrials

        {
            new Search with
                member _.Name = "Armijo"
                member _.Needs = TrialNeeds.Value
                member _.Start(origin, first, _) = Search.start origin first
                member _.Next(state, trial) = next options state trial
        }
