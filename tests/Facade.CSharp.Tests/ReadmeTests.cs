using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using Optim.Testing;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>The C# of the README does what the README shows.</summary>
public static class ReadmeTests
{
    private static string[] Block(string language)
    {
        var lines = File.ReadAllLines(Repository.Path("README.md"));
        var start = Array.IndexOf(lines, $"```{language}");
        return [.. lines.Skip(start + 1).TakeWhile(line => line != "```")];
    }

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("README",
    [
        Runner.TestCase("the snippet is the code below", () =>
        {
            string[] code =
            [
                "Objective rosenbrock = Objective.From(x => Square(1 - x[0]) + 100 * Square(x[1] - Square(x[0])));",
                "SolveResult quick = Solver.Minimize(rosenbrock, start: [-1.2, 1.0], new Lbfgs { History = 5 });",
                "Console.WriteLine($\"{quick.Outcome}: {quick.Reason}\");",
            ];
            var shown = Block("csharp").Where(line => line.Length > 0 && !line.StartsWith("using", StringComparison.Ordinal));
            Expect.equal(shown.ToArray(), code, "README.md");
        }),
        Runner.TestCase("the output is the one shown", () =>
        {
            Objective rosenbrock = Objective.From(x => Square(1 - x[0]) + 100 * Square(x[1] - Square(x[0])));
            SolveResult quick = Solver.Minimize(rosenbrock, start: [-1.2, 1.0], new Lbfgs { History = 5 });
            Expect.equal(quick.Outcome, Outcome.Converged, $"{quick.Outcome}: {quick.Reason}");
            Check.Mentions(quick.Reason, "gradient norm", "is at most 2.33E-07");
        }),
        Runner.TestCase("the front door of a longer program", async () =>
        {
            Objective digits = Objective.Supervised(
                Model.Mlp(inputs: 64, hidden: [32], outputs: 10, seed: 7), Dataset.Digits(), batchSize: 512);

            var options = new SolveOptions
            {
                MaxSteps = 12,
                StopRules = [StopRule.GradientBelow(1e-4), StopRule.After(TimeSpan.FromMinutes(5))],
                Device = Device.Cpu,
                Seed = 42,
            };
            var heard = 0;
            var progress = new Immediate(_ => heard++);

            SolveResult run = await Solver.MinimizeAsync(
                digits, new NewtonCg { InitialRadius = 0.5, MaxProducts = 5 }, options, progress, CancellationToken.None);

            double[] weights = run.Point.ToArray();
            Expect.equal(weights.Length, (64 * 32) + 32 + (32 * 10) + 10, "weights");
            Expect.equal(heard, 12, "reports");
        }),
    ]);
}
