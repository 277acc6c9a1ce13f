namespace Optim.Core

open System
open Optim

/// What a layer does to each of its numbers z.
[<RequireQualifiedAccess>]
type Activation =
    /// z.
    | Identity
    /// max (z, 0).
    | Relu
    /// z where z > 0, else slope · z.
    | LeakyRelu of slope: float
    /// z where z > 0, else exp z − 1.
    | Elu
    /// z Φ(z) with the standard normal distribution function Φ.
    | Gelu
    /// z / (1 + exp (−z)), also called swish.
    | Silu
    /// log (1 + exp z).
    | Softplus
    /// 1 / (1 + exp (−z)).
    | Sigmoid
    /// The hyperbolic tangent. Smooth everywhere, so the usual choice for methods that use curvature.
    | Tanh

/// Activations as functions and as texts.
[<RequireQualifiedAccess>]
module Activation =

    /// The activation of each element of z.
    let apply (activation: Activation) (z: Tensor) : Tensor =
        match activation with
        | Activation.Identity -> z
        | Activation.Relu -> Tensor.relu z
        | Activation.LeakyRelu slope -> Tensor.leakyRelu slope z
        | Activation.Elu -> Tensor.elu z
        | Activation.Gelu -> Tensor.gelu z
        | Activation.Silu -> Tensor.silu z
        | Activation.Softplus -> Tensor.softplus z
        | Activation.Sigmoid -> Tensor.sigmoid z
        | Activation.Tanh -> Tensor.tanh z

    /// One of each kind; the slope of the leaky one is 0.01.
    let all: Activation list = [
        Activation.Identity
        Activation.Relu
        Activation.LeakyRelu 0.01
        Activation.Elu
        Activation.Gelu
        Activation.Silu
        Activation.Softplus
        Activation.Sigmoid
        Activation.Tanh
    ]

    /// The name by which `parse` knows it, as "leaky-relu".
    let name (activation: Activation) : string =
        match activation with
        | Activation.Identity -> "identity"
        | Activation.Relu -> "relu"
        | Activation.LeakyRelu _ -> "leaky-relu"
        | Activation.Elu -> "elu"
        | Activation.Gelu -> "gelu"
        | Activation.Silu -> "silu"
        | Activation.Softplus -> "softplus"
        | Activation.Sigmoid -> "sigmoid"
        | Activation.Tanh -> "tanh"

    /// The activation of this name. Errors: ArgumentException that lists the names there are.
    let parse (text: string) : Activation =
        match
            all
            |> List.tryFind (fun a ->
                String.Equals(name a, text, StringComparison.OrdinalIgnoreCase)
            )
        with
        | Some found -> found
        | None ->
            let known = all |> List.map name |> String.concat ", "

            raise (
                ArgumentException(
                    $"no activation is named \"{text}\"; there are {known}",
                    nameof text
                )
            )
