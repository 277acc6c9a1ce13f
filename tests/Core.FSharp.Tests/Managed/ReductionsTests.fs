module Optim.CoreTests.ReductionsTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Managed
open Optim.CoreTests.Naive

let private kinds = [
    Reduction.Sum
    Reduction.Product
    Reduction.Maximum
    Reduction.Minimum
    Reduction.LogSumExp
]

let private maximum (xs: float[]) =
    if Array.exists Double.IsNaN xs then
        nan
    else
        Array.fold max -infinity xs

let private minimum (xs: float[]) =
    if Array.exists Double.IsNaN xs then
        nan
    else
        Array.fold min infinity xs

let private naive (kind: Reduction) (xs: float[]) : float =
    match kind with
    | Reduction.Sum -> Array.fold (+) 0.0 xs
    | Reduction.Product -> Array.fold (*) 1.0 xs
    | Reduction.Maximum -> maximum xs
    | Reduction.Minimum -> minimum xs
    | Reduction.LogSumExp ->
        let m = maximum xs

        if Double.IsFinite m then
            m + log (Array.sumBy (fun x -> exp (x - m)) xs)
        else
            m

let private case (element: Gen<float>) : Gen<int[] * int[] * float[]> =
    gen {
        let! dims = shapes
        let! axes = subset dims.Length
        let! x = Gen.arrayOfLength (length dims) element
        return dims, axes, x
    }

let private kept (dims: int[]) (axes: int[]) =
    dims |> Array.mapi (fun i n -> if Array.contains i axes then 1 else n) |> length

let private close (relative: float) (a: float[]) (b: float[]) =
    a.Length = b.Length
    && Array.forall2
        (fun (x: float) (y: float) ->
            x.Equals y || x = y || abs (x - y) <= relative * max 1.0 (abs y)
        )
        a
        b

/// Whole numbers, for which sums are exact; numbers around 1, of which no product overflows.
let private elements (kind: Reduction) =
    match kind with
    | Reduction.Product -> case (Gen.map (fun x -> 1.0 + x / 64.0) wild)
    | Reduction.Sum
    | Reduction.Maximum
    | Reduction.Minimum
    | Reduction.LogSumExp -> case wild

let private float32s (x: float[]) = Array.map float32 x

