using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Compiled objectives and functions.</summary>
public static class CompiledTests
{
    private static readonly Tensor X = Tensors.Of(0.5, -1.5, 2.0);

    private static Tensor Bumps(Tensor x) => Sum(Sin(x) * Square(x));

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Compiled",
    [
        Runner.TestCase("an objective runs compiled, with the same result, and says so", () =>
        {
            var compiled = Samples.Rosenbrock.Compile();
            Expect.isTrue(compiled.IsCompiled, "compiled");
            Expect.isFalse(Samples.Rosenbrock.IsCompiled, "the original stays as it is");
            Expect.isFalse(compiled.AsEager().IsCompiled, "undone");
            var mine = Solver.Minimize(compiled, Samples.RosenbrockStart, new Lbfgs());
            var eager = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs());
            Expect.equal(mine.Path, EvaluationPath.Compiled, "path");
            Expect.equal(eager.Path, EvaluationPath.Eager, "path");
            Expect.equal(mine.Steps, eager.Steps, "steps");
            Check.Mentions(mine.ToString(), "compiled");
            Check.Close(mine.EnsureConverged().Point.ToArray(), [1, 1], 1e-8, "the point");
        }),
        Runner.TestCase("large classical problems are compiled by themselves", () =>
        {
            Expect.isTrue(Problems.Find("rosenbrock", 1000).Objective.IsCompiled, "1000 variables");
            Expect.isFalse(Problems.Find("rosenbrock").Objective.IsCompiled, "2 variables");
        }),
        Runner.TestCase("an objective keeps its start and its kind", () =>
        {
            Expect.isTrue(Problems.Find("beale").Objective.Compile().TryGetStart(out var start), "a start");
            Expect.equal(start.Length, 2, "its length");
            SupervisedObjective task = Objective.Supervised(Model.Mlp(30, [3], 2), Dataset.BreastCancer()).Compile();
            Expect.isTrue(task.IsCompiled && !task.AsEager().IsCompiled, "a network's objective");
            var options = new SolveOptions { MaxSteps = 2 };
            Expect.equal(Solver.Minimize(task, new Lbfgs(), options).Path, EvaluationPath.Compiled, "path");
        }),
        Runner.TestCase("mini-batches, branches and changing data are refused with a way out", () =>
        {
            var batches = Objective.Supervised(Model.Mlp(64, [3], 10), Dataset.Digits(), batchSize: 32);
            Check.Mentions(Check.Throws<ArgumentException>(() => batches.Compile()).Message, "step");

            var branching = Objective.From(x => x[0].ToScalar() > 0 ? Sum(x) : -Sum(x)).Compile();
            Check.Mentions(Check.Throws<InvalidOperationException>(() => Solver.Minimize(branching, [1.0, 2], new Lbfgs())).Message, "where");

            var target = Tensors.Of(1, 2);
            var moving = Objective.From(x => Sum(Square(x - target)), "moving").Compile();
            Expect.isTrue(Solver.Minimize(moving, [0.0, 0], new Lbfgs()).IsConverged, "before the change");
            target = Tensors.Of(5, 6);
            Check.Mentions(Check.Throws<InvalidOperationException>(() => Solver.Minimize(moving, [0.0, 0], new Lbfgs())).Message, "moving", "argument");
        }),
        Runner.TestCase("functions of one and two tensors", () =>
        {
            var f = Compile.Function(Bumps);
            var gradient = Compile.Function(x => Derivatives.Gradient(Bumps, x));
            var product = Compile.Function((x, v) => Derivatives.HessianProduct(Bumps, x, v));
            var both = Compile.ValueAndGradient(Bumps);
            var v = Tensors.Of(1, 0.5, -2);

            foreach (var x in new[] { X, 2 * X, Tensors.Of(0.1, 0.2) })
            {
                Check.Close(f(x).ToScalar(), Bumps(x).ToScalar(), 1e-14, "value");
                Check.Close(gradient(x).ToArray(), Derivatives.Gradient(Bumps, x).ToArray(), 1e-14, "gradient");
                Check.Close(both(x).Value.ToScalar(), Bumps(x).ToScalar(), 1e-14, "value with gradient");
                Check.Close(both(x).Gradient.ToArray(), gradient(x).ToArray(), 1e-14, "gradient with value");
            }

            Check.Close(product(X, v).ToArray(), Derivatives.HessianProduct(Bumps, X, v).ToArray(), 1e-14, "product");
        }),
        Runner.TestCase("derivatives of a compiled function are right", () =>
        {
            var f = Compile.Function(Bumps);
            Check.Close(Derivatives.Gradient(f, X).ToArray(), Derivatives.Gradient(Bumps, X).ToArray(), 0, "gradient");
        }),
        Runner.TestCase("progress every few steps", () =>
        {
            var heard = new List<StepReport>();
            var options = new SolveOptions { MaxSteps = 10, ProgressEvery = 4 };
            Solver.Minimize(Samples.Rosenbrock.Compile(), Samples.RosenbrockStart, new Lbfgs(), options, new Immediate(heard.Add));
            Expect.isTrue(heard.Select(r => r.Step).SequenceEqual([4L, 8]), $"steps {string.Join(" ", heard.Select(r => r.Step))}");
        }),
    ]);
}
