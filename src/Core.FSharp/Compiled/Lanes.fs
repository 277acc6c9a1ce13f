namespace Optim.Compiled

#nowarn "9" // Emitted loops address memory by number; the program that emits them keeps it pinned and in range.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open Optim
open Optim.Managed

/// The exponential in as few instructions as possible, for loops into which it is written out: a call from a loop costs
/// several times as much as the function. Needs AVX-512. Within 1 unit in the last place; 0 below, infinite above the range.
[<AbstractClass; Sealed>]
type internal ShortExponential private () =

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Step
        (p: Vector512<float>, r: Vector512<float>, coefficient: float)
        : Vector512<float> =
        Vector512.FusedMultiplyAdd(p, r, Vector512.Create coefficient)

    /// e^x = 2^k e^r with k the whole number next to x / ln 2 and |r| at most ln 2 / 2, where Taylor's polynomial of degree 13
    /// is exact to a part 1e-17.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Of(x: Vector512<float>) : Vector512<float> =
        // Beyond these limits the result is 0 or infinite anyway; NaN goes through both.
        let x =
            Vector512.Min(Vector512.Max(x, Vector512.Create -746.0), Vector512.Create 710.0)
        // Adding 1.5 · 2^52 rounds to whole numbers.
        let large = Vector512.Create 6755399441055744.0

        let k =
            Vector512.FusedMultiplyAdd(x, Vector512.Create 1.4426950408889634, large)
            - large
        // ln 2 in two parts.
        let high = Vector512.Create -0.6931471805599453
        let low = Vector512.Create -2.3190468138462996e-17
        let r = Vector512.FusedMultiplyAdd(k, high, x)
        let r = Vector512.FusedMultiplyAdd(k, low, r)
        let p = Vector512.Create(1.0 / 6227020800.0)
        let p = ShortExponential.Step(p, r, 1.0 / 479001600.0)
        let p = ShortExponential.Step(p, r, 1.0 / 39916800.0)
        let p = ShortExponential.Step(p, r, 1.0 / 3628800.0)
        let p = ShortExponential.Step(p, r, 1.0 / 362880.0)
        let p = ShortExponential.Step(p, r, 1.0 / 40320.0)
        let p = ShortExponential.Step(p, r, 1.0 / 5040.0)
        let p = ShortExponential.Step(p, r, 1.0 / 720.0)
        let p = ShortExponential.Step(p, r, 1.0 / 120.0)
        let p = ShortExponential.Step(p, r, 1.0 / 24.0)
        let p = ShortExponential.Step(p, r, 1.0 / 6.0)
        let p = ShortExponential.Step(p, r, 0.5)
        let p = ShortExponential.Step(p, r, 1.0)
        let p = ShortExponential.Step(p, r, 1.0)
        Avx512F.Scale(p, k)

