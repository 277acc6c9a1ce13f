namespace Optim.Managed

open System
open Optim

/// The Cholesky factorization A = L Lᵀ of a symmetric positive definite matrix.
[<RequireQualifiedAccess>]
module internal FactorCholesky =

    [<Literal>]
    let private BlockRows = 64

    /// Row i of L within one block: columns [0, count), the rows of L it needs being `l`'s rows 0 … count−1.
    let private solveRow (l: MatrixWindow) (row: Span<float>) : unit =
        for j in 0 .. row.Length - 1 do
            let known = FactorVector.dot (row.Slice(0, j)) (l.Row(j, 0, j))
            row[j] <- (row[j] - known) / l.Data[l.At(j, j)]

    /// L of one diagonal block in place; −1, or the row whose pivot is not a positive finite number.
    let private factorBlock (n: int) (a: MatrixWindow) : int =
        let mutable failed = -1
        let mutable i = 0

        while failed < 0 && i < n do
            let row = a.Row(i, 0, i)
            solveRow a row
            let pivot = a.Data[a.At(i, i)] - FactorVector.dot row row

            if pivot > 0.0 && Double.IsFinite pivot then
                a.Data[a.At(i, i)] <- Math.Sqrt pivot
                i <- i + 1
            else
                failed <- i

        failed

    /// Smaller matrices take plain loops.
    [<Literal>]
    let private Few = 8

    /// `factor` for few rows, in the order of the definition.
    let private factorFew (n: int) (a: float[]) (offset: int) : int =
        let mutable failed = -1
        let mutable i = 0

        while failed < 0 && i < n do
            let row = offset + i * n

            for j in 0 .. i - 1 do
                let other = offset + j * n
                let mutable rest = a[row + j]

                for k in 0 .. j - 1 do
                    rest <- rest - a[row + k] * a[other + k]

                a[row + j] <- rest / a[other + j]

            let mutable pivot = a[row + i]

            for k in 0 .. i - 1 do
                pivot <- pivot - a[row + k] * a[row + k]

            if pivot > 0.0 && Double.IsFinite pivot then
                a[row + i] <- sqrt pivot
                Array.Clear(a, row + i + 1, n - i - 1)
                i <- i + 1
            else
                failed <- i

        failed

    /// `factor` by blocks of rows.
    let private factorBlocks (n: int) (a: float[]) (offset: int) : int =
        let whole = { Data = a; Offset = offset; Stride = n }

        let mutable failed = -1
        let mutable i0 = 0

        while failed < 0 && i0 < n do
            let i1 = min n (i0 + BlockRows)
            let diagonal = whole.From(i0, i0)
            let code = factorBlock (i1 - i0) diagonal

            if code >= 0 then
                failed <- i0 + code
            else
                for i in i1 .. n - 1 do
                    solveRow diagonal (whole.Row(i, i0, i1 - i0))

                let extent = {
                    Rows = n - i1
                    Columns = n - i1
                    Depth = i1 - i0
                    IsLower = true
                }

                let below = whole.From(i1, i0)

                FactorProduct.subtract
                    extent
                    { Window = below; IsTransposed = false }
                    { Window = below; IsTransposed = true }
                    (whole.From(i1, i1))

                i0 <- i1

        if failed < 0 then
            for i in 0 .. n - 2 do
                whole.Row(i, i + 1, n - 1 - i).Clear()

        failed

    /// Overwrites a by L, with zeros above the diagonal, and gives −1; or gives the index of the first pivot that is not a
    /// positive finite number. a: (n, n) row-major from `offset`; only its lower triangle is read.
    /// A = L Lᵀ. After a failure at index k the first k rows of L are right and the rest of a is unspecified: so a NaN or an
    /// infinity anywhere in the lower triangle fails at its row at the latest. Cost: n³/3 operations.
    /// Source: Golub & Van Loan 2013, section 4.2.6 (blocked, right-looking).
    let factor (n: int) (a: float[]) (offset: int) : int =
        if n < Few then
            factorFew n a offset
        else
            factorBlocks n a offset

    /// b ← (L Lᵀ)⁻¹ b. l: (n, n), the lower factor; b: (n, r). Cost: 2 n² r operations.
    let solve
        (struct (n: int, r: int))
        (struct (l: float[], lOffset: int))
        (struct (b: float[], bOffset: int))
        : unit =
        for transposed in [| false; true |] do
            FactorTriangular.solve
                { Triangle = Triangle.Lower; IsTransposed = transposed; IsUnit = false }
                (struct (n, r))
                (struct (l, lOffset))
                (struct (b, bOffset))
