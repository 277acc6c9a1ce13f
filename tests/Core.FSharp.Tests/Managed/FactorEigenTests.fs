module Optim.CoreTests.FactorEigenTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Managed
open Optim.CoreTests

type private Spectrum = { IsSolved: bool; Values: float[]; Vectors: PlainMatrix }

let private solve (a: PlainMatrix) : Spectrum =
    let n = a.Rows
    let scratch = Guarded.embed a.Entries
    let values = Guarded.embed (Array.zeroCreate n)
    let vectors = Guarded.embed (Array.zeroCreate (n * n))

    let isSolved =
        FactorEigen.symmetric
            n
            (struct (scratch, Guarded.Offset))
            (struct (values, Guarded.Offset))
            (struct (vectors, Guarded.Offset))

    Guarded.extract scratch |> ignore

    {
        IsSolved = isSolved
        Values = Guarded.extract values
        Vectors = PlainMatrix.ofArray n n (Guarded.extract vectors)
    }

/// max |A v| bound used in tolerances: n times the largest entry is at least the norm.
let private unit (a: PlainMatrix) : float = 1e-15 * float (a.Rows + 1)

/// The laws of a symmetric eigendecomposition; gives the eigenvalues.
let private obeysLaws (a: PlainMatrix) : float[] =
    let s = solve a
    Expect.isTrue s.IsSolved "solved"
    let norm = Array.fold (fun m x -> max m (abs x)) 0.0 s.Values
    PlainMatrix.expectOrthonormalColumns (4.0 * unit a) s.Vectors
    let left = PlainMatrix.multiply a s.Vectors

    let right =
        PlainMatrix.init a.Rows a.Rows (fun i j -> s.Vectors[i, j] * s.Values[j])

    PlainMatrix.expectClose (4.0 * unit a * norm) left right "A V = V diag(w)"

    for j in 1 .. a.Rows - 1 do
        Expect.isTrue (s.Values[j - 1] <= s.Values[j]) "ascending"

    for j in 0 .. a.Rows - 1 do
        let column = [| for i in 0 .. a.Rows - 1 -> s.Vectors[i, j] |]
        let largest = column |> Array.map abs |> Array.max
        let first = column |> Array.find (fun x -> abs x >= (1.0 - 1e-8) * largest)

        Expect.isGreaterThan
            first
            0.0
            "the largest component, the first of those within 1e-8, is positive"

    s.Values

let private expectValues
    (tolerance: float)
    (actual: float[])
    (expected: float[])
    (message: string)
    : unit =
    PlainMatrix.expectClose
        tolerance
        (PlainMatrix.ofArray 1 actual.Length actual)
        (PlainMatrix.ofArray 1 expected.Length expected)
        message

let private laws =
    testList "laws" [
        testPropertyWithConfig
            FactorConfig.config
            "A V = V diag(w), VᵀV = I, ascending, signs"
            (fun (case: FactorCase) ->
                PlainMatrix.randomSymmetric case.Seed case.Size |> obeysLaws |> ignore
            )

        testCase
            "the same across strip and block borders"
            (fun () ->
                for n in [ 31; 32; 33; 64; 65; 97; 128; 150; 260 ] do
                    PlainMatrix.randomSymmetric n n |> obeysLaws |> ignore
            )

        testPropertyWithConfig
            FactorConfig.config
            "the values alone are the same values"
            (fun (case: FactorCase) ->
                let a = PlainMatrix.randomSymmetric case.Seed case.Size
                let values = Array.zeroCreate<float> case.Size

                Expect.isTrue
                    (FactorEigen.symmetricValues
                        case.Size
                        (struct (Array.copy a.Entries, 0))
                        (struct (values, 0)))
                    "solved"

                Expect.equal values (solve a).Values "bit for bit"
            )

        testPropertyWithConfig
            FactorConfig.config
            "only the lower triangle is read, and the answer is always the same"
            (fun (case: FactorCase) ->
                let n = case.Size
                let a = PlainMatrix.randomSymmetric case.Seed n
                let half = PlainMatrix.init n n (fun i j -> if j > i then nan else a[i, j])
                Expect.equal (solve half) (solve a) "bit for bit"
            )

        testPropertyWithConfig
            FactorConfig.config
            "a spectrum put in comes out"
            (fun (case: FactorCase) ->
                let n = case.Size

                let struct (q, r) =
                    struct (Array.zeroCreate<float>(n * n), Array.zeroCreate<float>(n * n))

                let g = PlainMatrix.random case.Seed n n

                FactorQr.factor
                    (struct (n, n))
                    (struct (g.Entries, 0))
                    (struct (q, 0))
                    (struct (r, 0))
                // Whole numbers, so that many of them repeat.
                let w = Random.integers (Key.ofSeed (int64 case.Seed)) -5L 6L n |> Array.map float
                let basis = PlainMatrix.ofArray n n q

                let a =
                    PlainMatrix.multiply
                        (PlainMatrix.multiply basis (PlainMatrix.diagonal w))
                        (PlainMatrix.transpose basis)

                expectValues (unit a * 10.0) (obeysLaws a) (Array.sort w) "eigenvalues"
            )
    ]