[<Tests>]
let reductions =
    testList "Managed.Reductions" [
        for kind in kinds do
            law
                (elements kind)
                $"{kind} of float agrees with the definition"
                (fun (dims, axes, x) ->
                    let y =
                        into
                            777.0
                            (kept dims axes)
                            (fun y at -> Reductions.Reduce(kind, shifted x, 3, dims, axes, y, at))

                    close 1e-12 y (groups dims axes x |> Array.map (naive kind))
                )

            law
                (elements kind)
                $"{kind} of float32 agrees with the definition"
                (fun (dims, axes, x) ->
                    let y =
                        into
                            777.0f
                            (kept dims axes)
                            (fun y at ->
                                Reductions.Reduce(
                                    kind,
                                    shifted (float32s x),
                                    3,
                                    dims,
                                    axes,
                                    y,
                                    at
                                )
                            )

                    let exact = groups dims axes x |> Array.map (naive kind >> float32 >> float)

                    close 4e-7 (Array.map float y) exact
                )

        law
            (case whole)
            "int64 agrees with the definition"
            (fun (dims, axes, x) ->
                let run kind =
                    into
                        777L
                        (kept dims axes)
                        (fun y at ->
                            Reductions.Reduce(
                                kind,
                                shifted (Array.map int64 x),
                                3,
                                dims,
                                axes,
                                y,
                                at
                            )
                        )

                let expected f =
                    groups dims axes (Array.map int64 x) |> Array.map f

                run Reduction.Sum = expected (Array.fold (+) 0L)
                && run Reduction.Product = expected (Array.fold (*) 1L)
                && run Reduction.Maximum = expected (Array.fold max Int64.MinValue)
                && run Reduction.Minimum = expected (Array.fold min Int64.MaxValue)
            )

        law
            (case whole)
            "bool: any and all"
            (fun (dims, axes, x) ->
                for bar in [ -8.0; 8.0 ] do
                    let truths = x |> Array.map (fun v -> v > bar)

                    for garbage in [ true; false ] do
                        let run kind =
                            into
                                garbage
                                (kept dims axes)
                                (fun y at ->
                                    Reductions.Reduce(kind, shifted truths, 3, dims, axes, y, at)
                                )

                        run Reduction.Maximum
                        |> Expect.equal
                            "any"
                            (groups dims axes truths |> Array.map (Array.exists id))

                        run Reduction.Minimum
                        |> Expect.equal
                            "all"
                            (groups dims axes truths |> Array.map (Array.forall id))

                true
            )

        testCase
            "what is not defined says so"
            (fun () ->
                Expect.throwsT<EngineException>
                    "bool"
                    (fun () ->
                        Reductions.Reduce(
                            Reduction.Sum,
                            [| true |],
                            0,
                            [| 1 |],
                            [| 0 |],
                            [| true |],
                            0
                        )
                    )

                Expect.throwsT<EngineException>
                    "int64"
                    (fun () ->
                        Reductions.Reduce(
                            Reduction.LogSumExp,
                            [| 1L |],
                            0,
                            [| 1 |],
                            [| 0 |],
                            [| 1L |],
                            0
                        )
                    )
            )

        testCase
            "large arrays, on all cores, in every arrangement"
            (fun () ->
                // 7 is coprime to the shapes, so that no two parts look alike; whole numbers make all sums exact.
                for dims, axes in
                    [
                        [| 1_000_003 |], [| 0 |]
                        [| 3; 250_007 |], [| 1 |]
                        [| 70_001; 5 |], [| 1 |]
                        [| 70_001; 5 |], [| 0 |]
                        [| 5; 70_001 |], [| 0 |]
                        [| 515; 1_031 |], [| 0 |]
                        [| 21; 515; 33 |], [| 1 |]
                        [| 21; 515; 33 |], [| 0; 2 |]
                        [| 3001; 7; 13 |], [| 1 |]
                        [| 3001; 70; 13 |], [| 1 |]
                        [| 2; 300; 2; 301 |], [| 0; 2 |]
                    ] do
                    let x = Array.init (length dims) (fun i -> float (i * 7 % 1009 - 300) / 64.0)

                    let parts = groups dims axes x

                    for kind in [ Reduction.Sum; Reduction.Maximum; Reduction.LogSumExp ] do
                        let y = Array.zeroCreate (kept dims axes)
                        Reductions.Reduce(kind, x, 0, dims, axes, y, 0)
                        let expected = Array.map (naive kind) parts

                        close 1e-12 y expected
                        |> Expect.isTrue $"%A{dims} over %A{axes}, {kind}, float"

                        let y32 = Array.zeroCreate (kept dims axes)
                        Reductions.Reduce(kind, float32s x, 0, dims, axes, y32, 0)

                        close 1e-6 (Array.map float y32) expected
                        |> Expect.isTrue $"%A{dims} over %A{axes}, {kind}, float32"
            )

        testCase
            "a sum of a million numbers of alternating size is as exact as its terms allow"
            (fun () ->
                let x =
                    Array.init
                        1_000_000
                        (fun i -> if i % 2 = 0 then 1e8 + float i else 1e-4 * float (i % 97))

                let exact = x |> Array.sumBy decimal |> float

                for dims, axes in [ [| 1_000_000 |], [| 0 |]; [| 250_000; 4 |], [| 0 |] ] do
                    let y = Array.zeroCreate 4
                    Reductions.Reduce(Reduction.Sum, x, 0, dims, axes, y, 0)
                    let error = abs (Array.sum y - exact) / exact
                    // Added one after the other they are off by 5000 epsilon; in pairs the bound is 20.
                    Expect.isLessThan $"%A{dims}" (error, 20.0 * DType.Float64.Epsilon)

                let x32 = float32s x
                let exact32 = x32 |> Array.sumBy decimal |> float32
                let y32 = [| 0.0f |]
                Reductions.Reduce(Reduction.Sum, x32, 0, [| 1_000_000 |], [| 0 |], y32, 0)
                Expect.equal "float32 is right to the last bit" exact32 y32[0]
            )

        testCase
            "a sum is the same to the last bit each time, and does not depend on what lies beside"
            (fun () ->
                let n = 300_007
                let x = Array.init (3 * n) (fun i -> sin (float i) * exp (float (i % 13)))
                let rows = Array.zeroCreate 3
                Reductions.Reduce(Reduction.Sum, x, 0, [| 3; n |], [| 1 |], rows, 0)

                for attempt in 1..10 do
                    for row in 0..2 do
                        let alone = [| 0.0 |]
                        Reductions.Reduce(Reduction.Sum, x, row * n, [| n |], [| 0 |], alone, 0)
                        Expect.equal $"row {row}, attempt {attempt}" rows[row] alone[0]
            )

        testCase
            "log-sum-exp neither overflows nor loses anything"
            (fun () ->
                let run (x: float[]) =
                    let y = [| 0.0 |]
                    Reductions.Reduce(Reduction.LogSumExp, x, 0, [| x.Length |], [| 0 |], y, 0)
                    y[0]

                Expect.floatClose
                    "huge"
                    Accuracy.veryHigh
                    (run [| 1000.0; 1000.0 |])
                    (1000.0 + log 2.0)

                Expect.floatClose
                    "tiny"
                    Accuracy.veryHigh
                    (run [| -1000.0; -1000.0 |])
                    (-1000.0 + log 2.0)

                Expect.equal "nothing" -infinity (run [||])
                Expect.equal "all −∞" -infinity (run (Array.create 20 -infinity))
                Expect.equal "some −∞" 3.0 (run [| 3.0; -infinity; -infinity |])
                Expect.equal "∞" infinity (run [| 3.0; infinity; -infinity |])
                Expect.isTrue "NaN wins over ∞" (Double.IsNaN(run [| nan; infinity; 1.0 |]))
            )
    ]
