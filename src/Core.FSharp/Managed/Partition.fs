namespace Optim.Managed

open System
open System.Threading.Tasks

/// Cuts large work into parts whose borders depend on sizes only: results never depend on how many cores there are.
[<RequireQualifiedAccess>]
module internal Partition =

    /// Below this many elements one core does the work alone.
    [<Literal>]
    let Threshold = 200_000

    /// About so many elements make one part.
    [<Literal>]
    let Grain = 32_768

    /// Calls body (first, end) for consecutive ranges that cover 0 … count − 1, on all cores.
    /// size: the number of elements that one of the `count` units touches.
    let run (count: int, size: int, body: Action<int, int>) : unit =
        let each = max 1 (Grain / max 1 size)

        if count <= each then
            body.Invoke(0, count)
        else
            let part i =
                let first = i * each
                body.Invoke(first, first + min each (count - first))

            Parallel.For(0, 1 + (count - 1) / each, part) |> ignore
