namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Where runs of matrices begin, `Length` matrices from each beginning on, as multiples of the sizes of a matrix.
[<Sealed>]
type internal MatrixRuns(leadA: Shape, leadB: Shape) =
    let lead = Shape.broadcast "MatMul" leadA leadB
    let walk = Walk.Create(lead, [| leadA; leadB |])
    let count = if lead.Length = 0 then 0 else walk.Rows
    let first: int[] = Array.zeroCreate count
    let second: int[] = Array.zeroCreate count

    do
        if count > 0 then
            walk.Visit(
                0,
                count,
                [| 0; 0 |],
                {
                    new RowBody() with
                        member _.Row(at, row, length) =
                            first[row / length] <- at[0]
                            second[row / length] <- at[1]
                }
            )

    /// The leading axes of the result.
    member _.Shape: Shape = lead

    /// How many runs there are.
    member _.Count: int = count

    /// How many matrices make a run.
    member _.Length: int = walk.Length

    /// The first matrix of a run in the first operand.
    member _.First(run: int) : int = first[run]

    /// The first matrix of a run in the second operand.
    member _.Second(run: int) : int = second[run]

    /// 1 where the first operand goes on within a run, 0 where it stays.
    member _.StepFirst: int = walk.Step 0

    /// 1 where the second operand goes on within a run, 0 where it stays.
    member _.StepSecond: int = walk.Step 1

/// op(a) op(b) over the last two axes of operands of these shapes, two axes or more; leading axes broadcast.
/// Errors: ShapeException where columns and rows do not fit.
[<Sealed>]
type internal Product(transposeA: bool, transposeB: bool, shapeA: Shape, shapeB: Shape) =
    let da, db = shapeA.Dims, shapeB.Dims
    let ra, rb = da.Length, db.Length
    let m = if transposeA then da[ra - 1] else da[ra - 2]
    let k = if transposeA then da[ra - 2] else da[ra - 1]
    let k2 = if transposeB then db[rb - 1] else db[rb - 2]
    let n = if transposeB then db[rb - 2] else db[rb - 1]

    do
        if k <> k2 then
            let message =
                $"MatMul: shapes {shapeA} and {shapeB} do not fit: {k} columns against {k2} rows"

            raise (ShapeException(message, "b"))

    let runs: MatrixRuns | null =
        if ra = 2 && rb = 2 then
            null
        else
            MatrixRuns(Shape da[.. ra - 3], Shape db[.. rb - 3])

    let shape =
        match runs with
        | null -> Shape [| m; n |]
        | runs -> Shape(Array.append runs.Shape.Dims [| m; n |])

    /// The shape of the result.
    member _.Shape: Shape = shape

    /// Writes the product. a, b, y: float[] or float32[], contiguous from their offsets on; y overlaps none.
    member _.Run(a: Array, fromA: int, b: Array, fromB: int, y: Array, at: int) : unit =
        match runs with
        | null ->
            match a with
            | :? (float[]) as a ->
                let b, y = (b :?> float[]), (y :?> float[])
                Gemm.Multiply(transposeA, transposeB, m, n, k, a, fromA, b, fromB, y, at)
            | :? (float32[]) as a ->
                let b, y = (b :?> float32[]), (y :?> float32[])
                Gemm.Multiply(transposeA, transposeB, m, n, k, a, fromA, b, fromB, y, at)
            | other -> invalidOp $"a matrix product got an array of type {other.GetType()}"
        | runs ->
            for run in 0 .. runs.Count - 1 do
                let fromA = fromA + runs.First run * m * k
                let fromB = fromB + runs.Second run * k * n
                let at = at + run * runs.Length * m * n
                let stepA, stepB = runs.StepFirst * m * k, runs.StepSecond * k * n

                match a with
                | :? (float[]) as a ->
                    let b, y = (b :?> float[]), (y :?> float[])

                    Gemm.MultiplyBatched(
                        runs.Length,
                        transposeA,
                        transposeB,
                        m,
                        n,
                        k,
                        a,
                        fromA,
                        stepA,
                        b,
                        fromB,
                        stepB,
                        y,
                        at,
                        m * n
                    )
                | :? (float32[]) as a ->
                    let b, y = (b :?> float32[]), (y :?> float32[])

                    Gemm.MultiplyBatched(
                        runs.Length,
                        transposeA,
                        transposeB,
                        m,
                        n,
                        k,
                        a,
                        fromA,
                        stepA,
                        b,
                        fromB,
                        stepB,
                        y,
                        at,
                        m * n
                    )
                | other -> invalidOp $"a matrix product got an array of type {other.GetType()}"

/// Matrix products with broadcasting over the leading axes.
[<RequireQualifiedAccess>]
module internal Products =

    /// op(a) op(b). a, b: two axes or more. Errors: elements that are not floating-point numbers.
    let multiply (transposeA: bool) (transposeB: bool) (a: Raw) (b: Raw) : Raw =
        if not a.DType.IsFloating then
            let message = $"MatMul: expected Float64 or Float32 elements, got {a.DType}"
            raise (ArgumentException(message, nameof a))

        let product = Product(transposeA, transposeB, a.Shape, b.Shape)
        let y = Creation.empty a.Engine product.Shape a.DType

        product.Run(
            (a.Storage :?> Array),
            a.Offset,
            (b.Storage :?> Array),
            b.Offset,
            (y.Storage :?> Array),
            0
        )

        y
