namespace Optim.Managed

open System
open System.Buffers

/// Several Householder reflectors as one: H₁ H₂ … H_k = I − Vᵀ T V.
/// Vectors: (k, m), one vector a row; Triangle: (k, k) upper triangular, zeros below its diagonal.
[<NoComparison; NoEquality>]
type internal ReflectorBlock = {
    Count: int
    Length: int
    Vectors: MatrixWindow
    Triangle: MatrixWindow
}

/// Householder reflectors H = I − tau v vᵀ, one at a time and in blocks (the compact WY form).
[<RequireQualifiedAccess>]
module internal FactorReflector =

    /// Sums of squares inside these bounds neither overflow nor lose digits.
    let private isSafe (squares: float) : bool = squares > 1e-280 && squares < 1e280

    let private makeSafe
        (alpha: float)
        (rest: Span<float>)
        (squares: float)
        : struct (float * float) =
        let beta = -Math.CopySign(Math.Sqrt(alpha * alpha + squares), alpha)
        FactorVector.divide (alpha - beta) rest
        struct (beta, (beta - alpha) / beta)

    /// The reflector that maps (alpha, rest) to (beta, 0): gives (beta, tau) and overwrites rest by v's rest; v's entry in
    /// alpha's place is 1. tau is 0 (H = I, beta = alpha) when rest is zero. Source: LAPACK dlarfg.
    /// Differs: rescales by a power of two when the squares would leave the floating-point range.
    let make (alpha: float) (rest: Span<float>) : struct (float * float) =
        let squares = FactorVector.dot rest rest

        if isSafe squares && Math.Abs alpha < 1e140 then
            makeSafe alpha rest squares
        else
            let size = FactorVector.largest rest

            if size = 0.0 then
                struct (alpha, 0.0)
            else
                let power = Math.ILogB(Math.Max(size, Math.Abs alpha))

                for i in 0 .. rest.Length - 1 do
                    rest[i] <- Math.ScaleB(rest[i], -power)

                let scaled = FactorVector.dot rest rest

                if scaled = 0.0 then
                    // Beside alpha the rest is below every rounding: H = I is exact to working precision.
                    rest.Clear()
                    struct (alpha, 0.0)
                else
                    let struct (beta, tau) = makeSafe (Math.ScaleB(alpha, -power)) rest scaled
                    struct (Math.ScaleB(beta, power), tau)

    /// The block of reflectors with the given vectors (k, m), ones and zeros written out, and their taus.
    /// Source: Schreiber & Van Loan 1989 (LAPACK dlarft, forward). Cost: k² m operations.
    let block
        (struct (count: int, length: int))
        (vectors: MatrixWindow)
        (taus: Span<float>)
        : ReflectorBlock =
        let triangle = { Data = Array.zeroCreate<float>(count * count); Offset = 0; Stride = count }

        let t = triangle.Data
        let overlap = Array.zeroCreate<float> count

        for j in 0 .. count - 1 do
            let v = vectors.Row(j, 0, length)

            for i in 0 .. j - 1 do
                overlap[i] <- FactorVector.dot (vectors.Row(i, 0, length)) v

            for i in 0 .. j - 1 do
                let mutable sum = 0.0

                for p in i .. j - 1 do
                    sum <- sum + t[i * count + p] * overlap[p]

                t[i * count + j] <- -taus[j] * sum

            t[j * count + j] <- taus[j]

        {
            Count = count
            Length = length
            Vectors = vectors
            Triangle = triangle
        }

    /// Every row c of `target` (rows, m) ← H₁ H₂ … H_k c, or H_k … H₂ H₁ c when `isReversed`. Cost: 4 · rows · k · m operations.
    let apply
        (reflectors: ReflectorBlock)
        (isReversed: bool)
        (rows: int)
        (target: MatrixWindow)
        : unit =
        let k = reflectors.Count

        let zeros () =
            let data = ArrayPool.Shared.Rent(rows * k)
            data.AsSpan(0, rows * k).Clear()

            { Data = data; Offset = 0; Stride = k }

        let operand (window: MatrixWindow) (transposed: bool) : ProductOperand = {
            Window = window
            IsTransposed = transposed
        }

        let extent (columns: int) (depth: int) : ProductExtent = {
            Rows = rows
            Columns = columns
            Depth = depth
            IsLower = false
        }

        // Two subtractions from zero: −C Vᵀ, then +(C Vᵀ) T.
        let products = zeros ()
        let weights = zeros ()

        FactorProduct.subtract
            (extent k reflectors.Length)
            (operand target false)
            (operand reflectors.Vectors true)
            products

        FactorProduct.subtract
            (extent k k)
            (operand products false)
            (operand reflectors.Triangle (not isReversed))
            weights

        FactorProduct.subtract
            (extent reflectors.Length k)
            (operand weights false)
            (operand reflectors.Vectors false)
            target

        ArrayPool.Shared.Return products.Data
        ArrayPool.Shared.Return weights.Data
