namespace Optim.Managed

open System

/// The reduced factorization A = Q R by Householder reflectors, for any shape.
[<RequireQualifiedAccess>]
module internal FactorQr =

    [<Literal>]
    let private BlockSize = 32

    /// Reflects row j's entries from the diagonal on, and every later row of the panel with it. Rows are A's columns.
    let private reflectRow (m: int) (j: int) (last: int) (columns: MatrixWindow) : float =
        let at = columns.At(j, j)
        let rest = columns.Row(j, j + 1, m - j - 1)
        let struct (beta, tau) = FactorReflector.make columns.Data[at] rest
        columns.Data[at] <- beta

        for i in j + 1 .. last do
            let row = columns.Row(i, j + 1, m - j - 1)
            let head = columns.At(i, j)
            let weight = tau * (columns.Data[head] + FactorVector.dot rest row)
            columns.Data[head] <- columns.Data[head] - weight
            FactorVector.addScaled -weight rest row

        tau

    /// Reflectors j0 … j1−1 with their ones and zeros written out, acting on coordinates j0 … m−1.
    let private blockAt
        (m: int)
        (struct (j0: int, j1: int))
        (columns: MatrixWindow)
        (taus: float[])
        : ReflectorBlock =
        let count = j1 - j0
        let length = m - j0

        let vectors = {
            Data = Array.zeroCreate<float>(count * length)
            Offset = 0
            Stride = length
        }

        for j in j0 .. j1 - 1 do
            vectors.Data[vectors.At(j - j0, j - j0)] <- 1.0
            columns.Row(j, j + 1, m - j - 1).CopyTo(vectors.Row(j - j0, j - j0 + 1, m - j - 1))

        FactorReflector.block (struct (count, length)) vectors (taus.AsSpan(j0, count))

    let private transpose
        (rows: int)
        (columns: int)
        (source: MatrixWindow)
        (target: MatrixWindow)
        : unit =
        for i0 in 0..BlockSize .. rows - 1 do
            for j in 0 .. columns - 1 do
                for i in i0 .. min rows (i0 + BlockSize) - 1 do
                    target.Data[target.At(j, i)] <- source.Data[source.At(i, j)]

    let private packed (rows: int) (columns: int) : MatrixWindow = {
        Data = Array.zeroCreate<float>(rows * columns)
        Offset = 0
        Stride = columns
    }

    let private factorFinite
        (m: int)
        (n: int)
        (a: MatrixWindow)
        (q: MatrixWindow)
        (r: MatrixWindow)
        : unit =
        let k = min m n
        let columns = packed n m
        transpose m n a columns
        let taus = Array.zeroCreate<float> k

        let blocks = [| for j0 in 0..BlockSize .. k - 1 -> struct (j0, min k (j0 + BlockSize)) |]

        let factorBlock (struct (j0, j1)) =
            for j in j0 .. j1 - 1 do
                taus[j] <- reflectRow m j (j1 - 1) columns

            let reflectors = blockAt m (struct (j0, j1)) columns taus
            FactorReflector.apply reflectors true (n - j1) (columns.From(j1, j0))
            reflectors

        let reflectors = Array.map factorBlock blocks

        // Qᵀ: row j starts as the unit vector j; the reflectors of a block leave earlier rows alone.
        let basis = packed k m

        for j in 0 .. k - 1 do
            basis.Data[basis.At(j, j)] <- 1.0

        for index in blocks.Length - 1 .. -1 .. 0 do
            let struct (j0, _) = blocks[index]
            FactorReflector.apply reflectors[index] false (k - j0) (basis.From(j0, j0))

        for i in 0 .. k - 1 do
            let sign = if columns.Data[columns.At(i, i)] < 0.0 then -1.0 else 1.0
            FactorVector.scale sign (basis.Row(i, 0, m))
            r.Row(i, 0, i).Clear()

            for j in i .. n - 1 do
                r.Data[r.At(i, j)] <- sign * columns.Data[columns.At(j, i)]

        transpose k m basis q

    /// Q (m, k) with orthonormal columns and R (k, n) upper trapezoidal with A = Q R, k = min(m, n).
    /// The diagonal of R is not negative, so the factorization is unique when A has full rank.
    /// a: (m, n), q: (m, k), r: (k, n), row-major, each from its offset; a is kept. A non-finite entry in a fills q and r
    /// with NaN. Cost: about 4 m n k operations. Source: Golub & Van Loan 2013, section 5.2.3.
    let factor
        (struct (m: int, n: int))
        (struct (a: float[], aOffset: int))
        (struct (q: float[], qOffset: int))
        (struct (r: float[], rOffset: int))
        : unit =
        let k = min m n

        if Double.IsFinite(FactorVector.largest (a.AsSpan(aOffset, m * n))) then
            let window (data: float[]) (offset: int) (stride: int) : MatrixWindow = {
                Data = data
                Offset = offset
                Stride = stride
            }

            factorFinite m n (window a aOffset n) (window q qOffset k) (window r rOffset n)
        else
            q.AsSpan(qOffset, m * k).Fill nan
            r.AsSpan(rOffset, k * n).Fill nan
