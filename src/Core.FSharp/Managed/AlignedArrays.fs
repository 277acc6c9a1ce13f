namespace Optim.Managed

open System
open System.Runtime.InteropServices

/// Arrays whose elements begin at a multiple of 64 bytes and stay there, so that no vector crosses a cache line.
[<RequireQualifiedAccess>]
module internal AlignedArrays =

    /// Below so many elements it does not matter.
    [<Literal>]
    let private Few = 256

    /// From here on few tries are made.
    [<Literal>]
    let private Long = 131_072

    [<Literal>]
    let private Line = 64L

    /// What the runtime puts around the elements of an array.
    [<Literal>]
    let private Overhead = 24L

    /// n zeros. Pinned arrays are laid out one after the other, so where one came to lie wrong, a filler moves the next;
    /// where the runtime does not play along, the array is left as it is.
    let zeros (n: int) : float[] =
        let rec search (tries: int) : float[] =
            let candidate = GC.AllocateArray<float>(n, true)
            let address = int64 (Marshal.UnsafeAddrOfPinnedArrayElement(candidate, 0))

            if address % Line = 0L || tries = 0 then
                candidate
            else
                let next = address + int64 n * int64 sizeof<float> + Overhead
                let missing = (Line - next % Line) % Line
                let filler = if missing < Overhead then missing + Line else missing
                GC.AllocateArray<byte>(int (filler - Overhead), true) |> ignore
                search (tries - 1)

        // Each try of a very long array costs as much memory as the array.
        if n < Few then
            Array.zeroCreate n
        else
            search (if n <= Long then 6 else 1)
