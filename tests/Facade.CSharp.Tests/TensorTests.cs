using System.Numerics;
using Expecto;
using Expecto.CSharp;

namespace Optim.FacadeTests;

/// <summary>The tensor that both languages share, as C# sees it.</summary>
public static class TensorTests
{
    private static readonly Tensor Matrix = Tensors.Of((double[])[1, 2, 3, 4, 5, 6], 2, 3);

    private static T Combine<T>(T a, T b)
        where T : IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IMultiplyOperators<T, T, T>, IDivisionOperators<T, T, T>, IUnaryNegationOperators<T, T> =>
        -(a + b) * (a - b) / b;

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Tensor",
    [
        Runner.TestCase("operators between tensors", () =>
        {
            var (a, b) = (Tensors.Of(1, 2, 4), Tensors.Of(4, 8, 2));
            Expect.equal((a + b).ToArray(), [5.0, 10, 6], "+");
            Expect.equal((a - b).ToArray(), [-3.0, -6, 2], "-");
            Expect.equal((a * b).ToArray(), [4.0, 16, 8], "*");
            Expect.equal((a / b).ToArray(), [0.25, 0.25, 2], "/");
            Expect.equal((-a).ToArray(), [-1.0, -2, -4], "unary -");
        }),
        Runner.TestCase("operators with numbers on either side", () =>
        {
            var a = Tensors.Of(1, 2, 4);
            Expect.equal((a + 1).ToArray(), [2.0, 3, 5], "a + 1");
            Expect.equal((1 + a).ToArray(), [2.0, 3, 5], "1 + a");
            Expect.equal((a - 1).ToArray(), [0.0, 1, 3], "a - 1");
            Expect.equal((1 - a).ToArray(), [0.0, -1, -3], "1 - a");
            Expect.equal((a * 2).ToArray(), [2.0, 4, 8], "a * 2");
            Expect.equal((2 * a).ToArray(), [2.0, 4, 8], "2 * a");
            Expect.equal((a / 2).ToArray(), [0.5, 1, 2], "a / 2");
            Expect.equal((8 / a).ToArray(), [8.0, 4, 2], "8 / a");
        }),
        Runner.TestCase("named twins", () =>
        {
            var (a, b) = (Tensors.Of(6, 8), Tensors.Of(2, 4));
            Expect.equal(Tensor.Add(a, b).ToArray(), (a + b).ToArray(), "Add");
            Expect.equal(Tensor.Subtract(a, b).ToArray(), (a - b).ToArray(), "Subtract");
            Expect.equal(Tensor.Multiply(a, b).ToArray(), (a * b).ToArray(), "Multiply");
            Expect.equal(Tensor.Divide(a, b).ToArray(), (a / b).ToArray(), "Divide");
            Expect.equal(Tensor.Negate(a).ToArray(), (-a).ToArray(), "Negate");
        }),
        Runner.TestCase("generic mathematics", () =>
        {
            var result = Combine(Tensors.Of(3, 5), Tensors.Of(1, 2));
            Expect.equal(result.ToArray(), [Combine(3.0, 1.0), Combine(5.0, 2.0)], "as for numbers");
        }),
        Runner.TestCase("indexers", () =>
        {
            Expect.equal(Matrix[1].ToArray(), [4.0, 5, 6], "a row");
            Expect.equal(Matrix[^1].ToArray(), [4.0, 5, 6], "the last row");
            Expect.equal(Matrix[0, 2].ToScalar(), 3.0, "an element");
            Check.Throws<ArgumentException>(() => _ = Matrix[2]);
            Check.Throws<ArgumentException>(() => _ = Matrix[-1]);
        }),
        Runner.TestCase("ranges", () =>
        {
            var x = Tensors.Of(0, 1, 2, 3, 4);
            Expect.equal(x[1..].ToArray(), [1.0, 2, 3, 4], "1..");
            Expect.equal(x[..^1].ToArray(), [0.0, 1, 2, 3], "..^1");
            Expect.equal(x[1..3].ToArray(), [1.0, 2], "1..3");
            Expect.equal(x[^2..].ToArray(), [3.0, 4], "^2..");
            Expect.equal(x[2..2].ToArray(), [], "nothing");
            Expect.equal(x[^1].ToScalar(), 4.0, "^1");
            Check.Throws<ArgumentException>(() => _ = x[3..9]);
        }),
        Runner.TestCase("one number", () =>
        {
            Expect.equal((double)Tensors.Scalar(2.5), 2.5, "explicit conversion");
            Expect.equal((double)Tensors.Of(2.5), 2.5, "of one element");
            Check.Throws<ShapeException>(() => _ = (double)Matrix);
            Check.Throws<ShapeException>(() => Matrix.ToScalar());
        }),
        Runner.TestCase("copies", () =>
        {
            var target = new double[7];
            Matrix.CopyTo(target.AsSpan(1));
            Expect.equal(target, [0.0, 1, 2, 3, 4, 5, 6], "CopyTo");
            Check.Throws<ArgumentException>(() => Matrix.CopyTo(new double[5]));
            var source = new double[] { 1, 2 };
            var tensor = Tensors.Of(source);
            source[0] = 9;
            tensor.ToArray()[1] = 9;
            Expect.equal(tensor.ToArray(), [1.0, 2], "a tensor never changes");
        }),
        Runner.TestCase("shape, type and place", () =>
        {
            Expect.equal(Matrix.Shape.ToString(), "(2, 3)", "shape");
            Expect.equal(Matrix.Shape.ToArray(), [2, 3], "lengths");
            Expect.equal((Matrix.Rank, Matrix.Length), (2, 6), "rank and length");
            Expect.equal(Matrix.DType, DType.Float64, "type");
            Expect.equal(Matrix.Device, Device.Cpu, "device");
            Expect.equal(Tensors.Of(new float[] { 1 }, 1).DType, DType.Float32, "single");
            Expect.equal(Tensors.Of(new long[] { 1 }, 1).DType, DType.Int64, "whole");
            Expect.equal(Tensors.Of(new[] { true }, 1).DType, DType.Bool, "truth");
        }),
        Runner.TestCase("makers", () =>
        {
            Expect.equal(Tensors.Zeros(2).ToArray(), [0.0, 0], "zeros");
            Expect.equal(Tensors.Ones(2, 1).ToArray(), [1.0, 1], "ones");
            Expect.equal(Tensors.Identity(2).ToArray(), [1.0, 0, 0, 1], "identity");
            Expect.equal(Tensors.Scalar(3).Rank, 0, "scalar");
            var uniform = Tensors.Uniform(5, 1000).ToArray();
            Expect.isTrue(Array.TrueForAll(uniform, u => u is >= 0 and < 1), "uniform numbers lie in [0, 1)");
            Check.Close(uniform.Average(), 0.5, 0.05, "their mean");
            var normal = Tensors.Normal(5, 1000).ToArray();
            Check.Close(normal.Average(), 0, 0.15, "the mean of normal numbers");
            Check.Close(normal.Select(z => z * z).Average(), 1, 0.2, "their variance");
            Expect.equal(Tensors.Normal(5, 10).ToArray(), Tensors.Normal(5, 10).ToArray(), "one seed");
            Expect.notEqual(Tensors.Normal(5, 10).ToArray(), Tensors.Normal(6, 10).ToArray(), "another seed");
            Check.Throws<ShapeException>(() => Tensors.Of((double[])[1, 2, 3], 2, 2));
        }),
    ]);
}
