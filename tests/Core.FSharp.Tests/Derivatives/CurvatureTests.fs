/// Matrices of derivatives and products with them, against closed forms and against each other.
module Optim.CoreTests.Derivatives.CurvatureTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

let private quadratic (a: Tensor) (x: Tensor) : Tensor = 0.5 * Tensor.dot x (Tensor.matmul a x)

let private rosenbrock (x: Tensor) : Tensor =
    let n = x.Length
    let near, next = x[.. n - 2], x[1..]
    Tensor.sum (100.0 * Tensor.square (next - near * near) + Tensor.square (1.0 - near))

let private rosenbrockHessian (x: float[]) : Tensor =
    let n = x.Length
    let h = Array2D.zeroCreate<float> n n

    for i in 0 .. n - 2 do
        h[i, i] <- h[i, i] + 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0
        h[i + 1, i + 1] <- h[i + 1, i + 1] + 200.0
        h[i, i + 1] <- -400.0 * x[i]
        h[i + 1, i] <- -400.0 * x[i]

    Tensor.ofRows [
        for i in 0 .. n - 1 do
            [ for j in 0 .. n - 1 -> h[i, j] ]
    ]

let private data = tensor [ 8; 3 ] (noise 11 24)
let private signs = Tensor.sign (tensor [ 8 ] (noise 12 8))

/// Σ log (1 + exp (−yᵢ aᵢᵀ w)).
let private logistic (w: Tensor) : Tensor =
    Tensor.sum (Tensor.softplus (-(signs * Tensor.matmul data w)))

let private hessians: Test list = [
    testCase
        "of a quadratic is the symmetric part of its matrix"
        (fun () ->
            let a = tensor [ 4; 4 ] (noise 1 16)

            close
                1e-13
                "H"
                (0.5 * (a + Shaping.transpose a))
                (hessian (quadratic a) (tensor [ 4 ] (noise 2 4)))
        )

    testCase
        "of Rosenbrock's function"
        (fun () ->
            let x = Array.map ((*) 1.5) (noise 3 10)
            let h = hessian rosenbrock (Tensor.ofArray x)
            close 1e-13 "H" (rosenbrockHessian x) h
            let g, h2 = gradAndHessian rosenbrock (Tensor.ofArray x)
            close 0.0 "the same H" h h2
            close 1e-13 "its gradient" (grad rosenbrock (Tensor.ofArray x)) g
        )

    testCase
        "of the logistic loss is Aᵀ diag (p (1 − p)) A"
        (fun () ->
            let w = vector [ 0.3; -0.8; 1.1 ]
            let p = Tensor.sigmoid (Tensor.matmul data w)
            let expected = Tensor.matmul (Shaping.transpose data * (p * (1.0 - p))) data
            close 1e-13 "H" expected (hessian logistic w)
        )

    testCase
        "with more unknowns than one batch holds"
        (fun () ->
            let x = noise 4 150
            close 1e-13 "H" (rosenbrockHessian x) (hessian rosenbrock (Tensor.ofArray x))
            let expected = Linalg.diagonal 0 (rosenbrockHessian x)
            close 1e-13 "diagonal" expected (hessianDiagonal rosenbrock (Tensor.ofArray x))
        )

    testCase
        "in single precision"
        (fun () ->
            let x = noise 5 10
            let h = hessian rosenbrock (Tensor.cast DType.Float32 (Tensor.ofArray x))
            Expect.equal h.DType DType.Float32 "type"
            close 1e-5 "H" (rosenbrockHessian x) h
        )

    testCase
        "of a function that closes over a value being differentiated"
        (fun () ->
            // H of a Σ x³ is diag 6 a x; by a: diag 6 x.
            let x = vector [ 0.5; -1.0; 2.0 ]

            let h a =
                hessian (fun x -> Tensor.sum (a * x * x * x)) x

            let one = Tensor.scalar 1.0

            close
                1e-13
                "forward"
                (Linalg.ofDiagonal (6.0 * x))
                (snd (jvp h (Tensor.scalar 3.0) one))

            let weights = tensor [ 3; 3 ] (noise 6 9)
            let slope = grad (fun a -> Tensor.sum (weights * h a)) (Tensor.scalar 3.0)

            closeNumber
                1e-13
                "reverse"
                (inner weights (Linalg.ofDiagonal (6.0 * x)))
                (slope.ToScalar())

            let batch = vmap h (vector [ 1.0; 2.0 ])

            close
                1e-13
                "batched"
                (Shaping.stack 0 [ Linalg.ofDiagonal (6.0 * x); Linalg.ofDiagonal (12.0 * x) ])
                batch
        )

    testCase
        "of many unknowns, differentiated"
        (fun () ->
            let x = Tensor.ofArray (noise 7 70)

            let trace a =
                laplacian (fun x -> a * Tensor.sum (x * x * x * x)) x

            let expected = Tensor.sum(12.0 * x * x).ToScalar()

            closeNumber
                1e-12
                "d/da of the Laplacian"
                expected
                ((grad trace (Tensor.scalar 2.0)).ToScalar())
        )

    testCase
        "Laplacian, diagonal, curvature along a direction"
        (fun () ->
            let x = noise 8 6
            let h = rosenbrockHessian x
            let point, v = Tensor.ofArray x, Tensor.ofArray (noise 9 6)
            close 1e-13 "trace" (Linalg.trace h) (laplacian rosenbrock point)
            close 1e-13 "diagonal" (Linalg.diagonal 0 h) (hessianDiagonal rosenbrock point)

            close
                1e-13
                "vᵀ H v"
                (Tensor.dot v (Tensor.matmul h v))
                (curvatureAlong rosenbrock point v)
        )

    testCase
        "products that reuse the gradient"
        (fun () ->
            let x = noise 10 6
            let h = rosenbrockHessian x
            let g, product = gradAndHvp rosenbrock (Tensor.ofArray x)
            close 1e-13 "gradient" (grad rosenbrock (Tensor.ofArray x)) g

            for seed in 1..3 do
                let v = Tensor.ofArray (noise seed 6)
                close 1e-13 "H v" (Tensor.matmul h v) (product v)
        )

    testCase
        "asks for a vector and for one number"
        (fun () ->
            Expect.throwsT<ShapeException>
                (fun () -> hessian Tensor.sum (Tensor.ones [ 2; 2 ]) |> ignore)
                "matrix"

            Expect.throwsT<ShapeException>
                (fun () -> grad id (Tensor.ones [ 2 ]) |> ignore)
                "many values"
        )
]

