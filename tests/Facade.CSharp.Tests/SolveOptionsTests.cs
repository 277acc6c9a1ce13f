using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Options of runs: defaults and complaints.</summary>
public static class SolveOptionsTests
{
    private static readonly (string Name, SolveOptions Options, string[] Mentions)[] Illegal =
    [
        ("steps", new SolveOptions { MaxSteps = -1 }, ["MaxSteps", "-1", "0 or more"]),
        ("values", new SolveOptions { MaxValues = -2 }, ["MaxValues", "-2", "0 or more"]),
        ("gradients", new SolveOptions { MaxGradients = -3 }, ["MaxGradients", "-3", "0 or more"]),
        ("products", new SolveOptions { MaxProducts = -4 }, ["MaxProducts", "-4", "0 or more"]),
        ("trace", new SolveOptions { TraceEvery = -5 }, ["TraceEvery", "-5", "0 or more"]),
        ("progress", new SolveOptions { ProgressEvery = 0 }, ["ProgressEvery", "0", "1 or more"]),
        ("no rules", new SolveOptions { StopRules = null! }, ["StopRules", "null"]),
        ("a null rule", new SolveOptions { StopRules = [null!] }, ["StopRules", "null"]),
        ("time", new SolveOptions { StopRules = [StopRule.After(TimeSpan.FromSeconds(-1))] }, ["After", "-00:00:01"]),
        ("clock", new SolveOptions { Clock = null! }, ["Clock", "null"]),
        ("no device", new SolveOptions { Device = null! }, ["Device", "null"]),
        ("no plan", new SolveOptions { Checkpoint = null! }, ["Checkpoint", "null"]),
        ("all at once", new SolveOptions { MaxSteps = -1, MaxValues = -2, TraceEvery = -5 }, ["MaxSteps", "MaxValues", "TraceEvery"]),
    ];

    private static readonly (StopRule Rule, string[] Mentions)[] IllegalRules =
    [
        (StopRule.GradientBelow(-1), ["absolute", "-1"]),
        (StopRule.GradientBelow(0, 2), ["relative", "2"]),
        (StopRule.GradientBelow(double.NaN), ["absolute", "NaN"]),
        (StopRule.ValueBelow(double.NaN), ["target", "NaN"]),
        (StopRule.ValueSettled(-1, 1), ["relative", "-1"]),
        (StopRule.ValueSettled(0, 0), ["moves", "0", "1 or more"]),
    ];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("SolveOptions",
    [
        Runner.TestCase("defaults are the core's", () =>
        {
            var (mine, core) = (new SolveOptions(), Core.SolveOptionsModule.defaults);
            Expect.equal(mine.MaxSteps, core.Budget.Steps, "steps");
            Expect.equal(mine.MaxValues, core.Budget.Values, "values");
            Expect.equal(mine.MaxGradients, core.Budget.Gradients, "gradients");
            Expect.equal(mine.MaxProducts, core.Budget.Products, "products");
            Expect.equal(mine.Seed, core.Seed, "seed");
            Expect.equal(mine.TraceEvery, core.TraceEvery, "trace");
            Expect.equal(mine.ProgressEvery, core.ObserveEvery, "progress");
            Expect.isTrue(ReferenceEquals(mine.Clock, core.Clock), "clock");
            Expect.isTrue(core.Save.IsNone && mine.Checkpoint == CheckpointPlan.None, "checkpoint");
            var rules = mine.StopRules.Cast<StopRule.CoreRule>().Select(rule => rule.Rule).ToArray();
            Expect.equal(rules.Length, core.StopRules.Length, "how many rules");
            Expect.isTrue(rules[0].Equals(core.StopRules.Head, EqualityComparer<object>.Default), "the rule");
        }),
        Runner.TestList("complains about", Illegal.Select(row => Runner.TestCase(row.Name, () =>
        {
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], new Bfgs(), row.Options));
            Expect.equal(thrown.ParamName, "options", "the parameter");
            Check.Mentions(thrown.Message, row.Mentions);
        }))),
        Runner.TestList("complains about the rule", IllegalRules.Select(row => Runner.TestCase(string.Join(" ", row.Mentions), () =>
        {
            var options = new SolveOptions { StopRules = [row.Rule] };
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], new Bfgs(), options));
            Check.Mentions(thrown.Message, row.Mentions);
        }))),
        Runner.TestCase("the shortest of several times counts", () =>
        {
            var options = new SolveOptions { StopRules = [StopRule.After(TimeSpan.FromDays(1)), StopRule.After(TimeSpan.Zero)] };
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], new Bfgs(), options);
            Expect.equal(result.Outcome, Outcome.BudgetSpent, result.ToString());
        }),
        Runner.TestCase("the seed decides all chance, and alone", () =>
        {
            Tensor Walk(long seed)
            {
                var walk = Method.Custom<long>(
                    "walk",
                    (_, _) => 0,
                    (oracle, point, state) =>
                    {
                        // Evaluated, so that the lowest point on the way is the result.
                        oracle.Gradient(point);
                        return Step<long>.Moved(point + oracle.Key.First % 97 * 1e-3, state + 1);
                    });
                return Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], walk, new SolveOptions { MaxSteps = 5, Seed = seed }).Point;
            }

            Check.SameBits(Walk(3), Walk(3), "one seed");
            Expect.notEqual(Walk(3).ToArray(), Walk(4).ToArray(), "another seed");
        }),
    ]);
}
