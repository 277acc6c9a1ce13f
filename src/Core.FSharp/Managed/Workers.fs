namespace Optim.Managed

open System
open System.Threading.Tasks

/// Work on a long range of positions, shared among the processors. How it is cut depends on the length and the number
/// of workers only, so that results can be repeated.
[<RequireQualifiedAccess>]
module internal Workers =

    /// From this many simple element operations on, waking other threads pays.
    [<Literal>]
    let Threshold = 131072

    /// How many threads work at most.
    let count: int = Environment.ProcessorCount

    /// Calls body (start, length) for parts that together make 0 … length − 1, at most one a worker, each but the last a
    /// multiple of `grain` long. At once for the whole when there is but one part.
    let split (workers: int) (grain: int) (length: int) (body: Action<int, int>) : unit =
        let blocks = (length + grain - 1) / grain
        let parts = min workers blocks

        if parts <= 1 then
            if length > 0 then
                body.Invoke(0, length)
        else
            let edge part =
                int (int64 blocks * int64 part / int64 parts) * grain

            Parallel.For(
                0,
                parts,
                fun part ->
                    let start = edge part
                    body.Invoke(start, min length (edge (part + 1)) - start)
            )
            |> ignore
