/// vmap inside and around other transforms.
module Optim.CoreTests.Derivatives.VmapTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

let private number (value: float) : Tensor = Tensor.scalar value

let private x3 = vector [ 0.5; -1.2; 2.0 ]

let private f (x: Tensor) : Tensor = Tensor.sum (x * x * x) + Tensor.prod x

let private loop (f: Tensor -> Tensor) (xs: Tensor) : Tensor =
    Shaping.stack 0 [
        for i in 0 .. xs.Shape[0] - 1 do
            f xs[i]
    ]

let private batches: Test list = [
    testCase
        "vmap of a function that does not look at its input repeats the result"
        (fun () ->
            close
                0.0
                "repeated"
                (Tensor.full [ 4; 2 ] 7.0)
                (vmap (fun _ -> Tensor.full [ 2 ] 7.0) (Tensor.zeros [ 4; 3 ]))
        )

    testCase
        "vmap in vmap, the inner over another tensor"
        (fun () ->
            let a, b = tensor [ 3 ] (noise 1 3), tensor [ 4 ] (noise 2 4)
            let table = vmap (fun x -> vmap (fun y -> sin (x * y) + x) b) a
            let expected = sin (Tensor.outer a b) + Shaping.unsqueeze 1 a
            close 1e-14 "all pairs" expected table
        )

    testCase
        "a batched number meets batched vectors and matrices"
        (fun () ->
            let a, b = tensor [ 2 ] (noise 1 2), tensor [ 2; 3; 2 ] (noise 2 12)

            close
                1e-14
                "number · matrix"
                (Shaping.reshape [ 2; 1; 1 ] a * b)
                (vmap2 (fun a b -> a * b) a b)

            let row = tensor [ 2; 2 ] (noise 3 4)

            close
                1e-14
                "matrix + row"
                (b + Shaping.unsqueeze 1 row)
                (vmap2 (fun b r -> b + r) b row)
        )

    testCase
        "grad through vmap is vmap's sum of gradients"
        (fun () ->
            let xs = tensor [ 4; 3 ] (noise 3 12)
            let through = grad (fun w -> Tensor.sum (vmap (fun x -> f (x * w)) xs)) x3
            let summed = loop (fun x -> grad (fun w -> f (x * w)) x3) xs |> Tensor.sumOver [ 0 ]
            close 1e-12 "shared parameter" summed through
        )

    testCase
        "vmap of grad of vmap of grad"
        (fun () ->
            let xs, ys = tensor [ 2; 3 ] (noise 4 6), tensor [ 4; 3 ] (noise 5 12)

            let inner x y =
                grad (fun y -> Tensor.sum (sin (x * y))) y

            let whole x =
                grad (fun x -> Tensor.sum (vmap (inner x) ys)) x

            let plain x =
                grad (fun x -> Tensor.sum (loop (inner x) ys)) x

            close 1e-12 "loops" (loop plain xs) (vmap whole xs)
        )

    testCase
        "reading a number inside vmap is refused, inside grad it detaches"
        (fun () ->
            Expect.throwsT<InvalidOperationException>
                (fun () ->
                    vmap (fun x -> x * float (Tensor.sum x)) (Tensor.ones [ 2; 2 ]) |> ignore
                )
                "vmap"

            close
                1e-14
                "grad"
                (2.0 * Tensor.ones [ 2 ])
                (grad (fun x -> Tensor.sum (x * float x[0])) (2.0 * Tensor.ones [ 2 ]))
        )

    testCase
        "inputs of different length, and scalars, are refused"
        (fun () ->
            let add (a: Tensor) (b: Tensor) = a + b

            Expect.throwsT<ShapeException>
                (fun () -> vmap2 add (Tensor.ones [ 2 ]) (Tensor.ones [ 3 ]) |> ignore)
                "lengths"

            Expect.throwsT<ShapeException> (fun () -> vmap id (number 1.0) |> ignore) "scalar"
        )
]

[<Tests>]
let vmaps = testList "vmap" batches
