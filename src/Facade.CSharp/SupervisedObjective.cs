using Tasks = Optim.Core.SupervisedModule;

namespace Optim;

/// <summary>The objective of training a model: the mean loss over examples plus ½ · penalty · |x|². Made by <see cref="Objective.Supervised"/>.</summary>
public sealed class SupervisedObjective : Objective
{
    private readonly Core.Supervised _task;

    private SupervisedObjective(Core.Objective core, Core.Supervised task, Model model, Dataset dataset, int batchSize)
        : base(core, model.Start)
    {
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
    public override SupervisedObjective Compile() => new(Optim.Core.ObjectiveModule.compile(Core), _task, Model, Dataset, BatchSize);

    /// <inheritdoc/>
    public override SupervisedObjective AsEager() => new(Optim.Core.ObjectiveModule.eager(Core), _task, Model, Dataset, BatchSize);

    /// <summary>How good parameters are on the examples learned from.</summary>
    /// <param name="parameters">The parameters (n), as a result's point.</param>
    /// <returns>Mean loss and accuracy.</returns>
    /// <exception cref="ShapeException">The parameters have another length than the model's.</exception>
    public Assessment Assess(Tensor parameters) => Assess(parameters, Dataset);

    /// <summary>How good parameters are on other examples.</summary>
    /// <param name="parameters">The parameters (n), as a result's point.</param>
    /// <param name="dataset">The examples, such as those kept for tests.</param>
    /// <returns>Mean loss and accuracy.</returns>
    /// <exception cref="ShapeException">The parameters or the examples have another length than the model's.</exception>
    public Assessment Assess(Tensor parameters, Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(dataset);
        var core = Tasks.assess(_task, dataset.Core, parameters);
        return new Assessment(core.Loss, core.Accuracy.IsSome ? core.Accuracy.Value : null);
    }

    internal static SupervisedObjective Create(Model model, Dataset dataset, int? batchSize, Loss? loss, double penalty, long seed)
    {
        var kind = loss is null ? Optim.Core.DataSetModule.loss(dataset.Core) : loss.Core;
        var task = Tasks.penalized(penalty, Tasks.create(model.Core, kind, dataset.Core));
        var core = batchSize is { } size ? Tasks.miniBatches(size, Key.FromSeed(seed), task) : Tasks.fullBatch(task);
        return new SupervisedObjective(core, task, model, dataset, batchSize ?? dataset.Count);
    }
}
