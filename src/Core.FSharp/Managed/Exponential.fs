namespace Optim.Managed

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

/// The exponential of each element, whatever its neighbours are. The library computes a vector with one element out of the
/// usual range in another way, whose last bit depends on how far the runtime has optimized it: the same call would give
/// other bits later. It never sees such elements from here: they are exp x = (exp ½x)².
[<AbstractClass; Sealed>]
type internal Exponential =

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private Far
        (x: Vector512<float>, isNear: Vector512<float>, near: Vector512<float>)
        : Vector512<float> =
        let limit = Vector512.Create 400.0
        let half = Vector512.Create 0.5 * x
        let inside = Vector512.Min(Vector512.Max(half, -limit), limit)
        let isNumber = Vector512.Equals(x, x)

        let root =
            Vector512.Exp(Vector512.ConditionalSelect(isNumber, inside, Vector512<float>.Zero))

        let far = Vector512.ConditionalSelect(isNumber, root * root, x)
        Vector512.ConditionalSelect(isNear, near, far)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private Far
        (x: Vector512<float32>, isNear: Vector512<float32>, near: Vector512<float32>)
        : Vector512<float32> =
        let limit = Vector512.Create 52.0f
        let half = Vector512.Create 0.5f * x
        let inside = Vector512.Min(Vector512.Max(half, -limit), limit)
        let isNumber = Vector512.Equals(x, x)

        let root =
            Vector512.Exp(Vector512.ConditionalSelect(isNumber, inside, Vector512<float32>.Zero))

        let far = Vector512.ConditionalSelect(isNumber, root * root, x)
        Vector512.ConditionalSelect(isNear, near, far)

    /// exp x.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Of(x: Vector512<float>) : Vector512<float> =
        let isNear = Vector512.LessThanOrEqual(Vector512.Abs x, Vector512.Create 700.0)

        let near =
            Vector512.Exp(Vector512.ConditionalSelect(isNear, x, Vector512<float>.Zero))

        if Vector512.EqualsAll(isNear.AsInt64(), Vector512<int64>.AllBitsSet) then
            near
        else
            Exponential.Far(x, isNear, near)

    /// exp x.
    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member Of(x: Vector512<float32>) : Vector512<float32> =
        let isNear = Vector512.LessThanOrEqual(Vector512.Abs x, Vector512.Create 80.0f)

        let near =
            Vector512.Exp(Vector512.ConditionalSelect(isNear, x, Vector512<float32>.Zero))

        if Vector512.EqualsAll(isNear.AsInt32(), Vector512<int32>.AllBitsSet) then
            near
        else
            Exponential.Far(x, isNear, near)
