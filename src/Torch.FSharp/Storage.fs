namespace Optim.Torch

open System
open System.Threading

/// One native tensor that owns memory, as all tensors and views on that memory share it. Its handle goes back when a scope
/// says so, or when the garbage collector finds that nobody holds this object.
/// A thread that works with the handle enters and leaves: a release on another thread then waits for the last one to
/// leave, and the collector cannot finalize this object before Leave.
[<Sealed>]
type internal Storage(budget: Budget, handle: nativeint, bytes: int64) =
    let mutable handle = handle

    // How many are inside; Int32.MinValue is added on release.
    let mutable uses = 0

    member private storage.Free() : unit =
        let owned = Interlocked.Exchange(&handle, 0n)

        if owned <> 0n then
            Native.aoti_torch_delete_tensor_object owned |> ignore
            Crossings.Add 1
            budget.Remove bytes
            GC.SuppressFinalize storage

    /// Whether Release was called.
    member _.IsReleased: bool = Volatile.Read &uses < 0

    /// The handle, or 0 after a release. Other than after 0, Leave must follow.
    member storage.TryEnter() : nativeint =
        if Interlocked.Increment &uses > 0 then
            handle
        else
            storage.Leave()
            0n

    /// Ends what TryEnter began.
    member storage.Leave() : unit =
        if Interlocked.Decrement &uses = Int32.MinValue then
            storage.Free()

    /// Gives the memory back, now or when the last one leaves. Nobody can enter any more.
    member storage.Release() : unit =
        if Interlocked.Or(&uses, Int32.MinValue) = 0 then
            storage.Free()

    override storage.Finalize() = storage.Free()
