namespace Optim.Managed

open System
open System.Runtime.CompilerServices
open Optim
open Optim.Primitives

/// Reductions, running sums and changes of shape of whole tensors. Each comes in two forms: into memory that is given, and
/// as a new tensor. In the first, x is contiguous from `start`, of shape `dims` and of any element type; y is of the
/// fitting element type and written from `at` on.
[<RequireQualifiedAccess>]
module internal Shaping =

    let private storage (x: Raw) : Array = x.Storage :?> Array

    let private unknown (x: Array) : exn =
        InvalidOperationException $"no tensor is an array of type {x.GetType()}"

    /// Over the axes.
    let reduceInto
        (kind: Reduction)
        (axes: int[])
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v -> Reductions.Reduce(kind, v, start, dims, axes, (y :?> float[]), at)
        | :? (float32[]) as v ->
            Reductions.Reduce(kind, v, start, dims, axes, (y :?> float32[]), at)
        | :? (int64[]) as v -> Reductions.Reduce(kind, v, start, dims, axes, (y :?> int64[]), at)
        | :? (bool[]) as v -> Reductions.Reduce(kind, v, start, dims, axes, (y :?> bool[]), at)
        | other -> raise (unknown other)

    /// Over the axes; each is kept with length 1, or dropped.
    let reduce (kind: Reduction) (axes: int[]) (keep: bool) (x: Raw) : Raw =
        let y = Creation.empty x.Engine (Shape.reduced axes keep x.Shape) x.DType
        reduceInto kind axes x.Shape.Dims (storage x) x.Offset (storage y) 0
        y

    /// Running sums along an axis. Errors: a Bool x.
    let cumulativeSumInto
        (axis: int)
        (reversed: bool)
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v ->
            Scans.CumulativeSum(axis, reversed, v, start, dims, (y :?> float[]), at)
        | :? (float32[]) as v ->
            Scans.CumulativeSum(axis, reversed, v, start, dims, (y :?> float32[]), at)
        | :? (int64[]) as v ->
            Scans.CumulativeSum(axis, reversed, v, start, dims, (y :?> int64[]), at)
        | :? (bool[]) ->
            raise (
                ArgumentException("CumulativeSum: expected numbers, got Bool elements", nameof x)
            )
        | other -> raise (unknown other)

    /// Running sums along an axis. Errors: a Bool x.
    let cumulativeSum (axis: int) (reversed: bool) (x: Raw) : Raw =
        let y = Creation.empty x.Engine x.Shape x.DType
        cumulativeSumInto axis reversed x.Shape.Dims (storage x) x.Offset (storage y) 0
        y

    /// The positions of the first largest or smallest elements along an axis, which is dropped.
    let argReduceInto
        (largest: bool)
        (axis: int)
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        let y = y :?> int64[]

        match x with
        | :? (float[]) as v -> Scans.ArgReduce(largest, axis, v, start, dims, y, at)
        | :? (float32[]) as v -> Scans.ArgReduce(largest, axis, v, start, dims, y, at)
        | :? (int64[]) as v -> Scans.ArgReduce(largest, axis, v, start, dims, y, at)
        | :? (bool[]) as v -> Scans.ArgReduce(largest, axis, v, start, dims, y, at)
        | other -> raise (unknown other)

    /// The positions of the first largest or smallest elements along an axis, which is dropped.
    let argReduce (largest: bool) (axis: int) (x: Raw) : Raw =
        let shape = Shape.reduced [| axis |] false x.Shape
        let y = Creation.empty x.Engine shape DType.Int64
        argReduceInto largest axis x.Shape.Dims (storage x) x.Offset (storage y) 0
        y

    /// Axis i of the result is axis axes[i] of x.
    let permuteInto
        (axes: int[])
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v -> Movement.Permute(v, start, dims, axes, (y :?> float[]), at)
        | :? (float32[]) as v -> Movement.Permute(v, start, dims, axes, (y :?> float32[]), at)
        | :? (int64[]) as v -> Movement.Permute(v, start, dims, axes, (y :?> int64[]), at)
        | :? (bool[]) as v -> Movement.Permute(v, start, dims, axes, (y :?> bool[]), at)
        | other -> raise (unknown other)

    /// Axis i of the result is axis axes[i] of x.
    let permute (axes: int[]) (x: Raw) : Raw =
        let shape = Shape(Array.map (fun axis -> x.Shape.Dims[axis]) axes)
        let y = Creation.empty x.Engine shape x.DType
        permuteInto axes x.Shape.Dims (storage x) x.Offset (storage y) 0
        y

    /// x broadcast to the shape `target`, of one element or more.
    let expandInto
        (target: int[])
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v -> Movement.Expand(v, start, dims, target, (y :?> float[]), at)
        | :? (float32[]) as v -> Movement.Expand(v, start, dims, target, (y :?> float32[]), at)
        | :? (int64[]) as v -> Movement.Expand(v, start, dims, target, (y :?> int64[]), at)
        | :? (bool[]) as v -> Movement.Expand(v, start, dims, target, (y :?> bool[]), at)
        | other -> raise (unknown other)

    /// x broadcast to the shape.
    let expand (shape: Shape) (x: Raw) : Raw =
        if shape.Length = x.Length then
            Buffers.share 0 shape x
        else
            let y = Creation.empty x.Engine shape x.DType

            if shape.Length > 0 then
                expandInto shape.Dims x.Shape.Dims (storage x) x.Offset (storage y) 0

            y

    /// One range for each axis, of one element or more.
    let sliceInto
        (ranges: AxisRange[])
        (dims: int[])
        (x: Array)
        (start: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v -> Movement.Slice(v, start, dims, ranges, (y :?> float[]), at)
        | :? (float32[]) as v -> Movement.Slice(v, start, dims, ranges, (y :?> float32[]), at)
        | :? (int64[]) as v -> Movement.Slice(v, start, dims, ranges, (y :?> int64[]), at)
        | :? (bool[]) as v -> Movement.Slice(v, start, dims, ranges, (y :?> bool[]), at)
        | other -> raise (unknown other)

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
            let y = Creation.empty x.Engine shape x.DType

            if shape.Length > 0 then
                sliceInto ranges x.Shape.Dims (storage x) x.Offset (storage y) 0

            y

    /// Zeros of the shape dims, to which piece i, from starts[i] on, is added at ranges[i]. One piece or more.
    let assembleInto
        (dims: int[])
        (ranges: AxisRange[][])
        (pieces: Array[])
        (starts: int[])
        (y: Array)
        (at: int)
        : unit =
        for piece in pieces do
            if piece.GetType() <> y.GetType() then
                invalidOp $"a piece of type {piece.GetType()} was to go into {y.GetType()}"

        // All pieces are arrays of y's type, so the array of them may be read as such, without a copy.
        let mutable all = pieces

        match y with
        | :? (float[]) as y ->
            Movement.Assemble(dims, ranges, Unsafe.As<Array[], float[][]>(&all), starts, y, at)
        | :? (float32[]) as y ->
            Movement.Assemble(dims, ranges, Unsafe.As<Array[], float32[][]>(&all), starts, y, at)
        | :? (int64[]) as y ->
            Movement.Assemble(dims, ranges, Unsafe.As<Array[], int64[][]>(&all), starts, y, at)
        | :? (bool[]) as y ->
            Movement.Assemble(dims, ranges, Unsafe.As<Array[], bool[][]>(&all), starts, y, at)
        | other -> raise (unknown other)

    /// Zeros of the shape, to which each piece is added at its ranges. Errors: no piece at all.
    let assemble (shape: Shape) (ranges: AxisRange[][]) (pieces: Raw[]) : Raw =
        if pieces.Length = 0 then
            raise (
                ArgumentException("Assemble: expected one piece or more, got none", nameof pieces)
            )

        let y = Creation.empty pieces[0].Engine shape pieces[0].DType
        let starts = pieces |> Array.map (fun piece -> piece.Offset)
        assembleInto shape.Dims ranges (Array.map storage pieces) starts (storage y) 0
        y
