namespace Optim.Managed

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open Optim
open Optim.Primitives

/// What a scope noted. Used again by later scopes of the thread, since steps open one scope after the other.
[<Sealed>]
type internal Ledger() =
    /// Arrays from a pool.
    member val Arrays = List<Array>()
    /// Tensors on such arrays.
    member val Tensors = List<Raw>()
    /// The storages that outlive the scope.
    member val Kept = HashSet<obj>(ReferenceEqualityComparer.Instance)

    /// Forgets all.
    member ledger.Clear() : unit =
        ledger.Arrays.Clear()
        ledger.Tensors.Clear()
        ledger.Kept.Clear()

/// What one thread allocated since the scope was opened: the arrays that came from a pool and every tensor on such an
/// array. Scopes of a thread are nested; only the innermost notes. Only large arrays come from a pool: small tensors
/// are the garbage collector's, cost nothing here and stay usable.
[<Sealed>]
type internal Scope private (parent: Scope | null, ledger: Ledger) =
    let thread = Environment.CurrentManagedThreadId
    let mutable isOpen = true
    let mutable keepsAll = false

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: Scope | null

    [<ThreadStatic; DefaultValue>]
    static val mutable private spare: Ledger | null

    /// The innermost scope of this thread.
    static member Current: Scope | null = Scope.current

    /// A new scope inside the current one of this thread.
    static member Open() : Scope =
        let ledger =
            match Scope.spare with
            | null -> Ledger()
            | unused -> unused

        Scope.spare <- null
        let scope = new Scope(Scope.current, ledger)
        Scope.current <- scope
        scope

    /// Makes `scope` the innermost one of this thread, or leaves none.
    static member Enter(scope: Scope | null) : unit = Scope.current <- scope

    /// Whether the storage was noted here or by a scope around this one, so that it may be recycled.
    member _.Holds(storage: obj) : bool =
        ledger.Arrays.Exists(fun array -> obj.ReferenceEquals(array, storage))
        || (
            match parent with
            | null -> false
            | outer -> outer.Holds storage
        )

    /// Notes an array from a pool.
    member _.NoteArray(array: Array) : unit = ledger.Arrays.Add array

    /// Notes a tensor on an array from a pool.
    member _.NoteTensor(tensor: Raw) : unit = ledger.Tensors.Add tensor

    static member private Return(array: Array) : unit =
        match array with
        | :? (float[]) as a -> Pool<float>.Shared.Return a
        | :? (float32[]) as a -> Pool<float32>.Shared.Return a
        | :? (int64[]) as a -> Pool<int64>.Shared.Return a
        | :? (bool[]) as a -> Pool<bool>.Shared.Return a
        | other -> invalidOp $"no pool holds arrays of type {other.GetType()}"

    member private _.Close() : unit =
        isOpen <- false
        Scope.current <- parent

        for tensor in ledger.Tensors do
            if not (keepsAll || ledger.Kept.Contains tensor.Storage) then
                tensor.Recycle()
            else
                match parent with
                | null -> ()
                | outer -> outer.NoteTensor tensor

        for array in ledger.Arrays do
            if not (keepsAll || ledger.Kept.Contains array) then
                Scope.Return array
            else
                match parent with
                | null -> ()
                | outer -> outer.NoteArray array

        ledger.Clear()
        Scope.spare <- ledger

    interface EngineScope with
        member _.IsEmpty = not isOpen || ledger.Tensors.Count = 0
        member _.KeepAll() = keepsAll <- true

        member _.Keep(x: Tensor) : unit =
            if not isOpen then
                invalidOp "Keep: the scope is closed already"

            match x with
            | :? Raw as raw -> ledger.Kept.Add raw.Storage |> ignore
            | other ->
                raise (
                    ArgumentException(
                        $"Keep: expected a concrete tensor of the managed engine, got one on {other.Device}",
                        nameof x
                    )
                )

        member this.Dispose() : unit =
            if isOpen then
                // Inner scopes that were forgotten end first.
                if Environment.CurrentManagedThreadId <> thread then
                    invalidOp "a scope was closed on another thread than the one that opened it"

                let rec close (innermost: Scope | null) =
                    match innermost with
                    | null -> invalidOp "an open scope was not among those of its thread"
                    | scope ->
                        scope.Close()

                        if not (Object.ReferenceEquals(scope, this)) then
                            close Scope.current

                close Scope.current

/// Memory for results. Contents are undefined unless a name says zero; arrays may be longer than asked.
[<RequireQualifiedAccess>]
module internal Buffers =

    /// Arrays of at least this many bytes come from the pool when a scope is open: below, the book-keeping costs more
    /// than the garbage collector.
    [<Literal>]
    let Threshold = 4096

    /// An array for `length` elements of a result. Put it into a tensor with `wrap`.
    let allocate<'T> (length: int) : 'T[] =
        if length < Threshold / Unsafe.SizeOf<'T>() then
            Array.zeroCreate length
        else
            match Scope.Current with
            | null -> GC.AllocateUninitializedArray<'T> length
            | scope ->
                let array = Pool<'T>.Shared.Rent length
                scope.NoteArray array
                array

    /// As allocate, but all elements are zero.
    let allocateZero<'T> (length: int) : 'T[] =
        if length < Threshold / Unsafe.SizeOf<'T>() then
            Array.zeroCreate length
        else
            match Scope.Current with
            | null -> Array.zeroCreate length
            | _ ->
                let array = allocate<'T> length
                Array.Clear(array, 0, length)
                array

    /// The tensor of `shape.Length` elements of an array from `offset` on; the scope of this thread notes it.
    let view (array: 'T[]) (offset: int) (shape: Shape) (dtype: DType) (engine: Engine) : Raw =
        let raw = Raw(array, offset, shape, dtype, engine)

        if array.Length >= Threshold / Unsafe.SizeOf<'T>() then
            match Scope.Current with
            | null -> ()
            | scope -> scope.NoteTensor raw

        raw

    /// Another tensor on the memory of x, beginning `start` elements after it.
    let share (start: int) (shape: Shape) (x: Raw) : Raw =
        let storage = x.Storage
        let raw = Raw(storage, x.Offset + start, shape, x.DType, x.Engine)

        match storage with
        | :? Array as array when array.Length >= Threshold / x.DType.Size ->
            match Scope.Current with
            | null -> ()
            | scope -> scope.NoteTensor raw
        | _ -> ()

        raw

    /// The tensor of an array from `allocate`.
    let wrap (array: 'T[]) (shape: Shape) (dtype: DType) (engine: Engine) : Raw =
        view array 0 shape dtype engine

    /// Memory for use inside one operation: give it back with `giveBack`, on the same thread or another.
    let borrow<'T> (length: int) : 'T[] = Pool<'T>.Shared.Rent(max 1 length)

    /// Ends a `borrow`.
    let giveBack (array: 'T[]) : unit = Pool<'T>.Shared.Return array
