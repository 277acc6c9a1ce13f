namespace Optim.Primitives

open System
open Optim

/// op(a) op(b) over the last two axes; leading axes broadcast. Transposes are flags, so that no derivative needs to
/// build a transposed matrix.
[<Sealed>]
type internal MatMul(transposeA: bool, transposeB: bool) =
    inherit Primitive2("matmul")

    static member Apply(transposeA: bool, transposeB: bool, a: Tensor, b: Tensor) : Tensor =
        Check.rankAtLeast (nameof a) 2 a
        Check.rankAtLeast (nameof b) 2 b
        let rows, inner = MatMul.Matrix(transposeA, a)
        let innerB, columns = MatMul.Matrix(transposeB, b)

        if inner <> innerB then
            let message =
                $"matmul: ({rows}, {inner}) times ({innerB}, {columns}) from shapes {a.Shape} and {b.Shape}"

            raise (ShapeException(message, nameof b))

        Tensor.Bind(MatMul(transposeA, transposeB), a, b)

    /// The rows and columns of op(x).
    static member private Matrix(transposed: bool, x: Tensor) : int * int =
        let d = x.Shape.Dims
        let rows, columns = d[d.Length - 2], d[d.Length - 1]
        if transposed then columns, rows else rows, columns

    /// All leading axes and the rows as one axis.
    static member private Tall(x: Tensor) : Tensor =
        let d = x.Shape.Dims
        let rows = d.AsSpan(0, d.Length - 1).ToArray() |> Array.fold (*) 1
        Reshape.Apply(Shape [| rows; d[d.Length - 1] |], x)

    override _.Eval(a, b) =
        Check.sameKind "matmul" a b
        a.Engine.MatMul(transposeA, transposeB, a, b)

    override _.Jvp(a, b, y, ta, tb) =
        let widen (t: Tensor) : Tensor = Expand.Apply(y.Shape, t)

        Tangent.add
            (ta |> Tangent.map (fun t -> widen (MatMul.Apply(transposeA, transposeB, t, b))))
            (tb |> Tangent.map (fun t -> widen (MatMul.Apply(transposeA, transposeB, a, t))))

    override _.VjpA(a, b, _, ct) =
        let full =
            if transposeA then
                MatMul.Apply(transposeB, true, b, ct)
            else
                MatMul.Apply(false, not transposeB, ct, b)

        Sum.To(a.Shape, full)

    override _.VjpB(a, b, _, ct) =
        // Shared weights: one tall product instead of a sum of many.
        let a, ct =
            if b.Rank = 2 && a.Rank > 2 && a.Rank = ct.Rank && not transposeA then
                MatMul.Tall a, MatMul.Tall ct
            else
                a, ct

        let full =
            if transposeB then
                MatMul.Apply(true, transposeA, ct, a)
            else
                MatMul.Apply(not transposeA, false, a, ct)

        Sum.To(b.Shape, full)

    override _.Batch(a, aBatched, b, bBatched) =
        let struct (a, b) = Align.Pair(a, aBatched, b, bBatched)
        MatMul.Apply(transposeA, transposeB, a, b)

    interface IDescribed with
        member _.Operation = Operation.MatMul(transposeA, transposeB)
