namespace Optim.Methods;

/// <summary>AdamW: Adam whose weight decay shrinks the point, x ← (1 − η λ) x, instead of adding to the gradient. Cost a step: 1 gradient. Memory: 3 points.</summary>
public sealed record AdamW : Method
{
    /// <summary>η, the learning rate.</summary>
    /// <value>Default: constant 1e-3.</value>
    public Schedule Rate { get; init; } = Schedule.Constant(1e-3);

    /// <summary>β₁, the decay of the mean of gradients.</summary>
    /// <value>Default: 0.9. Range: 0 ≤ β₁ &lt; 1.</value>
    public double Decay1 { get; init; } = 0.9;

    /// <summary>β₂, the decay of the mean of squared gradients.</summary>
    /// <value>Default: 0.999. Range: 0 ≤ β₂ &lt; 1.</value>
    public double Decay2 { get; init; } = 0.999;

    /// <summary>ε, added to the root after its correction.</summary>
    /// <value>Default: 1e-8. Range: above 0.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ: the point shrinks by the factor 1 − η λ each step.</summary>
    /// <value>Default: 0.01. Range: 0 or more.</value>
    public double WeightDecay { get; init; } = 0.01;

    internal override Core.Method ToCore() =>
        Core.AdamW.create(new Core.AdamOptions(Schedule.ToCore(Rate), Decay1, Decay2, Epsilon, WeightDecay));
}
