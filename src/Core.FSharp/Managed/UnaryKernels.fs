namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Optim

/// The vector formulas of functions that System.Numerics.Tensors lacks or computes with cancellation near 0.
[<AutoOpen>]
module private Formulas =

    // Floating-point constants. The size tells the two types apart where the compiler can drop the other branch.
    let inline number<'T> (value: float) : Vector<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector.As<float, 'T>(Vector<float> value)
        else
            Vector.As<float32, 'T>(Vector<float32>(float32 value))

    let inline convert<'A, 'B when 'A :> INumberBase<'A> and 'B :> INumberBase<'B>>
        (value: 'A)
        : 'B =
        'B.CreateTruncating value

    let inline reading (y: Span<'T>) : ReadOnlySpan<'T> = Span<'T>.op_Implicit y

/// exp x − 1 from x and exp x.
/// Source: Moshier 1992 (Cephes), exp: r = x P(x²), 2 r / (Q(x²) − r), to 2e-19 for |x| ≤ 1/2.
[<Struct>]
type internal Expm1Map<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap2<'T> with
        member _.Apply(x: Vector<'T>, e: Vector<'T>) : Vector<'T> =
            let z = x * x

            let p =
                (number<'T> 1.2617719307481059087798e-4 * z
                 + number<'T> 3.0299440770744196129956e-2)
                * z
                + number<'T> 1.0

            let q =
                number<'T> 3.0019850513866445504159e-6 * z
                + number<'T> 2.5244834034968410419224e-3

            let q = (q * z + number<'T> 2.2726554820815502876593e-1) * z + number<'T> 2.0
            let r = x * p
            let near = r / (q - r)
            let isNear = Vector.LessThanOrEqual(Vector.Abs x, number<'T> 0.5)
            Vector.ConditionalSelect(isNear, near + near, e - number<'T> 1.0)

/// log (1 + x) from x and the logarithm of the rounded 1 + x. Source: Goldberg 1991, Theorem 4.
[<Struct>]
type internal Log1pMap<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap2<'T> with
        member _.Apply(x: Vector<'T>, l: Vector<'T>) : Vector<'T> =
            let u = x + number<'T> 1.0
            let far = l * (x / (u - number<'T> 1.0))
            let isTiny = Vector.Equals(u, number<'T> 1.0)
            let isHuge = Vector.Equals(x, Vector<'T> 'T.PositiveInfinity)
            Vector.ConditionalSelect(isTiny ||| isHuge, x, far)

/// tanh x from x and exp 2|x|.
/// Source: Cody & Waite 1980 with Moshier's coefficients, x (1 + x² P(x²) / Q(x²)) for |x| ≤ 0.625.
[<Struct>]
type internal TanhMap<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap2<'T> with
        member _.Apply(x: Vector<'T>, e: Vector<'T>) : Vector<'T> =
            let z = x * x

            let p =
                number<'T> -9.64399179425052238628e-1 * z + number<'T> -9.92877231001918586564e1

            let p = p * z + number<'T> -1.61468768441708447952e3

            let q =
                (z + number<'T> 1.12811678491632931402e2) * z
                + number<'T> 2.23548839060100448583e3

            let q = q * z + number<'T> 4.84406305325125486048e3
            let near = x + x * (z * (p / q))
            let far = number<'T> 1.0 - number<'T> 2.0 / (e + number<'T> 1.0)
            let far = Vector.ConditionalSelect(Vector.LessThan(x, Vector<'T>.Zero), -far, far)
            let isNear = Vector.LessThanOrEqual(Vector.Abs x, number<'T> 0.625)

            Vector.ConditionalSelect(
                isNear,
                Vector.ConditionalSelect(Vector.Equals(x, Vector<'T>.Zero), x, near),
                far
            )

/// 2|x|.
[<Struct>]
type internal TwiceAbsMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector<'T>) : Vector<'T> =
            let a = Vector.Abs x
            a + a

/// −|x|.
[<Struct>]
type internal MinusAbsMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector<'T>) : Vector<'T> = -(Vector.Abs x)

/// max(x, 0) + l.
[<Struct>]
type internal AddPositiveMap<'T when 'T :> INumberBase<'T>> =
    interface IMap2<'T> with
        member _.Apply(x: Vector<'T>, l: Vector<'T>) : Vector<'T> =
            l
            + Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<'T>.Zero), x, Vector<'T>.Zero)

/// The sign; NaN and zeros stay what they are.
[<Struct>]
type internal SignMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector<'T>) : Vector<'T> =
            let below =
                Vector.ConditionalSelect(Vector.LessThan(x, Vector<'T>.Zero), -Vector<'T>.One, x)

            Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<'T>.Zero), Vector<'T>.One, below)

/// A function of one span in several passes, for blocks that stay in the first cache.
type internal IStages<'T> =
    abstract Run: x: ReadOnlySpan<'T> * y: Span<'T> -> unit

/// exp x − 1.
[<Struct>]
type internal Expm1Stages<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>> =
    interface IStages<'T> with
        member _.Run(x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
            TensorPrimitives.Exp(x, y)
            Maps.two (Expm1Map<'T>()) x (reading y) y

/// log (1 + x).
[<Struct>]
type internal Log1pStages<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>> =
    interface IStages<'T> with
        member _.Run(x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
            TensorPrimitives.Add(x, 'T.One, y)
            TensorPrimitives.Log(reading y, y)
            Maps.two (Log1pMap<'T>()) x (reading y) y

/// tanh x.
[<Struct>]
type internal TanhStages<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>> =
    interface IStages<'T> with
        member _.Run(x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
            Maps.one (TwiceAbsMap<'T>()) x y
            TensorPrimitives.Exp(reading y, y)
            Maps.two (TanhMap<'T>()) x (reading y) y

/// log (1 + exp x) as max(x, 0) + log (1 + exp −|x|).
[<Struct>]
type internal SoftplusStages<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>> =
    interface IStages<'T> with
        member _.Run(x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
            let scratch = Buffers.borrow<'T> x.Length
            let e = Span<'T>(scratch, 0, x.Length)
            Maps.one (MinusAbsMap<'T>()) x e
            TensorPrimitives.Exp(reading e, e)
            (Log1pStages<'T>() :> IStages<'T>).Run(reading e, y)
            Maps.two (AddPositiveMap<'T>()) x (reading y) y
            Buffers.giveBack scratch

/// Elementwise functions of one span of floating-point numbers.
[<RequireQualifiedAccess>]
module internal UnaryKernels =

    [<Literal>]
    let private Block = 1024

    let private inBlocks<'T, 'S when 'S: struct and 'S :> IStages<'T>>
        (stages: 'S)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        let mutable start = 0

        while start < x.Length do
            let n = min Block (x.Length - start)
            stages.Run(x.Slice(start, n), y.Slice(start, n))
            start <- start + n

    let private power<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (exponent: float)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if exponent = 2.0 then
            TensorPrimitives.Multiply(x, x, y)
        elif exponent = 3.0 then
            TensorPrimitives.Multiply(x, x, y)
            TensorPrimitives.Multiply(reading y, x, y)
        elif exponent = -1.0 then
            TensorPrimitives.Reciprocal(x, y)
        elif exponent = 1.0 then
            x.CopyTo y
        else
            let exponent = 'T.CreateTruncating exponent

            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Pow(x[i], exponent)

    let private each<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (f: Func<float, float>)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        for i in 0 .. y.Length - 1 do
            y[i] <- convert (f.Invoke(convert x[i]))

    // Float32 is computed in double precision, block by block.
    let private errorFunction<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (isComplement: bool)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if Unsafe.SizeOf<'T>() = 8 then
            let from = &Unsafe.As<'T, float>(&MemoryMarshal.GetReference x)
            let target = &Unsafe.As<'T, float>(&MemoryMarshal.GetReference y)

            ErrorFunction.Apply(
                isComplement,
                MemoryMarshal.CreateReadOnlySpan(&from, x.Length),
                MemoryMarshal.CreateSpan(&target, y.Length)
            )
        else
            let scratch = Buffers.borrow<float> Block
            let mutable start = 0

            while start < x.Length do
                let n = min Block (x.Length - start)
                let wide = Span<float>(scratch, 0, n)
                TensorPrimitives.ConvertTruncating(x.Slice(start, n), wide)
                ErrorFunction.Apply(isComplement, reading wide, wide)
                TensorPrimitives.ConvertTruncating(reading wide, y.Slice(start, n))
                start <- start + n

            Buffers.giveBack scratch

    /// y = kind x for the kinds whose result has the type of x. The spans have one length and do not overlap.
    let floating<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Unary)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        match kind with
        | Unary.Exp -> TensorPrimitives.Exp(x, y)
        | Unary.Expm1 -> inBlocks (Expm1Stages<'T>()) x y
        | Unary.Log1p -> inBlocks (Log1pStages<'T>()) x y
        | Unary.Tanh -> inBlocks (TanhStages<'T>()) x y
        | Unary.Softplus -> inBlocks (SoftplusStages<'T>()) x y
        | Unary.Log -> TensorPrimitives.Log(x, y)
        | Unary.Sqrt -> TensorPrimitives.Sqrt(x, y)
        | Unary.Square -> TensorPrimitives.Multiply(x, x, y)
        | Unary.Reciprocal -> TensorPrimitives.Reciprocal(x, y)
        | Unary.Power exponent -> power exponent x y
        | Unary.Abs -> TensorPrimitives.Abs(x, y)
        | Unary.Sign -> Maps.one (SignMap<'T>()) x y
        | Unary.Floor -> TensorPrimitives.Floor(x, y)
        | Unary.Ceiling -> TensorPrimitives.Ceiling(x, y)
        | Unary.Round -> TensorPrimitives.Round(x, y)
        | Unary.Sin -> TensorPrimitives.Sin(x, y)
        | Unary.Cos -> TensorPrimitives.Cos(x, y)
        | Unary.Tan -> TensorPrimitives.Tan(x, y)
        | Unary.Asin -> TensorPrimitives.Asin(x, y)
        | Unary.Acos -> TensorPrimitives.Acos(x, y)
        | Unary.Atan -> TensorPrimitives.Atan(x, y)
        | Unary.Sinh ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Sinh x[i]
        | Unary.Cosh -> TensorPrimitives.Cosh(x, y)
        | Unary.Asinh -> TensorPrimitives.Asinh(x, y)
        | Unary.Acosh -> TensorPrimitives.Acosh(x, y)
        | Unary.Atanh -> TensorPrimitives.Atanh(x, y)
        // The library refuses empty spans here.
        | Unary.Sigmoid when x.IsEmpty -> ()
        | Unary.Sigmoid -> TensorPrimitives.Sigmoid(x, y)
        | Unary.Relu -> TensorPrimitives.Max(x, 'T.Zero, y)
        | Unary.Erf -> errorFunction false x y
        | Unary.Erfc -> errorFunction true x y
        | Unary.LogGamma -> each (Func<_, _> Special.LogGamma) x y
        | Unary.Polygamma order -> each (Special.Polygamma order) x y
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> invalidOp $"the result of {kind} is not floating point"

    /// y = kind x for whole numbers. The spans have one length.
    let whole (kind: Unary) (x: ReadOnlySpan<int64>) (y: Span<int64>) : unit =
        match kind with
        | Unary.Square -> TensorPrimitives.Multiply(x, x, y)
        | Unary.Abs ->
            for i in 0 .. y.Length - 1 do
                y[i] <- if x[i] < 0L then -x[i] else x[i]
        | Unary.Sign -> Maps.one (SignMap<int64>()) x y
        | Unary.Relu -> TensorPrimitives.Max(x, 0L, y)
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round -> x.CopyTo y
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Sqrt
        | Unary.Reciprocal
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
        | Unary.Polygamma _
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not ->
            raise (
                ArgumentException($"{kind}: expected Float64 or Float32 elements, got Int64", "x")
            )

    /// Whether the elements are NaN.
    let isNaN<'T when 'T :> INumberBase<'T>> (x: ReadOnlySpan<'T>) (y: Span<bool>) : unit =
        for i in 0 .. y.Length - 1 do
            y[i] <- 'T.IsNaN x[i]

    /// Whether the elements are neither NaN nor infinite.
    let isFinite<'T when 'T :> INumberBase<'T>> (x: ReadOnlySpan<'T>) (y: Span<bool>) : unit =
        for i in 0 .. y.Length - 1 do
            y[i] <- 'T.IsFinite x[i]
