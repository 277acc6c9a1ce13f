namespace Optim.Primitives

open Optim

/// Helpers of the batch rules.
[<RequireQualifiedAccess>]
module internal AxisRange =

    /// A whole axis.
    let all (length: int) : AxisRange = { Start = 0; Step = 1; Count = length }

    /// `count` neighbouring positions.
    let span (start: int) (count: int) : AxisRange = { Start = start; Step = 1; Count = count }

    /// Whole axes everywhere but at one axis.
    let at (shape: Shape) (axis: int) (range: AxisRange) : AxisRange[] =
        let ranges = Array.map all shape.Dims
        ranges[axis] <- range
        ranges

/// The same elements in another shape. Linear; its transpose is itself with the old shape.
[<Sealed>]
type internal Reshape(shape: Shape) =
    inherit Primitive1("reshape")

    static member Apply(shape: Shape, x: Tensor) : Tensor =
        if shape.SameAs x.Shape then
            x
        else
            if shape.Length <> x.Length then
                let message =
                    $"reshape: {x.Shape} has {x.Length} elements, {shape} needs {shape.Length}"

                raise (ShapeException(message, nameof shape))

            Tensor.Bind(Reshape shape, x)

    override _.Eval x = x.Engine.Reshape(shape, x)
    override _.Jvp(_, _, t) = Reshape.Apply(shape, t)
    override _.Vjp(x, _, ct) = Reshape.Apply(x.Shape, ct)

    override _.Batch x =
        Reshape.Apply(Shape.insert 0 x.Shape.Dims[0] shape, x)

    interface IDescribed with
        member _.Operation = Operation.Reshape shape

/// Axis i of the result is axis axes[i] of x. Linear; its transpose is the inverse permutation.
[<Sealed>]
type internal Permute(axes: int[]) =
    inherit Primitive1("permute")

    static member Apply(axes: int[], x: Tensor) : Tensor =
        if Array.forall2 (=) axes [| 0 .. x.Rank - 1 |] then
            x
        else
            Tensor.Bind(Permute axes, x)

    /// The last two axes exchanged.
    static member Transpose(x: Tensor) : Tensor =
        let axes = Array.init x.Rank id
        axes[x.Rank - 1] <- x.Rank - 2
        axes[x.Rank - 2] <- x.Rank - 1
        Permute.Apply(axes, x)

    override _.Eval x = x.Engine.Permute(axes, x)
    override _.Jvp(_, _, t) = Permute.Apply(axes, t)

    override _.Vjp(_, _, ct) =
        let inverse = Array.zeroCreate axes.Length
        axes |> Array.iteri (fun i axis -> inverse[axis] <- i)
        Permute.Apply(inverse, ct)

    override _.Batch x =
        Permute.Apply(Array.append [| 0 |] (Array.map ((+) 1) axes), x)

    interface IDescribed with
        member _.Operation = Operation.Permute axes

/// x broadcast to a shape. Linear; its transpose sums over the axes that were stretched.
[<Sealed>]
type internal Expand(shape: Shape) =
    inherit Primitive1("expand")

    static member Apply(shape: Shape, x: Tensor) : Tensor =
        if shape.SameAs x.Shape then
            x
        else
            if not (shape.SameAs(Shape.broadcast "expand" shape x.Shape)) then
                raise (
                    ShapeException($"expand: {x.Shape} does not broadcast to {shape}", nameof shape)
                )

            Tensor.Bind(Expand shape, x)

    override _.Eval x = x.Engine.Expand(shape, x)
    override _.Jvp(_, _, t) = Expand.Apply(shape, t)
    override _.Vjp(x, _, ct) = Sum.To(x.Shape, ct)

    override _.Batch x =
        Expand.Apply(Shape.insert 0 x.Shape.Dims[0] shape, Align.Batch(shape.Rank, x))

    interface IDescribed with
        member _.Operation = Operation.Expand shape

/// Sums over axes (ascending), which are kept with length 1 or dropped. Linear; its transpose is Expand.
and [<Sealed>] internal Sum(axes: int[], keep: bool) =
    inherit Primitive1("sum")

    static member Apply(axes: int[], keep: bool, x: Tensor) : Tensor =
        if axes.Length = 0 then
            x
        else
            Tensor.Bind(Sum(axes, keep), x)

    /// Summed over the axes along which `shape` was broadcast to x's shape.
    static member To(shape: Shape, x: Tensor) : Tensor =
        if shape.SameAs x.Shape then
            x
        else
            let extra = x.Rank - shape.Rank

            let stretched i =
                i < extra || (shape.Dims[i - extra] = 1 && x.Shape.Dims[i] <> 1)

            let axes = [| 0 .. x.Rank - 1 |] |> Array.filter stretched
            Reshape.Apply(shape, Sum.Apply(axes, true, x))

    override _.Eval x =
        x.Engine.Reduce(Reduction.Sum, axes, keep, x)

    override _.Jvp(_, _, t) = Sum.Apply(axes, keep, t)

    override _.Vjp(x, _, ct) =
        if keep || ct.Rank = 0 then
            Expand.Apply(x.Shape, ct)
        else
            Expand.Apply(x.Shape, Reshape.Apply(Shape.reduced axes true x.Shape, ct))

    override _.Batch x =
        Sum.Apply(Array.map ((+) 1) axes, keep, x)

    interface IDescribed with
        member _.Operation = Operation.Sum(axes, keep)

