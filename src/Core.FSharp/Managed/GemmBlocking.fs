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

/// How a product is cut, and which operands are copied on the way.
[<AbstractClass; Sealed>]
type internal Blocking<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    /// Columns of a wide tile.
    static member TileColumns: int = 2 * 'L.Width

    /// Columns after padding to whole registers.
    static member Padded(columns: int) : int =
        (columns + 'L.Width - 1) / 'L.Width * 'L.Width

    /// The most left rows that are worked on at once.
    static member RowBlock: int = 16 * 'L.TileRows

    /// The most columns that are packed at once.
    static member ColumnBlock: int = 64 * Blocking<'T, 'V, 'L>.TileColumns

    /// How many sums the inner index is cut into, a function of its length alone.
    static member InnerBlocks(inner: int) : int = (inner + 255) / 256

    /// Whether a right matrix is read in place: its rows are contiguous, and few left rows would share a copy.
    static member ReadsInPlace(job: inref<Job>) : bool =
        job.Right.ColumnStep = nativeint sizeof<'T>
        && job.Rows
           <= (if job.Right.RowStep < 4096n then
                   3 * 'L.TileRows
               else
                   'L.TileRows)

    /// Whether left rows are packed: where they serve many panels, or one term of all sums lies on another page than the next.
    static member PacksLeft(job: inref<Job>) : bool =
        job.Columns > 4 * Blocking<'T, 'V, 'L>.TileColumns
        || (job.Left.RowStep = nativeint sizeof<'T>
            && job.Left.ColumnStep >= 4096n
            && job.Rows > 3 * 'L.TileRows)

    static member TileCount(rows: int) : int = (rows + 'L.TileRows - 1) / 'L.TileRows

    /// Roughly the machine cycles of a product, to choose the better of its two readings.
    /// `packed`: the right matrix is packed already. Measured on a machine with two 512-bit multiply-adds a cycle.
    static member Cost(job: inref<Job>, packed: bool) : float =
        let size = nativeint sizeof<'T>
        let rows, columns, inner = float job.Rows, float job.Columns, float job.Inner
        let tiles = Blocking<'T, 'V, 'L>.TileCount job.Rows
        let height = rows / float tiles
        let registers = Blocking<'T, 'V, 'L>.Padded job.Columns / 'L.Width
        let wide, narrow = registers / 2, registers % 2

        let multiply =
            float tiles
            * inner
            * (float wide * max 4.0 height + float narrow * max 4.0 (0.6 * height))

        let move (operand: MatrixView) count =
            (if operand.ColumnStep = size then 0.2 else 0.7) * count

        let packRight = if packed then 0.0 else move job.Right (columns * inner)

        let packLeft =
            if Blocking<'T, 'V, 'L>.PacksLeft &job then
                move (MatrixView.transpose job.Left) (rows * inner)
            else
                0.0

        let store =
            float (Blocking<'T, 'V, 'L>.InnerBlocks job.Inner)
            * rows
            * columns
            * (if job.Target.ColumnStep <> size then 1.0
               elif job.Columns % 'L.Width <> 0 then 0.4
               else 0.2)

        multiply + packRight + packLeft + store

    /// Bytes that the right matrix takes when it is packed as a whole.
    static member PackedBytes(job: inref<Job>) : int64 =
        int64 job.Inner
        * int64 (Blocking<'T, 'V, 'L>.Padded job.Columns)
        * int64 sizeof<'T>

    /// The longest block of the inner index.
    static member InnerBlock(job: inref<Job>) : int =
        let blocks = Blocking<'T, 'V, 'L>.InnerBlocks job.Inner
        (job.Inner + blocks - 1) / blocks

    /// Whether the sums gather in a padded copy of the target: a small one that full registers cannot be stored to.
    static member GathersAside(job: inref<Job>) : bool =
        job.Inner > 256
        && (job.Target.ColumnStep <> nativeint sizeof<'T> || job.Columns % 'L.Width <> 0)
        && int64 job.Rows * int64 job.Columns <= 16384L

    /// Bytes of one block of left rows.
    static member LeftBytes(job: inref<Job>) : int =
        min job.Rows Blocking<'T, 'V, 'L>.RowBlock
        * Blocking<'T, 'V, 'L>.InnerBlock &job
        * sizeof<'T>

    /// Bytes of the panels that are packed at once.
    static member RightBytes(job: inref<Job>) : int =
        let columns =
            if job.Rows <= Blocking<'T, 'V, 'L>.RowBlock then
                Blocking<'T, 'V, 'L>.TileColumns
            else
                min (Blocking<'T, 'V, 'L>.Padded job.Columns) Blocking<'T, 'V, 'L>.ColumnBlock

        columns * Blocking<'T, 'V, 'L>.InnerBlock &job * sizeof<'T>

    /// Bytes of a padded copy of the target.
    static member TargetBytes(job: inref<Job>) : int =
        if Blocking<'T, 'V, 'L>.GathersAside &job then
            job.Rows * Blocking<'T, 'V, 'L>.Padded job.Columns * sizeof<'T>
        else
            0

    /// Bytes of workspace for one product on one thread: the three copies, each on a cache line.
    static member WorkspaceBytes(job: inref<Job>) : int =
        Blocking<'T, 'V, 'L>.LeftBytes &job
        + Blocking<'T, 'V, 'L>.RightBytes &job
        + Blocking<'T, 'V, 'L>.TargetBytes &job
        + 3 * 64
