namespace Optim.Managed

open System
open System.Buffers
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// A rectangle inside a row-major float64 array: entry (i, j) is `Data[Offset + i * Stride + j]`.
[<Struct; NoComparison; NoEquality>]
type internal MatrixWindow = {
    Data: float[]
    Offset: int
    Stride: int
} with

    /// The array index of entry (i, j).
    member window.At(row: int, column: int) : int =
        window.Offset + row * window.Stride + column

    /// The rectangle whose entry (0, 0) is this one's (row, column).
    member window.From(row: int, column: int) : MatrixWindow = {
        Data = window.Data
        Offset = window.At(row, column)
        Stride = window.Stride
    }

    /// `count` entries of one row, beginning at `column`.
    member window.Row(row: int, column: int, count: int) : Span<float> =
        window.Data.AsSpan(window.At(row, column), count)

/// A factor of a product: the window itself or its transpose.
[<Struct; NoComparison; NoEquality>]
type internal ProductOperand = { Window: MatrixWindow; IsTransposed: bool }

/// Size of C ← C − A B: A (Rows, Depth), B (Depth, Columns), C (Rows, Columns). With `IsLower` only entries on or below the
/// diagonal of C are promised; entries above it may or may not be updated.
[<Struct>]
type internal ProductExtent = {
    Rows: int
    Columns: int
    Depth: int
    IsLower: bool
}

