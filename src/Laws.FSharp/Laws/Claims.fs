namespace Optim.Laws

/// How fast a method claims to minimize convex quadratics.
[<RequireQualifiedAccess>]
type QuadraticClaim =
    /// Nothing.
    | Unclaimed
    /// The first accepted step ends at the minimum, to a gradient of 1e-9 of the start's: Newton's method.
    | OneMove
    /// After as many accepted steps as variables the gradient is 1e-6 of the start's, for conditions up to 10: conjugate
    /// gradients, and quasi-Newton methods with exact searches.
    | FiniteTermination
    /// f − f* falls at least by this factor with each accepted step, but for a factor 4 on the whole way, for curvatures
    /// between 1 / condition and 1.
    | Linear of factor: float * condition: float
    /// f − f* falls to this part of the start's in so many steps, trials included, for curvatures between 1 / condition and 1.
    | Reduces of part: float * steps: int64 * condition: float

/// What a method promises beyond what all methods must do. The laws hold it to its promises.
type Claims = {
    /// No accepted step raises the value.
    IsMonotone: bool
    /// Started on a saddle's stable manifold, it ends at a minimum.
    EscapesSaddles: bool
    /// c · f gives the same path as f.
    IsScaleInvariant: bool
    /// f (z + b) gives the same path, shifted.
    IsTranslationInvariant: bool
    /// f (Q z) gives the same path, rotated.
    IsRotationEquivariant: bool
    /// f (A z + b) gives the same path, in the other coordinates.
    IsAffineInvariant: bool
    /// It converges from afar on Rosenbrock functions, logistic regressions, quadratics and barriers.
    ConvergesGlobally: bool
    /// It makes progress when each step sees another sample.
    SuitsMiniBatches: bool
    /// How fast it is on convex quadratics.
    OnQuadratics: QuadraticClaim
}

/// Claims.
[<RequireQualifiedAccess>]
module Claims =

    /// No promise at all.
    let none: Claims = {
        IsMonotone = false
        EscapesSaddles = false
        IsScaleInvariant = false
        IsTranslationInvariant = false
        IsRotationEquivariant = false
        IsAffineInvariant = false
        ConvergesGlobally = false
        SuitsMiniBatches = false
        OnQuadratics = QuadraticClaim.Unclaimed
    }
