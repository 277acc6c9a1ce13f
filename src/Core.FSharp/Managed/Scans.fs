namespace Optim.Managed

open System
open System.Buffers
open System.Numerics
open System.Runtime.Intrinsics
open Optim

/// Running results and positions along one axis. x and y are contiguous from `start` and `at` on; dims is the shape of x.
[<AbstractClass; Sealed>]
type internal Scans =

    /// Running results of some columns, first to finish − 1, of one (rows, inner).
    static member private Columns<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>>
        (
            isReversed: bool,
            x: 'T[],
            start: int,
            rows: int,
            inner: int,
            first: int,
            finish: int,
            y: 'T[],
            at: int
        ) : unit =
        let fold = Unchecked.defaultof<'F>
        let lanes = Vector512<'A>.Count
        let count = finish - first
        let totals = ArrayPool<'A>.Shared.Rent count
        totals.AsSpan(0, count).Fill fold.Identity

        for r in 0 .. rows - 1 do
            let row = first + inner * (if isReversed then rows - 1 - r else r)
            let mutable j = 0

            while j <= count - lanes do
                let total = fold.CombineLanes(Lanes.load totals j, fold.Load(x, start + row + j))
                Lanes.store total totals j
                fold.Store(total, y, at + row + j)
                j <- j + lanes

            while j < count do
                totals[j] <- fold.Combine(totals[j], fold.Lift x[start + row + j])
                y[at + row + j] <- fold.Lower totals[j]
                j <- j + 1

        ArrayPool.Shared.Return totals

    /// Running results of some of the outer positions, first to finish − 1.
    static member private Outer<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>>
        (
            isReversed: bool,
            x: 'T[],
            start: int,
            first: int,
            finish: int,
            rows: int,
            inner: int,
            y: 'T[],
            at: int
        ) : unit =
        let fold = Unchecked.defaultof<'F>

        for o in first .. finish - 1 do
            let from, target = start + o * rows * inner, at + o * rows * inner

            if inner = 1 then
                let mutable total = fold.Identity

                if isReversed then
                    for r in rows - 1 .. -1 .. 0 do
                        total <- fold.Combine(total, fold.Lift x[from + r])
                        y[target + r] <- fold.Lower total
                else
                    for r in 0 .. rows - 1 do
                        total <- fold.Combine(total, fold.Lift x[from + r])
                        y[target + r] <- fold.Lower total
            else
                for column in 0..2048 .. inner - 1 do
                    let finish = min inner (column + 2048)

                    Scans.Columns<'T, 'A, 'F>(
                        isReversed,
                        x,
                        from,
                        rows,
                        inner,
                        column,
                        finish,
                        y,
                        target
                    )

    static member private Run<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>>
        (axis: int, isReversed: bool, x: 'T[], start: int, dims: int[], y: 'T[], at: int)
        : unit =
        let struct (outer, rows, inner) = Scans.Split(dims, axis)
        // The loops below do not check: the ranges must lie inside the arrays.
        let _ = x.AsSpan(start, outer * rows * inner)
        let _ = y.AsSpan(at, outer * rows * inner)

        if outer * rows * inner < Partition.Threshold || outer = 1 then
            Scans.Outer<'T, 'A, 'F>(isReversed, x, start, 0, outer, rows, inner, y, at)
        else
            let body =
                Action<int, int>(fun first finish ->
                    Scans.Outer<'T, 'A, 'F>(
                        isReversed,
                        x,
                        start,
                        first,
                        finish,
                        rows,
                        inner,
                        y,
                        at
                    )
                )

            Partition.run (outer, rows * inner, body)

    /// The product of the lengths before an axis, its length, and the product of those behind it.
    static member Split(dims: int[], axis: int) : struct (int * int * int) =
        let mutable outer = 1
        let mutable inner = 1

        for i in 0 .. axis - 1 do
            outer <- outer * dims[i]

        for i in axis + 1 .. dims.Length - 1 do
            inner <- inner * dims[i]

        struct (outer, dims[axis], inner)

    /// y has the shape of x and holds the sums of all elements up to each one along the axis, that one included; from
    /// the end of the axis when reversed. The additions follow each other: the error grows like the length of the axis.
    static member CumulativeSum
        (axis: int, isReversed: bool, x: float[], start: int, dims: int[], y: float[], at: int)
        : unit =
        Scans.Run<float, float, SumFold<float>>(axis, isReversed, x, start, dims, y, at)

    /// As for float; the running sum is kept in float.
    static member CumulativeSum
        (axis: int, isReversed: bool, x: float32[], start: int, dims: int[], y: float32[], at: int)
        : unit =
        Scans.Run<float32, float, WideSumFold>(axis, isReversed, x, start, dims, y, at)

    /// As for float; sums wrap around.
    static member CumulativeSum
        (axis: int, isReversed: bool, x: int64[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        Scans.Run<int64, int64, SumFold<int64>>(axis, isReversed, x, start, dims, y, at)

    /// The first position of an element that the fold's result over all `count` equals; of the first NaN if it is NaN.
    static member private First<'T, 'F
        when 'T: struct and 'T :> INumber<'T> and 'F: struct and 'F :> Fold<'T, 'T>>
        (x: 'T[], start: int, count: int)
        : int =
        let best = Folding<'T, 'T, 'F>.Flat(x, start, count)
        let lanes = Vector512<'T>.Count
        let mutable i = 0

        if 'T.IsNaN best then
            while not ('T.IsNaN x[start + i]) do
                i <- i + 1
        else
            let wanted = Vector512.Create best

            while i <= count - lanes
                  && not (Vector512.EqualsAny(Lanes.load x (start + i), wanted)) do
                i <- i + lanes

            while 'T.op_Inequality (x[start + i], best) do
                i <- i + 1

        i

    /// Positions for some of the outer positions, first to finish − 1.
    static member private Positions<'T, 'F
        when 'T: struct and 'T :> INumber<'T> and 'F: struct and 'F :> Fold<'T, 'T>>
        (x: 'T[], start: int, first: int, finish: int, rows: int, inner: int, y: int64[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>

        for o in first .. finish - 1 do
            let from, target = start + o * rows * inner, at + o * inner

            if inner = 1 then
                y[target] <- int64 (Scans.First<'T, 'F>(x, from, rows))
            else
                let best = ArrayPool<'T>.Shared.Rent inner
                x.AsSpan(from, inner).CopyTo(best.AsSpan 0)
                y.AsSpan(target, inner).Clear()

                for r in 1 .. rows - 1 do
                    for j in 0 .. inner - 1 do
                        let value = x[from + r * inner + j]

                        // Something new wins if the fold prefers it: never over NaN, never when equal.
                        if 'T.op_Inequality (value, best[j]) && not ('T.IsNaN best[j]) then
                            let winner = fold.Combine(best[j], value)

                            if 'T.IsNaN winner || 'T.op_Inequality (winner, best[j]) then
                                best[j] <- winner
                                y[target + j] <- int64 r

                ArrayPool.Shared.Return best

    static member private ArgReduceWith<'T, 'F
        when 'T: struct and 'T :> INumber<'T> and 'F: struct and 'F :> Fold<'T, 'T>>
        (axis: int, x: 'T[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        let struct (outer, rows, inner) = Scans.Split(dims, axis)
        let _ = x.AsSpan(start, outer * rows * inner)

        if outer * inner > 0 then
            if rows = 0 then
                let detail = $"axis {axis} has no elements, so none is the largest or smallest"
                raise (EngineException("ArgReduce", $"{Shape.Of dims}", "cpu", detail, 0, null))

            if outer * rows * inner < Partition.Threshold then
                Scans.Positions<'T, 'F>(x, start, 0, outer, rows, inner, y, at)
            else
                let body =
                    Action<int, int>(fun first finish ->
                        Scans.Positions<'T, 'F>(x, start, first, finish, rows, inner, y, at)
                    )

                Partition.run (outer, rows * inner, body)

    /// The positions of the first largest (or smallest) elements along an axis, which y lacks. NaN counts as the largest
    /// and as the smallest: where there is one, the position is that of the first NaN.
    /// Errors: EngineException where the axis has no elements.
    static member ArgReduce
        (largest: bool, axis: int, x: float[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        if largest then
            Scans.ArgReduceWith<float, MaximumFold<float>>(axis, x, start, dims, y, at)
        else
            Scans.ArgReduceWith<float, MinimumFold<float>>(axis, x, start, dims, y, at)

    /// As for float.
    static member ArgReduce
        (largest: bool, axis: int, x: float32[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        if largest then
            Scans.ArgReduceWith<float32, MaximumFold<float32>>(axis, x, start, dims, y, at)
        else
            Scans.ArgReduceWith<float32, MinimumFold<float32>>(axis, x, start, dims, y, at)

    /// As for float.
    static member ArgReduce
        (largest: bool, axis: int, x: int64[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        if largest then
            Scans.ArgReduceWith<int64, MaximumFold<int64>>(axis, x, start, dims, y, at)
        else
            Scans.ArgReduceWith<int64, MinimumFold<int64>>(axis, x, start, dims, y, at)

    /// As for float, with false before true.
    static member ArgReduce
        (largest: bool, axis: int, x: bool[], start: int, dims: int[], y: int64[], at: int)
        : unit =
        if largest then
            Scans.ArgReduceWith<byte, MaximumFold<byte>>(axis, Lanes.bytes x, start, dims, y, at)
        else
            Scans.ArgReduceWith<byte, MinimumFold<byte>>(axis, Lanes.bytes x, start, dims, y, at)
