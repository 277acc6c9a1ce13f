/// Functions with rules of the user's own, and finding the wrong ones.
module Optim.CoreTests.Derivatives.CustomTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives
open Optim.CoreTests.Derivatives.Numbers

/// Solves y³ + y = x elementwise, by a loop that must not be differentiated.
let private root (x: Tensor) : Tensor =
    let mutable y = Tensor.zerosLike x

    for _ in 1..60 do
        y <- y - (y * y * y + y - x) / (3.0 * y * y + 1.0)

    y

let private slope (y: Tensor) : Tensor = 1.0 / (3.0 * y * y + 1.0)

let private x = vector [ 0.3; -1.4; 2.5 ]

let private builds: (string * (Tensor -> Tensor)) list = [
    "jvp", Custom.withJvp root (fun _ y t -> slope y * t)
    "vjp", Custom.withVjp root (fun _ y ct -> slope y * ct)
    "both", Custom.withRules root (fun _ y t -> slope y * t) (fun _ y ct -> slope y * ct)
]

/// A map that is not elementwise: (n) to (m), with the rules of matrix products.
let private matrix = tensor [ 2; 3 ] (noise 1 6)
let private product (x: Tensor) : Tensor = Tensor.matmul matrix (sin x)

let private linears: (string * (Tensor -> Tensor)) list = [
    "jvp", Custom.withJvp product (fun x _ t -> Tensor.matmul matrix (cos x * t))
    "vjp", Custom.withVjp product (fun x _ ct -> cos x * Tensor.matmul ct matrix)
]

let private asAnyFunction: Test list = [
    for name, f in builds do
        yield! Rules.tests [ Rules.case $"a solution by {name}" [] (fun x -> f (x * x) * x) x ]

    for name, f in linears do
        yield! Rules.tests [ Rules.case $"a product by {name}" [] f x ]
]

let private uses: Test list = [
    testCase
        "the rule is used instead of the parts"
        (fun () ->
            // A wrong rule on purpose: straight-through rounding.
            let through = Custom.withJvp Tensor.round (fun _ _ t -> t)
            close 0.0 "value" (vector [ 0.0; -1.0; 2.0 ]) (through x)
            close 0.0 "reverse" (Tensor.ones [ 3 ]) (grad (through >> Tensor.sum) x)
            close 0.0 "forward" (Tensor.ones [ 3 ]) (snd (jvp through x (Tensor.ones [ 3 ])))

            close
                0.0
                "batched"
                (Tensor.ones [ 2; 3 ])
                (vmap (grad (through >> Tensor.sum)) (Shaping.stack 0 [ x; x ]))

            let blind = Custom.constant (fun x -> x * x)
            close 0.0 "constant" (x * x) (grad (fun x -> Tensor.sum (x * blind x)) x)
        )

    testCase
        "vmap of vmap, and of a Hessian"
        (fun () ->
            let f = Custom.withVjp root (fun _ y ct -> slope y * ct)
            let xs = tensor [ 2; 2; 3 ] (noise 2 12)
            close 1e-13 "vmap of vmap" (root xs) (vmap (vmap f) xs)
            let rows = tensor [ 2; 3 ] (noise 3 6)
            let h = vmap (hessian (f >> Tensor.sum)) rows
            // y″ = −6 y y′³
            let y = root rows

            close
                1e-12
                "second derivatives"
                (Linalg.ofDiagonal (-6.0 * y * Tensor.power 3.0 (slope y)))
                h
        )

    testCase
        "a custom function in another's rule"
        (fun () ->
            let inner = Custom.withJvp sin (fun x _ t -> cos x * t)

            let outer =
                Custom.withJvp
                    (fun x -> inner x * x)
                    (fun x _ t -> snd (jvp (fun x -> inner x * x) x t))

            close 1e-12 "gradient" (x * cos x + sin x) (grad (outer >> Tensor.sum) x)

            close
                1e-12
                "Hessian"
                (Linalg.ofDiagonal (2.0 * cos x - x * sin x))
                (hessian (outer >> Tensor.sum) x)
        )

    testCase
        "a rule that gives another shape is refused"
        (fun () ->
            let wrong = Custom.withRules sin (fun _ _ t -> Tensor.sum t) (fun _ _ ct -> ct[..1])
            Expect.throwsT<ShapeException> (fun () -> jvp wrong x x |> ignore) "jvp"
            Expect.throwsT<ShapeException> (fun () -> grad (wrong >> Tensor.sum) x |> ignore) "vjp"
        )

    testCase
        "a function that closes over a value being differentiated is refused"
        (fun () ->
            let scaled (a: Tensor) =
                Custom.withJvp (fun x -> a * x) (fun _ _ t -> a * t)

            Expect.throwsT<InvalidOperationException>
                (fun () -> grad (fun a -> Tensor.sum (scaled a x)) (Tensor.scalar 2.0) |> ignore)
                "grad"

            Expect.throwsT<InvalidOperationException>
                (fun () -> vmap (fun a -> scaled a x) (Tensor.ones [ 2 ]) |> ignore)
                "vmap"
        )
]

