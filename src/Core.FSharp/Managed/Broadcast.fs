namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// An operand of a given shape: the elements of an array from a position on.
[<Struct; NoEquality; NoComparison>]
type internal Part<'A> = {
    Values: 'A[]
    Start: int
    Shape: Shape
} with

    /// The number of elements.
    member part.Length: int = part.Shape.Length

/// Rows of an operation of two operands.
[<Sealed>]
type internal PairRows<'A, 'Y>
    (kernel: PairKernel<'A, 'Y>, walk: Walk, a: 'A[], b: 'A[], y: 'Y[], at: int) =
    inherit RowBody()
    let stepA = walk.Step 0
    let stepB = walk.Step 1

    override _.Row(offsets, start, n) =
        let y = Span<'Y>(y, at + start, n)

        if stepA = stepB then
            kernel.Both(ReadOnlySpan<'A>(a, offsets[0], n), ReadOnlySpan<'A>(b, offsets[1], n), y)
        elif stepA = 1 then
            kernel.Right(ReadOnlySpan<'A>(a, offsets[0], n), b[offsets[1]], y)
        else
            kernel.Left(a[offsets[0]], ReadOnlySpan<'A>(b, offsets[1], n), y)

/// An operation of two operands of fixed shapes, ready to be done again and again.
[<AbstractClass>]
type internal PairWork() =
    /// Operands contiguous in a and b from their positions on; the result is written to y from `at` on.
    abstract Run: a: Array * fromA: int * b: Array * fromB: int * y: Array * at: int -> unit

/// How operations of two operands go over their elements: in one piece, against one number, row by row (an operand
/// that repeats along the leading axes, or along the last one), or along any walk.
[<RequireQualifiedAccess>]
module internal Broadcast =

    // The operand's axes are the last ones of the result.
    let private isTrailing (whole: Shape) (part: Shape) : bool =
        part.Rank <= whole.Rank
        && whole.Dims.AsSpan(whole.Rank - part.Rank).SequenceEqual(ReadOnlySpan part.Dims)

    // The operand has the axes of the result but 1 for the last.
    let private isColumn (whole: Shape) (part: Shape) : bool =
        let leading = whole.Rank - 1

        part.Rank = whole.Rank
        && part.Dims[leading] = 1
        && whole.Dims.AsSpan(0, leading).SequenceEqual(ReadOnlySpan(part.Dims, 0, leading))

    // Rows shorter than this are put together to about this many elements, since each call has a cost of its own.
    [<Literal>]
    let private ShortRow = 32

    [<Literal>]
    let private TileLength = 512

    // `count` repetitions of a row of n elements in one array, to be given back.
    let private repeated (row: 'A[]) (offset: int) (n: int) (count: int) : 'A[] =
        let tile = Buffers.borrow<'A>(n * count)
        Array.Copy(row, offset, tile, 0, n)
        let mutable filled = n

        while filled < n * count do
            let more = min filled (n * count - filled)
            Array.Copy(tile, 0, tile, filled, more)
            filled <- filled + more

        tile

    let private againstRow
        (kernel: PairKernel<'A, 'Y>)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        (length: int)
        : unit =
        let av, bv = a.Values, b.Values
        let isLeft = a.Length < b.Length
        let n = if isLeft then a.Length else b.Length
        let isShort = n < ShortRow && length >= 16 * n
        let count = if isShort then TileLength / n else 1
        let row, rowOffset = if isLeft then av, a.Start else bv, b.Start
        let tile = if isShort then repeated row rowOffset n count else row
        let tileOffset = if isShort then 0 else rowOffset
        let full, fullOffset = if isLeft then bv, b.Start else av, a.Start
        let mutable start = 0

        while start < length do
            let part = min (n * count) (length - start)
            let one = ReadOnlySpan<'A>(tile, tileOffset, part)
            let other = ReadOnlySpan<'A>(full, fullOffset + start, part)

            if isLeft then
                kernel.Both(one, other, Span<'Y>(y, at + start, part))
            else
                kernel.Both(other, one, Span<'Y>(y, at + start, part))

            start <- start + part

        if isShort then
            Buffers.giveBack tile

    let private againstColumn
        (kernel: PairKernel<'A, 'Y>)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        (n: int)
        : unit =
        let av, bv = a.Values, b.Values

        if a.Length < b.Length then
            for row in 0 .. a.Length - 1 do
                let full = ReadOnlySpan<'A>(bv, b.Start + row * n, n)
                kernel.Left(av[a.Start + row], full, Span<'Y>(y, at + row * n, n))
        else
            for row in 0 .. b.Length - 1 do
                let full = ReadOnlySpan<'A>(av, a.Start + row * n, n)
                kernel.Right(full, bv[b.Start + row], Span<'Y>(y, at + row * n, n))

    let private alongWalk
        (kernel: PairKernel<'A, 'Y>)
        (shape: Shape)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        : unit =
        let av, bv = a.Values, b.Values
        let walk = Walk.Create(shape, [| a.Shape; b.Shape |])
        walk.VisitAll([| a.Start; b.Start |], PairRows<'A, 'Y>(kernel, walk, av, bv, y, at))

    // One piece: operands of the result's length, or of length 1.
    let private piece
        (kernel: PairKernel<'A, 'Y>)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        (start: int)
        (count: int)
        : unit =
        let av, bv = a.Values, b.Values
        let result = Span<'Y>(y, at + start, count)

        if a.Length = b.Length then
            kernel.Both(
                ReadOnlySpan<'A>(av, a.Start + start, count),
                ReadOnlySpan<'A>(bv, b.Start + start, count),
                result
            )
        elif b.Length = 1 then
            kernel.Right(ReadOnlySpan<'A>(av, a.Start + start, count), bv[b.Start], result)
        else
            kernel.Left(av[a.Start], ReadOnlySpan<'A>(bv, b.Start + start, count), result)

    let private inParts
        (kernel: PairKernel<'A, 'Y>)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        (n: int)
        : unit =
        Workers.split
            Workers.count
            1024
            n
            (Action<_, _>(fun start count -> piece kernel a b y at start count))

    /// kind (a, b) with broadcasting to the shape, written to y from `at` on.
    let into
        (kernel: PairKernel<'A, 'Y>)
        (shape: Shape)
        (a: Part<'A>)
        (b: Part<'A>)
        (y: 'Y[])
        (at: int)
        : unit =
        let n = shape.Length

        if n > 0 then
            let isA, isB = a.Length = n, b.Length = n

            if (isA && (isB || b.Length = 1)) || (isB && a.Length = 1) then
                if n < Workers.Threshold then
                    piece kernel a b y at 0 n
                else
                    inParts kernel a b y at n
            elif n >= Workers.Threshold then
                alongWalk kernel shape a b y at
            elif isA && isTrailing shape b.Shape || isB && isTrailing shape a.Shape then
                againstRow kernel a b y at n
            elif isA && isColumn shape b.Shape || isB && isColumn shape a.Shape then
                againstColumn kernel a b y at shape.Dims[shape.Rank - 1]
            else
                alongWalk kernel shape a b y at

    /// kind (a, b) for operands of these shapes, whose memory is given at each call.
    let prepare (kernel: PairKernel<'A, 'Y>) (operation: string) (a: Shape) (b: Shape) : PairWork =
        let shape = Shape.broadcast operation a b

        {
            new PairWork() with
                member _.Run(av, fromA, bv, fromB, y, at) =
                    let part (values: Array) (start: int) (shape: Shape) : Part<'A> = {
                        Values = (values :?> 'A[])
                        Start = start
                        Shape = shape
                    }

                    into kernel shape (part av fromA a) (part bv fromB b) (y :?> 'Y[]) at
        }

    /// kind (a, b) with broadcasting; a and b have the kernel's type.
    let run
        (kernel: PairKernel<'A, 'Y>)
        (operation: string)
        (dtype: DType)
        (a: Raw)
        (b: Raw)
        : Raw =
        let shape = Shape.broadcast operation a.Shape b.Shape
        let y = Buffers.allocate<'Y> shape.Length

        let part (x: Raw) : Part<'A> = {
            Values = (x.Storage :?> 'A[])
            Start = x.Offset
            Shape = x.Shape
        }

        into kernel shape (part a) (part b) y 0
        Buffers.wrap y shape dtype a.Engine
