/// Where a derivative does not exist, or its parts are not finite: what is promised instead.
module Optim.CoreTests.Derivatives.ConventionsTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

let private slopes (f: Tensor -> Tensor) (x: Tensor) : float[] =
    (grad (f >> Tensor.sum) x).ToArray()

/// The slope by either mode.
let private both
    (what: string)
    (expected: float list)
    (f: Tensor -> Tensor)
    (x: float list)
    : unit =
    let point = vector x
    Expect.equal (slopes f point) (Array.ofList expected) $"{what}, reverse"

    Expect.equal
        ((snd (jvp f point (Tensor.onesLike point))).ToArray())
        (Array.ofList expected)
        $"{what}, forward"

let private noNaN (what: string) (x: Tensor) : unit =
    Expect.isFalse (x.ToArray() |> Array.exists Double.IsNaN) $"{what}: %A{x.ToArray()}"

let private ties: Test list = [
    testCase
        "elementwise functions at their kinks"
        (fun () ->
            both "abs" [ 0.0; 1.0; -1.0 ] Tensor.abs [ 0.0; 2.0; -2.0 ]
            both "relu" [ 0.0; 1.0; 0.0 ] Tensor.relu [ 0.0; 2.0; -2.0 ]
            both "sign" [ 0.0; 0.0 ] Tensor.sign [ 0.0; 2.0 ]

            both "clamp" [ 0.0; 0.5; 1.0; 0.5; 0.0 ] (Tensor.clamp -1.0 1.0) [
                -2.0
                -1.0
                0.0
                1.0
                2.0
            ]

            both "round" [ 0.0; 0.0 ] Tensor.round [ 0.5; 1.2 ]
            both "leakyRelu" [ 0.1; 1.0 ] (Tensor.leakyRelu 0.1) [ 0.0; 1.0 ]
            both "elu" [ 1.0; 1.0 ] Tensor.elu [ 0.0; 1.0 ]
        )

    testCase
        "maximum and minimum halve the derivative at ties"
        (fun () ->
            let other = vector [ 1.0; 2.0; 3.0 ]

            both "maximum, left" [ 1.0; 0.5; 0.0 ] (fun x -> Tensor.maximum x other) [
                2.0
                2.0
                2.0
            ]

            both "maximum, right" [ 1.0; 0.5; 0.0 ] (fun x -> Tensor.maximum other x) [
                2.0
                2.0
                2.0
            ]

            both "minimum, left" [ 0.0; 0.5; 1.0 ] (fun x -> Tensor.minimum x other) [
                2.0
                2.0
                2.0
            ]

            both "minimum, right" [ 0.0; 0.5; 1.0 ] (fun x -> Tensor.minimum other x) [
                2.0
                2.0
                2.0
            ]

            both "with itself" [ 1.0 ] (fun x -> Tensor.maximum x x) [ 2.0 ]
        )

    testCase
        "max and min share the derivative among ties"
        (fun () ->
            Expect.equal
                (slopes Tensor.max (vector [ 3.0; 1.0; 3.0; 3.0 ]))
                [| 1.0 / 3.0; 0.0; 1.0 / 3.0; 1.0 / 3.0 |]
                "max"

            Expect.equal (slopes Tensor.min (vector [ 1.0; 1.0; 3.0 ])) [| 0.5; 0.5; 0.0 |] "min"
            let rows = tensor [ 2; 2 ] [ 1.0; 1.0; 0.0; 2.0 ]
            Expect.equal (slopes (Tensor.maxOver [ 1 ]) rows) [| 0.5; 0.5; 0.0; 1.0 |] "rows"
        )
]

