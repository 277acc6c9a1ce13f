namespace Optim.Methods;

/// <summary>L-BFGS: quasi-Newton with the curvature of the last moves only. Cost a step: 1 value and gradient. Memory: History + 4 points.</summary>
public sealed record Lbfgs : Method
{
    /// <summary>How many pairs of moves and gradient changes are remembered.</summary>
    /// <value>Default: 10. Range: 1 or more.</value>
    public int History { get; init; } = 10;

    /// <summary>The precision in which the pairs are kept. Single precision takes half of the memory, and of the time that they cost, and knows their curvature to 7 digits; all sums are of the point's own precision. Points of single precision have pairs of single precision.</summary>
    /// <value>Default: Float32. Range: Float32 or Float64.</value>
    public DType PairType { get; init; } = DType.Float32;

    /// <summary>How far to go.</summary>
    /// <value>Default: strong Wolfe.</value>
    public LineSearch Search { get; init; } = LineSearch.StrongWolfe();

    internal override Core.Method ToCore()
    {
        ArgumentNullException.ThrowIfNull(PairType);
        return Core.Lbfgs.create(new Core.LbfgsOptions(History, PairType, LineSearch.ToCore(Search)));
    }
}
