namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop

/// Memory of one thread for packed operands. It grows to what the largest product needed, a few MiB, and is used again.
[<AbstractClass; Sealed>]
type internal Workspace =
    [<ThreadStatic; DefaultValue>]
    static val mutable private buffer: byte[] | null

    /// An address on a cache line with at least this many bytes, valid until the same thread asks again.
    static member Take(bytes: int) : nativeint =
        let buffer =
            match Workspace.buffer with
            | null -> Workspace.Grow bytes
            | buffer when buffer.Length < bytes + 64 -> Workspace.Grow bytes
            | buffer -> buffer

        Workspace.Align(Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0))

    /// The first cache line that begins at the address or after it.
    static member Align(address: nativeint) : nativeint = (address + 63n) &&& ~~~63n

    static member private Grow(bytes: int) : byte[] =
        let buffer = GC.AllocateUninitializedArray<byte>(bytes + 64, pinned = true)
        Workspace.buffer <- buffer
        buffer

/// Copies of parts of an operand in the order in which a kernel reads them.
[<AbstractClass; Sealed>]
type internal Pack<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Copy(source: nativeint, target: nativeint) : unit =
        NativePtr.write
            (NativePtr.ofNativeInt<'T> target)
            (NativePtr.read (NativePtr.ofNativeInt<'T> source))

    /// Rows of the source lie together in memory: registers move them. They may carry along what follows a row's last element,
    /// and write beyond a row of the target before that is written, but never beyond the ends of the two matrices.
    static member private CopyRows
        (source: MatrixView, inner: int, columns: int, width: int, target: nativeint)
        : unit =
        let size = nativeint sizeof<'T>
        let register = nativeint 'L.Width * size
        let existing = nativeint columns * size
        let padded = nativeint width * size
        let moved = (existing + register - 1n) / register * register
        let sourceEnd = source.Data + nativeint (inner - 1) * source.RowStep + existing
        let targetEnd = target + nativeint inner * padded
        let mutable from = source.Data
        let mutable into = target

        while from + moved <= sourceEnd && into + moved <= targetEnd do
            let mutable at = 0n

            while at < moved do
                'L.Store(into + at, 'L.Load(from + at))
                at <- at + register

            from <- from + source.RowStep
            into <- into + padded

        while into < targetEnd do
            let mutable at = 0n

            while at < existing do
                Pack<'T, 'V, 'L>.Copy(from + at, into + at)
                at <- at + size

            from <- from + source.RowStep
            into <- into + padded

    /// Eight columns of the source, each contiguous in memory or not, become columns of the target.
    static member private GatherEight
        (source: MatrixView, inner: int, target: nativeint, targetStep: nativeint)
        : unit =
        let size = nativeint sizeof<'T>
        let step1 = source.ColumnStep
        let step2 = step1 + step1
        let step3 = step2 + step1
        let mutable a = source.Data
        let mutable e = source.Data + step2 + step2
        let mutable into = target

        for _ in 1..inner do
            Pack<'T, 'V, 'L>.Copy(a, into)
            Pack<'T, 'V, 'L>.Copy(a + step1, into + size)
            Pack<'T, 'V, 'L>.Copy(a + step2, into + 2n * size)
            Pack<'T, 'V, 'L>.Copy(a + step3, into + 3n * size)
            Pack<'T, 'V, 'L>.Copy(e, into + 4n * size)
            Pack<'T, 'V, 'L>.Copy(e + step1, into + 5n * size)
            Pack<'T, 'V, 'L>.Copy(e + step2, into + 6n * size)
            Pack<'T, 'V, 'L>.Copy(e + step3, into + 7n * size)
            a <- a + source.RowStep
            e <- e + source.RowStep
            into <- into + targetStep

    /// One column of the source becomes a column of the target.
    static member private GatherOne
        (source: MatrixView, inner: int, target: nativeint, targetStep: nativeint)
        : unit =
        let mutable from = source.Data
        let mutable into = target

        for _ in 1..inner do
            Pack<'T, 'V, 'L>.Copy(from, into)
            from <- from + source.RowStep
            into <- into + targetStep

    /// target[p width + j] := source (p, j) for the existing columns; those up to the width are left as they are, or not.
    static member Slab
        (source: MatrixView, inner: int, columns: int, width: int, target: nativeint)
        : unit =
        let size = nativeint sizeof<'T>

        if source.ColumnStep = size then
            Pack<'T, 'V, 'L>.CopyRows(source, inner, columns, width, target)
        else
            let step = nativeint width * size
            let mutable j = 0

            while j + 8 <= columns do
                let from = MatrixView.from 0 j source
                Pack<'T, 'V, 'L>.GatherEight(from, inner, target + nativeint j * size, step)
                j <- j + 8

            while j < columns do
                let from = MatrixView.from 0 j source
                Pack<'T, 'V, 'L>.GatherOne(from, inner, target + nativeint j * size, step)
                j <- j + 1
