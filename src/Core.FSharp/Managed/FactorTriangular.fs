namespace Optim.Managed

open System
open Optim

/// How a stored matrix stands for a triangular one, op(T). The other triangle is never read.
[<Struct>]
type internal TriangularForm = {
    /// The triangle, as stored.
    Triangle: Triangle
    /// op(T) is the transpose of the stored triangle.
    IsTransposed: bool
    /// The diagonal is taken as ones and not read.
    IsUnit: bool
} with

    /// The stored triangle is the lower one.
    member form.IsLower: bool = (form.Triangle = Triangle.Lower)

    /// op(T) is lower triangular, so its first unknown comes first.
    member form.IsForward: bool = (form.IsLower <> form.IsTransposed)

/// Systems with a triangular matrix, solved in place for many right-hand sides.
/// A zero on the diagonal gives infinities or NaN by IEEE division, never an exception.
[<RequireQualifiedAccess>]
module internal FactorTriangular =

    [<Literal>]
    let private BlockRows = 64

    /// Right-hand sides per pass over a diagonal block: a block's rows then stay in the second cache level.
    [<Literal>]
    let private ChunkColumns = 256

    /// Up to so many right-hand sides are solved one by one, each as a contiguous vector.
    [<Literal>]
    let private FewColumns = 3

    /// x ← op(T)⁻¹ x. x: (n) contiguous.
    let private solveVector
        (form: TriangularForm)
        (n: int)
        (t: MatrixWindow)
        (x: Span<float>)
        : unit =
        for turn in 0 .. n - 1 do
            let i = if form.IsForward then turn else n - 1 - turn
            // The stored entries of row i beside the diagonal, and the part of x they belong to.
            let start = if form.IsLower then 0 else i + 1
            let count = if form.IsLower then i else n - 1 - i
            let row = t.Row(i, start, count)
            let others = x.Slice(start, count)

            if not form.IsTransposed then
                x[i] <- x[i] - FactorVector.dot row others

            if not form.IsUnit then
                x[i] <- x[i] / t.Data[t.At(i, i)]

            if form.IsTransposed then
                FactorVector.addScaled -x[i] row others

    /// b ← op(T)⁻¹ b for one diagonal block, n at most `BlockRows`. b: (n, r) rows.
    let private solveBlock
        (form: TriangularForm)
        (n: int)
        (r: int)
        (t: MatrixWindow)
        (b: MatrixWindow)
        : unit =
        for j0 in 0..ChunkColumns .. r - 1 do
            let width = min ChunkColumns (r - j0)

            for turn in 0 .. n - 1 do
                let forward = form.IsForward
                let i = if forward then turn else n - 1 - turn
                let row = b.Row(i, j0, width)
                let first = if forward then 0 else i + 1
                let last = if forward then i - 1 else n - 1

                for p in first..last do
                    let at = if form.IsTransposed then t.At(p, i) else t.At(i, p)
                    FactorVector.addScaled -t.Data[at] (b.Row(p, j0, width)) row

                if not form.IsUnit then
                    FactorVector.divide t.Data[t.At(i, i)] row

    /// Few right-hand sides: each is copied out, solved as a vector and copied back.
    let private solveFew
        (form: TriangularForm)
        (n: int)
        (r: int)
        (t: MatrixWindow)
        (b: MatrixWindow)
        : unit =
        let x = GC.AllocateUninitializedArray<float> n

        for j in 0 .. r - 1 do
            for i in 0 .. n - 1 do
                x[i] <- b.Data[b.At(i, j)]

            solveVector form n t (x.AsSpan())

            for i in 0 .. n - 1 do
                b.Data[b.At(i, j)] <- x[i]

    /// Many right-hand sides: diagonal blocks, and one product for all that is left of each.
    let private solveMany
        (form: TriangularForm)
        (n: int)
        (r: int)
        (t: MatrixWindow)
        (b: MatrixWindow)
        : unit =
        let blocks = (n + BlockRows - 1) / BlockRows

        for turn in 0 .. blocks - 1 do
            let forward = form.IsForward
            let i0 = (if forward then turn else blocks - 1 - turn) * BlockRows
            let i1 = min n (i0 + BlockRows)
            solveBlock form (i1 - i0) r (t.From(i0, i0)) (b.From(i0, 0))
            // The unknowns still open: rows after the block when forward, before it when backward.
            let first = if forward then i1 else 0
            let rest = if forward then n - i1 else i0

            let extent = {
                Rows = rest
                Columns = r
                Depth = i1 - i0
                IsLower = false
            }

            let factor = {
                Window =
                    if form.IsTransposed then
                        t.From(i0, first)
                    else
                        t.From(first, i0)
                IsTransposed = form.IsTransposed
            }

            let solved = { Window = b.From(i0, 0); IsTransposed = false }

            FactorProduct.subtract extent factor solved (b.From(first, 0))

    /// b ← op(T)⁻¹ b on windows of row-major arrays. t: (n, n), b: (n, r), not overlapping. Cost: n² r operations.
    let solveWindow
        (form: TriangularForm)
        (n: int)
        (r: int)
        (t: MatrixWindow)
        (b: MatrixWindow)
        : unit =
        if r <= FewColumns then
            solveFew form n r t b
        else
            solveMany form n r t b

    /// b ← op(T)⁻¹ b. t: (n, n) from `tOffset`, b: (n, r) from `bOffset`, both row-major and contiguous, not overlapping.
    /// Reads only the named triangle of t. A zero or NaN on the diagonal gives non-finite rows. Cost: n² r operations.
    let solve
        (form: TriangularForm)
        (struct (n: int, r: int))
        (struct (t: float[], tOffset: int))
        (struct (b: float[], bOffset: int))
        : unit =
        solveWindow form n r { Data = t; Offset = tOffset; Stride = n } {
            Data = b
            Offset = bOffset
            Stride = r
        }
