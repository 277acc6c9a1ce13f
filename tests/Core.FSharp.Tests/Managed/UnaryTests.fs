module Optim.CoreTests.UnaryTests

open System
open Expecto
open Optim
open Optim.Managed
open Optim.CoreTests.Plain

// log (1 + x) = 2 artanh (x / (2 + x)), which keeps the digits near 0.
let private log1p (x: float) : float =
    if Math.Abs x < 0.5 then
        2.0 * Math.Atanh(x / (2.0 + x))
    else
        Math.Log(1.0 + x)

// exp x − 1 = 2 exp (x/2) sinh (x/2), which keeps the digits near 0.
let private expm1 (x: float) : float =
    if Math.Abs x < 40.0 then
        2.0 * Math.Exp(x / 2.0) * Math.Sinh(x / 2.0)
    else
        Math.Exp x - 1.0

let private softplus (x: float) : float =
    if x > 40.0 then x
    elif x < -40.0 then Math.Exp x
    else log1p (Math.Exp x)

let private sigmoid (x: float) : float =
    if x >= 0.0 then
        1.0 / (1.0 + Math.Exp -x)
    else
        Math.Exp x / (1.0 + Math.Exp x)

// exp(−x²) with the rounding error of the square put right.
let private gauss (x: float) : float =
    let s = x * x
    Math.Exp(-s) * (1.0 - Math.FusedMultiplyAdd(x, x, -s))

// erf x = 2/√π exp(−x²) Σ 2ⁿ x^(2n + 1) / (2n + 1)!!
let private erfSeries (x: float) : float =
    let mutable term = x
    let mutable sum = x

    for n in 1..100 do
        term <- term * 2.0 * x * x / float (2 * n + 1)
        sum <- sum + term

    2.0 / Math.Sqrt Math.PI * gauss x * sum

// erfc x = exp(−x²) / √π · 1 / (x + (1/2) / (x + (2/2) / (x + (3/2) / (x + …)))), x > 0
let private erfcFraction (x: float) : float =
    let mutable tail = x

    for k in 600..-1..1 do
        tail <- x + float k / 2.0 / tail

    gauss x / (Math.Sqrt Math.PI * tail)

let private name (kind: Unary) : string =
    match kind with
    | Unary.Power exponent -> $"Power {exponent}"
    | other -> other.ToString()

/// Each kind, what it should be, and how arguments in [−3, 3] are brought to its range.
let private cases: list<Unary * (float -> float) * (float -> float)> = [
    Unary.Exp, Math.Exp, id
    Unary.Expm1, expm1, id
    Unary.Log, Math.Log, abs
    Unary.Log1p, log1p, (fun x -> x / 4.0)
    Unary.Sqrt, Math.Sqrt, abs
    Unary.Square, (fun x -> x * x), id
    Unary.Reciprocal, (fun x -> 1.0 / x), id
    Unary.Power 2.0, (fun x -> x * x), id
    Unary.Power 3.0, (fun x -> x * x * x), id
    Unary.Power -1.0, (fun x -> 1.0 / x), id
    Unary.Power 1.0, id, id
    Unary.Power 0.0, (fun _ -> 1.0), id
    Unary.Power 0.5, Math.Sqrt, abs
    Unary.Power -1.7, (fun x -> Math.Pow(x, -1.7)), abs
    Unary.Abs, Math.Abs, id
    Unary.Sign, (fun x -> float (sign x)), id
    Unary.Floor, Math.Floor, id
    Unary.Ceiling, Math.Ceiling, id
    Unary.Round,
    (fun x -> Math.Round(x, MidpointRounding.ToEven)),
    (fun x -> Math.Round(x * 2.0) / 2.0)
    Unary.Sin, Math.Sin, id
    Unary.Cos, Math.Cos, id
    Unary.Tan, Math.Tan, id
    Unary.Asin, Math.Asin, (fun x -> x / 3.0)
    Unary.Acos, Math.Acos, (fun x -> x / 3.0)
    Unary.Atan, Math.Atan, id
    Unary.Sinh, Math.Sinh, id
    Unary.Cosh, Math.Cosh, id
    Unary.Tanh, Math.Tanh, id
    Unary.Asinh, Math.Asinh, id
    Unary.Acosh, Math.Acosh, (fun x -> 1.0 + abs x)
    Unary.Atanh, Math.Atanh, (fun x -> x / 3.1)
    Unary.Sigmoid, sigmoid, id
    Unary.Softplus, softplus, id
    Unary.Relu, (fun x -> max x 0.0), id
    Unary.Erf, (fun x -> if x < 1.0 then erfSeries x else 1.0 - erfcFraction x), id
    Unary.Erfc, (fun x -> if x < 1.0 then 1.0 - erfSeries x else erfcFraction x), id
    Unary.LogGamma, Special.LogGamma, id
    Unary.Polygamma 1, Special.Polygamma(1).Invoke, abs
]

