namespace Optim.Torch

open System
open System.Threading

/// The bytes that tensors of one device hold outside of .NET's memory, and the limit above which .NET's garbage collector
/// is asked to look for tensors that nobody holds any more. The collector sees only the few bytes of the .NET objects, so
/// left alone it would let gigabytes lie. The limit is the larger of a floor and twice what was held after the last look.
[<Sealed>]
type internal Budget(floor: int64) =
    let gate = obj ()
    let mutable floor = floor
    let mutable limit = floor
    let mutable held = 0L
    let mutable looks = 0L

    let collect (generation: int) : unit =
        GC.Collect(generation, GCCollectionMode.Forced, true)
        GC.WaitForPendingFinalizers()

    // Young objects first: most intermediate values die there.
    let look () : unit =
        looks <- looks + 1L
        let enough = Volatile.Read &limit / 2L
        collect 0

        if Volatile.Read &held > enough then
            collect 1

        if Volatile.Read &held > enough then
            collect 2

        Volatile.Write(&limit, max floor (2L * Volatile.Read &held))

    /// The bytes held now.
    member _.Held: int64 = Volatile.Read &held

    /// The number of bytes at which the next look begins.
    member _.Limit: int64 = Volatile.Read &limit

    /// How often the collector was asked.
    member _.Looks: int64 = looks

    /// The least limit.
    member _.Floor
        with get (): int64 = Volatile.Read &floor
        and set (bytes: int64) =
            Volatile.Write(&floor, bytes)
            Volatile.Write(&limit, max bytes (2L * Volatile.Read &held))

    /// Gets back what nobody holds any more, now.
    member _.Reclaim() : unit = lock gate look

    /// Notes bytes of a new tensor. Above the limit one thread looks; the others go on until twice the limit.
    member _.Add(bytes: int64) : unit =
        let total = Interlocked.Add(&held, bytes)

        if total > Volatile.Read &limit then
            if total > 2L * Volatile.Read &limit then
                Monitor.Enter gate

                try
                    // Another thread may have looked meanwhile.
                    if Volatile.Read &held > Volatile.Read &limit then
                        look ()
                finally
                    Monitor.Exit gate
            elif Monitor.TryEnter gate then
                try
                    look ()
                finally
                    Monitor.Exit gate

    /// Notes that bytes were given back.
    member _.Remove(bytes: int64) : unit =
        Interlocked.Add(&held, -bytes) |> ignore
