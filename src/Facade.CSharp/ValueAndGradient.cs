namespace Optim;

/// <summary>A value and its gradient.</summary>
/// <param name="Value">The value, one number.</param>
/// <param name="Gradient">The gradient, of the shape of the point.</param>
public sealed record ValueAndGradient(Tensor Value, Tensor Gradient);
