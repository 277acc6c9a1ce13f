namespace Optim.Core

open Optim

/// What steepest descent remembers: the last size times the last slope, which the next first trial repeats.
type SteepestMemory = {
    /// The change of the value in the last move; 0 before the first.
    LastChange: float
}

/// The direction −g. First trial: a move of length 1, later the size at which a parabola with the last change of the value
/// has its minimum. Source: Nocedal & Wright 2006, (3.60).
[<RequireQualifiedAccess>]
module SteepestDescent =

    /// The size to try first, given the change of the value in the last move, or 0.
    let internal firstSize (lastChange: float) (gradientNorm: float) : float =
        let slope = -gradientNorm * gradientNorm
        let parabola = 2.02 * lastChange / slope
        if parabola > 0.0 then parabola else 1.0 / gradientNorm

    /// The descent.
    let descent: Descent<SteepestMemory> = {
        Name = "steepest"
        Start = fun _ _ -> { LastChange = 0.0 }
        Direct =
            fun _ at memory -> {
                Along = -at.Gradient
                FirstSize = firstSize memory.LastChange at.GradientNorm
                Memory = memory
            }
        Learn = fun _ before after -> { LastChange = after.Value - before.Value }
    }
