namespace Optim.Managed

open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// The passes over vectors of which the in-place methods are made, on arrays of n float64 numbers from their start. Each
/// reads what it needs once and writes at most once, without allocation. Elements are computed as the tensor operations of the
/// pure methods do, to the bit; sums run over vector accumulators in an order that depends on n only, so that the same
/// machine gives the same bits.
[<RequireQualifiedAccess>]
module internal InPlace =

    /// Shorter vectors take the plain loop.
    [<Literal>]
    let private Few = 8

    /// aᵀ b.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let dot (n: int) (a: float[]) (b: float[]) : float =
        FullOptimization.atOnce ()
        let mutable total = 0.0
        let mutable i = 0

        if n >= Few then
            let a = &MemoryMarshal.GetArrayDataReference a
            let b = &MemoryMarshal.GetArrayDataReference b
            let width = Vector512<float>.Count
            let mutable sum0 = Vector512<float>.Zero
            let mutable sum1 = Vector512<float>.Zero
            let mutable sum2 = Vector512<float>.Zero
            let mutable sum3 = Vector512<float>.Zero

            while i <= n - 4 * width do
                let at = unativeint i
                let at1 = unativeint (i + width)
                let at2 = unativeint (i + 2 * width)
                let at3 = unativeint (i + 3 * width)

                sum0 <-
                    Vector512.MultiplyAddEstimate(
                        Vector512.LoadUnsafe(&a, at),
                        Vector512.LoadUnsafe(&b, at),
                        sum0
                    )

                sum1 <-
                    Vector512.MultiplyAddEstimate(
                        Vector512.LoadUnsafe(&a, at1),
                        Vector512.LoadUnsafe(&b, at1),
                        sum1
                    )

                sum2 <-
                    Vector512.MultiplyAddEstimate(
                        Vector512.LoadUnsafe(&a, at2),
                        Vector512.LoadUnsafe(&b, at2),
                        sum2
                    )

                sum3 <-
                    Vector512.MultiplyAddEstimate(
                        Vector512.LoadUnsafe(&a, at3),
                        Vector512.LoadUnsafe(&b, at3),
                        sum3
                    )

                i <- i + 4 * width

            while i <= n - width do
                let at = unativeint i

                sum0 <-
                    Vector512.MultiplyAddEstimate(
                        Vector512.LoadUnsafe(&a, at),
                        Vector512.LoadUnsafe(&b, at),
                        sum0
                    )

                i <- i + width

            total <- Vector512.Sum((sum0 + sum1) + (sum2 + sum3))

        while i < n do
            total <- total + a[i] * b[i]
            i <- i + 1

        total

    /// aᵀ b and aᵀ a in one pass.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let dots (n: int) (a: float[]) (b: float[]) : struct (float * float) =
        FullOptimization.atOnce ()
        let mutable ab = 0.0
        let mutable aa = 0.0
        let mutable i = 0

        if n >= Few then
            let a = &MemoryMarshal.GetArrayDataReference a
            let b = &MemoryMarshal.GetArrayDataReference b
            let width = Vector512<float>.Count
            let mutable ab0 = Vector512<float>.Zero
            let mutable ab1 = Vector512<float>.Zero
            let mutable aa0 = Vector512<float>.Zero
            let mutable aa1 = Vector512<float>.Zero

            while i <= n - 2 * width do
                let at = unativeint i
                let at1 = unativeint (i + width)
                let a0 = Vector512.LoadUnsafe(&a, at)
                let a1 = Vector512.LoadUnsafe(&a, at1)
                ab0 <- Vector512.MultiplyAddEstimate(a0, Vector512.LoadUnsafe(&b, at), ab0)
                ab1 <- Vector512.MultiplyAddEstimate(a1, Vector512.LoadUnsafe(&b, at1), ab1)
                aa0 <- Vector512.MultiplyAddEstimate(a0, a0, aa0)
                aa1 <- Vector512.MultiplyAddEstimate(a1, a1, aa1)
                i <- i + 2 * width

            ab <- Vector512.Sum(ab0 + ab1)
            aa <- Vector512.Sum(aa0 + aa1)

        while i < n do
            ab <- ab + a[i] * b[i]
            aa <- aa + a[i] * a[i]
            i <- i + 1

        struct (ab, aa)

    /// The Euclidean norm.
    let norm (n: int) (a: float[]) : float = sqrt (dot n a a)

    /// target = x + t d, and |t d|; target may be x.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let travel (n: int) (x: float[]) (t: float) (d: float[]) (target: float[]) : float =
        FullOptimization.atOnce ()
        let mutable square = 0.0
        let mutable i = 0

        if n >= Few then
            let x = &MemoryMarshal.GetArrayDataReference x
            let d = &MemoryMarshal.GetArrayDataReference d
            let target = &MemoryMarshal.GetArrayDataReference target
            let width = Vector512<float>.Count
            let size = Vector512.Create t
            let mutable sum0 = Vector512<float>.Zero
            let mutable sum1 = Vector512<float>.Zero

            while i <= n - 2 * width do
                let at = unativeint i
                let at1 = unativeint (i + width)
                let move0 = size * Vector512.LoadUnsafe(&d, at)
                let move1 = size * Vector512.LoadUnsafe(&d, at1)
                Vector512.StoreUnsafe(Vector512.LoadUnsafe(&x, at) + move0, &target, at)
                Vector512.StoreUnsafe(Vector512.LoadUnsafe(&x, at1) + move1, &target, at1)
                sum0 <- Vector512.MultiplyAddEstimate(move0, move0, sum0)
                sum1 <- Vector512.MultiplyAddEstimate(move1, move1, sum1)
                i <- i + 2 * width

            square <- Vector512.Sum(sum0 + sum1)

        while i < n do
            let moved = t * d[i]
            target[i] <- x[i] + moved
            square <- square + moved * moved
            i <- i + 1

        sqrt square

    /// target = x + t d; target may be x.
    let move (n: int) (x: float[]) (t: float) (d: float[]) (target: float[]) : unit =
        travel n x t d target |> ignore

    /// target = factor · x; target may be x.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let scale (n: int) (factor: float) (x: float[]) (target: float[]) : unit =
        FullOptimization.atOnce ()
        let mutable i = 0

        if n >= Few then
            let x = &MemoryMarshal.GetArrayDataReference x
            let target = &MemoryMarshal.GetArrayDataReference target
            let width = Vector512<float>.Count
            let factors = Vector512.Create factor

            while i <= n - width do
                let at = unativeint i
                Vector512.StoreUnsafe(factors * Vector512.LoadUnsafe(&x, at), &target, at)
                i <- i + width

        while i < n do
            target[i] <- factor * x[i]
            i <- i + 1

    /// target = factor · (x + a v), and then targetᵀ w. target may be x. The two loops of L-BFGS are chains of it: the update by
    /// one pair together with the product with the next.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let updateAndDot
        (n: int)
        (x: float[])
        (a: float)
        (v: float[])
        (factor: float)
        (target: float[])
        (w: float[])
        : float =
        FullOptimization.atOnce ()
        let mutable total = 0.0
        let mutable i = 0

        if n >= Few then
            let x = &MemoryMarshal.GetArrayDataReference x
            let v = &MemoryMarshal.GetArrayDataReference v
            let w = &MemoryMarshal.GetArrayDataReference w
            let target = &MemoryMarshal.GetArrayDataReference target
            let width = Vector512<float>.Count
            let size = Vector512.Create a
            let factors = Vector512.Create factor
            let mutable sum0 = Vector512<float>.Zero
            let mutable sum1 = Vector512<float>.Zero
            let mutable sum2 = Vector512<float>.Zero
            let mutable sum3 = Vector512<float>.Zero

            while i <= n - 4 * width do
                let at = unativeint i
                let at1 = unativeint (i + width)
                let at2 = unativeint (i + 2 * width)
                let at3 = unativeint (i + 3 * width)

                let y0 =
                    factors * (Vector512.LoadUnsafe(&x, at) + size * Vector512.LoadUnsafe(&v, at))

                let y1 =
                    factors * (Vector512.LoadUnsafe(&x, at1) + size * Vector512.LoadUnsafe(&v, at1))

                let y2 =
                    factors * (Vector512.LoadUnsafe(&x, at2) + size * Vector512.LoadUnsafe(&v, at2))

                let y3 =
                    factors * (Vector512.LoadUnsafe(&x, at3) + size * Vector512.LoadUnsafe(&v, at3))

                sum0 <- Vector512.MultiplyAddEstimate(y0, Vector512.LoadUnsafe(&w, at), sum0)
                sum1 <- Vector512.MultiplyAddEstimate(y1, Vector512.LoadUnsafe(&w, at1), sum1)
                sum2 <- Vector512.MultiplyAddEstimate(y2, Vector512.LoadUnsafe(&w, at2), sum2)
                sum3 <- Vector512.MultiplyAddEstimate(y3, Vector512.LoadUnsafe(&w, at3), sum3)
                Vector512.StoreUnsafe(y0, &target, at)
                Vector512.StoreUnsafe(y1, &target, at1)
                Vector512.StoreUnsafe(y2, &target, at2)
                Vector512.StoreUnsafe(y3, &target, at3)
                i <- i + 4 * width

            total <- Vector512.Sum((sum0 + sum1) + (sum2 + sum3))

        while i < n do
            let y = factor * (x[i] + a * v[i])
            total <- total + y * w[i]
            target[i] <- y
            i <- i + 1

        total

    /// x ← scale · x in single precision, as double numbers.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let roundToSingle (n: int) (scale: float) (x: float[]) : unit =
        FullOptimization.atOnce ()

        for i in 0 .. n - 1 do
            x[i] <- float (float32 (scale * x[i]))

    /// s = after − before of the points and y = after − before of the gradients; and yᵀ s, sᵀ s, yᵀ y.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let pair
        (n: int)
        (struct (pointBefore: float[], pointAfter: float[]))
        (struct (gradientBefore: float[], gradientAfter: float[]))
        (s: float[])
        (y: float[])
        : struct (float * float * float) =
        FullOptimization.atOnce ()
        let mutable ys = 0.0
        let mutable ss = 0.0
        let mutable yy = 0.0
        let mutable i = 0

        if n >= Few then
            let x0 = &MemoryMarshal.GetArrayDataReference pointBefore
            let x1 = &MemoryMarshal.GetArrayDataReference pointAfter
            let g0 = &MemoryMarshal.GetArrayDataReference gradientBefore
            let g1 = &MemoryMarshal.GetArrayDataReference gradientAfter
            let sRef = &MemoryMarshal.GetArrayDataReference s
            let yRef = &MemoryMarshal.GetArrayDataReference y
            let width = Vector512<float>.Count
            let mutable sumYs = Vector512<float>.Zero
            let mutable sumSs = Vector512<float>.Zero
            let mutable sumYy = Vector512<float>.Zero

            while i <= n - width do
                let at = unativeint i
                let si = Vector512.LoadUnsafe(&x1, at) - Vector512.LoadUnsafe(&x0, at)
                let yi = Vector512.LoadUnsafe(&g1, at) - Vector512.LoadUnsafe(&g0, at)
                Vector512.StoreUnsafe(si, &sRef, at)
                Vector512.StoreUnsafe(yi, &yRef, at)
                sumYs <- Vector512.MultiplyAddEstimate(yi, si, sumYs)
                sumSs <- Vector512.MultiplyAddEstimate(si, si, sumSs)
                sumYy <- Vector512.MultiplyAddEstimate(yi, yi, sumYy)
                i <- i + width

            ys <- Vector512.Sum sumYs
            ss <- Vector512.Sum sumSs
            yy <- Vector512.Sum sumYy

        while i < n do
            let si = pointAfter[i] - pointBefore[i]
            let yi = gradientAfter[i] - gradientBefore[i]
            s[i] <- si
            y[i] <- yi
            ys <- ys + yi * si
            ss <- ss + si * si
            yy <- yy + yi * yi
            i <- i + 1

        struct (ys, ss, yy)
