module Optim.CoreTests.FactorQrTests

open System
open Expecto
open Optim.Managed
open Optim.CoreTests

let private factor (a: PlainMatrix) : struct (PlainMatrix * PlainMatrix) =
    let m, n = a.Rows, a.Columns
    let k = min m n
    let input = Guarded.embed a.Entries
    let q = Guarded.embed (Array.create (m * k) 9.0)
    let r = Guarded.embed (Array.create (k * n) 9.0)

    FactorQr.factor
        (struct (m, n))
        (struct (input, Guarded.Offset))
        (struct (q, Guarded.Offset))
        (struct (r, Guarded.Offset))

    if Array.forall Double.IsFinite a.Entries then
        Expect.equal (Guarded.extract input) a.Entries "A is kept"

    struct (PlainMatrix.ofArray m k (Guarded.extract q), PlainMatrix.ofArray k n (Guarded.extract r))

let private recovers (a: PlainMatrix) : unit =
    let struct (q, r) = factor a
    let unit = 1e-15 * float (a.Rows + a.Columns + 1)

    for i in 0 .. r.Rows - 1 do
        Expect.isTrue (r[i, i] >= 0.0) "diagonal of R not negative"

        for j in 0 .. i - 1 do
            Expect.equal r[i, j] 0.0 "zero below the diagonal of R"

    PlainMatrix.expectOrthonormalColumns (2.0 * unit) q
    PlainMatrix.expectClose (unit * 4.0 * PlainMatrix.size a) (PlainMatrix.multiply q r) a "Q R = A"

[<Tests>]
let tests =
    testList "FactorQr" [
        for name, shape in
            [
                "square", (fun n -> n, n)
                "tall", (fun n -> 2 * n + 1, n)
                "wide", (fun n -> n, n + 5)
            ] do
            testPropertyWithConfig
                FactorConfig.config
                $"Q R = A with orthonormal Q, {name}"
                (fun (case: FactorCase) ->
                    let m, n = shape case.Size
                    recovers (PlainMatrix.random case.Seed m n)
                )

        testCase
            "Q R = A across block borders and long columns"
            (fun () ->
                for m, n in [ 32, 32; 33, 33; 65, 64; 64, 65; 300, 40; 40, 130; 290, 100 ] do
                    recovers (PlainMatrix.random (m + n) m n)
            )

        testCase
            "empty shapes"
            (fun () ->
                recovers (PlainMatrix.random 1 0 4)
                recovers (PlainMatrix.random 1 4 0)
                recovers (PlainMatrix.random 1 0 0)
            )

        testCase
            "Q stays orthonormal when A has no full rank"
            (fun () ->
                recovers (PlainMatrix.init 40 40 (fun _ _ -> 0.0))
                recovers (PlainMatrix.init 50 40 (fun i j -> float (i + 1) * float (j + 2)))

                recovers (
                    PlainMatrix.init
                        20
                        5
                        (fun i j -> if j = 2 then 0.0 else float ((i * 7 + j * 3) % 11))
                )
            )

        testCase
            "very large and very small entries neither overflow nor vanish"
            (fun () ->
                for size in [ 1e300; 1e-300; 1e160; 1e-160 ] do
                    recovers (PlainMatrix.scale size (PlainMatrix.random 3 45 40))

                recovers (PlainMatrix.init 6 4 (fun i j -> 10.0 ** float (-60 * (i + j))))
            )

        testCase
            "the triangular factor is unique: Rᵀ is the Cholesky factor of AᵀA"
            (fun () ->
                // A = [[3, 1], [4, 2]]: R = [[5, 11/5], [0, 2/5]] by hand.
                let struct (q, r) = factor (PlainMatrix.ofArray 2 2 [| 3.0; 1.0; 4.0; 2.0 |])

                PlainMatrix.expectClose
                    1e-15
                    r
                    (PlainMatrix.ofArray 2 2 [| 5.0; 2.2; 0.0; 0.4 |])
                    "R"

                PlainMatrix.expectClose
                    1e-15
                    q
                    (PlainMatrix.ofArray 2 2 [| 0.6; -0.8; 0.8; 0.6 |])
                    "Q"

                let struct (q, r) = factor (PlainMatrix.scale -1.0 (PlainMatrix.identity 3))
                PlainMatrix.expectClose 0.0 r (PlainMatrix.identity 3) "R of −I"

                PlainMatrix.expectClose
                    0.0
                    q
                    (PlainMatrix.scale -1.0 (PlainMatrix.identity 3))
                    "Q of −I"
            )

        testCase
            "a non-finite entry gives NaN everywhere"
            (fun () ->
                for value in [ nan; infinity; -infinity ] do
                    for m, n in [ 5, 3; 3, 5; 1, 1 ] do
                        let a = PlainMatrix.random 2 m n
                        a.Entries[m * n - 1] <- value
                        let struct (q, r) = factor a
                        Expect.all q.Entries Double.IsNaN "Q"
                        Expect.all r.Entries Double.IsNaN "R"
            )
    ]
