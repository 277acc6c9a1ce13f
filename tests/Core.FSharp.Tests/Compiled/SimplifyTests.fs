module Optim.CoreTests.SimplifyTests

open Expecto
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Core.Derivatives
open Optim.Primitives
open Optim.CoreTests.CompileTests

let private vector = Tensor.ofArray [| 0.5; -1.0; 2.0; 3.0; -0.25; 7.0 |]

let private simplified (f: Tensor -> Tensor) : Graph =
    Simplify.run (Recorder.record (fun x -> [| f x[0] |]) [| vector |])

// The operations that are left, in order.
let private operations (f: Tensor -> Tensor) : string list =
    (simplified f).Nodes
    |> Array.choose (fun node ->
        match node.Source with
        | Source.Computed(operation, _, _) -> Some(Graph.operationText operation)
        | Source.Input _
        | Source.Constant _ -> None
    )
    |> List.ofArray

let private becomes (name: string) (f: Tensor -> Tensor) (expected: string list) : Test =
    testCase name (fun () -> Expect.equal (operations f) expected (Graph.text (simplified f)))

let private ones = Tensor.ones [ 6 ]
let private matrix (x: Tensor) : Tensor = Shaping.reshape [ 2; 3 ] x

// The function in single precision.
let private single (f: Tensor -> Tensor) (x: Tensor) : Tensor =
    Tensor.cast DType.Float64 (f (Tensor.cast DType.Float32 x))

// The values of the simplified graph.
let private run (f: Tensor -> Tensor) (x: Tensor) : float[] =
    let graph = Simplify.run (Recorder.record (fun x -> [| f x[0] |]) [| x |])
    let output: float[] = Array.zeroCreate graph.Nodes[graph.Outputs[0]].Shape.Length
    (Programs.replay graph).NewSession().Run([| x.ToArray() |], [| 0 |], [| output |])
    output

let private exact (name: string) (f: Tensor -> Tensor) (x: float list) : Test =
    testCase
        name
        (fun () ->
            let x = Tensor.ofSeq x

            let bits (values: float[]) =
                values |> Array.map System.BitConverter.DoubleToInt64Bits

            Expect.equal (bits (run f x)) (bits ((f x).ToArray())) "the same bits"
        )

