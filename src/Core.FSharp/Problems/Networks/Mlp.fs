namespace Optim.Core

open System
open System.Globalization
open Optim

/// The shape of a multilayer perceptron.
type MlpOptions = {
    /// How many numbers an example has: 1 or more. Default 1.
    Inputs: int
    /// The sizes of the hidden layers, each 1 or more; none makes a linear model. Default none.
    Hidden: int list
    /// How many numbers come out for an example: 1 or more. Default 1.
    Outputs: int
    /// What follows each hidden layer. The last layer has no activation. Default tanh.
    Activation: Activation
    /// How the weights begin; biases begin at 0. Default Glorot uniform; `Initialization.suited` knows what suits others.
    Initialization: Initialization
}

/// Multilayer perceptrons: dense layers with an activation between them.
[<RequireQualifiedAccess>]
module Mlp =

    /// One number to one, no hidden layers, tanh, Glorot uniform.
    let defaults: MlpOptions = {
        Inputs = 1
        Hidden = []
        Outputs = 1
        Activation = Activation.Tanh
        Initialization = Initialization.GlorotUniform
    }

    /// The model with these options. Its name is that of `parse`, with the activation.
    /// Errors: ArgumentOutOfRangeException for sizes below 1.
    let create (options: MlpOptions) : Model =
        let sizes = [ options.Inputs; yield! options.Hidden; options.Outputs ]
        let last = sizes.Length - 2

        let layers = [
            for i, (inputs, outputs) in List.indexed (List.pairwise sizes) do
                Layer.dense options.Initialization inputs outputs

                if i < last && options.Activation <> Activation.Identity then
                    Layer.activation options.Activation outputs
        ]

        let text = sizes |> List.map string |> String.concat "-"

        let name =
            if options.Hidden.IsEmpty then
                text
            else
                $"{text} {Activation.name options.Activation}"

        Model.sequential name layers

    /// Options from the sizes of all layers joined by "-", as "64-32-10", with the initialization that suits the
    /// activation. Errors: ArgumentException that says what was expected.
    let parse (activation: Activation) (text: string) : MlpOptions =
        ArgumentNullException.ThrowIfNull text

        let size (part: string) : int =
            match Int32.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, n when n >= 1 -> n
            | _ ->
                let message =
                    $"\"{text}\" describes no network: \"{part}\" is no size; expected whole numbers from 1 on "
                    + "joined by -, as in 64-32-10"

                raise (ArgumentException(message, nameof text))

        match text.Split '-' |> List.ofArray |> List.map size with
        | inputs :: (_ :: _ as rest) -> {
            Inputs = inputs
            Hidden = List.take (rest.Length - 1) rest
            Outputs = List.last rest
            Activation = activation
            Initialization = Initialization.suited activation
          }
        | _ ->
            let message =
                $"\"{text}\" describes no network: expected two sizes or more joined by -, as in 64-32-10"

            raise (ArgumentException(message, nameof text))
