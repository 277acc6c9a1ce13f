module Optim.CoreTests.FactorLuTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Managed
open Optim.CoreTests

/// What the factorization left: its code, L and U in one, the row exchanges.
type private Factored = { Code: int; Both: PlainMatrix; Pivots: int[] }

let private factor (a: PlainMatrix) : Factored =
    let guarded = Guarded.embed a.Entries
    let pivots = Array.zeroCreate<int> a.Rows
    let code = FactorLu.factor a.Rows guarded Guarded.Offset pivots

    {
        Code = code
        Both = PlainMatrix.ofArray a.Rows a.Rows (Guarded.extract guarded)
        Pivots = pivots
    }

let private exchanged (pivots: int[]) (a: PlainMatrix) : PlainMatrix =
    let rows = Array.init a.Rows id

    for j in 0 .. pivots.Length - 1 do
        let kept = rows[j]
        rows[j] <- rows[pivots[j]]
        rows[pivots[j]] <- kept

    PlainMatrix.init a.Rows a.Columns (fun i j -> a[rows[i], j])

let private recovers (a: PlainMatrix) : unit =
    let n = a.Rows
    let f = factor a

    let lower =
        PlainMatrix.init
            n
            n
            (fun i j ->
                if i = j then 1.0
                elif j < i then f.Both[i, j]
                else 0.0
            )

    let upper = PlainMatrix.init n n (fun i j -> if j >= i then f.Both[i, j] else 0.0)
    Expect.isTrue (PlainMatrix.size lower <= 1.0) "partial pivoting: no multiplier above 1"
    let tolerance = 1e-15 * float (n + 1) * (1.0 + PlainMatrix.size upper)

    PlainMatrix.expectClose
        tolerance
        (PlainMatrix.multiply lower upper)
        (exchanged f.Pivots a)
        "L U = P A"

let private determinant (a: PlainMatrix) : struct (float * float) =
    let f = factor a
    FactorLu.signAndLogDeterminant a.Rows f.Both.Entries 0 f.Pivots

