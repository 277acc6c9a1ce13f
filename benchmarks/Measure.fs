namespace Optim.Benchmarks

open System
open System.Diagnostics

/// How long an operation takes, from several batches of equal length.
type Sample = {
    /// The median over the batches, seconds for one operation.
    Median: float
    /// The fastest batch, seconds for one operation.
    Best: float
    /// The width of the middle half of the batches, as a part of the median.
    Spread: float
    /// Bytes allocated by one operation, on all threads.
    Bytes: float
    /// The part of the time in which the garbage collector paused the program.
    GcShare: float
    Batches: int
    /// Operations in a batch.
    Size: int
}

/// Samples of works that do the same many times.
[<RequireQualifiedAccess>]
module Sample =

    /// What one of `count` equal parts of the work takes.
    let part (count: int) (sample: Sample) : Sample = {
        sample with
            Median = sample.Median / float count
            Best = sample.Best / float count
            Bytes = sample.Bytes / float count
    }

/// How much time a measurement may take. Times in seconds.
type Effort = {
    /// The least time for the code to be compiled at its final level and caches to be filled.
    WarmUp: float
    /// The length of one batch; a longer operation is a batch of its own.
    Batch: float
    /// At most so many batches; at least 3 are taken.
    Batches: int
    /// No batch begins after this.
    Total: float
}

/// Measures the time of operations.
[<RequireQualifiedAccess>]
module Measure =

    /// Warm-up 0.6 s or more, 11 batches of 50 ms, at most 2 s.
    let usual: Effort = {
        WarmUp = 0.6
        Batch = 0.05
        Batches = 11
        Total = 2.0
    }

    /// For operations that take long: at least 3 times, at most 6 s.
    let long: Effort = {
        WarmUp = 1.0
        Batch = 0.05
        Batches = 9
        Total = 6.0
    }

    let private seconds (ticks: int64) : float = float ticks / float Stopwatch.Frequency

    /// The value below which the given part of sorted values lies, linear between neighbors.
    let quantile (part: float) (sorted: float[]) : float =
        let place = part * float (sorted.Length - 1)
        let low = int (floor place)
        let high = min (low + 1) (sorted.Length - 1)
        sorted[low] + (place - float low) * (sorted[high] - sorted[low])

    /// Median, best and spread of the batches' times for one operation.
    let summarize (times: float[]) : struct (float * float * float) =
        let sorted = Array.sort times
        let median = quantile 0.5 sorted
        let width = quantile 0.75 sorted - quantile 0.25 sorted
        struct (median, sorted[0], width / median)

    let private run (work: unit -> unit) (size: int) : int64 =
        let began = Stopwatch.GetTimestamp()

        for _ in 1..size do
            work ()

        Stopwatch.GetTimestamp() - began

    /// The time of one operation in one window of the warm-up.
    let private window (length: float) (size: int) (work: unit -> unit) : struct (float * int) =
        let began = Stopwatch.GetTimestamp()
        let mutable size = size
        let mutable count = 0

        while count = 0 || seconds (Stopwatch.GetTimestamp() - began) < length do
            let took = seconds (run work size)
            count <- count + size

            // Short turns are too short for the clock; no turn is longer than a tenth of a window.
            if took < 0.05 * length then
                size <- 2 * size

        struct (seconds (Stopwatch.GetTimestamp() - began) / float count, size)

    /// Repeats the work until the compiler has done its best, which it does a while after code became hot: at least for
    /// the warm-up, then until a window is hardly faster than the fastest before, at most 6 warm-ups. The time of one
    /// operation then.
    let private warmUp (effort: Effort) (work: unit -> unit) : float =
        let began = Stopwatch.GetTimestamp()

        let elapsed () =
            seconds (Stopwatch.GetTimestamp() - began)

        let mutable fastest = infinity
        let mutable size = 1
        let mutable quiet = 0

        while elapsed () < effort.WarmUp || (quiet < 2 && elapsed () < 6.0 * effort.WarmUp) do
            let struct (each, next) = window (0.25 * effort.WarmUp) size work
            size <- next
            quiet <- if each > 0.95 * fastest then quiet + 1 else 0
            fastest <- min fastest each

        fastest

    /// The batches of one operation.
    [<NoComparison; NoEquality>]
    type private Batches = {
        Work: unit -> unit
        Size: int
        Times: ResizeArray<float>
        mutable Elapsed: float
        mutable Paused: float
        mutable Bytes: int64
    }

    let private batch (batches: Batches) : unit =
        let paused = GC.GetTotalPauseDuration()
        let allocated = GC.GetTotalAllocatedBytes true
        let elapsed = seconds (run batches.Work batches.Size)
        batches.Times.Add(elapsed / float batches.Size)
        batches.Elapsed <- batches.Elapsed + elapsed
        batches.Bytes <- batches.Bytes + GC.GetTotalAllocatedBytes true - allocated

        batches.Paused <- batches.Paused + (GC.GetTotalPauseDuration() - paused).TotalSeconds

    let private sample (batches: Batches) : Sample =
        let struct (median, best, spread) = summarize (batches.Times.ToArray())

        {
            Median = median
            Best = best
            Spread = spread
            Bytes = float batches.Bytes / float (batches.Size * batches.Times.Count)
            GcShare = batches.Paused / batches.Elapsed
            Batches = batches.Times.Count
            Size = batches.Size
        }

    /// The times of one call of each work, for each as long as alone. Their batches take turns, so that whatever else the
    /// machine does meets all of them alike.
    let together (effort: Effort) (works: (unit -> unit) list) : Sample list =
        let all = [
            for work in works do
                {
                    Work = work
                    Size = max 1 (int (effort.Batch / max (warmUp effort work) 1e-9))
                    Times = ResizeArray()
                    Elapsed = 0.0
                    Paused = 0.0
                    Bytes = 0L
                }
        ]

        let isLeft (batches: Batches) : bool =
            batches.Times.Count < 3
            || (batches.Times.Count < effort.Batches && batches.Elapsed < effort.Total)

        while List.exists isLeft all do
            all |> List.filter isLeft |> List.iter batch

        List.map sample all

    /// The time of one call of `work`.
    let time (effort: Effort) (work: unit -> unit) : Sample =
        List.exactlyOne (together effort [ work ])
