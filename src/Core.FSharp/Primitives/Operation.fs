namespace Optim.Primitives

open Optim

/// A primitive that says nothing of itself.
[<RequireQualifiedAccess; NoComparison; CustomEquality>]
type internal Opaque = {
    /// The primitive itself; equal only to itself.
    Primitive: obj
} with

    override this.Equals(other: obj | null) =
        match other with
        | :? Opaque as o -> obj.ReferenceEquals(this.Primitive, o.Primitive)
        | _ -> false

    override this.GetHashCode() =
        System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode this.Primitive

/// A primitive as data: what it computes and with which parameters, without its rules. Two operations that are equal give equal results for equal inputs.
[<RequireQualifiedAccess; NoComparison>]
type internal Operation =
    | Affine of scale: float * shift: float
    | Unary of Unary
    | Binary of Binary
    | Compare of Comparison
    | Where
    | Cast of DType
    | Sum of axes: int[] * keep: bool
    | Reduce of Reduction * axes: int[] * keep: bool
    | CumulativeSum of axis: int * reversed: bool
    | ArgReduce of largest: bool * axis: int
    | MatMul of transposeA: bool * transposeB: bool
    | Reshape of Shape
    | Permute of axes: int[]
    | Expand of Shape
    | Slice of AxisRange[]
    | Assemble of shape: Shape * ranges: AxisRange[][]
    | IndexSelect of axis: int
    | IndexAdd of axis: int * length: int
    | Gather of axis: int
    | ScatterAdd of axis: int * length: int
    | Cholesky
    | Solve
    | TriangularSolve of Triangle * transposed: bool * isUnit: bool
    | Qr
    | SymmetricEigen
    | LogDeterminant
    /// A primitive that does not describe itself, such as one with a user's own rules.
    | Opaque of Opaque

/// A primitive that says what it computes.
type internal IDescribed =
    /// The description.
    abstract Operation: Operation

/// Descriptions of primitives.
[<RequireQualifiedAccess>]
module internal Operation =

    /// What a primitive computes.
    let ofPrimitive (primitive: obj) : Operation =
        match primitive with
        | :? IDescribed as described -> described.Operation
        | other -> Operation.Opaque { Primitive = other }
