using Expecto;
using Expecto.CSharp;

namespace Optim.FacadeTests;

/// <summary>Each elementwise function against System.Math or a closed form on samples; reductions against loops.</summary>
public static class TensorMathTests
{
    private static readonly double[] Reals = [-3.5, -1.5, -0.5, -1e-9, 0, 1e-9, 0.3, 0.5, 1, 2.5, 7];

    private static readonly double[] Positive = [1e-9, 0.1, 0.5, 1, 1.5, 4, 30];

    private static readonly double[] Unit = [-0.9, -0.5, -1e-8, 0, 0.25, 0.99];

    /// <summary>e^x − 1 by its series where subtracting would lose digits.</summary>
    private static double Expm1(double x) => Math.Abs(x) < 1e-5 ? x + (x * x / 2) : Math.Exp(x) - 1;

    private static double Log1p(double x) => Math.Abs(x) < 1e-5 ? x - (x * x / 2) : Math.Log(1 + x);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static readonly (string Name, Func<Tensor, Tensor> Function, Func<double, double> Truth, double[] At, double Tolerance)[] Elementwise =
    [
        ("Exp", TensorMath.Exp, Math.Exp, Reals, 1e-15),
        ("Expm1", TensorMath.Expm1, Expm1, Reals, 1e-13),
        ("Log", TensorMath.Log, Math.Log, Positive, 1e-15),
        ("Log1p", TensorMath.Log1p, Log1p, Unit, 1e-14),
        ("Sqrt", TensorMath.Sqrt, Math.Sqrt, Positive, 0),
        ("Square", TensorMath.Square, x => x * x, Reals, 0),
        ("Abs", TensorMath.Abs, Math.Abs, Reals, 0),
        ("Sign", TensorMath.Sign, x => Math.Sign(x), Reals, 0),
        ("Floor", TensorMath.Floor, Math.Floor, Reals, 0),
        ("Ceiling", TensorMath.Ceiling, Math.Ceiling, Reals, 0),
        ("Round", TensorMath.Round, Math.Round, Reals, 0),
        ("Sin", TensorMath.Sin, Math.Sin, Reals, 1e-15),
        ("Cos", TensorMath.Cos, Math.Cos, Reals, 1e-15),
        ("Tan", TensorMath.Tan, Math.Tan, Reals, 1e-14),
        ("Asin", TensorMath.Asin, Math.Asin, Unit, 1e-15),
        ("Acos", TensorMath.Acos, Math.Acos, Unit, 1e-15),
        ("Atan", TensorMath.Atan, Math.Atan, Reals, 1e-15),
        ("Sinh", TensorMath.Sinh, Math.Sinh, Reals, 1e-14),
        ("Cosh", TensorMath.Cosh, Math.Cosh, Reals, 1e-14),
        ("Tanh", TensorMath.Tanh, Math.Tanh, Reals, 1e-15),
        ("Asinh", TensorMath.Asinh, Math.Asinh, Reals, 1e-14),
        ("Acosh", TensorMath.Acosh, Math.Acosh, [1, 1.5, 4, 30], 1e-14),
        ("Atanh", TensorMath.Atanh, Math.Atanh, Unit, 1e-14),
        ("Sigmoid", TensorMath.Sigmoid, Sigmoid, Reals, 1e-15),
        ("Softplus", TensorMath.Softplus, x => Math.Log(1 + Math.Exp(x)), Reals, 1e-14),
        ("Relu", TensorMath.Relu, x => Math.Max(x, 0), Reals, 0),
        ("LeakyRelu", x => TensorMath.LeakyRelu(x, 0.1), x => x > 0 ? x : 0.1 * x, Reals, 1e-16),
        ("Elu", TensorMath.Elu, x => x > 0 ? x : Expm1(x), Reals, 1e-13),
        ("Silu", TensorMath.Silu, x => x * Sigmoid(x), Reals, 1e-15),
        // Φ(1) = 0.8413447460685429, Φ(2) = 0.9772498680518208 (Abramowitz and Stegun, table 26.1).
        ("Gelu", TensorMath.Gelu, x => x == 1 ? 0.8413447460685429 : 2 * 0.9772498680518208, [1, 2], 1e-14),
        // erf 0.5 and erf 1 (Abramowitz and Stegun, table 7.1).
        ("Erf", TensorMath.Erf, x => x == 1 ? 0.8427007929497149 : 0.5204998778130465, [0.5, 1], 1e-14),
        ("Erfc", TensorMath.Erfc, x => x == 1 ? 0.1572992070502851 : 0.4795001221869535, [0.5, 1], 1e-14),
        // log Γ(n) = log (n − 1)!, log Γ(½) = ½ log π.
        ("LogGamma", TensorMath.LogGamma, x => x == 0.5 ? 0.5 * Math.Log(Math.PI) : Math.Log(x == 5 ? 24 : 2), [0.5, 3, 5], 1e-14),
        // ψ(1) = −γ, ψ(2) = 1 − γ.
        ("Digamma", TensorMath.Digamma, x => x - 1 - 0.5772156649015329, [1, 2], 1e-14),
        // ψ′(1) = π²/6, ψ′(2) = π²/6 − 1.
        ("Polygamma", x => TensorMath.Polygamma(x, 1), x => (Math.PI * Math.PI / 6) + 1 - x, [1, 2], 1e-13),
        ("Power of a number", x => TensorMath.Power(x, 1.7), x => Math.Pow(x, 1.7), Positive, 1e-14),
        ("Power of a tensor", x => TensorMath.Power(x, 0.5 * x), x => Math.Pow(x, 0.5 * x), Positive, 1e-13),
        ("Clamp", x => TensorMath.Clamp(x, -1, 2), x => Math.Clamp(x, -1, 2), Reals, 0),
        ("IsFinite", TensorMath.IsFinite, x => double.IsFinite(x) ? 1 : 0, [1, double.NaN, double.PositiveInfinity], 0),
        ("IsNaN", TensorMath.IsNaN, x => double.IsNaN(x) ? 1 : 0, [1, double.NaN, double.PositiveInfinity], 0),
        ("Not", x => TensorMath.Not(TensorMath.IsNaN(x)), x => double.IsNaN(x) ? 0 : 1, [1, double.NaN], 0),
    ];

