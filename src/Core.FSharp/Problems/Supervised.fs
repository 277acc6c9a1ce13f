namespace Optim.Core

open System
open Optim

/// A model that is to answer as the examples do: f(x) = mean loss over the examples + ½ penalty |x|².
[<NoComparison; NoEquality>]
type Supervised = {
    /// What answers.
    Model: Model
    /// How wrong an answer is.
    Loss: Loss
    /// The examples to learn from.
    Data: DataSet
    /// The weight of ½ |x|², over all parameters: 0 or more. Default 0.
    Penalty: float
}

/// How good a model is on a data set.
[<Struct>]
type Assessment = {
    /// The mean loss over the examples, without penalty.
    Loss: float
    /// The part of the examples whose class is named right, from 0 to 1; none where the targets are numbers.
    Accuracy: float voption
}

/// Objectives from models and examples.
[<RequireQualifiedAccess>]
module Supervised =

    /// The task without penalty.
    /// Errors: ArgumentException when model, loss and data do not fit each other.
    let create (model: Model) (loss: Loss) (data: DataSet) : Supervised =
        if DataSet.count data = 0 then
            raise (ArgumentException("the data set has no examples", nameof data))

        if model.Inputs <> DataSet.inputs data then
            let message =
                $"the model takes {model.Inputs} inputs, but {data.Name} has {DataSet.inputs data}"

            raise (ArgumentException(message, nameof model))

        loss.Check model.Outputs data.Targets

        {
            Model = model
            Loss = loss
            Data = data
            Penalty = 0.0
        }

    /// The task with the penalty ½ penalty |x|². penalty: 0 or more.
    let penalized (penalty: float) (task: Supervised) : Supervised =
        Check.within (nameof penalty) 0.0 Double.MaxValue penalty
        { task with Penalty = penalty }

    /// The task with its data on an engine. Objectives of it take points that lie there.
    let moveTo (engine: Engine) (task: Supervised) : Supervised = {
        task with
            Data = DataSet.moveTo engine task.Data
    }

    /// The mean loss of a point (n) on a data set, which may be another than the task's, without penalty. Differentiable.
    let loss (task: Supervised) (data: DataSet) (point: Tensor) : Tensor =
        Loss.mean task.Loss (task.Model.Apply point data.Inputs) data.Targets

    let private half (penalty: float) (point: Tensor) : Tensor =
        0.5 * penalty * Tensor.sum (Tensor.square point)

    let private value (task: Supervised) (data: DataSet) (point: Tensor) : Tensor =
        if task.Penalty = 0.0 then
            loss task data point
        else
            loss task data point + half task.Penalty point

    /// f divided into outputs and loss, for each step's data. With a penalty the point itself joins the outputs, so that
    /// the Gauss-Newton matrix has the penalty on its diagonal.
    let private composition (task: Supervised) (dataAt: int64 -> DataSet) : Composition =
        let apply (data: DataSet) (point: Tensor) = task.Model.Apply point data.Inputs

        if task.Penalty = 0.0 then
            {
                OutputsAt = fun k -> apply (dataAt k)
                LossAt =
                    fun k ->
                        let data = dataAt k in
                        fun outputs -> Loss.mean task.Loss outputs data.Targets
            }
        else
            let n = task.Model.Layout.Length

            let outputsAt (k: int64) =
                let data = dataAt k

                fun (point: Tensor) ->
                    Shaping.concat 0 [ Shaping.flatten (apply data point); point ]

            let lossAt (k: int64) =
                let data = dataAt k
                let rows, columns = DataSet.count data, task.Model.Outputs

                fun (joined: Tensor) ->
                    let outputs =
                        Shaping.slice 0 0 (rows * columns) 1 joined
                        |> Shaping.reshape [ rows; columns ]

                    let point = Shaping.slice 0 (rows * columns) n 1 joined
                    Loss.mean task.Loss outputs data.Targets + half task.Penalty point

            { OutputsAt = outputsAt; LossAt = lossAt }

    let private name (task: Supervised) : string = $"{task.Data.Name}, {task.Model.Name}"

    /// The objective on all examples, the same for every step.
    let fullBatch (task: Supervised) : Objective = {
        Objective.named (name task) (value task task.Data) with
            Composition = ValueSome(composition task (fun _ -> task.Data))
            Layout = ValueSome task.Model.Layout
    }

    /// The number of mini-batches in an epoch: ⌊examples / size⌋.
    let stepsPerEpoch (batchSize: int) (data: DataSet) : int = DataSet.count data / batchSize

    /// A function from k to the positions of the examples of mini-batch k, of `count` examples in all. An epoch is a fresh
    /// permutation cut into ⌊count / size⌋ batches; the examples that are left over sit out that epoch. So a batch never
    /// holds an example twice, all examples are equally likely, and the mean over the batches of an epoch is that over all
    /// examples when the size divides the count. Batch k depends on key and k alone.
    /// Errors: ArgumentOutOfRangeException for a size below 1 or above the count.
    let batches (batchSize: int) (key: Key) (count: int) : int64 -> int[] =
        Check.atLeast (nameof batchSize) 1 batchSize

        if batchSize > count then
            let message =
                $"the batch size is {batchSize}, expected at most the {count} examples there are"

            raise (ArgumentOutOfRangeException(nameof batchSize, message))

        let perEpoch = int64 (count / batchSize)
        // Only saves time: the order of the epoch asked for last.
        let latest: (int64 * int[]) ref = ref (-1L, [||])

        let orderOf (epoch: int64) : int[] =
            match latest.Value with
            | known, order when known = epoch -> order
            | _ ->
                let order = Random.permutation (Key.fold epoch key) count
                latest.Value <- (epoch, order)
                order

        fun k ->
            let order = orderOf (k / perEpoch)
            Array.sub order (int (k % perEpoch) * batchSize) batchSize

    /// The objective of which step k sees mini-batch k (see `batches`); certificates and reports see all examples.
    /// The share of the data in one batch is size / examples.
    /// Errors: ArgumentOutOfRangeException for a size below 1 or above the number of examples.
    let miniBatches (batchSize: int) (key: Key) (task: Supervised) : Objective =
        let count = DataSet.count task.Data
        let batches = batches batchSize key count
        let dataAt (k: int64) : DataSet = DataSet.select (batches k) task.Data
        let share = float batchSize / float count

        {
            Objective.sampled
                (name task)
                share
                (value task task.Data)
                (fun k -> value task (dataAt k)) with
                Composition = ValueSome(composition task dataAt)
                Layout = ValueSome task.Model.Layout
        }

    /// How many examples `assess` gives to the model at once: enough to be fast, little memory.
    [<Literal>]
    let private Chunk = 1024

    /// Mean loss and accuracy of a point (n) on a data set, a thousand examples at a time. Cost: one value of f.
    let assess (task: Supervised) (data: DataSet) (point: Tensor) : Assessment =
        let count = DataSet.count data

        let part (start: int) : struct (float * float) =
            let length = min Chunk (count - start)

            Memory.recycling
                point
                (fun _ -> Seq.empty)
                (fun () ->
                    let part = DataSet.range start length data
                    let outputs = task.Model.Apply point part.Inputs
                    let loss = (Loss.mean task.Loss outputs part.Targets).ToScalar()

                    let hits =
                        if data.Classes.IsEmpty then
                            0.0
                        else
                            Classification.accuracy outputs part.Targets

                    struct (float length * loss, float length * hits)
                )

        let struct (losses, hits) =
            [| 0..Chunk .. count - 1 |]
            |> Array.map part
            |> Array.fold
                (fun (struct (losses, hits)) (struct (l, h)) -> struct (losses + l, hits + h))
                struct (0.0, 0.0)

        {
            Loss = losses / float count
            Accuracy =
                if data.Classes.IsEmpty then
                    ValueNone
                else
                    ValueSome(hits / float count)
        }
