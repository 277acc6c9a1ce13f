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

    /// <summary>Where the objective is computed; the start is moved there.</summary>
    /// <value>Default: <see cref="Device.Cpu"/>, the only device of this version.</value>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>The clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal Core.SolveOptions ToCore(IProgress<StepReport>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(StopRules);

        if (!Device.Equals(Device.Cpu))
        {
            throw new ArgumentException($"Device is {Device}, expected {Device.Cpu}: this version computes on the processor only");
        }

        var time = StopRules.OfType<StopRule.TimeLimit>().Select(limit => limit.Time).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        var rules = ListModule.OfSeq(StopRules.OfType<StopRule.CoreRule>().Select(rule => rule.Rule));
        var observe = FuncConvert.FromAction<Core.StepReport, Tensor>((report, _) => progress?.Report(StepReport.FromCore(report)));
        return new Core.SolveOptions(Limits(time), rules, Seed, TraceEvery, observe, examinesCurvature: true, token, Clock);
    }

    private Core.Budget Limits(TimeSpan time)
    {
        foreach (var (name, limit) in new[] { (nameof(MaxSteps), MaxSteps), (nameof(MaxValues), MaxValues), (nameof(MaxGradients), MaxGradients), (nameof(MaxProducts), MaxProducts) })
        {
            ArgumentOutOfRangeException.ThrowIfNegative(limit, name);
        }

        return new Core.Budget(MaxSteps, MaxValues, MaxGradients, MaxProducts, double.PositiveInfinity, time);
    }
}
