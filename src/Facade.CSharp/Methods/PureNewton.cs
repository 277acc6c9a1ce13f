namespace Optim.Methods;

/// <summary>Newton's method as in textbooks: x ← x − H⁻¹ g, whatever the Hessian. It goes to the nearest stationary point, be it a minimum, a saddle or a maximum, and may diverge. For comparison.</summary>
public sealed record PureNewton : Method
{
    internal override Core.Method ToCore() => Core.PureNewton.create();
}