let private rewrites =
    testList "rewrites" [
        becomes "nothing is computed twice" (fun x -> sin x + sin x * 1.0) [ "Sin"; "Add" ]
        becomes "order of commuting operands" (fun x -> (sin x + x) - (x + sin x)) [
            "Sin"
            "Add"
            "Subtract"
        ]
        becomes
            "what nobody needs goes"
            (fun x ->
                Tensor.exp x |> ignore
                cos x
            )
            [ "Cos" ]
        becomes "negated twice" (fun x -> -(-x)) []
        becomes "times one, and a shift by nothing" (fun x -> x * ones - Tensor.zeros [ 6 ]) []
        becomes "scales merge" (fun x -> 3.0 * (2.0 * x) + 1.0) [ "affine 6 1" ]
        becomes "scales of factors merge" (fun x -> 2.0 * x * (3.0 * sin x)) [
            "Sin"
            "Multiply"
            "affine 6 0"
        ]
        becomes "doubling is multiplied out" (fun x -> 2.0 * (x - 1.0)) [ "affine 2 -2" ]
        becomes "a small factor and a modest one merge" (fun x -> 2.0 * (1e-30 * x)) [
            "affine 2E-30 0"
        ]
        becomes "shifts are not added up" (fun x -> 1.0 - x + 2.0) [ "affine -1 1"; "affine 1 2" ]
        becomes "other scales are not" (fun x -> 3.0 * (x - 1.0)) [ "affine 1 -1"; "affine 3 0" ]
        becomes "signs move out of products and into sums" (fun x -> x + -(sin x) * x) [
            "Sin"
            "Multiply"
            "Subtract"
        ]
        becomes
            "a full constant is a number"
            (fun x -> x * Tensor.full [ 6 ] 3.0 + Tensor.full [ 1 ] 2.0)
            [ "affine 3 2" ]
        becomes "halving is multiplication" (fun x -> x / Tensor.full [ 6 ] 2.0) [ "affine 0.5 0" ]
        becomes "thirds are not" (fun x -> x / Tensor.full [ 6 ] 3.0) [ "Divide" ]
        becomes "one over x" (fun x -> ones / x) [ "Reciprocal" ]
        becomes "powers with names" (fun x -> Tensor.power 2.0 x + Tensor.power 1.0 x) [
            "Square"
            "Add"
        ]
        becomes
            "constants are folded"
            (fun x -> x * (Tensor.square ones + Shaping.expand [ 6 ] (Tensor.scalar 1.0)))
            [ "affine 2 0" ]
        becomes
            "a number is stretched last"
            (fun x -> sin (Shaping.expand [ 4; 1 ] (Tensor.sum x)) * 2.0)
            [ "sum [0]"; "Sin"; "affine 2 0"; "expand (4, 1)" ]
        becomes
            "what is stretched alike is computed once"
            (fun x -> Tensor.sum (Shaping.expand [ 5; 6 ] x * x))
            [ "Square"; "expand (5, 6)"; "sum [0, 1]" ]
        becomes "a sum of equals" (fun x -> Tensor.sumOver [ 0 ] (Shaping.expand [ 5; 6 ] x)) [
            "affine 5 0"
        ]
        becomes "shapes there and back" (fun x -> Shaping.reshape [ 6 ] (-(matrix x))) [
            "affine -1 0"
        ]
        becomes "a sum of another shape" (fun x -> Tensor.sum (matrix x)) [ "sum [0]" ]
        becomes
            "an axis kept and dropped"
            (fun x -> Shaping.reshape [ 3 ] (Tensor.sumKeep [ 0 ] (matrix x)))
            [ "reshape (2, 3)"; "sum [0]" ]
        becomes
            "permuted there and back"
            (fun x -> Shaping.transpose (Shaping.transpose (matrix x)))
            [ "reshape (2, 3)" ]
        becomes
            "permuting an axis of one position"
            (fun x -> Shaping.transpose (Shaping.reshape [ 1; 6 ] x))
            [ "reshape (6, 1)" ]
        becomes "a part of a part" (fun x -> Shaping.slice 0 1 2 2 x[1..]) [ "slice [2+2by2]" ]
        becomes "a part of what was joined" (fun x -> (Shaping.concat 0 [ x; sin x ])[7..9]) [
            "Sin"
            "slice [1+3]"
        ]
        becomes "a part across the seam stays" (fun x -> (Shaping.concat 0 [ x; sin x ])[4..9]) [
            "Sin"
            "assemble (12) [0+6] [6+6]"
            "slice [4+6]"
        ]
        becomes
            "products of transposed matrices"
            (fun x -> Tensor.matmul (Shaping.transpose (matrix x)) (matrix (sin x)))
            [ "reshape (2, 3)"; "Sin"; "reshape (2, 3)"; "matmul aT" ]
        becomes
            "single precision there and back"
            (fun x -> Tensor.cast DType.Float64 (Tensor.cast DType.Float32 x))
            [ "cast Float32"; "cast Float64" ]
        becomes
            "a choice that is made"
            (fun x -> Tensor.where (Tensor.greater ones (Tensor.zeros [ 6 ])) x (sin x))
            []
    ]

