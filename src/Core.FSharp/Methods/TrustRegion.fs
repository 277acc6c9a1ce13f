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

/// The rules of Newton-CG's trust region, for its pure functions and its in-place twin.
[<RequireQualifiedAccess>]
module internal TrustRegion =

    /// Why a method ends whose trust region has become too small.
    [<Literal>]
    let tooSmall = "the trust region is smaller than rounding"

    /// Whether a trust region is smaller than the rounding of a point of this norm.
    let isExhausted (radius: float) (pointNorm: float) : bool = radius <= 1e-15 * (1.0 + pointNorm)

    /// What the residual may be at most, in parts of the gradient's norm.
    let forcing (gradientNorm: float) (startNorm: float) : float =
        min 0.5 (sqrt (gradientNorm / startNorm))

    /// The part of the promised fall that came true, given values and gradient norms before and after.
    let agreement
        (epsilon: float)
        (struct (value: float, norm: float))
        (struct (nextValue: float, nextNorm: float))
        (modelChange: float)
        : float =
        let fall = value - nextValue
        let noise = 10.0 * epsilon * abs value

        if abs fall <= noise && abs modelChange <= noise then
            // Only the gradient can tell whether this is progress.
            if nextNorm < norm then 1.0 else -1.0
        elif Double.IsFinite nextValue && Double.IsFinite nextNorm then
            fall / -modelChange
        else
            -1.0

    /// The next radius, after a move of this length.
    let adjust (options: NewtonCgOptions) (radius: float) (ratio: float) (length: float) : float =
        let isAtBoundary = length >= 0.99 * radius

        if not (ratio >= 0.25) then
            0.25 * (min length radius)
        elif ratio > 0.75 && isAtBoundary then
            min (2.0 * radius) options.MaxRadius
        else
            radius
