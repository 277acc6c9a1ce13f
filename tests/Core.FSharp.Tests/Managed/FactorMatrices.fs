namespace Optim.CoreTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core

/// A size and a seed for a random matrix; shrinks towards small sizes.
type FactorCase = { Size: int; Seed: int }

/// Generators for the factorization tests.
type FactorCases =

    /// Sizes 0 … 60.
    static member Case() : Arbitrary<FactorCase> =
        let generate =
            gen {
                let! size = Gen.choose (0, 60)
                let! seed = Gen.choose (0, 1_000_000)
                return { Size = size; Seed = seed }
            }

        let shrink (case: FactorCase) =
            seq {
                for size in 0 .. case.Size - 1 do
                    { case with Size = size }
            }

        Arb.fromGenShrink (generate, shrink)

/// A row-major matrix for checking, with the plainest arithmetic there is.
type PlainMatrix = {
    Rows: int
    Columns: int
    Entries: float[]
} with

    /// Entry (i, j).
    member m.Item(i: int, j: int) : float = m.Entries[i * m.Columns + j]

module PlainMatrix =

    let init (rows: int) (columns: int) (entry: int -> int -> float) : PlainMatrix = {
        Rows = rows
        Columns = columns
        Entries = [|
            for i in 0 .. rows - 1 do
                for j in 0 .. columns - 1 do
                    entry i j
        |]
    }

    let ofArray (rows: int) (columns: int) (entries: float[]) : PlainMatrix = {
        Rows = rows
        Columns = columns
        Entries = entries
    }

    let identity (n: int) : PlainMatrix =
        init n n (fun i j -> if i = j then 1.0 else 0.0)

    let diagonal (entries: float[]) : PlainMatrix =
        init entries.Length entries.Length (fun i j -> if i = j then entries[i] else 0.0)

    let transpose (a: PlainMatrix) : PlainMatrix =
        init a.Columns a.Rows (fun i j -> a[j, i])

    let multiply (a: PlainMatrix) (b: PlainMatrix) : PlainMatrix =
        let c = Array.zeroCreate<float>(a.Rows * b.Columns)

        for i in 0 .. a.Rows - 1 do
            for p in 0 .. a.Columns - 1 do
                for j in 0 .. b.Columns - 1 do
                    c[i * b.Columns + j] <- c[i * b.Columns + j] + a[i, p] * b[p, j]

        ofArray a.Rows b.Columns c

    let add (a: PlainMatrix) (b: PlainMatrix) : PlainMatrix =
        init a.Rows a.Columns (fun i j -> a[i, j] + b[i, j])

    let scale (factor: float) (a: PlainMatrix) : PlainMatrix =
        init a.Rows a.Columns (fun i j -> factor * a[i, j])

    /// Standard normal entries.
    let random (seed: int) (rows: int) (columns: int) : PlainMatrix =
        ofArray rows columns (Random.normal (Key.ofSeed (int64 seed)) (rows * columns))

    /// Symmetric with normal entries.
    let randomSymmetric (seed: int) (n: int) : PlainMatrix =
        let g = random seed n n
        init n n (fun i j -> 0.5 * (g[i, j] + g[j, i]))

    /// G Gᵀ + I: positive definite, smallest eigenvalue at least 1.
    let randomPositive (seed: int) (n: int) : PlainMatrix =
        let g = random seed n n
        add (multiply g (transpose g)) (identity n)

    /// 2 on the diagonal, −1 beside it; eigenvalues 2 − 2 cos(kπ/(n+1)), determinant n + 1.
    let secondDifference (n: int) : PlainMatrix =
        init
            n
            n
            (fun i j ->
                if i = j then 2.0
                elif abs (i - j) = 1 then -1.0
                else 0.0
            )

    let hilbert (n: int) : PlainMatrix =
        init n n (fun i j -> 1.0 / float (i + j + 1))

    /// max |aᵢⱼ|, NaN if any entry is NaN.
    let size (a: PlainMatrix) : float =
        a.Entries |> Array.fold (fun m x -> Math.Max(m, Math.Abs x)) 0.0

    /// Fails unless every |aᵢⱼ − bᵢⱼ| ≤ tolerance; a NaN fails.
    let expectClose
        (tolerance: float)
        (actual: PlainMatrix)
        (expected: PlainMatrix)
        (message: string)
        : unit =
        Expect.equal (actual.Rows, actual.Columns) (expected.Rows, expected.Columns) message
        let distance = size (add actual (scale -1.0 expected))

        Expect.isTrue
            (distance <= tolerance)
            $"{message}: distance %g{distance}, allowed %g{tolerance}"

    let expectOrthonormalColumns (tolerance: float) (q: PlainMatrix) : unit =
        expectClose tolerance (multiply (transpose q) q) (identity q.Columns) "orthonormal columns"

/// Places a kernel's matrix inside a longer array and sees that nothing around it was touched.
module Guarded =

    [<Literal>]
    let private Mark = 777.25

    /// The entries from index 3, three marks before and five behind.
    let embed (entries: float[]) : float[] =
        Array.concat [ Array.create 3 Mark; entries; Array.create 5 Mark ]

    /// Where the entries begin.
    [<Literal>]
    let Offset = 3

    /// The entries, after checking the marks.
    let extract (guarded: float[]) : float[] =
        let count = guarded.Length - 8
        Expect.allEqual guarded[..2] Mark "nothing written before the matrix"
        Expect.allEqual guarded[count + 3 ..] Mark "nothing written behind the matrix"
        guarded[3 .. count + 2]

module FactorConfig =

    /// FsCheck with the generators above.
    let config: FsCheckConfig = {
        FsCheckConfig.defaultConfig with
            maxTest = 60
            arbitrary = [ typeof<FactorCases> ]
    }
