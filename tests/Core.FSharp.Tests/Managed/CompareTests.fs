module Optim.CoreTests.CompareTests

open System
open Expecto
open Optim
open Optim.CoreTests.Plain
open Optim.CoreTests.BinaryTests

let private comparisons: list<Comparison * (float -> float -> bool)> = [
    Comparison.Equal, (=)
    Comparison.NotEqual, (<>)
    Comparison.Less, (<)
    Comparison.LessEqual, (<=)
    Comparison.Greater, (>)
    Comparison.GreaterEqual, (>=)
]

[<Tests>]
let compareTests =
    testList "Managed comparison, choice and cast" [
        for kind, f in comparisons do
            testCase
                $"{kind}"
                (fun () ->
                    for sa, sb in patterns do
                        let a = numbers 7 (size sa) |> Array.map Math.Round
                        let b = numbers 8 (size sb) |> Array.map Math.Round
                        let y = engine.Compare(kind, tensor sa a, tensor sb b)
                        Expect.equal (truths y) (expected f sa a sb b) $"{kind}, {sa} and {sb}"

                    for n in 0..70 do
                        let a =
                            numbers 7 n
                            |> Array.map (fun v -> if v > 2.5 then nan else Math.Round v)

                        let b = numbers 8 n |> Array.map Math.Round
                        let y = engine.Compare(kind, tensor [ n ] a, tensor [ n ] b)
                        Expect.equal (truths y) (Array.map2 f a b) $"{kind}, n = {n}"

                        let w =
                            engine.Compare(
                                kind,
                                tensor [ n ] (Array.map int64 b),
                                tensor [] [| 1L |]
                            )

                        Expect.equal
                            (truths w)
                            (b |> Array.map (fun v -> f v 1.0))
                            $"{kind}, whole"

                        let s =
                            engine.Compare(
                                kind,
                                tensor [] [| 1.0f |],
                                tensor [ n ] (Array.map float32 b)
                            )

                        Expect.equal (truths s) (b |> Array.map (f 1.0)) $"{kind}, single, left"
                )

        testCase
            "where"
            (fun () ->
                for sc, sa, sb in
                    [
                        [ 6 ], [ 6 ], [ 6 ]
                        [ 6 ], [], []
                        [], [ 6 ], [ 6 ]
                        [ 2; 3 ], [ 3 ], [ 2; 1 ]
                        [ 2; 1 ], [ 2; 3 ], [ 3 ]
                        [ 3 ], [ 2; 1; 1 ], [ 4; 1 ]
                        [ 0 ], [ 1 ], [ 0 ]
                    ] do
                    let c = numbers 9 (size sc) |> Array.map (fun v -> v > 0.0)
                    let a, b = numbers 10 (size sa), numbers 11 (size sb)

                    let shapes =
                        [ sc; sa; sb ] |> List.map (fun lengths -> Shape.Of(Array.ofList lengths))

                    let whole = shapes |> List.reduce (Shape.broadcast "test")
                    let at k i = position whole shapes[k] i

                    let expected =
                        Array.init
                            whole.Length
                            (fun i -> if c[at 0 i] then a[at 1 i] else b[at 2 i])

                    let y = engine.Where(tensor sc c, tensor sa a, tensor sb b)
                    Expect.equal y.Shape whole "shape"
                    allSame 0.0 $"where {sc} {sa} {sb}" expected (floats y)

                for n in 0..70 do
                    let c = numbers n n |> Array.map (fun v -> v > 0.0)
                    let a, b = numbers 10 n, numbers 11 n
                    let tc, ta, tb = tensor [ n ] c, tensor [ n ] a, tensor [ n ] b

                    let pick (u: float[]) (v: float[]) =
                        Array.init n (fun i -> if c[i] then u[i] else v[i])

                    allSame 0.0 $"n = {n}" (pick a b) (floats (engine.Where(tc, ta, tb)))
                    let one = tensor [] [| 7.0 |]
                    let sevens = Array.create n 7.0

                    allSame
                        0.0
                        $"one a, n = {n}"
                        (pick sevens b)
                        (floats (engine.Where(tc, one, tb)))

                    allSame
                        0.0
                        $"one b, n = {n}"
                        (pick a sevens)
                        (floats (engine.Where(tc, ta, one)))

                for n in 0..70 do
                    let c = numbers n n |> Array.map (fun v -> v > 0.0)
                    let a, b = Array.create n 1.0f, Array.create n nanf
                    let y = floats (engine.Where(tensor [ n ] c, tensor [ n ] a, tensor [ n ] b))

                    Expect.equal
                        (y |> Array.map (fun v -> v = 1.0))
                        c
                        "NaN of the other side stays there"

                Expect.throwsT<ArgumentException>
                    (fun () ->
                        engine.Where(
                            tensor [ 1 ] [| 1.0 |],
                            tensor [ 1 ] [| 1.0 |],
                            tensor [ 1 ] [| 1.0 |]
                        )
                        |> ignore
                    )
                    "a condition of numbers"
            )

        testCase
            "cast"
            (fun () ->
                let x = tensor [ 8 ] [| 1.9; -1.9; 0.0; -0.0; nan; infinity; -infinity; 1e300 |]
                let whole = wholes (engine.Cast(DType.Int64, x))

                Expect.equal
                    whole
                    [| 1L; -1L; 0L; 0L; 0L; Int64.MaxValue; Int64.MinValue; Int64.MaxValue |]
                    "to Int64"

                let truth = truths (engine.Cast(DType.Bool, x))
                Expect.equal truth [| true; true; false; false; true; true; true; true |] "to Bool"
                let single = engine.ToArray(engine.Cast(DType.Float32, x)) :?> float32[]
                Expect.equal single[0..1] [| 1.9f; -1.9f |] "to Float32"
                Expect.isTrue (Single.IsNaN single[4]) "NaN stays"

                Expect.equal
                    single[5..]
                    [| infinityf; -infinityf; infinityf |]
                    "what is too large is infinite"

                let back = engine.Cast(DType.Float64, tensor [ 2 ] [| 3L; -4L |])
                Expect.equal (floats back) [| 3.0; -4.0 |] "from Int64"
                let ones = engine.Cast(DType.Float64, tensor [ 2 ] [| true; false |])
                Expect.equal (floats ones) [| 1.0; 0.0 |] "from Bool"

                Expect.equal
                    (wholes (engine.Cast(DType.Int64, tensor [ 2 ] [| true; false |])))
                    [| 1L; 0L |]
                    "Bool to Int64"

                for n in 0..70 do
                    let v = numbers n n

                    let y =
                        engine.ToArray(engine.Cast(DType.Float32, tensor [ n ] v)) :?> float32[]

                    Expect.equal y (Array.map float32 v) $"n = {n}"
            )
    ]
