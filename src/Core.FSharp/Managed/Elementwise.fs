namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open Optim
open Optim.Primitives

/// Rows of a choice between two tensors.
[<Sealed>]
type internal ChoiceRows<'T>(walk: Walk, condition: bool[], a: 'T[], b: 'T[], y: 'T[], at: int) =
    inherit RowBody()

    override _.Row(offsets, start, n) =
        let count k = if walk.Step k = 1 then n else 1

        CompareKernels.choose
            (ReadOnlySpan<bool>(condition, offsets[0], count 0))
            (ReadOnlySpan<'T>(a, offsets[1], count 1))
            (ReadOnlySpan<'T>(b, offsets[2], count 2))
            (Span<'T>(y, at + start, n))

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
        (at: int)
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
                    (Span<'T>(y, at + start, count))
            ))

    // Numbers to numbers.
    let private floatingInto<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: 'T[])
        (offset: int)
        (y: 'T[])
        (at: int)
        (n: int)
        : unit =
        if n >= Workers.Threshold / 4 && n >= threshold kind then
            unaryParallel kind x offset y at n
        else
            UnaryKernels.floating kind (ReadOnlySpan<'T>(x, offset, n)) (Span<'T>(y, at, n))

    // Numbers to truth values.
    let private askInto<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: 'T[])
        (offset: int)
        (y: bool[])
        (at: int)
        (n: int)
        : unit =
        if kind.IsIsNaN then
            UnaryKernels.isNaN (ReadOnlySpan<'T>(x, offset, n)) (Span<bool>(y, at, n))
        else
            UnaryKernels.isFinite (ReadOnlySpan<'T>(x, offset, n)) (Span<bool>(y, at, n))

    let private isQuestion (kind: Unary) : bool = kind.IsIsNaN || kind.IsIsFinite

    let private unaryFloating<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: Raw)
        : Raw =
        let n = x.Length
        let values = x.Storage :?> 'T[]

        if isQuestion kind then
            let y = Buffers.allocate<bool> n
            askInto kind values x.Offset y 0 n
            Buffers.wrap y x.Shape DType.Bool x.Engine
        elif kind.IsNot then
            raise (wrong "Not" "Bool" x)
        else
            let y = Buffers.allocate<'T> n
            floatingInto kind values x.Offset y 0 n
            Buffers.wrap y x.Shape x.DType x.Engine

    let private wholeInto
        (kind: Unary)
        (x: int64[])
        (offset: int)
        (y: Array)
        (at: int)
        (n: int)
        : unit =
        if isQuestion kind then
            Array.Fill((y :?> bool[]), kind.IsIsFinite, at, n)
        else
            let y = y :?> int64[]
            UnaryKernels.whole kind (ReadOnlySpan<int64>(x, offset, n)) (Span<int64>(y, at, n))

    let private unaryWhole (kind: Unary) (x: Raw) : Raw =
        let dtype = if isQuestion kind then DType.Bool else DType.Int64
        let y = Creation.empty x.Engine x.Shape dtype
        wholeInto kind (x.Storage :?> int64[]) x.Offset (y.Storage :?> Array) 0 x.Length
        y

    let private notInto (x: bool[]) (offset: int) (y: bool[]) (at: int) (n: int) : unit =
        for i in 0 .. n - 1 do
            y[at + i] <- not x[offset + i]

    let private unaryTruth (kind: Unary) (x: Raw) : Raw =
        if not kind.IsNot then
            raise (wrong (kind.ToString()) "number" x)

        let y = Buffers.allocate<bool> x.Length
        notInto (x.Storage :?> bool[]) x.Offset y 0 x.Length
        Buffers.wrap y x.Shape DType.Bool x.Engine

    /// kind x for n elements from `offset` on, written from `at` on. The kind fits the element type.
    let unaryInto (kind: Unary) (x: Array) (offset: int) (y: Array) (at: int) (n: int) : unit =
        match x with
        | :? (float[]) as v when isQuestion kind -> askInto kind v offset (y :?> bool[]) at n
        | :? (float32[]) as v when isQuestion kind -> askInto kind v offset (y :?> bool[]) at n
        | :? (float[]) as v -> floatingInto kind v offset (y :?> float[]) at n
        | :? (float32[]) as v -> floatingInto kind v offset (y :?> float32[]) at n
        | :? (int64[]) as v -> wholeInto kind v offset y at n
        | :? (bool[]) as v -> notInto v offset (y :?> bool[]) at n
        | other -> invalidOp $"no tensor is an array of type {other.GetType()}"

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

    let private scaleInto<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (scale: 'T)
        (shift: 'T)
        (x: 'T[])
        (offset: int)
        (y: 'T[])
        (at: int)
        (n: int)
        : unit =
        if n >= Workers.Threshold then
            Workers.split
                Workers.count
                1024
                n
                (Action<_, _>(fun start count ->
                    affineSpan
                        scale
                        shift
                        (ReadOnlySpan<'T>(x, offset + start, count))
                        (Span<'T>(y, at + start, count))
                ))
        else
            affineSpan scale shift (ReadOnlySpan<'T>(x, offset, n)) (Span<'T>(y, at, n))

    let private affineOf<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (scale: 'T)
        (shift: 'T)
        (x: Raw)
        : Raw =
        let y = Buffers.allocate<'T> x.Length
        scaleInto scale shift (x.Storage :?> 'T[]) x.Offset y 0 x.Length
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

    /// scale · x + shift for n numbers from `offset` on, written from `at` on. Whole scale and shift for int64.
    let affineInto
        (scale: float)
        (shift: float)
        (x: Array)
        (offset: int)
        (y: Array)
        (at: int)
        (n: int)
        : unit =
        match x with
        | :? (float[]) as v -> scaleInto scale shift v offset (y :?> float[]) at n
        | :? (float32[]) as v ->
            scaleInto (float32 scale) (float32 shift) v offset (y :?> float32[]) at n
        | :? (int64[]) as v -> scaleInto (int64 scale) (int64 shift) v offset (y :?> int64[]) at n
        | other -> invalidOp $"affine got an array of type {other.GetType()}"

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

    /// kind (a, b) of operands of these shapes in given memory: the work to do at each call.
    let binaryInto (kind: Binary) (dtype: DType) (a: Shape) (b: Shape) : PairWork =
        let name = kind.ToString()

        match dtype with
        | DType.Float64 -> Broadcast.prepare (FloatingPair<float> kind) name a b
        | DType.Float32 -> Broadcast.prepare (FloatingPair<float32> kind) name a b
        | DType.Int64 ->
            BinaryKernels.checkWhole kind
            Broadcast.prepare (WholePair kind) name a b
        | DType.Bool ->
            BinaryKernels.checkTruth kind
            Broadcast.prepare (TruthPair kind) name a b

    /// a kind b with broadcasting, as truth values; a and b have one element type.
    let compare (kind: Comparison) (a: Raw) (b: Raw) : Raw =
        let operation = kind.ToString()

        match a.DType with
        | DType.Float64 -> Broadcast.run (ComparePair<float> kind) operation DType.Bool a b
        | DType.Float32 -> Broadcast.run (ComparePair<float32> kind) operation DType.Bool a b
        | DType.Int64 -> Broadcast.run (ComparePair<int64> kind) operation DType.Bool a b
        | DType.Bool -> Broadcast.run (CompareTruthPair kind) operation DType.Bool a b

    /// a kind b of operands of these shapes in given memory: the work to do at each call.
    let compareInto (kind: Comparison) (dtype: DType) (a: Shape) (b: Shape) : PairWork =
        let name = kind.ToString()

        match dtype with
        | DType.Float64 -> Broadcast.prepare (ComparePair<float> kind) name a b
        | DType.Float32 -> Broadcast.prepare (ComparePair<float32> kind) name a b
        | DType.Int64 -> Broadcast.prepare (ComparePair<int64> kind) name a b
        | DType.Bool -> Broadcast.prepare (CompareTruthPair kind) name a b

    /// A way through a choice of operands of these shapes.
    let chooseWalk (condition: Shape) (a: Shape) (b: Shape) : Walk =
        let shape = Shape.broadcast "where" (Shape.broadcast "where" condition a) b
        Walk.Create(shape, [| condition; a; b |])

    /// a where the condition holds, else b, along a walk of one element or more; `starts` says where the three begin.
    let chooseInto
        (walk: Walk)
        (condition: Array)
        (a: Array)
        (b: Array)
        (starts: int[])
        (y: Array)
        (at: int)
        : unit =
        let condition = condition :?> bool[]

        let body: RowBody =
            match a with
            | :? (float[]) as a ->
                ChoiceRows(walk, condition, a, (b :?> float[]), (y :?> float[]), at)
            | :? (float32[]) as a ->
                ChoiceRows(walk, condition, a, (b :?> float32[]), (y :?> float32[]), at)
            | :? (int64[]) as a ->
                ChoiceRows(walk, condition, a, (b :?> int64[]), (y :?> int64[]), at)
            | :? (bool[]) as a -> ChoiceRows(walk, condition, a, (b :?> bool[]), (y :?> bool[]), at)
            | other -> invalidOp $"no tensor is an array of type {other.GetType()}"

        walk.VisitAll(starts, body)

    /// a where the condition holds, else b, with broadcasting. Errors: a condition that is not Bool.
    let where (condition: Raw) (a: Raw) (b: Raw) : Raw =
        if condition.DType <> DType.Bool then
            let message = $"where: expected a Bool condition, got {condition.DType}"
            raise (ArgumentException(message, nameof condition))

        let shape =
            Shape.broadcast "where" (Shape.broadcast "where" condition.Shape a.Shape) b.Shape

        let y = Creation.empty a.Engine shape a.DType

        if shape.Length > 0 then
            let starts = [| condition.Offset; a.Offset; b.Offset |]
            let values (x: Raw) = x.Storage :?> Array

            chooseInto
                (Walk.Create(shape, [| condition.Shape; a.Shape; b.Shape |]))
                (values condition)
                (values a)
                (values b)
                starts
                (values y)
                0

        y
