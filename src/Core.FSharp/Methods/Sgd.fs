namespace Optim.Core

open Optim
open Optim.Methods

/// Options of stochastic gradient descent.
type SgdOptions = {
    /// η, the learning rate. Default: constant 0.01.
    Rate: Schedule
    /// μ. Range: 0 ≤ μ < 1. Default 0: no momentum.
    Momentum: float
    /// Whether the gradient is taken as if the momentum had been followed already. Default false.
    Nesterov: bool
    /// λ: λ x is added to the gradient. Range: 0 or more. Default 0.
    WeightDecay: float
}

/// The state of stochastic gradient descent.
[<NoComparison; NoEquality>]
type SgdState = {
    /// Steps so far.
    Count: int64
    /// b, the sum of past gradients, each later by one step weighted less by the factor μ.
    Velocity: Tensor
}

/// Stochastic gradient descent, with momentum and Nesterov's momentum.
/// g ← g + λ x; b ← μ b + g; x ← x − η b, or x − η (g + μ b) with Nesterov.
/// Source: Robbins & Monro 1951; Polyak 1964; Sutskever et al. 2013, in the form that PyTorch and Optax share.
/// Differs: none; the first b is g. Cost a step: 1 gradient. Memory: 1 point, 2 with momentum.
[<RequireQualifiedAccess>]
module Sgd =

    /// η = 0.01, no momentum.
    let defaults: SgdOptions = {
        Rate = Schedule.Constant 0.01
        Momentum = 0.0
        Nesterov = false
        WeightDecay = 0.0
    }

    // The step by elementwise operations: the next point and the next velocity.
    let private oneByOne
        (numbers: SgdNumbers)
        (point: Tensor)
        (gradient: Tensor)
        (velocity: Tensor)
        : struct (Tensor * Tensor) =
        let g =
            if numbers.WeightDecay = 0.0 then
                gradient
            else
                gradient + numbers.WeightDecay * point

        let b =
            if numbers.Momentum = 0.0 then
                g
            else
                numbers.Momentum * velocity + g

        let move = if numbers.IsNesterov then g + numbers.Momentum * b else b
        let kept = if numbers.Momentum = 0.0 then velocity else b
        struct (point - numbers.Rate * move, kept)

    let private step
        (options: SgdOptions)
        (oracle: Oracle)
        (point: Tensor)
        (state: SgdState)
        : Step<SgdState> =
        let gradient = oracle.Gradient point

        let numbers: SgdNumbers = {
            Rate = Schedule.rate state.Count options.Rate
            Momentum = options.Momentum
            IsNesterov = options.Nesterov
            WeightDecay = options.WeightDecay
        }

        let hasMomentum = options.Momentum <> 0.0

        let tensors = [|
            point
            gradient
            if hasMomentum then
                state.Velocity
        |]

        let struct (next, velocity) =
            match WholeSteps.tryTake (WholeStep.Sgd numbers) tensors with
            | null -> oneByOne numbers point gradient state.Velocity
            | results -> struct (results[0], (if hasMomentum then results[1] else state.Velocity))

        Step.moved next numbers.Rate { Count = state.Count + 1L; Velocity = velocity }

    /// The method with these options. Errors: ArgumentException for options outside their ranges.
    let create (options: SgdOptions) : Method =
        Schedule.check (nameof options.Rate) options.Rate
        Check.within (nameof options.Momentum) 0.0 0.999999 options.Momentum
        Check.within (nameof options.WeightDecay) 0.0 System.Double.MaxValue options.WeightDecay

        if options.Nesterov && options.Momentum = 0.0 then
            raise (System.ArgumentException("Nesterov needs a Momentum above 0", nameof options))

        let init (_: Oracle) (point: Tensor) : SgdState = {
            Count = 0L
            Velocity = Tensor.zerosLike point
        }

        let name =
            if options.Nesterov then "nesterov"
            elif options.Momentum > 0.0 then "momentum"
            else "sgd"

        Method.create name init (step options)
