/// Transforms inside transforms.
module Optim.CoreTests.Derivatives.NestingTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

let private number (value: float) : Tensor = Tensor.scalar value

let private is (expected: float) (actual: Tensor) : unit =
    closeNumber 1e-10 "derivative" expected (actual.ToScalar())

/// The derivative of a function of one number, in either mode.
let private modes: (string * ((Tensor -> Tensor) -> Tensor -> Tensor)) list = [
    "forward", diff
    "reverse", grad
    "forward, batched", (fun f x -> (vmap (fun v -> snd (jvp f x v)) (Tensor.ones [ 1 ]))[0])
    "reverse, batched", (fun f x -> (vmap (grad f) (Shaping.unsqueeze 0 x))[0])
]

let private confusion: Test list = [
    for outerName, outer in modes do
        for innerName, inner in modes do
            testCase
                $"d/dx (x · d/dy (x + y)) is 1, {outerName} over {innerName}"
                (fun () ->
                    outer (fun x -> x * inner (fun y -> x + y) (number 3.0)) (number 2.0) |> is 1.0
                )

            testCase
                $"d/dx (x · d/dy (x y²)) at y = x is 6 x², {outerName} over {innerName}"
                (fun () ->
                    // d/dx (x · 2 x y) with y = x: x · 2 x · x = 2 x³.
                    outer (fun x -> x * inner (fun y -> x * y * y) x) (number 2.0) |> is 24.0
                )

            testCase
                $"a closure over the outer variable, {outerName} over {innerName}"
                (fun () ->
                    // d/dx of (d/dy sin (x y) at y = 2) = d/dx (x cos 2x) = cos 2x − 2 x sin 2x
                    let x = 0.7
                    let expected = cos (2.0 * x) - 2.0 * x * sin (2.0 * x)

                    outer (fun x -> inner (fun y -> sin (x * y)) (number 2.0)) (number x)
                    |> is expected
                )

            testCase
                $"an inner derivative that ignores its variable is 0, {outerName} over {innerName}"
                (fun () ->
                    outer (fun x -> x * x + inner (fun _ -> x) (number 1.0)) (number 3.0) |> is 6.0
                )
]

/// All sequences of forward and reverse, `depth` long.
let rec private sequences
    (depth: int)
    : ((string * ((Tensor -> Tensor) -> Tensor -> Tensor)) list) list =
    if depth = 0 then
        [ [] ]
    else
        [
            for mode in modes[..1] do
                for rest in sequences (depth - 1) do
                    mode :: rest
        ]

let private depths: Test list = [
    for sequence in sequences 5 do
        let label =
            sequence |> List.map (fun (name, _) -> name.Substring(0, 1)) |> String.concat ""

        let derivative f =
            List.fold (fun f (_, mode) -> mode f) f sequence

        testCase
            $"five derivatives of sin, exp and x⁷, {label}"
            (fun () ->
                let x = 0.8
                derivative sin (number x) |> is (cos x)
                derivative exp (number x) |> is (exp x)
                derivative (Tensor.power 7.0) (number x) |> is (2520.0 * x * x)
                derivative (fun x -> x * x * x * x * x) (number x) |> is 120.0
                derivative (fun x -> exp (2.0 * x)) (number x) |> is (32.0 * exp (2.0 * x))
            )
]

let private escaped (what: string) (leak: (Tensor -> Tensor) -> unit) : Test =
    testCase
        $"a value that escaped from {what} throws"
        (fun () ->
            let kept: Tensor list ref = ref []

            leak (fun x ->
                kept.Value <- [ x ]
                Tensor.sum x
            )

            let used () = kept.Value[0] + 1.0 |> ignore
            let error = Expect.throwsC used id

            match error with
            | :? InvalidOperationException as e ->
                Expect.stringContains e.Message "escaped from the transform" "message"
            | other -> failtest $"got {other.GetType().Name}"
        )

let private x3 = vector [ 0.5; -1.2; 2.0 ]

let private f (x: Tensor) : Tensor = Tensor.sum (x * x * x) + Tensor.prod x