    private static readonly (string Name, Func<Tensor, Tensor, Tensor> Function, Func<double, double, double> Truth)[] Pairs =
    [
        ("Maximum", TensorMath.Maximum, Math.Max),
        ("Minimum", TensorMath.Minimum, Math.Min),
        ("Atan2", TensorMath.Atan2, Math.Atan2),
        ("Less", TensorMath.Less, (a, b) => a < b ? 1 : 0),
        ("LessEqual", TensorMath.LessEqual, (a, b) => a <= b ? 1 : 0),
        ("Greater", TensorMath.Greater, (a, b) => a > b ? 1 : 0),
        ("GreaterEqual", TensorMath.GreaterEqual, (a, b) => a >= b ? 1 : 0),
        ("EqualTo", TensorMath.EqualTo, (a, b) => a == b ? 1 : 0),
        ("NotEqualTo", TensorMath.NotEqualTo, (a, b) => a != b ? 1 : 0),
    ];

    private static readonly Tensor Matrix = Tensors.Of((double[])[1, -2, 3, 0.5, 5, -6], 2, 3);

    /// <summary>By name: over all, over rows, over columns.</summary>
    private static readonly (string Name, Func<Tensor, Tensor> All, Func<Tensor, int[], Tensor> Over, Func<double[], double> Truth)[] Reductions =
    [
        ("Sum", TensorMath.Sum, (x, axes) => TensorMath.Sum(x, axes), v => v.Sum()),
        ("Mean", TensorMath.Mean, (x, axes) => TensorMath.Mean(x, axes), v => v.Average()),
        ("Product", TensorMath.Product, (x, axes) => TensorMath.Product(x, axes), v => v.Aggregate(1.0, (p, q) => p * q)),
        ("Max", TensorMath.Max, (x, axes) => TensorMath.Max(x, axes), v => v.Max()),
        ("Min", TensorMath.Min, (x, axes) => TensorMath.Min(x, axes), v => v.Min()),
        ("LogSumExp", TensorMath.LogSumExp, (x, axes) => TensorMath.LogSumExp(x, axes), v => Math.Log(v.Sum(Math.Exp))),
        ("Norm", TensorMath.Norm, (x, axes) => TensorMath.Norm(x, axes), v => Math.Sqrt(v.Sum(e => e * e))),
    ];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("TensorMath",
    [
        Runner.TestList("elementwise", Elementwise.Select(row => Runner.TestCase(row.Name, () =>
        {
            var result = row.Function(Tensors.Of(row.At)).ToArray();
            Check.Close(result, [.. row.At.Select(row.Truth)], row.Tolerance, row.Name);
        }))),
        Runner.TestList("of pairs", Pairs.Select(row => Runner.TestCase(row.Name, () =>
        {
            double[] a = [-2, 0.5, 3, 3, -1], b = [1, 0.5, -4, 7, -2];
            var result = row.Function(Tensors.Of(a), Tensors.Of(b)).ToArray();
            Check.Close(result, [.. a.Zip(b, row.Truth)], 1e-15, row.Name);
        }))),
        Runner.TestList("reductions", Reductions.Select(row => Runner.TestCase(row.Name, () =>
        {
            var values = Matrix.ToArray();
            Check.Close(row.All(Matrix).ToScalar(), row.Truth(values), 1e-14, "over all");
            Check.Close(row.Over(Matrix, [1]).ToArray(), [row.Truth(values[..3]), row.Truth(values[3..])], 1e-14, "over columns");
            Check.Close(
                row.Over(Matrix, [0]).ToArray(),
                [.. Enumerable.Range(0, 3).Select(j => row.Truth([values[j], values[j + 3]]))],
                1e-14,
                "over rows");
            Check.Close(row.Over(Matrix, [-2, -1]).ToScalar(), row.Truth(values), 1e-14, "over both, from the end");
            Check.Throws<ShapeException>(() => row.Over(Matrix, [2]));
            Check.Throws<ShapeException>(() => row.Over(Matrix, [1, -1]));
        }))),
        Runner.TestCase("every elementwise function of this class is in the table", () =>
        {
            var tested = Elementwise.Select(row => row.Name.Split(' ')[0]).Concat(Reductions.Select(row => row.Name)).ToHashSet();
            string[] elsewhere = ["Transpose", "Inverse", "Cholesky", "Determinant", "LogDeterminant", "Flatten", "Trace", "OfDiagonal"];
            var all = typeof(TensorMath).GetMethods()
                .Where(m => m.ReturnType == typeof(Tensor) && m.IsStatic && m.GetParameters().Length == 1)
                .Select(m => m.Name)
                .Except(elsewhere);
            Expect.equal(all.Where(name => !tested.Contains(name)).ToArray(), [], "functions without a row");
        }),
        Runner.TestCase("Where takes from one side or the other, never both", () =>
        {
            var x = Tensors.Of(-4, 9);
            var root = TensorMath.Where(TensorMath.Greater(x, Tensors.Scalar(0)), TensorMath.Sqrt(x), Tensors.Scalar(0));
            Expect.equal(root.ToArray(), [0.0, 3], "no NaN of the side not taken");
        }),
        Runner.TestCase("Softmax and its logarithm", () =>
        {
            var x = Tensors.Of(1, 2, 1000);
            Check.Close(TensorMath.Softmax(x).ToArray(), [0, 0, 1], 1e-15, "no overflow");
            Check.Close(TensorMath.LogSoftmax(x).ToArray(), [-999, -998, 0], 1e-15, "logarithm");
            var columns = TensorMath.Softmax(Matrix, 0);
            Check.Close(TensorMath.Sum(columns, 0).ToArray(), [1, 1, 1], 1e-15, "sums along the axis");
        }),
        Runner.TestCase("positions of extremes", () =>
        {
            Expect.equal(TensorMath.ArgMax(Matrix).ToArray(), [2.0, 1], "largest of each row");
            Expect.equal(TensorMath.ArgMin(Matrix).ToArray(), [1.0, 2], "smallest of each row");
            Expect.equal(TensorMath.ArgMax(Matrix, 0).ToArray(), [0.0, 1, 0], "largest of each column");
            Check.Throws<ShapeException>(() => TensorMath.ArgMax(Matrix, 2));
            Check.Throws<ShapeException>(() => TensorMath.ArgMin(Matrix, 2));
        }),
        Runner.TestCase("running sums", () =>
        {
            Expect.equal(TensorMath.CumulativeSum(Matrix).ToArray(), [1.0, -1, 2, 0.5, 5.5, -0.5], "along rows");
            Expect.equal(TensorMath.CumulativeSum(Matrix, 0).ToArray(), [1.0, -2, 3, 1.5, 3, -3], "along columns");
            Check.Throws<ShapeException>(() => TensorMath.CumulativeSum(Matrix, 5));
        }),
        Runner.TestCase("shapes that do not broadcast", () =>
        {
            Check.Throws<ShapeException>(() => TensorMath.Maximum(Tensors.Of(1, 2), Tensors.Of(1, 2, 3)));
        }),
    ]);
}
