namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Optim

/// Elementwise functions of one span of floating-point numbers.
[<RequireQualifiedAccess>]
module internal UnaryKernels =

    [<Literal>]
    let private Block = 1024

    let inline private convert<'A, 'B when 'A :> INumberBase<'A> and 'B :> INumberBase<'B>>
        (value: 'A)
        : 'B =
        'B.CreateTruncating value

    let inline private reading (y: Span<'T>) : ReadOnlySpan<'T> = Span<'T>.op_Implicit y

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

    let private errorFunctionOf (isComplement: bool) (x: ReadOnlySpan<float>) (y: Span<float>) =
        if isComplement then
            Maps.one (ErfcMap()) x y
        else
            Maps.one (ErfMap()) x y

    // Float32 is computed in double precision, block by block.
    let private errorFunction<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (isComplement: bool)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if Unsafe.SizeOf<'T>() = 8 then
            let from = &Unsafe.As<'T, float>(&MemoryMarshal.GetReference x)
            let target = &Unsafe.As<'T, float>(&MemoryMarshal.GetReference y)
            let x = MemoryMarshal.CreateReadOnlySpan(&from, x.Length)
            errorFunctionOf isComplement x (MemoryMarshal.CreateSpan(&target, y.Length))
        else
            let scratch = Buffers.borrow<float> Block
            let mutable start = 0

            while start < x.Length do
                let n = min Block (x.Length - start)
                let wide = Span<float>(scratch, 0, n)
                TensorPrimitives.ConvertTruncating(x.Slice(start, n), wide)
                errorFunctionOf isComplement (reading wide) wide
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
        | Unary.Exp -> Maps.one (ExpMap<'T>()) x y
        | Unary.Expm1 -> Maps.one (Expm1Map<'T>()) x y
        | Unary.Log1p -> Maps.one (Log1pMap<'T>()) x y
        | Unary.Tanh -> Maps.one (TanhMap<'T>()) x y
        | Unary.Softplus -> Maps.one (SoftplusMap<'T>()) x y
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
        | Unary.Sin -> Maps.one (SineMap<'T>()) x y
        | Unary.Cos -> Maps.one (CosineMap<'T>()) x y
        | Unary.Tan -> Maps.one (TangentMap<'T>()) x y
        | Unary.Asin -> TensorPrimitives.Asin(x, y)
        | Unary.Acos -> TensorPrimitives.Acos(x, y)
        | Unary.Atan -> TensorPrimitives.Atan(x, y)
        | Unary.Sinh ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Sinh x[i]
        | Unary.Cosh -> Maps.one (CoshMap<'T>()) x y
        | Unary.Asinh -> TensorPrimitives.Asinh(x, y)
        | Unary.Acosh -> TensorPrimitives.Acosh(x, y)
        | Unary.Atanh -> TensorPrimitives.Atanh(x, y)
        | Unary.Sigmoid -> Maps.one (SigmoidMap<'T>()) x y
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