let private pullBacks: Test list = [
    testCase
        "a pull-back gives the same again, after other uses, and in any order"
        (fun () ->
            let y, pull = vjp (fun x -> sin x * x) x3
            let first = pull (Tensor.onesLike y)
            pull (2.0 * Tensor.onesLike y) |> ignore
            vmap pull (Tensor.ones [ 4; 3 ]) |> ignore
            grad (fun w -> Tensor.sum (pull w)) (Tensor.onesLike y) |> ignore
            Expect.equal ((pull (Tensor.onesLike y)).ToArray()) (first.ToArray()) "bitwise"
        )

    testCase
        "a pull-back is linear: its derivative is J, wherever it is taken"
        (fun () ->
            let y, pull = vjp (fun x -> x[1..] * x[..1]) x3
            let v = vector [ 1.0; -2.0; 0.5 ]
            let _, expected = jvp (fun x -> x[1..] * x[..1]) x3 v
            let _, push = vjp pull (noiseLike y 1)
            close 1e-12 "transpose of the pull-back" expected (push v)

            close
                1e-12
                "jvp of the pull-back"
                (pull (noiseLike y 2))
                (snd (jvp pull y (noiseLike y 2)))
        )

    testCase
        "a pull-back taken outside is used inside another derivative"
        (fun () ->
            let y, pull = vjp (fun x -> x * x) x3
            // d/da Σ pull(a y) = Σ 2 x y
            let value = grad (fun a -> Tensor.sum (pull (a * y))) (number 1.0)
            closeNumber 1e-12 "value" (Tensor.sum(2.0 * x3 * y).ToScalar()) (value.ToScalar())
        )

    testCase
        "a pull-back of a derivative that closes over an outer variable"
        (fun () ->
            // d/da of the gradient of Σ a x³: 3 x².
            let slope =
                snd (
                    jvp
                        (fun a -> grad (fun x -> Tensor.sum (a * x * x * x)) x3)
                        (number 2.0)
                        (number 1.0)
                )

            close 1e-12 "forward over reverse" (3.0 * x3 * x3) slope
        )

    testCase
        "a cotangent of another shape is refused"
        (fun () ->
            let _, pull = vjp (fun x -> x * x) x3
            Expect.throwsT<ShapeException> (fun () -> pull (Tensor.ones [ 2 ]) |> ignore) "pull"
            Expect.throwsT<ShapeException> (fun () -> jvp f x3 (Tensor.ones [ 2 ]) |> ignore) "jvp"
        )

    testCase
        "the identity and constants have derivatives"
        (fun () ->
            close 0.0 "identity, reverse" (Tensor.ones [ 3 ]) (snd (vjp id x3) (Tensor.ones [ 3 ]))
            close 0.0 "identity, forward" x3 (snd (jvp id x3 x3))
            close 0.0 "constant, reverse" (Tensor.zeros [ 3 ]) (grad (fun _ -> number 2.0) x3)

            close
                0.0
                "constant, forward"
                (Tensor.zeros [ 2 ])
                (snd (jvp (fun _ -> Tensor.ones [ 2 ]) x3 x3))

            close 0.0 "zero tangent" (number 0.0) (snd (jvp f x3 (Tensor.zeros [ 3 ])))

            close
                0.0
                "Hessian of a linear function"
                (Tensor.zeros [ 3; 3 ])
                (hessian Tensor.sum x3)
        )

    testCase
        "a chain of many operations neither overflows nor forgets"
        (fun () ->
            let long (x: Tensor) =
                let mutable y = x

                for _ in 1..50000 do
                    y <- 0.9999 * y + 1e-5

                y

            let slope = grad (long >> Tensor.sum) x3
            close 1e-9 "slope" (Tensor.full [ 3 ] (0.9999 ** 50000.0)) slope
            close 1e-9 "forward" slope (snd (jvp long x3 (Tensor.ones [ 3 ])))
        )

    testCase
        "truth values and whole numbers have no derivative"
        (fun () ->
            Expect.throwsT<ArgumentException>
                (fun () -> grad id (Tensor.indices [ 1 ]) |> ignore)
                "grad"

            close
                0.0
                "through argMax"
                (Tensor.zeros [ 3 ])
                (grad (fun x -> Tensor.sum (Tensor.cast DType.Float64 (Tensor.argMax 0 x))) x3)
        )
]

let private threads: Test =
    testCase
        "many transforms at once on many threads stay apart"
        (fun () ->
            let results = Array.zeroCreate<float> 64

            Threading.Tasks.Parallel.For(
                0,
                64,
                fun i ->
                    let a = number (float i)

                    results[i] <-
                        (grad (fun x -> x * grad (fun y -> a * x * y) (number 3.0)) (number 2.0))
                            .ToScalar()
            )
            |> ignore

            // d/dx (x · a x) = 2 a x
            Expect.equal results (Array.init 64 (fun i -> 4.0 * float i)) "derivatives"
        )

let private parallelInside: Test =
    testCase
        "a function that computes its parts on several threads"
        (fun () ->
            let parts (x: Tensor) : Tensor =
                let results = Array.zeroCreate<Tensor> 16

                Threading.Tasks.Parallel.For(
                    0,
                    16,
                    fun i ->
                        let mutable y = x

                        for _ in 1..20 do
                            y <- sin y * float (i + 1) / 8.0

                        results[i] <- y
                )
                |> ignore

                Array.reduce (fun a b -> a + b) results |> Tensor.sum

            let plain (x: Tensor) : Tensor =
                Array.init
                    16
                    (fun i ->
                        let mutable y = x

                        for _ in 1..20 do
                            y <- sin y * float (i + 1) / 8.0

                        y
                    )
                |> Array.reduce (fun a b -> a + b)
                |> Tensor.sum

            close 1e-12 "gradient" (grad plain x3) (grad parts x3)
            close 1e-12 "Hessian" (hessian plain x3) (hessian parts x3)
        )

[<Tests>]
let nesting =
    testList "Nesting" [
        testList "perturbation confusion" confusion
        testList "depth 5" depths
        testList "escaped values" [
            escaped "jvp" (fun f -> jvp f x3 x3 |> ignore)
            escaped "grad" (fun f -> grad f x3 |> ignore)
            escaped "vmap" (fun f -> vmap f (Tensor.ones [ 2; 3 ]) |> ignore)
            escaped
                "a transform that failed"
                (fun f ->
                    try
                        grad
                            (fun x ->
                                f x |> ignore
                                raise (TimeoutException())
                            )
                            x3
                        |> ignore
                    with :? TimeoutException ->
                        ()
                )
        ]
        testList "pull-backs" pullBacks
        threads
        parallelInside
    ]