/// Brings batched operands to a common form: the batch axis first, then as many axes as the widest operand has.
and [<Sealed; AbstractClass>] internal Align =

    /// x, batched along axis 0, with axes of length 1 put in until each member has `rank` axes.
    static member Batch(rank: int, x: Tensor) : Tensor =
        if x.Rank = rank + 1 then
            x
        else
            let ones = Array.create (rank + 1 - x.Rank) 1
            Reshape.Apply(Shape(Array.concat [ x.Shape.Dims[..0]; ones; x.Shape.Dims[1..] ]), x)

    /// Two operands ready to broadcast member by member.
    static member Pair
        (a: Tensor, aBatched: bool, b: Tensor, bBatched: bool)
        : struct (Tensor * Tensor) =
        let rank (x: Tensor) batched = if batched then x.Rank - 1 else x.Rank
        let widest = max (rank a aBatched) (rank b bBatched)

        let align batched x =
            if batched then Align.Batch(widest, x) else x

        struct (align aBatched a, align bBatched b)

    /// x with a batch axis of this length in front, repeated if it had none.
    static member Full(size: int, x: Tensor, batched: bool) : Tensor =
        if batched then
            x
        else
            Expand.Apply(Shape.insert 0 size x.Shape, x)

/// The part of x with one range for each axis. Linear; its transpose is Assemble with one piece.
[<Sealed>]
type internal Slice(ranges: AxisRange[]) =
    inherit Primitive1("slice")

    static member Apply(ranges: AxisRange[], x: Tensor) : Tensor =
        let dims = x.Shape.Dims
        let mutable isWhole = true

        for i in 0 .. dims.Length - 1 do
            let r = ranges[i]
            isWhole <- isWhole && r.Start = 0 && r.Step = 1 && r.Count = dims[i]

        if isWhole then x else Tensor.Bind(Slice ranges, x)

    /// A range of one axis.
    static member Axis(axis: int, range: AxisRange, x: Tensor) : Tensor =
        Slice.Apply(AxisRange.at x.Shape axis range, x)

    /// The range for each axis.
    member _.Ranges: AxisRange[] = ranges

    override _.Eval x = x.Engine.Slice(ranges, x)
    override _.Jvp(_, _, t) = Slice.Apply(ranges, t)

    override _.Vjp(x, _, ct) =
        Assemble.Apply(x.Shape, [| ranges |], [| ct |])

    override _.Batch x =
        Slice.Apply(Array.insertAt 0 (AxisRange.all x.Shape.Dims[0]) ranges, x)

    interface IDescribed with
        member _.Operation = Operation.Slice ranges

/// Zeros of a shape, to which each piece is added at its ranges: concatenation, padding and the transpose of slicing.
and [<Sealed>] internal Assemble(shape: Shape, ranges: AxisRange[][]) =
    inherit PrimitiveN("assemble")

    static member Apply(shape: Shape, ranges: AxisRange[][], pieces: Tensor[]) : Tensor =
        Tensor.Bind(Assemble(shape, ranges), pieces)

    override _.Eval pieces =
        for i in 1 .. pieces.Length - 1 do
            Check.sameKind "assemble" pieces[0] pieces[i]

        pieces[0].Engine.Assemble(shape, ranges, pieces)

    override _.Jvp(_, _, tangents) =
        let present = [|
            for i in 0 .. tangents.Length - 1 do
                match tangents[i] with
                | null -> ()
                | t -> struct (ranges[i], t)
        |]

        Assemble.Apply(
            shape,
            present |> Array.map (fun struct (range, _) -> range),
            present |> Array.map (fun struct (_, t) -> t)
        )

    override _.Vjp(_, _, ct, wanted) =
        Array.map2
            (fun range isWanted -> if isWanted then Slice.Apply(range, ct) else null)
            ranges
            wanted

    override _.Batch(pieces, batched) =
        let size = pieces[Array.findIndex id batched].Shape.Dims[0]
        let whole = Array.map (Array.insertAt 0 (AxisRange.all size)) ranges

        let full =
            Array.map2 (fun piece isBatched -> Align.Full(size, piece, isBatched)) pieces batched

        Assemble.Apply(Shape.insert 0 size shape, whole, full)

    interface IDescribed with
        member _.Operation = Operation.Assemble(shape, ranges)
