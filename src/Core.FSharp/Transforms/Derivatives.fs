namespace Optim.Core

open System
open Optim
open Optim.Primitives
open Optim.Transforms

/// Derivatives of functions of tensors. Every function here takes and gives plain functions, so all of them nest in each
/// other, to any depth. Scalars are tensors of one element; vectors have one axis.
module Derivatives =

    let private scalarOf (y: Tensor) : unit =
        if y.Length <> 1 then
            raise (
                ShapeException(
                    $"the function's value has shape {y.Shape}, expected a single number",
                    "f"
                )
            )

    /// f x and the directional derivative J v. v: the shape of x. Cost: about 2 values of f.
    /// Errors: ShapeException when v has another shape.
    let jvp (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : Tensor * Tensor =
        Check.floating (nameof x) x
        Check.shape (nameof v) x.Shape v
        Check.sameDevice (nameof v) x v
        let struct (y, tangent) = Forward.Run(f, x, v)

        match tangent with
        | null -> y, Constant.zeros y
        | t -> y, t

    /// f x and the pull-back w ↦ Jᵀ w. The pull-back can be called again and again, batched and differentiated.
    /// Cost: about 2 values of f, and 2 for each call. Memory: all intermediate values while the pull-back lives.
    let vjp (f: Tensor -> Tensor) (x: Tensor) : Tensor * (Tensor -> Tensor) =
        Check.floating (nameof x) x
        let struct (y, pull, _) = Reverse.run f x
        y, pull

    /// f x and ∇f x. f gives one number; ∇f has the shape of x. Cost: 3 to 4 values of f.
    let valueAndGrad (f: Tensor -> Tensor) (x: Tensor) : Tensor * Tensor =
        let y, pull = vjp f x
        scalarOf y
        y, pull (Tensor.onesLike y)

    /// ∇f x, of the shape of x. f gives one number. Cost: 3 to 4 values of f.
    let grad (f: Tensor -> Tensor) (x: Tensor) : Tensor = snd (valueAndGrad f x)

    /// The derivative of f along ones: for a scalar x, f′(x), of the shape of f x. Cost: about 2 values of f.
    let diff (f: Tensor -> Tensor) (x: Tensor) : Tensor = snd (jvp f x (Tensor.onesLike x))

    /// f applied to each part along axis 0, results stacked along axis 0, in one pass. Numbers inside cannot be read.
    let vmap (f: Tensor -> Tensor) (xs: Tensor) : Tensor =
        Batched.Run((fun inputs -> f inputs[0]), [| xs |])

    /// f applied to each pair of parts along axis 0.
    let vmap2 (f: Tensor -> Tensor -> Tensor) (xs: Tensor) (ys: Tensor) : Tensor =
        Batched.Run((fun inputs -> f inputs[0] inputs[1]), [| xs; ys |])

    /// f applied to the parts of many tensors along axis 0.
    let vmapMany (f: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        if inputs.Length = 0 then
            raise (ArgumentException("vmap: expected one tensor or more", nameof inputs))

        Batched.Run(f, inputs)

    /// f x and the linear map v ↦ J v, which reuses what was computed at x. Cost: about 4 values of f, and 2 for each call.
    let linearize (f: Tensor -> Tensor) (x: Tensor) : Tensor * (Tensor -> Tensor) =
        let y, pull = vjp f x
        // The pull-back is linear, so its own pull-back is J, wherever it is taken.
        let _, push = vjp pull (Constant.zeros y)
        y, push

    /// H v for the Hessian H of f at x, by forward over reverse. v: the shape of x. Cost: about 2 gradients.
    let hvp (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : Tensor = snd (jvp (grad f) x v)

    /// ∇f x and the map v ↦ H v, which reuses what was computed at x. Cost: about 2 gradients, and 1 to 2 for each call.
    let gradAndHvp (f: Tensor -> Tensor) (x: Tensor) : Tensor * (Tensor -> Tensor) =
        // H is symmetric, so the pull-back of the gradient is H itself.
        vjp (grad f) x

    /// The second directional derivative vᵀ H v. Cost: about 2 gradients.
    let curvatureAlong (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : Tensor =
        Tensor.dot v (hvp f x v)

    /// Row i is J of the i-th element: (…y, n) for y of shape (…y) and a vector x (n). One forward pass for each of n,
    /// in batches. Best for n small against the length of y.
    let jacobianForward (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Check.rank (nameof x) 1 x

        let columns =
            Chunks.map x.Length x.Length x (fun basis -> vmap (fun v -> snd (jvp f x v)) basis)

        Permute.Apply(Array.append [| 1 .. columns.Rank - 1 |] [| 0 |], columns)

    /// As jacobianForward, by one backward pass for each element of y, in batches. Best for y short against n.
    let jacobianReverse (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Check.rank (nameof x) 1 x
        Check.floating (nameof x) x
        let struct (y, pull, tape) = Reverse.run f x
        let unit (v: Tensor) = Reshape.Apply(y.Shape, v)

        let rows =
            Chunks.map tape.Largest y.Length y (fun basis -> vmap (fun v -> pull (unit v)) basis)

        Reshape.Apply(Shape(Array.append y.Shape.Dims [| x.Length |]), rows)

    /// The matrix of first derivatives (…y, n) of f at a vector x (n), by the cheaper of the two ways.
    /// Cost: min(n, length of y) passes, in batches of 64, plus one value to learn the length.
    let jacobian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        if (f x).Length < x.Length then
            jacobianReverse f x
        else
            jacobianForward f x

    /// ∇f x and the Hessian of f at a vector x. Cost: as hessian.
    let gradAndHessian (f: Tensor -> Tensor) (x: Tensor) : Tensor * Tensor =
        Check.rank (nameof x) 1 x
        let struct (gradient, product, tape) = Reverse.run (grad f) x
        gradient, Chunks.map tape.Largest x.Length x (vmap product)

    /// The symmetric matrix (n, n) of second derivatives of f at a vector x (n), exactly.
    /// Cost: n Hessian products that share one gradient, in batches; memory: a batch of intermediate values.
    let hessian (f: Tensor -> Tensor) (x: Tensor) : Tensor = snd (gradAndHessian f x)

    /// The diagonal (n) of the Hessian of f at a vector x (n), exactly. Cost: as hessian, but memory n.
    let hessianDiagonal (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Check.rank (nameof x) 1 x
        let struct (_, product, tape) = Reverse.run (grad f) x
        Chunks.map tape.Largest x.Length x (vmap (fun v -> Tensor.sum (v * product v)))

    /// The trace of the Hessian of f at a vector x: Σ ∂²f/∂xᵢ². Cost: as hessianDiagonal.
    let laplacian (f: Tensor -> Tensor) (x: Tensor) : Tensor = Tensor.sum (hessianDiagonal f x)
