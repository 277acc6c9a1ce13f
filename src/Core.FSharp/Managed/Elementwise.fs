namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open Optim
open Optim.Primitives

/// Rows of a choice between two tensors.
[<Sealed>]
type internal ChoiceRows<'T>(walk: Walk, condition: bool[], a: 'T[], b: 'T[], y: 'T[]) =
    inherit RowBody()

    override _.Row(offsets, start, n) =
        let count k = if walk.Step k = 1 then n else 1

        CompareKernels.choose
            (ReadOnlySpan<bool>(condition, offsets[0], count 0))
            (ReadOnlySpan<'T>(a, offsets[1], count 1))
            (ReadOnlySpan<'T>(b, offsets[2], count 2))
            (Span<'T>(y, start, n))

/// The elementwise operations of the managed engine.
[<RequireQualifiedAccess>]
module internal Elementwise =

    let private wrong (operation: string) (expected: string) (x: Raw) : exn =
        ArgumentException($"{operation}: expected {expected} elements, got {x.DType}", nameof x)

    // Functions that cost much more than an addition are worth other threads earlier.
    let private threshold (kind: Unary) : int =
        match kind with
        | Unary.Square
        | Unary.Reciprocal
        | Unary.Abs
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.Relu
        | Unary.Sqrt
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> Workers.Threshold
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Power _
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Erf
        | Unary.Erfc
        | Unary.LogGamma
        | Unary.Polygamma _ -> Workers.Threshold / 4

    let private unaryParallel<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: 'T[])
        (offset: int)
        (y: 'T[])
        (n: int)
        =
        Workers.split
            Workers.count
            1024
            n
            (Action<_, _>(fun start count ->
                UnaryKernels.floating
                    kind
                    (ReadOnlySpan<'T>(x, offset + start, count))
                    (Span<'T>(y, start, count))
            ))

    let private unaryFloating<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: Raw)
        : Raw =
        let n = x.Length

        match kind with
        | Unary.IsNaN ->
            let y = Buffers.allocate<bool> n

            UnaryKernels.isNaN
                (ReadOnlySpan<'T>(x.Storage :?> 'T[], x.Offset, n))
                (Span<bool>(y, 0, n))

            Buffers.wrap y x.Shape DType.Bool x.Engine
        | Unary.IsFinite ->
            let y = Buffers.allocate<bool> n

            UnaryKernels.isFinite
                (ReadOnlySpan<'T>(x.Storage :?> 'T[], x.Offset, n))
                (Span<bool>(y, 0, n))

            Buffers.wrap y x.Shape DType.Bool x.Engine
        | Unary.Not -> raise (wrong "Not" "Bool" x)
        | floating ->
            let values = x.Storage :?> 'T[]
            let y = Buffers.allocate<'T> n

            if n >= Workers.Threshold / 4 && n >= threshold floating then
                unaryParallel floating values x.Offset y n
            else
                UnaryKernels.floating
                    floating
                    (ReadOnlySpan<'T>(values, x.Offset, n))
                    (Span<'T>(y, 0, n))

            Buffers.wrap y x.Shape x.DType x.Engine

    let private unaryWhole (kind: Unary) (x: Raw) : Raw =
        let n = x.Length

        match kind with
        | Unary.IsNaN
        | Unary.IsFinite ->
            let y = Buffers.allocate<bool> n
            Array.Fill(y, (kind = Unary.IsFinite), 0, n)
            Buffers.wrap y x.Shape DType.Bool x.Engine
        | numeric ->
            let y = Buffers.allocate<int64> n

            UnaryKernels.whole
                numeric
                (ReadOnlySpan<int64>(x.Storage :?> int64[], x.Offset, n))
                (Span<int64>(y, 0, n))

            Buffers.wrap y x.Shape DType.Int64 x.Engine

    let private unaryTruth (kind: Unary) (x: Raw) : Raw =
        if kind <> Unary.Not then
            raise (wrong (kind.ToString()) "number" x)

        let n = x.Length
        let values = x.Storage :?> bool[]
        let y = Buffers.allocate<bool> n

        for i in 0 .. n - 1 do
            y[i] <- not values[x.Offset + i]

        Buffers.wrap y x.Shape DType.Bool x.Engine

    /// kind x.
    let unary (kind: Unary) (x: Raw) : Raw =
        match x.DType with
        | DType.Float64 -> unaryFloating<float> kind x
        | DType.Float32 -> unaryFloating<float32> kind x
        | DType.Int64 -> unaryWhole kind x
        | DType.Bool -> unaryTruth kind x

    let private affineSpan<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (scale: 'T)
        (shift: 'T)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        // Adding a shift of 0 would change the sign of −0.
        if 'T.IsZero shift then
            TensorPrimitives.Multiply(x, scale, y)
        elif scale.Equals 'T.One then
            TensorPrimitives.Add(x, shift, y)
        else
            Maps.one (AffineMap<'T>(scale, shift)) x y

    let private affineOf<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (scale: 'T)
        (shift: 'T)
        (x: Raw)
        : Raw =
        let n = x.Length
        let values = x.Storage :?> 'T[]
        let y = Buffers.allocate<'T> n

        if n >= Workers.Threshold then
            let offset = x.Offset

            Workers.split
                Workers.count
                1024
                n
                (Action<_, _>(fun start count ->
                    affineSpan
                        scale
                        shift
                        (ReadOnlySpan<'T>(values, offset + start, count))
                        (Span<'T>(y, start, count))
                ))
        else
            affineSpan scale shift (ReadOnlySpan<'T>(values, x.Offset, n)) (Span<'T>(y, 0, n))

        Buffers.wrap y x.Shape x.DType x.Engine

    /// scale · x + shift. Errors: scale or shift not whole for an Int64 x; a Bool x.
    let affine (scale: float) (shift: float) (x: Raw) : Raw =
        match x.DType with
        | DType.Float64 -> affineOf<float> scale shift x
        | DType.Float32 -> affineOf<float32> (float32 scale) (float32 shift) x
        | DType.Int64 ->
            if Math.Floor scale <> scale || Math.Floor shift <> shift then
                let message =
                    $"affine: expected whole numbers for Int64 elements, got {scale} and {shift}"

                raise (ArgumentException(message, nameof scale))

            affineOf<int64> (int64 scale) (int64 shift) x
        | DType.Bool -> raise (wrong "affine" "number" x)

    let private binaryFloating<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Binary)
        (a: Raw)
        (b: Raw)
        : Raw =
        let n = a.Length

        if a.Shape.SameAs b.Shape && n < Workers.Threshold then
            let av, bv = a.Storage :?> 'T[], b.Storage :?> 'T[]
            let y = Buffers.allocate<'T> n

            BinaryKernels.both
                kind
                (ReadOnlySpan<'T>(av, a.Offset, n))
                (ReadOnlySpan<'T>(bv, b.Offset, n))
                (Span<'T>(y, 0, n))

            Buffers.wrap y a.Shape a.DType a.Engine
        else
            Broadcast.run (FloatingPair<'T> kind) (kind.ToString()) a.DType a b

    /// kind (a, b) with broadcasting; a and b have one element type.
    let binary (kind: Binary) (a: Raw) (b: Raw) : Raw =
        match a.DType with
        | DType.Float64 -> binaryFloating<float> kind a b
        | DType.Float32 -> binaryFloating<float32> kind a b
        | DType.Int64 ->
            BinaryKernels.checkWhole kind
            Broadcast.run (WholePair kind) (kind.ToString()) DType.Int64 a b
        | DType.Bool ->
            BinaryKernels.checkTruth kind
            Broadcast.run (TruthPair kind) (kind.ToString()) DType.Bool a b

    /// a kind b with broadcasting, as truth values; a and b have one element type.
    let compare (kind: Comparison) (a: Raw) (b: Raw) : Raw =
        let operation = kind.ToString()

        match a.DType with
        | DType.Float64 -> Broadcast.run (ComparePair<float> kind) operation DType.Bool a b
        | DType.Float32 -> Broadcast.run (ComparePair<float32> kind) operation DType.Bool a b
        | DType.Int64 -> Broadcast.run (ComparePair<int64> kind) operation DType.Bool a b
        | DType.Bool -> Broadcast.run (CompareTruthPair kind) operation DType.Bool a b

    let private whereOf<'T> (condition: Raw) (a: Raw) (b: Raw) : Raw =
        let shape =
            Shape.broadcast "where" (Shape.broadcast "where" condition.Shape a.Shape) b.Shape

        let y = Buffers.allocate<'T> shape.Length

        if shape.Length > 0 then
            let walk = Walk.Create(shape, [| condition.Shape; a.Shape; b.Shape |])

            let cv, av, bv =
                condition.Storage :?> bool[], a.Storage :?> 'T[], b.Storage :?> 'T[]

            walk.VisitAll(
                [| condition.Offset; a.Offset; b.Offset |],
                ChoiceRows<'T>(walk, cv, av, bv, y)
            )

        Buffers.wrap y shape a.DType a.Engine

    /// a where the condition holds, else b, with broadcasting. Errors: a condition that is not Bool.
    let where (condition: Raw) (a: Raw) (b: Raw) : Raw =
        if condition.DType <> DType.Bool then
            let message = $"where: expected a Bool condition, got {condition.DType}"
            raise (ArgumentException(message, nameof condition))

        match a.DType with
        | DType.Float64 -> whereOf<float> condition a b
        | DType.Float32 -> whereOf<float32> condition a b
        | DType.Int64 -> whereOf<int64> condition a b
        | DType.Bool -> whereOf<bool> condition a b
