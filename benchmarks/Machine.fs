namespace Optim.Benchmarks

open System
open System.Globalization
open System.IO
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// What the machine is and how fast one core of it can multiply and add.
[<RequireQualifiedAccess>]
module Machine =

    /// How many fused multiply-adds are under way at once: enough to hide their latency, and still all in registers.
    [<Literal>]
    let private Chains = 12

    // x ← x m + c in independent chains, x near 1. Written out, so that all chains stay in registers.

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chains512 (rounds: int) : float =
        let m, c = Vector512.Create 0.999, Vector512.Create 0.001

        let mutable x0, x1, x2 =
            Vector512.Create 1.0, Vector512.Create 1.1, Vector512.Create 1.2

        let mutable x3, x4, x5 =
            Vector512.Create 1.3, Vector512.Create 1.4, Vector512.Create 1.5

        let mutable x6, x7, x8 =
            Vector512.Create 1.6, Vector512.Create 1.7, Vector512.Create 1.8

        let mutable x9, xa, xb =
            Vector512.Create 1.9, Vector512.Create 2.0, Vector512.Create 2.1

        let mutable left = rounds

        while left > 0 do
            x0 <- Vector512.FusedMultiplyAdd(x0, m, c)
            x1 <- Vector512.FusedMultiplyAdd(x1, m, c)
            x2 <- Vector512.FusedMultiplyAdd(x2, m, c)
            x3 <- Vector512.FusedMultiplyAdd(x3, m, c)
            x4 <- Vector512.FusedMultiplyAdd(x4, m, c)
            x5 <- Vector512.FusedMultiplyAdd(x5, m, c)
            x6 <- Vector512.FusedMultiplyAdd(x6, m, c)
            x7 <- Vector512.FusedMultiplyAdd(x7, m, c)
            x8 <- Vector512.FusedMultiplyAdd(x8, m, c)
            x9 <- Vector512.FusedMultiplyAdd(x9, m, c)
            xa <- Vector512.FusedMultiplyAdd(xa, m, c)
            xb <- Vector512.FusedMultiplyAdd(xb, m, c)
            left <- left - 1

        Vector512.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + xa + xb)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chains256 (rounds: int) : float =
        let m, c = Vector256.Create 0.999, Vector256.Create 0.001

        let mutable x0, x1, x2 =
            Vector256.Create 1.0, Vector256.Create 1.1, Vector256.Create 1.2

        let mutable x3, x4, x5 =
            Vector256.Create 1.3, Vector256.Create 1.4, Vector256.Create 1.5

        let mutable x6, x7, x8 =
            Vector256.Create 1.6, Vector256.Create 1.7, Vector256.Create 1.8

        let mutable x9, xa, xb =
            Vector256.Create 1.9, Vector256.Create 2.0, Vector256.Create 2.1

        let mutable left = rounds

        while left > 0 do
            x0 <- Vector256.FusedMultiplyAdd(x0, m, c)
            x1 <- Vector256.FusedMultiplyAdd(x1, m, c)
            x2 <- Vector256.FusedMultiplyAdd(x2, m, c)
            x3 <- Vector256.FusedMultiplyAdd(x3, m, c)
            x4 <- Vector256.FusedMultiplyAdd(x4, m, c)
            x5 <- Vector256.FusedMultiplyAdd(x5, m, c)
            x6 <- Vector256.FusedMultiplyAdd(x6, m, c)
            x7 <- Vector256.FusedMultiplyAdd(x7, m, c)
            x8 <- Vector256.FusedMultiplyAdd(x8, m, c)
            x9 <- Vector256.FusedMultiplyAdd(x9, m, c)
            xa <- Vector256.FusedMultiplyAdd(xa, m, c)
            xb <- Vector256.FusedMultiplyAdd(xb, m, c)
            left <- left - 1

        Vector256.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + xa + xb)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chains128 (rounds: int) : float =
        let m, c = Vector128.Create 0.999, Vector128.Create 0.001

        let mutable x0, x1, x2 =
            Vector128.Create 1.0, Vector128.Create 1.1, Vector128.Create 1.2

        let mutable x3, x4, x5 =
            Vector128.Create 1.3, Vector128.Create 1.4, Vector128.Create 1.5

        let mutable x6, x7, x8 =
            Vector128.Create 1.6, Vector128.Create 1.7, Vector128.Create 1.8

        let mutable x9, xa, xb =
            Vector128.Create 1.9, Vector128.Create 2.0, Vector128.Create 2.1

        let mutable left = rounds

        while left > 0 do
            x0 <- Vector128.FusedMultiplyAdd(x0, m, c)
            x1 <- Vector128.FusedMultiplyAdd(x1, m, c)
            x2 <- Vector128.FusedMultiplyAdd(x2, m, c)
            x3 <- Vector128.FusedMultiplyAdd(x3, m, c)
            x4 <- Vector128.FusedMultiplyAdd(x4, m, c)
            x5 <- Vector128.FusedMultiplyAdd(x5, m, c)
            x6 <- Vector128.FusedMultiplyAdd(x6, m, c)
            x7 <- Vector128.FusedMultiplyAdd(x7, m, c)
            x8 <- Vector128.FusedMultiplyAdd(x8, m, c)
            x9 <- Vector128.FusedMultiplyAdd(x9, m, c)
            xa <- Vector128.FusedMultiplyAdd(xa, m, c)
            xb <- Vector128.FusedMultiplyAdd(xb, m, c)
            left <- left - 1

        Vector128.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + xa + xb)

    /// How many doubles a register holds.
    let lanes: int =
        if Vector512.IsHardwareAccelerated then
            Vector512<float>.Count
        elif Vector256.IsHardwareAccelerated then
            Vector256<float>.Count
        else
            Vector128<float>.Count

    /// Fused multiply-adds of doubles on one core, in operations (two each) a second: the peak of any matrix product.
    let peak () : Sample * float =
        let rounds = 100_000

        let kernel =
            match lanes with
            | 8 -> chains512
            | 4 -> chains256
            | _ -> chains128

        let mutable sum = 0.0
        let sample = Measure.time Measure.usual (fun () -> sum <- sum + kernel rounds)

        if Double.IsNaN sum then
            invalidOp "the probe gave no number"

        sample, 2.0 * float lanes * float Chains * float rounds

    /// The processor's name, where the system tells it.
    let private processor () : string =
        let file = "/proc/cpuinfo"

        if File.Exists file then
            File.ReadLines file
            |> Seq.tryFind _.StartsWith("model name", StringComparison.Ordinal)
            |> Option.map (fun line -> line.Substring(line.IndexOf ':' + 1).Trim())
            |> Option.defaultValue (string RuntimeInformation.ProcessArchitecture)
        else
            string RuntimeInformation.ProcessArchitecture

    /// Where this runs. rivals: their names and versions.
    let record (rivals: string list) : Record = {
        Date = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)
        Processor = processor ()
        Processors = Environment.ProcessorCount
        System = RuntimeInformation.OSDescription
        Runtime = RuntimeInformation.FrameworkDescription
        Vectors = $"{64 * lanes} bits"
        Rivals = rivals
    }

    /// The memory of this process that is in the machine's memory, MiB.
    let residentMemory () : float =
        float Environment.WorkingSet / 1048576.0