let private known =
    testList "known spectra" [
        testCase
            "no row, and one"
            (fun () ->
                Expect.equal (solve (PlainMatrix.identity 0)).IsSolved true "n = 0"
                let s = solve (PlainMatrix.ofArray 1 1 [| -3.5 |])
                Expect.equal s.Values [| -3.5 |] "value"
                Expect.equal s.Vectors.Entries [| 1.0 |] "vector"
            )

        testCase
            "[[2, 1], [1, 2]]: 1 and 3, with the diagonals of the square"
            (fun () ->
                let s = solve (PlainMatrix.ofArray 2 2 [| 2.0; 1.0; 1.0; 2.0 |])
                expectValues 1e-15 s.Values [| 1.0; 3.0 |] "values"
                let h = sqrt 0.5

                PlainMatrix.expectClose
                    1e-15
                    s.Vectors
                    (PlainMatrix.ofArray 2 2 [| h; h; -h; h |])
                    "vectors"
            )

        testCase
            "second difference: 2 − 2 cos(kπ/(n+1))"
            (fun () ->
                for n in [ 2; 3; 50; 170 ] do
                    let expected =
                        Array.init
                            n
                            (fun k ->
                                2.0 - 2.0 * Math.Cos(float (k + 1) * Math.PI / float (n + 1))
                            )

                    let a = PlainMatrix.secondDifference n
                    expectValues (unit a * 4.0) (obeysLaws a) expected $"n = %d{n}"
            )

        testCase
            "Hilbert matrix: the trace, and the determinant 1 / 266716800000"
            (fun () ->
                let w = obeysLaws (PlainMatrix.hilbert 5)

                Expect.floatClose
                    Accuracy.veryHigh
                    (Array.sum w)
                    (1.0 + 1.0 / 3.0 + 1.0 / 5.0 + 1.0 / 7.0 + 1.0 / 9.0)
                    "trace"

                Expect.isTrue (abs (Array.fold (*) 266716800000.0 w - 1.0) < 1e-9) "determinant"
                Expect.floatClose Accuracy.high w[4] 1.5670506910982308 "largest"
                Expect.isTrue (abs (w[0] - 3.2879287721718e-6) < 1e-15) "smallest"
                obeysLaws (PlainMatrix.hilbert 60) |> ignore
            )

        testCase
            "Wilkinson's matrix of order 21: two values agree to fourteen digits"
            (fun () ->
                let a =
                    PlainMatrix.init
                        21
                        21
                        (fun i j ->
                            if i = j then float (abs (i - 10))
                            elif abs (i - j) = 1 then 1.0
                            else 0.0
                        )

                let w = obeysLaws a
                Expect.isTrue (abs (w[20] - 10.746194182903393) < 1e-13) "largest"
                Expect.isTrue (abs (w[19] - 10.746194182903322) < 1e-13) "its companion"
            )

        testCase
            "identity plus rank one: n − 1 ones"
            (fun () ->
                let n = 80
                let u = Random.normal (Key.ofSeed 3L) n

                let a =
                    PlainMatrix.init n n (fun i j -> u[i] * u[j] + (if i = j then 1.0 else 0.0))

                let top = 1.0 + Array.sumBy (fun x -> x * x) u

                expectValues
                    (unit a * top)
                    (obeysLaws a)
                    (Array.append (Array.create (n - 1) 1.0) [| top |])
                    "values"
            )

        testCase
            "zero, one and diagonal matrices, exactly"
            (fun () ->
                for n in [ 2; 40 ] do
                    Expect.equal
                        (obeysLaws (PlainMatrix.scale 0.0 (PlainMatrix.identity n)))
                        (Array.zeroCreate n)
                        "zeros"

                    let s = solve (PlainMatrix.identity n)
                    Expect.equal s.Values (Array.create n 1.0) "ones"
                    Expect.equal s.Vectors.Entries (PlainMatrix.identity n).Entries "unit vectors"

                let d = [| 3.0; -1.0; 0.0; 7.0; 3.0; 1e-9 |]
                Expect.equal (obeysLaws (PlainMatrix.diagonal d)) (Array.sort d) "sorted diagonal"
            )

        testCase
            "graded matrices, either end first, and rank one with a tiny direction"
            (fun () ->
                let graded n =
                    PlainMatrix.init
                        n
                        n
                        (fun i j -> 10.0 ** -(float (i + j) / 2.0) * (if i = j then 1.0 else 0.3))

                let flipped n =
                    PlainMatrix.init n n (fun i j -> (graded n)[n - 1 - i, n - 1 - j])

                let up = obeysLaws (graded 30)
                let down = obeysLaws (flipped 30)
                expectValues 1e-14 up down "the same spectrum"

                obeysLaws (PlainMatrix.init 40 40 (fun i j -> 2.0 ** float (-20 * (i + j))))
                |> ignore
            )

        testCase
            "blocks that do not touch each other"
            (fun () ->
                let n = 45
                let a = PlainMatrix.secondDifference n

                let split =
                    PlainMatrix.init n n (fun i j -> if i / 15 = j / 15 then a[i, j] else 0.0)

                let part =
                    Array.init 15 (fun k -> 2.0 - 2.0 * Math.Cos(float (k + 1) * Math.PI / 16.0))

                expectValues
                    (unit a * 4.0)
                    (obeysLaws split)
                    (part |> Array.collect (Array.replicate 3))
                    "each three times"
            )

        testCase
            "scaling by powers of two scales the values, to both ends of the range"
            (fun () ->
                let a = PlainMatrix.randomSymmetric 8 40
                let reference = solve a

                for power in [ -1000; -500; 1; 500; 1000 ] do
                    let s = solve (PlainMatrix.init 40 40 (fun i j -> Math.ScaleB(a[i, j], power)))
                    Expect.isTrue s.IsSolved "solved"
                    let back = s.Values |> Array.map (fun w -> Math.ScaleB(w, -power))
                    expectValues 1e-13 back reference.Values $"2^%d{power}"
                    PlainMatrix.expectClose 1e-10 s.Vectors reference.Vectors "the same vectors"

                // Subnormal entries: few digits are there, but the laws hold for the matrix as it is.
                let tiny = PlainMatrix.scale 1e-310 (PlainMatrix.secondDifference 10)
                let w = (solve tiny).Values

                Expect.isTrue
                    (abs (w[9] / 1e-310 - (2.0 + 2.0 * cos (Math.PI / 11.0))) < 1e-9)
                    "subnormal"
            )
    ]

