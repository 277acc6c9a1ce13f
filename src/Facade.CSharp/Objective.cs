using CoreObjective = Optim.Core.Objective;
using Make = Optim.Core.ObjectiveModule;

namespace Optim;

/// <summary>A function of a vector (n) that is to be minimized, and what is known of it.</summary>
public class Objective
{
    private readonly Tensor? _start;

    private protected Objective(CoreObjective core, Tensor? start = null)
    {
        Core = core;
        _start = start;
    }

    internal CoreObjective Core { get; }

    /// <summary>The name in reports.</summary>
    public string Name => Core.Name;

    /// <summary>Whether steps see only samples of the function, such as mini-batches.</summary>
    public bool IsStochastic => Core.IsStochastic;

    /// <summary>Whether it is computed by compiled programs where it can be: after <see cref="Compile"/>, and for large classical problems by itself.</summary>
    public bool IsCompiled => Make.isCompiled(Core);

    /// <summary>The objective of a function.</summary>
    /// <param name="function">From a vector (n) to one number, written with tensor operations so that its derivatives are exact. On devices other than <see cref="Device.Cpu"/>, what it holds must come <see cref="Tensors.Alongside"/> the vector.</param>
    /// <param name="name">The name in reports.</param>
    /// <returns>The objective.</returns>
    public static Objective From(Func<Tensor, Tensor> function, string name = "function")
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(name);
        return new Objective(Make.named(name, Functions.ToCore(function)));
    }

    /// <summary>Half the sum of squared residuals.</summary>
    /// <param name="residuals">From a vector (n) to residuals (m).</param>
    /// <param name="name">The name in reports.</param>
    /// <returns>The objective, whose Gauss-Newton matrix is known.</returns>
    public static Objective LeastSquares(Func<Tensor, Tensor> residuals, string name = "least squares")
    {
        ArgumentNullException.ThrowIfNull(residuals);
        ArgumentNullException.ThrowIfNull(name);
        return new Objective(Make.leastSquares(name, Functions.ToCore(residuals)));
    }

    /// <summary>A function composed of outputs and a loss, whose Gauss-Newton matrix is known.</summary>
    /// <param name="outputs">From a vector (n) to outputs.</param>
    /// <param name="loss">From outputs to one number.</param>
    /// <param name="name">The name in reports.</param>
    /// <returns>The objective loss(outputs(x)).</returns>
    public static Objective Composed(Func<Tensor, Tensor> outputs, Func<Tensor, Tensor> loss, string name = "composition")
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(name);
        return new Objective(Make.composed(name, Functions.ToCore(outputs), Functions.ToCore(loss)));
    }

    /// <summary>The objective of training a model: the mean loss over examples plus ½ · penalty · |x|².</summary>
    /// <param name="model">What answers; its <see cref="Model.Start"/> is the objective's start.</param>
    /// <param name="dataset">The examples to learn from.</param>
    /// <param name="batchSize">How many examples a step sees, 1 to all; null means all, and an objective without chance.</param>
    /// <param name="loss">How wrong an answer is; null means softmax cross-entropy for classes, squared error for numbers.</param>
    /// <param name="penalty">The weight of ½ |x|², 0 or more.</param>
    /// <param name="seed">Fixes the order in which steps see the examples.</param>
    /// <returns>The objective, whose Gauss-Newton matrix is known.</returns>
    /// <exception cref="ArgumentException">Model, data set, loss and batch size do not fit each other, or the penalty is negative.</exception>
    public static SupervisedObjective Supervised(
        Model model,
        Dataset dataset,
        int? batchSize = null,
        Loss? loss = null,
        double penalty = 0,
        long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(dataset);
        return SupervisedObjective.Create(model, dataset, batchSize, loss, penalty, seed);
    }

    /// <summary>The start that belongs to the objective, as that of a model or of a classical problem.</summary>
    /// <param name="start">The start (n); a scalar 0 where there is none.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetStart(out Tensor start)
    {
        start = _start ?? Tensors.Scalar(0);
        return _start is not null;
    }

    /// <summary>
    /// This objective computed by compiled programs: value, gradient, Hessian products and Hessian are recorded when they are first
    /// asked for at points of a length, and run from then on as fused loops, in this run and in later ones. Results differ from
    /// uncompiled ones by rounding only. What the function captures is read once and kept, and the first evaluations of a run are
    /// compared with uncompiled ones. Cost: milliseconds for each of the four, tens of them in a process that compiles for the first time.
    /// Points of other types than Float64 or on other devices than <see cref="Device.Cpu"/>, and Gauss-Newton products, stay uncompiled.
    /// </summary>
    /// <remarks>
    /// A solver throws <see cref="InvalidOperationException"/> when the function reads a number of a value that depends on the point, as a
    /// branch on it does, or turns out to depend on something besides the point.
    /// </remarks>
    /// <returns>The same objective, compiled.</returns>
    /// <exception cref="ArgumentException">The objective is on mini-batches, so that its function changes from step to step.</exception>
    public virtual Objective Compile() => new(Make.compile(Core), _start);

    /// <summary>This objective computed operation by operation, whether it was compiled or not.</summary>
    /// <returns>The same objective, not compiled.</returns>
    public virtual Objective AsEager() => new(Make.eager(Core), _start);

    /// <summary>The value at a point, computed operation by operation where the point lies.</summary>
    /// <param name="point">A vector (n).</param>
    /// <returns>One number.</returns>
    public double Value(Tensor point)
    {
        ArgumentNullException.ThrowIfNull(point);
        return On(Engines.Of(point)).Function.Invoke(point).ToScalar();
    }

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    /// <summary>The objective for points of an engine: with its own data there.</summary>
    internal virtual CoreObjective On(Engine engine) => Core;

    internal static Objective FromCore(CoreObjective core, Tensor start) => new(core, start);
}
