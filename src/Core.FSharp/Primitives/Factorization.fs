namespace Optim.Primitives

open Optim

/// Small tools of matrix calculus that the rules below share; all act on the last two axes.
[<RequireQualifiedAccess>]
module internal Matrix =

    let transpose (x: Tensor) : Tensor = Permute.Transpose x
    let multiply (a: Tensor) (b: Tensor) : Tensor = MatMul.Apply(false, false, a, b)
    let transposedTimes (a: Tensor) (b: Tensor) : Tensor = MatMul.Apply(true, false, a, b)
    let timesTransposed (a: Tensor) (b: Tensor) : Tensor = MatMul.Apply(false, true, a, b)

    /// The mask of the elements on and below diagonal `offset` (0 is the main one, −1 the one below it).
    let private lowerMask (offset: int) (like: Tensor) : Tensor =
        let rows, columns = like.Shape.Dims[like.Rank - 2], like.Shape.Dims[like.Rank - 1]

        let inside =
            Array.init (rows * columns) (fun i -> i % columns <= i / columns + offset)

        like.Engine.OfArray(Shape [| rows; columns |], inside)

    /// The elements on and below diagonal `offset`, zeros elsewhere.
    let lower (offset: int) (x: Tensor) : Tensor = Where.OrZero(lowerMask offset x, x)

    /// The elements on and above diagonal `offset`, zeros elsewhere.
    let upper (offset: int) (x: Tensor) : Tensor =
        Where.ZeroOr(lowerMask (offset - 1) x, x)

    /// The identity of the given order, of x's kind.
    let identity (like: Tensor) (order: int) : Tensor =
        let ones =
            Array.init (order * order) (fun i -> if i % (order + 1) = 0 then 1.0 else 0.0)

        Cast.Apply(like.DType, like.Engine.OfArray(Shape [| order; order |], ones))

    /// The diagonal `offset` of each matrix: a slice of the flattened matrix.
    let diagonal (offset: int) (x: Tensor) : Tensor =
        let rows, columns = x.Shape.Dims[x.Rank - 2], x.Shape.Dims[x.Rank - 1]
        let row, column = max 0 -offset, max 0 offset
        let count = max 0 (min (rows - row) (columns - column))

        let flat =
            Reshape.Apply(Shape(Array.append x.Shape.Dims[.. x.Rank - 3] [| rows * columns |]), x)

        let start = if count = 0 then 0 else row * columns + column
        Slice.Axis(flat.Rank - 1, { Start = start; Step = columns + 1; Count = count }, flat)

    /// Square matrices with this diagonal and zeros elsewhere.
    let ofDiagonal (x: Tensor) : Tensor =
        let n = x.Shape.Dims[x.Rank - 1]
        let leading = x.Shape.Dims[.. x.Rank - 2]
        let flat = Shape(Array.append leading [| n * n |])
        let range = AxisRange.at flat (flat.Rank - 1) { Start = 0; Step = n + 1; Count = n }
        let assembled = Assemble.Apply(flat, [| range |], [| x |])
        Reshape.Apply(Shape(Array.append leading [| n; n |]), assembled)

    /// A range of rows.
    let rows (start: int) (count: int) (x: Tensor) : Tensor =
        Slice.Axis(x.Rank - 2, AxisRange.span start count, x)

    /// A range of columns.
    let columns (start: int) (count: int) (x: Tensor) : Tensor =
        Slice.Axis(x.Rank - 1, AxisRange.span start count, x)

    /// f of a batch of matrices (B, n, r) put side by side (n, B r), taken apart again.
    let sideBySide (f: Tensor -> Tensor) (b: Tensor) : Tensor =
        let size, n, r = b.Shape.Dims[0], b.Shape.Dims[1], b.Shape.Dims[2]
        let wide = Reshape.Apply(Shape [| n; size * r |], Permute.Apply([| 1; 0; 2 |], b))
        Permute.Apply([| 1; 0; 2 |], Reshape.Apply(Shape [| n; size; r |], f wide))

    /// One matrix over the other.
    let stackRows (a: Tensor) (b: Tensor) : Tensor =
        let axis = a.Rank - 2
        let na, nb = a.Shape.Dims[axis], b.Shape.Dims[axis]
        let shape = Shape(Array.updateAt axis (na + nb) a.Shape.Dims)

        let at start count =
            AxisRange.at shape axis (AxisRange.span start count)

        Assemble.Apply(shape, [| at 0 na; at na nb |], [| a; b |])

