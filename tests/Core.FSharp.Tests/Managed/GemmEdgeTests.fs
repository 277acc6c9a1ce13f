/// What matrix products do beyond the right numbers: roundings, non-finite elements, lengths of 0, callers' mistakes.
module Optim.CoreTests.GemmEdgeTests

open System
open Expecto
open Optim.Managed
open Optim.CoreTests.GemmCases

/// Numbers whose products and sums round.
let private rounding (seed: int) (length: int) : float[] =
    let random = Random seed
    Array.init length (fun _ -> random.NextDouble() - 0.5)

/// The product of one pair of operands by any kernels and threads.
let private product (case: Case) : GemmTile -> int -> float[] =
    let a = rounding 3 (lengthOf case.Batch 0 case.AStride (case.M * case.K))
    let b = rounding 4 (lengthOf case.Batch 0 case.BStride (case.K * case.N))

    fun tile threads ->
        let c = Array.zeroCreate (lengthOf case.Batch 0 case.CStride (case.M * case.N))
        compute (GemmTile.float64 tile) threads case a b c
        c

let private isSame (x: float[]) (y: float[]) : bool = x.AsSpan().SequenceEqual(y)

let private large = [
    for flag in flags do
        plain flag 103 90 141
        plain flag 1611 10 66
        plain flag 10 1611 66
        plain flag 1501 1 1003
        plain flag 1 1501 1003

    yield! shared 66 70 100 3
    yield! shared 33 10 260 40
]

let private rounds =
    testList "Roundings" [
        testCase
            "the number of threads changes no bit"
            (fun () ->
                for case in large do
                    let result = product case

                    for tile in tiles do
                        let alone = result tile 1

                        for threads in (if tile = GemmTile.best then [ 2; 3; 8 ] else [ 3 ]) do
                            Expect.isTrue
                                (isSame alone (result tile threads))
                                $"{tile}, {threads} threads: {case}"

                let result = product (plain (false, false) 450 441 351) GemmTile.best
                Expect.isTrue (isSame (result 1) (result 3)) "many blocks for each thread"
            )

        testCase
            "a product in a batch is the product alone"
            (fun () ->
                for case in shared 33 10 260 4 do
                    let together = product case GemmTile.best 1
                    let alone = product { case with Batch = 1 } GemmTile.best 1
                    Expect.isTrue (isSame (Array.take alone.Length together) alone) $"{case}"
            )

        testCase
            "every element is within the rounding error of a sum of k products"
            (fun () ->
                let m, n, k = 23, 18, 700
                let a, b = rounding 3 (m * k), rounding 4 (k * n)
                let c = product (plain (false, false) m n k) GemmTile.best 1

                for i in 0 .. m - 1 do
                    for j in 0 .. n - 1 do
                        let terms = [|
                            for p in 0 .. k - 1 -> decimal a[i * k + p], decimal b[p * n + j]
                        |]

                        let exact = Array.sumBy (fun (x, y) -> x * y) terms

                        let magnitude =
                            Array.sumBy (fun (x: decimal, y: decimal) -> abs (x * y)) terms

                        let bound = float magnitude * float k * 1.2e-16
                        Expect.isLessThan (abs (c[i * n + j] - float exact)) bound $"C({i}, {j})"
            )
    ]

