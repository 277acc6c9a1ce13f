namespace Optim.Managed

open System
open System.Numerics
open System.Runtime.InteropServices

/// A symmetric matrix brought to tridiagonal form: A = Q T Qᵀ.
/// Diagonal: (n). OffDiagonal: (n − 1) used, entry i joins i and i + 1. Taus: (n), entry i for the reflector in row i.
[<NoComparison; NoEquality>]
type internal Tridiagonal = { Diagonal: float[]; OffDiagonal: float[]; Taus: float[] }

/// Householder reduction from the last row up, so that each vector is a row of the lower triangle.
[<RequireQualifiedAccess>]
module internal FactorTridiagonal =

    [<Literal>]
    let private BlockSize = 32

    /// y[0, i) += Σ_r x[i + r] a_r and the four dots a_r · x[0, i), for rows i … i+3 in one pass over them.
    let private fourRows (a: MatrixWindow) (i: int) (x: Span<float>) (y: Span<float>) : unit =
        let a0 = &MemoryMarshal.GetReference(a.Row(i, 0, i))
        let a1 = &MemoryMarshal.GetReference(a.Row(i + 1, 0, i))
        let a2 = &MemoryMarshal.GetReference(a.Row(i + 2, 0, i))
        let a3 = &MemoryMarshal.GetReference(a.Row(i + 3, 0, i))
        let xRef = &MemoryMarshal.GetReference x
        let yRef = &MemoryMarshal.GetReference y
        let width = Vector<float>.Count
        let x0 = Vector<float>(x[i])
        let x1 = Vector<float>(x[i + 1])
        let x2 = Vector<float>(x[i + 2])
        let x3 = Vector<float>(x[i + 3])
        let mutable sum0 = Vector<float>.Zero
        let mutable sum1 = Vector<float>.Zero
        let mutable sum2 = Vector<float>.Zero
        let mutable sum3 = Vector<float>.Zero
        let mutable j = 0

        while j <= i - width do
            let at = unativeint j
            let xj = Vector.LoadUnsafe(&xRef, at)
            let row0 = Vector.LoadUnsafe(&a0, at)
            let row1 = Vector.LoadUnsafe(&a1, at)
            let row2 = Vector.LoadUnsafe(&a2, at)
            let row3 = Vector.LoadUnsafe(&a3, at)
            sum0 <- Vector.MultiplyAddEstimate(row0, xj, sum0)
            sum1 <- Vector.MultiplyAddEstimate(row1, xj, sum1)
            sum2 <- Vector.MultiplyAddEstimate(row2, xj, sum2)
            sum3 <- Vector.MultiplyAddEstimate(row3, xj, sum3)
            let low = Vector.MultiplyAddEstimate(row1, x1, row0 * x0)
            let high = Vector.MultiplyAddEstimate(row3, x3, row2 * x2)
            Vector.StoreUnsafe(Vector.LoadUnsafe(&yRef, at) + (low + high), &yRef, at)
            j <- j + width

        y[i] <- y[i] + Vector.Sum sum0
        y[i + 1] <- y[i + 1] + Vector.Sum sum1
        y[i + 2] <- y[i + 2] + Vector.Sum sum2
        y[i + 3] <- y[i + 3] + Vector.Sum sum3

        // What the vectors left over, and the triangle below the four rows' common part.
        for r in 0..3 do
            for column in j .. i + r - 1 do
                let entry = a.Data[a.At(i + r, column)]
                y[i + r] <- y[i + r] + entry * x[column]
                y[column] <- y[column] + entry * x[i + r]

    /// y ← A x from the lower triangle. x and y: (n). Cost: 2n² operations, one pass over the triangle.
    let private multiply (n: int) (a: MatrixWindow) (x: Span<float>) (y: Span<float>) : unit =
        for i in 0 .. n - 1 do
            y[i] <- a.Data[a.At(i, i)] * x[i]

        let mutable i = 0

        while i + 4 <= n do
            fourRows a i x y
            i <- i + 4

        while i < n do
            let row = a.Row(i, 0, i)
            y[i] <- y[i] + FactorVector.dot row (x.Slice(0, i))
            FactorVector.addScaled x[i] row (y.Slice(0, i))
            i <- i + 1

    /// The panel's vectors v (left) and their partners w (right), one a row; the pending update is A − Σ v wᵀ + w vᵀ.
    [<Struct; NoComparison; NoEquality>]
    type private Panel = { Left: MatrixWindow; Right: MatrixWindow }

    /// Row i of A with the first `count` pending updates applied, diagonal included.
    let private refreshRow (panel: Panel) (count: int) (a: MatrixWindow) (i: int) : unit =
        let row = a.Row(i, 0, i + 1)

        for p in 0 .. count - 1 do
            let v = panel.Left.Row(p, 0, i + 1)
            let w = panel.Right.Row(p, 0, i + 1)
            FactorVector.addScaled -v[i] w row
            FactorVector.addScaled -w[i] v row

    /// w for the reflector (v, tau) of row i: tau (A v) corrected by the pending updates and by −tau/2 (w·v) v.
    let private partner (panel: Panel) (count: int) (a: MatrixWindow) (i: int) (tau: float) : unit =
        let v = panel.Left.Row(count, 0, i)
        let w = panel.Right.Row(count, 0, i)
        multiply i a v w

        for p in 0 .. count - 1 do
            let left = panel.Left.Row(p, 0, i)
            let right = panel.Right.Row(p, 0, i)
            let onRight = FactorVector.dot right v
            let onLeft = FactorVector.dot left v
            FactorVector.addScaled -onRight left w
            FactorVector.addScaled -onLeft right w

        FactorVector.scale tau w
        let along = FactorVector.dot w v
        FactorVector.addScaled (-0.5 * tau * along) v w

    /// A's leading (lo, lo) block minus the panel's `count` pending updates, lower triangle only.
    let private applyPanel (panel: Panel) (count: int) (a: MatrixWindow) (lo: int) : unit =
        let extent = {
            Rows = lo
            Columns = lo
            Depth = count
            IsLower = true
        }

        let operand (window: MatrixWindow) (transposed: bool) : ProductOperand = {
            Window = window
            IsTransposed = transposed
        }

        FactorProduct.subtract extent (operand panel.Left true) (operand panel.Right false) a
        FactorProduct.subtract extent (operand panel.Right true) (operand panel.Left false) a

    /// T and the reflectors of A = Q T Qᵀ, Q = H_{n−1} … H₁. a: (n, n), finite; only its lower triangle is read, and row i is
    /// overwritten by the vector of Hᵢ (i entries, the last of them 1). Cost: 4n³/3 operations, half of them memory-bound.
    /// Source: Golub & Van Loan 2013, section 8.3.1; blocked as in LAPACK dlatrd.
    let reduce (n: int) (a: MatrixWindow) : Tridiagonal =
        let result = {
            Diagonal = Array.zeroCreate<float> n
            OffDiagonal = Array.zeroCreate<float> n
            Taus = Array.zeroCreate<float> n
        }

        let rows () = {
            Data = Array.zeroCreate<float>(min BlockSize n * n)
            Offset = 0
            Stride = n
        }

        let panel = { Left = rows (); Right = rows () }
        let mutable hi = n

        while hi > 0 do
            let lo = max 0 (hi - BlockSize)

            for i in hi - 1 .. -1 .. lo do
                let count = hi - 1 - i
                refreshRow panel count a i
                result.Diagonal[i] <- a.Data[a.At(i, i)]

                if i > 0 then
                    let last = a.At(i, i - 1)
                    let struct (beta, tau) = FactorReflector.make a.Data[last] (a.Row(i, 0, i - 1))
                    a.Data[last] <- 1.0
                    result.OffDiagonal[i - 1] <- beta
                    result.Taus[i] <- tau
                    a.Row(i, 0, i).CopyTo(panel.Left.Row(count, 0, i))
                    partner panel count a i tau

            applyPanel panel (hi - lo) a lo
            hi <- lo

        result

    /// Qᵀ of the reduction, row j being column j of Q. a: (n, n) as `reduce` left it; target: (n, n), overwritten.
    /// Cost: 4n³/3 operations.
    let transposedBasis (n: int) (a: MatrixWindow) (taus: float[]) (target: MatrixWindow) : unit =
        for i in 0 .. n - 1 do
            target.Row(i, 0, n).Clear()
            target.Data[target.At(i, i)] <- 1.0

        // H₁ acts first; the reflectors up to row i − 1 move only the first i − 1 coordinates.
        for i0 in 1..BlockSize .. n - 1 do
            let i1 = min n (i0 + BlockSize)
            let count = i1 - i0
            let length = i1 - 1

            let vectors = {
                Data = Array.zeroCreate<float>(count * length)
                Offset = 0
                Stride = length
            }

            for i in i0 .. i1 - 1 do
                a.Row(i, 0, i).CopyTo(vectors.Row(i - i0, 0, i))

            let reflectors =
                FactorReflector.block (struct (count, length)) vectors (taus.AsSpan(i0, count))

            FactorReflector.apply reflectors true length target
