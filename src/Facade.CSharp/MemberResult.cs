namespace Optim;

/// <summary>How one member of many ended.</summary>
public sealed record MemberResult
{
    internal MemberResult(Core.MemberResult core)
    {
        Index = core.Index;
        Outcome = ManyResult.OutcomeFromCore(core.Outcome);
        Reason = Core.ReasonModule.text(core.Reason);
        Point = core.Point;
        Value = core.Value;
        GradientNorm = core.GradientNorm;
        Steps = core.Steps;
        Evaluations = Optim.Evaluations.FromCore(core.Evaluations);
    }

    /// <summary>Its number.</summary>
    public int Index { get; }

    /// <summary>How it ended.</summary>
    public Outcome Outcome { get; }

    /// <summary>Why, in one sentence.</summary>
    public string Reason { get; }

    /// <summary>Its best point (n).</summary>
    public Tensor Point { get; }

    /// <summary>The value there.</summary>
    public double Value { get; }

    /// <summary>The Euclidean norm of the gradient there.</summary>
    public double GradientNorm { get; }

    /// <summary>Steps of the method. A rejected trial of a line search is a step.</summary>
    public long Steps { get; }

    /// <summary>Everything asked for it, counted as if it had been solved alone.</summary>
    public Evaluations Evaluations { get; }

    /// <summary>Whether the outcome is <see cref="Outcome.Converged"/>.</summary>
    public bool IsConverged => Outcome == Outcome.Converged;
}
