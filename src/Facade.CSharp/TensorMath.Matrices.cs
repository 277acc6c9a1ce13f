using static Optim.Given;
using Linear = Optim.Core.Linalg;
using Moves = Optim.Core.Shaping;

namespace Optim;

/// <content>Shapes and matrices.</content>
public static partial class TensorMath
{
    /// <summary>The same elements, row by row, in another shape; one length may be −1 and is then worked out.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The lengths.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The count of elements is another.</exception>
    public static Tensor Reshape(Tensor x, params int[] shape) => Moves.reshape(NotNull(shape), NotNull(x));

    /// <summary>The last two axes exchanged.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    public static Tensor Transpose(Tensor x) => Moves.transpose(NotNull(x));

    /// <summary>Tensors joined along an axis.</summary>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="parts">The tensors, one or more.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The shapes differ on another axis.</exception>
    public static Tensor Concat(int axis, params Tensor[] parts) => Moves.concat(axis, AllNotNull(parts));

    /// <summary>Tensors of one shape joined along a new axis.</summary>
    /// <param name="axis">The place of the new axis.</param>
    /// <param name="parts">The tensors, one or more.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Stack(int axis, params Tensor[] parts) => Moves.stack(axis, AllNotNull(parts));

    /// <summary>The x with a x = b; NaN or infinite where a is singular.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <param name="b">Right-hand sides (n) or (…, n, r).</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The matrices are not square, or the right-hand side does not fit them.</exception>
    public static Tensor Solve(Tensor a, Tensor b) => Linear.solve(NotNull(a), NotNull(b));

    /// <summary>The inverse; NaN or infinite where a is singular.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static Tensor Inverse(Tensor a) => Linear.inverse(NotNull(a));

    /// <summary>The lower L with L Lᵀ = a; all NaN where a is not positive definite.</summary>
    /// <param name="a">Symmetric matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static Tensor Cholesky(Tensor a) => Linear.cholesky(NotNull(a));

    /// <summary>The determinant.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static Tensor Determinant(Tensor a) => Linear.determinant(NotNull(a));

    /// <summary>One axis with all elements.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Flatten(Tensor x) => Moves.flatten(NotNull(x));

    /// <summary>The axes in another order: axis i of the result is axis axes[i] of x.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">Each axis once.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The axes are no permutation.</exception>
    public static Tensor Permute(Tensor x, params int[] axes) => Moves.permute(NotNull(axes), NotNull(x));

    /// <summary>x broadcast to a shape.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The lengths of the axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">x does not broadcast to the shape.</exception>
    public static Tensor Expand(Tensor x, params int[] shape) => Moves.expand(NotNull(shape), NotNull(x));

    /// <summary>x with an axis of length 1 put in.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="at">The axis in front of which it goes, 0 to the rank.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such place.</exception>
    public static Tensor Unsqueeze(Tensor x, int at) => Moves.unsqueeze(at, NotNull(x));

    /// <summary>x without an axis of length 1.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or its length is not 1.</exception>
    public static Tensor Squeeze(Tensor x, int axis) => Moves.squeeze(axis, NotNull(x));

    /// <summary>Some positions of an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="start">The first position.</param>
    /// <param name="count">How many.</param>
    /// <param name="step">The distance between two; may be negative, not 0.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ArgumentException">The axis has no such positions.</exception>
    public static Tensor Slice(Tensor x, int axis, int start, int count, int step = 1) => Moves.slice(axis, start, count, step, NotNull(x));

    /// <summary>An axis in reverse order.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor Flip(Tensor x, int axis) => Moves.flip(axis, NotNull(x));

    /// <summary>Zeros put before and after the elements of an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="before">How many before, 0 or more.</param>
    /// <param name="after">How many after, 0 or more.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ArgumentException">There is no such axis, or a count is negative.</exception>
    public static Tensor Pad(Tensor x, int axis, int before, int after) => Moves.pad(axis, before, after, NotNull(x));

