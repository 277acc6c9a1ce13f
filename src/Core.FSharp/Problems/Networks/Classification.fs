namespace Optim.Core

open Optim

/// How well outputs name classes.
[<RequireQualifiedAccess>]
module Classification =

    /// The Int64 class (batch) that outputs (batch, outputs) speak for: the first largest output; with one output, 1 where
    /// it is positive, else 0.
    let predicted (outputs: Tensor) : Tensor =
        Check.rank (nameof outputs) 2 outputs

        if outputs.Shape[1] = 1 then
            Shaping.squeeze 1 (Tensor.greater outputs (Tensor.zerosLike outputs))
            |> Tensor.cast DType.Int64
        else
            Tensor.argMax 1 outputs

    /// The part of the examples whose predicted class is the true one, from 0 to 1; NaN of no examples.
    /// classes: Int64 (batch). Errors: ShapeException when the counts differ.
    let accuracy (outputs: Tensor) (classes: Tensor) : float =
        let predicted = predicted outputs
        Check.shape (nameof classes) predicted.Shape classes
        let hits = Tensor.equal predicted classes |> Tensor.cast DType.Float64
        (Tensor.mean hits).ToScalar()

    /// How often class i (row) was taken for class j (column), for `count` classes. classes: Int64 (batch).
    /// Errors: ShapeException when the counts of examples differ; ArgumentException for a class outside 0 … count − 1.
    let confusion (count: int) (outputs: Tensor) (classes: Tensor) : int[,] =
        let predicted = predicted outputs
        Check.shape (nameof classes) predicted.Shape classes
        let table = Array2D.zeroCreate count count

        for truth, guess in Array.zip (classes.ToArray()) (predicted.ToArray()) do
            let i, j = int truth, int guess

            if i < 0 || i >= count || j >= count then
                let message = $"class {max i j} is outside 0 … {count - 1}"
                raise (System.ArgumentException(message, nameof classes))

            table[i, j] <- table[i, j] + 1

        table
