namespace Optim;

/// <summary>What a method may ask about the objective. Answers are counted, and the run ends when the budget is spent. During one step all answers are about the same data.</summary>
public sealed class Oracle
{
    private readonly Core.Oracle _core;

    internal Oracle(Core.Oracle core) => _core = core;

    /// <summary>The number of the current step, from 0.</summary>
    public long Step => _core.Step;

    /// <summary>Chance for this step: the same in every run with the same seed.</summary>
    public Key Key => _core.Key;

    /// <summary>What was asked so far.</summary>
    public Evaluations Evaluations => Evaluations.FromCore(_core.Evaluations);

    /// <summary>The value at a point. Cost: ⅓ gradient.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>The value.</returns>
    public double Value(Tensor point) => _core.Value(Given.NotNull(point));

    /// <summary>The gradient at a point. Cost: 1 gradient, with which the value is known too.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>A vector (n).</returns>
    public Tensor Gradient(Tensor point) => _core.Gradient(Given.NotNull(point));

    /// <summary>The product of the Hessian at a point with vectors. Cost: 1 gradient now, and 2 for each product.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>The function from v to H v.</returns>
    public Func<Tensor, Tensor> HessianProducts(Tensor point) => _core.HessianProducts(Given.NotNull(point)).Invoke;

    /// <summary>The product of the Gauss-Newton matrix at a point with vectors. Cost: 1 gradient now, and 2 for each product.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>The function from v to Jᵀ H J v.</returns>
    /// <exception cref="InvalidOperationException">The objective does not say how it is composed of outputs and loss.</exception>
    public Func<Tensor, Tensor> GaussNewtonProducts(Tensor point) => _core.GaussNewtonProducts(Given.NotNull(point)).Invoke;

    /// <summary>The Hessian at a point. Cost: n products.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>A matrix (n, n).</returns>
    public Tensor Hessian(Tensor point) => _core.Hessian(Given.NotNull(point));
}
