module Optim.TorchTests.EngineTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins
open Optim.TorchTests.EngineCases

[<Tests>]
let tests =
    testList "Torch engine" [
        torchCase "functions of one tensor"
        <| fun () ->
            for dtype in types do
                for shape in shapes do
                    for kind in unaries do
                        agree
                            (20.0 * tolerance dtype)
                            $"{kind} {dtype} {shape}"
                            [ shape, values dtype 3 (size shape) ]
                            (fun engine x -> engine.Unary(kind, x[0]))

        torchCase "functions of special numbers"
        <| fun () ->
            for kind in unaries do
                let at = [ special.Length ], (special :> Array)

                agree 1e-13 $"{kind}" [ at ] (fun engine x -> engine.Unary(kind, x[0]))

                let at = [ special.Length ], (Array.map float32 special :> Array)
                agree 1e-5 $"{kind} Float32" [ at ] (fun engine x -> engine.Unary(kind, x[0]))

        torchCase "functions of two tensors"
        <| fun () ->
            for dtype in types do
                for a, b in pairs do
                    for kind in binaries do
                        let divisor =
                            match values dtype 5 (size b) with
                            | :? (int64[]) as v ->
                                Array.map (fun v -> if v = 0L then 4L else v) v :> Array
                            | other -> other

                        agree
                            (4.0 * tolerance dtype)
                            $"{kind} {dtype} {a} {b}"
                            [ a, values dtype 4 (size a); b, divisor ]
                            (fun engine x -> engine.Binary(kind, x[0], x[1]))

        torchCase "functions of pairs of special numbers, comparisons and choices"
        <| fun () ->
            let n = special.Length
            let a = [ n; 1 ], (special :> Array)
            let b = [ n ], (special :> Array)

            for kind in binaries do
                // The gradients' first operand is a value of tanh or of the sigmoid.
                let a =
                    match kind with
                    | Binary.TanhGradient
                    | Binary.SigmoidGradient ->
                        [ n; 1 ],
                        (special |> Array.map (fun v -> Math.Clamp(v, -1.0, 1.0)) :> Array)
                    | _ -> a

                agree 1e-14 $"{kind}" [ a; b ] (fun engine x -> engine.Binary(kind, x[0], x[1]))

            for kind in comparisons do
                agree 0.0 $"{kind}" [ a; b ] (fun engine x -> engine.Compare(kind, x[0], x[1]))

                for dtype in types do
                    for a, b in pairs do
                        agree
                            0.0
                            $"{kind} {dtype} {a} {b}"
                            [ a, values dtype 4 (size a); b, values dtype 5 (size b) ]
                            (fun engine x -> engine.Compare(kind, x[0], x[1]))

            for dtype in types do
                for c, (a, b) in
                    List.allPairs [ []; [ 4 ]; [ 1; 4 ] ] [
                        [ 3; 4 ], [ 4 ]
                        [], []
                        [ 3; 1 ], [ 1 ]
                    ] do
                    agree
                        0.0
                        $"where {dtype} {c} {a} {b}"
                        [
                            c, truths 6 (size c)
                            a, values dtype 4 (size a)
                            b, values dtype 5 (size b)
                        ]
                        (fun engine x -> engine.Where(x[0], x[1], x[2]))

            agree
                0.0
                "where never mixes"
                [ [ 2 ], [| true; false |]; [ 2 ], [| 1.0; nan |]; [ 2 ], [| nan; 2.0 |] ]
                (fun engine x -> engine.Where(x[0], x[1], x[2]))

            agree
                0.0
                "where wants truth values"
                [ [ 2 ], [| 1.0; 0.0 |]; [ 2 ], [| 1.0; nan |]; [ 2 ], [| nan; 2.0 |] ]
                (fun engine x -> engine.Where(x[0], x[1], x[2]))

        torchCase "whole numbers at their limits"
        <| fun () ->
            let edge = [| Int64.MinValue; Int64.MaxValue; -1L; 1L; 7L; -7L; 2L |]
            let n = edge.Length

            for kind in binaries do
                agree
                    0.0
                    $"{kind}"
                    [ [ n; 1 ], edge; [ n ], edge ]
                    (fun engine x -> engine.Binary(kind, x[0], x[1]))

            agree
                0.0
                "by zero"
                [ [ 1 ], [| 3L |]; [ 1 ], [| 0L |] ]
                (fun engine x -> engine.Binary(Binary.Divide, x[0], x[1]))

        torchCase "scaling and shifting"
        <| fun () ->
            for dtype in types do
                for shape in shapes do
                    for scale, shift in
                        [
                            2.0, 0.0
                            1.0, 3.0
                            -1.0, 0.0
                            -3.0, 2.0
                            0.0, 1.0
                            0.1, 0.7
                            infinity, 0.0
                        ] do
                        agree
                            (4.0 * tolerance dtype)
                            $"{scale} x + {shift} {dtype} {shape}"
                            [ shape, values dtype 4 (size shape) ]
                            (fun engine x -> engine.Affine(scale, shift, x[0]))

        torchCase "numbers in, numbers out, other element types"
        <| fun () ->
            for source in types do
                for target in types do
                    for shape in shapes do
                        agree
                            0.0
                            $"{source} to {target} {shape}"
                            [ shape, values source 7 (size shape) ]
                            (fun engine x -> engine.Cast(target, x[0]))

            for target in types do
                agree
                    0.0
                    $"special to {target}"
                    [ [ special.Length ], special ]
                    (fun engine x -> engine.Cast(target, x[0]))

                agree
                    0.0
                    $"special Float32 to {target}"
                    [ [ special.Length ], Array.map float32 special ]
                    (fun engine x -> engine.Cast(target, x[0]))

            for dtype in types do
                for shape in shapes do
                    for value in [ 0.0; 1.0; -3.0; 0.1 ] do
                        agree
                            0.0
                            $"full {dtype} {shape} {value}"
                            []
                            (fun engine _ ->
                                engine.Full(Shape.Of(Array.ofList shape), dtype, value)
                            )

                for form in forms do
                    let x = lay (torch ()) form [ 2; 3 ] (values dtype 1 6)
                    let expected = managed.Read(lay managed Rows [ 2; 3 ] (values dtype 1 6))
                    Expect.equal (torch().Read x) expected "Read"

            Expect.throwsT<ShapeException>
                (fun () -> torch().OfArray(Shape.Of 3, [| 1.0 |]) |> ignore)
                "too few elements"

            Expect.throwsT<ArgumentException>
                (fun () -> torch().OfArray(Shape.Of 1, [| 1uy |]) |> ignore)
                "an unknown type"

            Expect.throwsT<ArgumentException>
                (fun () ->
                    torch().Unary(Unary.Exp, managed.OfArray(Shape.Of 1, [| 1.0 |])) |> ignore
                )
                "another engine's tensor"

        torchCase "reductions, running sums and positions of extremes"
        <| fun () ->
            let kinds = [
                Reduction.Sum
                Reduction.Product
                Reduction.Maximum
                Reduction.Minimum
                Reduction.LogSumExp
            ]

            for dtype in types do
                for shape in shapes do
                    let rank = shape.Length

                    let subsets = [
                        for bits in 0 .. (1 <<< rank) - 1 ->
                            [|
                                for i in 0 .. rank - 1 do
                                    if bits &&& (1 <<< i) <> 0 then
                                        i
                            |]
                    ]

                    for kind in kinds do
                        for axes in subsets do
                            for keep in [ true; false ] do
                                agree
                                    (40.0 * tolerance dtype)
                                    $"{kind} {dtype} {shape} over {axes} {keep}"
                                    [ shape, values dtype 8 (size shape) ]
                                    (fun engine x -> engine.Reduce(kind, axes, keep, x[0]))

                    for axis in 0 .. rank - 1 do
                        for flag in [ true; false ] do
                            agree
                                (10.0 * tolerance dtype)
                                $"running sums {dtype} {shape} {axis} {flag}"
                                [ shape, values dtype 8 (size shape) ]
                                (fun engine x -> engine.CumulativeSum(axis, flag, x[0]))

                            agree
                                0.0
                                $"arg {dtype} {shape} {axis} {flag}"
                                [ shape, values dtype 8 (size shape) ]
                                (fun engine x -> engine.ArgReduce(flag, axis, x[0]))

            let odd = [|
                nan
                1.0
                infinity
                infinity
                2.0
                nan
                -infinity
                -infinity
                3.0
                3.0
                1.0
                3.0
                -0.0
                0.0
                5.0
            |]

            for axis in 0..1 do
                for kind in kinds do
                    agree
                        1e-14
                        $"{kind} of special numbers"
                        [ [ 5; 3 ], odd ]
                        (fun engine x -> engine.Reduce(kind, [| axis |], false, x[0]))

                for flag in [ true; false ] do
                    agree
                        0.0
                        $"first of special numbers {axis} {flag}"
                        [ [ 5; 3 ], odd ]
                        (fun engine x -> engine.ArgReduce(flag, axis, x[0]))

                    agree
                        0.0
                        "first of equal ones"
                        [ [ 6; 5 ], Array.init 30 (fun i -> int64 (i % 2)) ]
                        (fun engine x -> engine.ArgReduce(flag, axis, x[0]))
    ]
