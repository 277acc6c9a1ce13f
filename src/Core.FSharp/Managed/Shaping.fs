namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Reductions, running sums and changes of shape of whole tensors: results are allocated here, elements are moved by the
/// kernels.
[<RequireQualifiedAccess>]
module internal Shaping =

    let inline private result<'T> (length: int) ([<InlineIfLambda>] fill: 'T[] -> unit) : 'T[] =
        let y = Buffers.allocate<'T> length
        fill y
        y

    /// Over the axes; each is kept with length 1, or dropped.
    let reduce (kind: Reduction) (axes: int[]) (keep: bool) (x: Raw) : Raw =
        let shape = Shape.reduced axes keep x.Shape
        let dims = x.Shape.Dims

        match x.DType with
        | DType.Float64 ->
            let v = x.Storage :?> float[]

            let y =
                result
                    shape.Length
                    (fun y -> Reductions.Reduce(kind, v, x.Offset, dims, axes, y, 0))

            Buffers.wrap y shape DType.Float64 x.Engine
        | DType.Float32 ->
            let v = x.Storage :?> float32[]

            let y =
                result
                    shape.Length
                    (fun y -> Reductions.Reduce(kind, v, x.Offset, dims, axes, y, 0))

            Buffers.wrap y shape DType.Float32 x.Engine
        | DType.Int64 ->
            let v = x.Storage :?> int64[]

            let y =
                result
                    shape.Length
                    (fun y -> Reductions.Reduce(kind, v, x.Offset, dims, axes, y, 0))

            Buffers.wrap y shape DType.Int64 x.Engine
        | DType.Bool ->
            let v = x.Storage :?> bool[]

            let y =
                result
                    shape.Length
                    (fun y -> Reductions.Reduce(kind, v, x.Offset, dims, axes, y, 0))

            Buffers.wrap y shape DType.Bool x.Engine

    /// Running sums along an axis. Errors: a Bool x.
    let cumulativeSum (axis: int) (reversed: bool) (x: Raw) : Raw =
        let n = x.Length
        let dims = x.Shape.Dims

        match x.DType with
        | DType.Float64 ->
            let v = x.Storage :?> float[]

            let y =
                result n (fun y -> Scans.CumulativeSum(axis, reversed, v, x.Offset, dims, y, 0))

            Buffers.wrap y x.Shape DType.Float64 x.Engine
        | DType.Float32 ->
            let v = x.Storage :?> float32[]

            let y =
                result n (fun y -> Scans.CumulativeSum(axis, reversed, v, x.Offset, dims, y, 0))

            Buffers.wrap y x.Shape DType.Float32 x.Engine
        | DType.Int64 ->
            let v = x.Storage :?> int64[]

            let y =
                result n (fun y -> Scans.CumulativeSum(axis, reversed, v, x.Offset, dims, y, 0))

            Buffers.wrap y x.Shape DType.Int64 x.Engine
        | DType.Bool ->
            raise (
                ArgumentException("CumulativeSum: expected numbers, got Bool elements", nameof x)
            )

    /// The positions of the first largest or smallest elements along an axis, which is dropped.
    let argReduce (largest: bool) (axis: int) (x: Raw) : Raw =
        let shape = Shape.reduced [| axis |] false x.Shape
        let dims = x.Shape.Dims
        let y = Buffers.allocate<int64> shape.Length

        match x.DType with
        | DType.Float64 ->
            Scans.ArgReduce(largest, axis, (x.Storage :?> float[]), x.Offset, dims, y, 0)
        | DType.Float32 ->
            Scans.ArgReduce(largest, axis, (x.Storage :?> float32[]), x.Offset, dims, y, 0)
        | DType.Int64 ->
            Scans.ArgReduce(largest, axis, (x.Storage :?> int64[]), x.Offset, dims, y, 0)
        | DType.Bool -> Scans.ArgReduce(largest, axis, (x.Storage :?> bool[]), x.Offset, dims, y, 0)

        Buffers.wrap y shape DType.Int64 x.Engine

    // What moves elements without looking at them is one generic function for the four types.
    let private permuted<'T> (shape: Shape) (axes: int[]) (x: Raw) : Raw =
        let y = Buffers.allocate<'T> x.Length
        Movement.Permute<'T>((x.Storage :?> 'T[]), x.Offset, x.Shape.Dims, axes, y, 0)
        Buffers.wrap y shape x.DType x.Engine

    /// Axis i of the result is axis axes[i] of x.
    let permute (axes: int[]) (x: Raw) : Raw =
        let shape = Shape(Array.map (fun axis -> x.Shape.Dims[axis]) axes)

        match x.DType with
        | DType.Float64 -> permuted<float> shape axes x
        | DType.Float32 -> permuted<float32> shape axes x
        | DType.Int64 -> permuted<int64> shape axes x
        | DType.Bool -> permuted<bool> shape axes x

    let private expanded<'T> (shape: Shape) (x: Raw) : Raw =
        let y = Buffers.allocate<'T> shape.Length

        if shape.Length > 0 then
            Movement.Expand<'T>((x.Storage :?> 'T[]), x.Offset, x.Shape.Dims, shape.Dims, y, 0)

        Buffers.wrap y shape x.DType x.Engine

    /// x broadcast to the shape.
    let expand (shape: Shape) (x: Raw) : Raw =
        if shape.Length = x.Length then
            Buffers.share 0 shape x
        else
            match x.DType with
            | DType.Float64 -> expanded<float> shape x
            | DType.Float32 -> expanded<float32> shape x
            | DType.Int64 -> expanded<int64> shape x
            | DType.Bool -> expanded<bool> shape x

    let private sliced<'T> (shape: Shape) (ranges: AxisRange[]) (x: Raw) : Raw =
        let y = Buffers.allocate<'T> shape.Length

        if shape.Length > 0 then
            Movement.Slice<'T>((x.Storage :?> 'T[]), x.Offset, x.Shape.Dims, ranges, y, 0)

        Buffers.wrap y shape x.DType x.Engine

    /// Whether all axes but the first are taken whole and in order, and the first without gaps.
    let isContiguous (ranges: AxisRange[]) (shape: Shape) : bool =
        let mutable whole = true

        for axis in 0 .. ranges.Length - 1 do
            let r = ranges[axis]
            let isGapless = r.Step = 1 || r.Count = 1
            whole <- whole && isGapless && (axis = 0 || r.Count = shape.Dims[axis])

        whole

    /// One range for each axis. Ranges of the first axis share memory.
    let slice (ranges: AxisRange[]) (x: Raw) : Raw =
        let shape = Shape(Array.map (fun (r: AxisRange) -> r.Count) ranges)

        if ranges.Length = 0 then
            x
        elif isContiguous ranges x.Shape then
            let row = x.Length / max 1 x.Shape.Dims[0]
            Buffers.share (ranges[0].Start * row) shape x
        else
            match x.DType with
            | DType.Float64 -> sliced<float> shape ranges x
            | DType.Float32 -> sliced<float32> shape ranges x
            | DType.Int64 -> sliced<int64> shape ranges x
            | DType.Bool -> sliced<bool> shape ranges x

    /// Zeros of the shape, to which each piece is added at its ranges. Errors: no piece at all.
    let assemble (shape: Shape) (ranges: AxisRange[][]) (pieces: Raw[]) : Raw =
        if pieces.Length = 0 then
            raise (
                ArgumentException("Assemble: expected one piece or more, got none", nameof pieces)
            )

        let first = pieces[0]
        let n = shape.Length
        let starts = pieces |> Array.map (fun piece -> piece.Offset)

        match first.DType with
        | DType.Float64 ->
            let values = pieces |> Array.map (fun piece -> piece.Storage :?> float[])

            let y =
                result n (fun y -> Movement.Assemble(shape.Dims, ranges, values, starts, y, 0))

            Buffers.wrap y shape DType.Float64 first.Engine
        | DType.Float32 ->
            let values = pieces |> Array.map (fun piece -> piece.Storage :?> float32[])

            let y =
                result n (fun y -> Movement.Assemble(shape.Dims, ranges, values, starts, y, 0))

            Buffers.wrap y shape DType.Float32 first.Engine
        | DType.Int64 ->
            let values = pieces |> Array.map (fun piece -> piece.Storage :?> int64[])

            let y =
                result n (fun y -> Movement.Assemble(shape.Dims, ranges, values, starts, y, 0))

            Buffers.wrap y shape DType.Int64 first.Engine
        | DType.Bool ->
            let values = pieces |> Array.map (fun piece -> piece.Storage :?> bool[])

            let y =
                result n (fun y -> Movement.Assemble(shape.Dims, ranges, values, starts, y, 0))

            Buffers.wrap y shape DType.Bool first.Engine
