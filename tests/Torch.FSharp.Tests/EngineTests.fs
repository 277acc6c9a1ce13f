module Optim.TorchTests.EngineTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

let private shapes: list<int list> = [
    []
    [ 1 ]
    [ 7 ]
    [ 0 ]
    [ 3; 4 ]
    [ 2; 3; 4 ]
    [ 2; 0; 3 ]
    [ 1; 5; 1 ]
]

let private pairs: list<int list * int list> = [
    [], []
    [ 5 ], []
    [], [ 2; 3 ]
    [ 3; 4 ], [ 3; 4 ]
    [ 3; 4 ], [ 4 ]
    [ 3; 1 ], [ 1; 4 ]
    [ 2; 1; 4 ], [ 3; 1 ]
    [ 0; 4 ], [ 4 ]
    [ 2; 0 ], [ 2; 1 ]
]

let private tolerance (dtype: DType) : float =
    match dtype with
    | DType.Float64 -> 1e-14
    | DType.Float32 -> 1e-6
    | DType.Int64
    | DType.Bool -> 0.0

let private types = [ DType.Float64; DType.Float32; DType.Int64; DType.Bool ]

let private unaries = [
    Unary.Exp
    Unary.Expm1
    Unary.Log
    Unary.Log1p
    Unary.Sqrt
    Unary.Square
    Unary.Reciprocal
    Unary.Power 2.0
    Unary.Power 3.0
    Unary.Power -1.0
    Unary.Power 1.0
    Unary.Power 0.0
    Unary.Power 0.5
    Unary.Power -0.5
    Unary.Power 2.5
    Unary.Power -2.0
    Unary.Power 4.0
    Unary.Abs
    Unary.Sign
    Unary.Floor
    Unary.Ceiling
    Unary.Round
    Unary.Sin
    Unary.Cos
    Unary.Tan
    Unary.Asin
    Unary.Acos
    Unary.Atan
    Unary.Sinh
    Unary.Cosh
    Unary.Tanh
    Unary.Asinh
    Unary.Acosh
    Unary.Atanh
    Unary.Sigmoid
    Unary.Softplus
    Unary.Relu
    Unary.Erf
    Unary.Erfc
    Unary.LogGamma
    Unary.Polygamma 0
    Unary.Polygamma 1
    Unary.Polygamma 2
    Unary.Polygamma 3
    Unary.IsNaN
    Unary.IsFinite
    Unary.Not
]

let private binaries = [
    Binary.Add
    Binary.Subtract
    Binary.Multiply
    Binary.Divide
    Binary.Power
    Binary.Atan2
    Binary.Maximum
    Binary.Minimum
    Binary.TanhGradient
    Binary.SigmoidGradient
    Binary.ReluGradient
]

let private comparisons = [
    Comparison.Equal
    Comparison.NotEqual
    Comparison.Less
    Comparison.LessEqual
    Comparison.Greater
    Comparison.GreaterEqual
]

let private special: float[] = [|
    nan
    infinity
    -infinity
    0.0
    -0.0
    1.0
    -1.0
    0.5
    -0.5
    1.5
    2.5
    -2.5
    2.0
    -2.0
    1e-300
    1e300
    -1e300
    5e-324
    -3.0
    1e19
    -1e19
    9.3e18
    800.0
    -800.0
|]

let private span start step count : AxisRange = { Start = start; Step = step; Count = count }

let private reshape (dims: int list) (engine: Engine) (x: Tensor) : Tensor =
    engine.Reshape(Shape.Of(Array.ofList dims), x)

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
