module Optim.TorchTests.EngineMovesTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins
open Optim.TorchTests.EngineCases

[<Tests>]
let tests =
    testList "Torch engine, products and moves" [
        torchCase "matrix products"
        <| fun () ->
            let leads: list<int list * int list> = [
                [], []
                [ 3 ], [ 3 ]
                [ 3 ], []
                [], [ 3 ]
                [ 2; 1 ], [ 3 ]
                [ 2; 3 ], [ 2; 1 ]
                [ 1 ], [ 4 ]
                [ 1; 1 ], [ 1 ]
                [ 0 ], []
            ]

            for dtype in [ DType.Float64; DType.Float32; DType.Int64 ] do
                for leadA, leadB in leads do
                    for ta, tb in [ false, false; true, false; false, true; true, true ] do
                        for m, n, k in
                            [ 2, 3, 4; 1, 5, 3; 3, 1, 2; 1, 1, 6; 2, 3, 0; 0, 2, 3; 9, 8, 7 ] do
                            let a = leadA @ (if ta then [ k; m ] else [ m; k ])
                            let b = leadB @ (if tb then [ n; k ] else [ k; n ])

                            agree
                                (60.0 * tolerance dtype)
                                $"{a} {ta} times {b} {tb} {dtype}"
                                [ a, values dtype 1 (size a); b, values dtype 2 (size b) ]
                                (fun engine x -> engine.MatMul(ta, tb, x[0], x[1]))

            agree
                0.0
                "do not fit"
                [ [ 2; 3 ], numbers 1 6; [ 2; 3 ], numbers 1 6 ]
                (fun engine x -> engine.MatMul(false, false, x[0], x[1]))

        torchCase "shapes"
        <| fun () ->
            for dtype in types do
                let x = [ 2; 3; 4 ], values dtype 9 24

                for dims in
                    [
                        [ 24 ]
                        [ 6; 4 ]
                        [ 2; 12 ]
                        [ 4; 3; 2 ]
                        [ 1; 24 ]
                        [ 2; 3; 2; 2 ]
                        [ 2; 1; 3; 4; 1 ]
                    ] do
                    agree 0.0 $"reshape {dims}" [ x ] (fun engine x -> reshape dims engine x[0])

                    agree
                        0.0
                        $"reshape of a permuted one {dims}"
                        [ x ]
                        (fun engine x -> reshape dims engine (engine.Permute([| 1; 0; 2 |], x[0])))

                    agree
                        0.0
                        $"reshape of an expanded one {dims}"
                        [ [ 3; 1 ], values dtype 9 3 ]
                        (fun engine x ->
                            reshape dims engine (engine.Expand(Shape.Of(2, 3, 4), x[0]))
                        )

                for axes in [ [| 0; 1; 2 |]; [| 2; 1; 0 |]; [| 1; 2; 0 |]; [| 0; 2; 1 |] ] do
                    agree 0.0 $"permute {axes}" [ x ] (fun engine x -> engine.Permute(axes, x[0]))

                for ranges in
                    [
                        [| span 0 1 2; span 0 1 3; span 0 1 4 |]
                        [| span 1 1 1; span 0 2 2; span 3 -1 4 |]
                        [| span 1 -1 2; span 2 -2 2; span 1 1 2 |]
                        [| span 0 1 2; span 0 1 0; span 0 1 4 |]
                        [| span 1 -5 1; span 1 9 1; span 2 1 1 |]
                    ] do
                    agree 0.0 $"slice {ranges}" [ x ] (fun engine x -> engine.Slice(ranges, x[0]))

                for shape, target in
                    [
                        [], [ 2; 3 ]
                        [ 3 ], [ 2; 3 ]
                        [ 2; 1 ], [ 2; 3 ]
                        [ 1; 3 ], [ 4; 2; 3 ]
                        [ 1 ], [ 0 ]
                        [ 2; 3 ], [ 2; 3 ]
                    ] do
                    agree
                        0.0
                        $"expand {shape} to {target}"
                        [ shape, values dtype 9 (size shape) ]
                        (fun engine x -> engine.Expand(Shape.Of(Array.ofList target), x[0]))

                // Pieces side by side, apart, in strides, backwards, over each other, of nothing.
                for target, ranges in
                    [
                        [ 7 ], [ [| span 0 1 3 |]; [| span 3 1 4 |] ]
                        [ 7 ], [ [| span 3 1 4 |]; [| span 0 1 3 |] ]
                        [ 9 ], [ [| span 1 1 3 |]; [| span 5 1 2 |] ]
                        [ 9 ], [ [| span 0 3 3 |]; [| span 1 3 3 |] ]
                        [ 9 ], [ [| span 8 -3 3 |]; [| span 1 1 1 |] ]
                        [ 5 ], [ [| span 0 1 4 |]; [| span 1 1 4 |]; [| span 4 -1 5 |] ]
                        [ 5 ], [ [| span 0 1 0 |] ]
                        [ 5 ], [ [| span 0 1 5 |] ]
                        [ 5 ], [ [| span 4 -1 5 |] ]
                        [ 2; 3 ], [ [| span 0 1 2; span 0 1 1 |]; [| span 0 1 2; span 1 1 2 |] ]
                        [ 4; 4 ], [ [| span 0 1 2; span 0 1 2 |]; [| span 2 1 2; span 2 1 2 |] ]
                        [ 4; 4 ], [ [| span 1 1 2; span 0 1 2 |]; [| span 2 1 2; span 0 2 2 |] ]
                        [ 0; 3 ], [ [| span 0 1 0; span 0 1 3 |] ]
                        [], [ [||]; [||] ]
                    ] do
                    let pieces =
                        ranges
                        |> List.mapi (fun i r ->
                            let shape = [ for range in r -> range.Count ]
                            shape, values dtype (i + 2) (size shape)
                        )

                    agree
                        (4.0 * tolerance dtype)
                        $"assemble {target} {ranges} {dtype}"
                        pieces
                        (fun engine x ->
                            engine.Assemble(Shape.Of(Array.ofList target), Array.ofList ranges, x)
                        )

            agree 0.0 "assemble nothing" [] (fun engine x -> engine.Assemble(Shape.Of 3, [||], x))

        torchCase "selection"
        <| fun () ->
            for dtype in types do
                for axis in 0..2 do
                    let shape = [ 3; 4; 5 ]
                    let length = shape[axis]
                    let some = [| 2L; 0L; 2L; 1L; 0L; 2L |]
                    let x = shape, values dtype 2 60

                    agree
                        0.0
                        $"select {dtype} {axis}"
                        [ x; [ 6 ], some ]
                        (fun engine x -> engine.IndexSelect(axis, x[0], x[1]))

                    agree
                        0.0
                        $"select none {dtype} {axis}"
                        [ x; [ 0 ], Array.empty<int64> ]
                        (fun engine x -> engine.IndexSelect(axis, x[0], x[1]))

                    let positions = Array.init length (fun i -> int64 (i * 7 % 6))

                    agree
                        (8.0 * tolerance dtype)
                        $"add {dtype} {axis}"
                        [ x; [ length ], positions ]
                        (fun engine x -> engine.IndexAdd(axis, 6, x[0], x[1]))

                    let all = Array.init 60 (fun i -> int64 (i * 7 % length))

                    agree
                        0.0
                        $"gather {dtype} {axis}"
                        [ x; shape, all ]
                        (fun engine x -> engine.Gather(axis, x[0], x[1]))

                    agree
                        (8.0 * tolerance dtype)
                        $"scatter {dtype} {axis}"
                        [ x; shape, all ]
                        (fun engine x -> engine.ScatterAdd(axis, 6, x[0], x[1]))

                    for bad in [ -1L; int64 length ] do
                        agree
                            0.0
                            "outside"
                            [ x; [ 2 ], [| 0L; bad |] ]
                            (fun engine x -> engine.IndexSelect(axis, x[0], x[1]))

            agree
                0.0
                "indices are whole numbers"
                [ [ 3 ], numbers 1 3; [ 1 ], [| 0.0 |] ]
                (fun engine x -> engine.IndexSelect(0, x[0], x[1]))

            agree
                0.0
                "of nothing"
                [ [ 0; 3 ], numbers 1 0; [ 0 ], Array.empty<int64> ]
                (fun engine x -> engine.IndexAdd(0, 2, x[0], x[1]))

        torchCase "a tensor says what it is as the managed engine's does"
        <| fun () ->
            for form in forms do
                let x = lay (torch ()) form [ 2; 3 ] (numbers 1 6)

                Expect.equal
                    (x.ToString())
                    (string (lay managed Rows [ 2; 3 ] (numbers 1 6)))
                    "text"

            Expect.equal
                (string (torch().Full(Shape.Of 2000, DType.Int64, 1.0)))
                "Tensor (2000) Int64"
                "long"
    ]
