namespace Optim.Managed

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// The passes of L-BFGS over pairs (s, y) that are kept in single precision, block by block, so that what the pairs are
/// multiplied with stays in the first cache while they stream past. Products and sums are of double precision. The order of
/// a sum depends on n only: neither on how many pairs there are nor on which are taken together.
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
        let narrow = Vector256.LoadUnsafe(&source, unativeint at)

        // The general form loads and converts in two instructions.
        if Avx512F.IsSupported then
            Avx512F.ConvertToVector512Double narrow
        else
            Vector512.WidenLower(narrow.ToVector512Unsafe())

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

    // What one number contributes to the sums of a pair, rounded as the lanes are.
    let private addProduct
        (s: float)
        (y: float)
        (g: float)
        (v: float)
        (sums: float[])
        (offset: int)
        : unit =
        let add (a: float) (b: float) (at: int) =
            sums[at] <- Double.MultiplyAddEstimate(a, b, sums[at])

        add s g offset
        add s v (offset + Lanes)
        add y g (offset + 2 * Lanes)
        add y v (offset + 3 * Lanes)

    // Whole pairs of vectors of learn: writes s, y and v, adds to the four sums and gives the square of s. length: a multiple of
    // twice the lanes.
    // Methods of lanes hold nothing but a loop, so that all addresses stay in registers. With the rest of a block in the same
    // method they do not, which costs a third more.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private learnLanes
        (before: byref<float>)
        (after: byref<float>)
        (gradientBefore: byref<float>)
        (gradient: byref<float>)
        (length: int)
        (struct (moveScale: float, changeScale: float))
        (s: byref<float32>)
        (y: byref<float32>)
        (v: byref<float>)
        (sums: byref<float>)
        : float =
        FullOptimization.atOnce ()
        let moveScale = Vector512.Create moveScale
        let changeScale = Vector512.Create changeScale
        let mutable ss0 = Vector512<float>.Zero
        let mutable ss1 = Vector512<float>.Zero
        let mutable sg = load &sums 0
        let mutable sv = load &sums Lanes
        let mutable yg = load &sums (2 * Lanes)
        let mutable yv = load &sums (3 * Lanes)
        let mutable i = 0

        while i <= length - 2 * Lanes do
            let low = moveScale * (load &after i - load &before i)
            let high = moveScale * (load &after (i + Lanes) - load &before (i + Lanes))
            let move = Vector512.Narrow(low, high)
            Vector512.StoreUnsafe(move, &s, unativeint i)
            let s0 = Vector512.WidenLower move
            let s1 = Vector512.WidenUpper move
            let g0 = load &gradient i
            let g1 = load &gradient (i + Lanes)
            let low = changeScale * (g0 - load &gradientBefore i)
            let high = changeScale * (g1 - load &gradientBefore (i + Lanes))
            let change = Vector512.Narrow(low, high)
            Vector512.StoreUnsafe(change, &y, unativeint i)
            let y0 = Vector512.WidenLower change
            let y1 = Vector512.WidenUpper change
            store y0 &v i
            store y1 &v (i + Lanes)
            ss0 <- multiplyAdd s0 s0 ss0
            ss1 <- multiplyAdd s1 s1 ss1
            sg <- multiplyAdd s1 g1 (multiplyAdd s0 g0 sg)
            sv <- multiplyAdd s1 y1 (multiplyAdd s0 y0 sv)
            yg <- multiplyAdd y1 g1 (multiplyAdd y0 g0 yg)
            yv <- multiplyAdd y1 y1 (multiplyAdd y0 y0 yv)
            i <- i + 2 * Lanes

        store sg &sums 0
        store sv &sums Lanes
        store yg &sums (2 * Lanes)
        store yv &sums (3 * Lanes)
        Vector512.Sum(ss0 + ss1)

    /// For some numbers from an index: s = moveScale · (after − before) and y = changeScale · (gradient − gradientBefore), in
    /// single precision; v, from its own start, = y in double precision. Adds to the four sums of the pair from `offset` on what
    /// they contribute, in the order in which addProducts does. Gives the square of s.
    let learn
        (struct (start: int, length: int))
        (struct (before: float[], after: float[]))
        (struct (gradientBefore: float[], gradient: float[]))
        (struct (moveScale: float, changeScale: float) as scales)
        (struct (s: float32[], y: float32[]))
        (v: float[])
        (sums: float[])
        (offset: int)
        : float =
        let mutable square = 0.0
        let mutable i = length - length % (2 * Lanes)

        if i > 0 then
            square <-
                learnLanes
                    &(from before start)
                    &(from after start)
                    &(from gradientBefore start)
                    &(from gradient start)
                    i
                    scales
                    &(from s start)
                    &(from y start)
                    &(from v 0)
                    &(from sums offset)

        while i < length do
            let at = start + i
            let g = gradient[at]
            s[at] <- float32 (moveScale * (after[at] - before[at]))
            y[at] <- float32 (changeScale * (g - gradientBefore[at]))
            let si, yi = float s[at], float y[at]
            v[i] <- yi
            // addProducts takes whole lanes together.
            let lane = if i < length - length % Lanes then i % Lanes else 0
            addProduct si yi g yi sums (offset + lane)
            square <- square + si * si
            i <- i + 1

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
        (s3: byref<float32>)
        (y3: byref<float32>)
        (g: byref<float>)
        (v: byref<float>)
        (length: int)
        (sums1: byref<float>)
        (sums2: byref<float>)
        (sums3: byref<float>)
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
        let mutable sg3 = load &sums3 0
        let mutable sv3 = load &sums3 Lanes
        let mutable yg3 = load &sums3 (2 * Lanes)
        let mutable yv3 = load &sums3 (3 * Lanes)
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
            let si = single &s3 i
            sg3 <- multiplyAdd si gi sg3
            sv3 <- multiplyAdd si vi sv3
            let yi = single &y3 i
            yg3 <- multiplyAdd yi gi yg3
            yv3 <- multiplyAdd yi vi yv3
            i <- i + Lanes

        store sg1 &sums1 0
        store sv1 &sums1 Lanes
        store yg1 &sums1 (2 * Lanes)
        store yv1 &sums1 (3 * Lanes)
        store sg2 &sums2 0
        store sv2 &sums2 Lanes
        store yg2 &sums2 (2 * Lanes)
        store yv2 &sums2 (3 * Lanes)
        store sg3 &sums3 0
        store sv3 &sums3 Lanes
        store yg3 &sums3 (2 * Lanes)
        store yv3 &sums3 (3 * Lanes)

    /// Adds to the sums of three pairs what some numbers from an index contribute; g from an index of its own, v from its start.
    /// offsets: where the pairs' sums begin; where two pairs are one, the sums of the later are for what nobody needs.
    let addProducts
        (struct (start: int, length: int))
        (struct (s1: float32[], y1: float32[]))
        (struct (s2: float32[], y2: float32[]))
        (struct (s3: float32[], y3: float32[]))
        (struct (g: float[], gradientStart: int))
        (v: float[])
        (sums: float[])
        (struct (offset1: int, offset2: int, offset3: int))
        : unit =
        if length >= Lanes then
            productLanes
                &(from s1 start)
                &(from y1 start)
                &(from s2 start)
                &(from y2 start)
                &(from s3 start)
                &(from y3 start)
                &(from g gradientStart)
                &(from v 0)
                length
                &(from sums offset1)
                &(from sums offset2)
                &(from sums offset3)

        for i in length - length % Lanes .. length - 1 do
            let gi, vi = g[gradientStart + i], v[i]
            let at = start + i
            addProduct (float s1[at]) (float y1[at]) gi vi sums offset1
            addProduct (float s2[at]) (float y2[at]) gi vi sums offset2
            addProduct (float s3[at]) (float y3[at]) gi vi sums offset3

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
