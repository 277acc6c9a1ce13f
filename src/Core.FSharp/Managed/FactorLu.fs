namespace Optim.Managed

open System
open Optim

/// The factorization P A = L U with partial pivoting: L unit lower, U upper triangular, both kept in A's place.
[<RequireQualifiedAccess>]
module internal FactorLu =

    [<Literal>]
    let private BlockColumns = 48

    /// The row of the largest |entry| in `column`, from `column` down. A NaN is not preferred; it spreads by elimination.
    let private largestRow (rows: int) (column: int) (panel: MatrixWindow) : int =
        let mutable best = column
        let mutable size = Math.Abs panel.Data[panel.At(column, column)]

        for i in column + 1 .. rows - 1 do
            let candidate = Math.Abs panel.Data[panel.At(i, column)]

            if candidate > size then
                best <- i
                size <- candidate

        best

    /// L U of a tall panel (rows, columns) in place, pivots counted from its first row; −1, or the first zero pivot's column.
    let private factorPanel
        (rows: int)
        (columns: int)
        (panel: MatrixWindow)
        (pivots: Span<int>)
        : int =
        let mutable singular = -1

        for j in 0 .. columns - 1 do
            let chosen = largestRow rows j panel
            pivots[j] <- chosen

            if chosen <> j then
                FactorVector.swap (panel.Row(j, 0, columns)) (panel.Row(chosen, 0, columns))

            let pivot = panel.Data[panel.At(j, j)]

            if pivot = 0.0 then
                // The column is zero from here down: nothing to eliminate, and L's entries are zero already.
                singular <- if singular < 0 then j else singular
            else
                let top = panel.Row(j, j + 1, columns - j - 1)

                for i in j + 1 .. rows - 1 do
                    let multiplier = panel.Data[panel.At(i, j)] / pivot
                    panel.Data[panel.At(i, j)] <- multiplier
                    FactorVector.addScaled -multiplier top (panel.Row(i, j + 1, columns - j - 1))

        singular

    let private copy
        (rows: int)
        (columns: int)
        (source: MatrixWindow)
        (target: MatrixWindow)
        : unit =
        for i in 0 .. rows - 1 do
            source.Row(i, 0, columns).CopyTo(target.Row(i, 0, columns))

    /// U's rows to the right of a factored panel, then the product that is left: [U₁₂; A₂₂] ← [L₁₁⁻¹ A₁₂; A₂₂ − L₂₁ U₁₂].
    let private updateRight (n: int) (j0: int) (j1: int) (whole: MatrixWindow) : unit =
        let unitLower = { Triangle = Triangle.Lower; IsTransposed = false; IsUnit = true }

        FactorTriangular.solveWindow
            unitLower
            (j1 - j0)
            (n - j1)
            (whole.From(j0, j0))
            (whole.From(j0, j1))

        let extent = {
            Rows = n - j1
            Columns = n - j1
            Depth = j1 - j0
            IsLower = false
        }

        let plain (window: MatrixWindow) = { Window = window; IsTransposed = false }

        FactorProduct.subtract
            extent
            (plain (whole.From(j1, j0)))
            (plain (whole.From(j0, j1)))
            (whole.From(j1, j1))

    let private factorFinite (n: int) (whole: MatrixWindow) (pivots: int[]) : int =
        let mutable singular = -1
        // The panel is factored in its own contiguous place: a column of a wide matrix would touch a page a row.
        let panel = {
            Data = GC.AllocateUninitializedArray<float>(n * min n BlockColumns)
            Offset = 0
            Stride = min n BlockColumns
        }

        for j0 in 0..BlockColumns .. n - 1 do
            let j1 = min n (j0 + BlockColumns)
            copy (n - j0) (j1 - j0) (whole.From(j0, j0)) panel
            let code = factorPanel (n - j0) (j1 - j0) panel (pivots.AsSpan(j0, j1 - j0))
            copy (n - j0) (j1 - j0) panel (whole.From(j0, j0))

            if code >= 0 && singular < 0 then
                singular <- j0 + code

            for j in j0 .. j1 - 1 do
                let chosen = pivots[j] + j0
                pivots[j] <- chosen

                if chosen <> j then
                    FactorVector.swap (whole.Row(j, 0, j0)) (whole.Row(chosen, 0, j0))
                    FactorVector.swap (whole.Row(j, j1, n - j1)) (whole.Row(chosen, j1, n - j1))

            updateRight n j0 j1 whole

        singular

    /// Overwrites a by L (below the diagonal, ones not stored) and U, fills `pivots`, and gives −1; or gives the index of the
    /// first zero pivot when A is singular (the factorization is then still complete, with that zero in U).
    /// P A = L U, where P exchanges row j with row pivots[j] for j = 0, 1, …. a: (n, n) row-major from `offset`; pivots: (n).
    /// A non-finite entry anywhere gives index 0 and a filled with NaN. Cost: 2n³/3 operations.
    /// Source: Golub & Van Loan 2013, section 3.4 (blocked, right-looking).
    let factor (n: int) (a: float[]) (offset: int) (pivots: int[]) : int =
        let all = a.AsSpan(offset, n * n)

        if Double.IsFinite(FactorVector.largest all) then
            factorFinite n { Data = a; Offset = offset; Stride = n } pivots
        else
            all.Fill nan

            for j in 0 .. n - 1 do
                pivots[j] <- j

            0

    /// b ← A⁻¹ b from A's factorization. lu: (n, n) and pivots: (n) as `factor` left them; b: (n, r) row-major.
    /// A singular A gives non-finite entries. Cost: 2 n² r operations.
    let solve
        (struct (n: int, r: int))
        (struct (lu: float[], luOffset: int))
        (pivots: int[])
        (struct (b: float[], bOffset: int))
        : unit =
        for j in 0 .. n - 1 do
            if pivots[j] <> j then
                FactorVector.swap
                    (b.AsSpan(bOffset + j * r, r))
                    (b.AsSpan(bOffset + pivots[j] * r, r))

        for triangle in [| Triangle.Lower; Triangle.Upper |] do
            FactorTriangular.solve
                { Triangle = triangle; IsTransposed = false; IsUnit = (triangle = Triangle.Lower) }
                (struct (n, r))
                (struct (lu, luOffset))
                (struct (b, bOffset))

    /// The sign of det A (−1, 0 or 1) and ln |det A| from A's factorization: (0, −∞) for a singular A, (1, 0) for n = 0,
    /// (NaN, NaN) when the input was not finite. lu: (n, n) and pivots: (n) as `factor` left them. Cost: n logarithms.
    let signAndLogDeterminant
        (n: int)
        (lu: float[])
        (offset: int)
        (pivots: int[])
        : struct (float * float) =
        let mutable sign = 1.0
        let mutable logarithm = 0.0

        for j in 0 .. n - 1 do
            let pivot = lu[offset + j * n + j]
            let exchanged = if pivots[j] = j then 1.0 else -1.0

            sign <-
                if Double.IsNaN pivot then
                    nan
                else
                    sign * exchanged * float (Math.Sign pivot)

            logarithm <- logarithm + Math.Log(Math.Abs pivot)

        struct (sign, logarithm)
