namespace Optim.Methods;

/// <summary>Newton-CG in a trust region: the Newton equations solved by conjugate gradients, cut off at the region's boundary or at negative curvature. It never builds the Hessian.</summary>
public sealed record NewtonCg : Method
{
    /// <summary>Which curvature matrix it multiplies with.</summary>
    /// <value>Default: <see cref="CurvatureMatrix.Hessian"/>.</value>
    public CurvatureMatrix Matrix { get; init; } = CurvatureMatrix.Hessian;

    /// <summary>The first trust radius.</summary>
    /// <value>Default: 1. Range: above 0.</value>
    public double InitialRadius { get; init; } = 1;

    /// <summary>The largest trust radius.</summary>
    /// <value>Default: 1e100. Range: the first radius or more.</value>
    public double MaxRadius { get; init; } = 1e100;

    /// <summary>A step is accepted when the value falls by more than this part of what the model promised.</summary>
    /// <value>Default: 0.1. Range: 0 to ¼.</value>
    public double AcceptAbove { get; init; } = 0.1;

    /// <summary>The most products a step, or n if that is less.</summary>
    /// <value>Default: 250. Range: 1 or more.</value>
    public int MaxProducts { get; init; } = 250;

    internal override Core.Method ToCore() =>
        Core.NewtonCg.create(new Core.NewtonCgOptions(MatrixToCore(), InitialRadius, MaxRadius, AcceptAbove, MaxProducts));

    private Core.CurvatureMatrix MatrixToCore() => Matrix switch
    {
        CurvatureMatrix.Hessian => Core.CurvatureMatrix.Hessian,
        CurvatureMatrix.GaussNewton => Core.CurvatureMatrix.GaussNewton,
        _ => throw new ArgumentOutOfRangeException(nameof(Matrix), Matrix, "expected a named matrix"),
    };
}
