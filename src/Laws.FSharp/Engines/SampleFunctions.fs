namespace Optim.Laws

open Optim
open Optim.Core

/// Functions of tensors that pass through every operation.
[<RequireQualifiedAccess>]
module internal SampleFunctions =

    /// Functions of a vector of 6 that pass through each operation that has a derivative.
    let all: (string * (Tensor -> Tensor)) list =
        let grid (x: Tensor) = Shaping.reshape [ 2; 3 ] x
        let unit (x: Tensor) = Tensor.alongside x (Tensor.identity 3)

        let positive (x: Tensor) =
            let a = grid x
            Tensor.matmul (Shaping.transpose a) a + 2.0 * unit x

        let indices (x: Tensor) (values: int list) =
            Tensor.alongside x (Tensor.indices values)

        let weights (x: Tensor) =
            Tensor.alongside x (Tensor.ofArray [| 0.3; -1.0; 2.0; 0.7; -0.2; 1.1 |])

        let weigh (x: Tensor) (y: Tensor) =
            Tensor.dot (weights x) (Shaping.reshape [ 6 ] y)

        [
            "exponentials",
            fun x -> Tensor.sum (Tensor.exp x + Tensor.expm1 x * Tensor.log1p (Tensor.square x))
            "logarithms and roots",
            fun x -> Tensor.sum (Tensor.log (x + 3.0) * Tensor.sqrt (x + 3.0))
            "powers",
            fun x -> Tensor.sum (Tensor.power 1.7 (x + 3.0) / Tensor.pow (x + 3.0) (0.5 * x + 2.0))
            "circular functions",
            fun x ->
                Tensor.sum (
                    Tensor.sin x * Tensor.cos (2.0 * x)
                    + Tensor.atan2 x (x + 4.0)
                    + Tensor.asin (x / 3.0)
                )
            "hyperbolic functions",
            fun x -> Tensor.sum (Tensor.tanh x * Tensor.cosh x + Tensor.asinh x)
            "activations",
            fun x ->
                Tensor.sum (Tensor.sigmoid x * Tensor.softplus x + Tensor.relu x * Tensor.erf x)
            "gamma functions",
            fun x -> Tensor.sum (Tensor.logGamma (x + 3.0) * Tensor.digamma (x + 3.0))
            "maxima",
            fun x -> Tensor.max x * Tensor.min x + Tensor.sum (Tensor.maximum x (0.5 * x * x))
            "logsumexp",
            fun x -> Tensor.sum (Tensor.logSumExpOver [ 1 ] (grid x)) + Tensor.logSumExp x
            "softmax", fun x -> weigh x (Tensor.softmax 1 (grid x))
            "products", fun x -> Tensor.prod (x + 2.5)
            "running sums", fun x -> weigh x (Tensor.square (Tensor.cumsum 0 x))
            "where",
            fun x ->
                Tensor.sum (
                    Tensor.where (Tensor.greater x (Tensor.zerosLike x)) (x * x) (Tensor.exp x)
                )
            "slices and concatenation",
            fun x -> weigh x (Shaping.concat 0 [ Tensor.square x[3..5]; x[0..2] * x[1..3] ])
            "selection",
            fun x ->
                weigh x (Tensor.square (Shaping.indexSelect 0 (indices x [ 5; 0; 0; 2; 1; 5 ]) x))
            "Cholesky", fun x -> Tensor.sum (Tensor.sin (Linalg.cholesky (positive x)))
            "solve", fun x -> Tensor.sum (Tensor.sin (Linalg.solve (positive x) x[0..2]))
            "log determinant",
            fun x ->
                let struct (_, logarithm) = Linalg.logDeterminant (positive x)
                logarithm
            "QR",
            fun x ->
                let struct (q, r) = Linalg.qr (Shaping.transpose (grid x))
                Tensor.sum (Tensor.sin q) + Tensor.sum (Tensor.cos r)
            "eigenvalues",
            fun x ->
                let struct (values, vectors) = Linalg.symmetricEigen (positive x)

                Tensor.sum (Tensor.log values)
                + Tensor.sum (Tensor.square (vectors[0] * values))
        ]
