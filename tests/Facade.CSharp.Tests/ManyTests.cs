using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Many members at once.</summary>
public static class ManyTests
{
    private static readonly Tensor Times = Tensors.Of(0, 0.5, 1, 1.5, 2, 3, 4, 6);

    private static readonly Tensor Truth = Tensors.Of((double[])[1.0, 0.5, 0.2, 2.0, 1.0, 0.0, 1.5, 0.7, 0.4], 3, 3);

    private static Tensor Decay(Tensor p) => p[0] * Exp(-p[1] * Times) + p[2];

    private static Tensor Measured() => Stack(0, Decay(Truth[0]), Decay(Truth[1]), Decay(Truth[2]));

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Many",
    [
        Runner.TestCase("one model fits many data sets", () =>
        {
            var result = Solver.FitMany((p, data) => Decay(p) - data[0], [Measured()], Truth * 0.9);
            Expect.isTrue(result.AreConverged, result.ToString());
            Expect.equal(result.Count, 3, "members");
            Expect.equal(result.CountOf(Outcome.Converged), 3, "converged");
            Expect.equal(result.Method, "bfgs", "method");
            Check.Close(result.Points.ToArray(), Truth.ToArray(), 1e-6, "parameters");
        }),
        Runner.TestCase("one function from many starts, each member with its own outcome", () =>
        {
            var wells = ManyObjective.From(x => Sum(Square(Square(x) - 1)));
            var result = Solver.MinimizeMany(wells, Tensors.Of((double[])[0.5, -2.0, 0.0, double.NaN], 4, 1), new Newton());
            Check.Close(result[0].Point.ToArray(), [1], 1e-8, "the right well");
            Check.Close(result[1].Point.ToArray(), [-1], 1e-8, "the left one");
            Expect.equal(result[2].Outcome, Outcome.Stopped, "the top");
            Check.Mentions(result[2].Reason, "saddle");
            Expect.equal(result[3].Outcome, Outcome.Failed, "no value");
            Expect.isFalse(result[3].IsConverged, "not converged");
            Expect.equal(result.Outcomes[3], result[3].Outcome, "the column");
            Expect.equal(result.Steps[0], result[0].Steps, "the column of steps");
            Expect.equal(result.Values[0], result[0].Value, "the column of values");
            Expect.equal(result.GradientNorms[0], result[0].GradientNorm, "the column of norms");
            Expect.isTrue(result[0].Evaluations.Gradients > 0, "counted");
            Expect.equal(result[1].Index, 1, "its number");
            Expect.isTrue(result.Elapsed > TimeSpan.Zero, "time");
        }),
        Runner.TestCase("data and limits", () =>
        {
            var objective = ManyObjective.From((x, data) => Sum(Square(x - data[0]) * data[1]), "shifted");
            Expect.equal(objective.Name, "shifted", "name");
            Expect.equal(objective.ToString(), "shifted", "text");
            var targets = Tensors.Of((double[])[1.0, 2, 3, 4], 2, 2);
            var result = Solver.MinimizeMany(objective, Tensors.Zeros(2, 2), new Lbfgs(), [targets, Tensors.Of(1, 10)]);
            Check.Close(result.Points.ToArray(), targets.ToArray(), 1e-8, "points");
            var none = Solver.MinimizeMany(objective, Tensors.Zeros(2, 2), new Lbfgs(), [targets, Tensors.Of(1, 10)], new SolveOptions { MaxSteps = 0 });
            Expect.equal(none.CountOf(Outcome.BudgetSpent), 2, "no steps");
        }),
    ]);
}