/// The x with op(a) x = b for a triangular a. In jvp and vjp only that triangle of a counts.
[<Sealed>]
type internal TriangularSolve(triangle: Triangle, transposed: bool, unit: bool) =
    inherit Primitive2("triangularSolve")

    static member Apply
        (triangle: Triangle, transposed: bool, unit: bool, a: Tensor, b: Tensor)
        : Tensor =
        Tensor.Bind(TriangularSolve(triangle, transposed, unit), a, b)

    member private _.Mask(x: Tensor) : Tensor =
        let skipped = if unit then 1 else 0

        match triangle with
        | Triangle.Lower -> Matrix.lower -skipped x
        | Triangle.Upper -> Matrix.upper skipped x

    override _.Eval(a, b) =
        Check.sameKind "triangularSolve" a b
        a.Engine.TriangularSolve(triangle, transposed, unit, a, b)

    override p.Jvp(a, _, y, ta, tb) =
        let moved =
            ta |> Tangent.map (fun t -> -(MatMul.Apply(transposed, false, p.Mask t, y)))

        Tangent.add moved tb
        |> Tangent.map (fun right -> TriangularSolve.Apply(triangle, transposed, unit, a, right))

    /// The cotangent of a from that of b.
    member private p.ByA(y: Tensor, g: Tensor) : Tensor =
        p.Mask(
            -(if transposed then
                  Matrix.timesTransposed y g
              else
                  Matrix.timesTransposed g y)
        )

    override p.VjpA(a, _, y, ct) =
        p.ByA(y, TriangularSolve.Apply(triangle, not transposed, unit, a, ct))

    override _.VjpB(a, _, _, ct) =
        TriangularSolve.Apply(triangle, not transposed, unit, a, ct)

    override p.VjpBoth(a, _, y, ct) =
        let g = TriangularSolve.Apply(triangle, not transposed, unit, a, ct)
        struct (p.ByA(y, g), g)

    override _.Batch(a, aBatched, b, bBatched) =
        if not aBatched && a.Rank = 2 then
            Matrix.sideBySide
                (fun wide -> TriangularSolve.Apply(triangle, transposed, unit, a, wide))
                b
        else
            let size = if aBatched then a.Shape.Dims[0] else b.Shape.Dims[0]
            let full isBatched x = Align.Full(size, x, isBatched)
            TriangularSolve.Apply(triangle, transposed, unit, full aBatched a, full bBatched b)

    interface IDescribed with
        member _.Operation = Operation.TriangularSolve(triangle, transposed, unit)

/// The x with a x = b by LU. a: (…, n, n), b: (…, n, r), leading axes equal.
[<Sealed>]
type internal Solve() =
    inherit Primitive2("solve")

    static member Apply(a: Tensor, b: Tensor) : Tensor = Tensor.Bind(Solve(), a, b)

    override _.Eval(a, b) =
        Check.sameKind "solve" a b
        a.Engine.Solve(a, b)

    override _.Jvp(a, _, y, ta, tb) =
        Tangent.add (ta |> Tangent.map (fun t -> -(Matrix.multiply t y))) tb
        |> Tangent.map (fun right -> Solve.Apply(a, right))

    override _.VjpA(a, _, y, ct) =
        -(Matrix.timesTransposed (Solve.Apply(Matrix.transpose a, ct)) y)

    override _.VjpB(a, _, _, ct) = Solve.Apply(Matrix.transpose a, ct)

    override _.VjpBoth(a, _, y, ct) =
        let g = Solve.Apply(Matrix.transpose a, ct)
        struct (-(Matrix.timesTransposed g y), g)

    override _.Batch(a, aBatched, b, bBatched) =
        if not aBatched && a.Rank = 2 then
            // One factorization for the whole batch.
            Matrix.sideBySide (fun wide -> Solve.Apply(a, wide)) b
        else
            let size = if aBatched then a.Shape.Dims[0] else b.Shape.Dims[0]
            Solve.Apply(Align.Full(size, a, aBatched), Align.Full(size, b, bBatched))

    interface IDescribed with
        member _.Operation = Operation.Solve

