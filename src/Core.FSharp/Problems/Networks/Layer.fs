namespace Optim.Core

open Optim

/// One block of a layer's parameters.
[<NoComparison; NoEquality>]
type LayerParameter = {
    /// Its name within the layer, as "weight".
    Name: string
    /// Its shape.
    Shape: Shape
    /// Its numbers at the start, in row-major order: as many as the shape has.
    Start: Key -> float[]
}

/// A part of a network: what it does to its inputs, and what its parameters look like.
[<NoComparison; NoEquality>]
type Layer = {
    /// The kind of layer, as "dense".
    Name: string
    /// How many numbers of an example go in.
    Inputs: int
    /// How many numbers of an example come out.
    Outputs: int
    /// The blocks of parameters, in the order in which Apply expects them; none for an activation.
    Parameters: LayerParameter list
    /// From the parameters and the inputs (…, inputs) to the outputs (…, outputs).
    Apply: Tensor list -> Tensor -> Tensor
}

/// The kinds of layers. A kind of your own is such a record too.
[<RequireQualifiedAccess>]
module Layer =

    let private ofFunction (name: string) (size: int) (f: Tensor -> Tensor) : Layer =
        Check.atLeast (nameof size) 1 size

        {
            Name = name
            Inputs = size
            Outputs = size
            Parameters = []
            Apply = fun _ z -> f z
        }

    /// x W + b with weight W (inputs, outputs) and bias b (outputs), which begins at 0.
    /// Errors: ArgumentOutOfRangeException for sizes below 1.
    let dense (initialization: Initialization) (inputs: int) (outputs: int) : Layer =
        Check.atLeast (nameof inputs) 1 inputs
        Check.atLeast (nameof outputs) 1 outputs

        {
            Name = "dense"
            Inputs = inputs
            Outputs = outputs
            Parameters = [
                {
                    Name = "weight"
                    Shape = Shape.Of(inputs, outputs)
                    Start = Initialization.draw inputs outputs initialization
                }
                {
                    Name = "bias"
                    Shape = Shape.Of outputs
                    Start = fun _ -> Array.zeroCreate outputs
                }
            ]
            Apply =
                fun parameters x ->
                    match parameters with
                    | [ weight; bias ] -> Tensor.matmul x weight + bias
                    | other ->
                        invalidOp
                            $"a dense layer got {other.Length} blocks of parameters instead of 2"
        }

    /// The activation of each of `size` numbers.
    let activation (activation: Activation) (size: int) : Layer =
        ofFunction (Activation.name activation) size (Activation.apply activation)

    /// exp z / Σ exp z over the last axis: probabilities of `size` classes. Only for networks whose outputs are to be
    /// probabilities; the cross-entropies here take the numbers before it, which is exact and cheaper.
    let softmax (size: int) : Layer =
        ofFunction "softmax" size (Tensor.softmax -1)
