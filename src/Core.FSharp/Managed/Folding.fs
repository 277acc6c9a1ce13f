namespace Optim.Managed

open System
open System.Buffers
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// The loops of reductions of contiguous elements, compiled once for each fold. The order in which elements meet is a
/// function of the sizes only. Blocks meet pairwise, so the rounding error of a sum of n elements grows like log n.
[<AbstractClass; Sealed>]
type internal Folding<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>> =

    /// So many elements are folded without splitting.
    static member private Piece = 1024

    /// One number from all lanes.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Collapse(lanes: Vector512<'A>) : 'A =
        let fold = Unchecked.defaultof<'F>
        let half = Vector512.GetUpper lanes
        let lanes = fold.CombineLanes(lanes, Vector512.Create(half, half))
        let quarter = Vector256.GetUpper(Vector512.GetLower lanes)
        let quarters = Vector256.Create(quarter, quarter)
        let lanes = fold.CombineLanes(lanes, Vector512.Create(quarters, quarters))
        let last = Vector256.GetLower(Vector512.GetLower lanes)
        let mutable total = last[0]

        for i in 1 .. Vector128<'A>.Count - 1 do
            total <- fold.Combine(total, last[i])

        total

    /// Of at most `Piece` contiguous elements, at least as many as lanes.
    static member private Block(x: 'T[], start: int, count: int) : 'A =
        let fold = Unchecked.defaultof<'F>
        let width = Vector512<'A>.Count
        let finish = start + count
        let mutable i = start + width
        let mutable a = fold.Load(x, start)

        if count >= 4 * width then
            let mutable b = fold.Load(x, start + width)
            let mutable c = fold.Load(x, start + 2 * width)
            let mutable d = fold.Load(x, start + 3 * width)
            i <- start + 4 * width

            while i <= finish - 4 * width do
                a <- fold.CombineLanes(a, fold.Load(x, i))
                b <- fold.CombineLanes(b, fold.Load(x, i + width))
                c <- fold.CombineLanes(c, fold.Load(x, i + 2 * width))
                d <- fold.CombineLanes(d, fold.Load(x, i + 3 * width))
                i <- i + 4 * width

            a <- fold.CombineLanes(fold.CombineLanes(a, b), fold.CombineLanes(c, d))

        while i <= finish - width do
            a <- fold.CombineLanes(a, fold.Load(x, i))
            i <- i + width

        if fold.IsIdempotent then
            if i < finish then
                a <- fold.CombineLanes(a, fold.Load(x, finish - width))

            Folding<'T, 'A, 'F>.Collapse a
        else
            let mutable total = Folding<'T, 'A, 'F>.Collapse a

            while i < finish do
                total <- fold.Combine(total, fold.Lift x[i])
                i <- i + 1

            total

    /// Of few contiguous elements, at least one.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Few(x: 'T[], start: int, count: int) : 'A =
        let fold = Unchecked.defaultof<'F>
        let finish = start + count
        let mutable a = fold.Lift x[start]
        let mutable i = start + 1

        if count >= 8 then
            let mutable b = fold.Lift x[start + 1]
            let mutable c = fold.Lift x[start + 2]
            let mutable d = fold.Lift x[start + 3]
            i <- start + 4

            while i <= finish - 4 do
                a <- fold.Combine(a, fold.Lift x[i])
                b <- fold.Combine(b, fold.Lift x[i + 1])
                c <- fold.Combine(c, fold.Lift x[i + 2])
                d <- fold.Combine(d, fold.Lift x[i + 3])
                i <- i + 4

            a <- fold.Combine(fold.Combine(a, b), fold.Combine(c, d))

        while i < finish do
            a <- fold.Combine(a, fold.Lift x[i])
            i <- i + 1

        a

    /// Of contiguous elements, on this core.
    static member Flat(x: 'T[], start: int, count: int) : 'A =
        let fold = Unchecked.defaultof<'F>

        if count < 16 || count < Vector512<'A>.Count then
            if count = 0 then
                fold.Identity
            else
                Folding<'T, 'A, 'F>.Few(x, start, count)
        elif count <= Folding<'T, 'A, 'F>.Piece then
            Folding<'T, 'A, 'F>.Block(x, start, count)
        else
            let piece = Folding<'T, 'A, 'F>.Piece
            let half = (count / 2 + piece - 1) / piece * piece
            let left = Folding<'T, 'A, 'F>.Flat(x, start, half)
            fold.Combine(left, Folding<'T, 'A, 'F>.Flat(x, start + half, count - half))

    /// Of contiguous elements, on all cores if they are many.
    static member All(x: 'T[], start: int, count: int) : 'A =
        if count < Partition.Threshold then
            Folding<'T, 'A, 'F>.Flat(x, start, count)
        else
            let parts = 1 + (count - 1) / Partition.Grain
            let partial = ArrayPool<'A>.Shared.Rent parts

            let body =
                Action<int, int>(fun first finish ->
                    for i in first .. finish - 1 do
                        let from = i * Partition.Grain

                        partial[i] <-
                            Folding<'T, 'A, 'F>
                                .Flat(x, start + from, min Partition.Grain (count - from))
                )

            Partition.run (parts, Partition.Grain, body)
            Folding<'T, 'A, 'F>.Merge(partial, 0, parts, 1)
            let total = partial[0]
            ArrayPool.Shared.Return partial
            total

    /// Folds `rows` rows of `width` results pairwise into the first.
    static member Merge(partial: 'A[], start: int, rows: int, width: int) : unit =
        let fold = Unchecked.defaultof<'F>
        let lanes = Vector512<'A>.Count
        let mutable distance = 1

        while distance < rows do
            let mutable row = 0

            while row + distance < rows do
                let a = start + row * width
                let b = a + distance * width
                let mutable j = 0

                while j <= width - lanes do
                    Lanes.store
                        (fold.CombineLanes(Lanes.load partial (a + j), Lanes.load partial (b + j)))
                        partial
                        (a + j)

                    j <- j + lanes

                while j < width do
                    partial[a + j] <- fold.Combine(partial[a + j], partial[b + j])
                    j <- j + 1

                row <- row + 2 * distance

            distance <- 2 * distance

    /// x: (outer, rows) to y: (outer).
    static member Last(x: 'T[], start: int, outer: int, rows: int, y: 'T[], at: int) : unit =
        let fold = Unchecked.defaultof<'F>

        if outer = 1 then
            y[at] <- fold.Lower(Folding<'T, 'A, 'F>.All(x, start, rows))
        elif outer * rows < Partition.Threshold then
            for o in 0 .. outer - 1 do
                y[at + o] <- fold.Lower(Folding<'T, 'A, 'F>.Flat(x, start + o * rows, rows))
        elif rows >= Partition.Threshold then
            for o in 0 .. outer - 1 do
                y[at + o] <- fold.Lower(Folding<'T, 'A, 'F>.All(x, start + o * rows, rows))
        else
            let body =
                Action<int, int>(fun first finish ->
                    for o in first .. finish - 1 do
                        let total = Folding<'T, 'A, 'F>.Flat(x, start + o * rows, rows)
                        y[at + o] <- Unchecked.defaultof<'F>.Lower total
                )

            Partition.run (outer, rows, body)
