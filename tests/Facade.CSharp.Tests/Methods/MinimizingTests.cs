using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Every method finds minima, and refuses options that are not legal.</summary>
public static class MinimizingTests
{
    private static readonly Method[] OnQuadratic =
    [
        new GradientDescent(),
        new GradientDescent { Search = LineSearch.Fixed(0.2) },
        new GradientDescent { Search = LineSearch.Scheduled(Schedule.Exponential(0.2, 0.9999)) },
        new GradientDescent { Search = LineSearch.StrongWolfe(curvature: 0.1) },
        new Sgd { Rate = 0.2 },
        new Sgd { Rate = 0.1, Momentum = 0.5 },
        new Sgd { Rate = 0.1, Momentum = 0.5, Nesterov = true },
        new Bfgs(),
        new Bfgs { Search = LineSearch.Armijo() },
        new Lbfgs(),
        new Lbfgs { History = 1 },
        new Newton(),
        new Newton { Modification = HessianModification.Absolute },
        new Newton { Modification = HessianModification.Floor },
        new PureNewton(),
        new NewtonCg(),
        new SaddleFreeNewton(),
        new SaddleFreeNewton { IsFixed = true },
    ];

    private static readonly Method[] OnRosenbrock =
    [
        new Bfgs(),
        new Lbfgs { History = 5 },
        new Newton(),
        new Newton { Modification = HessianModification.Absolute },
        new NewtonCg(),
        new SaddleFreeNewton(),
    ];

