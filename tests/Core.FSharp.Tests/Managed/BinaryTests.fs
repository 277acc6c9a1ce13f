module Optim.CoreTests.BinaryTests

open System
open Expecto
open Optim
open Optim.CoreTests.Plain

let private minimum (a: float) (b: float) : float = Math.Min(a, b)
let private maximum (a: float) (b: float) : float = Math.Max(a, b)

let private cases: list<Binary * (float -> float -> float)> = [
    Binary.Add, (+)
    Binary.Subtract, (-)
    Binary.Multiply, (*)
    Binary.Divide, (/)
    Binary.Power, (fun a b -> Math.Pow(a, b))
    Binary.Atan2, (fun a b -> Math.Atan2(a, b))
    Binary.Maximum, maximum
    Binary.Minimum, minimum
    Binary.TanhGradient, (fun y t -> t * (1.0 - y * y))
    Binary.SigmoidGradient, (fun y t -> t * (y * (1.0 - y)))
    Binary.ReluGradient, (fun x t -> if x > 0.0 then t else 0.0)
]

/// Shapes of two operands: equal, scalars, rows, columns, outer, and several axes mixed.
let patterns: list<int list * int list> = [
    [], []
    [ 5 ], []
    [], [ 5 ]
    [ 7 ], [ 1 ]
    [ 1 ], [ 7 ]
    [ 4; 5 ], [ 5 ]
    [ 5 ], [ 4; 5 ]
    [ 4; 5 ], [ 4; 1 ]
    [ 4; 1 ], [ 4; 5 ]
    [ 4; 1 ], [ 1; 5 ]
    [ 4; 1 ], [ 5 ]
    [ 1; 5 ], [ 4; 1 ]
    [ 2; 3; 4 ], [ 3; 1 ]
    [ 2; 3; 4 ], [ 2; 1; 4 ]
    [ 2; 1; 4 ], [ 1; 3; 1 ]
    [ 2; 3; 1; 5 ], [ 3; 4; 1 ]
    [ 3; 1; 1 ], [ 1; 1; 1; 6 ]
    [ 1; 1 ], [ 1 ]
    [ 3; 17 ], [ 17 ]
    [ 70; 3 ], [ 3 ]
    [ 5 ], [ 211; 5 ]
    [ 40; 1 ], [ 40; 31 ]
    [ 2; 1; 70 ], [ 33; 70 ]
    [ 0; 3 ], [ 3 ]
    [ 3; 0 ], [ 3; 1 ]
]

