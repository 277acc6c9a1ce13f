namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Reading and adding up at positions that are data, for whole tensors.
[<RequireQualifiedAccess>]
module internal Choosing =

    let private positions (operation: string) (indices: Raw) : int64[] =
        if indices.DType <> DType.Int64 then
            let message = $"{operation}: expected Int64 indices, got {indices.DType}"
            raise (ArgumentException(message, nameof indices))

        indices.Storage :?> int64[]

    let private withAxis (axis: int) (length: int) (x: Raw) : Shape =
        let dims = x.Shape.ToArray()
        dims[axis] <- length
        Shape dims

    let private selected<'T> (axis: int) (x: Raw) (indices: Raw) : Raw =
        let at = positions "IndexSelect" indices
        let shape = withAxis axis indices.Length x
        let y = Buffers.allocate<'T> shape.Length
        let v = x.Storage :?> 'T[]

        Selection.IndexSelect<'T>(
            axis,
            v,
            x.Offset,
            x.Shape.Dims,
            at,
            indices.Offset,
            indices.Length,
            y,
            0
        )

        Buffers.wrap y shape x.DType x.Engine

    /// Positions `indices` (k) of an axis of x.
    let indexSelect (axis: int) (x: Raw) (indices: Raw) : Raw =
        match x.DType with
        | DType.Float64 -> selected<float> axis x indices
        | DType.Float32 -> selected<float32> axis x indices
        | DType.Int64 -> selected<int64> axis x indices
        | DType.Bool -> selected<bool> axis x indices

    let private gathered<'T> (axis: int) (x: Raw) (indices: Raw) : Raw =
        let at = positions "Gather" indices
        let y = Buffers.allocate<'T> indices.Length
        let v = x.Storage :?> 'T[]

        Scattering.Gather<'T>(
            axis,
            v,
            x.Offset,
            x.Shape.Dims,
            at,
            indices.Offset,
            indices.Shape.Dims,
            y,
            0
        )

        Buffers.wrap y indices.Shape x.DType x.Engine

    /// Element i of the result is x at the same place but at position indices[i] of the axis.
    let gather (axis: int) (x: Raw) (indices: Raw) : Raw =
        match x.DType with
        | DType.Float64 -> gathered<float> axis x indices
        | DType.Float32 -> gathered<float32> axis x indices
        | DType.Int64 -> gathered<int64> axis x indices
        | DType.Bool -> gathered<bool> axis x indices

    /// Zeros with `length` positions on the axis, to which part i of x is added at position indices[i].
    let indexAdd (axis: int) (length: int) (x: Raw) (indices: Raw) : Raw =
        let at = positions "IndexAdd" indices
        let shape = withAxis axis length x
        let dims = x.Shape.Dims
        let from = indices.Offset

        match x.DType with
        | DType.Float64 ->
            let y = Buffers.allocate<float> shape.Length

            Selection.IndexAdd(
                axis,
                length,
                (x.Storage :?> float[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Float64 x.Engine
        | DType.Float32 ->
            let y = Buffers.allocate<float32> shape.Length

            Selection.IndexAdd(
                axis,
                length,
                (x.Storage :?> float32[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Float32 x.Engine
        | DType.Int64 ->
            let y = Buffers.allocate<int64> shape.Length

            Selection.IndexAdd(
                axis,
                length,
                (x.Storage :?> int64[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Int64 x.Engine
        | DType.Bool ->
            let y = Buffers.allocate<bool> shape.Length
            Selection.IndexAdd(axis, length, (x.Storage :?> bool[]), x.Offset, dims, at, from, y, 0)
            Buffers.wrap y shape DType.Bool x.Engine

    /// Zeros with `length` positions on the axis, to which each element of x is added at the position in indices.
    let scatterAdd (axis: int) (length: int) (x: Raw) (indices: Raw) : Raw =
        let at = positions "ScatterAdd" indices
        let shape = withAxis axis length x
        let dims = x.Shape.Dims
        let from = indices.Offset

        match x.DType with
        | DType.Float64 ->
            let y = Buffers.allocate<float> shape.Length

            Scattering.ScatterAdd(
                axis,
                length,
                (x.Storage :?> float[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Float64 x.Engine
        | DType.Float32 ->
            let y = Buffers.allocate<float32> shape.Length

            Scattering.ScatterAdd(
                axis,
                length,
                (x.Storage :?> float32[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Float32 x.Engine
        | DType.Int64 ->
            let y = Buffers.allocate<int64> shape.Length

            Scattering.ScatterAdd(
                axis,
                length,
                (x.Storage :?> int64[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Int64 x.Engine
        | DType.Bool ->
            let y = Buffers.allocate<bool> shape.Length

            Scattering.ScatterAdd(
                axis,
                length,
                (x.Storage :?> bool[]),
                x.Offset,
                dims,
                at,
                from,
                y,
                0
            )

            Buffers.wrap y shape DType.Bool x.Engine
