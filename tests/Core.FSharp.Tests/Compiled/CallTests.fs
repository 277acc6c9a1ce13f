/// Calls write what their operations give, where they are told to and nowhere else.
module Optim.CoreTests.CallTests

open System
open Expecto
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Managed
open Optim.Primitives
open Optim.CoreTests.RandomFunctions

// Operands lie at this offset in their arrays, the result at this one in its own.
let private from = 3
let private at = 5
let private behind = 7

let private guarded (mark: Array) (offset: int) (values: Array) : Array =
    let length = values.Length

    let all =
        Array.CreateInstance((nonNull (mark.GetType().GetElementType())), offset + length + behind)

    for i in 0 .. all.Length - 1 do
        all.SetValue(mark.GetValue 0, i)

    Array.Copy(values, 0, all, offset, length)
    all

let private mark (dtype: DType) : Array =
    match dtype with
    | DType.Float64 -> [| -777.0 |]
    | DType.Float32 -> [| -777.0f |]
    | DType.Int64 -> [| -777L |]
    | DType.Bool -> [| true |]

let private check (primitive: obj) (inputs: Tensor[]) : unit =
    let engine = ManagedEngine.Instance :> Engine
    let expected = Graph.evaluate primitive inputs
    let kind (x: Tensor) = struct (x.Shape, x.DType)

    let call =
        Call.prepare
            (Operation.ofPrimitive primitive)
            primitive
            (Array.map kind inputs)
            (kind expected)

    let arrays =
        inputs |> Array.map (fun x -> guarded (mark x.DType) from (engine.ToArray x))

    let blank = Arrays.create expected.DType expected.Length
    let output = guarded (mark expected.DType) at blank
    let offsets = inputs |> Array.map (fun _ -> from)

    // Twice: what is left of the first must not matter.
    for _ in 1..2 do
        call.Run(arrays, offsets, output, at)

    let whole = guarded (mark expected.DType) at (engine.ToArray expected)

    Expect.equal
        (Seq.cast<obj> output |> List.ofSeq)
        (Seq.cast<obj> whole |> List.ofSeq)
        "all of the array"

