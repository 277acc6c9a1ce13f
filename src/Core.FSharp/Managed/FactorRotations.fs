namespace Optim.Managed

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// One sweep of plane rotations over neighbouring rows: it starts at row `Start`, moves by `Step` (1 or −1) and holds `Count`
/// rotations whose cosines and sines begin at index `At`.
[<Struct>]
type internal RotationSweep = {
    Start: int
    Step: int
    Count: int
    At: int
}

/// Collects the rotation sweeps of a tridiagonal iteration and applies many of them at once to a matrix (n, n) kept as
/// strips of 32 columns: a strip stays in cache while all collected sweeps run over it, and within a sweep the row that two
/// neighbouring rotations share stays in registers. Cost: 6 operations a rotation and column, near the arithmetic peak.
/// Source: Van Zee, van de Geijn & Quintana-Orti 2014 (restructured QR). Differs: one sweep at a time within a strip.
[<Sealed>]
type internal RotationBatch(n: int, strips: float[]) =

    [<Literal>]
    let Capacity = 32768

    let room = min Capacity (n * n) + n
    let cosines = GC.AllocateUninitializedArray<float> room
    let sines = GC.AllocateUninitializedArray<float> room
    let sweeps = ResizeArray<RotationSweep>()
    let mutable used = 0

    /// One sweep over one strip (n, 32) that starts at `stripAt`.
    let sweepStrip (sweep: RotationSweep) (stripAt: int) : unit =
        let strip = &MemoryMarshal.GetReference(strips.AsSpan(stripAt, n * 32))
        let mutable row = unativeint (sweep.Start * 32)
        let mutable carry0 = Vector512.LoadUnsafe(&strip, row)
        let mutable carry1 = Vector512.LoadUnsafe(&strip, row + 8un)
        let mutable carry2 = Vector512.LoadUnsafe(&strip, row + 16un)
        let mutable carry3 = Vector512.LoadUnsafe(&strip, row + 24un)
        let mutable t = 0

        while t < sweep.Count do
            let c = Vector512.Create cosines[sweep.At + t]
            let s = Vector512.Create sines[sweep.At + t]
            let next = unativeint ((sweep.Start + (t + 1) * sweep.Step) * 32)
            let other0 = Vector512.LoadUnsafe(&strip, next)
            let other1 = Vector512.LoadUnsafe(&strip, next + 8un)
            let other2 = Vector512.LoadUnsafe(&strip, next + 16un)
            let other3 = Vector512.LoadUnsafe(&strip, next + 24un)
            Vector512.StoreUnsafe(Vector512.MultiplyAddEstimate(c, carry0, s * other0), &strip, row)

            Vector512.StoreUnsafe(
                Vector512.MultiplyAddEstimate(c, carry1, s * other1),
                &strip,
                row + 8un
            )

            Vector512.StoreUnsafe(
                Vector512.MultiplyAddEstimate(c, carry2, s * other2),
                &strip,
                row + 16un
            )

            Vector512.StoreUnsafe(
                Vector512.MultiplyAddEstimate(c, carry3, s * other3),
                &strip,
                row + 24un
            )

            carry0 <- Vector512.MultiplyAddEstimate(-s, carry0, c * other0)
            carry1 <- Vector512.MultiplyAddEstimate(-s, carry1, c * other1)
            carry2 <- Vector512.MultiplyAddEstimate(-s, carry2, c * other2)
            carry3 <- Vector512.MultiplyAddEstimate(-s, carry3, c * other3)
            row <- next
            t <- t + 1

        Vector512.StoreUnsafe(carry0, &strip, row)
        Vector512.StoreUnsafe(carry1, &strip, row + 8un)
        Vector512.StoreUnsafe(carry2, &strip, row + 16un)
        Vector512.StoreUnsafe(carry3, &strip, row + 24un)

    /// Applies everything collected so far to the strips.
    member _.Flush() : unit =
        for stripAt in 0 .. max 1 (n * 32) .. strips.Length - 1 do
            for sweep in sweeps do
                sweepStrip sweep stripAt

        sweeps.Clear()
        used <- 0

    /// Opens a sweep of `count` rotations, at most n − 1; they follow by `Set`.
    member batch.Open(start: int, step: int, count: int) : unit =
        if used + count > room then
            batch.Flush()

        sweeps.Add {
            Start = start
            Step = step
            Count = count
            At = used
        }

        used <- used + count

    /// Rotation `index` of the sweep last opened: with `row` the row reached and `next` the following one,
    /// row ← c row + s next and next ← c next − s row.
    member _.Set(index: int, cosine: float, sine: float) : unit =
        let at = sweeps[sweeps.Count - 1].At + index
        cosines[at] <- cosine
        sines[at] <- sine

/// A square matrix as strips of 32 columns, each strip (n, 32) contiguous, zero padded at the right.
[<RequireQualifiedAccess>]
module internal RotationStrips =

    /// Columns of a strip.
    [<Literal>]
    let Width = 32

    /// The strips of a square matrix (n, n).
    let ofWindow (n: int) (source: MatrixWindow) : float[] =
        let strips = Array.zeroCreate<float>((n + Width - 1) / Width * Width * n)

        for i in 0 .. n - 1 do
            for j0 in 0..Width .. n - 1 do
                let width = min Width (n - j0)
                source.Row(i, j0, width).CopyTo(strips.AsSpan(j0 * n + i * Width, width))

        strips
