namespace Optim.Transforms

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Optim
open Optim.Core
open Optim.Primitives

/// Linear maps applied to all unit vectors, a batch at a time.
[<RequireQualifiedAccess>]
module internal Chunks =

    /// The number of unit vectors in a batch. Larger batches were measured to gain nothing, only to take memory.
    [<Literal>]
    let size = 64

    /// Rows start … start + count − 1 of the identity of order n.
    let private unitRows (like: Tensor) (n: int) (start: int) (count: int) : Tensor =
        let zeros = Constant.full like (Shape.Of(count, n)) 0.0
        let ones = Constant.full like (Shape.Of count) 1.0
        let flat = Shape.Of(count * n)
        let range = { Start = start; Step = n + 1; Count = count }
        let placed = Assemble.Apply(flat, [| [| range |] |], [| ones |])
        if count = 0 then zeros else Reshape.Apply(zeros.Shape, placed)

    /// f of all n unit vectors, given to f as rows of matrices; the results joined along axis 0. The first batch tells
    /// whether the results are plain numbers; if so the others are shared among the processors and their intermediate
    /// buffers recycled.
    let map (n: int) (like: Tensor) (f: Tensor -> Tensor) : Tensor =
        let starts = [| 0..size .. max 0 (n - 1) |]
        let results: Tensor[] = Array.zeroCreate starts.Length
        let compute i = f (unitRows like n starts[i] (min size (n - starts[i])))

        let recycled i =
            results[i] <- Memory.keeping like (fun () -> compute i)

        results[0] <- compute 0

        if results[0].Level > 0L then
            for i in 1 .. starts.Length - 1 do
                results[i] <- compute i
        else
            try
                Parallel.For(1, starts.Length, recycled) |> ignore
            with :? AggregateException as all ->
                // The function's own error, as if the batches had run one after the other.
                ExceptionDispatchInfo.Capture(all.GetBaseException()).Throw()

        if results.Length = 1 then results[0] else Shaping.concat 0 results
