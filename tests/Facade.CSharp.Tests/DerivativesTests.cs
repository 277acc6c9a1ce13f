using Expecto;
using Expecto.CSharp;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Derivatives against closed forms.</summary>
public static class DerivativesTests
{
    private static readonly Tensor X = Tensors.Of(0.5, -1.5, 2.0);

    private static double[] Numbers(Func<double, double> f) => [.. X.ToArray().Select(f)];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Derivatives",
    [
        Runner.TestCase("the gradient of Σ sin x", () =>
        {
            Check.Close(Derivatives.Gradient(x => Sum(Sin(x)), X).ToArray(), Numbers(Math.Cos), 1e-15, "cos x");
        }),
        Runner.TestCase("the value comes with the gradient", () =>
        {
            var both = Derivatives.ValueAndGradient(x => Sum(Square(x)), X);
            Check.Close(both.Value.ToScalar(), 6.5, 1e-15, "value");
            Check.Close(both.Gradient.ToArray(), Numbers(x => 2 * x), 1e-15, "gradient");
        }),
        Runner.TestCase("along a direction", () =>
        {
            var v = Tensors.Of(1, 0, -1);
            Check.Close(Derivatives.Along(Exp, X, v).ToArray(), [Math.Exp(0.5), 0, -Math.Exp(2)], 1e-15, "exp(x) v");
        }),
        Runner.TestCase("the Jacobian", () =>
        {
            var j = Derivatives.Jacobian(x => Stack(0, x[0] * x[1], x[2]), X);
            Expect.equal(j.Shape, Shape.Of(2, 3), "shape");
            Check.Close(j.ToArray(), [-1.5, 0.5, 0, 0, 0, 1], 1e-15, "rows");
        }),
        Runner.TestCase("the Hessian", () =>
        {
            var h = Derivatives.Hessian(x => x[0] * x[0] * x[1] + Exp(x[2]), X);
            Check.Close(h.ToArray(), [-3, 1, 0, 1, 0, 0, 0, 0, Math.Exp(2)], 1e-14, "rows");
        }),
        Runner.TestCase("a Hessian's product", () =>
        {
            var p = Derivatives.HessianProduct(x => Sum(Power(x, 3.0)), X, Tensors.Of(1, 2, 3));
            Check.Close(p.ToArray(), [3, -18, 36], 1e-14, "6 x v");
        }),
        Runner.TestCase("a batch in one pass", () =>
        {
            var rows = Tensors.Of((double[])[1, 2, 3, 4], 2, 2);
            Check.Close(Derivatives.Batch(x => Sum(Square(x)), rows).ToArray(), [5, 25], 1e-15, "a sum for each row");
            var gradients = Derivatives.Batch(x => Derivatives.Gradient(y => Product(y), x), rows);
            Check.Close(gradients.ToArray(), [2, 1, 4, 3], 1e-15, "a gradient for each row");
        }),
        Runner.TestCase("derivatives nest", () =>
        {
            // d/dx (x · d/dy (x + y)) = 1, not 2.
            var outer = Derivatives.Gradient(x => x * Derivatives.Gradient(y => x + y, Tensors.Scalar(1)), Tensors.Scalar(3));
            Check.Close(outer.ToScalar(), 1, 0, "no confusion of levels");
            var third = Derivatives.Gradient(
                a => Derivatives.Gradient(b => Derivatives.Gradient(c => Power(c, 4.0), b), a), Tensors.Scalar(2));
            Check.Close(third.ToScalar(), 48, 1e-13, "24 x");
        }),
        Runner.TestCase("shapes are checked", () =>
        {
            Check.Throws<ShapeException>(() => Derivatives.Gradient(Sin, X));
            Check.Throws<ShapeException>(() => Derivatives.ValueAndGradient(Sin, X));
            Check.Throws<ShapeException>(() => Derivatives.Along(Sin, X, Tensors.Of(1, 2)));
            Check.Throws<ShapeException>(() => Derivatives.Jacobian(Sin, Tensors.Zeros(2, 2)));
            Check.Throws<ShapeException>(() => Derivatives.Hessian(Sin, X));
            Check.Throws<ShapeException>(() => Derivatives.HessianProduct(x => Sum(x), X, Tensors.Of(1, 2)));
            Check.Throws<ShapeException>(() => Derivatives.Batch(Sin, Tensors.Scalar(1)));
        }),
        Runner.TestCase("GradientCheck passes right derivatives", () =>
        {
            var report = GradientCheck.Gradient(x => Sum(Sin(x) * Square(x)), X);
            Expect.isTrue(report.IsCorrect, report.ToString());
            Expect.equal(report.Compared, 3, "components");
            Expect.equal(report.Mistakes.Count, 0, "mistakes");
            Expect.isTrue(report.LargestError < 1e-6, $"largest error {report.LargestError}");
            Expect.isTrue(GradientCheck.HessianProduct(x => Sum(Sin(x) * Square(x)), X, Tensors.Of(1, 2, 3)).IsCorrect, "product");
        }),
        Runner.TestCase("GradientCheck finds what a hidden constant breaks", () =>
        {
            // Reading numbers detaches them, so the second term has no derivative.
            var report = GradientCheck.Gradient(x => Sum(Square(x)) + 3 * x.ToArray()[1], X);
            Expect.isFalse(report.IsCorrect, "a wrong derivative");
            Expect.equal(report.Mistakes.Select(m => m.Index).ToArray(), [1], "which");
            Check.Close(report.Mistakes[0].Expected, 0, 1e-6, "2 · (−1.5) + 3");
            Check.Close(report.Mistakes[0].Actual, -3, 1e-12, "what the rules gave");
            Check.Mentions(report.ToString(), "component 1");
        }),
        Runner.TestCase("GradientCheck refuses what it cannot check", () =>
        {
            Check.Throws<ArgumentException>(() => GradientCheck.Gradient(x => Sum(x), Tensors.Of(new long[] { 1 }, 1)));
            Check.Throws<ArgumentException>(() => GradientCheck.HessianProduct(x => Sum(x), X, Tensors.Zeros(3)));
            Check.Throws<ArgumentException>(() => GradientCheck.HessianProduct(x => Sum(x), X, Tensors.Zeros(2)));
        }),
    ]);
}
