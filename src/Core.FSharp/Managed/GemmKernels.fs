namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door

open System
open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading.Tasks
open Microsoft.FSharp.NativeInterop

/// `Batch` products C = op(A) op(B) of row-major matrices in pinned memory. C: (Rows, Columns), op(A): (Rows, Inner).
/// Steps lead from one product's operand to the next one's, in bytes; 0 when all share it.
[<Struct; NoComparison; NoEquality>]
type internal GemmCall = {
    Batch: int
    TransposeA: bool
    TransposeB: bool
    Rows: int
    Columns: int
    Inner: int
    A: nativeint
    AStep: nativeint
    B: nativeint
    BStep: nativeint
    C: nativeint
    CStep: nativeint
    /// How many threads may work, at least 1. The result does not depend on it.
    Threads: int
}

module internal GemmCall =
    /// Multiply-adds of all products together.
    let work (call: GemmCall) : int64 =
        int64 call.Batch * int64 call.Rows * int64 call.Columns * int64 call.Inner

    /// A matrix with one row or one column lies in memory as its transpose does: prefer to read it untransposed.
    let private untransposed (call: GemmCall) : GemmCall = {
        call with
            TransposeA = call.TransposeA && call.Rows > 1 && call.Inner > 1
            TransposeB = call.TransposeB && call.Columns > 1 && call.Inner > 1
    }

    /// The same work as one larger product, where the operands lie in memory so that it is one.
    let merged (size: int) (original: GemmCall) : GemmCall =
        let call = untransposed original
        let m, n, k = call.Rows, call.Columns, call.Inner

        let bytes (rows: int) (columns: int) =
            nativeint rows * nativeint columns * nativeint size

        let adjacentC = call.CStep = bytes m n

        if call.Batch = 1 then
            call
        elif call.BStep = 0n && not call.TransposeA && call.AStep = bytes m k && adjacentC then
            { call with Batch = 1; Rows = call.Batch * m }
        elif call.AStep = 0n && n = 1 && call.BStep = bytes k 1 && adjacentC then
            {
                call with
                    Batch = 1
                    TransposeA = false
                    TransposeB = not call.TransposeA
                    Rows = call.Batch
                    Columns = m
                    A = call.B
                    B = call.A
            }
        elif
            call.AStep = 0n
            && m = 1
            && (call.TransposeB || k = 1)
            && call.BStep = bytes k n
            && adjacentC
        then
            { call with Batch = 1; TransposeB = true; Columns = call.Batch * n }
        else
            call

/// The products for elements 'T; one implementation for each kind of register.
[<AbstractClass>]
type internal GemmKernels<'T>() =
    /// Computes all products of a call whose lengths are at least 1.
    abstract Run: call: GemmCall -> unit

    /// Σ x[i] y[i] over contiguous elements.
    abstract Dot: count: int * x: nativeint * y: nativeint -> 'T

