namespace Optim.Managed

open System
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// Sines and cosines to 1 unit in the last place, each element whatever its neighbours are. The library's vectors take other
/// paths when all elements are small or one is huge, and how many elements make a vector depends on how far the runtime has
/// optimized the code: the same call would give other bits later.
/// Sources: reduction by multiples of ½π in three parts, Cody & Waite 1980, with fused products, which make the first step
/// exact; polynomials for |r| ≤ ¼π: Sun Microsystems' fdlibm, k_sin and k_cos.
[<AbstractClass; Sealed>]
type internal Circular =

    /// Beyond, and where an element is not finite, elements are computed one by one.
    static member private Limit: float = 1e6

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Step
        (p: Vector512<float>, z: Vector512<float>, coefficient: float)
        : Vector512<float> =
        Vector512.FusedMultiplyAdd(p, z, Vector512.Create coefficient)

    // sin (r + tail)
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private SineNearZero
        (r: Vector512<float>, tail: Vector512<float>, z: Vector512<float>)
        : Vector512<float> =
        let p = Vector512.Create 1.58969099521155010221e-10
        let p = Circular.Step(p, z, -2.50507602534068634195e-08)
        let p = Circular.Step(p, z, 2.75573137070700676789e-06)
        let p = Circular.Step(p, z, -1.98412698298579493134e-04)
        let p = Circular.Step(p, z, 8.33333333332248946124e-03)
        let v = z * r
        let correction = z * (Vector512.Create 0.5 * tail - v * p) - tail
        r - (correction - v * Vector512.Create -1.66666666666666324348e-01)

    // cos (r + tail)
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private CosineNearZero
        (r: Vector512<float>, tail: Vector512<float>, z: Vector512<float>)
        : Vector512<float> =
        let p = Vector512.Create -1.13596475577881948265e-11
        let p = Circular.Step(p, z, 2.08757232129817482790e-09)
        let p = Circular.Step(p, z, -2.75573143513906633035e-07)
        let p = Circular.Step(p, z, 2.48015872894767294178e-05)
        let p = Circular.Step(p, z, -1.38888888888741095749e-03)
        let p = Circular.Step(p, z, 4.16666666666666019037e-02)
        let half = Vector512.Create 0.5 * z
        let w = Vector512<float>.One - half
        w + ((Vector512<float>.One - w - half) + (z * (z * p) - r * tail))

    // sin (x + ½π shift) for |x| up to the limit.
    static member private Near(shift: int64, x: Vector512<float>) : Vector512<float> =
        // Adding 1.5 · 2⁵² rounds to whole numbers, which the last bits of the sum then hold.
        let large = Vector512.Create 6755399441055744.0

        let sum = Vector512.FusedMultiplyAdd(x, Vector512.Create 0.6366197723675814, large)

        let n = sum - large
        let exact = Vector512.FusedMultiplyAdd(-n, Vector512.Create 1.5707963267948966, x)
        let second = Vector512.Create 6.123233995736766e-17
        let w = n * second
        let r = exact - w
        let lost = Vector512.FusedMultiplyAdd(n, second, -w)
        let third = n * Vector512.Create -1.4973849048591698e-33
        let tail = exact - r - w - lost - third
        let z = r * r
        let quadrant = sum.AsInt64() + Vector512.Create shift

        let isOdd =
            Vector512.Equals(quadrant &&& Vector512<int64>.One, Vector512<int64>.One)

        let sign = Vector512.ShiftLeft(quadrant &&& Vector512.Create 2L, 62)

        let size =
            Vector512.ConditionalSelect(
                isOdd.AsDouble(),
                Circular.CosineNearZero(r, tail, z),
                Circular.SineNearZero(r, tail, z)
            )

        (size.AsInt64() ^^^ sign).AsDouble()

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private WithFar
        (shift: int64, x: Vector512<float>, near: Vector512<float>)
        : Vector512<float> =
        let mutable y = near

        for lane in 0 .. Vector512<float>.Count - 1 do
            let value = x.GetElement lane

            if not (abs value <= Circular.Limit) then
                let far = if shift = 0L then Math.Sin value else Math.Cos value
                y <- y.WithElement(lane, far)

        y

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private All(shift: int64, x: Vector512<float>) : Vector512<float> =
        let isNear =
            Vector512.LessThanOrEqual(Vector512.Abs x, Vector512.Create Circular.Limit)

        let near =
            Circular.Near(shift, Vector512.ConditionalSelect(isNear, x, Vector512<float>.Zero))

        if Vector512.EqualsAll(isNear.AsInt64(), Vector512<int64>.AllBitsSet) then
            near
        else
            Circular.WithFar(shift, x, near)

    /// sin x.
    static member Sine(x: Vector512<float>) : Vector512<float> = Circular.All(0L, x)

    /// cos x.
    static member Cosine(x: Vector512<float>) : Vector512<float> = Circular.All(1L, x)

    /// sin x, through double precision.
    static member Sine(x: Vector512<float32>) : Vector512<float32> =
        let struct (low, high) = Vector512.Widen x
        Vector512.Narrow(Circular.Sine low, Circular.Sine high)

    /// cos x, through double precision.
    static member Cosine(x: Vector512<float32>) : Vector512<float32> =
        let struct (low, high) = Vector512.Widen x
        Vector512.Narrow(Circular.Cosine low, Circular.Cosine high)