let private exactness =
    testList "what stays" [
        exact "nothing times infinity" (fun x -> x * 0.0) [ infinity; nan; -1.0; 0.0 ]
        exact "infinity less infinity" (fun x -> x - x) [ infinity; nan; -1.0; 0.0 ]
        exact "nothing added to −0" (fun x -> x + Tensor.zeros [ 3 ]) [ -0.0; 0.0; 1.0 ]
        exact "−0 subtracted" (fun x -> x - Tensor.full [ 3 ] -0.0) [ -0.0; 0.0; 1.0 ]
        exact "nothing less x" (fun x -> Tensor.zeros [ 3 ] - x) [ -0.0; 0.0; 1.0 ]
        exact "scales beyond the range" (fun x -> 1e200 * (1e200 * x)) [ 0.0; 1e-300; 1.0 ]
        exact "scales below the range" (fun x -> 1e-200 * (1e-200 * x)) [ 0.0; 1e300; 1.0 ]
        exact "cancellation" (fun x -> 3.0 * (x - 1.0)) [
            1.0 + 2.220446049250313e-16
            0.9999999999999999
            1.0
        ]
        exact "a small shift after one that cancels" (single (fun p -> log (1.0 - p + 1e-8))) [
            1.0
            0.5
        ]
        exact "a small shift after a large one" (fun x -> (x + 1e16) + 1.0) [ -1e16; 0.0 ]
        exact "a shift there and back" (fun x -> (1.0 + x) - 1.0) [ 1e-20; 3e-16; 1.0 ]
        exact "small scales of large factors" (single (fun x -> (1e-15 * x) * (1e-15 * (x + 1.0)))) [
            1e20
            2.0
        ]
        exact "large scales of small factors" (single (fun x -> (1e15 * x) * (1e15 * Tensor.abs x))) [
            1e-25
            2.0
        ]
        exact "scales that cancel" (fun x -> 1e200 * (1e-200 * x)) [ 1e-200; 1.0 ]
        testCase
            "0 and −0 in one constant"
            (fun () ->
                for dtype in [ DType.Float64; DType.Float32 ] do
                    let zeros = Tensor.cast dtype (Tensor.ofArray [| 0.0; -0.0; 0.0; -0.0 |])

                    let f (x: Tensor) =
                        Tensor.ones [ 4 ] / Tensor.cast DType.Float64 (zeros * Tensor.cast dtype x)

                    let y = (Compile.compile f (Tensor.ones [ 4 ])).ToArray()
                    let expected = [| infinity; -infinity; infinity; -infinity |]
                    Expect.equal y expected $"{dtype}"
            )
        exact
            "a choice between NaN and a number"
            (fun x ->
                Tensor.where (Tensor.greater x (Tensor.scalar 0.0)) (log x) (Tensor.zerosLike x)
            )
            [ -1.0; 0.0; 2.0 ]
    ]

let private sizes =
    testList "sizes" [
        testCase
            "Rosenbrock's derivatives"
            (fun () ->
                let x = Tensor.ofArray (Array.init 1000 (fun i -> sin (float i)))

                let count (f: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
                    (Simplify.run (Recorder.record f inputs)).Nodes.Length

                let both (x: Tensor[]) =
                    let y, gradient = valueAndGrad rosenbrock x[0]
                    [| y; gradient |]

                Expect.isLessThanOrEqual (count both [| x |]) 20 "value and gradient"

                Expect.isLessThanOrEqual
                    (count (fun x -> [| hvp rosenbrock x[0] x[1] |]) [| x; x |])
                    22
                    "Hessian product"
            )

        testCase
            "the text of a graph"
            (fun () ->
                let expected =
                    [
                        "%0 = input 0 : Float64 (6)"
                        "%1 = Sin %0 : Float64 (6)"
                        "%2 = affine 2 1 %1 : Float64 (6)"
                        "%3 = sum [0] %2 : Float64 ()"
                        "return %3"
                    ]
                    |> String.concat "\n"

                Expect.equal
                    (Graph.text (simplified (fun x -> Tensor.sum (2.0 * sin x + 1.0))))
                    expected
                    "text"
            )
    ]

[<Tests>]
let simplifying = testList "Simplify" [ rewrites; exactness; sizes ]
