namespace Optim.Methods;

/// <summary>L-BFGS: quasi-Newton with the curvature of the last moves only. Cost a step: 1 value and gradient. Memory: 2 History + 4 points.</summary>
public sealed record Lbfgs : Method
{
    /// <summary>How many pairs of moves and gradient changes are remembered.</summary>
    /// <value>Default: 10. Range: 1 or more.</value>
    public int History { get; init; } = 10;

    /// <summary>How far to go.</summary>
    /// <value>Default: strong Wolfe.</value>
    public LineSearch Search { get; init; } = LineSearch.StrongWolfe();

    internal override Core.Method ToCore() => Core.Lbfgs.create(new Core.LbfgsOptions(History, LineSearch.ToCore(Search)));
}
