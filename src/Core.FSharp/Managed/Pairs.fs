namespace Optim.Managed

open System
open System.Numerics
open Optim
open Optim.Primitives

/// An elementwise function of two operands of one type. Spans have one length; y overlaps none.
[<AbstractClass>]
type internal PairKernel<'A, 'Y>() =
    /// y = f (a, b).
    abstract Both: a: ReadOnlySpan<'A> * b: ReadOnlySpan<'A> * y: Span<'Y> -> unit
    /// y = f (a, b) for one b.
    abstract Right: a: ReadOnlySpan<'A> * b: 'A * y: Span<'Y> -> unit
    /// y = f (a, b) for one a.
    abstract Left: a: 'A * b: ReadOnlySpan<'A> * y: Span<'Y> -> unit

/// Floating-point arithmetic.
[<Sealed>]
type internal FloatingPair<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>(kind: Binary)
    =
    inherit PairKernel<'T, 'T>()
    override _.Both(a, b, y) = BinaryKernels.both kind a b y
    override _.Right(a, b, y) = BinaryKernels.right kind a b y
    override _.Left(a, b, y) = BinaryKernels.left kind a b y

/// Arithmetic of whole numbers.
[<Sealed>]
type internal WholePair(kind: Binary) =
    inherit PairKernel<int64, int64>()
    override _.Both(a, b, y) = BinaryKernels.whole kind a b y

    override _.Right(a, b, y) =
        BinaryKernels.whole kind a (ReadOnlySpan [| b |]) y

    override _.Left(a, b, y) =
        BinaryKernels.whole kind (ReadOnlySpan [| a |]) b y

/// And, or.
[<Sealed>]
type internal TruthPair(kind: Binary) =
    inherit PairKernel<bool, bool>()
    override _.Both(a, b, y) = BinaryKernels.truth kind a b y

    override _.Right(a, b, y) =
        BinaryKernels.truth kind a (ReadOnlySpan [| b |]) y

    override _.Left(a, b, y) =
        BinaryKernels.truth kind (ReadOnlySpan [| a |]) b y

/// Comparisons of numbers.
[<Sealed>]
type internal ComparePair<'T when 'T: unmanaged and 'T :> INumber<'T>>(kind: Comparison) =
    inherit PairKernel<'T, bool>()
    override _.Both(a, b, y) = CompareKernels.both kind a b y
    override _.Right(a, b, y) = CompareKernels.right kind a b y

    override _.Left(a, b, y) =
        // a < b is b > a.
        let mirrored =
            match kind with
            | Comparison.Less -> Comparison.Greater
            | Comparison.LessEqual -> Comparison.GreaterEqual
            | Comparison.Greater -> Comparison.Less
            | Comparison.GreaterEqual -> Comparison.LessEqual
            | Comparison.Equal
            | Comparison.NotEqual -> kind

        CompareKernels.right mirrored b a y

/// Comparisons of truth values, false before true.
[<Sealed>]
type internal CompareTruthPair(kind: Comparison) =
    inherit PairKernel<bool, bool>()
    override _.Both(a, b, y) = CompareKernels.truth kind a b y

    override _.Right(a, b, y) =
        CompareKernels.truth kind a (ReadOnlySpan [| b |]) y

    override _.Left(a, b, y) =
        CompareKernels.truth kind (ReadOnlySpan [| a |]) b y

/// Rows of an operation of two operands.
[<Sealed>]
type internal PairRows<'A, 'Y>(kernel: PairKernel<'A, 'Y>, walk: Walk, a: 'A[], b: 'A[], y: 'Y[]) =
    inherit RowBody()
    let stepA = walk.Step 0
    let stepB = walk.Step 1

    override _.Row(offsets, start, n) =
        let y = Span<'Y>(y, start, n)

        if stepA = stepB then
            kernel.Both(ReadOnlySpan<'A>(a, offsets[0], n), ReadOnlySpan<'A>(b, offsets[1], n), y)
        elif stepA = 1 then
            kernel.Right(ReadOnlySpan<'A>(a, offsets[0], n), b[offsets[1]], y)
        else
            kernel.Left(a[offsets[0]], ReadOnlySpan<'A>(b, offsets[1], n), y)

/// How operations of two operands go over their elements: in one piece, against one number, row by row (an operand
/// that repeats along the leading axes, or along the last one), or along any walk.
[<RequireQualifiedAccess>]
module internal Pairs =

    let private inParts (n: int) (body: Action<int, int>) : unit =
        if n >= Workers.Threshold then
            Workers.split Workers.count 1024 n body
        else
            body.Invoke(0, n)

    // The operand's axes are the last ones of the result.
    let private isTrailing (whole: Shape) (part: Shape) : bool =
        part.Rank <= whole.Rank
        && whole.Dims.AsSpan(whole.Rank - part.Rank).SequenceEqual(ReadOnlySpan part.Dims)

    let private rows
        (kernel: PairKernel<'A, 'Y>)
        (shape: Shape)
        (a: Raw)
        (b: Raw)
        (y: 'Y[])
        : unit =
        let av, bv = a.Storage :?> 'A[], b.Storage :?> 'A[]

        if
            isTrailing shape b.Shape
            && a.Length = shape.Length
            && shape.Length < Workers.Threshold
        then
            let n = b.Length

            for row in 0 .. shape.Length / n - 1 do
                kernel.Both(
                    ReadOnlySpan<'A>(av, a.Offset + row * n, n),
                    ReadOnlySpan<'A>(bv, b.Offset, n),
                    Span<'Y>(y, row * n, n)
                )
        else
            let walk = Walk.Create(shape, [| a.Shape; b.Shape |])
            walk.VisitAll([| a.Offset; b.Offset |], PairRows<'A, 'Y>(kernel, walk, av, bv, y))

    /// kind (a, b) with broadcasting; a and b have the kernel's type.
    let run
        (kernel: PairKernel<'A, 'Y>)
        (operation: string)
        (dtype: DType)
        (a: Raw)
        (b: Raw)
        : Raw =
        let shape = Shape.broadcast operation a.Shape b.Shape
        let n = shape.Length
        let y = Buffers.allocate<'Y> n

        if n > 0 then
            let av, bv = a.Storage :?> 'A[], b.Storage :?> 'A[]

            if a.Length = n && b.Length = n then
                inParts
                    n
                    (Action<_, _>(fun start count ->
                        kernel.Both(
                            ReadOnlySpan<'A>(av, a.Offset + start, count),
                            ReadOnlySpan<'A>(bv, b.Offset + start, count),
                            Span<'Y>(y, start, count)
                        )
                    ))
            elif b.Length = 1 then
                inParts
                    n
                    (Action<_, _>(fun start count ->
                        kernel.Right(
                            ReadOnlySpan<'A>(av, a.Offset + start, count),
                            bv[b.Offset],
                            Span<'Y>(y, start, count)
                        )
                    ))
            elif a.Length = 1 then
                inParts
                    n
                    (Action<_, _>(fun start count ->
                        kernel.Left(
                            av[a.Offset],
                            ReadOnlySpan<'A>(bv, b.Offset + start, count),
                            Span<'Y>(y, start, count)
                        )
                    ))
            else
                rows kernel shape a b y

        Buffers.wrap y shape dtype a.Engine
