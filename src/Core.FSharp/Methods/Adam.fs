namespace Optim.Core

open Optim
open Optim.Methods

/// Options of Adam and AdamW.
type AdamOptions = {
    /// η, the learning rate. Default: constant 1e-3.
    Rate: Schedule
    /// β₁, the decay of the mean of gradients. Range: 0 ≤ β₁ < 1. Default 0.9.
    Decay1: float
    /// β₂, the decay of the mean of squared gradients. Range: 0 ≤ β₂ < 1. Default 0.999.
    Decay2: float
    /// ε, added to the root after its correction. Range: above 0. Default 1e-8.
    Epsilon: float
    /// λ. Adam adds λ x to the gradient, AdamW shrinks the point by 1 − η λ. Range: 0 or more. Default 0, AdamW 0.01.
    WeightDecay: float
}

/// The state of Adam and AdamW.
[<NoComparison; NoEquality>]
type AdamState = {
    /// Steps so far.
    Count: int64
    /// m, the decaying mean of gradients.
    Moment1: Tensor
    /// v, the decaying mean of squared gradients.
    Moment2: Tensor
}

/// Adam: m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; x ← x − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
/// Source: Kingma & Ba 2015, Algorithm 1. Differs: none. Cost a step: 1 gradient. Memory: 3 points.
[<RequireQualifiedAccess>]
module Adam =

    /// η = 1e-3, β = (0.9, 0.999), ε = 1e-8.
    let defaults: AdamOptions = {
        Rate = Schedule.Constant 1e-3
        Decay1 = 0.9
        Decay2 = 0.999
        Epsilon = 1e-8
        WeightDecay = 0.0
    }

    let internal check (options: AdamOptions) : unit =
        Schedule.check (nameof options.Rate) options.Rate
        Check.within (nameof options.Decay1) 0.0 0.9999999 options.Decay1
        Check.within (nameof options.Decay2) 0.0 0.9999999 options.Decay2
        Check.positive (nameof options.Epsilon) options.Epsilon
        Check.within (nameof options.WeightDecay) 0.0 System.Double.MaxValue options.WeightDecay

    let internal init (_: Oracle) (point: Tensor) : AdamState = {
        Count = 0L
        Moment1 = Tensor.zerosLike point
        Moment2 = Tensor.zerosLike point
    }

    // The step by elementwise operations.
    let private oneByOne
        (numbers: AdamNumbers)
        (point: Tensor)
        (gradient: Tensor)
        (state: AdamState)
        : Step<AdamState> =
        let t = float numbers.Step
        let decays = numbers.WeightDecay > 0.0

        let g =
            if decays && not numbers.IsDecoupled then
                gradient + numbers.WeightDecay * point
            else
                gradient

        let x =
            if decays && numbers.IsDecoupled then
                (1.0 - numbers.Rate * numbers.WeightDecay) * point
            else
                point

        let m = numbers.Decay1 * state.Moment1 + (1.0 - numbers.Decay1) * g
        let v = numbers.Decay2 * state.Moment2 + (1.0 - numbers.Decay2) * Tensor.square g
        let mean = m / (1.0 - numbers.Decay1 ** t)
        let square = v / (1.0 - numbers.Decay2 ** t)
        let next = x - numbers.Rate * mean / (Tensor.sqrt square + numbers.Epsilon)

        Step.moved next numbers.Rate { Count = numbers.Step; Moment1 = m; Moment2 = v }

    /// One step. decoupled: whether weight decay shrinks the point instead of adding to the gradient.
    let internal step
        (decoupled: bool)
        (options: AdamOptions)
        (oracle: Oracle)
        (point: Tensor)
        (state: AdamState)
        : Step<AdamState> =
        let rate = Schedule.rate state.Count options.Rate
        let gradient = oracle.Gradient point

        let numbers: AdamNumbers = {
            Rate = rate
            Decay1 = options.Decay1
            Decay2 = options.Decay2
            Epsilon = options.Epsilon
            WeightDecay = options.WeightDecay
            IsDecoupled = decoupled
            Step = state.Count + 1L
        }

        let tensors = [| point; gradient; state.Moment1; state.Moment2 |]

        match WholeSteps.tryTake (WholeStep.Adam numbers) tensors with
        | null -> oneByOne numbers point gradient state
        | results ->
            Step.moved results[0] rate {
                Count = numbers.Step
                Moment1 = results[1]
                Moment2 = results[2]
            }

    /// The method with these options. Errors: ArgumentException for options outside their ranges.
    let create (options: AdamOptions) : Method =
        check options
        Method.create "adam" init (step false options)

/// AdamW: Adam whose weight decay shrinks the point, x ← (1 − η λ) x, instead of adding to the gradient.
/// Source: Loshchilov & Hutter 2019, Algorithm 2. Differs: the shrinking includes η, as in PyTorch and Optax.
/// Cost a step: 1 gradient. Memory: 3 points.
[<RequireQualifiedAccess>]
module AdamW =

    /// As Adam, with λ = 0.01.
    let defaults: AdamOptions = { Adam.defaults with WeightDecay = 0.01 }

    /// The method with these options. Errors: ArgumentException for options outside their ranges.
    let create (options: AdamOptions) : Method =
        Adam.check options
        Method.create "adamw" Adam.init (Adam.step true options)
