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
    let private taskOn (data: DataSet) (sizes: string) : DigitsTask =
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

    /// The task for a network of these sizes.
    let task (sizes: string) : DigitsTask =
        taskOn (Datasets.load "digits" |> DataSet.range 0 Batch) sizes

    /// The task for a network of other sizes, on so many examples that are drawn by chance.
    let drawn (sizes: string) (batch: int) : DigitsTask =
        let widths = sizes.Split '-' |> Array.map int
        let inputs, classes = widths[0], widths[widths.Length - 1]
        let names = List.init classes string

        let data =
            DataSet.ofClasses
                names
                (Tensor.create [ batch; inputs ] (Random.uniform (Key.ofSeed 1L) (batch * inputs)))
                (Seq.init batch (fun i -> i % classes))

        taskOn data sizes

    /// The networks that are measured.
    let all: string list = [ "64-10-10-10"; "64-32-20-10" ]
