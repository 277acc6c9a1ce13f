namespace Optim.Core

open System
open Optim

/// A function of parameters and inputs, with parameters in one flat vector (n).
[<NoComparison; NoEquality>]
type Model = {
    /// The name in reports, as "64-32-10 tanh".
    Name: string
    /// How many numbers an example has.
    Inputs: int
    /// How many numbers come out for an example.
    Outputs: int
    /// The blocks of the parameters. In a sequence of layers: "layer1.weight", "layer1.bias", "layer2.weight", …, where
    /// only layers with parameters are counted.
    Layout: Layout
    /// The layers, first to last; none where the model is no sequence.
    Layers: Layer list
    /// From parameters (n) and inputs (batch, inputs) to outputs (batch, outputs). One example (inputs) gives (outputs).
    Apply: Tensor -> Tensor -> Tensor
    /// The parameters (n) at the start, Float64, fixed by the key.
    Initialize: Key -> Tensor
}

/// Models and their parts.
[<RequireQualifiedAccess>]
module Model =

    /// The block of a flat point (n), in its own shape.
    let read (block: Block) (point: Tensor) : Tensor =
        Shaping.slice 0 block.Offset block.Shape.Length 1 point
        |> Shaping.reshape block.Shape

    /// All blocks of a point (n) by name, in order.
    /// Errors: ShapeException when the point has not the model's length.
    let parameters (model: Model) (point: Tensor) : (string * Tensor) list =
        Check.shape (nameof point) (Shape.Of model.Layout.Length) point
        model.Layout.Blocks |> List.map (fun block -> block.Name, read block point)

    /// The model that applies one layer after the other.
    /// Errors: ArgumentException for no layers, or for neighbors whose sizes do not fit.
    let sequential (name: string) (layers: Layer list) : Model =
        if layers.IsEmpty then
            raise (ArgumentException("expected one layer or more", nameof layers))

        for before, after in List.pairwise layers do
            if before.Outputs <> after.Inputs then
                let message =
                    $"a layer {after.Name} takes {after.Inputs} numbers, but the layer {before.Name} before it gives "
                    + $"{before.Outputs}"

                raise (ArgumentException(message, nameof layers))

        let numbered, _ =
            layers
            |> List.mapFold
                (fun count layer ->
                    let count = if layer.Parameters.IsEmpty then count else count + 1
                    (count, layer), count
                )
                0

        let named = [
            for number, layer in numbered do
                for parameter in layer.Parameters do
                    $"layer{number}.{parameter.Name}", parameter
        ]

        let layout = named |> List.map (fun (name, p) -> name, p.Shape) |> Layout.ofShapes

        /// Each layer with its own blocks.
        let steps, _ =
            layers
            |> List.mapFold
                (fun blocks layer ->
                    let own, others = List.splitAt layer.Parameters.Length blocks
                    (layer, own), others
                )
                layout.Blocks

        let inputs = layers.Head.Inputs

        let apply (point: Tensor) (x: Tensor) : Tensor =
            Check.shape (nameof point) (Shape.Of layout.Length) point
            Check.rankAtLeast "inputs" 1 x

            if x.Shape[x.Rank - 1] <> inputs then
                let message =
                    $"inputs have shape {x.Shape}, expected {inputs} numbers for each example"

                raise (ShapeException(message, "inputs"))

            (x, steps)
            ||> List.fold (fun z (layer, blocks) ->
                layer.Apply (blocks |> List.map (fun block -> read block point)) z
            )

        let initialize (key: Key) : Tensor =
            named
            |> List.mapi (fun i (_, parameter) -> parameter.Start(Key.fold (int64 i) key))
            |> Array.concat
            |> Tensor.ofArray

        {
            Name = name
            Inputs = inputs
            Outputs = (List.last layers).Outputs
            Layout = layout
            Layers = layers
            Apply = apply
            Initialize = initialize
        }
