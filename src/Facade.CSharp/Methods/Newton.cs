namespace Optim.Methods;

/// <summary>Newton's method with the exact Hessian, made positive definite where it is not, and a line search. Cost a step: 1 gradient, n Hessian products, of order n³ operations.</summary>
public sealed record Newton : Method
{
    /// <summary>How a Hessian that is not positive definite is made so.</summary>
    /// <value>Default: <see cref="HessianModification.Cholesky"/>.</value>
    public HessianModification Modification { get; init; } = HessianModification.Cholesky;

    /// <summary>How far to go, trying 1 first.</summary>
    /// <value>Default: Armijo backtracking.</value>
    public LineSearch Search { get; init; } = LineSearch.Armijo();

    internal override Core.Method ToCore() =>
        Core.Newton.create(new Core.NewtonOptions(ModificationToCore(), LineSearch.ToCore(Search)));

    private Core.HessianModification ModificationToCore() => Modification switch
    {
        HessianModification.Cholesky => Core.HessianModification.Cholesky,
        HessianModification.Absolute => Core.HessianModification.Absolute,
        HessianModification.Floor => Core.HessianModification.Floor,
        _ => throw new ArgumentOutOfRangeException(nameof(Modification), Modification, "expected a named modification"),
    };
}
