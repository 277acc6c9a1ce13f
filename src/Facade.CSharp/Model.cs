using Initial = Optim.Core.InitializationModule;

namespace Optim;

/// <summary>A function of parameters and inputs, such as a network. Its parameters are one flat vector (n).</summary>
public sealed class Model
{
    private Model(Core.Model core, Tensor start)
    {
        Core = core;
        Start = start;
        Blocks = [.. core.Layout.Blocks.Select(block => new ParameterBlock(block.Name, block.Offset, block.Shape))];
    }

    internal Core.Model Core { get; }

    /// <summary>The name in reports, as "64-32-10 tanh".</summary>
    public string Name => Core.Name;

    /// <summary>How many numbers an example has.</summary>
    public int Inputs => Core.Inputs;

    /// <summary>How many numbers come out for an example.</summary>
    public int Outputs => Core.Outputs;

    /// <summary>n, how many parameters there are.</summary>
    public int ParameterCount => Core.Layout.Length;

    /// <summary>The parameters (n) from which training begins, fixed by the seed.</summary>
    public Tensor Start { get; }

    /// <summary>What the parts of the parameters are, first to last.</summary>
    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>A multilayer perceptron: dense layers with an activation between them, none after the last.</summary>
    /// <param name="inputs">How many numbers an example has, 1 or more.</param>
    /// <param name="hidden">The sizes of the hidden layers, each 1 or more; an empty list makes a linear model.</param>
    /// <param name="outputs">How many numbers come out for an example, 1 or more.</param>
    /// <param name="seed">Fixes the weights of the start: He's distribution for activations that pass only positive numbers, Glorot's for the others. Biases begin at 0.</param>
    /// <param name="activation">What follows each hidden layer.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">A size is below 1, or the activation is not a named one.</exception>
    public static Model Mlp(
        int inputs,
        IReadOnlyList<int> hidden,
        int outputs,
        long seed = 0,
        Activation activation = Activation.Tanh)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        var kind = ToCore(activation);
        var core = Optim.Core.Mlp.create(
            new Core.MlpOptions(
                inputs,
                Microsoft.FSharp.Collections.ListModule.OfSeq(hidden),
                outputs,
                kind,
                Initial.suited(kind)));
        return new Model(core, core.Initialize.Invoke(Key.FromSeed(seed)));
    }

    /// <summary>The outputs for inputs.</summary>
    /// <param name="parameters">The parameters (n).</param>
    /// <param name="inputs">One example (inputs), or many (count, inputs).</param>
    /// <returns>The outputs (outputs) or (count, outputs), before any softmax.</returns>
    /// <exception cref="ShapeException">The parameters or the inputs have another length than the model's.</exception>
    public Tensor Apply(Tensor parameters, Tensor inputs)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(inputs);
        return Microsoft.FSharp.Core.FSharpFunc<Tensor, Tensor>.InvokeFast(Core.Apply, parameters, inputs);
    }

    /// <summary>The class that the outputs for each example speak for.</summary>
    /// <param name="parameters">The parameters (n).</param>
    /// <param name="inputs">The examples (count, inputs).</param>
    /// <returns>The numbers of the classes: the first largest output, or with one output 1 where it is positive, else 0.</returns>
    /// <exception cref="ShapeException">The parameters have another length than the model's, or the inputs another shape.</exception>
    public IReadOnlyList<int> Classify(Tensor parameters, Tensor inputs) =>
        [.. Optim.Core.Classification.predicted(Apply(parameters, inputs)).ToArray().Select(number => (int)number)];

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    private static Core.Activation ToCore(Activation activation) => activation switch
    {
        Activation.Identity => Optim.Core.Activation.Identity,
        Activation.Relu => Optim.Core.Activation.Relu,
        Activation.LeakyRelu => Optim.Core.Activation.NewLeakyRelu(0.01),
        Activation.Elu => Optim.Core.Activation.Elu,
        Activation.Gelu => Optim.Core.Activation.Gelu,
        Activation.Silu => Optim.Core.Activation.Silu,
        Activation.Softplus => Optim.Core.Activation.Softplus,
        Activation.Sigmoid => Optim.Core.Activation.Sigmoid,
        Activation.Tanh => Optim.Core.Activation.Tanh,
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "expected a named activation"),
    };
}
