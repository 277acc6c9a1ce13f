namespace Optim.Core

open Optim
open Optim.Descents
open Optim.Methods

/// Options of Newton's method.
[<NoComparison; NoEquality>]
type NewtonOptions = {
    /// How a Hessian that is not positive definite is made so. Default: Cholesky with added multiples of the identity.
    Modification: HessianModification
    /// How far to go, trying 1 first. Default: Armijo backtracking.
    Search: Search
}

/// Newton's method with the exact Hessian, made positive definite where it is not, and a line search.
/// Source: Nocedal & Wright 2006, Algorithm 3.2 and section 3.4. Differs: see NewtonDirection.
/// Cost a step: 1 gradient, n Hessian products, of order n³ operations. Memory: n² numbers and some points.
[<RequireQualifiedAccess>]
module Newton =

    /// Modified Cholesky, Armijo.
    let defaults: NewtonOptions = {
        Modification = HessianModification.Cholesky
        Search = Armijo.create Armijo.defaults
    }

    /// The method with these options.
    let create (options: NewtonOptions) : Method =
        LineSearch.create "newton" (NewtonDirection.descent options.Modification) options.Search
        |> LineSearchInPlace.attach
            (fun length -> NewtonInPlace(length, options.Modification))
            options.Search

/// Newton's method as it is in textbooks: x ← x − H⁻¹ g, whatever the Hessian. It goes to the nearest stationary point, be
/// it a minimum, a saddle or a maximum, and may diverge. It is here for comparison.
/// Cost a step: 1 gradient, n Hessian products, of order n³ operations. Memory: n² numbers and some points.
[<RequireQualifiedAccess>]
module PureNewton =

    let private step (oracle: Oracle) (point: Tensor) () : Step<unit> =
        let at = oracle.Evaluate point

        if at.GradientNorm = 0.0 then
            Step.stuck point "the gradient is zero" ()
        else
            let direction = Linalg.solve (oracle.Hessian point) at.Gradient

            if Vector.isFinite direction then
                Step.moved (point - direction) 1.0 ()
            else
                Step.stuck point "the Hessian is singular or not finite" ()

    /// The method.
    let create () : Method =
        Method.create "newton-pure" (fun _ _ -> ()) step