    /// <summary>Consecutive parts of an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="lengths">The lengths of the parts; together that of the axis.</param>
    /// <returns>The parts.</returns>
    /// <exception cref="ShapeException">The lengths do not add up to the axis.</exception>
    public static IReadOnlyList<Tensor> Split(Tensor x, int axis, params int[] lengths) => [.. Moves.split(axis, NotNull(lengths), NotNull(x))];

    /// <summary>Positions of an axis in a given order.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="indices">Positions (k), Int64.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="EngineException">A position lies outside.</exception>
    public static Tensor Select(Tensor x, int axis, Tensor indices) => Moves.indexSelect(axis, NotNull(indices), NotNull(x));

    /// <summary>y[…, i, …] = x[…, indices[…, i, …], …] along an axis; the shapes agree on the other axes.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="indices">Positions, Int64.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="EngineException">A position lies outside.</exception>
    public static Tensor Gather(Tensor x, int axis, Tensor indices) => Moves.gather(axis, NotNull(indices), NotNull(x));

    /// <summary>Zeros with a length on an axis, to which x[…, i, …] is added at position indices[…, i, …].</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="length">The length of the axis in the result.</param>
    /// <param name="indices">Positions, Int64.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="EngineException">A position lies outside.</exception>
    public static Tensor ScatterAdd(Tensor x, int axis, int length, Tensor indices) => Moves.scatterAdd(axis, length, NotNull(indices), NotNull(x));

    /// <summary>A diagonal of matrices.</summary>
    /// <param name="a">Matrices (…, m, n).</param>
    /// <param name="offset">0 for the main one, positive above it.</param>
    /// <returns>Its elements (…, k).</returns>
    public static Tensor Diagonal(Tensor a, int offset = 0) => Linear.diagonal(offset, NotNull(a));

    /// <summary>Square matrices with this diagonal and zeros elsewhere.</summary>
    /// <param name="x">The diagonals (…, n).</param>
    /// <returns>The matrices (…, n, n).</returns>
    public static Tensor OfDiagonal(Tensor x) => Linear.ofDiagonal(NotNull(x));

    /// <summary>The sum of the main diagonal.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The sums (…).</returns>
    public static Tensor Trace(Tensor a) => Linear.trace(NotNull(a));

    /// <summary>The elements on and below a diagonal, zeros elsewhere.</summary>
    /// <param name="a">Matrices (…, m, n).</param>
    /// <param name="offset">0 for the main one, positive above it.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Lower(Tensor a, int offset = 0) => Linear.lower(offset, NotNull(a));

    /// <summary>The elements on and above a diagonal, zeros elsewhere.</summary>
    /// <param name="a">Matrices (…, m, n).</param>
    /// <param name="offset">0 for the main one, positive above it.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Upper(Tensor a, int offset = 0) => Linear.upper(offset, NotNull(a));

    /// <summary>Eigenvalues and eigenvectors of (a + aᵀ) / 2.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>Both, the eigenvalues ascending.</returns>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static SymmetricEigen Eigen(Tensor a)
    {
        var (values, vectors) = Linear.symmetricEigen(NotNull(a));
        return new SymmetricEigen(values, vectors);
    }

    /// <summary>Matrices as products of an orthonormal and an upper triangular one.</summary>
    /// <param name="a">Matrices (…, m, n) with m ≥ n.</param>
    /// <returns>Both factors.</returns>
    /// <exception cref="ShapeException">There are more columns than rows.</exception>
    public static QrFactors Qr(Tensor a)
    {
        var (q, r) = Linear.qr(NotNull(a));
        return new QrFactors(q, r);
    }

    /// <summary>log |det a|, without overflow.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The logarithms (…).</returns>
    /// <exception cref="ShapeException">The matrices are not square.</exception>
    public static Tensor LogDeterminant(Tensor a)
    {
        var (_, logarithm) = Linear.logDeterminant(NotNull(a));
        return logarithm;
    }
}
