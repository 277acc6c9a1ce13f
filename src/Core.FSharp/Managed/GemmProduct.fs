namespace Optim.Managed

/// One product: Target (rows, columns) = Left (rows, inner) Right (inner, columns), all lengths at least 1.
[<Struct; NoComparison; NoEquality>]
type internal Job = {
    Rows: int
    Columns: int
    Inner: int
    Left: MatrixView
    Right: MatrixView
    Target: MatrixView
}

module internal Job =
    /// The same product read as Targetᵀ = Rightᵀ Leftᵀ, so that registers run along the rows of the target.
    let transpose (job: Job) : Job = {
        Rows = job.Columns
        Columns = job.Rows
        Inner = job.Inner
        Left = MatrixView.transpose job.Right
        Right = MatrixView.transpose job.Left
        Target = MatrixView.transpose job.Target
    }

/// One product on one thread. The inner index is cut into blocks of at most 256 and the rest so that a panel of the right matrix
/// stays in the first cache and a block of left rows in the second. No cut but that of the inner index touches a rounding.
/// Source: Goto & van de Geijn 2008. Differs: small operands are read where they are, without packing.
[<AbstractClass; Sealed>]
type internal Product<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    /// Columns of a wide tile.
    static member TileColumns: int = 2 * 'L.Width

    /// Columns after padding to whole registers.
    static member Padded(columns: int) : int =
        (columns + 'L.Width - 1) / 'L.Width * 'L.Width

    /// The most left rows that are worked on at once.
    static member private RowBlock: int = 16 * 'L.TileRows

    /// The most columns that are packed at once.
    static member private ColumnBlock: int = 64 * Product<'T, 'V, 'L>.TileColumns

    /// How many sums the inner index is cut into, a function of its length alone.
    static member private InnerBlocks(inner: int) : int = (inner + 255) / 256

    /// Up to so many rows a right matrix whose rows are contiguous is read in place.
    static member private InPlaceRows: int = 24

    /// From so many columns on the left matrix is packed.
    static member private PackedLeftColumns: int = 4 * Product<'T, 'V, 'L>.TileColumns + 1

    static member private TileCount(rows: int) : int = (rows + 'L.TileRows - 1) / 'L.TileRows

    /// Roughly the machine cycles of a product, to choose the better of its two readings.
    /// `packed`: the right matrix is packed already. Measured on a machine with two 512-bit multiply-adds a cycle.
    static member Cost(job: inref<Job>, packed: bool) : float =
        let size = nativeint sizeof<'T>
        let rows, columns, inner = float job.Rows, float job.Columns, float job.Inner
        let tiles = Product<'T, 'V, 'L>.TileCount job.Rows
        let height = rows / float tiles
        let registers = Product<'T, 'V, 'L>.Padded job.Columns / 'L.Width
        let wide, narrow = registers / 2, registers % 2

        let multiply =
            float tiles
            * inner
            * (float wide * max 4.0 height + float narrow * max 4.0 (0.6 * height))

        let move (operand: MatrixView) count =
            (if operand.ColumnStep = size then 0.2 else 0.7) * count

        let packRight = if packed then 0.0 else move job.Right (columns * inner)

        let packLeft =
            if job.Columns >= Product<'T, 'V, 'L>.PackedLeftColumns then
                move (MatrixView.transpose job.Left) (rows * inner)
            else
                0.0

        let store =
            float (Product<'T, 'V, 'L>.InnerBlocks job.Inner)
            * rows
            * columns
            * (if job.Target.ColumnStep <> size then 1.0
               elif job.Columns % 'L.Width <> 0 then 0.4
               else 0.2)

        multiply + packRight + packLeft + store

    /// Bytes that the right matrix takes when it is packed as a whole.
    static member PackedBytes(job: inref<Job>) : int64 =
        int64 job.Inner
        * int64 (Product<'T, 'V, 'L>.Padded job.Columns)
        * int64 sizeof<'T>

    /// Packs a part of the right matrix, panel after panel, each as wide as a tile.
    static member private PackPanels
        (right: MatrixView, inner: int, columns: int, target: nativeint)
        : unit =
        let width = Product<'T, 'V, 'L>.TileColumns
        let mutable column = 0

        while column < columns do
            let existing = min width (columns - column)
            let padded = min width (Product<'T, 'V, 'L>.Padded existing)
            let into = target + nativeint column * nativeint inner * nativeint sizeof<'T>
            let from = MatrixView.from 0 column right
            Pack<'T, 'V, 'L>.Slab(from, inner, existing, padded, into)
            column <- column + width

    /// Packs the whole right matrix, for `Run` to be given: inner block after inner block.
    static member PackRight(job: inref<Job>, target: nativeint) : unit =
        let blocks = Product<'T, 'V, 'L>.InnerBlocks job.Inner
        let length = (job.Inner + blocks - 1) / blocks
        let padded = nativeint (Product<'T, 'V, 'L>.Padded job.Columns)

        for block in 0 .. blocks - 1 do
            let start = block * length
            let inner = min length (job.Inner - start)
            let into = target + nativeint start * padded * nativeint sizeof<'T>
            let from = MatrixView.from start 0 job.Right
            Product<'T, 'V, 'L>.PackPanels(from, inner, job.Columns, into)

    /// Packs left rows tile after tile, in the partition that `RunRows` uses.
    static member private PackLeft
        (left: MatrixView, rows: int, inner: int, target: nativeint)
        : unit =
        let tiles = Product<'T, 'V, 'L>.TileCount rows
        let height, higher = rows / tiles, rows % tiles
        let turned = MatrixView.transpose left
        let mutable row = 0

        for tile in 0 .. tiles - 1 do
            let count = if tile < higher then height + 1 else height
            let into = target + nativeint row * nativeint inner * nativeint sizeof<'T>
            Pack<'T, 'V, 'L>.Slab(MatrixView.from 0 row turned, inner, count, count, into)
            row <- row + count

    /// All tiles of one panel: as many as needed, their heights as equal as can be.
    static member private RunRows
        (rows: int, packedLeft: bool, wide: bool, strip: byref<Strip>)
        : unit =
        let tiles = Product<'T, 'V, 'L>.TileCount rows
        let height, higher = rows / tiles, rows % tiles
        let size = nativeint sizeof<'T>
        let left, target = strip.Left, strip.Target
        let mutable row = 0

        for part in 0..1 do
            let count = if part = 0 then higher else tiles - higher
            let height = if part = 0 then height + 1 else height

            if count > 0 then
                let from =
                    if packedLeft then
                        {
                            Data = left.Data + nativeint (row * strip.Inner) * size
                            RowStep = size
                            ColumnStep = nativeint height * size
                        }
                    else
                        MatrixView.from row 0 left

                strip <- {
                    strip with
                        Tiles = count
                        Left = from
                        LeftTileStep =
                            if packedLeft then
                                nativeint (height * strip.Inner) * size
                            else
                                nativeint height * left.RowStep
                        Target = MatrixView.from row 0 target
                }

                Tiles<'T, 'V, 'L>.Run(height, wide, &strip)
                row <- row + count * height

    /// Bytes of workspace for `Run`: one padded tile, a block of left rows, and panels of the right matrix.
    static member WorkspaceBytes(job: inref<Job>) : int =
        let inner = min job.Inner 256
        let rows = min job.Rows Product<'T, 'V, 'L>.RowBlock
        let width = Product<'T, 'V, 'L>.TileColumns

        let columns =
            if job.Rows <= Product<'T, 'V, 'L>.RowBlock then
                width
            else
                min (Product<'T, 'V, 'L>.Padded job.Columns) Product<'T, 'V, 'L>.ColumnBlock

        (8 * width + inner * (rows + columns)) * sizeof<'T> + 3 * 64

    /// Computes the product. `packed` is what `PackRight` made of the right matrix, or 0; `workspace` is on a cache line.
    static member Run(job: inref<Job>, packed: nativeint, workspace: nativeint) : unit =
        let size = nativeint sizeof<'T>
        let width = Product<'T, 'V, 'L>.TileColumns
        let rowBlock = Product<'T, 'V, 'L>.RowBlock
        let columnBlock = Product<'T, 'V, 'L>.ColumnBlock
        let leftBuffer = Workspace.Align(workspace + nativeint (8 * width) * size)

        let rightBuffer =
            Workspace.Align(
                leftBuffer + nativeint (min job.Inner 256 * min job.Rows rowBlock) * size
            )

        let packLeft = job.Columns >= Product<'T, 'V, 'L>.PackedLeftColumns
        let oneBlock = job.Rows <= rowBlock

        let inPlace =
            packed = 0n
            && job.Right.ColumnStep = size
            && job.Rows <= Product<'T, 'V, 'L>.InPlaceRows

        let blocks = Product<'T, 'V, 'L>.InnerBlocks job.Inner
        let length = (job.Inner + blocks - 1) / blocks

        let mutable strip = {
            Tiles = 0
            Inner = 0
            Left = job.Left
            LeftTileStep = 0n
            Panel = 0n
            PanelStep = 0n
            Target = job.Target
            Columns = 0
            Accumulate = false
            Scratch = workspace
        }

        for block in 0 .. blocks - 1 do
            let start = block * length
            let inner = min length (job.Inner - start)
            let mutable firstColumn = 0

            while firstColumn < job.Columns do
                let columns = min columnBlock (job.Columns - firstColumn)
                let right = MatrixView.from start firstColumn job.Right

                let panels =
                    if packed <> 0n then
                        packed
                        + nativeint start
                          * nativeint (Product<'T, 'V, 'L>.Padded job.Columns)
                          * size
                        + nativeint firstColumn * nativeint inner * size
                    else
                        rightBuffer

                if packed = 0n && not oneBlock then
                    Product<'T, 'V, 'L>.PackPanels(right, inner, columns, panels)

                let mutable firstRow = 0

                while firstRow < job.Rows do
                    let rows = min rowBlock (job.Rows - firstRow)
                    let left = MatrixView.from firstRow start job.Left

                    if packLeft then
                        Product<'T, 'V, 'L>.PackLeft(left, rows, inner, leftBuffer)

                    let mutable column = 0

                    while column < columns do
                        let existing = min width (columns - column)
                        let padded = min width (Product<'T, 'V, 'L>.Padded existing)
                        let mutable panel = panels
                        let mutable panelStep = nativeint padded * size

                        if packed = 0n && oneBlock then
                            let from = MatrixView.from 0 column right

                            if inPlace && existing = padded then
                                panel <- from.Data
                                panelStep <- from.RowStep
                            else
                                Pack<'T, 'V, 'L>.Slab(from, inner, existing, padded, panels)
                        else
                            panel <- panels + nativeint column * nativeint inner * size

                        strip <- {
                            strip with
                                Inner = inner
                                Left = if packLeft then { left with Data = leftBuffer } else left
                                Panel = panel
                                PanelStep = panelStep
                                Target = MatrixView.from firstRow (firstColumn + column) job.Target
                                Columns = existing
                                Accumulate = block > 0
                        }

                        let wide = padded > 'L.Width
                        Product<'T, 'V, 'L>.RunRows(rows, packLeft, wide, &strip)
                        column <- column + width

                    firstRow <- firstRow + rows

                firstColumn <- firstColumn + columns
