using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Classical problems by name.</summary>
public static class ProblemsTests
{
    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Problems",
    [
        Runner.TestList("has its minimum where it says", Problems.Names.Select(name => Runner.TestCase(name, () =>
        {
            var problem = Problems.Find(name);
            Expect.isTrue(problem.Minimizers.Count > 0, "a minimizer is known");
            Expect.equal(problem.Name, name, "the name");
            Expect.isTrue(problem.Title.Length > 0 && problem.Source.Length > 0, "title and source");

            foreach (var minimizer in problem.Minimizers)
            {
                Check.Close(problem.Objective.Value(minimizer), problem.Minimum, 1e-6, "the value there");
            }

            foreach (var other in problem.LocalMinimizers)
            {
                Expect.isTrue(problem.Objective.Value(other) > problem.Minimum, "local minima lie higher");
            }
        }))),
        Runner.TestCase("knows its start", () =>
        {
            var problem = Problems.Find("helical-valley");
            Expect.isTrue(problem.Objective.TryGetStart(out var start), "a start");
            Check.SameBits(start, problem.Start, "the start");
            var result = Solver.Minimize(problem.Objective, new Bfgs()).EnsureConverged();
            Check.Close(result.Point.ToArray(), problem.Minimizers[0].ToArray(), 1e-6, "the minimizer");
            Expect.equal(problem.ToString(), problem.Title, "text");
        }),
        Runner.TestCase("takes a dimension", () =>
        {
            Expect.equal(Problems.Find("extended-rosenbrock", 6).Start.Length, 6, "length");
            var thrown = Check.Throws<ArgumentException>(() => Problems.Find("helical-valley", 5));
            Check.Mentions(thrown.Message, "5", "3");
        }),
        Runner.TestCase("unknown names list the known ones", () =>
        {
            var thrown = Check.Throws<ArgumentException>(() => Problems.Find("nothing"));
            Check.Mentions(thrown.Message, "nothing", "rosenbrock", "himmelblau");
        }),
        Runner.TestCase("functions know no start", () =>
        {
            Expect.isFalse(Samples.Rosenbrock.TryGetStart(out var start), "none");
            Expect.equal(start.ToArray(), [0.0], "a scalar 0 in its place");
        }),
    ]);
}
