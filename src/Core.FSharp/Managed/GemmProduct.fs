namespace Optim.Managed

/// One product on one thread. The inner index is cut into blocks of at most 256 and the rest so that a panel of the right matrix
/// stays in the first cache and a block of left rows in the second. No cut but that of the inner index touches a rounding.
/// Source: Goto & van de Geijn 2008. Differs: small operands are read where they are, without packing.
[<AbstractClass; Sealed>]
type internal Product<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    /// Packs a part of the right matrix, panel after panel, each as wide as a tile.
    static member private PackPanels
        (right: MatrixView, inner: int, columns: int, target: nativeint)
        : unit =
        let width = Blocking<'T, 'V, 'L>.TileColumns
        let mutable column = 0

        while column < columns do
            let existing = min width (columns - column)
            let padded = min width (Blocking<'T, 'V, 'L>.Padded existing)
            let into = target + nativeint column * nativeint inner * nativeint sizeof<'T>
            let from = MatrixView.from 0 column right
            Pack<'T, 'V, 'L>.Slab(from, inner, existing, padded, into)
            column <- column + width

    /// Packs the whole right matrix, for `Run` to be given: inner block after inner block.
    static member PackRight(job: inref<Job>, target: nativeint) : unit =
        let blocks = Blocking<'T, 'V, 'L>.InnerBlocks job.Inner
        let length = (job.Inner + blocks - 1) / blocks
        let padded = nativeint (Blocking<'T, 'V, 'L>.Padded job.Columns)

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
        let tiles = Blocking<'T, 'V, 'L>.TileCount rows
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
        (rows: int, inner: int, packedLeft: bool, wide: bool, strip: byref<Strip>)
        : unit =
        let tiles = Blocking<'T, 'V, 'L>.TileCount rows
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
                            Data = left.Data + nativeint (row * inner) * size
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
                                nativeint (height * inner) * size
                            else
                                nativeint height * left.RowStep
                        Target = MatrixView.from row 0 target
                }

                Tiles<'T, 'V, 'L>.Run(height, wide, &strip)
                row <- row + count * height

    /// How many of a panel's last rows must be copied, so that reading them by registers does not pass the matrix's end.
    static member private RowsToCopy
        (inner: int, existing: int, padded: int, panel: MatrixView)
        : int =
        let beyond = nativeint (padded - existing) * nativeint sizeof<'T>
        int (min (nativeint inner) ((beyond + panel.RowStep - 1n) / panel.RowStep))

    /// Columns of one panel and their packed place, or the place where `Run` packs one panel after another.
    static member private RunPanel
        (
            job: inref<Job>,
            right: MatrixView,
            inner: int,
            existing: int,
            place: nativeint,
            isPacked: bool,
            strip: byref<Strip>
        ) : unit =
        let padded =
            min Blocking<'T, 'V, 'L>.TileColumns (Blocking<'T, 'V, 'L>.Padded existing)

        let step = nativeint padded * nativeint sizeof<'T>

        let copied =
            if not isPacked && Blocking<'T, 'V, 'L>.ReadsInPlace &job then
                Product<'T, 'V, 'L>.RowsToCopy(inner, existing, padded, right)
            else
                inner

        if not isPacked then
            let last = MatrixView.from (inner - copied) 0 right
            Pack<'T, 'V, 'L>.Slab(last, copied, existing, padded, place)

        strip <- {
            strip with
                Panel = Panel.create right.Data right.RowStep (inner - copied)
                PanelEnd = Panel.create place step copied
        }

    /// Adds one block of the inner index to the target, or begins it.
    /// `panels`: the packed block of the right matrix, or 0. `roomy`: the target has room for padding after each row.
    static member private RunBlock
        (
            job: inref<Job>,
            panels: nativeint,
            leftBuffer: nativeint,
            rightBuffer: nativeint,
            roomy: bool,
            accumulate: bool
        ) : unit =
        let size = nativeint sizeof<'T>
        let width = Blocking<'T, 'V, 'L>.TileColumns
        let rowBlock = Blocking<'T, 'V, 'L>.RowBlock
        let packsLeft = Blocking<'T, 'V, 'L>.PacksLeft &job
        let packsAll = panels = 0n && job.Rows > rowBlock
        let isPacked = panels <> 0n || packsAll

        let mutable strip = {
            Tiles = 0
            Left = job.Left
            LeftTileStep = 0n
            Panel = Panel.create 0n 0n 0
            PanelEnd = Panel.create 0n 0n 0
            Target = job.Target
            Columns = 0
            Accumulate = accumulate
        }

        let mutable firstColumn = 0

        while firstColumn < job.Columns do
            let columns = min Blocking<'T, 'V, 'L>.ColumnBlock (job.Columns - firstColumn)
            let right = MatrixView.from 0 firstColumn job.Right

            if packsAll then
                Product<'T, 'V, 'L>.PackPanels(right, job.Inner, columns, rightBuffer)

            let panels =
                if panels = 0n then
                    rightBuffer
                else
                    panels + nativeint firstColumn * nativeint job.Inner * size

            let mutable firstRow = 0

            while firstRow < job.Rows do
                let rows = min rowBlock (job.Rows - firstRow)
                let left = MatrixView.from firstRow 0 job.Left

                if packsLeft then
                    Product<'T, 'V, 'L>.PackLeft(left, rows, job.Inner, leftBuffer)

                let mutable column = 0

                while column < columns do
                    let existing = min width (columns - column)
                    let from = MatrixView.from 0 column right

                    let place =
                        if isPacked then
                            panels + nativeint column * nativeint job.Inner * size
                        else
                            panels

                    Product<'T, 'V, 'L>
                        .RunPanel(&job, from, job.Inner, existing, place, isPacked, &strip)

                    strip <- {
                        strip with
                            Left = if packsLeft then { left with Data = leftBuffer } else left
                            Target = MatrixView.from firstRow (firstColumn + column) job.Target
                            Columns =
                                if roomy then
                                    min width (Blocking<'T, 'V, 'L>.Padded existing)
                                else
                                    existing
                    }

                    let wide = existing > 'L.Width
                    Product<'T, 'V, 'L>.RunRows(rows, job.Inner, packsLeft, wide, &strip)
                    column <- column + width

                firstRow <- firstRow + rows

            firstColumn <- firstColumn + columns

    /// Computes the product. `packed` is what `PackRight` made of the right matrix, or 0; `workspace` is on a cache line.
    static member Run(job: inref<Job>, packed: nativeint, workspace: nativeint) : unit =
        let size = nativeint sizeof<'T>
        let padded = Blocking<'T, 'V, 'L>.Padded job.Columns
        let length = Blocking<'T, 'V, 'L>.InnerBlock &job
        let after = workspace + nativeint (Blocking<'T, 'V, 'L>.LeftBytes &job)
        let rightBuffer = Workspace.Align after
        let after = rightBuffer + nativeint (Blocking<'T, 'V, 'L>.RightBytes &job)
        let aside = Blocking<'T, 'V, 'L>.GathersAside &job

        let target =
            if aside then
                {
                    Data = Workspace.Align after
                    RowStep = nativeint padded * size
                    ColumnStep = size
                }
            else
                job.Target

        let mutable start = 0

        while start < job.Inner do
            let block = {
                job with
                    Inner = min length (job.Inner - start)
                    Left = MatrixView.from 0 start job.Left
                    Right = MatrixView.from start 0 job.Right
                    Target = target
            }

            let panels =
                if packed = 0n then
                    0n
                else
                    packed + nativeint start * nativeint padded * size

            let accumulate = start > 0
            Product<'T, 'V, 'L>.RunBlock(&block, panels, workspace, rightBuffer, aside, accumulate)

            start <- start + block.Inner

        if aside then
            TileEdge<'T, 'V, 'L>
                .Write(job.Target, job.Rows, job.Columns, target.Data, target.RowStep)
