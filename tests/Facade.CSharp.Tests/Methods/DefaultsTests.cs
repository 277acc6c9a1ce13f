using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Every method record has the core's defaults, and does what the core's method does.</summary>
public static class DefaultsTests
{
    private static readonly (Method Mine, Core.Method Core)[] Twins =
    [
        (new GradientDescent(), Core.GradientDescent.create(Core.GradientDescent.defaults)),
        (new Sgd { Rate = 1e-4 }, Core.Sgd.create(new Core.SgdOptions(Core.Schedule.NewConstant(1e-4), 0, false, 0))),
        (new Sgd { Rate = 1e-4, Momentum = 0.9 }, Core.Sgd.create(new Core.SgdOptions(Core.Schedule.NewConstant(1e-4), 0.9, false, 0))),
        (new Sgd { Rate = 1e-4, Momentum = 0.9, Nesterov = true, WeightDecay = 0.1 },
            Core.Sgd.create(new Core.SgdOptions(Core.Schedule.NewConstant(1e-4), 0.9, true, 0.1))),
        (new Adam(), Core.Adam.create(Core.Adam.defaults)),
        (new AdamW(), Core.AdamW.create(Core.AdamW.defaults)),
        (new Bfgs(), Core.Bfgs.create(Core.Bfgs.defaults)),
        (new Lbfgs(), Core.Lbfgs.create(Core.Lbfgs.defaults)),
        (new Newton(), Core.Newton.create(Core.Newton.defaults)),
        (new PureNewton(), Core.PureNewton.create()),
        (new NewtonCg(), Core.NewtonCg.create(Core.NewtonCg.defaults)),
        (new SaddleFreeNewton(), Core.SaddleFreeNewton.create(Core.SaddleFreeNewton.defaults)),
    ];

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Method defaults",
    [
        Runner.TestCase("Sgd", () =>
        {
            var (mine, core) = (new Sgd(), Core.Sgd.defaults);
            Expect.equal(mine.Rate.Core, core.Rate, "rate");
            Expect.equal(mine.Momentum, core.Momentum, "momentum");
            Expect.equal(mine.Nesterov, core.Nesterov, "Nesterov");
            Expect.equal(mine.WeightDecay, core.WeightDecay, "weight decay");
        }),
        Runner.TestCase("Adam", () =>
        {
            var (mine, core) = (new Adam(), Core.Adam.defaults);
            Expect.equal(mine.Rate.Core, core.Rate, "rate");
            Expect.equal(
                new[] { mine.Decay1, mine.Decay2, mine.Epsilon, mine.WeightDecay },
                [core.Decay1, core.Decay2, core.Epsilon, core.WeightDecay],
                "numbers");
        }),
        Runner.TestCase("AdamW", () =>
        {
            var (mine, core) = (new AdamW(), Core.AdamW.defaults);
            Expect.equal(mine.Rate.Core, core.Rate, "rate");
            Expect.equal(
                new[] { mine.Decay1, mine.Decay2, mine.Epsilon, mine.WeightDecay },
                [core.Decay1, core.Decay2, core.Epsilon, core.WeightDecay],
                "numbers");
        }),
        Runner.TestCase("Lbfgs", () =>
        {
            Expect.equal(new Lbfgs().History, Core.Lbfgs.defaults.History, "history");
            Expect.equal(new Lbfgs().PairType, Core.Lbfgs.defaults.PairType, "type of pairs");
        }),
        Runner.TestCase("Newton", () =>
        {
            Expect.equal(new Newton().Modification.ToString(), Core.Newton.defaults.Modification.ToString(), "modification");
        }),
        Runner.TestCase("NewtonCg", () =>
        {
            var (mine, core) = (new NewtonCg(), Core.NewtonCg.defaults);
            Expect.equal(mine.Matrix.ToString(), core.Matrix.ToString(), "matrix");
            Expect.equal(
                new[] { mine.InitialRadius, mine.MaxRadius, mine.AcceptAbove, mine.MaxProducts },
                [core.InitialRadius, core.MaxRadius, core.AcceptAbove, core.MaxProducts],
                "numbers");
        }),
        Runner.TestCase("SaddleFreeNewton", () =>
        {
            Expect.isFalse(new SaddleFreeNewton().IsFixed, "fixed");
            var best = Core.SaddleFreeNewton.defaults.Damping as Core.SaddleFreeDamping.Best;
            Expect.equal(new SaddleFreeNewton().Dampings.ToArray(), best is null ? [] : [.. best.relative], "dampings");
        }),
        Runner.TestCase("searches", () =>
        {
            var (armijo, wolfe) = (Core.Armijo.defaults, Core.StrongWolfe.defaults);
            Expect.equal(LineSearch.Armijo(), LineSearch.Armijo(armijo.Decrease, armijo.Shrink, armijo.MaxTrials), "Armijo");
            Expect.equal(LineSearch.StrongWolfe(), LineSearch.StrongWolfe(wolfe.Decrease, wolfe.Curvature, wolfe.MaxTrials), "strong Wolfe");
            Expect.equal(new GradientDescent().Search, LineSearch.Armijo(), "gradient descent");
            Expect.equal(new Newton().Search, LineSearch.Armijo(), "Newton");
            Expect.equal(new Bfgs().Search, LineSearch.StrongWolfe(), "BFGS");
            Expect.equal(new Lbfgs().Search, LineSearch.StrongWolfe(), "L-BFGS");
        }),
        Runner.TestList("the same run as the core's, to the last bit", Twins.Select(twin => Runner.TestCase(twin.Mine.ToString(), () =>
        {
            var mine = Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, twin.Mine, new SolveOptions { MaxSteps = 60 });
            var limits = Core.BudgetModule.steps(60);
            var options = Core.SolveOptionsModule.defaults;
            var core = Core.Solver.minimizeWith(
                new Core.SolveOptions(limits, options.StopRules, options.Seed, options.TraceEvery, options.Observe, options.ObserveEvery, options.ExaminesCurvature, options.Cancellation, options.Save, options.Clock),
                twin.Core,
                Samples.Rosenbrock.Core,
                Tensors.Of(Samples.RosenbrockStart));
            Check.SameBits(mine.Point, core.Point, "the point");
            Expect.equal(mine.Method, core.Method, "the name");
            Expect.equal(mine.Steps, core.Steps, "steps");
            Expect.equal(mine.Reason, Core.ReasonModule.text(core.Reason), "the reason");
        }))),
        Runner.TestCase("every method record is among them", () =>
        {
            var all = typeof(Method).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Method))).Select(t => t.Name).Order();
            var here = Twins.Select(twin => twin.Mine.GetType().Name).Distinct().Order();
            Expect.equal(here.ToArray(), [.. all], "methods");
        }),
    ]);
}
