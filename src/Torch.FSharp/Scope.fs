namespace Optim.Torch

#nowarn "51" // addresses for libtorch's results

open System
open System.Collections.Generic
open Optim

/// What a scope noted. Used again by later scopes of the thread, since steps open one scope after the other.
[<Sealed>]
type internal Ledger() =
    /// Storages that were made.
    member val Storages = List<Storage>()
    /// Those that outlive the scope.
    member val Kept = HashSet<Storage>()

    /// Forgets all.
    member ledger.Clear() : unit =
        ledger.Storages.Clear()
        ledger.Kept.Clear()

/// What one thread allocated on one device since the scope was opened. Scopes of a thread and a device are nested; only the
/// innermost notes.
[<Sealed>]
type internal Scope private (device: TorchDevice, parent: Scope | null, ledger: Ledger) =
    let thread = Environment.CurrentManagedThreadId
    let mutable isOpen = true
    let mutable keepsAll = false

    // The innermost scope of each device, by its slot.
    [<ThreadStatic; DefaultValue>]
    static val mutable private current: (Scope | null)[] | null

    [<ThreadStatic; DefaultValue>]
    static val mutable private spare: Ledger | null

    /// The innermost scope of this thread on a device.
    static member Current(device: TorchDevice) : Scope | null =
        match Scope.current with
        | null -> null
        | scopes when device.Slot < scopes.Length -> scopes[device.Slot]
        | _ -> null

    /// Makes `scope` the innermost one of this thread on a device, or leaves none.
    static member Enter(device: TorchDevice, scope: Scope | null) : unit =
        let known =
            match Scope.current with
            | null -> [||]
            | scopes -> scopes

        let scopes =
            if device.Slot < known.Length then
                known
            else
                Array.append known (Array.zeroCreate (device.Slot + 1 - known.Length))

        scopes[device.Slot] <- scope
        Scope.current <- scopes

    /// A new scope inside the current one of this thread.
    static member Open(device: TorchDevice) : Scope =
        let ledger =
            match Scope.spare with
            | null -> Ledger()
            | unused -> unused

        Scope.spare <- null
        let scope = new Scope(device, Scope.Current device, ledger)
        Scope.Enter(device, scope)
        scope

    /// Whether the storage was noted here or by a scope around this one, so that it may be recycled.
    member _.Holds(storage: Storage) : bool =
        ledger.Storages.Exists(fun noted -> Object.ReferenceEquals(noted, storage))
        || (
            match parent with
            | null -> false
            | outer -> outer.Holds storage
        )

    /// Notes a storage.
    member _.Note(storage: Storage) : unit = ledger.Storages.Add storage

    member private _.Close() : unit =
        isOpen <- false
        Scope.Enter(device, parent)

        for storage in ledger.Storages do
            if not (keepsAll || ledger.Kept.Contains storage) then
                storage.Release()
            else
                match parent with
                | null -> ()
                | outer -> outer.Note storage

        ledger.Clear()
        Scope.spare <- ledger

    interface EngineScope with
        member _.IsEmpty = not isOpen || ledger.Storages.Count = 0
        member _.KeepAll() = keepsAll <- true

        member _.Keep(x: Tensor) : unit =
            if not isOpen then
                invalidOp "Keep: the scope is closed already"

            match x with
            | :? TorchTensor as torch -> ledger.Kept.Add torch.Storage |> ignore
            | other ->
                raise (
                    ArgumentException(
                        $"Keep: expected a concrete tensor of the torch engine, got one on {other.Device}",
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
                            close (Scope.Current device)

                close (Scope.Current device)

/// New tensors on native results.
[<RequireQualifiedAccess>]
module internal Results =

    /// What libtorch and .NET need for a tensor besides its elements, about.
    [<Literal>]
    let private Overhead = 512L

    /// A storage of a handle that the caller gives away; the scope of this thread notes it.
    let hold (device: TorchDevice) (handle: nativeint) (bytes: int64) : Storage =
        let bytes = bytes + Overhead
        let storage = Storage(device.Budget, handle, bytes)
        device.Budget.Add bytes

        match Scope.Current device with
        | null -> ()
        | scope -> scope.Note storage

        storage

    // The strides of a native tensor.
    let private stridesOf (handle: nativeint) (shape: Shape) : int[] | null =
        let mutable address = 0n
        Native.aoti_torch_get_strides (handle, &&address) |> ignore
        Crossings.Add 1
        let steps = ReadOnlySpan<int64>(address.ToPointer(), shape.Rank)
        let dims = shape.Dims
        let mutable step = 1L
        let mutable axis = dims.Length - 1

        while axis >= 0 && (dims[axis] = 1 || steps[axis] = step) do
            step <- step * int64 dims[axis]
            axis <- axis - 1

        if axis < 0 || shape.Length = 0 then
            null
        else
            let strides = Array.zeroCreate<int> dims.Length

            for i in 0 .. dims.Length - 1 do
                strides[i] <- int steps[i]

            strides

    /// The tensor of a result of this shape, whose handle the caller gives away.
    let wrap (device: TorchDevice) (dtype: DType) (shape: Shape) (handle: nativeint) : TorchTensor =
        let strides = stridesOf handle shape
        let storage = hold device handle (int64 shape.Length * int64 dtype.Size)
        TorchTensor(storage, 0, strides, true, shape, dtype, device)

    /// As wrap, for one whose elements are known to lie row by row.
    let wrapRows
        (device: TorchDevice)
        (dtype: DType)
        (shape: Shape)
        (handle: nativeint)
        : TorchTensor =
        let storage = hold device handle (int64 shape.Length * int64 dtype.Size)
        TorchTensor(storage, 0, null, true, shape, dtype, device)

    /// As wrap, for a value between two calls of one operation: no scope notes it. `spend` gives it back.
    let passing
        (device: TorchDevice)
        (dtype: DType)
        (shape: Shape)
        (handle: nativeint)
        : TorchTensor =
        let strides = stridesOf handle shape
        let bytes = int64 shape.Length * int64 dtype.Size + Overhead
        let storage = Storage(device.Budget, handle, bytes)
        device.Budget.Add bytes
        TorchTensor(storage, 0, strides, true, shape, dtype, device)

    /// The result of work with a passing value, which goes back at once. The result must not share its memory.
    let inline spend (x: TorchTensor) ([<InlineIfLambda>] work: TorchTensor -> 'T) : 'T =
        try
            work x
        finally
            x.Storage.Release()