// Values at which conventions show.
let private edges = [|
    nan
    infinity
    -infinity
    0.0
    -0.0
    1e-300
    -1e-300
    1e-8
    -1e-8
    1e-3
    0.3
    -0.3
    0.7
    -0.7
    25.0
    -25.0
    700.0
    -700.0
    -708.0
    800.0
    -800.0
    1e300
    -1e300
|]

let private atEdges: list<Unary * (float -> float)> = [
    Unary.Exp, Math.Exp
    Unary.Log, Math.Log
    Unary.Sqrt, Math.Sqrt
    Unary.Abs, Math.Abs
    Unary.Tanh, Math.Tanh
    Unary.Sinh, Math.Sinh
    Unary.Sin, Math.Sin
    Unary.Cos, Math.Cos
    Unary.Tan, Math.Tan
    Unary.Atan, Math.Atan
    Unary.Asinh, Math.Asinh
    Unary.Sign,
    (fun x ->
        if x > 0.0 then 1.0
        elif x < 0.0 then -1.0
        else x
    )
    Unary.Relu, (fun x -> if x > 0.0 || Double.IsNaN x then x else 0.0)
    Unary.Reciprocal, (fun x -> 1.0 / x)
    Unary.Expm1, expm1
    Unary.Softplus, (fun x -> if Double.IsNaN x then x else softplus x)
    Unary.Sigmoid,
    (fun x ->
        if x = -infinity then 0.0
        elif x = infinity then 1.0
        else sigmoid x
    )
    Unary.Log1p,
    (fun x ->
        if x = infinity then x
        elif x < -1.0 then nan
        else log1p x
    )
    Unary.Power 0.5, (fun x -> Math.Pow(x, 0.5))
    Unary.Power 2.0, (fun x -> Math.Pow(x, 2.0))
    Unary.Power 3.0, (fun x -> Math.Pow(x, 3.0))
    Unary.Power -1.0, (fun x -> Math.Pow(x, -1.0))
]

