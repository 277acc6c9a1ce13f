/// Derivatives of a network on libtorch against the managed engine.
module Optim.TorchTests.DerivativeTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

let private inputs, hidden, outputs, examples = 5, 7, 3, 11

let private count = inputs * hidden + hidden + hidden * outputs + outputs

/// Softmax regression on a tanh layer: the mean of the cross entropies.
let private loss (engine: Engine) : Tensor -> Tensor =
    let data = engine.OfArray(Shape.Of(examples, inputs), numbers 5 (examples * inputs))

    let labels =
        engine.OfArray(Shape.Of(examples, 1), Array.init examples (fun i -> int64 (i % outputs)))

    fun w ->
        let part (start: int) (shape: int list) : Tensor =
            Shaping.reshape shape w.[start .. start + size shape - 1]

        let w1 = part 0 [ inputs; hidden ]
        let b1 = part (inputs * hidden) [ hidden ]
        let w2 = part (inputs * hidden + hidden) [ hidden; outputs ]
        let b2 = part (inputs * hidden + hidden + hidden * outputs) [ outputs ]
        let h = Tensor.tanh (Tensor.matmul data w1 + b1)
        let z = Tensor.matmul h w2 + b2
        let total = Tensor.logSumExpOver [ 1 ] z
        let chosen = Tensor.sum (Shaping.gather 1 labels z)

        (Tensor.sum total - chosen) * (1.0 / float examples)
        + 0.01 * Tensor.sum (Tensor.sigmoid w)

[<Tests>]
let tests =
    testList "Torch derivatives" [
        torchCase "value, gradient, products and Hessian of a network"
        <| fun () ->
            let start, direction = numbers 1 count, numbers 2 count

            let all (engine: Engine) : Tensor list =
                let f = loss engine
                let w = engine.OfArray(Shape.Of count, start)
                let v = engine.OfArray(Shape.Of count, direction)
                let value, gradient = valueAndGrad f w

                [
                    value
                    gradient
                    hvp f w v
                    hessian f w
                    snd (jvp (grad f) w v)
                    jacobian (grad f) w
                ]

            List.iter2 (close 1e-10 "derivative") (all managed) (all (torch ()))
    ]
