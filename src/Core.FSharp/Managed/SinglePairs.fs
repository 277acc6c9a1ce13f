namespace Optim.Managed

open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// The passes of L-BFGS over pairs (s, y) that are kept in single precision, block by block, so that what the pairs are
/// multiplied with stays in the first cache while they stream past. Products and sums are of double precision. The order of
/// a sum depends on n only: neither on how many pairs there are nor on which two are taken together.
[<RequireQualifiedAccess>]
module internal SinglePairs =

    /// Numbers in a block: two vectors of them leave half of a first cache of 32 KiB free.
    [<Literal>]
    let Block = 1024

    /// Numbers that a sum takes while it runs: one for each lane.
    [<Literal>]
    let Lanes = 8

    /// Numbers that the sums of a pair take: sᵀg, sᵀv, yᵀg, yᵀv.
    [<Literal>]
    let Sums = 32

    let inline private from (array: 'T[]) (start: int) : byref<'T> =
        &Unsafe.Add(&MemoryMarshal.GetArrayDataReference array, start)

    let inline private single (source: byref<float32>) (at: int) : Vector512<float> =
        Vector512.WidenLower(Vector256.LoadUnsafe(&source, unativeint at).ToVector512Unsafe())

    let inline private load (source: byref<float>) (at: int) : Vector512<float> =
        Vector512.LoadUnsafe(&source, unativeint at)

    let inline private store (value: Vector512<float>) (target: byref<float>) (at: int) : unit =
        Vector512.StoreUnsafe(value, &target, unativeint at)

    let inline private multiplyAdd
        (a: Vector512<float>)
        (b: Vector512<float>)
        (c: Vector512<float>)
        : Vector512<float> =
        Vector512.MultiplyAddEstimate(a, b, c)

    // Two lanes of numbers at a time of `difference`, as many as there are: the sum of their squares.
    // Methods of lanes hold nothing but a loop, so that all addresses stay in registers. With the rest of a block in the same
    // method they do not, which costs a third more.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private differenceLanes
        (before: byref<float>)
        (after: byref<float>)
        (length: int)
        (scale: float)
        (target: byref<float32>)
        (wide: byref<float>)
        : float =
        FullOptimization.atOnce ()
        let scales = Vector512.Create scale
        let mutable sum0 = Vector512<float>.Zero
        let mutable sum1 = Vector512<float>.Zero
        let mutable i = 0

        while i <= length - 2 * Lanes do
            let low = scales * (load &after i - load &before i)
            let high = scales * (load &after (i + Lanes) - load &before (i + Lanes))
            let narrow = Vector512.Narrow(low, high)
            Vector512.StoreUnsafe(narrow, &target, unativeint i)
            let low = Vector512.WidenLower narrow
            let high = Vector512.WidenUpper narrow
            store low &wide i
            store high &wide (i + Lanes)
            sum0 <- multiplyAdd low low sum0
            sum1 <- multiplyAdd high high sum1
            i <- i + 2 * Lanes

        Vector512.Sum(sum0 + sum1)

    /// target = scale · (after − before) in single precision, for some numbers from an index; wide, from its own start: the same
    /// in double precision. Gives the target's square.
    let difference
        (struct (start: int, length: int))
        (struct (before: float[], after: float[]))
        (scale: float)
        (target: float32[])
        (wide: float[])
        : float =
        let mutable square = 0.0

        if length >= 2 * Lanes then
            square <-
                differenceLanes
                    &(from before start)
                    &(from after start)
                    length
                    scale
                    &(from target start)
                    &(from wide 0)

        for i in length - length % (2 * Lanes) .. length - 1 do
            let narrow = float32 (scale * (after[start + i] - before[start + i]))
            let value = float narrow
            target[start + i] <- narrow
            wide[i] <- value
            square <- square + value * value

        square

    /// wide, from its own start, = some numbers of source from an index.
    let widen (struct (start: int, length: int)) (source: float32[]) (wide: float[]) : unit =
        for i in 0 .. length - 1 do
            wide[i] <- float source[start + i]

    // The lanes of addProducts.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private productLanes
        (s1: byref<float32>)
        (y1: byref<float32>)
        (s2: byref<float32>)
        (y2: byref<float32>)
        (g: byref<float>)
        (v: byref<float>)
        (length: int)
        (sums1: byref<float>)
        (sums2: byref<float>)
        : unit =
        FullOptimization.atOnce ()
        let mutable sg1 = load &sums1 0
        let mutable sv1 = load &sums1 Lanes
        let mutable yg1 = load &sums1 (2 * Lanes)
        let mutable yv1 = load &sums1 (3 * Lanes)
        let mutable sg2 = load &sums2 0
        let mutable sv2 = load &sums2 Lanes
        let mutable yg2 = load &sums2 (2 * Lanes)
        let mutable yv2 = load &sums2 (3 * Lanes)
        let mutable i = 0

        while i <= length - Lanes do
            let gi = load &g i
            let vi = load &v i
            let si = single &s1 i
            sg1 <- multiplyAdd si gi sg1
            sv1 <- multiplyAdd si vi sv1
            let yi = single &y1 i
            yg1 <- multiplyAdd yi gi yg1
            yv1 <- multiplyAdd yi vi yv1
            let si = single &s2 i
            sg2 <- multiplyAdd si gi sg2
            sv2 <- multiplyAdd si vi sv2
            let yi = single &y2 i
            yg2 <- multiplyAdd yi gi yg2
            yv2 <- multiplyAdd yi vi yv2
            i <- i + Lanes

        store sg1 &sums1 0
        store sv1 &sums1 Lanes
        store yg1 &sums1 (2 * Lanes)
        store yv1 &sums1 (3 * Lanes)
        store sg2 &sums2 0
        store sv2 &sums2 Lanes
        store yg2 &sums2 (2 * Lanes)
        store yv2 &sums2 (3 * Lanes)

    /// Adds to the sums of two pairs what some numbers from an index contribute; g from an index of its own, v from its start.
    /// offsets: where the pairs' sums begin; where both pairs are one, that of the second is for what nobody needs.
    let addProducts
        (struct (start: int, length: int))
        (struct (s1: float32[], y1: float32[]))
        (struct (s2: float32[], y2: float32[]))
        (struct (g: float[], gradientStart: int))
        (v: float[])
        (sums: float[])
        (struct (offset1: int, offset2: int))
        : unit =
        if length >= Lanes then
            productLanes
                &(from s1 start)
                &(from y1 start)
                &(from s2 start)
                &(from y2 start)
                &(from g gradientStart)
                &(from v 0)
                length
                &(from sums offset1)
                &(from sums offset2)

        for i in length - length % Lanes .. length - 1 do
            let gi, vi = g[gradientStart + i], v[i]
            let si, yi = float s1[start + i], float y1[start + i]
            sums[offset1] <- sums[offset1] + si * gi
            sums[offset1 + Lanes] <- sums[offset1 + Lanes] + si * vi
            sums[offset1 + 2 * Lanes] <- sums[offset1 + 2 * Lanes] + yi * gi
            sums[offset1 + 3 * Lanes] <- sums[offset1 + 3 * Lanes] + yi * vi
            let si, yi = float s2[start + i], float y2[start + i]
            sums[offset2] <- sums[offset2] + si * gi
            sums[offset2 + Lanes] <- sums[offset2 + Lanes] + si * vi
            sums[offset2 + 2 * Lanes] <- sums[offset2 + 2 * Lanes] + yi * gi
            sums[offset2 + 3 * Lanes] <- sums[offset2 + 3 * Lanes] + yi * vi

    /// The total of a sum that begins at an index.
    let total (sums: float[]) (offset: int) : float =
        Vector512.Sum(load &(from sums offset) 0)

    // The lanes of combine.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private combineLanes
        (s1: byref<float32>)
        (y1: byref<float32>)
        (s2: byref<float32>)
        (y2: byref<float32>)
        (x: byref<float>)
        (target: byref<float>)
        (length: int)
        (struct (factor: float, a1: float, b1: float, a2: float, b2: float))
        : unit =
        FullOptimization.atOnce ()
        let factor = Vector512.Create factor
        let a1 = Vector512.Create a1
        let b1 = Vector512.Create b1
        let a2 = Vector512.Create a2
        let b2 = Vector512.Create b2
        let mutable i = 0

        while i <= length - Lanes do
            let first = multiplyAdd a1 (single &s1 i) (factor * load &x i)
            let second = multiplyAdd b1 (single &y1 i) first
            let third = multiplyAdd a2 (single &s2 i) second
            store (multiplyAdd b2 (single &y2 i) third) &target i
            i <- i + Lanes

    /// target = factor · x + a₁ s₁ + b₁ y₁ + a₂ s₂ + b₂ y₂ for some numbers from an index; target may be x.
    let combine
        (struct (start: int, length: int))
        (struct (factor: float, x: float[]))
        (struct (a1: float, s1: float32[], b1: float, y1: float32[]))
        (struct (a2: float, s2: float32[], b2: float, y2: float32[]))
        (target: float[])
        : unit =
        if length >= Lanes then
            combineLanes
                &(from s1 start)
                &(from y1 start)
                &(from s2 start)
                &(from y2 start)
                &(from x start)
                &(from target start)
                length
                (struct (factor, a1, b1, a2, b2))

        for at in start + length - length % Lanes .. start + length - 1 do
            target[at] <-
                factor * x[at]
                + a1 * float s1[at]
                + b1 * float y1[at]
                + a2 * float s2[at]
                + b2 * float y2[at]

    /// Adds aᵀb and aᵀa of some numbers from an index to the first two sums.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let addDots
        (struct (start: int, length: int))
        (a: float[])
        (b: float[])
        (sums: float[])
        : unit =
        FullOptimization.atOnce ()
        let mutable i = 0

        if length >= 4 * Lanes then
            let a = &from a start
            let b = &from b start
            let sums = &from sums 0
            let mutable ab0 = load &sums 0
            let mutable aa0 = load &sums Lanes
            let mutable ab1 = Vector512<float>.Zero
            let mutable aa1 = Vector512<float>.Zero
            let mutable ab2 = Vector512<float>.Zero
            let mutable aa2 = Vector512<float>.Zero
            let mutable ab3 = Vector512<float>.Zero
            let mutable aa3 = Vector512<float>.Zero

            while i <= length - 4 * Lanes do
                let a0 = load &a i
                let a1 = load &a (i + Lanes)
                let a2 = load &a (i + 2 * Lanes)
                let a3 = load &a (i + 3 * Lanes)
                ab0 <- multiplyAdd a0 (load &b i) ab0
                ab1 <- multiplyAdd a1 (load &b (i + Lanes)) ab1
                ab2 <- multiplyAdd a2 (load &b (i + 2 * Lanes)) ab2
                ab3 <- multiplyAdd a3 (load &b (i + 3 * Lanes)) ab3
                aa0 <- multiplyAdd a0 a0 aa0
                aa1 <- multiplyAdd a1 a1 aa1
                aa2 <- multiplyAdd a2 a2 aa2
                aa3 <- multiplyAdd a3 a3 aa3
                i <- i + 4 * Lanes

            store ((ab0 + ab1) + (ab2 + ab3)) &sums 0
            store ((aa0 + aa1) + (aa2 + aa3)) &sums Lanes

        while i < length do
            let ai = a[start + i]
            sums[0] <- sums[0] + ai * b[start + i]
            sums[Lanes] <- sums[Lanes] + ai * ai
            i <- i + 1

    /// x ← x + factor · the row of a matrix whose rows have as many numbers as x, a multiple of Lanes.
    let addRow (factor: float) (matrix: float[]) (row: int) (x: float[]) : unit =
        let source = &from matrix (row * x.Length)
        let target = &from x 0
        let factor = Vector512.Create factor
        let mutable i = 0

        while i < x.Length do
            store (multiplyAdd factor (load &source i) (load &target i)) &target i
            i <- i + Lanes
