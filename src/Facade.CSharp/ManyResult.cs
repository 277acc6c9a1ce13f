namespace Optim;

/// <summary>The results of many members by columns: item i of each belongs to member i.</summary>
public sealed class ManyResult
{
    private readonly Core.ManyResult _core;

    internal ManyResult(Core.ManyResult core)
    {
        _core = core;
        Outcomes = Array.ConvertAll(core.Outcomes, OutcomeFromCore);
        Values = core.Values;
        GradientNorms = core.GradientNorms;
        Steps = core.Steps;
    }

    /// <summary>The number of members.</summary>
    public int Count => _core.Count;

    /// <summary>The method's name.</summary>
    public string Method => _core.Method;

    /// <summary>How each member ended.</summary>
    public IReadOnlyList<Outcome> Outcomes { get; }

    /// <summary>The best points (members, n).</summary>
    public Tensor Points => _core.Points;

    /// <summary>The values there; NaN where not even the start could be evaluated.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>The norms of the gradients there.</summary>
    public IReadOnlyList<double> GradientNorms { get; }

    /// <summary>The steps of each member.</summary>
    public IReadOnlyList<long> Steps { get; }

    /// <summary>Time for all together, compiling included.</summary>
    public TimeSpan Elapsed => _core.Elapsed;

    /// <summary>Whether all members converged.</summary>
    public bool AreConverged => CountOf(Outcome.Converged) == Count;

    /// <summary>The result of one member.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such member.</exception>
    public MemberResult this[int index] => new(_core[index]);

    /// <summary>How many members ended so.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <returns>The number.</returns>
    public int CountOf(Outcome outcome) => Outcomes.Count(one => one == outcome);

    /// <summary>One line: how many members ended how, and in what time.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => _core.ToString();

    internal static Outcome OutcomeFromCore(Core.Outcome outcome) =>
        outcome.IsConverged ? Outcome.Converged
        : outcome.IsBudgetSpent ? Outcome.BudgetSpent
        : outcome.IsStopped ? Outcome.Stopped
        : Outcome.Failed;
}