/// The lower L with L Lᵀ = a for a symmetric a. Source: Murray 2016, "Differentiation of the Cholesky decomposition".
[<Sealed>]
type internal Cholesky() =
    inherit Primitive1("cholesky")

    static member Apply(a: Tensor) : Tensor = Tensor.Bind(Cholesky(), a)

    /// Φ: the lower triangle with half the diagonal.
    static member private LowerHalf(x: Tensor) : Tensor =
        0.5 * (Matrix.lower 0 x + Matrix.lower -1 x)

    override _.Eval a = a.Engine.Cholesky a

    override _.Jvp(_, y, t) =
        // L Φ(L⁻¹ t L⁻ᵀ)
        let solve b =
            TriangularSolve.Apply(Triangle.Lower, false, false, y, b)

        let inner = solve (Matrix.transpose (solve (Matrix.transpose t)))
        Matrix.multiply y (Cholesky.LowerHalf inner)

    override _.Vjp(_, y, ct) =
        // L⁻ᵀ Φ(Lᵀ ct) L⁻¹, made symmetric
        let solve b =
            TriangularSolve.Apply(Triangle.Lower, true, false, y, b)

        let phi = Cholesky.LowerHalf(Matrix.transposedTimes y ct)
        let half = solve (Matrix.transpose (solve phi))
        0.5 * (half + Matrix.transpose half)

    override _.Batch a = Cholesky.Apply a

    interface IDescribed with
        member _.Operation = Operation.Cholesky

/// Q over R of a tall matrix. Source: Walter & Lehmann 2012 for the rules; m ≥ n.
[<Sealed>]
type internal Qr() =
    inherit Primitive1("qr")

    static member Apply(a: Tensor) : Tensor = Tensor.Bind(Qr(), a)

    static member private Parts(y: Tensor) : struct (Tensor * Tensor) =
        let n = y.Shape.Dims[y.Rank - 1]
        let m = y.Shape.Dims[y.Rank - 2] - n
        struct (Matrix.rows 0 m y, Matrix.rows m n y)

    /// x R⁻¹
    static member private OverR(x: Tensor, r: Tensor) : Tensor =
        Matrix.transpose (TriangularSolve.Apply(Triangle.Upper, true, false, r, Matrix.transpose x))

    override _.Eval a = a.Engine.Qr a

    override _.Jvp(_, y, t) =
        let struct (q, r) = Qr.Parts y
        let scaled = Qr.OverR(t, r)
        let inside = Matrix.transposedTimes q scaled
        let strict = Matrix.lower -1 inside
        let turn = strict - Matrix.transpose strict
        let dq = Matrix.multiply q turn + scaled - Matrix.multiply q inside
        Matrix.stackRows dq (Matrix.multiply (inside - turn) r)

    override _.Vjp(_, y, ct) =
        let struct (q, r) = Qr.Parts y
        let struct (cq, cr) = Qr.Parts ct
        let m = Matrix.timesTransposed r cr - Matrix.transposedTimes cq q
        let strict = Matrix.lower -1 m
        let copied = Matrix.lower 0 m + Matrix.transpose strict
        // (cq + q copied) R⁻ᵀ
        let total = cq + Matrix.multiply q copied

        Matrix.transpose (
            TriangularSolve.Apply(Triangle.Upper, false, false, r, Matrix.transpose total)
        )

    override _.Batch a = Qr.Apply a

    interface IDescribed with
        member _.Operation = Operation.Qr