let private edges (name: string) (precision: Precision<'T>) =
    testList name [
        for tile in tiles do
            testCase
                $"{tile}: NaN and infinity go where the sums take them and nowhere else"
                (fun () ->
                    for m, n, k in [ 11, 13, 9; 1, 13, 9; 11, 1, 9; 40, 10, 300 ] do
                        for flag in flags do
                            let case = plain flag m n k
                            let a, b = operands case
                            let a, b = Array.map precision.Of a, Array.map precision.Of b
                            let row, column, inner = m - 1, n - 1, k / 2

                            let atA p =
                                if case.Ta then p * m + row else row * k + p

                            let atB p =
                                if case.Tb then column * k + p else p * n + column
                            // Row `row`: NaN. Column `column`: 0 · ∞ = NaN, from a left column of zeros.
                            a[atA inner] <- precision.Nan
                            b[atB 0] <- precision.Infinity

                            for i in 0 .. m - 2 do
                                a[if case.Ta then i else i * k] <- precision.Of 0

                            let c = Array.zeroCreate (m * n)
                            compute (precision.Kernels tile) 1 case a b c

                            for i in 0 .. m - 1 do
                                for j in 0 .. n - 1 do
                                    Expect.equal
                                        (precision.IsNan c[i * n + j])
                                        (i = row || j = column)
                                        $"{case}: C({i}, {j}) = {c[i * n + j]}"
                )

            testCase
                $"{tile}: lengths of 0"
                (fun () ->
                    let run m n k batch =
                        let c = Array.create 12 (precision.Of 7)

                        compute
                            (precision.Kernels tile)
                            2
                            {
                                plain (false, true) m n k with
                                    Batch = batch
                                    COffset = 1
                                    CStride = 5
                            }
                            [||]
                            [||]
                            c

                        c

                    let same = Array.create 12 (precision.Of 7)
                    Expect.equal (run 0 3 2 1) same "no rows"
                    Expect.equal (run 3 0 2 1) same "no columns"
                    Expect.equal (run 2 2 2 0) same "no products"

                    let zeros = [| 7; 0; 0; 0; 0; 7; 0; 0; 0; 0; 7; 7 |] |> Array.map precision.Of

                    Expect.equal (run 2 2 0 2) zeros "sums of nothing are 0"
                )
    ]

let private doors =
    testList "Doors" [
        testCase
            "double and single products by their public names"
            (fun () ->
                let c = Array.zeroCreate 4

                Gemm.Multiply(
                    false,
                    true,
                    2,
                    2,
                    2,
                    [| 1.0; 2.0; 3.0; 4.0 |],
                    0,
                    [| 9.0; 5.0; 6.0; 7.0; 8.0 |],
                    1,
                    c,
                    0
                )

                Expect.equal c [| 17.0; 23.0; 39.0; 53.0 |] "A Bᵀ"
                let s = Array.zeroCreate 4

                Gemm.Multiply(
                    true,
                    false,
                    2,
                    2,
                    2,
                    [| 1f; 2f; 3f; 4f |],
                    0,
                    [| 5f; 6f; 7f; 8f |],
                    0,
                    s,
                    0
                )

                Expect.equal s [| 26f; 30f; 38f; 44f |] "Aᵀ B"
                let d = Array.zeroCreate 4

                Gemm.MultiplyBatched(
                    2,
                    false,
                    false,
                    1,
                    2,
                    1,
                    [| 2.0; 3.0 |],
                    0,
                    1,
                    [| 5.0; 7.0 |],
                    0,
                    0,
                    d,
                    0,
                    2
                )

                Expect.equal d [| 10.0; 14.0; 15.0; 21.0 |] "two outer products"
                let t = Array.zeroCreate 4

                Gemm.MultiplyBatched(
                    2,
                    false,
                    false,
                    1,
                    2,
                    1,
                    [| 2f; 3f |],
                    0,
                    1,
                    [| 5f; 7f |],
                    0,
                    0,
                    t,
                    0,
                    2
                )

                Expect.equal t [| 10f; 14f; 15f; 21f |] "two outer products"
            )

        testCase
            "inner products of every length"
            (fun () ->
                for length in [ 0..140 ] @ [ 1023; 4097 ] do
                    let x, y = numbers 5 (length + 3), numbers 6 (length + 2)
                    let right = Seq.sum (Seq.init length (fun i -> x[3 + i] * y[2 + i]))

                    for tile in tiles do
                        Expect.equal
                            (Gemm.DotWith(
                                double.Kernels tile,
                                length,
                                Array.map float x,
                                3,
                                Array.map float y,
                                2
                            ))
                            (float right)
                            $"{tile}: doubles, length {length}"

                        Expect.equal
                            (Gemm.DotWith(
                                single.Kernels tile,
                                length,
                                Array.map float32 x,
                                3,
                                Array.map float32 y,
                                2
                            ))
                            (float32 right)
                            $"{tile}: singles, length {length}"

                Expect.equal (Gemm.Dot(2, [| 1.0; 2.0 |], 0, [| 3.0; 4.0 |], 0)) 11.0 "doubles"
                Expect.equal (Gemm.Dot(2, [| 1f; 2f |], 0, [| 3f; 4f |], 0)) 11f "singles"
            )

        testCase
            "an array that ends too early is refused before any work"
            (fun () ->
                let refused name (run: unit -> unit) =
                    let caught =
                        try
                            run ()
                            None
                        with :? ArgumentException as e ->
                            Option.ofObj e.ParamName

                    Expect.equal caught (Some name) $"the complaint names {name}"

                let six, five = Array.zeroCreate<float> 6, Array.zeroCreate<float> 5

                refused
                    "a"
                    (fun () -> Gemm.Multiply(false, false, 2, 2, 3, six, 1, six, 0, six, 0))

                refused
                    "b"
                    (fun () -> Gemm.Multiply(false, false, 2, 2, 3, six, 0, five, 0, six, 0))

                refused
                    "c"
                    (fun () -> Gemm.Multiply(false, false, 2, 3, 3, six, 0, six, 0, five, 0))

                refused
                    "c"
                    (fun () -> Gemm.Multiply(false, false, 2, 3, 3, six, 0, six, 0, six, -1))

                refused
                    "m"
                    (fun () -> Gemm.Multiply(false, false, -2, 3, 3, six, 0, six, 0, six, 0))

                refused "y" (fun () -> Gemm.Dot(6, six, 0, five, 0) |> ignore)

                refused
                    "a"
                    (fun () ->
                        Gemm.MultiplyBatched(
                            2,
                            false,
                            false,
                            1,
                            1,
                            3,
                            five,
                            0,
                            3,
                            six,
                            0,
                            3,
                            six,
                            0,
                            1
                        )
                    )

                refused
                    "cStride"
                    (fun () ->
                        Gemm.MultiplyBatched(
                            2,
                            false,
                            false,
                            1,
                            2,
                            3,
                            six,
                            0,
                            3,
                            six,
                            0,
                            0,
                            six,
                            0,
                            1
                        )
                    )
            )
    ]

[<Tests>]
let gemm =
    testList "Gemm edges" [
        rounds
        edges "edges, double" double
        edges "edges, single" single
        doors
    ]