let private failures =
    testList "failures" [
        testCase
            "a non-finite entry gives false and NaN everywhere"
            (fun () ->
                for value in [ nan; infinity; -infinity ] do
                    for n, i, j in [ 1, 0, 0; 2, 1, 0; 50, 49, 0; 50, 20, 20 ] do
                        let a = PlainMatrix.randomSymmetric 1 n
                        a.Entries[i * n + j] <- value
                        let s = solve a
                        Expect.isFalse s.IsSolved "not solved"
                        Expect.all s.Values Double.IsNaN "values"
                        Expect.all s.Vectors.Entries Double.IsNaN "vectors"

                        let values = Array.zeroCreate<float> n

                        Expect.isFalse
                            (FactorEigen.symmetricValues
                                n
                                (struct (a.Entries, 0))
                                (struct (values, 0)))
                            "values alone"

                        Expect.all values Double.IsNaN "values alone"
            )

        testCase
            "entries at the edge of the range end in a finite answer or in NaN, never in an exception"
            (fun () ->
                for entry in [ Double.MaxValue; Double.Epsilon ] do
                    let s = solve (PlainMatrix.init 20 20 (fun _ _ -> entry))

                    if not s.IsSolved then
                        Expect.all s.Values Double.IsNaN "values"
            )
    ]

[<Tests>]
let tests = testList "FactorEigen" [ laws; known; failures ]
