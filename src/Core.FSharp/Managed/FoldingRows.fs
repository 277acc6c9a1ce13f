namespace Optim.Managed

open System
open System.Buffers
open System.Runtime.Intrinsics

/// The loops of reductions along an axis that others follow: whole rows are folded into one. As in Folding, the order is
/// a function of the sizes, and blocks of rows meet pairwise.
[<AbstractClass; Sealed>]
type internal FoldingRows<'T, 'A, 'F when 'F: struct and 'F :> Fold<'T, 'A>> =

    /// So many rows are folded one after the other.
    static member private PieceRows = 256

    /// So many columns are folded together, to stay in the nearest cache.
    static member private Tile = 2048

    /// Folds `rows` (8 or 1) rows, `stride` apart, into `width` results.
    static member private AddRows
        (x: 'T[], start: int, stride: int, eight: bool, width: int, into: 'A[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>
        let lanes = Vector512<'A>.Count

        let inline four (i: int) =
            fold.CombineLanes(
                fold.CombineLanes(fold.Load(x, i), fold.Load(x, i + stride)),
                fold.CombineLanes(fold.Load(x, i + 2 * stride), fold.Load(x, i + 3 * stride))
            )

        let inline group (j: int) =
            let i = start + j

            let rows =
                if eight then
                    fold.CombineLanes(four i, four (i + 4 * stride))
                else
                    fold.Load(x, i)

            fold.CombineLanes(Lanes.load into (at + j), rows)

        if width >= lanes then
            // The last columns may overlap columns before them: they are computed from the old results, stored last.
            let isUneven = width % lanes <> 0

            let last =
                if isUneven then
                    group (width - lanes)
                else
                    Vector512<'A>.Zero

            let mutable j = 0

            while j <= width - lanes do
                Lanes.store (group j) into (at + j)
                j <- j + lanes

            if isUneven then
                Lanes.store last into (at + width - lanes)
        else
            for j in 0 .. width - 1 do
                let mutable total = into[at + j]

                for r in 0 .. (if eight then 7 else 0) do
                    total <- fold.Combine(total, fold.Lift x[start + r * stride + j])

                into[at + j] <- total

    /// Folds some rows, `stride` apart, into `width` results, tile by tile.
    static member private Rows
        (x: 'T[], start: int, rows: int, stride: int, width: int, into: 'A[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>
        let mutable column = 0

        while column < width do
            let columns = min FoldingRows<'T, 'A, 'F>.Tile (width - column)
            into.AsSpan(at + column, columns).Fill fold.Identity
            let mutable row = 0

            while row + 8 <= rows do
                FoldingRows<'T, 'A, 'F>
                    .AddRows(
                        x,
                        start + row * stride + column,
                        stride,
                        true,
                        columns,
                        into,
                        at + column
                    )

                row <- row + 8

            while row < rows do
                FoldingRows<'T, 'A, 'F>
                    .AddRows(
                        x,
                        start + row * stride + column,
                        stride,
                        false,
                        columns,
                        into,
                        at + column
                    )

                row <- row + 1

            column <- column + columns

    /// Folds some contiguous rows of few columns into one row: several rows are handled as one long one.
    static member private NarrowRows
        (x: 'T[], start: int, rows: int, width: int, into: 'A[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>
        let group = FoldingRows<'T, 'A, 'F>.Group width
        let groups = rows / group

        if groups < 2 then
            FoldingRows<'T, 'A, 'F>.Rows(x, start, rows, width, width, into, at)
        else
            let long = group * width
            let scratch = ArrayPool<'A>.Shared.Rent long
            FoldingRows<'T, 'A, 'F>.Rows(x, start, groups, long, long, scratch, 0)
            Folding<'T, 'A, 'F>.Merge(scratch, 0, group, width)

            for row in groups * group .. rows - 1 do
                for j in 0 .. width - 1 do
                    scratch[j] <- fold.Combine(scratch[j], fold.Lift x[start + row * width + j])

            scratch.AsSpan(0, width).CopyTo(into.AsSpan at)
            ArrayPool.Shared.Return scratch

    /// How many rows of this width are handled as one: enough to fill eight vectors, a multiple of the lanes.
    static member private Group(width: int) : int =
        let lanes = Vector512<'A>.Count
        if width >= 8 * lanes then 1 else lanes * (1 + (7 / width))

    /// Lowers results to the destination.
    static member private LowerTo(results: 'A[], start: int, count: int, y: 'T[], at: int) : unit =
        let fold = Unchecked.defaultof<'F>
        let lanes = Vector512<'A>.Count
        let mutable j = 0

        while j <= count - lanes do
            fold.Store(Lanes.load results (start + j), y, at + j)
            j <- j + lanes

        while j < count do
            y[at + j] <- fold.Lower results[start + j]
            j <- j + 1

    /// Small parts, one result after the other.
    static member private Short
        (x: 'T[], start: int, outer: int, rows: int, inner: int, y: 'T[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>

        for o in 0 .. outer - 1 do
            let from = start + o * rows * inner

            for j in 0 .. inner - 1 do
                let mutable total = fold.Lift x[from + j]

                for r in 1 .. rows - 1 do
                    total <- fold.Combine(total, fold.Lift x[from + r * inner + j])

                y[at + o * inner + j] <- fold.Lower total

    /// Some tiles of columns, all rows at once. `tiles` lie in each of the outer positions.
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
        let scratch = ArrayPool<'A>.Shared.Rent(min inner FoldingRows<'T, 'A, 'F>.Tile)

        for tile in first .. finish - 1 do
            let o = tile / tiles
            let column = (tile - o * tiles) * FoldingRows<'T, 'A, 'F>.Tile
            let columns = min FoldingRows<'T, 'A, 'F>.Tile (inner - column)
            let from = start + o * rows * inner + column

            if tiles = 1 then
                FoldingRows<'T, 'A, 'F>.NarrowRows(x, from, rows, inner, scratch, 0)
            else
                FoldingRows<'T, 'A, 'F>.Rows(x, from, rows, inner, columns, scratch, 0)

            FoldingRows<'T, 'A, 'F>.LowerTo(scratch, 0, columns, y, at + o * inner + column)

        ArrayPool.Shared.Return scratch

    /// Some blocks of `each` rows, each into its row of partial results. `blocks` lie in each of the outer positions.
    static member private Blocks
        (
            x: 'T[],
            start: int,
            blocks: int,
            each: int,
            first: int,
            finish: int,
            rows: int,
            inner: int,
            partial: 'A[]
        ) : unit =
        for block in first .. finish - 1 do
            let o = block / blocks
            let row = (block - o * blocks) * each
            let from = start + (o * rows + row) * inner

            FoldingRows<'T, 'A, 'F>
                .NarrowRows(x, from, min each (rows - row), inner, partial, block * inner)

    /// x: (outer, rows, inner) to y: (outer, inner), with inner of 2 or more.
    static member Middle
        (x: 'T[], start: int, outer: int, rows: int, inner: int, y: 'T[], at: int)
        : unit =
        let isSmall = outer * rows * inner < Partition.Threshold
        let each = FoldingRows<'T, 'A, 'F>.PieceRows * FoldingRows<'T, 'A, 'F>.Group inner
        let blocks = 1 + (rows - 1) / each

        if rows * inner <= 64 && isSmall then
            FoldingRows<'T, 'A, 'F>.Short(x, start, outer, rows, inner, y, at)
        elif rows * inner <= 64 then
            let body =
                Action<int, int>(fun first finish ->
                    let from, target = start + first * rows * inner, at + first * inner
                    FoldingRows<'T, 'A, 'F>.Short(x, from, finish - first, rows, inner, y, target)
                )

            Partition.run (outer, rows * inner, body)
        elif blocks = 1 then
            let tiles = 1 + (inner - 1) / FoldingRows<'T, 'A, 'F>.Tile

            if isSmall then
                FoldingRows<'T, 'A, 'F>.Tiles(x, start, tiles, 0, outer * tiles, rows, inner, y, at)
            else
                let body =
                    Action<int, int>(fun first finish ->
                        FoldingRows<'T, 'A, 'F>
                            .Tiles(x, start, tiles, first, finish, rows, inner, y, at)
                    )

                Partition.run (outer * tiles, rows * (inner / tiles), body)
        else
            let partial = ArrayPool<'A>.Shared.Rent(outer * blocks * inner)

            if isSmall then
                FoldingRows<'T, 'A, 'F>
                    .Blocks(x, start, blocks, each, 0, outer * blocks, rows, inner, partial)
            else
                let body =
                    Action<int, int>(fun first finish ->
                        FoldingRows<'T, 'A, 'F>
                            .Blocks(x, start, blocks, each, first, finish, rows, inner, partial)
                    )

                Partition.run (outer * blocks, each * inner, body)

            for o in 0 .. outer - 1 do
                Folding<'T, 'A, 'F>.Merge(partial, o * blocks * inner, blocks, inner)

                FoldingRows<'T, 'A, 'F>
                    .LowerTo(partial, o * blocks * inner, inner, y, at + o * inner)

            ArrayPool.Shared.Return partial

    /// x: (outer, rows, inner) to y: (outer, inner).
    static member Run
        (x: 'T[], start: int, outer: int, rows: int, inner: int, y: 'T[], at: int)
        : unit =
        if rows = 0 then
            let fold = Unchecked.defaultof<'F>
            y.AsSpan(at, outer * inner).Fill(fold.Lower fold.Identity)
        elif rows = 1 then
            x.AsSpan(start, outer * inner).CopyTo(y.AsSpan at)
        elif inner = 1 then
            Folding<'T, 'A, 'F>.Last(x, start, outer, rows, y, at)
        elif outer * inner > 0 then
            FoldingRows<'T, 'A, 'F>.Middle(x, start, outer, rows, inner, y, at)