let private checks: Test list = [
    testCase
        "right rules are found right"
        (fun () ->
            for _, f in builds do
                let objective x =
                    Tensor.sum (f x * vector [ 1.0; -2.0; 3.0 ])

                let report = GradientCheck.checkGradients objective x
                Expect.isTrue report.IsCorrect (string report)
                Expect.equal report.Compared 3 "components"
                Expect.isLessThan report.LargestError 1e-8 "error"

                let report =
                    GradientCheck.checkHessianProduct objective x (vector [ 1.0; 0.5; -1.0 ])

                Expect.isTrue report.IsCorrect (string report)
        )

    testCase
        "a wrong rule is caught and named"
        (fun () ->
            // The sign of the last component is wrong.
            let flip = vector [ 1.0; 1.0; -1.0 ]
            let f = Custom.withVjp sin (fun x _ ct -> flip * cos x * ct)
            let report = GradientCheck.checkGradients (f >> Tensor.sum) x
            Expect.isFalse report.IsCorrect "correct"
            Expect.equal (report.Mistakes |> List.map _.Index) [ 2 ] "where"
            let mistake = report.Mistakes[0]
            closeNumber 1e-9 "expected" (cos 2.5) mistake.Expected
            closeNumber 1e-12 "actual" -(cos 2.5) mistake.Actual
            closeNumber 1e-9 "error" (2.0 * abs (cos 2.5)) mistake.Error
            Expect.stringContains mistake.Explanation "component 2 of the gradient" "component"
            Expect.stringContains mistake.Explanation "the sign is wrong" "hint"
            Expect.stringContains (string report) mistake.Explanation "report"
        )

    testCase
        "other mistakes are told apart"
        (fun () ->
            let hint (factor: Tensor) =
                let f = Custom.withVjp Tensor.square (fun x _ ct -> factor * x * ct)
                (GradientCheck.checkGradients (f >> Tensor.sum) x).Mistakes[0].Explanation

            Expect.stringContains (hint (Tensor.scalar 4.0)) "2 times too large" "factor"
            Expect.stringContains (hint (Tensor.scalar 1.0)) "2 times too small" "factor"
            Expect.stringContains (hint (Tensor.scalar 0.0)) "a term is missing" "zero"
            Expect.stringContains (hint (Tensor.scalar nan)) "not finite" "NaN"
            Expect.stringContains (hint (Tensor.scalar 2.2)) "10 %" "percent"
            let f = Custom.withVjp Tensor.sign (fun _ _ ct -> 0.5 * ct)
            let report = GradientCheck.checkGradients (f >> Tensor.sum) x
            Expect.stringContains report.Mistakes[0].Explanation "it should be 0" "no derivative"
            Expect.equal report.Mistakes.Length 3 "all components"
        )

    testCase
        "small mistakes are found"
        (fun () ->
            let f = Custom.withVjp sin (fun x _ ct -> 1.00001 * cos x * ct)
            Expect.isFalse (GradientCheck.checkGradients (f >> Tensor.sum) x).IsCorrect "1e-5"
        )

    testCase
        "a wrong second derivative behind a right first one is caught"
        (fun () ->
            // The rule is right in value, but hides its own derivative.
            let f = Custom.withVjp sin (fun x _ ct -> Custom.constant cos x * ct)
            let objective = f >> Tensor.sum
            Expect.isTrue (GradientCheck.checkGradients objective x).IsCorrect "gradient"

            let report =
                GradientCheck.checkHessianProduct objective x (vector [ 0.0; 1.0; 0.0 ])

            Expect.equal (report.Mistakes |> List.map _.Index) [ 1 ] "where"

            Expect.stringContains
                report.Mistakes[0].Explanation
                "component 1 of the Hessian product"
                "words"
        )

    testCase
        "in single precision, in matrices, near the edge of a domain"
        (fun () ->
            let objective (x: Tensor) = Tensor.sum (Tensor.tanh x * x)
            let m = tensor [ 2; 3 ] (noise 4 6)
            let report = GradientCheck.checkGradients objective (Tensor.cast DType.Float32 m)
            Expect.isTrue report.IsCorrect (string report)
            Expect.isTrue (GradientCheck.checkGradients objective m).IsCorrect "matrix"

            Expect.isTrue
                (GradientCheck.checkHessianProduct objective m (tensor [ 2; 3 ] (noise 5 6)))
                    .IsCorrect
                "product"

            let report =
                GradientCheck.checkGradients (log >> Tensor.sum) (vector [ 0.01; 1.0; 50.0 ])

            Expect.isTrue report.IsCorrect (string report)
            Expect.isEmpty report.Undecided "near 0"
        )

    testCase
        "jumps nearby are not called mistakes"
        (fun () ->
            let report =
                GradientCheck.checkGradients
                    (fun x -> Tensor.sum (Tensor.sign x + x))
                    (vector [ 1e-6; 1.0 ])

            Expect.equal report.Undecided [ 0 ] "undecided"
            Expect.isEmpty report.Mistakes "mistakes"
            let nowhere = GradientCheck.checkGradients (log >> Tensor.sum) (vector [ -1.0 ])
            Expect.isFalse nowhere.IsCorrect "nothing was decided"
        )

    testCase
        "a direction of 0 is refused"
        (fun () ->
            Expect.throwsT<ArgumentException>
                (fun () ->
                    GradientCheck.checkHessianProduct Tensor.sum x (Tensor.zeros [ 3 ]) |> ignore
                )
                "direction"
        )
]

[<Tests>]
let custom =
    testList "Custom rules" [
        testList "as any function" asAnyFunction
        testList "uses" uses
        testList "gradient checks" checks
    ]
