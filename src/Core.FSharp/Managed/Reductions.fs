namespace Optim.Managed

open System
open System.Buffers
open Optim

/// One pass over (outer, rows, inner) that removes the axis in the middle.
type internal Pass<'T> =
    abstract Run:
        x: 'T[] * start: int * outer: int * rows: int * inner: int * y: 'T[] * at: int -> unit

/// The pass of a fold.
[<Struct; NoEquality; NoComparison>]
type internal FoldPass<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>> =
    interface Pass<'T> with
        member _.Run(x, start, outer, rows, inner, y, at) =
            FoldingRows<'T, 'A, 'F>.Run(x, start, outer, rows, inner, y, at)

/// The pass of log Σ exp.
[<Struct; NoEquality; NoComparison>]
type internal LogSumExpPass<'T, 'V, 'M
    when 'V: struct and 'V :> AsFloat<'T> and 'M: struct and 'M :> Fold<'T, 'T>> =
    interface Pass<'T> with
        member _.Run(x, start, outer, rows, inner, y, at) =
            LogSumExp<'T, 'V, 'M>.Run(x, start, outer, rows, inner, y, at)

/// Reductions over axes. x: the shape `dims` from `start`, contiguous. axes: ascending and distinct, none means none.
/// y: contiguous from `at`, its length the product of the axes that stay; what it held before does not matter.
/// Over no elements: 0, 1, −∞, ∞, −∞, where an Int64 takes its least and largest number for −∞ and ∞.
/// Sums and products of float32 are kept in float. Deterministic: the order of operations is a function of the sizes.
/// Cost: one reading of x for each group of neighbouring axes, at memory speed; log Σ exp: two readings and an exp.
[<AbstractClass; Sealed>]
type internal Reductions =

    static member private Walk<'T, 'P when 'P: struct and 'P :> Pass<'T>>
        (x: 'T[], start: int, dims: int[], axes: int[], y: 'T[], at: int)
        : unit =
        let pass = Unchecked.defaultof<'P>
        // The last group of neighbouring reduced axes is `rows`; axes of length 1 belong anywhere.
        let mutable outer = 1
        let mutable rows = 1
        let mutable inner = 1
        let mutable groupStart = dims.Length
        let mutable isPast = false
        let mutable hasMore = false
        let mutable next = axes.Length - 1

        for i in dims.Length - 1 .. -1 .. 0 do
            let isReduced = next >= 0 && axes[next] = i

            if isReduced then
                next <- next - 1

            if dims[i] <> 1 then
                if isPast then
                    outer <- outer * dims[i]
                    hasMore <- hasMore || isReduced
                elif isReduced then
                    rows <- rows * dims[i]
                    groupStart <- i
                elif groupStart = dims.Length then
                    inner <- inner * dims[i]
                else
                    isPast <- true
                    outer <- dims[i]

        // The loops below do not check: the ranges must lie inside the arrays.
        let _ = x.AsSpan(start, outer * rows * inner)

        if not hasMore then
            let _ = y.AsSpan(at, outer * inner)
            pass.Run(x, start, outer, rows, inner, y, at)
        else
            // Remove this group, then the others.
            let rest = Array.copy dims

            for i in axes do
                if i >= groupStart then
                    rest[i] <- 1

            let scratch = ArrayPool<'T>.Shared.Rent(outer * inner)
            pass.Run(x, start, outer, rows, inner, scratch, 0)
            Reductions.Walk<'T, 'P>(scratch, 0, rest, axes, y, at)
            ArrayPool.Shared.Return scratch

    static member private Undefined(kind: Reduction, dims: int[], dtype: DType) : exn =
        EngineException(
            $"Reduce {kind}",
            $"{Shape.Of dims}",
            "cpu",
            $"it is not defined for {dtype}",
            0,
            null
        )

    /// Of float.
    static member Reduce
        (kind: Reduction, x: float[], start: int, dims: int[], axes: int[], y: float[], at: int)
        : unit =
        match kind with
        | Reduction.Sum ->
            Reductions.Walk<float, FoldPass<float, float, SumFold<float>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Product ->
            Reductions.Walk<float, FoldPass<float, float, ProductFold<float>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Maximum ->
            Reductions.Walk<float, FoldPass<float, float, MaximumFold<float>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Minimum ->
            Reductions.Walk<float, FoldPass<float, float, MinimumFold<float>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.LogSumExp ->
            Reductions.Walk<float, LogSumExpPass<float, FloatAsFloat, MaximumFold<float>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )

    /// Of float32.
    static member Reduce
        (kind: Reduction, x: float32[], start: int, dims: int[], axes: int[], y: float32[], at: int)
        : unit =
        match kind with
        | Reduction.Sum ->
            Reductions.Walk<float32, FoldPass<float32, float, WideSumFold>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Product ->
            Reductions.Walk<float32, FoldPass<float32, float, WideProductFold>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Maximum ->
            Reductions.Walk<float32, FoldPass<float32, float32, MaximumFold<float32>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Minimum ->
            Reductions.Walk<float32, FoldPass<float32, float32, MinimumFold<float32>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.LogSumExp ->
            Reductions.Walk<float32, LogSumExpPass<float32, Float32AsFloat, MaximumFold<float32>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )

    /// Of int64; sums and products wrap around. Errors: EngineException for LogSumExp.
    static member Reduce
        (kind: Reduction, x: int64[], start: int, dims: int[], axes: int[], y: int64[], at: int)
        : unit =
        match kind with
        | Reduction.Sum ->
            Reductions.Walk<int64, FoldPass<int64, int64, SumFold<int64>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Product ->
            Reductions.Walk<int64, FoldPass<int64, int64, ProductFold<int64>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Maximum ->
            Reductions.Walk<int64, FoldPass<int64, int64, MaximumFold<int64>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.Minimum ->
            Reductions.Walk<int64, FoldPass<int64, int64, MinimumFold<int64>>>(
                x,
                start,
                dims,
                axes,
                y,
                at
            )
        | Reduction.LogSumExp -> raise (Reductions.Undefined(kind, dims, DType.Int64))

    /// Of bool: Maximum is any, Minimum is all. Errors: EngineException for the others.
    static member Reduce
        (kind: Reduction, x: bool[], start: int, dims: int[], axes: int[], y: bool[], at: int)
        : unit =
        let bytes = Lanes.bytes x
        let results = Lanes.bytes y

        match kind with
        | Reduction.Maximum ->
            Reductions.Walk<byte, FoldPass<byte, byte, MaximumFold<byte>>>(
                bytes,
                start,
                dims,
                axes,
                results,
                at
            )
        | Reduction.Minimum ->
            Reductions.Walk<byte, FoldPass<byte, byte, AndFold>>(
                bytes,
                start,
                dims,
                axes,
                results,
                at
            )
        | Reduction.Sum
        | Reduction.Product
        | Reduction.LogSumExp -> raise (Reductions.Undefined(kind, dims, DType.Bool))
