namespace Optim.Managed

open System
open System.Numerics
open System.Runtime.InteropServices

/// The few vector loops that the factorizations are made of, on contiguous float64 spans of equal length.
/// Sums run over four vector accumulators in a fixed order: the same machine gives the same bits. Products are added with one
/// rounding where the processor can, with two where it cannot.
[<RequireQualifiedAccess>]
module internal FactorVector =

    /// Σ xᵢ yᵢ. x and y: (n). Cost: one pass.
    let dot (x: Span<float>) (y: Span<float>) : float =
        let n = x.Length
        let y = y.Slice(0, n)
        let xRef = &MemoryMarshal.GetReference x
        let yRef = &MemoryMarshal.GetReference y
        let width = Vector<float>.Count
        let mutable sum0 = Vector<float>.Zero
        let mutable sum1 = Vector<float>.Zero
        let mutable sum2 = Vector<float>.Zero
        let mutable sum3 = Vector<float>.Zero
        let mutable i = 0

        while i <= n - 4 * width do
            let at = unativeint i
            let at1 = unativeint (i + width)
            let at2 = unativeint (i + 2 * width)
            let at3 = unativeint (i + 3 * width)

            sum0 <-
                Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(&xRef, at),
                    Vector.LoadUnsafe(&yRef, at),
                    sum0
                )

            sum1 <-
                Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(&xRef, at1),
                    Vector.LoadUnsafe(&yRef, at1),
                    sum1
                )

            sum2 <-
                Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(&xRef, at2),
                    Vector.LoadUnsafe(&yRef, at2),
                    sum2
                )

            sum3 <-
                Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(&xRef, at3),
                    Vector.LoadUnsafe(&yRef, at3),
                    sum3
                )

            i <- i + 4 * width

        while i <= n - width do
            let at = unativeint i

            sum0 <-
                Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(&xRef, at),
                    Vector.LoadUnsafe(&yRef, at),
                    sum0
                )

            i <- i + width

        let mutable total = Vector.Sum((sum0 + sum1) + (sum2 + sum3))

        while i < n do
            total <- total + x[i] * y[i]
            i <- i + 1

        total

    /// y ← y + alpha x. x and y: (n). A zero alpha is not skipped, so NaN in x reaches y.
    let addScaled (alpha: float) (x: Span<float>) (y: Span<float>) : unit =
        let n = x.Length
        let y = y.Slice(0, n)
        let xRef = &MemoryMarshal.GetReference x
        let yRef = &MemoryMarshal.GetReference y
        let width = Vector<float>.Count
        let factor = Vector<float>(alpha)
        let mutable i = 0

        while i <= n - 2 * width do
            let at = unativeint i
            let at1 = unativeint (i + width)

            let sum0 =
                Vector.MultiplyAddEstimate(
                    factor,
                    Vector.LoadUnsafe(&xRef, at),
                    Vector.LoadUnsafe(&yRef, at)
                )

            let sum1 =
                Vector.MultiplyAddEstimate(
                    factor,
                    Vector.LoadUnsafe(&xRef, at1),
                    Vector.LoadUnsafe(&yRef, at1)
                )

            Vector.StoreUnsafe(sum0, &yRef, at)
            Vector.StoreUnsafe(sum1, &yRef, at1)
            i <- i + 2 * width

        while i < n do
            y[i] <- Double.MultiplyAddEstimate(alpha, x[i], y[i])
            i <- i + 1

    /// x ← alpha x. x: (n).
    let scale (alpha: float) (x: Span<float>) : unit =
        let xRef = &MemoryMarshal.GetReference x
        let width = Vector<float>.Count
        let factor = Vector<float>(alpha)
        let mutable i = 0

        while i <= x.Length - width do
            Vector.StoreUnsafe(factor * Vector.LoadUnsafe(&xRef, unativeint i), &xRef, unativeint i)
            i <- i + width

        while i < x.Length do
            x[i] <- alpha * x[i]
            i <- i + 1

    /// x ← x / divisor. x: (n). A true division: 3 / 3 is 1 and a subnormal divisor does not overflow on the way.
    let divide (divisor: float) (x: Span<float>) : unit =
        let xRef = &MemoryMarshal.GetReference x
        let width = Vector<float>.Count
        let below = Vector<float>(divisor)
        let mutable i = 0

        while i <= x.Length - width do
            Vector.StoreUnsafe(Vector.LoadUnsafe(&xRef, unativeint i) / below, &xRef, unativeint i)
            i <- i + width

        while i < x.Length do
            x[i] <- x[i] / divisor
            i <- i + 1

    /// max |xᵢ|, NaN if any entry is NaN, 0 for no entries. x: (n).
    let largest (x: Span<float>) : float =
        let xRef = &MemoryMarshal.GetReference x
        let width = Vector<float>.Count
        let mutable best = Vector<float>.Zero
        let mutable i = 0

        while i <= x.Length - width do
            best <- Vector.Max(best, Vector.Abs(Vector.LoadUnsafe(&xRef, unativeint i)))
            i <- i + width

        let mutable result = 0.0

        for lane in 0 .. width - 1 do
            result <- Math.Max(result, best[lane])

        while i < x.Length do
            result <- Math.Max(result, Math.Abs x[i])
            i <- i + 1

        result

    /// Exchanges the contents of x and y. x and y: (n), not overlapping.
    let swap (x: Span<float>) (y: Span<float>) : unit =
        for i in 0 .. x.Length - 1 do
            let kept = x[i]
            x[i] <- y[i]
            y[i] <- kept

    /// A float64 copy of `count` float32 entries from `offset`: the factorizations compute in double precision only.
    let widen (source: float32[]) (offset: int) (count: int) : float[] =
        let target = GC.AllocateUninitializedArray<float> count

        for i in 0 .. count - 1 do
            target[i] <- float source[offset + i]

        target
