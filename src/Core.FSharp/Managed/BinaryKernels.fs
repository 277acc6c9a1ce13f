namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.Intrinsics
open Optim

/// scale · x + shift.
[<Struct>]
type internal AffineMap<'T when 'T :> INumberBase<'T>>(scale: 'T, shift: 'T) =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            x * Vector512.Create scale + Vector512.Create shift

/// t (1 − y²).
[<Struct>]
type internal TanhGradientMap<'T when 'T :> INumberBase<'T>> =
    interface IMap2<'T> with
        member _.Apply(y: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
            t * (Vector512<'T>.One - y * y)

/// t y (1 − y).
[<Struct>]
type internal SigmoidGradientMap<'T when 'T :> INumberBase<'T>> =
    interface IMap2<'T> with
        member _.Apply(y: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
            t * (y * (Vector512<'T>.One - y))

/// t where x > 0, else 0.
[<Struct>]
type internal ReluGradientMap<'T when 'T :> INumberBase<'T>> =
    interface IMap2<'T> with
        member _.Apply(x: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
            Vector512.ConditionalSelect(
                Vector512.GreaterThan(x, Vector512<'T>.Zero),
                t,
                Vector512<'T>.Zero
            )

/// Elementwise functions of two spans, or of a span and one number. Spans have one length; y overlaps none.
[<RequireQualifiedAccess>]
module internal BinaryKernels =

    /// y = kind (a, b).
    let both<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Binary)
        (a: ReadOnlySpan<'T>)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        match kind with
        | Binary.Add -> TensorPrimitives.Add(a, b, y)
        | Binary.Subtract -> TensorPrimitives.Subtract(a, b, y)
        | Binary.Multiply -> TensorPrimitives.Multiply(a, b, y)
        | Binary.Divide -> TensorPrimitives.Divide(a, b, y)
        | Binary.Power ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Pow(a[i], b[i])
        | Binary.Atan2 -> TensorPrimitives.Atan2(a, b, y)
        | Binary.Maximum -> TensorPrimitives.Max(a, b, y)
        | Binary.Minimum -> TensorPrimitives.Min(a, b, y)
        | Binary.TanhGradient -> Maps.two (TanhGradientMap<'T>()) a b y
        | Binary.SigmoidGradient -> Maps.two (SigmoidGradientMap<'T>()) a b y
        | Binary.ReluGradient -> Maps.two (ReluGradientMap<'T>()) a b y

    /// y = kind (a, b) for one b.
    let right<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Binary)
        (a: ReadOnlySpan<'T>)
        (b: 'T)
        (y: Span<'T>)
        : unit =
        match kind with
        | Binary.Add -> TensorPrimitives.Add(a, b, y)
        | Binary.Subtract -> TensorPrimitives.Subtract(a, b, y)
        | Binary.Multiply -> TensorPrimitives.Multiply(a, b, y)
        | Binary.Divide -> TensorPrimitives.Divide(a, b, y)
        | Binary.Power ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Pow(a[i], b)
        | Binary.Atan2 -> TensorPrimitives.Atan2(a, b, y)
        | Binary.Maximum -> TensorPrimitives.Max(a, b, y)
        | Binary.Minimum -> TensorPrimitives.Min(a, b, y)
        | Binary.TanhGradient -> Maps.twoRight (TanhGradientMap<'T>()) a b y
        | Binary.SigmoidGradient -> Maps.twoRight (SigmoidGradientMap<'T>()) a b y
        | Binary.ReluGradient -> Maps.twoRight (ReluGradientMap<'T>()) a b y

    /// y = kind (a, b) for one a.
    let left<'T when 'T: unmanaged and 'T :> IFloatingPointIeee754<'T>>
        (kind: Binary)
        (a: 'T)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        match kind with
        | Binary.Add -> TensorPrimitives.Add(b, a, y)
        | Binary.Subtract -> TensorPrimitives.Subtract(a, b, y)
        | Binary.Multiply -> TensorPrimitives.Multiply(b, a, y)
        | Binary.Divide -> TensorPrimitives.Divide(a, b, y)
        | Binary.Power ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.Pow(a, b[i])
        | Binary.Atan2 -> TensorPrimitives.Atan2(a, b, y)
        | Binary.Maximum -> TensorPrimitives.Max(b, a, y)
        | Binary.Minimum -> TensorPrimitives.Min(b, a, y)
        | Binary.TanhGradient -> Maps.twoLeft (TanhGradientMap<'T>()) a b y
        | Binary.SigmoidGradient -> Maps.twoLeft (SigmoidGradientMap<'T>()) a b y
        | Binary.ReluGradient -> Maps.twoLeft (ReluGradientMap<'T>()) a b y

    let private quotient (a: int64) (b: int64) : int64 =
        // The least number divided by −1 wraps around, as addition does.
        if b = 0L then
            raise (ArgumentException("Divide: a whole number was divided by zero", "b"))
        elif b = -1L then
            0L - a
        else
            a / b

    let private isWhole (kind: Binary) : bool =
        match kind with
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Maximum
        | Binary.Minimum -> true
        | Binary.Power
        | Binary.Atan2
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient -> false

    let inline private wholeOne (kind: Binary) (a: int64) (b: int64) : int64 =
        match kind with
        | Binary.Add -> a + b
        | Binary.Subtract -> a - b
        | Binary.Multiply -> a * b
        | Binary.Divide -> quotient a b
        | Binary.Maximum -> max a b
        | Binary.Minimum
        | Binary.Power
        | Binary.Atan2
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient -> min a b

    /// Refuses the kinds that whole numbers do not have.
    let checkWhole (kind: Binary) : unit =
        if not (isWhole kind) then
            raise (
                ArgumentException($"{kind}: expected Float64 or Float32 elements, got Int64", "a")
            )

    /// y = kind (a, b) for whole numbers; sums and products wrap around, quotients are cut towards 0.
    /// a and b have the length of y, or 1.
    let whole
        (kind: Binary)
        (a: ReadOnlySpan<int64>)
        (b: ReadOnlySpan<int64>)
        (y: Span<int64>)
        : unit =
        let stepA = if a.Length = 1 then 0 else 1
        let stepB = if b.Length = 1 then 0 else 1

        for i in 0 .. y.Length - 1 do
            y[i] <- wholeOne kind a[i * stepA] b[i * stepB]

    /// Refuses the kinds that truth values do not have.
    let checkTruth (kind: Binary) : unit =
        match kind with
        | Binary.Maximum
        | Binary.Minimum -> ()
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Power
        | Binary.Atan2
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient ->
            raise (
                ArgumentException(
                    $"{kind}: expected numbers, got Bool elements; cast them first",
                    "a"
                )
            )

    /// y = a or b, or a and b, for truth values. a and b have the length of y, or 1.
    let truth
        (kind: Binary)
        (a: ReadOnlySpan<bool>)
        (b: ReadOnlySpan<bool>)
        (y: Span<bool>)
        : unit =
        let stepA = if a.Length = 1 then 0 else 1
        let stepB = if b.Length = 1 then 0 else 1

        if kind = Binary.Maximum then
            for i in 0 .. y.Length - 1 do
                y[i] <- a[i * stepA] || b[i * stepB]
        else
            for i in 0 .. y.Length - 1 do
                y[i] <- a[i * stepA] && b[i * stepB]
