namespace Optim.Core

open System
open Optim

/// The learning rate as a function of the step k, counted from 0.
[<RequireQualifiedAccess>]
type Schedule =
    /// The same rate for all steps.
    | Constant of rate: float
    /// rate · factor^⌊k / every⌋.
    | StepDecay of rate: float * factor: float * every: int64
    /// rate · factor^k.
    | Exponential of rate: float * factor: float
    /// rate / (1 + decay · k).
    | Inverse of rate: float * decay: float
    /// From rate down to last along half a cosine over `steps` steps, then last.
    | Cosine of rate: float * last: float * steps: int64
    /// Linearly from 0 up to the following schedule's first rate over `steps` steps, then that schedule from its start.
    | WarmUp of steps: int64 * next: Schedule

/// Rates of schedules.
[<RequireQualifiedAccess>]
module Schedule =

    /// The rate of step k ≥ 0.
    let rec rate (step: int64) (schedule: Schedule) : float =
        let k = float step

        match schedule with
        | Schedule.Constant rate -> rate
        | Schedule.StepDecay(rate, factor, every) -> rate * Math.Pow(factor, float (step / every))
        | Schedule.Exponential(rate, factor) -> rate * Math.Pow(factor, k)
        | Schedule.Inverse(rate, decay) -> rate / (1.0 + decay * k)
        | Schedule.Cosine(rate, last, steps) ->
            let progress = min 1.0 (k / float steps)
            last + 0.5 * (rate - last) * (1.0 + cos (Math.PI * progress))
        | Schedule.WarmUp(steps, next) ->
            if step < steps then
                rate 0L next * (k + 1.0) / float steps
            else
                rate (step - steps) next

    /// Complains about rates that are not finite and above 0, and about factors and counts outside their ranges.
    let rec check (parameter: string) (schedule: Schedule) : unit =
        let count (steps: int64) =
            if steps < 1L then
                raise (
                    ArgumentOutOfRangeException(
                        parameter,
                        $"{parameter} counts {steps} steps, expected 1 or more"
                    )
                )

        match schedule with
        | Schedule.Constant rate -> Check.positive parameter rate
        | Schedule.StepDecay(rate, factor, every) ->
            Check.positive parameter rate
            Check.positive parameter factor
            count every
        | Schedule.Exponential(rate, factor) ->
            Check.positive parameter rate
            Check.positive parameter factor
        | Schedule.Inverse(rate, decay) ->
            Check.positive parameter rate
            Check.within parameter 0.0 Double.MaxValue decay
        | Schedule.Cosine(rate, last, steps) ->
            Check.positive parameter rate
            Check.within parameter 0.0 rate last
            count steps
        | Schedule.WarmUp(steps, next) ->
            count steps
            check parameter next
