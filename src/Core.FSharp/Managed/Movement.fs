namespace Optim.Managed

open System
open Optim

/// Permuting, broadcasting, slicing and its counterpart. Sources and destinations are contiguous, in row-major order,
/// from an offset (`start`, `at`) on. What the destination held before does not matter. Shapes, axes and ranges must be
/// checked before. Cost: one reading and one writing at memory speed.
[<AbstractClass; Sealed>]
type internal Movement =

    /// The number of elements of a shape.
    static member private Length(dims: int[]) : int =
        let mutable length = 1

        for n in dims do
            length <- length * n

        length

    /// Row-major strides.
    static member private Strides(dims: int[]) : int[] =
        let strides = Array.zeroCreate dims.Length
        let mutable step = 1

        for i in dims.Length - 1 .. -1 .. 0 do
            strides[i] <- step
            step <- step * dims[i]

        strides

    /// Axis i of y is axis axes[i] of x, whose shape is dims.
    static member Permute<'T>
        (x: 'T[], start: int, dims: int[], axes: int[], y: 'T[], at: int)
        : unit =
        if dims.Length = 2 && axes[0] = 1 then
            if dims[0] = 1 || dims[1] = 1 then
                x.AsSpan(start, dims[0] * dims[1]).CopyTo(y.AsSpan at)
            else
                Strided.Copy(x, start, dims[1], 1, dims[0], dims[1], y, at)
        elif dims.Length < 2 then
            x.AsSpan(start, Movement.Length dims).CopyTo(y.AsSpan at)
        else
            let from = Movement.Strides dims
            let lengths = Array.zeroCreate dims.Length
            let strides = Array.zeroCreate dims.Length

            for i in 0 .. dims.Length - 1 do
                lengths[i] <- dims[axes[i]]
                strides[i] <- from[axes[i]]

            Strided.Copy(x, start, lengths, strides, y, at)

    /// x of shape dims, broadcast to the shape `target`.
    static member Expand<'T>
        (x: 'T[], start: int, dims: int[], target: int[], y: 'T[], at: int)
        : unit =
        let extra = target.Length - dims.Length
        let count = Movement.Length dims

        if count = 1 then
            y.AsSpan(at, Movement.Length target).Fill x[start]
        elif target.Length = 2 then
            let s1 = if dims[1 - extra] = 1 then 0 else 1
            let s0 = if extra > 0 || dims[0] = 1 then 0 else dims[1]
            Strided.Copy(x, start, target[0], s0, target[1], s1, y, at)
        else
            let strides = Array.zeroCreate target.Length
            let mutable step = 1

            for i in target.Length - 1 .. -1 .. extra do
                let n = dims[i - extra]
                strides[i] <- if n = 1 then 0 else step
                step <- step * n

            Strided.Copy(x, start, Array.copy target, strides, y, at)

    /// The part of x (shape dims) with one range for each axis.
    static member Slice<'T>
        (x: 'T[], start: int, dims: int[], ranges: AxisRange[], y: 'T[], at: int)
        : unit =
        if dims.Length = 1 then
            let r = ranges[0]

            if r.Step = 1 && r.Count < Partition.Threshold then
                x.AsSpan(start + r.Start, r.Count).CopyTo(y.AsSpan at)
            elif r.Count > 0 then
                Strided.Copy(x, start + r.Start, 1, 0, r.Count, r.Step, y, at)
        elif dims.Length = 2 then
            let rows, columns = ranges[0], ranges[1]

            if rows.Count > 0 && columns.Count > 0 then
                let from = start + rows.Start * dims[1] + columns.Start
                // A range of one position has no step worth the name.
                let s1 = if columns.Count = 1 then 1 else columns.Step
                Strided.Copy(x, from, rows.Count, rows.Step * dims[1], columns.Count, s1, y, at)
        else
            let lengths = Array.zeroCreate dims.Length
            let strides = Array.zeroCreate dims.Length
            let from = Movement.View(dims, ranges, lengths, strides)
            Strided.Copy(x, start + from, lengths, strides, y, at)

    /// The lengths and strides of a part of an array of shape dims; gives back the position of its first element.
    static member private View
        (dims: int[], ranges: AxisRange[], lengths: int[], strides: int[])
        : int =
        let mutable first = 0
        let mutable step = 1

        for i in dims.Length - 1 .. -1 .. 0 do
            lengths[i] <- ranges[i].Count
            strides[i] <- ranges[i].Step * step
            first <- first + ranges[i].Start * step
            step <- step * dims[i]

        first

    /// Whether a piece covers all of the shape in order.
    static member private Covers(dims: int[], ranges: AxisRange[]) : bool =
        let mutable covers = true

        for i in 0 .. dims.Length - 1 do
            let r = ranges[i]

            if r.Start <> 0 || r.Count <> dims[i] || (r.Step <> 1 && r.Count > 1) then
                covers <- false

        covers

    /// The first and last position of a range that is not empty.
    static member private Bounds(r: AxisRange) : struct (int * int) =
        let last = r.Start + (r.Count - 1) * r.Step
        struct (min r.Start last, max r.Start last)

    /// Whether each piece lies behind the one before on some axis, the same for all: surely no place is met twice.
    /// False does not mean that one is.
    static member private AreInOrder(rank: int, ranges: AxisRange[][]) : bool =
        let mutable found = ranges.Length <= 1
        let mutable axis = 0

        while not found && axis < rank do
            let mutable previous = -1
            let mutable inOrder = true

            for r in ranges do
                if r[axis].Count > 0 then
                    let struct (first, last) = Movement.Bounds r[axis]
                    inOrder <- inOrder && first > previous
                    previous <- last

            found <- inOrder
            axis <- axis + 1

        found

    static member private Place<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
        (isStore: bool, dims: int[], ranges: AxisRange[], piece: 'T[], start: int, y: 'T[], at: int)
        : unit =
        if dims.Length = 1 then
            let r = ranges[0]

            if r.Count > 0 then
                Spread<'T, 'F>.Plane(isStore, piece, start, 1, 0, r.Count, r.Step, y, at + r.Start)
        elif dims.Length = 2 then
            let rows, columns = ranges[0], ranges[1]
            let first = at + rows.Start * dims[1] + columns.Start

            if rows.Count > 0 && columns.Count > 0 then
                if rows.Step = 1 && columns.Step = 1 && columns.Count = dims[1] then
                    let count = rows.Count * columns.Count
                    Spread<'T, 'F>.Plane(isStore, piece, start, 1, 0, count, 1, y, first)
                else
                    let s0 = rows.Step * dims[1]
                    let s1 = if columns.Count = 1 then 1 else columns.Step

                    Spread<'T, 'F>
                        .Plane(isStore, piece, start, rows.Count, s0, columns.Count, s1, y, first)
        else
            let lengths = Array.zeroCreate dims.Length
            let strides = Array.zeroCreate dims.Length
            let first = Movement.View(dims, ranges, lengths, strides)
            Spread<'T, 'F>.Copy(isStore, piece, start, lengths, strides, y, at + first)

    static member private AssembleWith<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
        (dims: int[], ranges: AxisRange[][], pieces: 'T[][], starts: int[], y: 'T[], at: int)
        : unit =
        let length = Movement.Length dims

        if dims.Length = 1 && length <= 256 then
            // Short vectors, as in the derivatives of x[1..]: no analysis, just clear and add.
            y.AsSpan(at, length).Clear()

            for i in 0 .. pieces.Length - 1 do
                let r = ranges[i][0]

                if r.Step = 1 && i = 0 then
                    pieces[0].AsSpan(starts[0], r.Count).CopyTo(y.AsSpan(at + r.Start))
                elif r.Step = 1 then
                    Spread<'T, 'F>.Run(pieces[i], starts[i], r.Count, y, at + r.Start)
                else
                    Movement.Place<'T, 'F>((i = 0), dims, ranges[i], pieces[i], starts[i], y, at)
        elif pieces.Length = 1 && Movement.Covers(dims, ranges[0]) then
            pieces[0].AsSpan(starts[0], length).CopyTo(y.AsSpan at)
        else
            let isDisjoint = Movement.AreInOrder(dims.Length, ranges)
            let mutable covered = 0L

            for r in ranges do
                let mutable count = 1L

                for range in r do
                    count <- count * int64 range.Count

                covered <- covered + count

            // Disjoint pieces that make up the whole overwrite all of it.
            if not isDisjoint || covered < int64 length then
                y.AsSpan(at, length).Clear()

            for i in 0 .. pieces.Length - 1 do
                let isStore = isDisjoint || i = 0
                Movement.Place<'T, 'F>(isStore, dims, ranges[i], pieces[i], starts[i], y, at)

    /// Zeros of the shape dims, to which piece i, contiguous from starts[i], is added at ranges[i].
    static member Assemble
        (dims: int[], ranges: AxisRange[][], pieces: float[][], starts: int[], y: float[], at: int)
        : unit =
        Movement.AssembleWith<float, SumFold<float>>(dims, ranges, pieces, starts, y, at)

    /// As for float.
    static member Assemble
        (
            dims: int[],
            ranges: AxisRange[][],
            pieces: float32[][],
            starts: int[],
            y: float32[],
            at: int
        ) : unit =
        Movement.AssembleWith<float32, SumFold<float32>>(dims, ranges, pieces, starts, y, at)

    /// As for float; sums wrap around.
    static member Assemble
        (dims: int[], ranges: AxisRange[][], pieces: int64[][], starts: int[], y: int64[], at: int)
        : unit =
        Movement.AssembleWith<int64, SumFold<int64>>(dims, ranges, pieces, starts, y, at)

    /// As for float, where false is zero and adding is or.
    static member Assemble
        (dims: int[], ranges: AxisRange[][], pieces: bool[][], starts: int[], y: bool[], at: int)
        : unit =
        let bytes = Lanes.manyBytes pieces

        Movement.AssembleWith<byte, MaximumFold<byte>>(
            dims,
            ranges,
            bytes,
            starts,
            Lanes.bytes y,
            at
        )
