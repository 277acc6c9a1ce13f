using Expecto;
using Expecto.CSharp;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Shapes and matrices.</summary>
public static class TensorMathMatricesTests
{
    private static readonly Tensor Wide = Tensors.Of((double[])[1, 2, 3, 4, 5, 6], 2, 3);

    private static readonly Tensor Square2 = Tensors.Of((double[])[4, 1, 1, 3], 2, 2);

    private static Tensor Whole(params long[] positions) => Tensors.Of(positions, positions.Length);

    private static void Is(Tensor actual, int[] shape, double[] numbers, string what)
    {
        Expect.equal(actual.Shape.ToArray(), shape, $"{what}: shape");
        Check.Close(actual.ToArray(), numbers, 1e-14, what);
    }

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("TensorMath matrices",
    [
        Runner.TestCase("products", () =>
        {
            Is(Dot(Tensors.Of(1, 2), Tensors.Of(3, 4)), [], [11], "Dot");
            Is(Outer(Tensors.Of(1, 2), Tensors.Of(3, 4)), [2, 2], [3, 4, 6, 8], "Outer");
            Is(MatMul(Wide, Transpose(Wide)), [2, 2], [14, 32, 32, 77], "MatMul");
            Is(MatMul(Wide, Tensors.Of(1, 0, -1)), [2], [-2, -2], "of a matrix and a vector");
            Check.Throws<ShapeException>(() => MatMul(Wide, Wide));
            Check.Throws<ShapeException>(() => Dot(Tensors.Of(1), Tensors.Of(1, 2)));
        }),
        Runner.TestCase("shapes", () =>
        {
            Is(Reshape(Wide, 3, 2), [3, 2], [1, 2, 3, 4, 5, 6], "Reshape");
            Is(Flatten(Wide), [6], [1, 2, 3, 4, 5, 6], "Flatten");
            Is(Transpose(Wide), [3, 2], [1, 4, 2, 5, 3, 6], "Transpose");
            Is(Permute(Wide, 1, 0), [3, 2], [1, 4, 2, 5, 3, 6], "Permute");
            Is(Expand(Tensors.Of(1, 2), 2, 2), [2, 2], [1, 2, 1, 2], "Expand");
            Is(Unsqueeze(Tensors.Of(1, 2), 0), [1, 2], [1, 2], "Unsqueeze");
            Is(Squeeze(Unsqueeze(Tensors.Of(1, 2), 1), 1), [2], [1, 2], "Squeeze");
            Check.Throws<ShapeException>(() => Reshape(Wide, 4));
            Check.Throws<ShapeException>(() => Permute(Wide, 0, 0));
            Check.Throws<ShapeException>(() => Expand(Tensors.Of(1, 2), 3));
            Check.Throws<ShapeException>(() => Unsqueeze(Wide, 3));
            Check.Throws<ShapeException>(() => Squeeze(Wide, 0));
        }),
        Runner.TestCase("parts", () =>
        {
            Is(Slice(Wide, 1, 0, 2, 2), [2, 2], [1, 3, 4, 6], "Slice");
            Is(Slice(Wide, 1, 2, 3, -1), [2, 3], [3, 2, 1, 6, 5, 4], "Slice backwards");
            Is(Flip(Wide, -1), [2, 3], [3, 2, 1, 6, 5, 4], "Flip");
            Is(Pad(Tensors.Of(1, 2), 0, 1, 2), [5], [0, 1, 2, 0, 0], "Pad");
            Is(Concat(0, Tensors.Of(1), Tensors.Of(2, 3)), [3], [1, 2, 3], "Concat");
            Is(Stack(0, Tensors.Of(1, 2), Tensors.Of(3, 4)), [2, 2], [1, 2, 3, 4], "Stack");
            var parts = Split(Wide, 1, 1, 2);
            Is(parts[0], [2, 1], [1, 4], "the first part");
            Is(parts[1], [2, 2], [2, 3, 5, 6], "the second part");
            Check.Throws<ArgumentException>(() => Slice(Wide, 1, 0, 4));
            Check.Throws<ShapeException>(() => Flip(Wide, 2));
            Check.Throws<ArgumentException>(() => Pad(Wide, 0, -1, 0));
            Check.Throws<ShapeException>(() => Split(Wide, 1, 1, 1));
        }),
        Runner.TestCase("chosen positions", () =>
        {
            Is(Select(Wide, 1, Whole(2, 0)), [2, 2], [3, 1, 6, 4], "Select");
            Is(Gather(Wide, 1, Tensors.Of((long[])[2, 0], 2, 1)), [2, 1], [3, 4], "Gather");
            Is(ScatterAdd(Tensors.Of(1, 2, 3), 0, 2, Whole(1, 0, 1)), [2], [2, 4], "ScatterAdd");
            Check.Throws<EngineException>(() => Select(Wide, 1, Whole(3)));
            Check.Throws<EngineException>(() => Gather(Wide, 1, Tensors.Of((long[])[3, 0], 2, 1)));
            Check.Throws<EngineException>(() => ScatterAdd(Tensors.Of(1, 2, 3), 0, 2, Whole(2, 0, 1)));
        }),
        Runner.TestCase("diagonals and triangles", () =>
        {
            Is(Diagonal(Wide), [2], [1, 5], "Diagonal");
            Is(Diagonal(Wide, 1), [2], [2, 6], "above the main one");
            Is(OfDiagonal(Tensors.Of(1, 2)), [2, 2], [1, 0, 0, 2], "OfDiagonal");
            Is(Trace(Square2), [], [7], "Trace");
            Is(Lower(Square2), [2, 2], [4, 0, 1, 3], "Lower");
            Is(Upper(Square2), [2, 2], [4, 1, 0, 3], "Upper");
        }),
        Runner.TestCase("systems of equations", () =>
        {
            var b = Tensors.Of(1, 2);
            Is(MatMul(Square2, TensorMath.Solve(Square2, b)), [2], [1, 2], "Solve");
            Is(MatMul(Square2, Inverse(Square2)), [2, 2], [1, 0, 0, 1], "Inverse");
            Is(Determinant(Square2), [], [11], "Determinant");
            Is(LogDeterminant(-1 * Square2), [], [Math.Log(11)], "LogDeterminant");
            Check.Throws<ShapeException>(() => LogDeterminant(Wide));
        }),
        Runner.TestCase("factors", () =>
        {
            var l = Cholesky(Square2);
            Is(l, [2, 2], [2, 0, 0.5, Math.Sqrt(2.75)], "Cholesky");
            var tall = Transpose(Wide);
            var qr = Qr(tall);
            Is(MatMul(qr.Q, qr.R), [3, 2], tall.ToArray(), "Q R");
            Is(MatMul(Transpose(qr.Q), qr.Q), [2, 2], [1, 0, 0, 1], "QᵀQ");
            var eigen = Eigen(Square2);
            Is(eigen.Values, [2], [(7 - Math.Sqrt(5)) / 2, (7 + Math.Sqrt(5)) / 2], "eigenvalues");
            Is(MatMul(eigen.Vectors * eigen.Values, Transpose(eigen.Vectors)), [2, 2], Square2.ToArray(), "V Λ Vᵀ");
            Check.Throws<ShapeException>(() => Eigen(Wide));
            Check.Throws<ShapeException>(() => Qr(Wide));
        }),
        Runner.TestCase("a matrix without a factor gives NaN, not an exception", () =>
        {
            var result = Cholesky(-1 * Square2).ToArray();
            Expect.isTrue(Array.Exists(result, double.IsNaN), "NaN");
        }),
    ]);
}
