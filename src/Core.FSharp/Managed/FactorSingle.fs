namespace Optim.Managed

open System

/// The factorizations for float32 arrays: computed in float64 on copies, rounded once at the end.
/// Meaning, shapes, codes and failures are those of the float64 kernel of the same name.
[<RequireQualifiedAccess>]
module internal FactorSingle =

    /// A float64 copy of `count` entries from `offset`.
    let widen (source: float32[]) (offset: int) (count: int) : float[] =
        let target = GC.AllocateUninitializedArray<float> count

        for i in 0 .. count - 1 do
            target[i] <- float source[offset + i]

        target

    /// Rounds all of `source` into `target` from `offset`.
    let narrow (source: float[]) (target: float32[]) (offset: int) : unit =
        for i in 0 .. source.Length - 1 do
            target[offset + i] <- float32 source[i]

    /// `FactorCholesky.factor`.
    let cholesky (n: int) (a: float32[]) (offset: int) : int =
        let wide = widen a offset (n * n)
        let code = FactorCholesky.factor n wide 0
        narrow wide a offset
        code

    /// `FactorTriangular.solve`.
    let triangularSolve
        (form: TriangularForm)
        (struct (n: int, r: int))
        (struct (t: float32[], tOffset: int))
        (struct (b: float32[], bOffset: int))
        : unit =
        let wide = widen b bOffset (n * r)

        FactorTriangular.solve
            form
            (struct (n, r))
            (struct (widen t tOffset (n * n), 0))
            (struct (wide, 0))

        narrow wide b bOffset

    /// b ← a⁻¹ b by LU; a is kept. a: (n, n), b: (n, r). A singular or non-finite a gives non-finite entries.
    let solve
        (struct (n: int, r: int))
        (struct (a: float32[], aOffset: int))
        (struct (b: float32[], bOffset: int))
        : unit =
        let lu = widen a aOffset (n * n)
        let pivots = Array.zeroCreate<int> n
        FactorLu.factor n lu 0 pivots |> ignore
        let wide = widen b bOffset (n * r)
        FactorLu.solve (struct (n, r)) (struct (lu, 0)) pivots (struct (wide, 0))
        narrow wide b bOffset

    /// The sign of det a and ln |det a| by LU; a is kept. a: (n, n).
    let signAndLogDeterminant (n: int) (a: float32[]) (offset: int) : struct (float * float) =
        let lu = widen a offset (n * n)
        let pivots = Array.zeroCreate<int> n
        FactorLu.factor n lu 0 pivots |> ignore
        FactorLu.signAndLogDeterminant n lu 0 pivots

    /// `FactorQr.factor`.
    let qr
        (struct (m: int, n: int))
        (struct (a: float32[], aOffset: int))
        (struct (q: float32[], qOffset: int))
        (struct (r: float32[], rOffset: int))
        : unit =
        let k = min m n
        let wideQ = Array.zeroCreate<float>(m * k)
        let wideR = Array.zeroCreate<float>(k * n)

        FactorQr.factor
            (struct (m, n))
            (struct (widen a aOffset (m * n), 0))
            (struct (wideQ, 0))
            (struct (wideR, 0))

        narrow wideQ q qOffset
        narrow wideR r rOffset

    /// `FactorEigen.symmetric`; a is kept.
    let symmetricEigen
        (n: int)
        (struct (a: float32[], aOffset: int))
        (struct (values: float32[], valuesOffset: int))
        (struct (vectors: float32[], vectorsOffset: int))
        : bool =
        let w = Array.zeroCreate<float> n
        let v = Array.zeroCreate<float>(n * n)

        let isSolved =
            FactorEigen.symmetric
                n
                (struct (widen a aOffset (n * n), 0))
                (struct (w, 0))
                (struct (v, 0))

        narrow w values valuesOffset
        narrow v vectors vectorsOffset
        isSolved
