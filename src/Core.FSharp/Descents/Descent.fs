namespace Optim.Core

open Optim

/// A direction to go, and where to look first along it.
[<NoComparison; NoEquality>]
type Direction<'Memory> = {
    /// d (n); a direction of descent has gᵀ d < 0.
    Along: Tensor
    /// The multiple of d to try first, above 0.
    FirstSize: float
    /// What the descent remembers, the direction included.
    Memory: 'Memory
}

/// Which direction to go. Pure: what it learns is in its memory, of tensors and numbers only.
[<NoComparison; NoEquality>]
type Descent<'Memory> = {
    /// The name in reports.
    Name: string
    /// The memory before anything was learned.
    Start: Oracle -> Evaluation -> 'Memory
    /// The direction at a point.
    Direct: Oracle -> Evaluation -> 'Memory -> Direction<'Memory>
    /// The memory after a move from one point to the next.
    Learn: 'Memory -> Evaluation -> Evaluation -> 'Memory
}

/// Numbers from tensors, for the inner algebra of methods.
[<RequireQualifiedAccess>]
module internal Vector =

    /// aᵀ b.
    let dot (a: Tensor) (b: Tensor) : float = (Tensor.dot a b).ToScalar()

    /// The Euclidean norm.
    let norm (a: Tensor) : float = (Tensor.norm a).ToScalar()

    /// Whether all elements are finite.
    let isFinite (a: Tensor) : bool =
        System.Double.IsFinite((Tensor.sum (Tensor.abs a)).ToScalar())
