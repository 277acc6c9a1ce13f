namespace Optim.Primitives

open Optim

/// Index tensors in the batch rules.
[<RequireQualifiedAccess>]
module private Indices =

    /// A batch of index lists (B, k) as an index tensor of `shape` (batch axis included) that varies along one axis.
    let spread (axis: int) (shape: Shape) (indices: Tensor) : Tensor =
        let dims = Array.create shape.Rank 1
        dims[0] <- indices.Shape.Dims[0]
        dims[axis] <- indices.Shape.Dims[1]
        Expand.Apply(shape, Reshape.Apply(Shape dims, indices))

    let withLength (axis: int) (length: int) (shape: Shape) : Shape =
        Shape(Array.updateAt axis length shape.Dims)

/// Positions of an axis, in the order of a list of indices. Linear in x; its transpose is IndexAdd.
[<Sealed>]
type internal IndexSelect(axis: int) =
    inherit Primitive2("indexSelect")

    static member Apply(axis: int, x: Tensor, indices: Tensor) : Tensor =
        Tensor.Bind(IndexSelect axis, x, indices)

    override _.Eval(x, indices) = x.Engine.IndexSelect(axis, x, indices)

    override _.Jvp(_, indices, _, tx, _) =
        Tangent.map (fun t -> IndexSelect.Apply(axis, t, indices)) tx

    override _.VjpA(x, indices, _, ct) =
        IndexAdd.Apply(axis, x.Shape.Dims[axis], ct, indices)

    override _.VjpB(_, _, _, _) = null

    override _.Batch(x, xBatched, indices, indicesBatched) =
        if not indicesBatched then
            IndexSelect.Apply(axis + 1, x, indices)
        else
            let x = Align.Full(indices.Shape.Dims[0], x, xBatched)
            let shape = Indices.withLength (axis + 1) indices.Shape.Dims[1] x.Shape
            Gather.Apply(axis + 1, x, Indices.spread (axis + 1) shape indices)

    interface IDescribed with
        member _.Operation = Operation.IndexSelect axis

/// Zeros, to which part i of x is added at position indices[i] of an axis. Linear in x; its transpose is IndexSelect.
and [<Sealed>] internal IndexAdd(axis: int, length: int) =
    inherit Primitive2("indexAdd")

    static member Apply(axis: int, length: int, x: Tensor, indices: Tensor) : Tensor =
        Tensor.Bind(IndexAdd(axis, length), x, indices)

    override _.Eval(x, indices) =
        x.Engine.IndexAdd(axis, length, x, indices)

    override _.Jvp(_, indices, _, tx, _) =
        Tangent.map (fun t -> IndexAdd.Apply(axis, length, t, indices)) tx

    override _.VjpA(_, indices, _, ct) = IndexSelect.Apply(axis, ct, indices)
    override _.VjpB(_, _, _, _) = null

    override _.Batch(x, xBatched, indices, indicesBatched) =
        if not indicesBatched then
            IndexAdd.Apply(axis + 1, length, x, indices)
        else
            let x = Align.Full(indices.Shape.Dims[0], x, xBatched)
            ScatterAdd.Apply(axis + 1, length, x, Indices.spread (axis + 1) x.Shape indices)

    interface IDescribed with
        member _.Operation = Operation.IndexAdd(axis, length)

/// Elements of x at the positions that an index tensor gives along an axis. Linear in x; its transpose is ScatterAdd.
and [<Sealed>] internal Gather(axis: int) =
    inherit Primitive2("gather")

    static member Apply(axis: int, x: Tensor, indices: Tensor) : Tensor =
        Tensor.Bind(Gather axis, x, indices)

    override _.Eval(x, indices) = x.Engine.Gather(axis, x, indices)

    override _.Jvp(_, indices, _, tx, _) =
        Tangent.map (fun t -> Gather.Apply(axis, t, indices)) tx

    override _.VjpA(x, indices, _, ct) =
        ScatterAdd.Apply(axis, x.Shape.Dims[axis], ct, indices)

    override _.VjpB(_, _, _, _) = null

    override _.Batch(x, xBatched, indices, indicesBatched) =
        let size = if xBatched then x.Shape.Dims[0] else indices.Shape.Dims[0]

        Gather.Apply(
            axis + 1,
            Align.Full(size, x, xBatched),
            Align.Full(size, indices, indicesBatched)
        )

    interface IDescribed with
        member _.Operation = Operation.Gather axis

/// Zeros, to which each element of x is added at the position that an index tensor gives. The transpose of Gather.
and [<Sealed>] internal ScatterAdd(axis: int, length: int) =
    inherit Primitive2("scatterAdd")

    static member Apply(axis: int, length: int, x: Tensor, indices: Tensor) : Tensor =
        Tensor.Bind(ScatterAdd(axis, length), x, indices)

    override _.Eval(x, indices) =
        x.Engine.ScatterAdd(axis, length, x, indices)

    override _.Jvp(_, indices, _, tx, _) =
        Tangent.map (fun t -> ScatterAdd.Apply(axis, length, t, indices)) tx

    override _.VjpA(_, indices, _, ct) = Gather.Apply(axis, ct, indices)
    override _.VjpB(_, _, _, _) = null

    override _.Batch(x, xBatched, indices, indicesBatched) =
        let size = if xBatched then x.Shape.Dims[0] else indices.Shape.Dims[0]

        ScatterAdd.Apply(
            axis + 1,
            length,
            Align.Full(size, x, xBatched),
            Align.Full(size, indices, indicesBatched)
        )

    interface IDescribed with
        member _.Operation = Operation.ScatterAdd(axis, length)
