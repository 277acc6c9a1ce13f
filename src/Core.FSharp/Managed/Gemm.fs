namespace Optim.Managed

#nowarn "9" // operands are pinned for the kernels, which read by address

open System
open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop

/// The registers that a product is computed with.
[<RequireQualifiedAccess>]
type internal GemmTile =
    | Vector512
    | Vector256
    | Vector128
    | Scalar

module internal GemmTile =
    /// The widest that this machine has.
    let best: GemmTile =
        if Vector512.IsHardwareAccelerated then GemmTile.Vector512
        elif Vector256.IsHardwareAccelerated then GemmTile.Vector256
        elif Vector128.IsHardwareAccelerated then GemmTile.Vector128
        else GemmTile.Scalar

    /// The double kernels for these registers.
    let float64 (tile: GemmTile) : GemmKernels<float> =
        match tile with
        | GemmTile.Vector512 -> GemmKernels<float, Vector512<float>, Lanes512<float>>()
        | GemmTile.Vector256 -> GemmKernels<float, Vector256<float>, Lanes256<float>>()
        | GemmTile.Vector128 -> GemmKernels<float, Vector128<float>, Lanes128<float>>()
        | GemmTile.Scalar -> GemmKernels<float, float, LanesOne<float>>()

    /// The single precision kernels for these registers.
    let float32 (tile: GemmTile) : GemmKernels<float32> =
        match tile with
        | GemmTile.Vector512 -> GemmKernels<float32, Vector512<float32>, Lanes512<float32>>()
        | GemmTile.Vector256 -> GemmKernels<float32, Vector256<float32>, Lanes256<float32>>()
        | GemmTile.Vector128 -> GemmKernels<float32, Vector128<float32>, Lanes128<float32>>()
        | GemmTile.Scalar -> GemmKernels<float32, float32, LanesOne<float32>>()

    let internal best64 = float64 best
    let internal best32 = float32 best

