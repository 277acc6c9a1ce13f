namespace Optim.Methods;

/// <summary>BFGS: quasi-Newton with a dense approximation of the inverse Hessian. Cost a step: 1 value and gradient, 8 n² of arithmetic. Memory: n².</summary>
public sealed record Bfgs : Method
{
    /// <summary>How far to go.</summary>
    /// <value>Default: strong Wolfe.</value>
    public LineSearch Search { get; init; } = LineSearch.StrongWolfe();

    internal override Core.Method ToCore() => Core.Bfgs.create(new Core.BfgsOptions(LineSearch.ToCore(Search)));
}
