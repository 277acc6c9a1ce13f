namespace Optim.Managed

open System
open System.Buffers
open System.Runtime.Intrinsics

/// Reading elements as float, several at once.
type internal AsFloat<'T> =
    abstract Get: value: 'T -> float
    abstract Put: value: float -> 'T
    /// Eight elements from the index. The caller has checked the range.
    abstract Load: source: 'T[] * index: int -> Vector512<float>

/// float as it is.
[<Struct; NoEquality; NoComparison>]
type internal FloatAsFloat =
    interface AsFloat<float> with
        member _.Get value = value
        member _.Put value = value
        member _.Load(source, index) = Lanes.load source index

/// float32 widened.
[<Struct; NoEquality; NoComparison>]
type internal Float32AsFloat =
    interface AsFloat<float32> with
        member _.Get value = float value
        member _.Put value = float32 value
        member _.Load(source, index) = Lanes.loadWide source index

/// log Σ exp x = m + log Σ exp (x − m) with m the largest x, which is also the result where it is infinite or NaN.
/// 'M folds to the largest. Everything between reading and writing is done in float.
[<AbstractClass; Sealed>]
type internal LogSumExp<'T, 'V, 'M
    when 'V: struct and 'V :> AsFloat<'T> and 'M: struct and 'M :> Fold<'T, 'T>> =

    /// Σ exp (x − m) over contiguous elements, in pairs of blocks.
    static member private SumExp(x: 'T[], start: int, count: int, m: float) : float =
        let view = Unchecked.defaultof<'V>
        let width = Vector512<float>.Count

        if count < width then
            let mutable total = 0.0

            for i in start .. start + count - 1 do
                total <- total + Math.Exp(view.Get x[i] - m)

            total
        elif count <= 1024 then
            let shift = Vector512.Create m
            let finish = start + count
            let mutable total = Vector512<float>.Zero
            let mutable i = start

            while i <= finish - width do
                total <- total + Exponential.Of(view.Load(x, i) - shift)
                i <- i + width

            if i < finish then
                // The last vector overlaps the one before; the lanes that were counted are left out.
                let fresh = Vector512.Create(float (width - (finish - i)))
                let isFresh = Vector512.GreaterThanOrEqual(Vector512<float>.Indices, fresh)
                let values = Exponential.Of(view.Load(x, finish - width) - shift)
                total <- total + Vector512.ConditionalSelect(isFresh, values, Vector512<float>.Zero)

            Vector512.Sum total
        else
            let half = (count / 2 + 1023) / 1024 * 1024
            let left = LogSumExp<'T, 'V, 'M>.SumExp(x, start, half, m)
            left + LogSumExp<'T, 'V, 'M>.SumExp(x, start + half, count - half, m)

    /// Of contiguous elements.
    static member private Flat(x: 'T[], start: int, count: int) : 'T =
        let view = Unchecked.defaultof<'V>
        let m = Folding<'T, 'T, 'M>.Flat(x, start, count)
        let shift = view.Get m

        if Double.IsFinite shift then
            view.Put(shift + Math.Log(LogSumExp<'T, 'V, 'M>.SumExp(x, start, count, shift)))
        else
            m

    /// x: (outer, rows) to y: (outer).
    static member private Last
        (x: 'T[], start: int, outer: int, rows: int, y: 'T[], at: int)
        : unit =
        if outer * rows < Partition.Threshold / 8 then
            for o in 0 .. outer - 1 do
                y[at + o] <- LogSumExp<'T, 'V, 'M>.Flat(x, start + o * rows, rows)
        elif outer >= 8 then
            let body =
                Action<int, int>(fun first finish ->
                    for o in first .. finish - 1 do
                        y[at + o] <- LogSumExp<'T, 'V, 'M>.Flat(x, start + o * rows, rows)
                )

            Partition.run (outer, 8 * rows, body)
        else
            let view = Unchecked.defaultof<'V>
            let parts = 1 + (rows - 1) / 4096
            let partial = ArrayPool<float>.Shared.Rent parts

            for o in 0 .. outer - 1 do
                let from = start + o * rows
                let m = Folding<'T, 'T, 'M>.All(x, from, rows)
                let shift = view.Get m

                if Double.IsFinite shift then
                    let body =
                        Action<int, int>(fun first finish ->
                            for i in first .. finish - 1 do
                                let part = i * 4096

                                partial[i] <-
                                    LogSumExp<'T, 'V, 'M>
                                        .SumExp(x, from + part, min 4096 (rows - part), shift)
                        )

                    Partition.run (parts, 8 * 4096, body)

                    y[at + o] <-
                        view.Put(
                            shift
                            + Math.Log(
                                Folding<float, float, SumFold<float>>.Flat(partial, 0, parts)
                            )
                        )
                else
                    y[at + o] <- m

            ArrayPool.Shared.Return partial

    /// Some columns of (rows, inner), first to finish.
    static member private Columns
        (x: 'T[], start: int, rows: int, inner: int, first: int, finish: int, y: 'T[], at: int)
        : unit =
        let view = Unchecked.defaultof<'V>
        let most = Unchecked.defaultof<'M>
        let width = Vector512<float>.Count
        let mutable j = first

        while j <= finish - width do
            // Eight columns at once.
            for lane in 0 .. width - 1 do
                let mutable m = x[start + j + lane]

                for r in 1 .. rows - 1 do
                    m <- most.Combine(m, x[start + r * inner + j + lane])

                y[at + j + lane] <- m

            let m = view.Load(y, at + j)
            let mutable total = Vector512<float>.Zero

            for r in 0 .. rows - 1 do
                total <- total + Exponential.Of(view.Load(x, start + r * inner + j) - m)

            let values = m + Vector512.Log total

            for lane in 0 .. width - 1 do
                if Double.IsFinite m[lane] then
                    y[at + j + lane] <- view.Put values[lane]

            j <- j + width

        while j < finish do
            let mutable m = x[start + j]

            for r in 1 .. rows - 1 do
                m <- most.Combine(m, x[start + r * inner + j])

            let shift = view.Get m

            if Double.IsFinite shift then
                let mutable total = 0.0

                for r in 0 .. rows - 1 do
                    total <- total + Math.Exp(view.Get x[start + r * inner + j] - shift)

                y[at + j] <- view.Put(shift + Math.Log total)
            else
                y[at + j] <- m

            j <- j + 1

    /// Some tiles of 64 columns. `tiles` lie in each of the outer positions.
    static member private Tiles
        (
            x: 'T[],
            start: int,
            tiles: int,
            first: int,
            finish: int,
            rows: int,
            inner: int,
            y: 'T[],
            at: int
        ) : unit =
        for tile in first .. finish - 1 do
            let o = tile / tiles
            let column = (tile - o * tiles) * 64
            let from, target = start + o * rows * inner, at + o * inner

            LogSumExp<'T, 'V, 'M>
                .Columns(x, from, rows, inner, column, min inner (column + 64), y, target)

    /// x: (outer, rows, inner) to y: (outer, inner).
    static member Run
        (x: 'T[], start: int, outer: int, rows: int, inner: int, y: 'T[], at: int)
        : unit =
        if rows = 0 then
            y.AsSpan(at, outer * inner).Fill(Unchecked.defaultof<'M>.Identity)
        elif rows = 1 then
            x.AsSpan(start, outer * inner).CopyTo(y.AsSpan at)
        elif inner = 1 then
            LogSumExp<'T, 'V, 'M>.Last(x, start, outer, rows, y, at)
        elif outer * inner > 0 then
            let tiles = 1 + (inner - 1) / 64

            if outer * rows * inner < Partition.Threshold / 8 then
                LogSumExp<'T, 'V, 'M>.Tiles(x, start, tiles, 0, outer * tiles, rows, inner, y, at)
            else
                let body =
                    Action<int, int>(fun first finish ->
                        LogSumExp<'T, 'V, 'M>
                            .Tiles(x, start, tiles, first, finish, rows, inner, y, at)
                    )

                Partition.run (outer * tiles, 8 * rows * min inner 64, body)