let private masks: Test list = [
    testCase
        "NaN and infinity on the side that is not chosen stay there"
        (fun () ->
            let x = vector [ 4.0; -1.0; 0.0 ]

            let safe (x: Tensor) =
                let isPositive = Tensor.greater x (Tensor.scalar 0.0)
                Tensor.where isPositive (sqrt (Tensor.where isPositive x (Tensor.scalar 1.0))) x

            Expect.equal (slopes safe x) [| 0.25; 1.0; 1.0 |] "first order"
            noNaN "second order" (hessian (safe >> Tensor.sum) x)
            let chosen = Tensor.create [ 2 ] [| true; false |]
            let bad = vector [ nan; 2.0 ]
            let ones = Tensor.ones [ 2 ]
            let pick (x: Tensor) = Tensor.where chosen (3.0 * x) (x + bad)
            Expect.equal ((pick ones).ToArray()) [| 3.0; 3.0 |] "a NaN term, value"
            Expect.equal (slopes pick ones) [| 3.0; 1.0 |] "a NaN term"
            let pick (x: Tensor) = Tensor.where chosen (3.0 * x) (x * bad)

            Expect.equal
                ((snd (jvp pick ones ones)).ToArray())
                [| 3.0; 2.0 |]
                "a NaN factor, forward"
        )

    testCase
        "powers at 0"
        (fun () ->
            let x = vector [ 0.0; 0.0; 0.0; 2.0 ]
            let exponent = vector [ 0.0; 1.0; 2.0; 0.0 ]

            Expect.equal
                (slopes (fun x -> Tensor.pow x exponent) x)
                [| 0.0; 1.0; 0.0; 0.0 |]
                "first order"

            Expect.equal
                (slopes (fun x -> grad (fun x -> Tensor.sum (Tensor.pow x exponent)) x) x)
                [| 0.0; 0.0; 2.0; 0.0 |]
                "second order"

            Expect.equal (slopes (Tensor.power 0.0) x) [| 0.0; 0.0; 0.0; 0.0 |] "constant power 0"
            Expect.equal (slopes (Tensor.power 1.0) x) [| 1.0; 1.0; 1.0; 1.0 |] "constant power 1"
            // d²/da db of a^b is a^(b − 1) (1 + b log a), which at b = 0 is 1/a.
            let byB (a: Tensor) =
                grad (fun b -> Tensor.sum (Tensor.pow a b)) (Tensor.scalar 0.0)

            closeNumber 1e-14 "mixed" 0.5 ((grad byB (Tensor.scalar 2.0)).ToScalar())

            let byA (b: Tensor) =
                grad (fun a -> Tensor.pow a b) (Tensor.scalar 2.0)

            closeNumber
                1e-14
                "mixed, the other way"
                0.5
                ((grad byA (Tensor.scalar 0.0)).ToScalar())

            Expect.equal
                (slopes (fun b -> Tensor.pow (vector [ -2.0; 0.0 ]) b) (vector [ 2.0; 2.0 ]))
                [| 0.0; 0.0 |]
                "by b where a ≤ 0"
        )
]

let private reductions: Test list = [
    testCase
        "logSumExp with rows of −∞"
        (fun () ->
            let x = tensor [ 3; 2 ] [ -infinity; -infinity; 0.0; -infinity; 1.0; 1.0 ]
            let f x = Tensor.logSumExpOver [ 1 ] x
            Expect.equal ((f x).ToArray()[..1]) [| -infinity; 0.0 |] "values"

            close
                1e-15
                "weights"
                (tensor [ 3; 2 ] [ 0.0; 0.0; 1.0; 0.0; 0.5; 0.5 ])
                (grad (f >> Tensor.sum) x)

            let second =
                snd (jvp (fun x -> grad (f >> Tensor.sum) x) x (tensor [ 3; 2 ] (noise 1 6)))

            noNaN "second order" second[1..]

            Expect.isTrue
                (slopes Tensor.logSumExp (vector [ nan; 1.0 ]) |> Array.forall Double.IsNaN)
                "a NaN shows"
        )

    testCase
        "products with zeros, to second order"
        (fun () ->
            let check (x: float[]) =
                let n = x.Length

                let except (skipped: int list) =
                    Seq.fold (fun p i -> if List.contains i skipped then p else p * x[i]) 1.0 [
                        0 .. n - 1
                    ]

                Expect.equal
                    (slopes Tensor.prod (Tensor.ofArray x))
                    (Array.init n (fun i -> except [ i ]))
                    "gradient"

                let h =
                    Tensor.ofRows [
                        for i in 0 .. n - 1 ->
                            [ for j in 0 .. n - 1 -> if i = j then 0.0 else except [ i; j ] ]
                    ]

                close 1e-14 "Hessian" h (hessian Tensor.prod (Tensor.ofArray x))

            check [| 2.0; 0.0; 3.0; 4.0; 5.0 |]
            check [| 0.0; 0.0; 3.0 |]
            check [| 0.0; 0.0; 0.0; 1.0 |]
            check [| 7.0 |]
        )

    testCase
        "norm at 0"
        (fun () ->
            Expect.equal (slopes Tensor.norm (Tensor.zeros [ 3 ])) [| 0.0; 0.0; 0.0 |] "gradient"
            noNaN "Hessian" (hessian Tensor.norm (Tensor.zeros [ 3 ]))
            let rows = tensor [ 2; 2 ] [ 0.0; 0.0; 3.0; 4.0 ]
            let expected = tensor [ 2; 2 ] [ 0.0; 0.0; 0.6; 0.8 ]
            close 1e-15 "rows" expected (grad (Tensor.normOver [ 1 ] >> Tensor.sum) rows)
            Expect.equal (Tensor.norm (Tensor.zeros [ 3 ])).Length 1 "a number"
            Expect.equal ((Tensor.norm (Tensor.zeros [ 3 ])).ToScalar()) 0.0 "value"

            Expect.isTrue
                (Double.IsNaN((Tensor.norm (vector [ nan; 1.0 ])).ToScalar()))
                "a NaN shows"

            Expect.equal ((Tensor.norm (vector [ infinity; 1.0 ])).ToScalar()) infinity "infinity"
        )

    testCase
        "reductions over nothing"
        (fun () ->
            let none = Tensor.zeros [ 0; 2 ]
            Expect.equal (slopes (Tensor.sumOver [ 0 ]) none) [||] "sum"
            Expect.equal (slopes (Tensor.prodOver [ 0 ]) none) [||] "product"
            Expect.equal (slopes (Tensor.logSumExpOver [ 0 ]) none) [||] "logSumExp"

            let product =
                grad
                    (fun b -> Tensor.sum (Tensor.matmul (Tensor.zeros [ 2; 3; 0 ]) b))
                    (Tensor.zeros [ 0; 4 ])

            Expect.equal (product.Shape.ToString()) "(0, 4)" "a product over an empty axis"
        )
]

