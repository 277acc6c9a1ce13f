namespace Optim.Managed

open System
open System.Collections.Generic
open System.Numerics
open System.Runtime.CompilerServices
open System.Threading

/// How many bytes all pools together may hold back from the garbage collector.
[<Sealed>]
type internal Retention(limit: int64) =
    let mutable held = 0L

    /// A quarter of the memory that this process may use, at most 4 GiB.
    static member val Shared: Retention =
        Retention(min (4L <<< 30) (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4L))

    /// The bytes held now.
    member _.Held: int64 = Volatile.Read &held

    /// Whether these bytes may be held; if so they are counted.
    member _.TryHold(bytes: int64) : bool =
        if Interlocked.Add(&held, bytes) <= limit then
            true
        else
            Interlocked.Add(&held, -bytes) |> ignore
            false

    /// The bytes are no longer held.
    member _.Release(bytes: int64) : unit =
        Interlocked.Add(&held, -bytes) |> ignore

/// Arrays that wait to be used again, sorted by length: powers of two. Any thread may rent and give back.
/// The contents of a rented array are whatever its last user left.
[<Sealed>]
type internal Pool<'T>(retention: Retention) =
    // 2³⁰ is the largest power of two that an array's length can be.
    let largest = 30
    let stacks = Array.init (largest + 1) (fun _ -> Stack<'T[]>())

    let bytes (array: 'T[]) =
        int64 array.Length * int64 (Unsafe.SizeOf<'T>())

    /// The pool of this process.
    static member val Shared: Pool<'T> = Pool<'T>(Retention.Shared)

    /// An array of at least this length, 1 or more.
    member _.Rent(length: int) : 'T[] =
        let power =
            if length <= 1 then
                0
            else
                BitOperations.Log2(uint32 (length - 1)) + 1

        if power > largest then
            GC.AllocateUninitializedArray<'T> length
        else
            let stack = stacks[power]

            let found =
                lock
                    stack
                    (fun () ->
                        match stack.TryPop() with
                        | true, array -> array
                        | false, _ -> Array.Empty<'T>()
                    )

            if found.Length = 0 then
                GC.AllocateUninitializedArray<'T>(1 <<< power)
            else
                retention.Release(bytes found)
                found

    /// Takes an array back that nobody uses any more. It is left to the garbage collector when it did not come from
    /// here or when enough is held already.
    member _.Return(array: 'T[]) : unit =
        if
            BitOperations.IsPow2 array.Length
            && BitOperations.Log2(uint32 array.Length) <= largest
        then
            if retention.TryHold(bytes array) then
                let stack = stacks[BitOperations.Log2(uint32 array.Length)]
                lock stack (fun () -> stack.Push array)
