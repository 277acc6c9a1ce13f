namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door

open System.Numerics
open System.Runtime.CompilerServices
open Microsoft.FSharp.NativeInterop

/// Products with a vector: bound by memory, so each matrix element is read once, in the order in which it lies.
[<AbstractClass; Sealed>]
type internal VectorProduct<'T, 'V, 'L
    when 'T: unmanaged
    and 'T :> INumberBase<'T>
    and 'V: struct
    and 'L: struct
    and 'L :> ILanes<'T, 'V>> =

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Get(address: nativeint) : 'T =
        NativePtr.read (NativePtr.ofNativeInt<'T> address)

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Set(address: nativeint, value: 'T) : unit =
        NativePtr.write (NativePtr.ofNativeInt<'T> address) value

    /// Σ x[i] y[i] from element `start` on, added to a partial sum one by one.
    static member private Tail
        (start: int, count: int, x: nativeint, y: nativeint, partial: 'T)
        : 'T =
        let mutable total = partial

        for i in start .. count - 1 do
            let at = nativeint i * nativeint sizeof<'T>

            total <-
                'T
                    .MultiplyAddEstimate(
                        VectorProduct<'T, 'V, 'L>.Get(x + at),
                        VectorProduct<'T, 'V, 'L>.Get(y + at),
                        total
                    )

        total

    /// Σ x[i] y[i] over contiguous elements, in four interleaved sums of registers.
    static member Dot(count: int, x: nativeint, y: nativeint) : 'T =
        let register = nativeint ('L.Width * sizeof<'T>)
        let step = 4n * register
        let mutable s0 = 'L.Zero
        let mutable s1 = 'L.Zero
        let mutable s2 = 'L.Zero
        let mutable s3 = 'L.Zero
        let mutable a = x
        let mutable b = y
        let wide = count / (4 * 'L.Width)

        for _ in 1..wide do
            s0 <- 'L.MultiplyAdd('L.Load a, 'L.Load b, s0)
            s1 <- 'L.MultiplyAdd('L.Load(a + register), 'L.Load(b + register), s1)
            s2 <- 'L.MultiplyAdd('L.Load(a + 2n * register), 'L.Load(b + 2n * register), s2)
            s3 <- 'L.MultiplyAdd('L.Load(a + 3n * register), 'L.Load(b + 3n * register), s3)
            a <- a + step
            b <- b + step

        let whole = count / 'L.Width

        for _ in 1 .. whole - 4 * wide do
            s0 <- 'L.MultiplyAdd('L.Load a, 'L.Load b, s0)
            a <- a + register
            b <- b + register

        let total = 'L.Sum('L.Add('L.Add(s0, s1), 'L.Add(s2, s3)))
        VectorProduct<'T, 'V, 'L>.Tail(whole * 'L.Width, count, x, y, total)

    /// Four rows at once share the loads of x. Each row sums as `RowDot` does.
    static member private FourRowDots
        (columns: int, matrix: MatrixView, x: nativeint, result: nativeint)
        : unit =
        let register = nativeint ('L.Width * sizeof<'T>)
        let step1 = matrix.RowStep
        let step2 = step1 + step1
        let step3 = step2 + step1
        let mutable s00 = 'L.Zero
        let mutable s01 = 'L.Zero
        let mutable s10 = 'L.Zero
        let mutable s11 = 'L.Zero
        let mutable s20 = 'L.Zero
        let mutable s21 = 'L.Zero
        let mutable s30 = 'L.Zero
        let mutable s31 = 'L.Zero
        let mutable a = matrix.Data
        let mutable b = x
        let whole = columns / 'L.Width

        for _ in 1 .. whole / 2 do
            let x0 = 'L.Load b
            let x1 = 'L.Load(b + register)
            s00 <- 'L.MultiplyAdd('L.Load a, x0, s00)
            s01 <- 'L.MultiplyAdd('L.Load(a + register), x1, s01)
            s10 <- 'L.MultiplyAdd('L.Load(a + step1), x0, s10)
            s11 <- 'L.MultiplyAdd('L.Load(a + step1 + register), x1, s11)
            s20 <- 'L.MultiplyAdd('L.Load(a + step2), x0, s20)
            s21 <- 'L.MultiplyAdd('L.Load(a + step2 + register), x1, s21)
            s30 <- 'L.MultiplyAdd('L.Load(a + step3), x0, s30)
            s31 <- 'L.MultiplyAdd('L.Load(a + step3 + register), x1, s31)
            a <- a + 2n * register
            b <- b + 2n * register

        if whole % 2 = 1 then
            let x0 = 'L.Load b
            s00 <- 'L.MultiplyAdd('L.Load a, x0, s00)
            s10 <- 'L.MultiplyAdd('L.Load(a + step1), x0, s10)
            s20 <- 'L.MultiplyAdd('L.Load(a + step2), x0, s20)
            s30 <- 'L.MultiplyAdd('L.Load(a + step3), x0, s30)

        let t0 = 'L.Sum('L.Add(s00, s01))
        let t1 = 'L.Sum('L.Add(s10, s11))
        let t2 = 'L.Sum('L.Add(s20, s21))
        let t3 = 'L.Sum('L.Add(s30, s31))
        let start = whole * 'L.Width
        let size = nativeint sizeof<'T>
        let row0 = matrix.Data
        let row1, row2, row3 = row0 + step1, row0 + step2, row0 + step3
        let u0 = VectorProduct<'T, 'V, 'L>.Tail(start, columns, row0, x, t0)
        let u1 = VectorProduct<'T, 'V, 'L>.Tail(start, columns, row1, x, t1)
        let u2 = VectorProduct<'T, 'V, 'L>.Tail(start, columns, row2, x, t2)
        let u3 = VectorProduct<'T, 'V, 'L>.Tail(start, columns, row3, x, t3)
        VectorProduct<'T, 'V, 'L>.Set(result, u0)
        VectorProduct<'T, 'V, 'L>.Set(result + size, u1)
        VectorProduct<'T, 'V, 'L>.Set(result + 2n * size, u2)
        VectorProduct<'T, 'V, 'L>.Set(result + 3n * size, u3)

    static member private RowDot(columns: int, row: nativeint, x: nativeint) : 'T =
        let register = nativeint ('L.Width * sizeof<'T>)
        let mutable s0 = 'L.Zero
        let mutable s1 = 'L.Zero
        let mutable a = row
        let mutable b = x
        let whole = columns / 'L.Width

        for _ in 1 .. whole / 2 do
            s0 <- 'L.MultiplyAdd('L.Load a, 'L.Load b, s0)
            s1 <- 'L.MultiplyAdd('L.Load(a + register), 'L.Load(b + register), s1)
            a <- a + 2n * register
            b <- b + 2n * register

        if whole % 2 = 1 then
            s0 <- 'L.MultiplyAdd('L.Load a, 'L.Load b, s0)

        let total = 'L.Sum('L.Add(s0, s1))
        VectorProduct<'T, 'V, 'L>.Tail(whole * 'L.Width, columns, row, x, total)

    /// result[i] = Σ matrix(i, j) x[j]; rows of the matrix are contiguous.
    static member RowDots
        (rows: int, columns: int, matrix: MatrixView, x: nativeint, result: nativeint)
        : unit =
        let size = nativeint sizeof<'T>
        let mutable i = 0

        while i + 4 <= rows do
            let part = MatrixView.from i 0 matrix
            VectorProduct<'T, 'V, 'L>.FourRowDots(columns, part, x, result + nativeint i * size)
            i <- i + 4

        while i < rows do
            let dot =
                VectorProduct<'T, 'V, 'L>.RowDot(columns, MatrixView.address i 0 matrix, x)

            VectorProduct<'T, 'V, 'L>.Set(result + nativeint i * size, dot)
            i <- i + 1

    /// result[j] += Σ matrix(i, j) x[i] over four rows, in that order; the first rows of all overwrite.
    static member private AddFourRows
        (columns: int, matrix: MatrixView, x: nativeint, result: nativeint, overwrite: bool)
        : unit =
        let size = nativeint sizeof<'T>
        let register = nativeint 'L.Width * size
        let step1 = matrix.RowStep
        let step2 = step1 + step1
        let step3 = step2 + step1
        let x0 = 'L.Broadcast x
        let x1 = 'L.Broadcast(x + size)
        let x2 = 'L.Broadcast(x + 2n * size)
        let x3 = 'L.Broadcast(x + 3n * size)
        let mutable a = matrix.Data
        let mutable y = result
        let whole = columns / 'L.Width

        for _ in 1..whole do
            let before = if overwrite then 'L.Zero else 'L.Load y
            let s0 = 'L.MultiplyAdd('L.Load a, x0, before)
            let s1 = 'L.MultiplyAdd('L.Load(a + step1), x1, s0)
            let s2 = 'L.MultiplyAdd('L.Load(a + step2), x2, s1)
            'L.Store(y, 'L.MultiplyAdd('L.Load(a + step3), x3, s2))
            a <- a + register
            y <- y + register

        let rest = columns - whole * 'L.Width
        VectorProduct<'T, 'V, 'L>.AddTail(4, rest, { matrix with Data = a }, x, y, overwrite)

    /// The same for any number of rows, element by element.
    static member private AddTail
        (
            rows: int,
            columns: int,
            matrix: MatrixView,
            x: nativeint,
            result: nativeint,
            overwrite: bool
        ) : unit =
        let size = nativeint sizeof<'T>

        for j in 0 .. columns - 1 do
            let at = nativeint j * size

            let mutable total =
                if overwrite then
                    'T.Zero
                else
                    VectorProduct<'T, 'V, 'L>.Get(result + at)

            for i in 0 .. rows - 1 do
                let a = VectorProduct<'T, 'V, 'L>.Get(MatrixView.address i j matrix)
                let xi = VectorProduct<'T, 'V, 'L>.Get(x + nativeint i * size)
                total <- 'T.MultiplyAddEstimate(a, xi, total)

            VectorProduct<'T, 'V, 'L>.Set(result + at, total)

    static member private AddOneRow
        (columns: int, row: nativeint, x: nativeint, result: nativeint, overwrite: bool)
        : unit =
        let register = nativeint ('L.Width * sizeof<'T>)
        let x0 = 'L.Broadcast x
        let mutable a = row
        let mutable y = result
        let whole = columns / 'L.Width

        for _ in 1..whole do
            let before = if overwrite then 'L.Zero else 'L.Load y
            'L.Store(y, 'L.MultiplyAdd('L.Load a, x0, before))
            a <- a + register
            y <- y + register

        let rest = columns - whole * 'L.Width

        let tail = { Data = a; RowStep = 0n; ColumnStep = nativeint sizeof<'T> }

        VectorProduct<'T, 'V, 'L>.AddTail(1, rest, tail, x, y, overwrite)

    /// result[j] = Σ matrix(i, j) x[i], rows of the matrix contiguous. The result is worked on in parts that stay in the first cache.
    static member CombineRows
        (rows: int, columns: int, matrix: MatrixView, x: nativeint, result: nativeint)
        : unit =
        let size = nativeint sizeof<'T>
        let part = 2048
        let mutable first = 0

        while first < columns do
            let count = min part (columns - first)
            let y = result + nativeint first * size
            let mutable i = 0

            while i + 4 <= rows do
                let from = MatrixView.from i first matrix
                let xi = x + nativeint i * size
                VectorProduct<'T, 'V, 'L>.AddFourRows(count, from, xi, y, (i = 0))
                i <- i + 4

            while i < rows do
                let from = MatrixView.address i first matrix
                let xi = x + nativeint i * size
                VectorProduct<'T, 'V, 'L>.AddOneRow(count, from, xi, y, (i = 0))
                i <- i + 1

            first <- first + count