let private factorizations: Test list = [
    testCase
        "repeated eigenvalues give no NaN and right derivatives of what is defined"
        (fun () ->
            let values (a: Tensor) =
                let struct (w, _) = Linalg.symmetricEigen a in w

            let vectors (a: Tensor) =
                let struct (_, v) = Linalg.symmetricEigen a in v
            // A rotation of diag (2, 2, 5): eigenvalues equal but for rounding.
            let struct (q, _) = Linalg.qr (tensor [ 3; 3 ] (noise 1 9))
            let turned = Tensor.matmul (q * vector [ 2.0; 2.0; 5.0 ]) (Shaping.transpose q)

            for a in [ Tensor.identity 3; turned; Tensor.zeros [ 3; 3 ] ] do
                noNaN "eigenvalues" (grad (values >> Tensor.sum) a)
                noNaN "eigenvectors" (grad (vectors >> Tensor.square >> Tensor.sum) a)
                close 1e-12 "trace" (Tensor.identity 3) (grad (values >> Tensor.sum) a)
                let t = Linalg.ofDiagonal (vector [ 1.0; 2.0; 3.0 ])
                noNaN "forward" (snd (jvp vectors a t))

                Expect.isLessThan
                    ((Tensor.max (abs (snd (jvp vectors a t)))).ToScalar())
                    10.0
                    "no blow-up by rounding"
        )

    testCase
        "a matrix that is not positive definite gives NaN, not an exception"
        (fun () ->
            let a = Linalg.ofDiagonal (vector [ 1.0; -1.0 ])
            Expect.isTrue (Double.IsNaN((Tensor.sum (Linalg.cholesky a)).ToScalar())) "value"

            Expect.isTrue
                (Double.IsNaN((Tensor.sum (grad (Linalg.cholesky >> Tensor.sum) a)).ToScalar()))
                "gradient"
        )

    testCase
        "log det of a covariance: its gradient is the inverse"
        (fun () ->
            let x = tensor [ 4; 4 ] (noise 2 16)
            let a = Tensor.matmul x (Shaping.transpose x) + Tensor.identity 4

            let byFactor a =
                2.0 * Tensor.sum (log (Linalg.diagonal 0 (Linalg.cholesky a)))

            let byLu a =
                let struct (_, l) = Linalg.logDeterminant a in l

            close 1e-12 "Cholesky" (Linalg.inverse a) (grad byFactor a)
            close 1e-12 "LU" (Shaping.transpose (Linalg.inverse a)) (grad byLu a)
        )
]

[<Tests>]
let conventions =
    testList "Conventions of derivatives" [
        testList "ties" ties
        testList "masks" masks
        testList "reductions" reductions
        testList "factorizations" factorizations
    ]
