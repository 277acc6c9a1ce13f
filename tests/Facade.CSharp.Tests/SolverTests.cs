using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Runs, their outcomes and their ends.</summary>
public static class SolverTests
{
    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Solver",
    [
        Runner.TestCase("a minimum is found and proved", () =>
        {
            var result = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs());
            Expect.equal(result.Outcome, Outcome.Converged, result.ToString());
            Expect.isTrue(result.IsConverged, "IsConverged");
            Check.Close(result.Point.ToArray(), [1, 1], 1e-6, "the point");
            Check.Close(result.Value, 0, 1e-12, "the value");
            Expect.isTrue(result.GradientNorm <= 1e-9 * 233, $"gradient norm {result.GradientNorm}");
            Expect.equal(result.Method, "lbfgs", "the method's name");
            Check.Mentions(result.Reason, "gradient norm");
            Check.Mentions(result.ToString(), "Converged", result.Reason);
            Expect.isTrue(ReferenceEquals(result.EnsureConverged(), result), "EnsureConverged gives the result itself");
        }),
        Runner.TestCase("the trace has a report for each step, in order", () =>
        {
            var result = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs());
            Expect.equal(result.Trace.Select(r => r.Step).ToArray(), [.. Enumerable.Range(1, (int)result.Steps).Select(i => (long)i)], "steps");
            var last = result.Trace[^1];
            Check.Close(last.Value, result.Value, 0, "the last value");
            Expect.isTrue(last.Evaluations.Gradients <= result.Evaluations.Gradients, "counts grow");
            Expect.isTrue(result.Evaluations.GradientEquivalents > 0, "cost");
        }),
        Runner.TestCase("a spent budget is an outcome", () =>
        {
            var result = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new GradientDescent(), new SolveOptions { MaxSteps = 3 });
            Expect.equal(result.Outcome, Outcome.BudgetSpent, "outcome");
            Expect.equal(result.Steps, 3L, "steps");
            var thrown = Check.Throws<NotConvergedException>(() => result.EnsureConverged());
            Expect.isTrue(ReferenceEquals(thrown.Result, result), "the exception carries the result");
            Check.Mentions(thrown.Message, "BudgetSpent");
        }),
        Runner.TestCase("each limit is a hard one", () =>
        {
            var gradients = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs(), new SolveOptions { MaxGradients = 5 });
            Expect.isTrue(gradients.Evaluations.Gradients <= 5, $"{gradients.Evaluations.Gradients} gradients");
            var values = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs(), new SolveOptions { MaxValues = 5 });
            Expect.isTrue(values.Evaluations.Values <= 5, $"{values.Evaluations.Values} values");
            var products = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new NewtonCg(), new SolveOptions { MaxProducts = 3 });
            Expect.isTrue(products.Evaluations.Products <= 3, $"{products.Evaluations.Products} products");

            foreach (var result in new[] { gradients, values, products })
            {
                Expect.equal(result.Outcome, Outcome.BudgetSpent, result.ToString());
            }
        }),
        Runner.TestCase("no time at all ends as BudgetSpent", () =>
        {
            var result = Solver.Minimize(
                Samples.Rosenbrock,
                Samples.RosenbrockStart,
                new Lbfgs(),
                new SolveOptions { StopRules = [StopRule.GradientBelow(0, 1e-9), StopRule.After(TimeSpan.Zero)] });
            Expect.equal(result.Outcome, Outcome.BudgetSpent, "outcome");
            Check.Mentions(result.Reason, "time");
        }),
        Runner.TestCase("a target value stops", () =>
        {
            var result = Solver.Minimize(
                Samples.Rosenbrock, Samples.RosenbrockStart, new Bfgs(), new SolveOptions { StopRules = [StopRule.ValueBelow(0.5)] });
            Expect.equal(result.Outcome, Outcome.Stopped, "outcome");
            Expect.isTrue(result.Value <= 0.5, $"value {result.Value}");
        }),
        Runner.TestCase("settled values stop and prove nothing", () =>
        {
            var result = Solver.Minimize(
                Samples.Quadratic, [0.0, 0, 0], new Sgd { Rate = 0.2 }, new SolveOptions { StopRules = [StopRule.ValueSettled(1e-3, 3)] });
            Expect.equal(result.Outcome, Outcome.Stopped, result.ToString());
        }),
        Runner.TestCase("an objective without lower bound fails", () =>
        {
            var falling = Objective.From(x => Power(x[0], 3.0));
            var result = Solver.Minimize(falling, [-1.0], new Lbfgs());
            Expect.isFalse(result.IsConverged, result.ToString());
        }),
        Runner.TestCase("a start without a value fails", () =>
        {
            var result = Solver.Minimize(Objective.From(x => Log(x[0])), [-1.0], new Lbfgs());
            Expect.equal(result.Outcome, Outcome.Failed, result.ToString());
        }),
        Runner.TestCase("a token abandons the run", () =>
        {
            using var source = new CancellationTokenSource();
            var steps = 0;
            var progress = new Immediate(report =>
            {
                steps++;
                if (report.Step == 3)
                {
                    source.Cancel();
                }
            });
            Check.Throws<OperationCanceledException>(() =>
                Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new GradientDescent(), null, progress, source.Token));
            Expect.equal(steps, 3, "steps before the end");
        }),
        Runner.TestCase("a request finishes the step and gives the best point", () =>
        {
            using var source = new CancellationTokenSource();
            var best = double.PositiveInfinity;
            var progress = new Immediate(report =>
            {
                best = Math.Min(best, report.Value);
                if (report.Step == 4)
                {
                    source.Cancel();
                }
            });
            var options = new SolveOptions { StopRules = [StopRule.WhenRequested(source.Token)] };
            var result = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new GradientDescent(), options, progress);
            Expect.equal(result.Outcome, Outcome.Stopped, result.ToString());
            Expect.equal(result.Steps, 4L, "steps");
            Expect.isTrue(result.Value <= best, $"value {result.Value}, the best reported {best}");
            Check.Close(Samples.Rosenbrock.Value(result.Point), result.Value, 0, "the point belongs to the value");
        }),
        Runner.TestCase("progress hears of every step", () =>
        {
            var heard = new List<StepReport>();
            var result = Solver.Minimize(
                Samples.Quadratic, [0.0, 0, 0], new Bfgs(), new SolveOptions { TraceEvery = 0 }, new Immediate(heard.Add));
            Expect.equal(heard.Count, (int)result.Steps, "reports");
            Expect.equal(result.Trace.Count, 0, "TraceEvery = 0 keeps none");
            Expect.isTrue(heard.TrueForAll(r => double.IsFinite(r.Value) && r.GradientNorm >= 0), "numbers of reports");
        }),
        Runner.TestCase("the pool gives the same result", async () =>
        {
            var here = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs());
            var there = await Solver.MinimizeAsync(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs());
            Check.SameBits(there.Point, here.Point, "the point");
            var tensor = await Solver.MinimizeAsync(Samples.Rosenbrock, Tensors.Of(Samples.RosenbrockStart), new Lbfgs());
            Check.SameBits(tensor.Point, here.Point, "the point from a tensor");
        }),
        Runner.TestCase("the pool's run is abandoned by a token", async () =>
        {
            using var source = new CancellationTokenSource();
            await source.CancelAsync();
            await Check.ThrowsAsync<OperationCanceledException>(() =>
                Solver.MinimizeAsync(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs(), cancellationToken: source.Token));
        }),
        Runner.TestCase("an objective without a start of its own needs one", () =>
        {
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Samples.Rosenbrock, new Lbfgs()));
            Expect.equal(thrown.ParamName, "objective", "the parameter");
            Check.Mentions(thrown.Message, "start");
        }),
        Runner.TestCase("illegal starts are refused by name", () =>
        {
            var empty = Check.Throws<ArgumentException>(() => Solver.Minimize(Samples.Rosenbrock, (double[])[], new Lbfgs()));
            Expect.equal(empty.ParamName, "start", "the parameter of an empty start");
            var matrix = Check.Throws<ShapeException>(() => Solver.Minimize(Samples.Rosenbrock, Tensors.Zeros(2, 2), new Lbfgs()));
            Check.Mentions(matrix.Message, "(2, 2)", "expected");
        }),
        Runner.TestCase("what the objective throws comes out", () =>
        {
            var broken = Objective.From(_ => throw new InvalidOperationException("mine"));
            var thrown = Check.Throws<InvalidOperationException>(() => Solver.Minimize(broken, [1.0], new Lbfgs()));
            Expect.equal(thrown.Message, "mine", "the message");
        }),
    ]);
}