/// The products with registers 'V.
[<Sealed>]
type internal GemmKernels<'T, 'V, 'L
    when 'T: unmanaged
    and 'T :> INumberBase<'T>
    and 'V: struct
    and 'L: struct
    and 'L :> ILanes<'T, 'V>>() =
    inherit GemmKernels<'T>()

    /// Below so many multiply-adds one thread is faster.
    static let parallelWork = 1L <<< 20

    /// Largest operand that is packed once for all products of a batch.
    static let sharedBytes = 1L <<< 23

    static member private JobAt(call: GemmCall, index: int, turned: bool) : Job =
        let size = nativeint sizeof<'T>

        let operand data (transposed: bool) (rows: int) (columns: int) =
            if transposed then
                { Data = data; RowStep = size; ColumnStep = nativeint rows * size }
            else
                { Data = data; RowStep = nativeint columns * size; ColumnStep = size }

        let at = nativeint index
        let m, n, k = call.Rows, call.Columns, call.Inner

        let job = {
            Rows = m
            Columns = n
            Inner = k
            Left = operand (call.A + at * call.AStep) call.TransposeA m k
            Right = operand (call.B + at * call.BStep) call.TransposeB k n
            Target = operand (call.C + at * call.CStep) false m n
        }

        if turned then Job.transpose job else job

    static member private Products
        (call: GemmCall, turned: bool, packed: nativeint, first: int, last: int)
        : unit =
        let mutable job = GemmKernels<'T, 'V, 'L>.JobAt(call, first, turned)
        let workspace = Workspace.Take(Blocking<'T, 'V, 'L>.WorkspaceBytes &job)

        for index in first .. last - 1 do
            job <- GemmKernels<'T, 'V, 'L>.JobAt(call, index, turned)
            Product<'T, 'V, 'L>.Run(&job, packed, workspace)

    /// One of `rowParts` × `columnParts` blocks of one product, cut between tiles.
    static member private Block
        (job: Job, packed: nativeint, rowParts: int, columnParts: int, part: int)
        : unit =
        let width = Blocking<'T, 'V, 'L>.TileColumns
        let rowUnits = (job.Rows + 'L.TileRows - 1) / 'L.TileRows
        let columnUnits = (job.Columns + width - 1) / width

        let cut units parts index =
            int (int64 units * int64 index / int64 parts)

        let row index =
            min job.Rows ('L.TileRows * cut rowUnits rowParts index)

        let column index =
            min job.Columns (width * cut columnUnits columnParts index)

        let i, j = part / columnParts, part % columnParts

        let block = {
            Rows = row (i + 1) - row i
            Columns = column (j + 1) - column j
            Inner = job.Inner
            Left = MatrixView.from (row i) 0 job.Left
            Right = MatrixView.from 0 (column j) job.Right
            Target = MatrixView.from (row i) (column j) job.Target
        }

        if block.Rows > 0 && block.Columns > 0 then
            let workspace = Workspace.Take(Blocking<'T, 'V, 'L>.WorkspaceBytes &block)
            Product<'T, 'V, 'L>.Run(&block, packed, workspace)

    /// Cuts a product into so many blocks, rows by columns, that the least is packed twice.
    static member private Grid(rows: int, columns: int, parts: int) : struct (int * int) =
        let cost rowParts =
            int64 rowParts * int64 columns + int64 (parts / rowParts) * int64 rows

        let divisors = Seq.filter (fun p -> parts % p = 0) (seq { 1..parts })
        let rowParts = Seq.minBy cost divisors
        struct (rowParts, parts / rowParts)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private InParallel(threads: int, count: int, run: int -> unit) : unit =
        let options = ParallelOptions(MaxDegreeOfParallelism = threads)
        Parallel.For(0, count, options, Action<int> run) |> ignore

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private ProductsInParallel
        (call: GemmCall, turned: bool, packed: nativeint)
        : unit =
        let threads = call.Threads

        if call.Batch >= 2 * threads then
            let groups = min call.Batch (8 * threads)

            let edge group =
                int (int64 call.Batch * int64 group / int64 groups)

            GemmKernels<'T, 'V, 'L>
                .InParallel(
                    threads,
                    groups,
                    fun group ->
                        GemmKernels<'T, 'V, 'L>
                            .Products(call, turned, packed, edge group, edge (group + 1))
                )
        else
            let job = GemmKernels<'T, 'V, 'L>.JobAt(call, 0, turned)
            // A panel's place in a packed matrix depends on the width of the whole: then only rows are cut.
            let perThread = if GemmCall.work call > 64L * parallelWork then 4 else 1
            let parts = perThread * threads

            let struct (rowParts, columnParts) =
                if packed = 0n then
                    GemmKernels<'T, 'V, 'L>.Grid(job.Rows, job.Columns, parts)
                else
                    struct (parts, 1)

            GemmKernels<'T, 'V, 'L>
                .InParallel(
                    threads,
                    call.Batch * parts,
                    fun item ->
                        let job = GemmKernels<'T, 'V, 'L>.JobAt(call, item / parts, turned)

                        GemmKernels<'T, 'V, 'L>
                            .Block(job, packed, rowParts, columnParts, item % parts)
                )

    static member private MatrixProducts(call: GemmCall) : unit =
        let direct = GemmKernels<'T, 'V, 'L>.JobAt(call, 0, false)
        let turned = Job.transpose direct
        let sharedA = call.Batch > 1 && call.AStep = 0n
        let sharedB = call.Batch > 1 && call.BStep = 0n

        let turn =
            Blocking<'T, 'V, 'L>.Cost(&turned, sharedA) <
                Blocking<'T, 'V, 'L>.Cost(&direct, sharedB)

        let job = if turn then turned else direct
        let shared = if turn then sharedA else sharedB
        let bytes = Blocking<'T, 'V, 'L>.PackedBytes &job

        let run packed =
            if call.Threads > 1 && GemmCall.work call >= parallelWork then
                GemmKernels<'T, 'V, 'L>.ProductsInParallel(call, turn, packed)
            else
                GemmKernels<'T, 'V, 'L>.Products(call, turn, packed, 0, call.Batch)

        if shared && bytes <= sharedBytes then
            let buffer = ArrayPool<byte>.Shared.Rent(int bytes + 64)
            use pin = fixed &buffer[0]
            let packed = Workspace.Align(NativePtr.toNativeInt pin)
            Product<'T, 'V, 'L>.PackRight(&job, packed)
            run packed
            ArrayPool<byte>.Shared.Return buffer
        else
            run 0n

    /// Outputs first to last - 1 of one product with a vector.
    static member private VectorPart(call: GemmCall, index: int, first: int, last: int) : unit =
        let size = nativeint sizeof<'T>
        let job = GemmKernels<'T, 'V, 'L>.JobAt(call, index, false)
        let result = job.Target.Data + nativeint first * size

        let outputs, x =
            if job.Columns = 1 then
                job.Left, job.Right.Data
            else
                MatrixView.transpose job.Right, job.Left.Data

        let part = MatrixView.from first 0 outputs
        let count = last - first

        if outputs.ColumnStep = size then
            VectorProduct<'T, 'V, 'L>.RowDots(count, job.Inner, part, x, result)
        else
            let matrix = MatrixView.transpose part
            VectorProduct<'T, 'V, 'L>.CombineRows(job.Inner, count, matrix, x, result)

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member private VectorProductsInParallel(call: GemmCall, outputs: int) : unit =
        let units = (outputs + 7) / 8

        let parts =
            if call.Batch >= 2 * call.Threads then
                1
            else
                min units call.Threads

        let edge part =
            min outputs (8 * int (int64 units * int64 part / int64 parts))

        GemmKernels<'T, 'V, 'L>
            .InParallel(
                call.Threads,
                call.Batch * parts,
                fun item ->
                    let part = item % parts

                    GemmKernels<'T, 'V, 'L>
                        .VectorPart(call, item / parts, edge part, edge (part + 1))
            )

    static member private VectorProducts(call: GemmCall) : unit =
        let outputs = call.Rows * call.Columns

        if call.Threads > 1 && GemmCall.work call >= parallelWork then
            GemmKernels<'T, 'V, 'L>.VectorProductsInParallel(call, outputs)
        else
            for index in 0 .. call.Batch - 1 do
                GemmKernels<'T, 'V, 'L>.VectorPart(call, index, 0, outputs)

    override _.Run call =
        let size = sizeof<'T>
        let once = call.Batch > 1 && call.AStep = 0n && call.BStep = 0n
        let call' = GemmCall.merged size (if once then { call with Batch = 1 } else call)

        if call'.Rows = 1 || call'.Columns = 1 then
            GemmKernels<'T, 'V, 'L>.VectorProducts call'
        else
            GemmKernels<'T, 'V, 'L>.MatrixProducts call'

        if once then
            let length = call.Rows * call.Columns * size
            let source = ReadOnlySpan<byte>(call.C.ToPointer(), length)

            for index in 1 .. call.Batch - 1 do
                let into = call.C + nativeint index * call.CStep
                source.CopyTo(Span<byte>(into.ToPointer(), length))

    override _.Dot(count, x, y) =
        VectorProduct<'T, 'V, 'L>.Dot(count, x, y)
