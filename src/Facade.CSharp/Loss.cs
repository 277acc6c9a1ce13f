using Losses = Optim.Core.LossModule;

namespace Optim;

/// <summary>How wrong the outputs of a model are. Choose one of the static members.</summary>
public sealed class Loss
{
    private Loss(Core.Loss core) => Core = core;

    internal Core.Loss Core { get; }

    /// <summary>log Σ exp z − z at the example's class: the negative log-probability of the class. For classes, with an output for each.</summary>
    public static Loss SoftmaxCrossEntropy { get; } = new(Losses.softmaxCrossEntropy);

    /// <summary>log(1 + exp z) − t z, summed over the outputs: for targets t of 0 or 1.</summary>
    public static Loss SigmoidCrossEntropy { get; } = new(Losses.sigmoidCrossEntropy);

    /// <summary>½ |z − t|²: for targets that are numbers.</summary>
    public static Loss SquaredError { get; } = new(Losses.squaredError);

    /// <summary>The name in reports.</summary>
    public string Name => Core.Name;

    /// <summary>The mean loss over examples.</summary>
    /// <param name="outputs">The outputs (count, outputs).</param>
    /// <param name="targets">The targets: classes (count), or numbers (count, outputs).</param>
    /// <returns>One number, which can be differentiated.</returns>
    public Tensor Mean(Tensor outputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(targets);
        return Losses.mean(Core, outputs, targets);
    }

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    internal static Loss FromCore(Core.Loss core) => new(core);
}