[<Tests>]
let unary =
    testList "Managed unary" [
        for kind, f, range in cases do
            testCase
                $"{name kind}: sizes 0 to 70, Float64"
                (fun () ->
                    for n in 0..70 do
                        let x = numbers n n |> Array.map range

                        allSame
                            2e-15
                            $"{kind}, n = {n}"
                            (Array.map f x)
                            (floats (engine.Unary(kind, tensor [ n ] x)))
                )

            testCase
                $"{name kind}: Float32, from an offset"
                (fun () ->
                    for n in [ 1; 2; 7; 8; 33 ] do
                        let x = numbers n (n + 3) |> Array.map (range >> float32)

                        let part =
                            engine.Slice(
                                [| { Start = 3; Step = 1; Count = n } |],
                                tensor [ n + 3 ] x
                            )

                        let y = engine.Unary(kind, part)
                        Expect.equal y.DType DType.Float32 "the type stays"
                        let expected = x[3..] |> Array.map (fun v -> float (float32 (f (float v))))
                        // Near its roots and poles a function of rounded numbers is compared absolutely.
                        let actual = floats y

                        for i in 0 .. n - 1 do
                            let error =
                                Math.Abs(actual[i] - expected[i]) / (1.0 + Math.Abs expected[i])

                            Expect.isLessThan
                                error
                                5e-7
                                $"{kind} of {x[i + 3]}: {actual[i]} against {expected[i]}"
                )

        for kind, f in atEdges do
            testCase
                $"{name kind}: conventions"
                (fun () ->
                    let y = floats (engine.Unary(kind, tensor [ edges.Length ] edges))

                    for i in 0 .. edges.Length - 1 do
                        let expected = f edges[i]
                        same 3e-15 $"{kind} {edges[i]}" expected y[i]

                        if expected = 0.0 && edges[i] = 0.0 && kind <> Unary.Relu then
                            Expect.equal
                                (Double.IsNegative y[i])
                                (Double.IsNegative expected)
                                $"{kind}: the sign of zero"
                )

        testCase
            "many elements, on several threads, are the same elements"
            (fun () ->
                let n = 300_001
                let x = numbers 5 n

                for kind, f in
                    [
                        Unary.Tanh, Math.Tanh
                        Unary.Square, (fun v -> v * v)
                        Unary.Softplus, softplus
                    ] do
                    allSame
                        2e-15
                        $"{kind}"
                        (Array.map f x)
                        (floats (engine.Unary(kind, tensor [ n ] x)))
            )

        testCase
            "an element's value does not depend on its place"
            (fun () ->
                for kind in [ Unary.Tanh; Unary.Expm1; Unary.Log1p; Unary.Softplus; Unary.Sign ] do
                    for n in 1..20 do
                        let y = floats (engine.Unary(kind, tensor [ n ] (Array.create n 0.37)))
                        Expect.allEqual y y[0] $"{kind}, n = {n}"
            )

        testCase
            "an element's bits do not depend on its neighbours"
            (fun () ->
                let usual = Array.init 97 (fun i -> float (i + 1) / 98.0)
                let kinds = cases |> List.map (fun (kind, _, _) -> kind)

                let bits (x: Array) =
                    match x with
                    | :? (float[]) as v -> Array.map BitConverter.DoubleToInt64Bits v
                    | :? (float32[]) as v ->
                        v |> Array.map (BitConverter.SingleToInt32Bits >> int64)
                    | other -> invalidOp $"no numbers but {other.GetType()}"

                let run kind (x: Array) =
                    bits (engine.ToArray(engine.Unary(kind, engine.OfArray(Shape.Of x.Length, x))))

                let check (convert: float[] -> Array) (dtype: string) =
                    for kind in kinds do
                        let alone = run kind (convert usual)

                        for stranger in [ nan; infinity; -infinity; 1e30; -1e30; 5e6; 1e3; -1.0 ] do
                            // Every second element is a stranger.
                            let mixed =
                                Array.init
                                    (2 * usual.Length)
                                    (fun i -> if i % 2 = 0 then usual[i / 2] else stranger)

                            let among = run kind (convert mixed)

                            let changed =
                                Seq.init usual.Length id
                                |> Seq.filter (fun i -> among[2 * i] <> alone[i])
                                |> Seq.map (fun i -> usual[i])

                            Expect.isEmpty changed $"{name kind} of {dtype} beside {stranger}"

                check (fun x -> x) "Float64"
                check (fun x -> Array.map float32 x) "Float32"
            )

        testCase
            "tests of elements and not"
            (fun () ->
                let x = tensor [ 4 ] [| nan; infinity; 1.0; -infinity |]

                Expect.equal
                    (truths (engine.Unary(Unary.IsNaN, x)))
                    [| true; false; false; false |]
                    "IsNaN"

                Expect.equal
                    (truths (engine.Unary(Unary.IsFinite, x)))
                    [| false; false; true; false |]
                    "IsFinite"

                let k = tensor [ 2 ] [| 1L; 2L |]

                Expect.equal
                    (truths (engine.Unary(Unary.IsFinite, k)))
                    [| true; true |]
                    "whole numbers are finite"

                Expect.equal
                    (truths (engine.Unary(Unary.IsNaN, k)))
                    [| false; false |]
                    "whole numbers are numbers"

                let b = tensor [ 3 ] [| true; false; true |]
                Expect.equal (truths (engine.Unary(Unary.Not, b))) [| false; true; false |] "Not"
            )

        testCase
            "whole numbers"
            (fun () ->
                let x = tensor [ 5 ] [| -3L; -1L; 0L; 2L; 5L |]
                let run kind = wholes (engine.Unary(kind, x))
                Expect.equal (run Unary.Abs) [| 3L; 1L; 0L; 2L; 5L |] "Abs"
                Expect.equal (run Unary.Sign) [| -1L; -1L; 0L; 1L; 1L |] "Sign"
                Expect.equal (run Unary.Square) [| 9L; 1L; 0L; 4L; 25L |] "Square"
                Expect.equal (run Unary.Relu) [| 0L; 0L; 0L; 2L; 5L |] "Relu"
                Expect.equal (run Unary.Floor) (wholes x) "Floor"
            )

        testCase
            "a wrong element type is refused with the operation's name"
            (fun () ->
                let refused kind (x: Tensor) =
                    let e = Expect.throwsC (fun () -> engine.Unary(kind, x) |> ignore) id
                    Expect.isTrue (e :? ArgumentException) $"{kind}: {e.GetType()}"
                    Expect.stringContains e.Message (kind.ToString()) "the operation's name"

                refused Unary.Exp (tensor [ 1 ] [| 1L |])
                refused Unary.Tanh (tensor [ 1 ] [| true |])
                refused Unary.Not (tensor [ 1 ] [| 1.0 |])
                refused Unary.Not (tensor [ 1 ] [| 1L |])
            )

        testCase
            "every function gives the same bits wherever its memory lies"
            (fun () ->
                // Elements of very different size side by side, in (0, 1] so that all functions are defined.
                let x = Array.init 301 (fun i -> if i % 7 = 0 then 1e-5 else float (i + 1) / 302.0)

                for kind in
                    [
                        Unary.Exp
                        Unary.Log
                        Unary.Sin
                        Unary.Cos
                        Unary.Tan
                        Unary.Tanh
                        Unary.Erf
                    ] do
                    let once (padding: int) : int64[] =
                        // Moves the next allocation.
                        GC.KeepAlive(Array.zeroCreate<byte>(8 * padding))

                        engine.Unary(kind, tensor [ 301 ] x)
                        |> floats
                        |> Array.map BitConverter.DoubleToInt64Bits

                    let first = once 1

                    for padding in 2..24 do
                        Expect.equal (once padding) first $"{kind}"
            )

        testCase
            "affine"
            (fun () ->
                for scale, shift in
                    [ 2.0, 3.0; 1.0, -0.5; -1.0, 0.0; 0.5, 0.0; 0.0, 2.0; 3.0, 1e300 ] do
                    for n in 0..40 do
                        let x = numbers n n
                        let expected = x |> Array.map (fun v -> scale * v + shift)

                        allSame
                            0.0
                            $"{scale} x + {shift}"
                            expected
                            (floats (engine.Affine(scale, shift, tensor [ n ] x)))

                let single = engine.Affine(2.0, 1.0, tensor [ 3 ] [| 1.0f; 2.0f; 3.0f |])
                Expect.equal (engine.ToArray single :?> float32[]) [| 3.0f; 5.0f; 7.0f |] "Float32"

                Expect.equal
                    (wholes (engine.Affine(-2.0, 1.0, tensor [ 2 ] [| 1L; 2L |])))
                    [| -1L; -3L |]
                    "Int64"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.Affine(0.5, 0.0, tensor [ 1 ] [| 1L |]) |> ignore)
                    "a fraction for Int64"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.Affine(2.0, 0.0, tensor [ 1 ] [| true |]) |> ignore)
                    "Bool"
            )
    ]