let expected (f: 'T -> 'T -> 'Y) (sa: int list) (a: 'T[]) (sb: int list) (b: 'T[]) : 'Y[] =
    let pa, pb = Shape.Of(Array.ofList sa), Shape.Of(Array.ofList sb)
    let whole = Shape.broadcast "test" pa pb
    Array.init whole.Length (fun i -> f a[position whole pa i] b[position whole pb i])

let size (shape: int list) : int = List.fold (*) 1 shape

[<Tests>]
let binary =
    testList "Managed binary" [
        for kind, f in cases do
            testCase
                $"{kind}: sizes 0 to 70"
                (fun () ->
                    for n in 0..70 do
                        let a, b = numbers 1 n, numbers 2 n
                        let y = engine.Binary(kind, tensor [ n ] a, tensor [ n ] b)
                        allSame 2e-15 $"{kind}, n = {n}" (Array.map2 f a b) (floats y)
                )

            testCase
                $"{kind}: broadcasting"
                (fun () ->
                    for sa, sb in patterns do
                        let a, b = numbers 3 (size sa), numbers 4 (size sb)
                        let y = engine.Binary(kind, tensor sa a, tensor sb b)
                        allSame 2e-15 $"{kind}, {sa} and {sb}" (expected f sa a sb b) (floats y)
                )

            testCase
                $"{kind}: Float32"
                (fun () ->
                    for sa, sb in [ [ 19 ], [ 19 ]; [ 19 ], []; [], [ 19 ] ] do
                        let a, b =
                            numbers 5 (size sa) |> Array.map float32,
                            numbers 6 (size sb) |> Array.map float32

                        let y = engine.Binary(kind, tensor sa a, tensor sb b)
                        Expect.equal y.DType DType.Float32 "the type stays"
                        let wide = expected (fun u v -> f (float u) (float v)) sa a sb b
                        let actual = floats y

                        for i in 0 .. wide.Length - 1 do
                            if Double.IsNaN wide[i] then
                                Expect.isTrue (Double.IsNaN actual[i]) $"{kind}: NaN"
                            else
                                let error =
                                    Math.Abs(actual[i] - wide[i]) / (1.0 + Math.Abs wide[i])

                                Expect.isLessThan
                                    error
                                    2e-6
                                    $"{kind}: {actual[i]} against {wide[i]}"
                )

        testCase
            "operands from offsets of shared memory"
            (fun () ->
                let x = tensor [ 6; 5 ] (numbers 1 30)

                let rows start count =
                    engine.Slice(
                        [|
                            { Start = start; Step = 1; Count = count }
                            { Start = 0; Step = 1; Count = 5 }
                        |],
                        x
                    )

                let y = engine.Binary(Binary.Subtract, rows 1 5, rows 0 5)
                let v = floats x
                allSame 0.0 "differences" (Array.init 25 (fun i -> v[i + 5] - v[i])) (floats y)
                let one = engine.Binary(Binary.Multiply, rows 2 3, rows 5 1)

                allSame
                    0.0
                    "a row against rows"
                    (Array.init 15 (fun i -> v[i + 10] * v[25 + i % 5]))
                    (floats one)
            )

        testCase
            "many elements, on several threads"
            (fun () ->
                let n = 200_003
                let a, b = numbers 1 n, numbers 2 n

                allSame
                    0.0
                    "both"
                    (Array.map2 (+) a b)
                    (floats (engine.Binary(Binary.Add, tensor [ n ] a, tensor [ n ] b)))

                let row = numbers 3 500
                let big = numbers 4 250_000
                let y = engine.Binary(Binary.Multiply, tensor [ 500; 500 ] big, tensor [ 500 ] row)
                allSame 0.0 "row" (Array.init 250_000 (fun i -> big[i] * row[i % 500])) (floats y)

                let z =
                    engine.Binary(Binary.Divide, tensor [ 500; 500 ] big, tensor [ 500; 1 ] row)

                allSame
                    0.0
                    "column"
                    (Array.init 250_000 (fun i -> big[i] / row[i / 500]))
                    (floats z)
            )

        testCase
            "NaN, infinity and zeros"
            (fun () ->
                let a = [| nan; 1.0; nan; infinity; -infinity; 0.0; -0.0; 1.0; -1.0 |]
                let b = [| 1.0; nan; nan; -infinity; 2.0; -0.0; 0.0; 0.0; 0.0 |]

                for kind, f in cases do
                    if kind <> Binary.ReluGradient then
                        let y = floats (engine.Binary(kind, tensor [ 9 ] a, tensor [ 9 ] b))
                        allSame 0.0 $"{kind}" (Array.map2 f a b) y
                        // The same through the paths for one number.
                        for i in 0..8 do
                            let right = engine.Binary(kind, tensor [ 9 ] a, tensor [] [| b[i] |])

                            allSame
                                0.0
                                $"{kind} right"
                                (a |> Array.map (fun u -> f u b[i]))
                                (floats right)

                            let left = engine.Binary(kind, tensor [] [| a[i] |], tensor [ 9 ] b)
                            allSame 0.0 $"{kind} left" (b |> Array.map (f a[i])) (floats left)
            )

        testCase
            "whole numbers"
            (fun () ->
                let a, b = [| 7L; -7L; Int64.MinValue; 5L |], [| 2L; 2L; -1L; -3L |]

                let run kind =
                    wholes (engine.Binary(kind, tensor [ 4 ] a, tensor [ 4 ] b))

                Expect.equal
                    (run Binary.Divide)
                    [| 3L; -3L; Int64.MinValue; -1L |]
                    "Divide cuts towards 0"

                Expect.equal (run Binary.Add) (Array.map2 (+) a b) "Add"
                Expect.equal (run Binary.Multiply) (Array.map2 (*) a b) "Multiply"
                Expect.equal (run Binary.Maximum) (Array.map2 max a b) "Maximum"
                Expect.equal (run Binary.Minimum) (Array.map2 min a b) "Minimum"

                let matrix =
                    engine.Binary(
                        Binary.Subtract,
                        tensor [ 2; 1 ] [| 10L; 20L |],
                        tensor [ 3 ] [| 1L; 2L; 3L |]
                    )

                Expect.equal (wholes matrix) [| 9L; 8L; 7L; 19L; 18L; 17L |] "broadcast"

                Expect.throwsT<ArgumentException>
                    (fun () ->
                        engine.Binary(Binary.Divide, tensor [ 1 ] [| 1L |], tensor [ 1 ] [| 0L |])
                        |> ignore
                    )
                    "division by zero"

                Expect.throwsT<ArgumentException>
                    (fun () ->
                        engine.Binary(Binary.Atan2, tensor [ 1 ] [| 1L |], tensor [ 1 ] [| 1L |])
                        |> ignore
                    )
                    "no angle of whole numbers"
            )

        testCase
            "truth values"
            (fun () ->
                let a, b =
                    tensor [ 4 ] [| true; true; false; false |],
                    tensor [ 4 ] [| true; false; true; false |]

                Expect.equal
                    (truths (engine.Binary(Binary.Maximum, a, b)))
                    [| true; true; true; false |]
                    "or"

                Expect.equal
                    (truths (engine.Binary(Binary.Minimum, a, b)))
                    [| true; false; false; false |]
                    "and"

                let one = tensor [] [| true |]

                Expect.equal
                    (truths (engine.Binary(Binary.Minimum, one, b)))
                    (truths b)
                    "and with true"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.Binary(Binary.Add, a, b) |> ignore)
                    "no sums"

                Expect.equal
                    (truths (engine.Compare(Comparison.Less, b, a)))
                    [| false; true; false; false |]
                    "false < true"
            )

        testCase
            "shapes that do not broadcast are refused"
            (fun () ->
                Expect.throwsT<ShapeException>
                    (fun () ->
                        engine.Binary(
                            Binary.Add,
                            tensor [ 3 ] (numbers 1 3),
                            tensor [ 2 ] (numbers 1 2)
                        )
                        |> ignore
                    )
                    "3 and 2"
            )
    ]
