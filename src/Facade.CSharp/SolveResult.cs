namespace Optim;

/// <summary>The result of a run.</summary>
public sealed record SolveResult
{
    private readonly string _text;

    internal SolveResult(Core.SolveResult core)
    {
        Method = core.Method;
        Outcome = FromCore(core.Outcome);
        Reason = Core.ReasonModule.text(core.Reason);
        Point = core.Point;
        Value = core.Value;
        GradientNorm = core.GradientNorm;
        Steps = core.Steps;
        Evaluations = Optim.Evaluations.FromCore(core.Evaluations);
        Elapsed = core.Elapsed;
        Path = core.Path.IsCompiled ? EvaluationPath.Compiled : EvaluationPath.Eager;
        Trace = [.. core.Trace.Select(StepReport.FromCore)];
        _text = Core.SolveResultModule.text(core);
    }

    /// <summary>The method's name.</summary>
    public string Method { get; }

    /// <summary>How the run ended.</summary>
    public Outcome Outcome { get; }

    /// <summary>Why, in one sentence.</summary>
    public string Reason { get; }

    /// <summary>The best point (n): the lowest value among all points evaluated with finite value and gradient. On mini-batches, where such values cannot be compared, the last point.</summary>
    public Tensor Point { get; }

    /// <summary>The value there; on mini-batches, that of the last batch.</summary>
    public double Value { get; }

    /// <summary>The Euclidean norm of the gradient there.</summary>
    public double GradientNorm { get; }

    /// <summary>Steps of the method. A rejected trial of a line search is a step.</summary>
    public long Steps { get; }

    /// <summary>Everything asked of the objective.</summary>
    public Evaluations Evaluations { get; }

    /// <summary>Wall-clock time without observers.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>How the run computed the objective.</summary>
    public EvaluationPath Path { get; }

    /// <summary>Reports of steps, oldest first.</summary>
    public IReadOnlyList<StepReport> Trace { get; }

    /// <summary>Whether the outcome is <see cref="Outcome.Converged"/>.</summary>
    public bool IsConverged => Outcome == Outcome.Converged;

    /// <summary>This result, if it converged.</summary>
    /// <returns>This result.</returns>
    /// <exception cref="NotConvergedException">It did not; the exception carries the result.</exception>
    public SolveResult EnsureConverged() => IsConverged ? this : throw new NotConvergedException(this);

    /// <summary>One line: outcome, reason, value, steps and evaluations.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => _text;

    private static Outcome FromCore(Core.Outcome outcome) =>
        outcome.IsConverged ? Outcome.Converged
        : outcome.IsBudgetSpent ? Outcome.BudgetSpent
        : outcome.IsStopped ? Outcome.Stopped
        : Outcome.Failed;
}
