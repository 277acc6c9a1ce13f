namespace Optim.Managed

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// Vector formulas for both floating-point types. The size of the element tells the types apart, and the compiler drops
/// the branch that does not apply.
[<RequireQualifiedAccess>]
module internal Formulas =

    /// A constant.
    let inline number<'T> (value: float) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector512.As<float, 'T>(Vector512.Create value)
        else
            Vector512.As<float32, 'T>(Vector512.Create(float32 value))

    /// The exponential.
    let inline exp<'T> (x: Vector512<'T>) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector512.As<float, 'T>(Exponential.Of(Vector512.As<'T, float> x))
        else
            Vector512.As<float32, 'T>(Exponential.Of(Vector512.As<'T, float32> x))

    /// The sine.
    let inline sin<'T> (x: Vector512<'T>) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector512.As<float, 'T>(Circular.Sine(Vector512.As<'T, float> x))
        else
            Vector512.As<float32, 'T>(Circular.Sine(Vector512.As<'T, float32> x))

    /// The cosine.
    let inline cos<'T> (x: Vector512<'T>) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector512.As<float, 'T>(Circular.Cosine(Vector512.As<'T, float> x))
        else
            Vector512.As<float32, 'T>(Circular.Cosine(Vector512.As<'T, float32> x))

    /// The natural logarithm.
    let inline log<'T> (x: Vector512<'T>) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 then
            Vector512.As<float, 'T>(Vector512.Log(Vector512.As<'T, float> x))
        else
            Vector512.As<float32, 'T>(Vector512.Log(Vector512.As<'T, float32> x))

    /// log (1 + x). Source: Goldberg 1991, Theorem 4: the rounding of 1 + x cancels between the factors.
    let log1p<'T when 'T :> IFloatingPointIeee754<'T>> (x: Vector512<'T>) : Vector512<'T> =
        let u = x + Vector512<'T>.One
        let far = log u * (x / (u - Vector512<'T>.One))
        let isTiny = Vector512.Equals(u, Vector512<'T>.One)
        let isHuge = Vector512.Equals(x, Vector512.Create 'T.PositiveInfinity)
        Vector512.ConditionalSelect(isTiny ||| isHuge, x, far)

/// The sine.
[<Struct>]
type internal SineMap<'T> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> = Formulas.sin x

/// The cosine.
[<Struct>]
type internal CosineMap<'T> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> = Formulas.cos x

/// The tangent: the sine over the cosine.
[<Struct>]
type internal TangentMap<'T> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> = Formulas.sin x / Formulas.cos x

/// The exponential.
[<Struct>]
type internal ExpMap<'T> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> = Formulas.exp x

/// 1 / (1 + exp −x).
[<Struct>]
type internal SigmoidMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            Vector512<'T>.One / (Vector512<'T>.One + Formulas.exp -x)

/// cosh x = h + 1 / 4h with h = ½ exp |x|, as a square of exp ½|x|, which overflows only where the result does.
[<Struct>]
type internal CoshMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            let half = Formulas.number<'T> 0.5
            let root = Formulas.exp (half * Vector512.Abs x)
            let h = half * root * root
            h + Formulas.number<'T> 0.25 / h

/// exp x − 1.
/// Source: Moshier 1992 (Cephes), exp: r = x P(x²), 2 r / (Q(x²) − r), to 2e-19 for |x| ≤ 1/2.
[<Struct>]
type internal Expm1Map<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            let z = x * x
            let p = Formulas.number<'T> 1.2617719307481059087798e-4
            let p = p * z + Formulas.number<'T> 3.0299440770744196129956e-2
            let p = p * z + Vector512<'T>.One
            let q = Formulas.number<'T> 3.0019850513866445504159e-6
            let q = q * z + Formulas.number<'T> 2.5244834034968410419224e-3
            let q = q * z + Formulas.number<'T> 2.2726554820815502876593e-1
            let q = q * z + Formulas.number<'T> 2.0
            let r = x * p
            let near = r / (q - r)
            let far = Formulas.exp x - Vector512<'T>.One
            let isNear = Vector512.LessThanOrEqual(Vector512.Abs x, Formulas.number<'T> 0.5)
            Vector512.ConditionalSelect(isNear, near + near, far)

/// log (1 + x).
[<Struct>]
type internal Log1pMap<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> = Formulas.log1p x

/// tanh x = 1 − 2 / (exp 2|x| + 1) with the sign of x.
/// Source: for |x| ≤ 0.625 Cody & Waite 1980 with Moshier's coefficients: x (1 + x² P(x²) / Q(x²)).
[<Struct>]
type internal TanhMap<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            let a = Vector512.Abs x
            let z = x * x
            let p = Formulas.number<'T> -9.64399179425052238628e-1
            let p = p * z + Formulas.number<'T> -9.92877231001918586564e1
            let p = p * z + Formulas.number<'T> -1.61468768441708447952e3
            let q = z + Formulas.number<'T> 1.12811678491632931402e2
            let q = q * z + Formulas.number<'T> 2.23548839060100448583e3
            let q = q * z + Formulas.number<'T> 4.84406305325125486048e3
            let near = a + a * (z * (p / q))
            let two = Formulas.number<'T> 2.0
            let far = Vector512<'T>.One - two / (Formulas.exp (a + a) + Vector512<'T>.One)
            let isNear = Vector512.LessThanOrEqual(a, Formulas.number<'T> 0.625)
            let size = Vector512.ConditionalSelect(isNear, near, far)
            Vector512.CopySign(size, x)

/// log (1 + exp x) = max(x, 0) + log (1 + exp −|x|).
[<Struct>]
type internal SoftplusMap<'T when 'T :> IFloatingPointIeee754<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            let isPositive = Vector512.GreaterThan(x, Vector512<'T>.Zero)
            let positive = Vector512.ConditionalSelect(isPositive, x, Vector512<'T>.Zero)
            positive + Formulas.log1p (Formulas.exp -(Vector512.Abs x))

/// The sign; NaN and zeros stay what they are.
[<Struct>]
type internal SignMap<'T when 'T :> INumberBase<'T>> =
    interface IMap<'T> with
        member _.Apply(x: Vector512<'T>) : Vector512<'T> =
            let isNegative = Vector512.LessThan(x, Vector512<'T>.Zero)
            let isPositive = Vector512.GreaterThan(x, Vector512<'T>.Zero)
            let below = Vector512.ConditionalSelect(isNegative, -Vector512<'T>.One, x)
            Vector512.ConditionalSelect(isPositive, Vector512<'T>.One, below)
