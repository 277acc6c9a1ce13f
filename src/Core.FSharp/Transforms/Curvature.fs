namespace Optim.Core

open Optim
open Optim.Core.Derivatives
open Optim.Transforms

/// Products with the curvature matrices of deep learning, and gradients of single examples. None builds a matrix.
[<RequireQualifiedAccess>]
module Curvature =

    /// The map v ↦ Jᵀ H J v, and the length of the largest value on the way.
    let private sizedProducts
        (outputs: Tensor -> Tensor)
        (loss: Tensor -> Tensor)
        (x: Tensor)
        : struct ((Tensor -> Tensor) * int) =
        Check.floating (nameof x) x
        let struct (z, pull, tape) = Reverse.run outputs x
        let _, push = vjp pull (Tensor.zerosLike z)
        let _, lossProduct = gradAndHvp loss z
        struct ((fun v -> pull (lossProduct (push v))), tape.Largest)

    /// The map v ↦ Jᵀ H J v at x, for f = loss ∘ outputs: J the Jacobian of outputs at x (m, n), H the Hessian of loss at
    /// outputs x. Positive semidefinite for a convex loss. Cost: about 4 values of outputs now, 4 for each product.
    /// Source: Schraudolph 2002, "Fast curvature matrix-vector products".
    let gaussNewtonProducts
        (outputs: Tensor -> Tensor)
        (loss: Tensor -> Tensor)
        (x: Tensor)
        : Tensor -> Tensor =
        let struct (product, _) = sizedProducts outputs loss x
        product

    /// Jᵀ H J v once. Cost: about 4 values of outputs.
    let gaussNewtonProduct
        (outputs: Tensor -> Tensor)
        (loss: Tensor -> Tensor)
        (x: Tensor)
        (v: Tensor)
        : Tensor =
        let z, push = jvp outputs x v
        let _, pull = vjp outputs x
        pull (hvp loss z push)

    /// The matrix Jᵀ H J (n, n) for a vector x (n). Cost: n products in batches.
    let gaussNewton (outputs: Tensor -> Tensor) (loss: Tensor -> Tensor) (x: Tensor) : Tensor =
        Check.rank (nameof x) 1 x
        let struct (product, largest) = sizedProducts outputs loss x
        Chunks.map largest x.Length x (vmap product)

    /// The Fisher matrix of a model whose outputs are the natural parameters of an exponential family, times v; the same
    /// as the Gauss-Newton product with the negative log-likelihood as loss (summed, or averaged as the loss is).
    let fisherProduct
        (outputs: Tensor -> Tensor)
        (loss: Tensor -> Tensor)
        (x: Tensor)
        (v: Tensor)
        : Tensor =
        gaussNewtonProduct outputs loss x v

    /// The gradient of each example's loss: (m, n) for a vector of parameters (n) and m examples along axis 0 of inputs
    /// and targets. loss takes the parameters and one example's input and target. Cost: about one gradient of the batch.
    let perExampleGradients
        (loss: Tensor -> Tensor -> Tensor -> Tensor)
        (parameters: Tensor)
        (inputs: Tensor)
        (targets: Tensor)
        : Tensor =
        vmap2 (fun x y -> grad (fun p -> loss p x y) parameters) inputs targets

    /// The empirical Fisher matrix (1/m) Σ gᵢ gᵢᵀ of per-example gradients (m, n), times v (n).
    /// It is not the Fisher matrix: it uses the targets of the data instead of the model's own distribution.
    let empiricalFisherProduct (gradients: Tensor) (v: Tensor) : Tensor =
        Check.rank (nameof gradients) 2 gradients
        let m = float gradients.Shape.Dims[0]
        Tensor.matmul (Tensor.matmul gradients v) gradients / m
