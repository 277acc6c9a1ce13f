using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Methods of one's own.</summary>
public static class MethodTests
{
    internal sealed record Momentum(long Count, Tensor Velocity);

    /// <summary>Gradient descent with momentum, as anybody might write it.</summary>
    internal static Method MomentumDescent(double rate, double momentum) => Method.Custom<Momentum>(
        "my momentum",
        (_, start) => new Momentum(0, 0 * start),
        (oracle, point, state) =>
        {
            var velocity = momentum * state.Velocity + oracle.Gradient(point);
            return Step<Momentum>.Moved(point - rate * velocity, new Momentum(state.Count + 1, velocity), rate);
        });

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Custom methods",
    [
        Runner.TestCase("momentum equals the built-in one to the last bit", () =>
        {
            var options = new SolveOptions { MaxSteps = 200 };
            var mine = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, MomentumDescent(1e-3, 0.9), options);
            var builtIn = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Sgd { Rate = 1e-3, Momentum = 0.9 }, options);
            Check.SameBits(mine.Point, builtIn.Point, "the point");
            Expect.equal(mine.Steps, 200L, "steps");
            Expect.equal(mine.Evaluations, builtIn.Evaluations, "evaluations");
            Expect.equal(mine.Method, "my momentum", "the name");
            Expect.equal(mine.Trace.Select(r => r.StepSize).Distinct().ToArray(), [1e-3], "step sizes");
        }),
        Runner.TestCase("rejected trials are steps that stay", () =>
        {
            var shy = Method.Custom<int>(
                "shy",
                (_, _) => 0,
                (_, point, state) => Step<int>.Rejected(point, state + 1));
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], shy, new SolveOptions { MaxSteps = 3 });
            Expect.equal(result.Trace.Select(r => r.IsAccepted).ToArray(), [false, false, false], "accepted");
            Expect.equal(result.Point.ToArray(), [0.0, 0, 0], "the point");
        }),
        Runner.TestCase("a stuck method ends the run in its own words", () =>
        {
            var lost = Method.Custom<int>("lost", (_, _) => 0, (_, point, state) => Step<int>.Stuck(point, state, "no map"));
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], lost);
            Expect.equal(result.Outcome, Outcome.Stopped, "outcome");
            Check.Mentions(result.Reason, "no map");
        }),
        Runner.TestCase("the oracle answers as the derivatives do, and counts", () =>
        {
            Func<Tensor, Tensor> f = x => TensorMath.Sum(TensorMath.Exp(x) * x);
            var asked = default(Evaluations);
            var curious = Method.Custom<int>(
                "curious",
                (_, _) => 0,
                (oracle, point, state) =>
                {
                    var before = oracle.Evaluations;
                    var v = Tensors.Of(1, -2);
                    Expect.equal(oracle.Step, 0L, "the step's number");
                    Check.Close(oracle.Value(point), f(point).ToScalar(), 0, "value");
                    Check.SameBits(oracle.Gradient(point), Derivatives.Gradient(f, point), "gradient");
                    Check.Close(oracle.Hessian(point).ToArray(), Derivatives.Hessian(f, point).ToArray(), 1e-14, "Hessian");
                    Check.Close(
                        oracle.HessianProducts(point)(v).ToArray(), Derivatives.HessianProduct(f, point, v).ToArray(), 1e-14, "product");
                    Check.Throws<InvalidOperationException>(() => oracle.GaussNewtonProducts(point));
                    asked = oracle.Evaluations with { Products = oracle.Evaluations.Products - before.Products };
                    return Step<int>.Moved(point, state);
                });
            Solver.Minimize(Objective.From(f), [0.3, 0.7], curious, new SolveOptions { MaxSteps = 1 });
            Expect.equal(asked.Products, 3L, "products: two for the Hessian, one for the product");
        }),
        Runner.TestCase("Gauss-Newton products of a least-squares objective", () =>
        {
            var residuals = Objective.LeastSquares(x => TensorMath.Stack(0, x[0] * x[0], 3 * x[1]));
            var seen = Array.Empty<double>();
            var curious = Method.Custom<int>(
                "curious",
                (_, _) => 0,
                (oracle, point, state) =>
                {
                    seen = oracle.GaussNewtonProducts(point)(Tensors.Of(1, 1)).ToArray();
                    return Step<int>.Moved(point, state);
                });
            Solver.Minimize(residuals, [2.0, 1.0], curious, new SolveOptions { MaxSteps = 1 });
            // J = diag(2 x₀, 3), so JᵀJ (1, 1) = (4 x₀², 9).
            Check.Close(seen, [16, 9], 1e-14, "the product");
        }),
        Runner.TestCase("a budget ends a method's step in the middle", () =>
        {
            var greedy = Method.Custom<int>(
                "greedy",
                (_, _) => 0,
                (oracle, point, state) =>
                {
                    for (var i = 0; i < 1000; i++)
                    {
                        oracle.Value(point + i);
                    }

                    return Step<int>.Moved(point, state);
                });
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], greedy, new SolveOptions { MaxValues = 10 });
            Expect.equal(result.Outcome, Outcome.BudgetSpent, "outcome");
            Expect.isTrue(result.Evaluations.Values <= 10, $"{result.Evaluations.Values} values");
        }),
    ]);
}
