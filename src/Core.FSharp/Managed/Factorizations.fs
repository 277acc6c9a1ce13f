namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// The factorizations of stacks of matrices: loops over the leading axes around the kernels of one matrix. Float32 is
/// computed in double precision and rounded once.
[<RequireQualifiedAccess>]
module internal Factorizations =

    let private check (operation: string) (x: Raw) : unit =
        if not x.DType.IsFloating then
            raise (
                ArgumentException(
                    $"{operation}: expected Float64 or Float32 elements, got {x.DType}",
                    nameof x
                )
            )

    let private last (back: int) (x: Raw) : int = x.Shape.Dims[x.Rank - back]

    // Rows and columns are replaced by other last axes.
    let private shaped (x: Raw) (lastAxes: int[]) : Shape =
        Shape(Array.append x.Shape.Dims[.. x.Rank - 3] lastAxes)

    // The number of matrices in the stack.
    let private count (x: Raw) : int =
        let mutable n = 1

        for axis in 0 .. x.Rank - 3 do
            n <- n * x.Shape.Dims[axis]

        n

    // The elements in double precision: where they lie already, or a copy. And the position of the first.
    let private read (x: Raw) : struct (float[] * int) =
        match x.Storage with
        | :? (float32[]) as values -> struct (FactorVector.widen values x.Offset x.Length, 0)
        | values -> struct ((values :?> float[]), x.Offset)

    // A copy of the elements in double precision, to be worked on. For Float64 it becomes the result.
    let private copy (x: Raw) : float[] =
        match x.Storage with
        | :? (float32[]) as values -> FactorVector.widen values x.Offset x.Length
        | values ->
            let y = Buffers.allocate<float> x.Length
            Array.Copy((values :?> float[]), x.Offset, y, 0, x.Length)
            y

    // The result of like's element type.
    let private finish (like: Raw) (shape: Shape) (values: float[]) : Raw =
        match like.DType with
        | DType.Float32 ->
            let y = Buffers.allocate<float32> shape.Length

            for i in 0 .. shape.Length - 1 do
                y[i] <- float32 values[i]

            Buffers.wrap y shape DType.Float32 like.Engine
        | DType.Float64
        | DType.Int64
        | DType.Bool -> Buffers.wrap values shape like.DType like.Engine

    /// The lower L with L Lᵀ = a; all NaN where a is not positive definite.
    let cholesky (a: Raw) : Raw =
        check "Cholesky" a
        let n = last 1 a
        let l = copy a

        for i in 0 .. count a - 1 do
            if FactorCholesky.factor n l (i * n * n) >= 0 then
                Array.Fill(l, Double.NaN, i * n * n, n * n)

        finish a a.Shape l

    /// The x with a x = b.
    let solve (a: Raw) (b: Raw) : Raw =
        check "Solve" a
        let n, r = last 1 a, last 1 b
        let struct (av, start) = read a
        let x = copy b
        let lu = Buffers.borrow<float>(n * n)
        let pivots = Array.zeroCreate<int> n

        for i in 0 .. count a - 1 do
            Array.Copy(av, start + i * n * n, lu, 0, n * n)
            FactorLu.factor n lu 0 pivots |> ignore
            FactorLu.solve (struct (n, r)) (struct (lu, 0)) pivots (struct (x, i * n * r))

        Buffers.giveBack lu
        finish b b.Shape x

    /// The x with op(a) x = b for a triangular a.
    let triangularSolve (form: TriangularForm) (a: Raw) (b: Raw) : Raw =
        check "TriangularSolve" a
        let n, r = last 1 a, last 1 b
        let struct (av, start) = read a
        let x = copy b

        for i in 0 .. count a - 1 do
            FactorTriangular.solve
                form
                (struct (n, r))
                (struct (av, start + i * n * n))
                (struct (x, i * n * r))

        finish b b.Shape x

    /// Q over R, packed.
    let qr (a: Raw) : Raw =
        check "Qr" a
        let m, n = last 2 a, last 1 a
        let k = min m n
        let shape = shaped a [| m + k; n |]
        let struct (av, start) = read a
        let y = Buffers.allocateZero<float> shape.Length

        for i in 0 .. count a - 1 do
            let at = i * (m + k) * n

            if k = n then
                // Q has n columns like the packing: both factors go straight to their place.
                FactorQr.factor
                    (struct (m, n))
                    (struct (av, start + i * m * n))
                    (struct (y, at))
                    (struct (y, at + m * n))
            else
                let q = Array.zeroCreate<float>(m * k)

                FactorQr.factor
                    (struct (m, n))
                    (struct (av, start + i * m * n))
                    (struct (q, 0))
                    (struct (y, at + m * n))

                for row in 0 .. m - 1 do
                    Array.Copy(q, row * k, y, at + row * n, k)

        finish a shape y

    /// Eigenvalues over eigenvectors, packed.
    let symmetricEigen (a: Raw) : Raw =
        check "SymmetricEigen" a
        let n = last 1 a
        let shape = shaped a [| n + 1; n |]
        let struct (av, start) = read a
        let work = Buffers.borrow<float>(n * n)
        let y = Buffers.allocate<float> shape.Length

        for i in 0 .. count a - 1 do
            let at = i * (n + 1) * n
            Array.Copy(av, start + i * n * n, work, 0, n * n)

            // Where it fails, the kernel fills values and vectors with NaN.
            FactorEigen.symmetric n (struct (work, 0)) (struct (y, at)) (struct (y, at + n))
            |> ignore

        Buffers.giveBack work
        finish a shape y

    /// The sign of the determinant and the logarithm of its absolute value.
    let logDeterminant (a: Raw) : Raw =
        check "LogDeterminant" a
        let n = last 1 a
        let shape = shaped a [| 2 |]
        let struct (av, start) = read a
        let lu = Buffers.borrow<float>(n * n)
        let pivots = Array.zeroCreate<int> n
        let y = Buffers.allocate<float> shape.Length

        for i in 0 .. count a - 1 do
            Array.Copy(av, start + i * n * n, lu, 0, n * n)
            FactorLu.factor n lu 0 pivots |> ignore
            let struct (sign, logarithm) = FactorLu.signAndLogDeterminant n lu 0 pivots
            y[2 * i] <- sign
            y[2 * i + 1] <- logarithm

        Buffers.giveBack lu
        finish a shape y
