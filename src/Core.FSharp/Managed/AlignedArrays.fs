namespace Optim.Managed

open System
open System.Runtime.InteropServices

/// Arrays whose elements begin at a multiple of 64 bytes and stay there, so that no vector crosses a cache line.
[<RequireQualifiedAccess>]
module internal AlignedArrays =

    /// Below so many elements it does not matter.
    [<Literal>]
    let private Few = 256

    [<Literal>]
    let private Line = 64L

    /// What the runtime puts around the elements of an array.
    [<Literal>]
    let private Overhead = 24L

    let private addressOf (array: Array) : int64 =
        int64 (Marshal.UnsafeAddrOfPinnedArrayElement(array, 0))

    /// Pinned arrays are mostly laid out one after the other: a small one tells where the next will lie, and a filler moves
    /// it.
    let private prepare () : unit =
        let probe = GC.AllocateArray<int64>(1, true)
        let next = addressOf probe + int64 sizeof<int64> + Overhead
        let missing = (Line - next % Line) % Line

        if missing > 0L then
            let filler = if missing < Overhead then missing + Line else missing
            GC.AllocateArray<byte>(int (filler - Overhead), true) |> ignore

    /// n zeros. Where the runtime does not play along, twice, the array lies as it happens to.
    let zeros<'T when 'T: unmanaged> (n: int) : 'T[] =
        if n < Few then
            Array.zeroCreate n
        else
            prepare ()
            let first = GC.AllocateArray<'T>(n, true)

            if addressOf first % Line = 0L then
                first
            else
                prepare ()
                GC.AllocateArray<'T>(n, true)