let private outputs (w: Tensor) : Tensor =
    let hidden = Tensor.tanh (Tensor.matmul data (Shaping.reshape [ 3; 2 ] w[..5]))
    Tensor.matmul hidden (Shaping.reshape [ 2; 3 ] w[6..11])

let private classes = Tensor.oneHot 3 (Tensor.indices [ 0; 1; 2; 1; 0; 2; 2; 1 ])

let private crossEntropy (z: Tensor) : Tensor =
    -(Tensor.sum (classes * Tensor.logSoftmax -1 z)) / 8.0

let private products: Test list = [
    testCase
        "Gauss-Newton products are Jᵀ H J v"
        (fun () ->
            let w = tensor [ 12 ] (noise 21 12)
            let j = Shaping.reshape [ 24; 12 ] (jacobian outputs w)
            let z = outputs w

            let h =
                hessian (fun z -> crossEntropy (Shaping.reshape [ 8; 3 ] z)) (Shaping.flatten z)

            let dense = Tensor.matmul (Shaping.transpose j) (Tensor.matmul h j)
            close 1e-12 "matrix" dense (Curvature.gaussNewton outputs crossEntropy w)
            let v = tensor [ 12 ] (noise 22 12)
            let expected = Tensor.matmul dense v
            close 1e-12 "product" expected (Curvature.gaussNewtonProduct outputs crossEntropy w v)

            close
                1e-12
                "reused product"
                expected
                (Curvature.gaussNewtonProducts outputs crossEntropy w v)

            close
                1e-12
                "Fisher product"
                expected
                (Curvature.fisherProduct outputs crossEntropy w v)
        )

    testCase
        "the Fisher matrix is that of the model's own distribution"
        (fun () ->
            // Σ over examples and classes of p(c) gₒ gₒᵀ / m, with gₒ the gradient of −log p(c).
            let w = tensor [ 12 ] (noise 23 12)
            let p = Tensor.softmax -1 (outputs w)

            let total =
                List.reduce (+) [
                    for i in 0..7 do
                        for c in 0..2 do
                            let surprise (w: Tensor) : Tensor =
                                let logarithms = Tensor.logSoftmax -1 (outputs w)
                                -logarithms[i, c]

                            let g = grad surprise w
                            p[i, c] * Tensor.outer g g / 8.0
                ]

            close 1e-12 "Fisher" total (Curvature.gaussNewton outputs crossEntropy w)
        )

    testCase
        "gradients of single examples are those of the loop, and their mean is the gradient"
        (fun () ->
            let w = tensor [ 12 ] (noise 24 12)

            let loss (w: Tensor) (x: Tensor) (y: Tensor) : Tensor =
                let hidden = Tensor.tanh (Tensor.matmul x (Shaping.reshape [ 3; 2 ] w[..5]))
                let z = Tensor.matmul hidden (Shaping.reshape [ 2; 3 ] w[6..11])
                -(Tensor.sum (y * Tensor.logSoftmax -1 z))

            let each = Curvature.perExampleGradients loss w data classes

            let looped =
                Shaping.stack 0 [
                    for i in 0..7 do
                        grad (fun w -> loss w data[i] classes[i]) w
                ]

            close 1e-13 "loop" looped each
            close 1e-13 "mean" (grad (outputs >> crossEntropy) w) (Tensor.meanOver [ 0 ] each)
            let v = tensor [ 12 ] (noise 25 12)
            let dense = Tensor.matmul (Shaping.transpose each) each / 8.0

            close
                1e-12
                "empirical Fisher"
                (Tensor.matmul dense v)
                (Curvature.empiricalFisherProduct each v)
        )

    testCase
        "labels as whole numbers, batched"
        (fun () ->
            let labels = Tensor.indices [ 0; 1; 2; 1; 0; 2; 2; 1 ]
            let w = tensor [ 3; 3 ] (noise 26 9)

            let loss (w: Tensor) (x: Tensor) (label: Tensor) : Tensor =
                let scores = Tensor.logSoftmax 0 (Tensor.matmul x w)
                -(Tensor.sum (Shaping.indexSelect 0 (Shaping.unsqueeze 0 label) scores))

            let each = vmap2 (fun x y -> grad (fun w -> loss w x y) w) data labels

            let looped =
                Shaping.stack 0 [
                    for i in 0..7 do
                        grad (fun w -> loss w data[i] labels[i]) w
                ]

            close 1e-13 "loop" looped each
        )
]

[<Tests>]
let curvature =
    testList "Matrices of derivatives" [
        testList "Hessians" hessians
        testList "curvature products" products
    ]