/// Eigenvalues over eigenvectors of a symmetric matrix. Where eigenvalues coincide (to rounding: within n ε max |w|), the
/// eigenvectors' derivative does not exist; the rules then leave that rotation out.
/// Source: Giles 2008, "Collected matrix derivative results", 3.1.
[<Sealed>]
type internal SymmetricEigen() =
    inherit Primitive1("symmetricEigen")

    static member Apply(a: Tensor) : Tensor = Tensor.Bind(SymmetricEigen(), a)

    /// The values as a row (…, 1, n) and the vectors (…, n, n).
    static member private Parts(y: Tensor) : struct (Tensor * Tensor) =
        struct (Matrix.rows 0 1 y, Matrix.rows 1 y.Shape.Dims[y.Rank - 1] y)

    /// 1 / (w_j − w_i), and 0 where they are equal to rounding.
    static member private Gaps(w: Tensor) : Tensor =
        let difference = w - Matrix.transpose w
        let n = w.Shape.Dims[w.Rank - 1]
        let largest = Reduce.Apply(Reduction.Maximum, [| w.Rank - 1 |], true, abs w)
        let rounding = float n * w.DType.Epsilon * largest
        let same = Compare.Apply(Comparison.LessEqual, abs difference, rounding)
        Where.ZeroOr(same, 1.0 / Where.Apply(same, Constant.scalar w 1.0, difference))

    override _.Eval a = a.Engine.SymmetricEigen a

    override _.Jvp(_, y, t) =
        let struct (w, v) = SymmetricEigen.Parts y
        let inside = Matrix.transposedTimes v (Matrix.multiply t v)
        let dw = Reshape.Apply(w.Shape, Matrix.diagonal 0 inside)
        Matrix.stackRows dw (Matrix.multiply v (SymmetricEigen.Gaps w * inside))

    override _.Vjp(_, y, ct) =
        let struct (w, v) = SymmetricEigen.Parts y
        let struct (cw, cv) = SymmetricEigen.Parts ct
        let last = w.Rank - 2

        let diagonal =
            Matrix.ofDiagonal (Reshape.Apply(Shape(Array.removeAt last w.Shape.Dims), cw))

        let inside = diagonal + SymmetricEigen.Gaps w * Matrix.transposedTimes v cv
        let full = Matrix.timesTransposed (Matrix.multiply v inside) v
        0.5 * (full + Matrix.transpose full)

    override _.Batch a = SymmetricEigen.Apply a

    interface IDescribed with
        member _.Operation = Operation.SymmetricEigen

/// The sign and log |det a| as a pair (…, 2).
[<Sealed>]
type internal LogDeterminant() =
    inherit Primitive1("logDeterminant")

    static member Apply(a: Tensor) : Tensor = Tensor.Bind(LogDeterminant(), a)

    override _.Eval a = a.Engine.LogDeterminant a

    override _.Jvp(a, y, t) =
        let trace = Sum.Apply([| y.Rank - 1 |], true, Matrix.diagonal 0 (Solve.Apply(a, t)))
        let range = AxisRange.at y.Shape (y.Rank - 1) (AxisRange.span 1 1)
        Assemble.Apply(y.Shape, [| range |], [| trace |])

    override _.Vjp(a, _, ct) =
        let n = a.Shape.Dims[a.Rank - 1]
        let identity = Expand.Apply(a.Shape, Matrix.identity a n)
        let inverse = Solve.Apply(Matrix.transpose a, identity)
        let weight = Matrix.columns 1 1 ct
        Reshape.Apply(Shape(Array.append weight.Shape.Dims [| 1 |]), weight) * inverse

    override _.Batch a = LogDeterminant.Apply a

    interface IDescribed with
        member _.Operation = Operation.LogDeterminant
