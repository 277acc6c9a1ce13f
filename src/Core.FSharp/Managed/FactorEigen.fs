namespace Optim.Managed

open System

/// Eigenvalues and eigenvectors of a symmetric matrix.
[<RequireQualifiedAccess>]
module internal FactorEigen =

    /// Half the distance from 1 to the next number, as LAPACK's dsteqr has it.
    let private epsilon = Math.ScaleB(1.0, -53)

    /// The smallest normal number: a squared link below it is nothing beside the matrix, which was scaled.
    let private smallest = Math.ScaleB(1.0, -1022)

    /// Components this close (relatively) to the largest count as the largest in the sign convention.
    [<Literal>]
    let private SignTolerance = 1e-8

    /// √(g² + 1), for any finite g.
    let private hypotOne (g: float) : float =
        if Math.Abs g > 1e9 then
            Math.Abs g
        else
            Math.Sqrt(g * g + 1.0)

    /// The rotation (c, s) that maps (f, g) to (r, 0), and r: c f + s g = r, c g − s f = 0.
    let private rotation (f: float) (g: float) : struct (float * float * float) =
        if g = 0.0 then
            struct (1.0, 0.0, f)
        elif f = 0.0 then
            struct (0.0, 1.0, g)
        else
            let squares = f * f + g * g

            if squares > 1e-290 && squares < 1e290 then
                let r = Math.CopySign(Math.Sqrt squares, f)
                struct (f / r, g / r, r)
            else
                let size = Math.Max(Math.Abs f, Math.Abs g)
                let f1 = f / size
                let g1 = g / size
                let r1 = Math.CopySign(Math.Sqrt(f1 * f1 + g1 * g1), f)
                struct (f1 / r1, g1 / r1, r1 * size)

    /// One unreduced block of T, seen from the end at which the iteration works: position q is row First + q · Step.
    [<Struct; NoComparison; NoEquality>]
    type private Block = {
        Matrix: Tridiagonal
        First: int
        Step: int
        Length: int
    } with

        member block.Row(position: int) : int = block.First + position * block.Step

        /// Index of the off-diagonal entry between positions q and q + 1.
        member block.Link(position: int) : int =
            min (block.Row position) (block.Row(position + 1))

    /// Whether the link after position q is negligible beside its diagonal entries.
    let private isSmall (block: Block) (q: int) : bool =
        let link = block.Matrix.OffDiagonal[block.Link q]
        let d0 = Math.Abs block.Matrix.Diagonal[block.Row q]
        let d1 = Math.Abs block.Matrix.Diagonal[block.Row(q + 1)]
        link * link <= epsilon * d0 * (epsilon * d1) + smallest

    /// One implicit QL sweep with Wilkinson's shift over positions l … m.
    let private sweep (block: Block) (l: int) (m: int) (batch: RotationBatch) : unit =
        let d = block.Matrix.Diagonal
        let e = block.Matrix.OffDiagonal
        let dl = d[block.Row l]
        let el = e[block.Link l]
        let ratio = (d[block.Row(l + 1)] - dl) / (2.0 * el)

        let mutable g =
            d[block.Row m] - dl + el / (ratio + Math.CopySign(hypotOne ratio, ratio))

        let mutable s = 1.0
        let mutable c = 1.0
        let mutable p = 0.0
        batch.Open(block.Row m, -block.Step, m - l)

        for i in m - 1 .. -1 .. l do
            let f = s * e[block.Link i]
            let b = c * e[block.Link i]
            let struct (cosine, sine, r) = rotation g f
            c <- cosine
            s <- sine

            if i <> m - 1 then
                e[block.Link(i + 1)] <- r

            let above = d[block.Row(i + 1)] - p
            let mixed = (d[block.Row i] - above) * s + 2.0 * c * b
            p <- s * mixed
            d[block.Row(i + 1)] <- above + p
            g <- c * mixed - b
            batch.Set(m - 1 - i, c, s)

        d[block.Row l] <- d[block.Row l] - p
        e[block.Link l] <- g

    /// Diagonalizes one block; gives the sweeps spent, more than `budget` meaning that it did not converge.
    let private solveBlock (block: Block) (budget: int) (batch: RotationBatch) : int =
        let mutable spent = 0
        let mutable l = 0

        while l < block.Length && spent <= budget do
            let mutable m = l

            while m < block.Length - 1 && not (isSmall block m) do
                m <- m + 1

            if m < block.Length - 1 then
                block.Matrix.OffDiagonal[block.Link m] <- 0.0

            if m = l then
                l <- l + 1
            else
                spent <- spent + 1

                if spent <= budget then
                    sweep block l m batch

        spent

    /// Overwrites T's diagonal by its eigenvalues, unordered, and records the rotations; false when 50n sweeps do not suffice.
    /// Source: LAPACK dsteqr (implicit QL or QR, whichever end of a block is the smaller). Differs: 2 × 2 blocks iterate too.
    let private diagonalize (n: int) (matrix: Tridiagonal) (batch: RotationBatch) : bool =
        let d = matrix.Diagonal
        let e = matrix.OffDiagonal
        let mutable budget = 50 * n
        let mutable first = 0

        while first < n && budget >= 0 do
            let mutable last = first

            let isJoined (i: int) =
                Math.Abs e[i] > Math.Sqrt(Math.Abs d[i]) * Math.Sqrt(Math.Abs d[i + 1]) * epsilon

            while last < n - 1 && isJoined last do
                last <- last + 1

            if last < n - 1 then
                e[last] <- 0.0

            let isFlipped = Math.Abs d[last] < Math.Abs d[first]

            let block = {
                Matrix = matrix
                First = if isFlipped then last else first
                Step = if isFlipped then -1 else 1
                Length = last - first + 1
            }

            budget <- budget - solveBlock block budget batch
            first <- last + 1

        batch.Flush()
        budget >= 0

    /// The sign that makes eigenvector `row` of the strips follow the convention of `symmetric`.
    let private signOf (n: int) (strips: float[]) (row: int) : float =
        let width = RotationStrips.Width

        let at (j: int) =
            j / width * width * n + row * width + j % width

        let mutable size = 0.0

        for j0 in 0..width .. n - 1 do
            size <- Math.Max(size, FactorVector.largest (strips.AsSpan(at j0, min width (n - j0))))

        let threshold = (1.0 - SignTolerance) * size
        let mutable sign = 0.0
        let mutable j = 0

        while sign = 0.0 && j < n do
            let entry = strips[at j]

            if Math.Abs entry >= threshold then
                sign <- float (Math.Sign entry)

            j <- j + 1

        if sign < 0.0 then -1.0 else 1.0

    /// Vectors as columns, in the order given: target[i, j] = sign · strips' row order[j], coordinate i.
    let private writeVectors
        (n: int)
        (strips: float[])
        (order: int[])
        (target: MatrixWindow)
        : unit =
        let width = RotationStrips.Width
        let signs = order |> Array.map (signOf n strips)

        for i in 0 .. n - 1 do
            let stripAt = i / width * width * n + i % width
            let row = target.Row(i, 0, n)

            for j in 0 .. n - 1 do
                row[j] <- signs[j] * strips[stripAt + order[j] * width]

    /// max |aᵢⱼ| of the lower triangle, NaN if any is NaN.
    let private sizeOf (n: int) (a: MatrixWindow) : float =
        let mutable size = 0.0

        for i in 0 .. n - 1 do
            size <- Math.Max(size, FactorVector.largest (a.Row(i, 0, i + 1)))

        size

    /// The power of two by which a matrix of this size is divided so that squares of its entries stay representable.
    let private scalePower (size: float) : int =
        if size = 0.0 || (size > 1e-100 && size < 1e100) then
            0
        else
            Math.ILogB size

    let private rescale (n: int) (power: int) (a: MatrixWindow) : unit =
        if power <> 0 then
            for i in 0 .. n - 1 do
                for j in 0..i do
                    a.Data[a.At(i, j)] <- Math.ScaleB(a.Data[a.At(i, j)], -power)

    /// Eigenvalues in ascending order, and the rows of the strips in that order, from a diagonalized T.
    let private sorted (n: int) (power: int) (matrix: Tridiagonal) (values: Span<float>) : int[] =
        let d = matrix.Diagonal

        // Equal values keep their order, so that a diagonal matrix keeps its unit vectors' order.
        let order =
            Array.init n id
            |> Array.sortWith (fun i j ->
                match compare d[i] d[j] with
                | 0 -> compare i j
                | unequal -> unequal
            )

        for j in 0 .. n - 1 do
            values[j] <- Math.ScaleB(d[order[j]], power)

        order

    /// Runs the iteration for finite input; false when it did not converge. An empty `vectors` asks for eigenvalues only.
    let private solveFinite
        (n: int)
        (a: MatrixWindow)
        (size: float)
        (values: Span<float>)
        (vectors: MatrixWindow voption)
        : bool =
        let power = scalePower size
        rescale n power a
        let matrix = FactorTridiagonal.reduce n a

        let strips =
            match vectors with
            | ValueSome target ->
                FactorTridiagonal.transposedBasis n a matrix.Taus target
                RotationStrips.ofWindow n target
            | ValueNone -> [||]

        let isConverged = diagonalize n matrix (RotationBatch(n, strips))

        if isConverged then
            let order = sorted n power matrix values

            match vectors with
            | ValueSome target -> writeVectors n strips order target
            | ValueNone -> ()

        isConverged

    /// Eigenvalues (n) in ascending order and, in the columns of `vectors` (n, n), orthonormal eigenvectors: A V = V diag(w).
    /// a: (n, n) row-major, only its lower triangle is read, overwritten by scratch. Gives true; or false, with NaN in all
    /// values and vectors, when a is not finite or 50n sweeps do not converge.
    /// Sign: in each vector the first component whose magnitude is within 1e-8 (relative) of the largest is positive, so that
    /// rounding does not decide between equal magnitudes. |A V − V diag(w)| is a small multiple of n · 1e-16 · |A|.
    /// Cost: about 9n³ operations and 2n² of memory. Source: Golub & Van Loan 2013, section 8.3.
    let symmetric
        (n: int)
        (struct (a: float[], aOffset: int))
        (struct (values: float[], valuesOffset: int))
        (struct (vectors: float[], vectorsOffset: int))
        : bool =
        let window (data: float[]) (offset: int) : MatrixWindow = {
            Data = data
            Offset = offset
            Stride = n
        }

        let source = window a aOffset
        let target = window vectors vectorsOffset
        let size = sizeOf n source
        let w = values.AsSpan(valuesOffset, n)

        let isSolved =
            Double.IsFinite size && solveFinite n source size w (ValueSome target)

        if not isSolved then
            w.Fill nan
            vectors.AsSpan(vectorsOffset, n * n).Fill nan

        isSolved

    /// Eigenvalues (n) in ascending order, without vectors. a, failure and accuracy as in `symmetric`. Cost: 4n³/3 operations.
    let symmetricValues
        (n: int)
        (struct (a: float[], aOffset: int))
        (struct (values: float[], valuesOffset: int))
        : bool =
        let source = { Data = a; Offset = aOffset; Stride = n }

        let size = sizeOf n source
        let w = values.AsSpan(valuesOffset, n)
        let isSolved = Double.IsFinite size && solveFinite n source size w ValueNone

        if not isSolved then
            w.Fill nan

        isSolved
