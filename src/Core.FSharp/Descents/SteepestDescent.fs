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

    /// The descent.
    let descent: Descent<SteepestMemory> = {
        Name = "steepest"
        Start = fun _ _ -> { LastChange = 0.0 }
        Direct =
            fun _ at memory ->
                let slope = -at.GradientNorm * at.GradientNorm
                let parabola = 2.02 * memory.LastChange / slope

                {
                    Along = -at.Gradient
                    FirstSize = if parabola > 0.0 then parabola else 1.0 / at.GradientNorm
                    Memory = memory
                }
        Learn = fun _ before after -> { LastChange = after.Value - before.Value }
    }
