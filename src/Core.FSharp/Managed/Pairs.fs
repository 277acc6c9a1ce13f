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
