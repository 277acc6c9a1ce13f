namespace Optim.Core

open Optim

/// Why a truncated conjugate-gradient process ended.
[<RequireQualifiedAccess>]
type SteihaugEnd =
    /// The residual is small enough.
    | Solved
    /// The path met the boundary of the region.
    | Boundary
    /// A direction of negative curvature was found and followed to the boundary.
    | NegativeCurvature
    /// The budget of products was used up.
    | ProductsSpent
    /// A product was not finite.
    | NotFinite

/// An approximate minimizer of the model m(p) = gᵀ p + ½ pᵀ H p in the ball |p| ≤ radius.
[<NoComparison; NoEquality>]
type SteihaugResult = {
    /// p (n).
    Move: Tensor
    /// m(p), at most 0.
    ModelChange: float
    /// Why the process ended.
    End: SteihaugEnd
    /// Products of H with a vector.
    Products: int
}

/// Truncated conjugate gradients in a ball.
[<RequireQualifiedAccess>]
module Steihaug =

    /// The roots τ of |p + τ d| = radius, with |p| < radius: one below and one above 0. Given dᵀ d, pᵀ d and pᵀ p.
    let internal boundary
        (dd: float)
        (pd: float)
        (pp: float)
        (radius: float)
        : struct (float * float) =
        let c = pp - radius * radius
        let root = sqrt (pd * pd - dd * c)

        if pd > 0.0 then
            struct (-(pd + root) / dd, -c / (pd + root))
        else
            struct (c / (root - pd), (root - pd) / dd)

    /// The one of two multiples τ of d with the lower rᵀ d τ + ½ dᵀ H d τ².
    let internal lower (rd: float) (curvature: float) (behind: float) (ahead: float) : float =
        let change (tau: float) = tau * rd + 0.5 * tau * tau * curvature
        if change behind < change ahead then behind else ahead

    /// An approximate minimizer of m. product: v ↦ H v. Stops when the residual |g + H p| ≤ tolerance.
    /// Cost: at most `most` products. Source: Steihaug 1983; Nocedal & Wright 2006, Algorithm 7.2.
    let solve
        (product: Tensor -> Tensor)
        (gradient: Tensor)
        (radius: float)
        (tolerance: float)
        (most: int)
        : SteihaugResult =
        let model (p: Tensor) (hp: Tensor) =
            Vector.dot gradient p + 0.5 * Vector.dot p hp

        let ended (p: Tensor) (hp: Tensor) (why: SteihaugEnd) (products: int) = {
            Move = p
            ModelChange = model p hp
            End = why
            Products = products
        }

        // p: move, hp: H p, r: residual, d: conjugate direction
        let rec go
            (p: Tensor)
            (hp: Tensor)
            (r: Tensor)
            (rr: float)
            (d: Tensor)
            (products: int)
            : SteihaugResult =
            if sqrt rr <= tolerance then
                ended p hp SteihaugEnd.Solved products
            elif products >= most then
                ended p hp SteihaugEnd.ProductsSpent products
            else
                let hd = product d
                let curvature = Vector.dot d hd

                let stopAt (why: SteihaugEnd) (tau: float) =
                    ended (p + tau * d) (hp + tau * hd) why (products + 1)

                let struct (behind, ahead) =
                    boundary (Vector.dot d d) (Vector.dot p d) (Vector.dot p p) radius

                if not (System.Double.IsFinite curvature) then
                    ended p hp SteihaugEnd.NotFinite (products + 1)
                elif curvature <= 0.0 then
                    // Both ends of the line are candidates.
                    stopAt
                        SteihaugEnd.NegativeCurvature
                        (lower (Vector.dot r d) curvature behind ahead)
                else
                    let alpha = rr / curvature
                    let next = p + alpha * d

                    if Vector.norm next >= radius then
                        stopAt SteihaugEnd.Boundary ahead
                    else
                        let r = r + alpha * hd
                        let rrNext = Vector.dot r r
                        go next (hp + alpha * hd) r rrNext (rrNext / rr * d - r) (products + 1)

        let zero = Tensor.zerosLike gradient
        go zero zero gradient (Vector.dot gradient gradient) -gradient 0