[<Tests>]
let tests =
    testList "FactorLu" [
        testPropertyWithConfig
            FactorConfig.config
            "L U = P A"
            (fun (case: FactorCase) -> recovers (PlainMatrix.random case.Seed case.Size case.Size))

        testCase
            "L U = P A across block borders"
            (fun () ->
                for n in [ 47; 48; 49; 96; 97; 200 ] do
                    recovers (PlainMatrix.random n n n)
            )

        testCase
            "L U = P A for singular matrices too"
            (fun () ->
                recovers (PlainMatrix.init 60 60 (fun _ _ -> 0.0))
                recovers (PlainMatrix.init 60 60 (fun i j -> float (i + 1) * float (j + 1)))
            )

        testPropertyWithConfig
            FactorConfig.config
            "solves A x = b for few and many right-hand sides"
            (fun (case: FactorCase) ->
                let n = case.Size
                // Diagonally dominant rows in a random order: condition number below 3, pivoting needed.
                let g = PlainMatrix.random case.Seed n n
                let order = Random.permutation (Key.ofSeed (int64 case.Seed)) n

                let a =
                    PlainMatrix.init
                        n
                        n
                        (fun i j ->
                            if j = order[i] then
                                8.0 * float n
                            else
                                Math.Clamp(g[i, j], -3.0, 3.0)
                        )

                let f = factor a
                Expect.equal f.Code -1 "regular"

                for r in [ 0; 1; 2; 7; 33 ] do
                    let expected = PlainMatrix.random (case.Seed + r) n r
                    let b = Guarded.embed (PlainMatrix.multiply a expected).Entries

                    FactorLu.solve
                        (struct (n, r))
                        (struct (f.Both.Entries, 0))
                        f.Pivots
                        (struct (b, Guarded.Offset))

                    PlainMatrix.expectClose
                        1e-12
                        (PlainMatrix.ofArray n r (Guarded.extract b))
                        expected
                        "x"
            )

        testCase
            "the first zero pivot is named"
            (fun () ->
                Expect.equal (factor (PlainMatrix.init 5 5 (fun _ _ -> 0.0))).Code 0 "zero matrix"

                Expect.equal
                    (factor (PlainMatrix.ofArray 2 2 [| 1.0; 2.0; 2.0; 4.0 |])).Code
                    1
                    "rank 1"

                for k in [ 0; 30; 60; 99 ] do
                    let a =
                        PlainMatrix.init 100 100 (fun i j -> if i = j && i <> k then 3.0 else 0.0)

                    Expect.equal (factor a).Code k "a zero on a diagonal matrix"

                Expect.equal (factor (PlainMatrix.identity 0)).Code -1 "no rows"
                Expect.equal (factor (PlainMatrix.ofArray 1 1 [| 0.0 |])).Code 0 "the number zero"
            )

        testCase
            "a singular system gives non-finite numbers, not an exception"
            (fun () ->
                let f = factor (PlainMatrix.ofArray 2 2 [| 1.0; 2.0; 2.0; 4.0 |])
                let b = [| 1.0; 1.0 |]

                FactorLu.solve
                    (struct (2, 1))
                    (struct (f.Both.Entries, 0))
                    f.Pivots
                    (struct (b, 0))

                for x in b do
                    Expect.isFalse (Double.IsFinite x) "x"
            )

        testCase
            "determinants of known matrices"
            (fun () ->
                let close
                    struct (sign: float, logarithm: float)
                    (expectedSign: float)
                    (expected: float)
                    message
                    =
                    Expect.equal sign expectedSign $"{message}: sign"

                    Expect.isTrue
                        (abs (logarithm - expected) <= 1e-12 * (1.0 + abs expected))
                        $"{message}: %.17g{logarithm}"

                for n in [ 1; 2; 10; 150 ] do
                    close
                        (determinant (PlainMatrix.secondDifference n))
                        1.0
                        (log (float (n + 1)))
                        "n + 1"

                close (determinant (PlainMatrix.identity 0)) 1.0 0.0 "no rows: 1"

                close
                    (determinant (PlainMatrix.scale -2.0 (PlainMatrix.identity 3)))
                    -1.0
                    (3.0 * log 2.0)
                    "−8"

                close
                    (determinant (PlainMatrix.hilbert 5))
                    1.0
                    (-log 266716800000.0)
                    "Hilbert, 1 / 266716800000"
                // A cyclic shift of n rows is n − 1 exchanges.
                let shift n =
                    PlainMatrix.init n n (fun i j -> if j = (i + 1) % n then 1.0 else 0.0)

                close (determinant (shift 4)) -1.0 0.0 "cycle of 4"
                close (determinant (shift 101)) 1.0 0.0 "cycle of 101"
                let struct (sign, logarithm) = determinant (PlainMatrix.init 3 3 (fun _ _ -> 1.0))
                Expect.equal (sign, logarithm) (0.0, -infinity) "singular"
                let diagonal = PlainMatrix.diagonal (Array.create 400 1e300)
                close (determinant diagonal) 1.0 (400.0 * log 1e300) "does not overflow"
            )

        testCase
            "a non-finite entry gives code 0 and NaN everywhere"
            (fun () ->
                for value in [ nan; infinity; -infinity ] do
                    for i, j in [ 0, 0; 3, 50; 69, 0; 69, 69 ] do
                        let a = PlainMatrix.random 7 70 70
                        a.Entries[i * 70 + j] <- value
                        let f = factor a
                        Expect.equal f.Code 0 "code"
                        let b = Array.create (70 * 2) 1.0

                        FactorLu.solve
                            (struct (70, 2))
                            (struct (f.Both.Entries, 0))
                            f.Pivots
                            (struct (b, 0))

                        Expect.all b Double.IsNaN "solution"

                        let struct (sign, logarithm) =
                            FactorLu.signAndLogDeterminant 70 f.Both.Entries 0 f.Pivots

                        Expect.isTrue (Double.IsNaN sign && Double.IsNaN logarithm) "determinant"
            )
    ]
