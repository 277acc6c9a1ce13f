namespace Optim.Benchmarks

open Optim
open Optim.Core

/// A small network on real digits: what a batch of 256 of them costs.
[<NoComparison; NoEquality>]
type DigitsTask = {
    /// "64-10-10-10, 870 parameters".
    Name: string
    /// The mean loss over the batch, of the parameters (n).
    Loss: Tensor -> Tensor
    /// The loss of one example, of parameters (n), input (64) and class.
    ExampleLoss: Tensor -> Tensor -> Tensor -> Tensor
    /// The parameters at the start (n).
    Start: Tensor
    Inputs: Tensor
    Targets: Tensor
}

/// Tasks on digits.
[<RequireQualifiedAccess>]
module Digits =

    /// How many digits are in the batch.
    [<Literal>]
    let Batch = 256

    /// The task for a network of these sizes with tanh between its layers.
    let private ofData (data: DataSet) (sizes: string) : DigitsTask =
        let model = Mlp.create (Mlp.parse Activation.Tanh sizes)
        let loss = Loss.softmaxCrossEntropy
        let task = Supervised.create model loss data

        {
            Name = $"{sizes}, {model.Layout.Length} parameters"
            Loss = (Supervised.fullBatch task).Function
            ExampleLoss = fun p x y -> loss.PerExample (model.Apply p x) y
            Start = model.Initialize(Key.ofSeed 1L)
            Inputs = data.Inputs
            Targets = data.Targets
        }

    let private digits () : DataSet =
        Datasets.load "digits" |> DataSet.range 0 Batch

    /// The task for a network of these sizes.
    let task (sizes: string) : DigitsTask = ofData (digits ()) sizes

    /// The same task on an engine.
    let taskOn (engine: Engine) (sizes: string) : DigitsTask =
        let task = ofData (DataSet.moveTo engine (digits ())) sizes
        { task with Start = Tensor.moveTo engine task.Start }

    /// Examples for a network of these sizes, drawn by chance.
    let private drawnData (sizes: string) (batch: int) : DataSet =
        let widths = sizes.Split '-' |> Array.map int
        let inputs, classes = widths[0], widths[widths.Length - 1]

        DataSet.ofClasses
            (List.init classes string)
            (Tensor.create [ batch; inputs ] (Random.uniform (Key.ofSeed 1L) (batch * inputs)))
            (Seq.init batch (fun i -> i % classes))

    /// The task for a network of other sizes, on so many examples that are drawn by chance.
    let drawn (sizes: string) (batch: int) : DigitsTask = ofData (drawnData sizes batch) sizes

    /// The objective and the start of that network on such examples, of an element type and on an engine.
    let drawnOn (engine: Engine) (dtype: DType) (sizes: string) (batch: int) : Objective * Tensor =
        let model = Mlp.create (Mlp.parse Activation.Tanh sizes)
        let data = drawnData sizes batch |> DataSet.cast dtype |> DataSet.moveTo engine

        Supervised.fullBatch (Supervised.create model Loss.softmaxCrossEntropy data),
        model.Initialize(Key.ofSeed 1L) |> Tensor.cast dtype |> Tensor.moveTo engine

    /// The networks that are measured.
    let all: string list = [ "64-10-10-10"; "64-32-20-10" ]
