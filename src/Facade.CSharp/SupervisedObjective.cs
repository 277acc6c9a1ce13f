using System.Runtime.CompilerServices;
using Tasks = Optim.Core.SupervisedModule;

namespace Optim;

/// <summary>The objective of training a model: the mean loss over examples plus ½ · penalty · |x|². Made by <see cref="Objective.Supervised"/>.</summary>
public sealed class SupervisedObjective : Objective
{
    private readonly Core.Supervised _task;
    private readonly Func<Core.Supervised, Core.Objective> _make;
    private readonly ConditionalWeakTable<Engine, Core.Objective> _elsewhere = [];

    private SupervisedObjective(Func<Core.Supervised, Core.Objective> make, Core.Supervised task, Model model, Dataset dataset, int batchSize)
        : base(make(task), model.Start)
    {
        _make = make;
        _task = task;
        Model = model;
        Dataset = dataset;
        Loss = Loss.FromCore(task.Loss);
        BatchSize = batchSize;
    }

    /// <summary>What answers.</summary>
    public Model Model { get; }

    /// <summary>The examples to learn from.</summary>
    public Dataset Dataset { get; }

    /// <summary>How wrong an answer is.</summary>
    public Loss Loss { get; }

    /// <summary>The weight of ½ |x|².</summary>
    public double Penalty => _task.Penalty;

    /// <summary>How many examples a step sees.</summary>
    public int BatchSize { get; }

    /// <summary>How many steps see all examples once, but for those left over: ⌊examples / batch size⌋.</summary>
    public int StepsPerEpoch => Tasks.stepsPerEpoch(BatchSize, Dataset.Core);

    /// <inheritdoc/>
    public override SupervisedObjective Compile() => new(task => Optim.Core.ObjectiveModule.compile(_make(task)), _task, Model, Dataset, BatchSize);

    /// <inheritdoc/>
    public override SupervisedObjective AsEager() => new(task => Optim.Core.ObjectiveModule.eager(_make(task)), _task, Model, Dataset, BatchSize);

    /// <summary>How good parameters are on the examples learned from, computed where the parameters lie.</summary>
    /// <param name="parameters">The parameters (n), as a result's point.</param>
    /// <returns>Mean loss and accuracy.</returns>
    /// <exception cref="ShapeException">The parameters have another length than the model's.</exception>
    public Assessment Assess(Tensor parameters) => Assess(parameters, Dataset);

    /// <summary>How good parameters are on other examples, computed where the parameters lie.</summary>
    /// <param name="parameters">The parameters (n), as a result's point.</param>
    /// <param name="dataset">The examples, such as those kept for tests.</param>
    /// <returns>Mean loss and accuracy.</returns>
    /// <exception cref="ShapeException">The parameters or the examples have another length than the model's.</exception>
    public Assessment Assess(Tensor parameters, Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(dataset);
        var core = Tasks.assess(_task, dataset.On(Engines.Of(parameters)), parameters);
        return new Assessment(core.Loss, core.Accuracy.IsSome ? core.Accuracy.Value : null);
    }

    internal override Core.Objective On(Engine engine) =>
        ReferenceEquals(engine, Engines.Of(_task.Data.Inputs))
            ? Core
            : _elsewhere.GetValue(engine, there => _make(new Core.Supervised(_task.Model, _task.Loss, Dataset.On(there), _task.Penalty)));

    internal static SupervisedObjective Create(Model model, Dataset dataset, int? batchSize, Loss? loss, double penalty, long seed)
    {
        var kind = loss is null ? Optim.Core.DataSetModule.loss(dataset.Core) : loss.Core;
        var task = Tasks.penalized(penalty, Tasks.create(model.Core, kind, dataset.Core));
        Core.Objective Make(Core.Supervised task) =>
            batchSize is { } size ? Tasks.miniBatches(size, Key.FromSeed(seed), task) : Tasks.fullBatch(task);
        return new SupervisedObjective(Make, task, model, dataset, batchSize ?? dataset.Count);
    }
}
