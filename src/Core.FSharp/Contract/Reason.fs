namespace Optim.Core

open System
open System.Globalization
open Optim

/// How a run ended.
[<RequireQualifiedAccess>]
type Outcome =
    /// A stop rule's test holds at the point, confirmed by evaluating again.
    | Converged
    /// A hard limit was reached first.
    | BudgetSpent
    /// It ended for another reason than a test, with a usable point: a request, a target value, a saddle, no progress.
    | Stopped
    /// No usable answer: the start has no finite value, or the objective falls without bound.
    | Failed

/// Why a run ended.
[<RequireQualifiedAccess>]
type Reason =
    /// The gradient's norm is at most the tolerance.
    | GradientSmall of norm: float * tolerance: float
    /// The value is at most the target of StopRule.ValueBelow.
    | TargetReached of value: float * target: float
    /// The budget of this resource is used up.
    | Spent of resource: string * limit: string
    /// The steps that the caller wanted for now are done; the run can go on.
    | Paused of steps: int64
    /// The caller asked for an end after the current step.
    | Requested
    /// The gradient is small, but the objective curves downwards along some direction.
    | SaddlePoint of gradientNorm: float * curvature: float
    /// The method cannot improve the point any further.
    | NoProgress of detail: string
    /// Neither value nor gradient could be computed at the start.
    | StartNotFinite of value: float
    /// The point or the method's own numbers became infinite or NaN.
    | NotFinite of detail: string
    /// The value fell below anything a bounded objective reaches.
    | Unbounded of value: float

/// Reasons in words.
[<RequireQualifiedAccess>]
module Reason =

    let private number (x: float) : string =
        // Adding 0 turns −0 into 0.
        (x + 0.0).ToString("G3", CultureInfo.InvariantCulture)

    /// One sentence without a full stop.
    let text (reason: Reason) : string =
        match reason with
        | Reason.GradientSmall(norm, tolerance) ->
            $"gradient norm {number norm} is at most {number tolerance}"
        | Reason.TargetReached(value, target) ->
            $"value {number value} is at most the target {number target}"
        | Reason.Spent(resource, limit) -> $"the budget for {resource} ({limit}) is spent"
        | Reason.Paused steps -> $"paused after {steps} steps; the run can go on"
        | Reason.Requested -> "an end was requested"
        | Reason.SaddlePoint(norm, curvature) ->
            $"a saddle point: gradient norm {number norm}, but the curvature along one direction is {number curvature}"
        | Reason.NoProgress detail -> $"no further progress: {detail}"
        | Reason.StartNotFinite value when Double.IsFinite value ->
            $"the objective is {number value} at the start, but its gradient is not finite there"
        | Reason.StartNotFinite value -> $"the objective is {number value} at the start"
        | Reason.NotFinite detail -> detail
        | Reason.Unbounded value ->
            $"the objective seems to have no lower bound: it fell to {number value}"

    /// The outcome to which the reason belongs.
    let outcome (reason: Reason) : Outcome =
        match reason with
        | Reason.GradientSmall _ -> Outcome.Converged
        | Reason.Spent _
        | Reason.Paused _ -> Outcome.BudgetSpent
        | Reason.TargetReached _
        | Reason.Requested
        | Reason.SaddlePoint _
        | Reason.NoProgress _ -> Outcome.Stopped
        | Reason.StartNotFinite _
        | Reason.NotFinite _
        | Reason.Unbounded _ -> Outcome.Failed

/// Leaves a step in the middle because the budget allows no further evaluation. Only the loop catches it.
[<Sealed>]
type internal EvaluationRefused(reason: Reason) =
    inherit Exception(Reason.text reason)
    member _.Reason: Reason = reason
