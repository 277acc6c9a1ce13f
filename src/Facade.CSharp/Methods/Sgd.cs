namespace Optim.Methods;

/// <summary>Stochastic gradient descent, with momentum and Nesterov's momentum: g ← g + λ x; b ← μ b + g; x ← x − η b, or x − η (g + μ b). Cost a step: 1 gradient.</summary>
public sealed record Sgd : Method
{
    /// <summary>η, the learning rate.</summary>
    /// <value>Default: constant 0.01.</value>
    public Schedule Rate { get; init; } = Schedule.Constant(0.01);

    /// <summary>μ.</summary>
    /// <value>Default: 0, no momentum. Range: 0 ≤ μ &lt; 1.</value>
    public double Momentum { get; init; }

    /// <summary>Whether the gradient is taken as if the momentum had been followed already.</summary>
    /// <value>Default: false. Needs a momentum.</value>
    public bool Nesterov { get; init; }

    /// <summary>λ: λ x is added to the gradient.</summary>
    /// <value>Default: 0. Range: 0 or more.</value>
    public double WeightDecay { get; init; }

    internal override Core.Method ToCore() =>
        Core.Sgd.create(new Core.SgdOptions(Schedule.ToCore(Rate), Momentum, Nesterov, WeightDecay));
}
