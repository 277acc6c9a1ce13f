namespace Optim.Managed

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// One vector of results from one vector of operands. Implemented by structs, so that each loop is compiled for its own.
type internal IMap<'T> =
    abstract Apply: x: Vector512<'T> -> Vector512<'T>

/// One vector of results from two vectors of operands.
type internal IMap2<'T> =
    abstract Apply: a: Vector512<'T> * b: Vector512<'T> -> Vector512<'T>

/// Loops over spans, a vector of 512 bits at a time (the runtime makes it two or four where the processor has shorter ones). The rest that does not fill a vector goes through one that is padded with
/// zeros, so every element is computed in the same way wherever it lies.
[<RequireQualifiedAccess>]
module internal Maps =

    let inline private load (x: ReadOnlySpan<'T>) (i: int) : Vector512<'T> =
        Vector512.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private store (v: Vector512<'T>) (y: Span<'T>) (i: int) : unit =
        Vector512.StoreUnsafe(v, &MemoryMarshal.GetReference y, unativeint i)

    let inline private loadPart (x: ReadOnlySpan<'T>) (i: int) : Vector512<'T> =
        let mutable v = Vector512<'T>.Zero
        let mutable r = &Unsafe.As<Vector512<'T>, 'T>(&v)
        x.Slice(i).CopyTo(MemoryMarshal.CreateSpan(&r, Vector512<'T>.Count))
        v

    let inline private storePart (v: Vector512<'T>) (y: Span<'T>) (i: int) : unit =
        let mutable v = v
        let mutable r = &Unsafe.As<Vector512<'T>, 'T>(&v)
        MemoryMarshal.CreateSpan(&r, y.Length - i).CopyTo(y.Slice i)

    /// y = map x. The spans have one length; y may be x.
    let one<'T, 'M when 'M: struct and 'M :> IMap<'T>>
        (map: 'M)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let mutable i = 0

        while i <= y.Length - Vector512<'T>.Count do
            store (map.Apply(load x i)) y i
            i <- i + Vector512<'T>.Count

        if i < y.Length then
            storePart (map.Apply(loadPart x i)) y i

    /// y = map (a, b). The spans have one length; y may be a or b.
    let two<'T, 'M when 'M: struct and 'M :> IMap2<'T>>
        (map: 'M)
        (a: ReadOnlySpan<'T>)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let mutable i = 0

        while i <= y.Length - Vector512<'T>.Count do
            store (map.Apply(load a i, load b i)) y i
            i <- i + Vector512<'T>.Count

        if i < y.Length then
            storePart (map.Apply(loadPart a i, loadPart b i)) y i

    /// y = map (a, b) for one b.
    let twoRight<'T, 'M when 'M: struct and 'M :> IMap2<'T>>
        (map: 'M)
        (a: ReadOnlySpan<'T>)
        (b: 'T)
        (y: Span<'T>)
        : unit =
        let b = Vector512.Create b
        let mutable i = 0

        while i <= y.Length - Vector512<'T>.Count do
            store (map.Apply(load a i, b)) y i
            i <- i + Vector512<'T>.Count

        if i < y.Length then
            storePart (map.Apply(loadPart a i, b)) y i

    /// y = map (a, b) for one a.
    let twoLeft<'T, 'M when 'M: struct and 'M :> IMap2<'T>>
        (map: 'M)
        (a: 'T)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let a = Vector512.Create a
        let mutable i = 0

        while i <= y.Length - Vector512<'T>.Count do
            store (map.Apply(a, load b i)) y i
            i <- i + Vector512<'T>.Count

        if i < y.Length then
            storePart (map.Apply(a, loadPart b i)) y i
