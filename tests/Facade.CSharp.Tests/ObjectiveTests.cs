using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Objectives, schedules and line searches.</summary>
public static class ObjectiveTests
{
    private static readonly (string Name, Schedule Schedule, double[] Rates)[] Schedules =
    [
        ("constant", Schedule.Constant(0.5), [0.5, 0.5, 0.5]),
        ("from a number", 0.25, [0.25, 0.25, 0.25]),
        ("FromDouble", Schedule.FromDouble(0.25), [0.25, 0.25, 0.25]),
        ("steps", Schedule.StepDecay(1, 0.5, 2), [1, 1, 0.5, 0.5, 0.25]),
        ("exponential", Schedule.Exponential(1, 0.5), [1, 0.5, 0.25]),
        ("inverse", Schedule.Inverse(1, 1), [1, 0.5, 1.0 / 3]),
        ("cosine", Schedule.Cosine(1, 0, 4), [1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2, 0, 0]),
    ];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Objective",
    [
        Runner.TestCase("values and names", () =>
        {
            Check.Close(Samples.Rosenbrock.Value(Tensors.Of(Samples.RosenbrockStart)), 24.2, 1e-14, "the usual start");
            Expect.equal(Samples.Rosenbrock.ToString(), "rosenbrock", "text");
            Expect.isFalse(Samples.Rosenbrock.IsStochastic, "no chance");
        }),
        Runner.TestCase("least squares and compositions", () =>
        {
            var fit = Objective.LeastSquares(x => x - 3);
            Check.Close(fit.Value(Tensors.Of(1, 2)), 2.5, 1e-15, "½ Σ r²");
            var composed = Objective.Composed(x => 2 * x, z => TensorMath.Sum(TensorMath.Exp(z)), "mine");
            Check.Close(composed.Value(Tensors.Of(0, 1)), 1 + Math.Exp(2), 1e-14, "loss of outputs");
            Expect.equal(composed.Name, "mine", "the name");
        }),
        Runner.TestList("schedules", Schedules.Select(row => Runner.TestCase(row.Name, () =>
        {
            Check.Close([.. row.Rates.Select((_, k) => row.Schedule.Rate(k))], row.Rates, 1e-14, "rates");
        }))),
        Runner.TestCase("a warm-up rises to the first rate and then starts the schedule", () =>
        {
            var warm = Schedule.Exponential(1, 0.5).WithWarmUp(4);
            var rates = Enumerable.Range(0, 8).Select(k => warm.Rate(k)).ToArray();
            Expect.isTrue(rates.Take(4).SequenceEqual(rates.Take(4).Order()) && rates[0] < 1, $"rising: {string.Join(" ", rates)}");
            Check.Close(rates[5..], [.. rates[4..7].Select(r => r / 2)], 1e-15, "then halving");
        }),
        Runner.TestCase("line searches reach the method", () =>
        {
            double[] Sizes(LineSearch search) =>
                [.. Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], new GradientDescent { Search = search }, new SolveOptions { MaxSteps = 3 }).Trace.Select(r => r.StepSize)];

            Check.Close(Sizes(LineSearch.Fixed(0.125)), [0.125, 0.125, 0.125], 0, "fixed");
            Check.Close(Sizes(LineSearch.Scheduled(Schedule.Exponential(0.2, 0.5))), [0.2, 0.1, 0.05], 1e-15, "scheduled");
        }),
    ]);
}
