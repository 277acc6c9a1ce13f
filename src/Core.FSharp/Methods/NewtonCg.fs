namespace Optim.Core

open System
open Optim

/// Which curvature matrix a method multiplies with.
[<RequireQualifiedAccess>]
type CurvatureMatrix =
    /// The exact Hessian.
    | Hessian
    /// Jᵀ H J of an objective that says how it is composed; positive semidefinite for a convex loss.
    | GaussNewton

/// Options of Newton-CG.
type NewtonCgOptions = {
    /// Default: the exact Hessian.
    Matrix: CurvatureMatrix
    /// The first trust radius, above 0. Default 1.
    InitialRadius: float
    /// The largest trust radius. Default 1e100.
    MaxRadius: float
    /// A step is accepted when the value falls by more than this part of what the model promised. Range: 0 to ¼.
    /// Default 0.1.
    AcceptAbove: float
    /// The most products a step: 1 or more. Default 250, or n if that is less.
    MaxProducts: int
}

/// The state of Newton-CG.
[<NoComparison; NoEquality>]
type NewtonCgState = {
    /// Value and gradient at the current point.
    Current: Evaluation
    /// The trust radius.
    Radius: float
    /// |g₀|, the norm of the gradient at the start of the run.
    StartNorm: float
}

/// Newton-CG in a trust region: the Newton equations solved by conjugate gradients, cut off at the region's boundary or at
/// the first direction of negative curvature. It never builds the Hessian.
/// Source: Steihaug 1983; Nocedal & Wright 2006, Algorithms 4.1 and 7.2.
/// Differs: the residual tolerance is min(½, √(|g| / |g₀|)) · |g| with g₀ at the start of the run, which does not depend on the scale
/// of the objective; and where the change of the value drowns in rounding, the model is believed.
/// Cost a step: 2 gradients and some products. Memory: about 8 points.
[<RequireQualifiedAccess>]
module NewtonCg =

    /// Exact Hessian, first radius 1.
    let defaults: NewtonCgOptions = {
        Matrix = CurvatureMatrix.Hessian
        InitialRadius = 1.0
        MaxRadius = 1e100
        AcceptAbove = 0.1
        MaxProducts = 250
    }

    /// The part of the promised fall that came true.
    let private agreement (at: Evaluation) (next: Evaluation) (modelChange: float) : float =
        let fall = at.Value - next.Value
        let noise = 10.0 * at.Point.DType.Epsilon * abs at.Value

        if abs fall <= noise && abs modelChange <= noise then
            // Only the gradient can tell whether this is progress.
            if next.GradientNorm < at.GradientNorm then 1.0 else -1.0
        elif Double.IsFinite next.Value && Double.IsFinite next.GradientNorm then
            fall / -modelChange
        else
            -1.0

    let private adjust
        (options: NewtonCgOptions)
        (radius: float)
        (ratio: float)
        (result: SteihaugResult)
        : float =
        let length = Vector.norm result.Move
        let isAtBoundary = length >= 0.99 * radius

        if not (ratio >= 0.25) then
            0.25 * (min length radius)
        elif ratio > 0.75 && isAtBoundary then
            min (2.0 * radius) options.MaxRadius
        else
            radius

    /// Where the very first product is not finite, the model without curvature.
    let private orGradient
        (at: Evaluation)
        (radius: float)
        (result: SteihaugResult)
        : SteihaugResult =
        match result.End with
        | SteihaugEnd.NotFinite when result.ModelChange = 0.0 -> {
            result with
                Move = -(radius / at.GradientNorm) * at.Gradient
                ModelChange = -radius * at.GradientNorm
          }
        | SteihaugEnd.NotFinite
        | SteihaugEnd.Solved
        | SteihaugEnd.Boundary
        | SteihaugEnd.NegativeCurvature
        | SteihaugEnd.ProductsSpent -> result

    let private step
        (options: NewtonCgOptions)
        (oracle: Oracle)
        (point: Tensor)
        (state: NewtonCgState)
        : Step<NewtonCgState> =
        let at =
            if oracle.Objective.IsStochastic then
                oracle.Evaluate point
            else
                state.Current

        if at.GradientNorm = 0.0 && oracle.Objective.IsStochastic then
            // The next mini-batch may say more.
            Step.moved point 0.0 { state with Current = at }
        elif at.GradientNorm = 0.0 then
            Step.stuck point "the gradient is zero" state
        elif state.Radius <= 1e-15 * (1.0 + Vector.norm point) then
            Step.stuck point "the trust region is smaller than rounding" state
        else
            let product =
                match options.Matrix with
                | CurvatureMatrix.Hessian -> oracle.HessianProducts point
                | CurvatureMatrix.GaussNewton -> oracle.GaussNewtonProducts point

            let forcing = min 0.5 (sqrt (at.GradientNorm / state.StartNorm))
            let most = min options.MaxProducts (max 1 point.Length)

            let result =
                Steihaug.solve product at.Gradient state.Radius (forcing * at.GradientNorm) most
                |> orGradient at state.Radius

            let target = point + result.Move
            let next = oracle.Evaluate target
            let ratio = agreement at next result.ModelChange
            let radius = adjust options state.Radius ratio result

            if ratio > options.AcceptAbove then
                Step.moved target (Vector.norm result.Move) {
                    state with
                        Current = next
                        Radius = radius
                }
            else
                Step.rejected point (Vector.norm result.Move) {
                    state with
                        Current = at
                        Radius = radius
                }

    /// The method with these options. Errors: ArgumentOutOfRangeException for options outside their ranges.
    let create (options: NewtonCgOptions) : Method =
        Check.positive (nameof options.InitialRadius) options.InitialRadius

        Check.within
            (nameof options.MaxRadius)
            options.InitialRadius
            Double.MaxValue
            options.MaxRadius

        Check.within (nameof options.AcceptAbove) 0.0 0.25 options.AcceptAbove
        Check.atLeast (nameof options.MaxProducts) 1 options.MaxProducts

        let init (oracle: Oracle) (point: Tensor) : NewtonCgState =
            let at = oracle.Evaluate point

            { Current = at; Radius = options.InitialRadius; StartNorm = at.GradientNorm }

        Method.create "newton-cg" init (step options)