let private op (primitive: 'P when 'P: not struct and 'P: not null) : obj = primitive :> obj

let private number (seed: int) (shape: int list) : Tensor = numbers seed shape false

let private whole (seed: int) (shape: int list) : Tensor =
    Tensor.cast DType.Int64 (5.0 * number seed shape)

let private truth (seed: int) (shape: int list) : Tensor =
    Tensor.greater (number seed shape) (Tensor.scalar 0.0)

// The same numbers in each type that the operation takes.
let private numeric (seed: int) (shape: int list) : Tensor list = [
    number seed shape
    numbers seed shape true
    whole seed shape
]

let private every (seed: int) (shape: int list) : Tensor list =
    truth seed shape :: numeric seed shape

let private range (start: int) (step: int) (count: int) : AxisRange = {
    Start = start
    Step = step
    Count = count
}

let private cases: (string * (obj * Tensor[]) list) list = [
    "affine", [ for x in numeric 1 [ 3; 5 ] -> op (Affine(2.0, -1.0)), [| x |] ]
    "functions of floating-point numbers",
    [
        for x in [ number 1 [ 17 ]; numbers 1 [ 17 ] true ] do
            for kind in
                [
                    Unary.Exp
                    Unary.Square
                    Unary.Erf
                    Unary.IsNaN
                    Unary.IsFinite
                    Unary.Power 1.5
                ] do
                op (Elementwise1 kind), [| Tensor.abs x |]
    ]
    "functions of others",
    [
        op (Elementwise1 Unary.Square), [| whole 1 [ 9 ] |]
        op (Elementwise1 Unary.IsFinite), [| whole 1 [ 9 ] |]
        op (Elementwise1 Unary.Not), [| truth 1 [ 9 ] |]
    ]
    "pairs",
    [
        for kind in [ Binary.Add; Binary.Multiply; Binary.Maximum ] do
            for a, b in
                [
                    [ 4; 5 ], [ 4; 5 ]
                    [ 4; 5 ], [ 5 ]
                    [ 4; 1 ], [ 4; 5 ]
                    [], [ 7 ]
                    [ 3; 1; 5 ], [ 4; 1 ]
                ] do
                for x, y in List.zip (numeric 1 a) (numeric 2 b) do
                    op (Elementwise2 kind), [| x; y |]

        op (Elementwise2 Binary.Maximum), [| truth 1 [ 4; 5 ]; truth 2 [ 5 ] |]
    ]
    "comparisons",
    [
        for a, b in [ [ 4; 5 ], [ 4; 5 ]; [ 4; 5 ], [ 1 ]; [ 3; 1; 5 ], [ 4; 1 ] ] do
            for x, y in List.zip (every 1 a) (every 2 b) do
                op (Compare Comparison.Less), [| x; y |]
    ]
    "choices",
    [
        for a, b in [ [ 4; 5 ], [ 4; 5 ]; [ 5 ], [ 4; 1 ] ] do
            for x, y in List.zip (every 1 a) (every 2 b) do
                op (Where()), [| truth 3 [ 4; 5 ]; x; y |]
    ]
    "casts",
    [
        for x in every 1 [ 3; 4 ] do
            for dtype in [ DType.Float64; DType.Float32; DType.Int64; DType.Bool ] do
                op (Cast dtype), [| x |]
    ]
    "sums and reductions",
    [
        for axes in [ [| 0 |]; [| 1 |]; [| 0; 2 |]; [| 0; 1; 2 |] ] do
            for keep in [ true; false ] do
                for x in numeric 1 [ 3; 4; 5 ] do
                    op (Sum(axes, keep)), [| x |]
                    op (Reduce(Reduction.Maximum, axes, keep)), [| x |]

                op (Reduce(Reduction.LogSumExp, axes, keep)), [| number 1 [ 3; 4; 5 ] |]
                op (Reduce(Reduction.Minimum, axes, keep)), [| truth 1 [ 3; 4; 5 ] |]
    ]
    "running sums and positions",
    [
        for axis in 0..1 do
            for x in numeric 1 [ 4; 5 ] do
                op (CumulativeSum(axis, (axis = 0))), [| x |]

            for x in every 1 [ 4; 5 ] do
                op (ArgReduce((axis = 0), axis)), [| x |]
    ]
    "matrix products",
    [
        for single in [ false; true ] do
            let m shape = numbers 1 shape single
            op (MatMul(false, false)), [| m [ 3; 4 ]; m [ 4; 5 ] |]
            op (MatMul(true, true)), [| m [ 4; 3 ]; m [ 5; 4 ] |]
            op (MatMul(false, true)), [| m [ 2; 3; 4 ]; m [ 2; 5; 4 ] |]
            op (MatMul(false, false)), [| m [ 2; 1; 3; 4 ]; m [ 6; 4; 5 ] |]
            op (MatMul(true, false)), [| m [ 4; 3 ]; m [ 3; 2; 4; 2 ] |]
            op (MatMul(false, false)), [| m [ 3; 0 ]; m [ 0; 5 ] |]
    ]
    "moves",
    [
        for x in every 1 [ 3; 4; 5 ] do
            op (Reshape(Shape.Of(5, 12))), [| x |]
            op (Permute [| 2; 0; 1 |]), [| x |]
            op (Expand(Shape.Of(2, 3, 4, 5))), [| x |]
            op (Slice [| range 0 1 2; range 3 -2 2; range 1 3 2 |]), [| x |]

            op (
                Assemble(
                    Shape.Of(4, 4, 6),
                    [|
                        [| range 0 1 3; range 0 1 4; range 0 1 5 |]
                        [| range 1 1 3; range 3 -1 4; range 1 1 5 |]
                    |]
                )
            ),
            [| x; x |]

        for x in every 1 [ 6 ] do
            op (Assemble(Shape.Of 400, [| [| range 7 3 6 |] |])), [| x |]
            op (Slice [| range 5 -2 3 |]), [| x |]
    ]
    "what is chosen by positions",
    [
        for x in every 1 [ 3; 4 ] do
            op (IndexSelect 1), [| x; Tensor.indices [ 3; 0; 3 ] |]
            op (IndexAdd(1, 6)), [| x; Tensor.indices [ 5; 0; 5; 1 ] |]
            op (Gather 0), [| x; Tensor.create [ 2; 4 ] [| 2L; 0L; 1L; 1L; 0L; 0L; 2L; 2L |] |]

            op (ScatterAdd(0, 5)),
            [| x; Tensor.create [ 3; 4 ] (Array.init 12 (fun i -> int64 (i % 5))) |]
    ]
    "what is evaluated and copied",
    [
        let a =
            Tensor.matmul (number 1 [ 3; 3 ]) (Shaping.transpose (number 1 [ 3; 3 ]))
            + Tensor.identity 3

        op (Cholesky()), [| a |]
        op (Solve()), [| a; number 2 [ 3; 2 ] |]
        op (SymmetricEigen()), [| a |]
    ]
]

[<Tests>]
let calls =
    testList "Calls" [
        for name, all in cases do
            testCase
                name
                (fun () ->
                    for primitive, inputs in all do
                        check primitive inputs
                )
    ]
