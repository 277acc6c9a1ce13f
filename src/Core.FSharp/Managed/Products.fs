namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Matrix products with broadcasting over the leading axes.
[<RequireQualifiedAccess>]
module internal Products =

    let private leading (x: Raw) : Shape = Shape x.Shape.Dims[.. x.Rank - 3]

    let private product
        (ta: bool)
        (tb: bool)
        (m: int)
        (n: int)
        (k: int)
        (a: Raw)
        (b: Raw)
        (shape: Shape)
        : Raw =
        match a.DType with
        | DType.Float64 ->
            let y = Buffers.allocate<float> shape.Length
            let av, bv = a.Storage :?> float[], b.Storage :?> float[]
            Gemm.Multiply(ta, tb, m, n, k, av, a.Offset, bv, b.Offset, y, 0)
            Buffers.wrap y shape DType.Float64 a.Engine
        | DType.Float32 ->
            let y = Buffers.allocate<float32> shape.Length
            let av, bv = a.Storage :?> float32[], b.Storage :?> float32[]
            Gemm.Multiply(ta, tb, m, n, k, av, a.Offset, bv, b.Offset, y, 0)
            Buffers.wrap y shape DType.Float32 a.Engine
        | DType.Int64
        | DType.Bool ->
            raise (
                ArgumentException(
                    $"MatMul: expected Float64 or Float32 elements, got {a.DType}",
                    nameof a
                )
            )

    /// op(a) op(b). a, b: two axes or more.
    let multiply (transposeA: bool) (transposeB: bool) (a: Raw) (b: Raw) : Raw =
        let da, db = a.Shape.Dims, b.Shape.Dims
        let ra, rb = da.Length, db.Length

        let m, k =
            if transposeA then
                da[ra - 1], da[ra - 2]
            else
                da[ra - 2], da[ra - 1]

        let k2, n =
            if transposeB then
                db[rb - 1], db[rb - 2]
            else
                db[rb - 2], db[rb - 1]

        if k <> k2 then
            let message =
                $"MatMul: shapes {a.Shape} and {b.Shape} do not fit: {k} columns against {k2} rows"

            raise (ShapeException(message, nameof b))

        if ra = 2 && rb = 2 then
            product transposeA transposeB m n k a b (Shape [| m; n |])
        else
            let leadA, leadB = leading a, leading b
            let lead = Shape.broadcast "MatMul" leadA leadB
            let shape = Shape(Array.append lead.Dims [| m; n |])
            let walk = Walk.Create(lead, [| leadA; leadB |])
            let starts = [| 0; 0 |]

            let visit (body: RowBody) =
                if shape.Length > 0 then
                    walk.Visit(0, walk.Rows, starts, body)

            match a.DType with
            | DType.Float64 ->
                let y = Buffers.allocate<float> shape.Length
                let av, bv = a.Storage :?> float[], b.Storage :?> float[]

                visit
                    {
                        new RowBody() with
                            member _.Row(at, row, length) =
                                Gemm.MultiplyBatched(
                                    length,
                                    transposeA,
                                    transposeB,
                                    m,
                                    n,
                                    k,
                                    av,
                                    a.Offset + at[0] * m * k,
                                    walk.Step 0 * m * k,
                                    bv,
                                    b.Offset + at[1] * k * n,
                                    walk.Step 1 * k * n,
                                    y,
                                    row * m * n,
                                    m * n
                                )
                    }

                Buffers.wrap y shape DType.Float64 a.Engine
            | DType.Float32 ->
                let y = Buffers.allocate<float32> shape.Length
                let av, bv = a.Storage :?> float32[], b.Storage :?> float32[]

                visit
                    {
                        new RowBody() with
                            member _.Row(at, row, length) =
                                Gemm.MultiplyBatched(
                                    length,
                                    transposeA,
                                    transposeB,
                                    m,
                                    n,
                                    k,
                                    av,
                                    a.Offset + at[0] * m * k,
                                    walk.Step 0 * m * k,
                                    bv,
                                    b.Offset + at[1] * k * n,
                                    walk.Step 1 * k * n,
                                    y,
                                    row * m * n,
                                    m * n
                                )
                    }

                Buffers.wrap y shape DType.Float32 a.Engine
            | DType.Int64
            | DType.Bool ->
                raise (
                    ArgumentException(
                        $"MatMul: expected Float64 or Float32 elements, got {a.DType}",
                        nameof a
                    )
                )
