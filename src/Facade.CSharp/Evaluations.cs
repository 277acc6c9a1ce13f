namespace Optim;

/// <summary>How often the objective was asked, by kind.</summary>
/// <param name="Values">Values, alone or with a gradient.</param>
/// <param name="Gradients">Gradients.</param>
/// <param name="Products">Products of a curvature matrix with a vector; a whole Hessian counts n.</param>
/// <param name="GradientEquivalents">The cost of all in gradients of the whole data: a gradient 1, a value alone ⅓, a product 2.</param>
public readonly record struct Evaluations(long Values, long Gradients, long Products, double GradientEquivalents)
{
    internal static Evaluations FromCore(Core.Evaluations e) =>
        new(e.Values, e.Gradients, e.Products, e.GradientEquivalents);
}
