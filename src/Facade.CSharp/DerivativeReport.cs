namespace Optim;

/// <summary>The result of comparing derivatives with differences.</summary>
public sealed record DerivativeReport
{
    private readonly string _text;

    private DerivativeReport(Core.DerivativeReport core)
    {
        Compared = core.Compared;
        Mistakes = [.. core.Mistakes.Select(m => new DerivativeMistake(m.Index, m.Expected, m.Actual, m.Error, m.Uncertainty, m.Explanation))];
        Undecided = [.. core.Undecided];
        LargestError = core.LargestError;
        IsCorrect = core.IsCorrect;
        _text = core.ToString();
    }

    /// <summary>How many components were compared.</summary>
    public int Compared { get; }

    /// <summary>The components that disagree, the worst first.</summary>
    public IReadOnlyList<DerivativeMistake> Mistakes { get; }

    /// <summary>The positions where differences gave no usable number: the function is not finite, or has a kink or a jump, nearby.</summary>
    public IReadOnlyList<int> Undecided { get; }

    /// <summary>The largest |actual − expected| / max(1, |expected|) among the components decided.</summary>
    public double LargestError { get; }

    /// <summary>Whether at least one component was decided and none disagrees.</summary>
    public bool IsCorrect { get; }

    /// <summary>One line for each mistake under a summary.</summary>
    /// <returns>The lines.</returns>
    public override string ToString() => _text;

    internal static DerivativeReport FromCore(Core.DerivativeReport core) => new(core);
}