/// C ← C − A B on windows: the one cubic-cost loop of all blocked factorizations here.
/// B is packed into strips of 16 columns (zero padded) that stay in the first cache level; a register tile of 4 × 16
/// accumulators runs along the depth. Source: Goto & van de Geijn 2008. Differs: A is read in place unless transposed.
[<RequireQualifiedAccess>]
module internal FactorProduct =

    /// Columns of a packed strip.
    [<Literal>]
    let private StripWidth = 16

    [<Literal>]
    let private DepthBlock = 256

    [<Literal>]
    let private RowBlock = 128

    /// One register tile's work: rows of A from `A.Offset`, the strip at `StripAt`, `Depth` terms.
    [<Struct; NoComparison; NoEquality>]
    type private Tile = {
        A: MatrixWindow
        Strips: float[]
        StripAt: int
        Depth: int
    }

    /// target (4, 16) at (`at`, `stride`) ← target − A B.
    let private tile4 (tile: Tile) (target: float[]) (at: int) (stride: int) : unit =
        let a0 = &tile.A.Data[tile.A.At(0, 0)]
        let a1 = &tile.A.Data[tile.A.At(1, 0)]
        let a2 = &tile.A.Data[tile.A.At(2, 0)]
        let a3 = &tile.A.Data[tile.A.At(3, 0)]
        let b = &tile.Strips[tile.StripAt]
        let mutable c00 = Vector512<float>.Zero
        let mutable c01 = Vector512<float>.Zero
        let mutable c10 = Vector512<float>.Zero
        let mutable c11 = Vector512<float>.Zero
        let mutable c20 = Vector512<float>.Zero
        let mutable c21 = Vector512<float>.Zero
        let mutable c30 = Vector512<float>.Zero
        let mutable c31 = Vector512<float>.Zero
        let mutable p = 0

        while p < tile.Depth do
            let strip = unativeint (p * StripWidth)
            let b0 = Vector512.LoadUnsafe(&b, strip)
            let b1 = Vector512.LoadUnsafe(&b, strip + 8un)
            let x0 = Vector512.Create(Unsafe.Add(&a0, p))
            c00 <- Vector512.MultiplyAddEstimate(x0, b0, c00)
            c01 <- Vector512.MultiplyAddEstimate(x0, b1, c01)
            let x1 = Vector512.Create(Unsafe.Add(&a1, p))
            c10 <- Vector512.MultiplyAddEstimate(x1, b0, c10)
            c11 <- Vector512.MultiplyAddEstimate(x1, b1, c11)
            let x2 = Vector512.Create(Unsafe.Add(&a2, p))
            c20 <- Vector512.MultiplyAddEstimate(x2, b0, c20)
            c21 <- Vector512.MultiplyAddEstimate(x2, b1, c21)
            let x3 = Vector512.Create(Unsafe.Add(&a3, p))
            c30 <- Vector512.MultiplyAddEstimate(x3, b0, c30)
            c31 <- Vector512.MultiplyAddEstimate(x3, b1, c31)
            p <- p + 1

        let rows = target.AsSpan(at, 3 * stride + StripWidth)
        let c = &MemoryMarshal.GetReference rows
        let row1 = unativeint stride
        let row2 = unativeint (2 * stride)
        let row3 = unativeint (3 * stride)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, 0un) - c00, &c, 0un)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, 8un) - c01, &c, 8un)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row1) - c10, &c, row1)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row1 + 8un) - c11, &c, row1 + 8un)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row2) - c20, &c, row2)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row2 + 8un) - c21, &c, row2 + 8un)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row3) - c30, &c, row3)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, row3 + 8un) - c31, &c, row3 + 8un)

    /// target (1, 16) at `at` ← target − A B, for the rows that do not fill a tile.
    let private tile1 (tile: Tile) (target: float[]) (at: int) : unit =
        let a0 = &tile.A.Data[tile.A.At(0, 0)]
        let b = &tile.Strips[tile.StripAt]
        let mutable c0 = Vector512<float>.Zero
        let mutable c1 = Vector512<float>.Zero
        let mutable p = 0

        while p < tile.Depth do
            let strip = unativeint (p * StripWidth)
            let x = Vector512.Create(Unsafe.Add(&a0, p))
            c0 <- Vector512.MultiplyAddEstimate(x, Vector512.LoadUnsafe(&b, strip), c0)
            c1 <- Vector512.MultiplyAddEstimate(x, Vector512.LoadUnsafe(&b, strip + 8un), c1)
            p <- p + 1

        let row = target.AsSpan(at, StripWidth)
        let c = &MemoryMarshal.GetReference row
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, 0un) - c0, &c, 0un)
        Vector512.StoreUnsafe(Vector512.LoadUnsafe(&c, 8un) - c1, &c, 8un)

    /// Rows p0 … p0+depth−1 of B as strips: strip s holds (depth, 16) entries at s · depth · 16.
    let private packStrips
        (b: ProductOperand)
        (p0: int)
        (depth: int)
        (columns: int)
        (strips: float[])
        : unit =
        for s in 0 .. (columns + StripWidth - 1) / StripWidth - 1 do
            let j0 = s * StripWidth
            let width = min StripWidth (columns - j0)
            let stripAt = s * depth * StripWidth

            if width < StripWidth then
                strips.AsSpan(stripAt, depth * StripWidth).Clear()

            if b.IsTransposed then
                for j in 0 .. width - 1 do
                    let row = b.Window.Row(j0 + j, p0, depth)

                    for p in 0 .. depth - 1 do
                        strips[stripAt + p * StripWidth + j] <- row[p]
            else
                for p in 0 .. depth - 1 do
                    b.Window
                        .Row(p0 + p, j0, width)
                        .CopyTo(strips.AsSpan(stripAt + p * StripWidth, width))

    /// Rows i0 … of a transposed A, depth p0 …, as a plain row-major (rows, depth) block.
    let private packTransposed
        (a: MatrixWindow)
        (i0: int)
        (rows: int)
        (p0: int)
        (depth: int)
        : MatrixWindow =
        let packed = GC.AllocateUninitializedArray<float>(rows * depth)

        for p in 0 .. depth - 1 do
            let column = a.Row(p0 + p, i0, rows)

            for i in 0 .. rows - 1 do
                packed[i * depth + p] <- column[i]

        { Data = packed; Offset = 0; Stride = depth }

    /// Rows [0, rows) of one strip of C, four at a time, straight into C where the strip is whole.
    let private sweepWhole
        (tile: Tile)
        (rows: struct (int * int))
        (c: MatrixWindow)
        (j0: int)
        : unit =
        let struct (first, rows) = rows
        let mutable i = first

        while i + 4 <= rows do
            tile4 { tile with A = tile.A.From(i, 0) } c.Data (c.At(i, j0)) c.Stride
            i <- i + 4

        while i < rows do
            tile1 { tile with A = tile.A.From(i, 0) } c.Data (c.At(i, j0))
            i <- i + 1

    /// The same for the last, narrower strip, through a small buffer.
    let private sweepPartial
        (tile: Tile)
        (rows: struct (int * int))
        (c: MatrixWindow)
        (j0: int)
        (width: int)
        : unit =
        let struct (first, rows) = rows
        let buffer = Array.zeroCreate<float>(4 * StripWidth)
        let mutable i = first

        while i < rows do
            let count = min 4 (rows - i)
            let part = { tile with A = tile.A.From(i, 0) }
            Array.Clear buffer

            if count = 4 then
                tile4 part buffer 0 StripWidth
            else
                for r in 0 .. count - 1 do
                    tile1 { part with A = part.A.From(r, 0) } buffer (r * StripWidth)

            for r in 0 .. count - 1 do
                let row = c.Row(i + r, j0, width)

                for j in 0 .. width - 1 do
                    row[j] <- row[j] + buffer[r * StripWidth + j]

            i <- i + count

    /// C ← C − A B. a: (Rows, Depth), b: (Depth, Columns), after transposition where asked; c: (Rows, Columns), overlapping
    /// neither. Cost: 2 · Rows · Columns · Depth operations, half of it with `IsLower`.
    let subtract
        (extent: ProductExtent)
        (a: ProductOperand)
        (b: ProductOperand)
        (c: MatrixWindow)
        : unit =
        if extent.Rows > 0 && extent.Columns > 0 && extent.Depth > 0 then
            let stripCount = (extent.Columns + StripWidth - 1) / StripWidth

            let strips =
                ArrayPool.Shared.Rent(stripCount * StripWidth * min DepthBlock extent.Depth)

            for p0 in 0..DepthBlock .. extent.Depth - 1 do
                let depth = min DepthBlock (extent.Depth - p0)
                packStrips b p0 depth extent.Columns strips

                for i0 in 0..RowBlock .. extent.Rows - 1 do
                    let rows = min RowBlock (extent.Rows - i0)

                    let aBlock =
                        if a.IsTransposed then
                            packTransposed a.Window i0 rows p0 depth
                        else
                            a.Window.From(i0, p0)

                    for s in 0 .. stripCount - 1 do
                        let j0 = s * StripWidth
                        // Rows above the strip's first column lie above the diagonal.
                        let first = if extent.IsLower then max 0 (j0 - i0) else 0
                        let width = min StripWidth (extent.Columns - j0)

                        let tile = {
                            A = aBlock
                            Strips = strips
                            StripAt = s * depth * StripWidth
                            Depth = depth
                        }

                        if width = StripWidth then
                            sweepWhole tile (struct (first, rows)) (c.From(i0, 0)) j0
                        else
                            sweepPartial tile (struct (first, rows)) (c.From(i0, 0)) j0 width

            ArrayPool.Shared.Return strips
