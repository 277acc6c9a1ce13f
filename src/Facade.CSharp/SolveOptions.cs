using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Optim;

/// <summary>How a run goes on besides its method.</summary>
public sealed record SolveOptions
{
    /// <summary>The most steps.</summary>
    /// <value>Default: 10,000. Range: 0 or more.</value>
    public long MaxSteps { get; init; } = 10_000;

    /// <summary>The most values of the objective.</summary>
    /// <value>Default: no limit. Range: 0 or more.</value>
    public long MaxValues { get; init; } = long.MaxValue;

    /// <summary>The most gradients of the objective.</summary>
    /// <value>Default: no limit. Range: 0 or more.</value>
    public long MaxGradients { get; init; } = long.MaxValue;

    /// <summary>The most products with curvature matrices.</summary>
    /// <value>Default: no limit. Range: 0 or more.</value>
    public long MaxProducts { get; init; } = long.MaxValue;

    /// <summary>When to end before the limits.</summary>
    /// <value>Default: gradient at most 1e-9 times that of the start.</value>
    public IReadOnlyList<StopRule> StopRules { get; init; } = [StopRule.GradientBelow(0, 1e-9)];

    /// <summary>All chance of the run comes from it.</summary>
    /// <value>Default: 0.</value>
    public long Seed { get; init; }

    /// <summary>Every how many steps a report is kept in the trace; 0 keeps none.</summary>
    /// <value>Default: 1. Range: 0 or more.</value>
    public long TraceEvery { get; init; } = 1;

    /// <summary>Every how many steps progress is told. Telling of every step costs a copy of the point each time.</summary>
    /// <value>Default: 1. Range: 1 or more.</value>
    public long ProgressEvery { get; init; } = 1;

    /// <summary>
    /// Where the run computes. The start is moved there, and so are the examples of a supervised objective, once for each data set and
    /// device. A function of your own gets its points there; <see cref="Tensors.Alongside"/> brings along what it holds. The result's point
    /// lies there, too. Many members at once are computed on <see cref="Device.Cpu"/> only.
    /// </summary>
    /// <value>
    /// Default: <see cref="Device.Cpu"/>, this library's own code. <see cref="Device.Torch"/> is libtorch on the processor,
    /// <see cref="Device.Cuda"/> on a graphics processor; either must be installed.
    /// </value>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>Whether and where the run is saved while it goes on; <see cref="Solver.Resume"/> goes on from there.</summary>
    /// <value>Default: nothing is saved.</value>
    public CheckpointPlan Checkpoint { get; init; } = CheckpointPlan.None;

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal static Core.SolveOptions ToCore(SolveOptions? options, IProgress<StepReport>? progress, CancellationToken token)
    {
        var chosen = options ?? new SolveOptions();
        var complaints = chosen.Complaints().ToList();
        return complaints.Count > 0
            ? throw new ArgumentException(string.Join("; ", complaints), nameof(options))
            : chosen.ToCore(progress, token);
    }

    /// <summary>The engine that the options choose; call it once they are known to be legal.</summary>
    internal static Engine EngineOf(SolveOptions? options) => Engines.Of(options?.Device ?? Optim.Device.Cpu);

    private Core.SolveOptions ToCore(IProgress<StepReport>? progress, CancellationToken token)
    {
        var time = StopRules.OfType<StopRule.TimeLimit>().Select(limit => limit.Time).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        var rules = ListModule.OfSeq(StopRules.OfType<StopRule.CoreRule>().Select(rule => rule.Rule));
        // Nobody else is the core's own nobody, for whom no reports and points are made.
        var observe = progress is null
            ? Core.SolveOptionsModule.defaults.Observe
            : FuncConvert.FromAction<Core.StepReport, Tensor>((report, _) => progress.Report(StepReport.FromCore(report)));
        return new Core.SolveOptions(Limits(time), rules, Seed, TraceEvery, observe, ProgressEvery, examinesCurvature: true, token, Checkpoint.ToCore(), Clock);
    }

    private Core.Budget Limits(TimeSpan time) =>
        new(MaxSteps, MaxValues, MaxGradients, MaxProducts, double.PositiveInfinity, time);

    /// <summary>Everything that is not legal, in words.</summary>
    private IEnumerable<string> Complaints()
    {
        var counts = new[]
        {
            (nameof(MaxSteps), MaxSteps),
            (nameof(MaxValues), MaxValues),
            (nameof(MaxGradients), MaxGradients),
            (nameof(MaxProducts), MaxProducts),
            (nameof(TraceEvery), TraceEvery),
        };

        foreach (var (name, count) in counts.Where(entry => entry.Item2 < 0))
        {
            yield return $"{name} is {count}, expected 0 or more";
        }

        if (ProgressEvery < 1)
        {
            yield return $"{nameof(ProgressEvery)} is {ProgressEvery}, expected 1 or more";
        }

        if (StopRules is null || StopRules.Contains(null!))
        {
            yield return $"{nameof(StopRules)} is or holds null, expected rules";
        }
        else
        {
            foreach (var limit in StopRules.OfType<StopRule.TimeLimit>().Where(limit => limit.Time < TimeSpan.Zero))
            {
                yield return $"{nameof(StopRule.After)} is {limit.Time}, expected a time of 0 or more";
            }
        }

        if (Device is null || !Engines.Knows(Device))
        {
            yield return $"{nameof(Device)} is {Device?.Name ?? "null"}, expected {Engines.Expected}";
        }

        if (Checkpoint is null)
        {
            yield return $"{nameof(Checkpoint)} is null, expected a plan or {nameof(CheckpointPlan)}.{nameof(CheckpointPlan.None)}";
        }

        if (Clock is null)
        {
            yield return $"{nameof(Clock)} is null, expected a clock";
        }
    }
}
