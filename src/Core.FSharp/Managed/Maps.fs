namespace Optim.Managed

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// One vector of results from one vector of operands. Implemented by structs, so that each loop is compiled for its own.
type internal IMap<'T> =
    abstract Apply: x: Vector<'T> -> Vector<'T>

/// One vector of results from two vectors of operands.
type internal IMap2<'T> =
    abstract Apply: a: Vector<'T> * b: Vector<'T> -> Vector<'T>

/// Loops over spans, a vector at a time. The rest that does not fill a vector goes through one that is padded with
/// zeros, so every element is computed in the same way wherever it lies.
[<RequireQualifiedAccess>]
module internal Maps =

    let inline private load (x: ReadOnlySpan<'T>) (i: int) : Vector<'T> =
        Vector.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private store (v: Vector<'T>) (y: Span<'T>) (i: int) : unit =
        Vector.StoreUnsafe(v, &MemoryMarshal.GetReference y, unativeint i)

    let inline private loadPart (x: ReadOnlySpan<'T>) (i: int) : Vector<'T> =
        let mutable v = Vector<'T>.Zero
        let mutable r = &Unsafe.As<Vector<'T>, 'T>(&v)
        x.Slice(i).CopyTo(MemoryMarshal.CreateSpan(&r, Vector<'T>.Count))
        v

    let inline private storePart (v: Vector<'T>) (y: Span<'T>) (i: int) : unit =
        let mutable v = v
        let mutable r = &Unsafe.As<Vector<'T>, 'T>(&v)
        MemoryMarshal.CreateSpan(&r, y.Length - i).CopyTo(y.Slice i)

    /// y = map x. The spans have one length; y may be x.
    let one<'T, 'M when 'M: struct and 'M :> IMap<'T>>
        (map: 'M)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let mutable i = 0

        while i <= y.Length - Vector<'T>.Count do
            store (map.Apply(load x i)) y i
            i <- i + Vector<'T>.Count

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

        while i <= y.Length - Vector<'T>.Count do
            store (map.Apply(load a i, load b i)) y i
            i <- i + Vector<'T>.Count

        if i < y.Length then
            storePart (map.Apply(loadPart a i, loadPart b i)) y i

    /// y = map (a, b) for one b.
    let twoRight<'T, 'M when 'M: struct and 'M :> IMap2<'T>>
        (map: 'M)
        (a: ReadOnlySpan<'T>)
        (b: 'T)
        (y: Span<'T>)
        : unit =
        let b = Vector<'T>(b)
        let mutable i = 0

        while i <= y.Length - Vector<'T>.Count do
            store (map.Apply(load a i, b)) y i
            i <- i + Vector<'T>.Count

        if i < y.Length then
            storePart (map.Apply(loadPart a i, b)) y i

    /// y = map (a, b) for one a.
    let twoLeft<'T, 'M when 'M: struct and 'M :> IMap2<'T>>
        (map: 'M)
        (a: 'T)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let a = Vector<'T>(a)
        let mutable i = 0

        while i <= y.Length - Vector<'T>.Count do
            store (map.Apply(a, load b i)) y i
            i <- i + Vector<'T>.Count

        if i < y.Length then
            storePart (map.Apply(a, loadPart b i)) y i
