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

    /// The number of unit vectors in a batch, for a computation whose largest value has `largest` elements: as many as
    /// keep such a value for all of them inside a processor's own cache (256 kB of doubles), between 8 and 64.
    let size (largest: int) : int =
        max 8 (min 64 (32768 / max 1 largest / 8 * 8))

    /// As `size`, on an engine. Other engines than the managed one share each operation among processors themselves and pay
    /// for each call, so they get more at once: up to 64, while the largest value of all of them has no more than 4 million
    /// elements.
    let sizeOn (engine: Engine) (largest: int) : int =
        if engine.Device = Device.Cpu then
            size largest
        else
            max 8 (min 64 (4_194_304 / max 1 largest))

    /// Rows start … start + count − 1 of the identity of order n.
    let private unitRows (like: Tensor) (n: int) (start: int) (count: int) : Tensor =
        let zeros = Constant.full like (Shape.Of(count, n)) 0.0
        let ones = Constant.full like (Shape.Of count) 1.0
        let flat = Shape.Of(count * n)
        let range = { Start = start; Step = n + 1; Count = count }
        let placed = Assemble.Apply(flat, [| [| range |] |], [| ones |])

        if count = 0 then
            zeros
        else
            Reshape.Apply(zeros.Shape, placed)

    /// f of all n unit vectors, given to f as rows of matrices; the results joined along axis 0. largest: as for `size`.
    /// Each batch gives its intermediate values back before the next begins. The first batch tells whether the results
    /// are plain numbers; if so, on the managed engine, the others are shared among the processors.
    let map (largest: int) (n: int) (like: Tensor) (f: Tensor -> Tensor) : Tensor =
        let size = sizeOn like.Engine largest
        let starts = [| 0..size .. max 0 (n - 1) |]
        let results: Tensor[] = Array.zeroCreate starts.Length

        let compute i =
            results[i] <-
                Memory.keeping
                    like
                    (fun () -> f (unitRows like n starts[i] (min size (n - starts[i]))))

        compute 0

        if results[0].Level > 0L || like.Engine.Device <> Device.Cpu then
            for i in 1 .. starts.Length - 1 do
                compute i
        else
            try
                Parallel.For(1, starts.Length, compute) |> ignore
            with :? AggregateException as all ->
                // The function's own error, as if the batches had run one after the other.
                ExceptionDispatchInfo.Capture(all.GetBaseException()).Throw()

        if results.Length = 1 then
            results[0]
        else
            Shaping.concat 0 results
