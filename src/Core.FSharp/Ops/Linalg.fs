namespace Optim.Core

open Optim
open Optim.Primitives

/// Linear algebra over the last two axes; leading axes are a batch. Cost: of order n³ unless said otherwise.
/// Numeric trouble shows as NaN in the result, never as an exception.
[<RequireQualifiedAccess>]
module Linalg =

    let private symmetric (a: Tensor) : Tensor = 0.5 * (a + Matrix.transpose a)

    let private columnFor (a: Tensor) (b: Tensor) : struct (Tensor * Tensor * bool) =
        let isVector = b.Rank = 1

        let b =
            if isVector then
                Reshape.Apply(Shape.Of(b.Length, 1), b)
            else
                b

        let rows (x: Tensor) = x.Shape.Dims[x.Rank - 2]

        if rows a <> rows b then
            raise (
                ShapeException(
                    $"b has {rows b} rows, expected {rows a} for a of shape {a.Shape}",
                    nameof b
                )
            )

        let leading (x: Tensor) = Shape x.Shape.Dims[.. x.Rank - 3]
        let common = Shape.broadcast "solve" (leading a) (leading b)

        let widen (x: Tensor) =
            Expand.Apply(Shape(Array.append common.Dims x.Shape.Dims[x.Rank - 2 ..]), x)

        struct (widen a, widen b, isVector)

    let private uncolumn (isVector: bool) (y: Tensor) : Tensor =
        if isVector then
            Reshape.Apply(Shape y.Shape.Dims[.. y.Rank - 2], y)
        else
            y

    /// The lower L with L Lᵀ = (a + aᵀ) / 2. a: (…, n, n). All NaN where that is not positive definite.
    let cholesky (a: Tensor) : Tensor =
        Check.square (nameof a) a
        Cholesky.Apply(symmetric a)

    /// The x with a x = b by LU with partial pivoting. a: (…, n, n); b: (n) or (…, n, r). NaN or infinite where a is
    /// singular.
    let solve (a: Tensor) (b: Tensor) : Tensor =
        Check.square (nameof a) a
        let struct (a, b, isVector) = columnFor a b
        uncolumn isVector (Solve.Apply(a, b))

    /// The x with a x = b, or with aᵀ x = b when transposed, for a triangular a of which only that triangle is read.
    /// Cost: of order n² for each right-hand side.
    let solveTriangular (triangle: Triangle) (transposed: bool) (a: Tensor) (b: Tensor) : Tensor =
        Check.square (nameof a) a
        let struct (a, b, isVector) = columnFor a b
        uncolumn isVector (TriangularSolve.Apply(triangle, transposed, false, a, b))

    /// The x with L Lᵀ x = b for a Cholesky factor L. Cost: of order n² for each right-hand side.
    let solveCholesky (factor: Tensor) (b: Tensor) : Tensor =
        solveTriangular Triangle.Lower true factor (solveTriangular Triangle.Lower false factor b)

    /// Q with orthonormal columns and the upper R, of non-negative diagonal, with Q R = a. a: (…, m, n), m ≥ n.
    let qr (a: Tensor) : struct (Tensor * Tensor) =
        Check.rankAtLeast (nameof a) 2 a
        let m, n = a.Shape.Dims[a.Rank - 2], a.Shape.Dims[a.Rank - 1]

        if m < n then
            raise (
                ShapeException(
                    $"a has shape {a.Shape}, expected at least as many rows as columns",
                    nameof a
                )
            )

        let packed = Qr.Apply a
        struct (Matrix.rows 0 m packed, Matrix.rows m n packed)

    /// The ascending eigenvalues (…, n) and orthonormal eigenvectors, as columns (…, n, n), of (a + aᵀ) / 2.
    let symmetricEigen (a: Tensor) : struct (Tensor * Tensor) =
        Check.square (nameof a) a
        let n = a.Shape.Dims[a.Rank - 1]
        let packed = SymmetricEigen.Apply(symmetric a)
        let values = Matrix.rows 0 1 packed
        let shape = Shape(Array.removeAt (values.Rank - 2) values.Shape.Dims)
        struct (Reshape.Apply(shape, values), Matrix.rows 1 n packed)

    /// a⁻¹. NaN or infinite where a is singular.
    let inverse (a: Tensor) : Tensor =
        Check.square (nameof a) a
        Solve.Apply(a, Expand.Apply(a.Shape, Matrix.identity a a.Shape.Dims[a.Rank - 1]))

    /// The sign of det a and log |det a|, each (…).
    let logDeterminant (a: Tensor) : struct (Tensor * Tensor) =
        Check.square (nameof a) a
        let packed = LogDeterminant.Apply a
        let shape = Shape a.Shape.Dims[.. a.Rank - 3]

        struct (Reshape.Apply(shape, Matrix.columns 0 1 packed),
                Reshape.Apply(shape, Matrix.columns 1 1 packed))

    /// det a, (…).
    let determinant (a: Tensor) : Tensor =
        let struct (sign, logarithm) = logDeterminant a
        sign * exp logarithm

    /// Diagonal `offset` (0 the main one, positive above it). (…, m, n) to (…, k). Cost: k.
    let diagonal (offset: int) (a: Tensor) : Tensor =
        Check.rankAtLeast (nameof a) 2 a
        Matrix.diagonal offset a

    /// Square matrices with this diagonal. (…, n) to (…, n, n). Cost: n².
    let ofDiagonal (x: Tensor) : Tensor =
        Check.rankAtLeast (nameof x) 1 x
        Matrix.ofDiagonal x

    /// The sum of the main diagonal, (…). Cost: n.
    let trace (a: Tensor) : Tensor =
        let d = diagonal 0 a
        Sum.Apply([| d.Rank - 1 |], false, d)

    /// The elements on and below diagonal `offset`, zeros elsewhere. Cost: n².
    let lower (offset: int) (a: Tensor) : Tensor =
        Check.rankAtLeast (nameof a) 2 a
        Matrix.lower offset a

    /// The elements on and above diagonal `offset`, zeros elsewhere. Cost: n².
    let upper (offset: int) (a: Tensor) : Tensor =
        Check.rankAtLeast (nameof a) 2 a
        Matrix.upper offset a