/// The vocabulary of emitted loops: everything works on one vector of 512 bits, eight doubles or sixteen singles. A number
/// that does not vary along the loop is a vector of equal lanes; a truth value is a lane of all ones or all zeros.
[<AbstractClass; Sealed>]
type internal Lanes<'T
    when 'T: unmanaged
    and 'T: struct
    and 'T: (new: unit -> 'T)
    and 'T :> ValueType
    and 'T :> IFloatingPointIeee754<'T>> private () =

    static let width = Vector512<'T>.Count

    /// A function of spans applied to one vector.
    static member private Apply(kind: Unary, x: Vector512<'T>) : Vector512<'T> =
        let mutable from = x
        let mutable target = Vector512<'T>.Zero
        let mutable a = &Unsafe.As<Vector512<'T>, 'T>(&from)
        let mutable y = &Unsafe.As<Vector512<'T>, 'T>(&target)

        UnaryKernels.floating
            kind
            (MemoryMarshal.CreateReadOnlySpan(&a, width))
            (MemoryMarshal.CreateSpan(&y, width))

        target

    static member private Apply
        (kind: Binary, left: Vector512<'T>, right: Vector512<'T>)
        : Vector512<'T> =
        let mutable left = left
        let mutable right = right
        let mutable target = Vector512<'T>.Zero
        let mutable a = &Unsafe.As<Vector512<'T>, 'T>(&left)
        let mutable b = &Unsafe.As<Vector512<'T>, 'T>(&right)
        let mutable y = &Unsafe.As<Vector512<'T>, 'T>(&target)

        BinaryKernels.both
            kind
            (MemoryMarshal.CreateReadOnlySpan(&a, width))
            (MemoryMarshal.CreateReadOnlySpan(&b, width))
            (MemoryMarshal.CreateSpan(&y, width))

        target

    // Memory.

    /// The vector at an address.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Load(address: nativeint) : Vector512<'T> =
        Unsafe.ReadUnaligned<Vector512<'T>>(
            NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address)
        )

    /// The number at an address in all lanes.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member LoadOne(address: nativeint) : Vector512<'T> =
        Vector512.Create<'T>(
            Unsafe.ReadUnaligned<'T>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address))
        )

    /// The numbers `stride` bytes apart from an address on.
    static member LoadStrided(address: nativeint, stride: nativeint) : Vector512<'T> =
        let mutable result = Vector512<'T>.Zero
        let mutable first = &Unsafe.As<Vector512<'T>, 'T>(&result)

        for i in 0 .. width - 1 do
            let lane = &Unsafe.Add(&first, i)

            lane <-
                Unsafe.ReadUnaligned<'T>(
                    NativePtr.toVoidPtr (
                        NativePtr.ofNativeInt<byte>(address + nativeint i * stride)
                    )
                )

        result

    /// Truth values, a byte each, as lanes.
    static member LoadTruth(address: nativeint, stride: nativeint) : Vector512<'T> =
        let mutable result = Vector512<'T>.Zero
        let mutable first = &Unsafe.As<Vector512<'T>, 'T>(&result)

        for i in 0 .. width - 1 do
            let lane = &Unsafe.Add(&first, i)

            let truth =
                NativePtr.read (NativePtr.ofNativeInt<byte>(address + nativeint i * stride))

            lane <- if truth <> 0uy then 'T.One else 'T.Zero

        Vector512.OnesComplement(Vector512.Equals(result, Vector512<'T>.Zero))

    /// Writes the vector to an address.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Store(value: Vector512<'T>, address: nativeint) : unit =
        Unsafe.WriteUnaligned<Vector512<'T>>(
            NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address),
            value
        )

    /// Writes the first lane to an address.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member StoreOne(value: Vector512<'T>, address: nativeint) : unit =
        Unsafe.WriteUnaligned<'T>(
            NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address),
            value.ToScalar()
        )

    /// Writes the lanes `stride` bytes apart.
    static member StoreStrided(value: Vector512<'T>, address: nativeint, stride: nativeint) : unit =
        for i in 0 .. width - 1 do
            Unsafe.WriteUnaligned<'T>(
                NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte>(address + nativeint i * stride)),
                value.GetElement i
            )

    /// Zeros over `bytes` bytes.
    static member Clear(address: nativeint, bytes: nativeint) : unit =
        NativeMemory.Clear(
            NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address),
            unativeint bytes
        )

    // Constants.

    /// A number in all lanes.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Number(value: float) : Vector512<'T> = Formulas.number<'T> value

    /// The sum of the lanes, in all lanes.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Total(x: Vector512<'T>) : Vector512<'T> = Vector512.Create<'T>(Vector512.Sum x)

    // Arithmetic.

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Add(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a + b

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Subtract(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a - b

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Multiply(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a * b

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Divide(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a / b

    static member Power(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Lanes<'T>.Apply(Binary.Power, a, b)

    static member Atan2(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Lanes<'T>.Apply(Binary.Atan2, a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Maximum(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = Vector512.Max(a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Minimum(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = Vector512.Min(a, b)

    /// t (1 − y²).
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member TanhGradient(y: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
        t * (Vector512<'T>.One - y * y)

    /// t y (1 − y).
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member SigmoidGradient(y: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
        t * (y * (Vector512<'T>.One - y))

    /// t where x > 0, else 0.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member ReluGradient(x: Vector512<'T>, t: Vector512<'T>) : Vector512<'T> =
        Vector512.ConditionalSelect(
            Vector512.GreaterThan(x, Vector512<'T>.Zero),
            t,
            Vector512<'T>.Zero
        )

    // Functions of one argument.

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Exp(x: Vector512<'T>) : Vector512<'T> =
        if Unsafe.SizeOf<'T>() = 8 && Avx512F.IsSupported then
            Vector512.As<float, 'T>(ShortExponential.Of(Vector512.As<'T, float> x))
        else
            Formulas.exp x

    static member Expm1(x: Vector512<'T>) : Vector512<'T> = (Expm1Map<'T>() :> IMap<'T>).Apply x
    static member Log(x: Vector512<'T>) : Vector512<'T> = Formulas.log x
    static member Log1p(x: Vector512<'T>) : Vector512<'T> = Formulas.log1p x

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Sqrt(x: Vector512<'T>) : Vector512<'T> = Vector512.Sqrt x

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Square(x: Vector512<'T>) : Vector512<'T> = x * x

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Reciprocal(x: Vector512<'T>) : Vector512<'T> = Vector512<'T>.One / x

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Abs(x: Vector512<'T>) : Vector512<'T> = Vector512.Abs x

    static member Sign(x: Vector512<'T>) : Vector512<'T> = (SignMap<'T>() :> IMap<'T>).Apply x
    static member Sin(x: Vector512<'T>) : Vector512<'T> = (SineMap<'T>() :> IMap<'T>).Apply x
    static member Cos(x: Vector512<'T>) : Vector512<'T> = (CosineMap<'T>() :> IMap<'T>).Apply x
    static member Tanh(x: Vector512<'T>) : Vector512<'T> = (TanhMap<'T>() :> IMap<'T>).Apply x

    static member Softplus(x: Vector512<'T>) : Vector512<'T> =
        (SoftplusMap<'T>() :> IMap<'T>).Apply x

    static member Sigmoid(x: Vector512<'T>) : Vector512<'T> =
        Vector512<'T>.One / (Vector512<'T>.One + Formulas.exp -x)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Relu(x: Vector512<'T>) : Vector512<'T> = Vector512.Max(x, Vector512<'T>.Zero)

    static member Floor(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Floor, x)
    static member Ceiling(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Ceiling, x)
    static member Round(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Round, x)
    static member Tan(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Tan, x)
    static member Asin(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Asin, x)
    static member Acos(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Acos, x)
    static member Atan(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Atan, x)
    static member Sinh(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Sinh, x)
    static member Cosh(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Cosh, x)
    static member Asinh(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Asinh, x)
    static member Acosh(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Acosh, x)
    static member Atanh(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Atanh, x)
    static member Erf(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Erf, x)
    static member Erfc(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.Erfc, x)
    static member LogGamma(x: Vector512<'T>) : Vector512<'T> = Lanes<'T>.Apply(Unary.LogGamma, x)

    /// x to a constant power.
    static member ConstantPower(x: Vector512<'T>, exponent: float) : Vector512<'T> =
        Lanes<'T>.Apply(Unary.Power exponent, x)

    /// A derivative of log Γ.
    static member Polygamma(x: Vector512<'T>, order: int) : Vector512<'T> =
        Lanes<'T>.Apply(Unary.Polygamma order, x)

    // Truth values.

    static member IsNaN(x: Vector512<'T>) : Vector512<'T> =
        Vector512.OnesComplement(Vector512.Equals(x, x))

    static member IsFinite(x: Vector512<'T>) : Vector512<'T> =
        Vector512.LessThan(Vector512.Abs x, Vector512.Create<'T> 'T.PositiveInfinity)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Not(x: Vector512<'T>) : Vector512<'T> = Vector512.OnesComplement x

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Or(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a ||| b

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member And(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = a &&& b

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Equal(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> = Vector512.Equals(a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member NotEqual(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Vector512.OnesComplement(Vector512.Equals(a, b))

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Less(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Vector512.LessThan(a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member LessEqual(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Vector512.LessThanOrEqual(a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Greater(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Vector512.GreaterThan(a, b)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member GreaterEqual(a: Vector512<'T>, b: Vector512<'T>) : Vector512<'T> =
        Vector512.GreaterThanOrEqual(a, b)

    /// a where the lane is true, else b.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Where
        (condition: Vector512<'T>, a: Vector512<'T>, b: Vector512<'T>)
        : Vector512<'T> =
        Vector512.ConditionalSelect(condition, a, b)

    /// 1 where the lane is true, else 0.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member TruthAsNumber(x: Vector512<'T>) : Vector512<'T> = x &&& Vector512<'T>.One
