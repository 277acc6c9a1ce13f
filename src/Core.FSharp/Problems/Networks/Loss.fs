namespace Optim.Core

open System
open Optim

/// How wrong outputs are. Each loss here is the negative log-likelihood of an exponential family whose natural parameters
/// are the outputs, so the Gauss-Newton matrix of a model under it is the Fisher matrix.
[<NoComparison; NoEquality>]
type Loss = {
    /// The name in reports.
    Name: string
    /// From outputs (…, outputs) and targets to the loss of each example (…).
    PerExample: Tensor -> Tensor -> Tensor
    /// Complains when targets (examples, …) do not fit a model with this many outputs. Errors: ArgumentException.
    Check: int -> Tensor -> unit
}

/// The losses, and means of them.
[<RequireQualifiedAccess>]
module Loss =

    let private complain (loss: string) (expected: string) (targets: Tensor) : unit =
        let message =
            $"{loss} expects targets that are {expected}; these are {targets.DType} of shape {targets.Shape}"

        raise (ArgumentException(message, nameof targets))

    /// Targets as numbers of the outputs' type and shape.
    let private like (outputs: Tensor) (targets: Tensor) : Tensor =
        Tensor.cast outputs.DType targets |> Shaping.reshape outputs.Shape

    let private checkLike (loss: string) (outputs: int) (targets: Tensor) : unit =
        let perExample = if targets.Rank = 2 then targets.Shape[1] else 1

        if targets.Rank < 1 || targets.Rank > 2 || perExample <> outputs then
            complain loss $"{outputs} numbers for each example" targets

    /// log Σ exp (z − z at the example's class), for Int64 classes (…) from 0: the negative log-probability of the class
    /// when the classes have probabilities softmax z. Natural parameters: z, of the categorical distribution.
    /// Hessian by z: diag p − p pᵀ with p = softmax z. No overflow for any finite z.
    let softmaxCrossEntropy: Loss = {
        Name = "softmax cross-entropy"
        PerExample =
            fun outputs classes ->
                let chosen = Shaping.gather -1 (Shaping.unsqueeze -1 classes) outputs
                // Σ over the differences, so that large outputs do not cancel large outputs.
                Tensor.logSumExpOver [ -1 ] (outputs - chosen)
        Check =
            fun outputs targets ->
                let isClass (c: float) = c >= 0.0 && c < float outputs

                if
                    targets.DType <> DType.Int64
                    || targets.Rank <> 1
                    || not (targets.ToArray() |> Array.forall isClass)
                then
                    complain
                        "softmax cross-entropy"
                        $"one Int64 class for each example, from 0 to {outputs - 1}"
                        targets
    }

    /// Σ log (1 + exp z) − t z over the outputs, for targets t from 0 to 1 of the outputs' shape, or Int64 classes 0 and 1
    /// for one output: the negative log-probability of independent events of probability sigmoid z.
    /// Natural parameters: z, of Bernoulli distributions. Hessian by z: diag (p (1 − p)). No overflow for any finite z.
    let sigmoidCrossEntropy: Loss = {
        Name = "sigmoid cross-entropy"
        PerExample =
            fun outputs targets ->
                Tensor.softplus outputs - like outputs targets * outputs
                |> Tensor.sumOver [ -1 ]
        Check =
            fun outputs targets ->
                checkLike "sigmoid cross-entropy" outputs targets

                if not (targets.ToArray() |> Array.forall (fun t -> t >= 0.0 && t <= 1.0)) then
                    complain "sigmoid cross-entropy" "numbers from 0 to 1" targets
    }

    /// ½ Σ (z − t)² over the outputs, for targets t of the outputs' shape: the mean over examples is half of the mean
    /// squared error when there is one output. The negative log-density, up to a constant, of normal distributions with
    /// mean z and variance 1. Natural parameters: z. Hessian by z: the identity.
    let squaredError: Loss = {
        Name = "squared error"
        PerExample =
            fun outputs targets ->
                0.5 * Tensor.square (outputs - like outputs targets) |> Tensor.sumOver [ -1 ]
        Check = checkLike "squared error"
    }

    /// All losses.
    let all: Loss list = [ softmaxCrossEntropy; sigmoidCrossEntropy; squaredError ]

    /// The mean of the loss over the examples: outputs (batch, outputs) and their targets to one number.
    let mean (loss: Loss) (outputs: Tensor) (targets: Tensor) : Tensor =
        loss.PerExample outputs targets |> Tensor.mean
