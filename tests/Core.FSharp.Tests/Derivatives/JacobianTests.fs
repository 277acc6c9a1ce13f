/// Jacobians and linear maps, against closed forms and against each other.
module Optim.CoreTests.Derivatives.JacobianTests

open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

let private steps (x: Tensor) : Tensor =
    Tensor.sum (sin (x[1..] * x[.. x.Length - 2]))

/// (3) to (2, 2).
let private bend (x: Tensor) : Tensor =
    Shaping.reshape
        [ 2; 2 ]
        (Shaping.stack 0 [ x[0] * x[1]; sin x[2]; x[0] * x[0] * x[2]; Tensor.scalar 2.0 * x[1] ])

let private bendJacobian (x: float[]) : Tensor =
    tensor [ 2; 2; 3 ] [
        x[1]
        x[0]
        0.0
        0.0
        0.0
        cos x[2]
        2.0 * x[0] * x[2]
        0.0
        x[0] * x[0]
        0.0
        2.0
        0.0
    ]

let private jacobians: Test list = [
    testCase
        "both ways agree with the closed form"
        (fun () ->
            let x = [| 0.4; -1.3; 0.9 |]
            let point = Tensor.ofArray x
            close 1e-14 "forward" (bendJacobian x) (jacobianForward bend point)
            close 1e-14 "reverse" (bendJacobian x) (jacobianReverse bend point)
            close 1e-14 "the cheaper" (bendJacobian x) (jacobian bend point)
        )

    testCase
        "long and wide ones"
        (fun () ->
            let a = tensor [ 70; 3 ] (noise 1 210)
            let f (x: Tensor) = Tensor.matmul a (x * x)
            let x = vector [ 0.4; -1.3; 0.9 ]
            close 1e-13 "long, forward" (a * (2.0 * x)) (jacobianForward f x)
            close 1e-13 "long, reverse" (a * (2.0 * x)) (jacobianReverse f x)
            let g (x: Tensor) = Tensor.matmul (x * x) a
            let x = tensor [ 70 ] (noise 2 70)
            let expected = Shaping.transpose a * (2.0 * x)
            close 1e-13 "wide, forward" expected (jacobianForward g x)
            close 1e-13 "wide, reverse" expected (jacobianReverse g x)
            close 1e-13 "wide, the cheaper" expected (jacobian g x)
        )

    testCase
        "of a number is a gradient, and of a gradient the Hessian"
        (fun () ->
            let x = Tensor.ofArray (noise 3 6)
            close 1e-13 "gradient" (grad steps x) (jacobian steps x)
            close 1e-13 "Hessian" (hessian steps x) (jacobian (grad steps) x)
        )

    testCase
        "inside another derivative"
        (fun () ->
            let x = vector [ 0.4; -1.3; 0.9 ]

            let size (x: Tensor) =
                Tensor.sum (Tensor.square (jacobianReverse bend x))

            let size2 (x: Tensor) =
                Tensor.sum (Tensor.square (jacobianForward bend x))

            let units = Tensor.identity 3
            let expected = Shaping.stack 0 [ for i in 0..2 -> differences size x units[i] ]
            close 1e-7 "by differences" expected (grad size x)
            close 1e-13 "both ways" (grad size x) (grad size2 x)
        )

    testCase
        "linearize gives the value and J v, again and again"
        (fun () ->
            let x = [| 0.4; -1.3; 0.9 |]
            let y, push = linearize bend (Tensor.ofArray x)
            close 0.0 "value" (bend (Tensor.ofArray x)) y

            for seed in 1..3 do
                let v = Tensor.ofArray (noise seed 3)
                close 1e-13 "J v" (Tensor.matmul (bendJacobian x) v) (push v)

            let all = vmap push (Tensor.identity 3)
            close 1e-13 "all columns" (Shaping.permute [ 2; 0; 1 ] (bendJacobian x)) all
        )

    testCase
        "diff is the derivative of a curve"
        (fun () ->
            let curve (t: Tensor) = Shaping.stack 0 [ cos t; sin t; t * t ]

            close
                1e-14
                "tangent"
                (vector [ -(sin 0.3); cos 0.3; 0.6 ])
                (diff curve (Tensor.scalar 0.3))
        )
]

[<Tests>]
let jacobian = testList "Jacobians" jacobians