/// Matrix products C = op(A) op(B) on row-major arrays, in double and single precision.
/// op(A): (m, k), stored (m, k), or (k, m) when `ta`; op(B): (k, n), stored (k, n), or (n, k) when `tb`; C: (m, n), overwritten.
/// C must not overlap A or B. A length of 0 is legal: k = 0 gives zeros. Non-finite elements act as in the plain sums.
/// The result depends on the sizes, the flags and the kind of register, never on the number of threads or the batch.
/// Errors: ArgumentException when an array ends before its matrix does.
[<AbstractClass; Sealed>]
type internal Gemm =
    static member private Need
        (name: string, length: int, offset: int, batch: int, stride: int, rows: int, columns: int)
        : unit =
        let last = int64 (max 0 (batch - 1)) * int64 stride
        let needed = last + int64 rows * int64 columns

        if offset < 0 || stride < 0 || int64 offset + needed > int64 length then
            let place = $"from offset {offset}, stride {stride}"

            raise (ArgumentException($"has {length} elements, expected {needed} {place}", name))

    /// All products of a batch with given kernels and at most so many threads.
    static member internal Run<'T when 'T: unmanaged>
        (
            kernels: GemmKernels<'T>,
            threads: int,
            batch: int,
            ta: bool,
            tb: bool,
            m: int,
            n: int,
            k: int,
            a: 'T[],
            aOffset: int,
            aStride: int,
            b: 'T[],
            bOffset: int,
            bStride: int,
            c: 'T[],
            cOffset: int,
            cStride: int
        ) : unit =
        ArgumentOutOfRangeException.ThrowIfNegative(batch, nameof batch)
        ArgumentOutOfRangeException.ThrowIfNegative(m, nameof m)
        ArgumentOutOfRangeException.ThrowIfNegative(n, nameof n)
        ArgumentOutOfRangeException.ThrowIfNegative(k, nameof k)

        if batch > 1 && int64 cStride < int64 m * int64 n then
            let message = $"results overlap: stride {cStride}, expected {m}·{n} or more"
            raise (ArgumentException(message, nameof cStride))

        if batch > 0 && m > 0 && n > 0 then
            Gemm.Need(nameof c, c.Length, cOffset, batch, cStride, m, n)

            if k = 0 then
                for index in 0 .. batch - 1 do
                    Array.Clear(c, cOffset + index * cStride, m * n)
            else
                Gemm.Need(nameof a, a.Length, aOffset, batch, aStride, m, k)
                Gemm.Need(nameof b, b.Length, bOffset, batch, bStride, k, n)
                use pa = fixed &a[aOffset]
                use pb = fixed &b[bOffset]
                use pc = fixed &c[cOffset]

                kernels.Run {
                    Batch = batch
                    TransposeA = ta
                    TransposeB = tb
                    Rows = m
                    Columns = n
                    Inner = k
                    A = NativePtr.toNativeInt pa
                    AStep = nativeint aStride * nativeint sizeof<'T>
                    B = NativePtr.toNativeInt pb
                    BStep = nativeint bStride * nativeint sizeof<'T>
                    C = NativePtr.toNativeInt pc
                    CStep = nativeint cStride * nativeint sizeof<'T>
                    Threads = max 1 threads
                }

    /// Σ x[i] y[i] with given kernels.
    static member internal DotWith<'T when 'T: unmanaged>
        (kernels: GemmKernels<'T>, count: int, x: 'T[], xOffset: int, y: 'T[], yOffset: int)
        : 'T =
        ArgumentOutOfRangeException.ThrowIfNegative(count, nameof count)
        Gemm.Need(nameof x, x.Length, xOffset, 1, 0, 1, count)
        Gemm.Need(nameof y, y.Length, yOffset, 1, 0, 1, count)

        if count = 0 then
            Unchecked.defaultof<'T>
        else
            use px = fixed &x[xOffset]
            use py = fixed &y[yOffset]
            kernels.Dot(count, NativePtr.toNativeInt px, NativePtr.toNativeInt py)

    /// C := op(A) op(B) in double precision.
    static member Multiply
        (
            ta: bool,
            tb: bool,
            m: int,
            n: int,
            k: int,
            a: float[],
            aOffset: int,
            b: float[],
            bOffset: int,
            c: float[],
            cOffset: int
        ) : unit =
        let threads = Environment.ProcessorCount

        Gemm.Run(
            GemmTile.best64,
            threads,
            1,
            ta,
            tb,
            m,
            n,
            k,
            a,
            aOffset,
            0,
            b,
            bOffset,
            0,
            c,
            cOffset,
            0
        )

    /// C := op(A) op(B) in single precision.
    static member Multiply
        (
            ta: bool,
            tb: bool,
            m: int,
            n: int,
            k: int,
            a: float32[],
            aOffset: int,
            b: float32[],
            bOffset: int,
            c: float32[],
            cOffset: int
        ) : unit =
        let threads = Environment.ProcessorCount

        Gemm.Run(
            GemmTile.best32,
            threads,
            1,
            ta,
            tb,
            m,
            n,
            k,
            a,
            aOffset,
            0,
            b,
            bOffset,
            0,
            c,
            cOffset,
            0
        )

    /// `batch` products in double precision; a stride, in elements, leads from one operand to the next; 0 shares it (not C).
    static member MultiplyBatched
        (
            batch: int,
            ta: bool,
            tb: bool,
            m: int,
            n: int,
            k: int,
            a: float[],
            aOffset: int,
            aStride: int,
            b: float[],
            bOffset: int,
            bStride: int,
            c: float[],
            cOffset: int,
            cStride: int
        ) : unit =
        let threads = Environment.ProcessorCount

        Gemm.Run(
            GemmTile.best64,
            threads,
            batch,
            ta,
            tb,
            m,
            n,
            k,
            a,
            aOffset,
            aStride,
            b,
            bOffset,
            bStride,
            c,
            cOffset,
            cStride
        )

    /// `batch` products in single precision; a stride, in elements, leads from one operand to the next; 0 shares it (not C).
    static member MultiplyBatched
        (
            batch: int,
            ta: bool,
            tb: bool,
            m: int,
            n: int,
            k: int,
            a: float32[],
            aOffset: int,
            aStride: int,
            b: float32[],
            bOffset: int,
            bStride: int,
            c: float32[],
            cOffset: int,
            cStride: int
        ) : unit =
        let threads = Environment.ProcessorCount

        Gemm.Run(
            GemmTile.best32,
            threads,
            batch,
            ta,
            tb,
            m,
            n,
            k,
            a,
            aOffset,
            aStride,
            b,
            bOffset,
            bStride,
            c,
            cOffset,
            cStride
        )

    /// Σ x[i] y[i] over `count` elements in double precision.
    static member Dot(count: int, x: float[], xOffset: int, y: float[], yOffset: int) : float =
        Gemm.DotWith(GemmTile.best64, count, x, xOffset, y, yOffset)

    /// Σ x[i] y[i] over `count` elements in single precision.
    static member Dot
        (count: int, x: float32[], xOffset: int, y: float32[], yOffset: int)
        : float32 =
        Gemm.DotWith(GemmTile.best32, count, x, xOffset, y, yOffset)
