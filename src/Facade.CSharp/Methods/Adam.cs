namespace Optim.Methods;

/// <summary>Adam: steps along the mean of gradients over the root of the mean of their squares, both decaying. Cost a step: 1 gradient. Memory: 3 points.</summary>
public sealed record Adam : Method
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

    /// <summary>λ: λ x is added to the gradient.</summary>
    /// <value>Default: 0. Range: 0 or more.</value>
    public double WeightDecay { get; init; }

    internal override Core.Method ToCore() =>
        Core.Adam.create(new Core.AdamOptions(Schedule.ToCore(Rate), Decay1, Decay2, Epsilon, WeightDecay));
}
