namespace Optim.Primitives

open Optim

/// Largest, smallest and logsumexp over axes (ascending). Each has weights w ≥ 0 with Σ w = 1 over what was reduced:
/// the tangent is Σ w t and the cotangent w · ct. At ties the weight is shared equally.
[<Sealed>]
type internal Reduce(kind: Reduction, axes: int[], keep: bool) =
    inherit Primitive1(kind.ToString())

    static member Apply(kind: Reduction, axes: int[], keep: bool, x: Tensor) : Tensor =
        match kind with
        | Reduction.Sum -> Sum.Apply(axes, keep, x)
        | Reduction.Product -> Reduce.Product(axes, keep, x)
        | Reduction.Maximum
        | Reduction.Minimum
        | Reduction.LogSumExp -> Tensor.Bind(Reduce(kind, axes, keep), x)

    /// Products by halving each axis again and again: right at zeros in every order of derivative, with log n operations.
    static member private Product(axes: int[], keep: bool, x: Tensor) : Tensor =
        let rec halve (axis: int) (x: Tensor) : Tensor =
            match x.Shape.Dims[axis] with
            | 0 -> Constant.full x (Shape.reduced [| axis |] true x.Shape) 1.0
            | 1 -> x
            | n ->
                let half = n / 2

                let part start count =
                    Slice.Axis(axis, AxisRange.span start count, x)

                let pairs = part 0 half * part half half

                if n % 2 = 0 then
                    halve axis pairs
                else
                    halve axis pairs * part (n - 1) 1

        let kept = Array.fold (fun x axis -> halve axis x) x axes
        Reshape.Apply(Shape.reduced axes keep x.Shape, kept)

    member private _.Weights(x: Tensor, y: Tensor) : Tensor =
        let kept = Reshape.Apply(Shape.reduced axes true x.Shape, y)

        match kind with
        | Reduction.LogSumExp ->
            // Where all of x is −∞, no element has weight.
            let isEmpty = Compare.Apply(Comparison.Equal, kept, Constant.scalar kept -infinity)
            exp (x - Where.ZeroOr(isEmpty, kept))
        | Reduction.Maximum
        | Reduction.Minimum ->
            let hits = Cast.Apply(x.DType, Compare.Apply(Comparison.Equal, x, kept))
            hits / Sum.Apply(axes, true, hits)
        | Reduction.Sum
        | Reduction.Product -> invalidOp "sums and products have their own rules"

    override _.Eval x = x.Engine.Reduce(kind, axes, keep, x)

    override p.Jvp(x, y, t) =
        Sum.Apply(axes, keep, p.Weights(x, y) * t)

    override p.Vjp(x, y, ct) =
        p.Weights(x, y) * Reshape.Apply(Shape.reduced axes true x.Shape, ct)

    override _.Batch x =
        Reduce.Apply(kind, Array.map ((+) 1) axes, keep, x)

    interface IDescribed with
        member _.Operation = Operation.Reduce(kind, axes, keep)

/// Running sums along an axis. Linear; its transpose runs from the other end.
[<Sealed>]
type internal CumulativeSum(axis: int, reversed: bool) =
    inherit Primitive1("cumulativeSum")

    static member Apply(axis: int, reversed: bool, x: Tensor) : Tensor =
        Tensor.Bind(CumulativeSum(axis, reversed), x)

    override _.Eval x =
        x.Engine.CumulativeSum(axis, reversed, x)

    override _.Jvp(_, _, t) = CumulativeSum.Apply(axis, reversed, t)

    override _.Vjp(_, _, ct) =
        CumulativeSum.Apply(axis, not reversed, ct)

    override _.Batch x =
        CumulativeSum.Apply(axis + 1, reversed, x)

    interface IDescribed with
        member _.Operation = Operation.CumulativeSum(axis, reversed)

/// The position of the first largest or smallest element along an axis. Int64; its derivative is zero.
[<Sealed>]
type internal ArgReduce(largest: bool, axis: int) =
    inherit Primitive1("argReduce")

    static member Apply(largest: bool, axis: int, x: Tensor) : Tensor =
        Tensor.Bind(ArgReduce(largest, axis), x)

    override _.Eval x = x.Engine.ArgReduce(largest, axis, x)
    override _.Jvp(_, _, _) = null
    override _.Vjp(_, _, _) = null
    override _.Batch x = ArgReduce.Apply(largest, axis + 1, x)

    interface IDescribed with
        member _.Operation = Operation.ArgReduce(largest, axis)