    private static readonly (Method Method, string[] Mentions)[] Illegal =
    [
        (new Sgd { Rate = -1 }, ["Rate", "-1"]),
        (new Sgd { Momentum = 1 }, ["Momentum", "1"]),
        (new Sgd { WeightDecay = -1 }, ["WeightDecay", "-1"]),
        (new Sgd { Nesterov = true }, ["Nesterov", "Momentum"]),
        (new Adam { Rate = 0 }, ["Rate", "0"]),
        (new Adam { Decay1 = 1 }, ["Decay1", "1"]),
        (new Adam { Decay2 = -0.5 }, ["Decay2", "-0.5"]),
        (new Adam { Epsilon = 0 }, ["Epsilon", "0", "above 0"]),
        (new AdamW { WeightDecay = double.NaN }, ["WeightDecay", "NaN"]),
        (new Lbfgs { History = 0 }, ["History", "0", "1 or more"]),
        (new Lbfgs { PairType = DType.Int64 }, ["PairType", "Int64", "Float32 or Float64"]),
        (new NewtonCg { InitialRadius = 0 }, ["InitialRadius", "0"]),
        (new NewtonCg { MaxRadius = 0.5 }, ["MaxRadius", "0.5", "1"]),
        (new NewtonCg { AcceptAbove = 0.3 }, ["AcceptAbove", "0.3", "0.25"]),
        (new NewtonCg { MaxProducts = 0 }, ["MaxProducts", "0", "1 or more"]),
        (new NewtonCg { Matrix = (CurvatureMatrix)7 }, ["Matrix", "7"]),
        (new Newton { Modification = (HessianModification)7 }, ["Modification", "7"]),
        (new SaddleFreeNewton { Dampings = [] }, ["Damping", "one or more"]),
        (new SaddleFreeNewton { Dampings = [-1] }, ["damping", "-1"]),
        (new Bfgs { Search = LineSearch.StrongWolfe(decrease: 0) }, ["Decrease", "0"]),
        (new Bfgs { Search = LineSearch.StrongWolfe(curvature: 1) }, ["Curvature", "1"]),
        (new Bfgs { Search = LineSearch.Armijo(shrink: 2) }, ["Shrink", "2"]),
        (new Bfgs { Search = LineSearch.Armijo(maxTrials: 0) }, ["MaxTrials", "0"]),
        (new Bfgs { Search = LineSearch.Fixed(0) }, ["0", "above 0"]),
    ];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Methods",
    [
        Runner.TestList("converge on a quadratic", OnQuadratic.Select(method => Runner.TestCase(method.ToString(), () =>
        {
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], method).EnsureConverged();
            Check.Close(result.Point.ToArray(), [1, 2, 3], 1e-7, "the point");
        }))),
        Runner.TestList("get close on a quadratic", new Method[] { new Adam { Rate = 0.05 }, new AdamW { Rate = 0.05, WeightDecay = 0 } }.Select(
            method => Runner.TestCase(method.ToString(), () =>
            {
                var options = new SolveOptions { StopRules = [StopRule.ValueBelow(1e-8)] };
                var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], method, options);
                Expect.equal(result.Outcome, Outcome.Stopped, result.ToString());
                Check.Close(result.Point.ToArray(), [1, 2, 3], 2e-4, "the point");
            }))),
        Runner.TestList("converge on Rosenbrock's valley", OnRosenbrock.Select(method => Runner.TestCase(method.ToString(), () =>
        {
            var result = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, method).EnsureConverged();
            Check.Close(result.Point.ToArray(), [1, 1], 1e-6, "the point");
        }))),
        Runner.TestCase("only methods that look for it leave a saddle", () =>
        {
            var saddle = Objective.From(x => x[0] * x[0] - x[1] * x[1] + TensorMath.Power(x[1], 4.0) / 4);
            var stays = Solver.Minimize(saddle, [1.0, 0.0], new PureNewton());
            Expect.equal(stays.Outcome, Outcome.Stopped, stays.ToString());
            Check.Mentions(stays.Reason, "saddle");
            var leaves = Solver.Minimize(saddle, [1.0, 0.0], new SaddleFreeNewton()).EnsureConverged();
            Check.Close(Math.Abs(leaves.Point.ToArray()[1]), Math.Sqrt(2), 1e-7, "the minimum");
        }),
        Runner.TestCase("weight decay pulls to zero", () =>
        {
            // Least where c (x − t) + λ x = 0.
            var options = new SolveOptions { MaxSteps = 2000, StopRules = [] };
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], new Sgd { Rate = 0.1, WeightDecay = 0.5 }, options);
            var end = result.Trace[^1];
            Expect.isTrue(end.GradientNorm > 0.1, $"gradient norm {end.GradientNorm} of the objective itself");
        }),
        Runner.TestCase("Gauss-Newton products solve least squares", () =>
        {
            var fit = Objective.LeastSquares(x => TensorMath.Stack(0, 10 * (x[1] - x[0] * x[0]), 1 - x[0]));
            var result = Solver.Minimize(fit, Samples.RosenbrockStart, new NewtonCg { Matrix = CurvatureMatrix.GaussNewton }).EnsureConverged();
            Check.Close(result.Point.ToArray(), [1, 1], 1e-6, "the point");
        }),
        Runner.TestCase("Gauss-Newton products need a composition", () =>
        {
            Check.Throws<InvalidOperationException>(() =>
                Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new NewtonCg { Matrix = CurvatureMatrix.GaussNewton }));
        }),
        Runner.TestList("refuse", Illegal.Select((row, i) => Runner.TestCase($"{i}: {string.Join(" ", row.Mentions)}", () =>
        {
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], row.Method));
            Check.Mentions(thrown.Message, row.Mentions);
        }))),
        Runner.TestCase("null parts are refused", () =>
        {
            Method[] broken = [new Sgd { Rate = null! }, new Adam { Rate = null! }, new Bfgs { Search = null! }, new Lbfgs { PairType = null! }, new SaddleFreeNewton { Dampings = null! }];

            foreach (var method in broken)
            {
                Check.Throws<ArgumentNullException>(() => Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], method));
            }
        }),
        Runner.TestCase("records copy with changes and compare by value", () =>
        {
            var one = new Lbfgs { History = 5 };
            Expect.equal(one with { History = 7 }, new Lbfgs { History = 7 }, "with");
            Expect.notEqual<Method>(one, new Lbfgs(), "other options");
        }),
    ]);
}
