module Optim.CoreTests.FactorCholeskyTests

open System
open Expecto
open Optim.Managed
open Optim.CoreTests

let private factor (a: PlainMatrix) : struct (int * PlainMatrix) =
    let guarded = Guarded.embed a.Entries
    let code = FactorCholesky.factor a.Rows guarded Guarded.Offset
    struct (code, PlainMatrix.ofArray a.Rows a.Rows (Guarded.extract guarded))

let private recovers (a: PlainMatrix) : unit =
    let struct (code, l) = factor a
    Expect.equal code -1 "positive definite"

    for i in 0 .. a.Rows - 1 do
        Expect.isGreaterThan l[i, i] 0.0 "positive diagonal"

        for j in i + 1 .. a.Rows - 1 do
            Expect.equal l[i, j] 0.0 "zero above the diagonal"

    let tolerance = 1e-15 * float (a.Rows + 1) * (1.0 + PlainMatrix.size a)

    PlainMatrix.expectClose
        tolerance
        (PlainMatrix.multiply l (PlainMatrix.transpose l))
        a
        "L Lᵀ = A"

[<Tests>]
let tests =
    testList "FactorCholesky" [
        testPropertyWithConfig
            FactorConfig.config
            "L Lᵀ = A"
            (fun (case: FactorCase) -> recovers (PlainMatrix.randomPositive case.Seed case.Size))

        testCase
            "L Lᵀ = A across block borders"
            (fun () ->
                for n in [ 63; 64; 65; 128; 129; 200 ] do
                    recovers (PlainMatrix.randomPositive n n)
            )

        testCase
            "the matrix min(i, j) has the factor of ones, exactly"
            (fun () ->
                let n = 150

                let struct (code, l) =
                    factor (PlainMatrix.init n n (fun i j -> float (min i j + 1)))

                Expect.equal code -1 "positive definite"
                let ones = PlainMatrix.init n n (fun i j -> if j <= i then 1.0 else 0.0)
                Expect.equal l.Entries ones.Entries "ones"
            )

        testCase
            "the Hilbert matrix of order 8 still factors"
            (fun () -> recovers (PlainMatrix.hilbert 8))

        testCase
            "the first pivot that is not positive is named"
            (fun () ->
                let n = 140

                for k in [ 0; 1; 63; 64; 100; 139 ] do
                    for pivot in [ -1.0; 0.0; nan; infinity ] do
                        let broken =
                            PlainMatrix.init
                                n
                                n
                                (fun i j ->
                                    if i <> j then 0.0
                                    elif i = k then pivot
                                    else 4.0
                                )

                        let struct (code, _) = factor broken
                        Expect.equal code k $"pivot %g{pivot} at %d{k}"
            )

        testCase
            "an indefinite matrix fails where its leading minor does"
            (fun () ->
                // Leading minors 4, 4 · 5 − 4² = 4, then (row 2) 4 · … the Schur complement −3.
                let a = PlainMatrix.ofArray 3 3 [| 4.0; 4.0; 2.0; 4.0; 5.0; 3.0; 2.0; 3.0; -1.0 |]

                let struct (code, l) = factor a
                Expect.equal code 2 "third pivot"

                Expect.equal
                    l.Entries[0..4]
                    [| 2.0; l[0, 1]; l[0, 2]; 2.0; 1.0 |]
                    "the rows before it are right"
            )

        testCase
            "a non-finite entry anywhere below the diagonal fails at its row at the latest"
            (fun () ->
                for value in [ nan; infinity; -infinity ] do
                    for i, j in [ 1, 0; 70, 3; 70, 69; 99, 98 ] do
                        let a = PlainMatrix.randomPositive 4 100
                        a.Entries[i * 100 + j] <- value
                        let struct (code, _) = factor a

                        Expect.isTrue
                            (code >= 0 && code <= i)
                            $"%g{value} at %d{i}, %d{j}: %d{code}"
            )

        testCase
            "the upper triangle is not read"
            (fun () ->
                let a = PlainMatrix.randomPositive 5 90
                let struct (_, expected) = factor a
                let half = PlainMatrix.init 90 90 (fun i j -> if j > i then nan else a[i, j])
                let struct (code, l) = factor half
                Expect.equal code -1 "positive definite"
                Expect.equal l.Entries expected.Entries "the same factor"
            )

        testPropertyWithConfig
            FactorConfig.config
            "solves A x = b"
            (fun (case: FactorCase) ->
                let n = case.Size
                let a = PlainMatrix.randomPositive case.Seed n
                let expected = PlainMatrix.random (case.Seed + 1) n 3
                let struct (_, l) = factor a
                let b = (PlainMatrix.multiply a expected).Entries
                FactorCholesky.solve (struct (n, 3)) (struct (l.Entries, 0)) (struct (b, 0))
                // Condition number at most |A| n, the smallest eigenvalue being 1 or more.
                let tolerance = 1e-15 * float (n + 1) * float (n + 1) * (1.0 + PlainMatrix.size a)
                PlainMatrix.expectClose tolerance (PlainMatrix.ofArray n 3 b) expected "x"
            )
    ]
