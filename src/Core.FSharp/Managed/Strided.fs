namespace Optim.Managed

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// Copies from a strided view of an array into contiguous memory: what permuting, broadcasting and slicing have in
/// common. An axis of the view has a length and a stride in elements, which may be 0 (broadcast) or negative.
[<AbstractClass; Sealed>]
type internal Strided =

    /// Plane where neighbours in x lie along a: a transpose, in blocks, so that a line of the cache is used up while it
    /// is near.
    static member private Transpose<'T>
        (x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int, t0: int)
        : unit =
        // The corners of both views lie inside: then everything does, and the loops need not check.
        let low = start + min 0 ((n0 - 1) * s0) + min 0 ((n1 - 1) * s1)
        let high = start + max 0 ((n0 - 1) * s0) + max 0 ((n1 - 1) * s1)
        let _ = x.AsSpan(low, high - low + 1)
        let _ = y.AsSpan(at, (n0 - 1) * t0 + n1)
        let source = &MemoryMarshal.GetArrayDataReference x
        let target = &MemoryMarshal.GetArrayDataReference y

        for a0 in 0..32 .. n0 - 1 do
            let a1 = min n0 (a0 + 32) - 1

            for b0 in 0..8 .. n1 - 1 do
                if b0 + 8 <= n1 then
                    for a in a0..a1 do
                        let from = &Unsafe.Add(&source, start + a * s0 + b0 * s1)
                        let row = &Unsafe.Add(&target, at + a * t0 + b0)
                        row <- from
                        Unsafe.Add(&row, 1) <- Unsafe.Add(&from, s1)
                        Unsafe.Add(&row, 2) <- Unsafe.Add(&from, 2 * s1)
                        Unsafe.Add(&row, 3) <- Unsafe.Add(&from, 3 * s1)
                        Unsafe.Add(&row, 4) <- Unsafe.Add(&from, 4 * s1)
                        Unsafe.Add(&row, 5) <- Unsafe.Add(&from, 5 * s1)
                        Unsafe.Add(&row, 6) <- Unsafe.Add(&from, 6 * s1)
                        Unsafe.Add(&row, 7) <- Unsafe.Add(&from, 7 * s1)
                else
                    for a in a0..a1 do
                        for b in b0 .. n1 - 1 do
                            y[at + a * t0 + b] <- x[start + a * s0 + b * s1]

    /// y[at + a·t0 + b] = x[start + a·s0 + b·s1] for a < n0, b < n1.
    static member private Plane<'T>
        (x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int, t0: int)
        : unit =
        if s1 = 1 && s0 = n1 && t0 = n1 then
            x.AsSpan(start, n0 * n1).CopyTo(y.AsSpan at)
        elif s1 = 1 && n1 >= 8 then
            for a in 0 .. n0 - 1 do
                x.AsSpan(start + a * s0, n1).CopyTo(y.AsSpan(at + a * t0))
        elif s0 = 0 && s1 = 1 && t0 = n1 && n0 >= 8 then
            // One short run many times: what is written doubles.
            x.AsSpan(start, n1).CopyTo(y.AsSpan at)
            let mutable filled = n1
            let total = n0 * n1

            while filled < total do
                let more = min filled (total - filled)
                y.AsSpan(at, more).CopyTo(y.AsSpan(at + filled))
                filled <- filled + more
        elif s1 = 0 && n1 >= 8 then
            for a in 0 .. n0 - 1 do
                y.AsSpan(at + a * t0, n1).Fill x[start + a * s0]
        elif n0 >= 8 && n1 >= 8 && abs s0 < abs s1 then
            Strided.Transpose(x, start, n0, s0, n1, s1, y, at, t0)
        elif s1 = -1 && n1 >= 16 then
            for a in 0 .. n0 - 1 do
                let row = y.AsSpan(at + a * t0, n1)
                x.AsSpan(start + a * s0 - (n1 - 1), n1).CopyTo row
                row.Reverse()
        else
            for a in 0 .. n0 - 1 do
                let from = start + a * s0
                let target = at + a * t0

                for b in 0 .. n1 - 1 do
                    y[target + b] <- x[from + b * s1]

    /// Plane, on all cores if it is large.
    static member private PlaneOrParts<'T>
        (x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int, t0: int)
        : unit =
        if n0 * n1 < Partition.Threshold then
            Strided.Plane(x, start, n0, s0, n1, s1, y, at, t0)
        elif n1 >= Partition.Threshold then
            for a in 0 .. n0 - 1 do
                let body =
                    Action<int, int>(fun first finish ->
                        let from, target = start + a * s0 + first * s1, at + a * t0 + first
                        Strided.Plane(x, from, 1, 0, finish - first, s1, y, target, 0)
                    )

                Partition.run (n1, 1, body)
        else
            let body =
                Action<int, int>(fun first finish ->
                    let from, target = start + first * s0, at + first * t0
                    Strided.Plane(x, from, finish - first, s0, n1, s1, y, target, t0)
                )

            Partition.run (n0, n1, body)

    /// y[at + a·n1 + b] = x[start + a·s0 + b·s1] for a < n0, b < n1.
    static member Copy<'T>
        (x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int)
        : unit =
        Strided.PlaneOrParts(x, start, n0, s0, n1, s1, y, at, n1)

    /// Joins neighbouring axes that are walked as one, in place, and leaves out axes of length 1. Gives back how many
    /// axes are left, in front. An axis of length 0 must not be there.
    static member Join(lengths: int[], strides: int[]) : int =
        let mutable count = 0

        for i in 0 .. lengths.Length - 1 do
            if lengths[i] <> 1 then
                if count > 0 && strides[count - 1] = lengths[i] * strides[i] then
                    lengths[count - 1] <- lengths[count - 1] * lengths[i]
                    strides[count - 1] <- strides[i]
                else
                    lengths[count] <- lengths[i]
                    strides[count] <- strides[i]
                    count <- count + 1

        count

    /// Some planes: those with numbers first to finish − 1 in row-major order of the axes other than the last and `row`.
    static member private Planes<'T>
        (
            x: 'T[],
            start: int,
            rank: int,
            lengths: int[],
            strides: int[],
            row: int,
            first: int,
            finish: int,
            y: 'T[],
            at: int
        ) : unit =
        let last = rank - 1
        let mutable t0 = lengths[last]

        for i in row + 1 .. last - 1 do
            t0 <- t0 * lengths[i]

        for plane in first .. finish - 1 do
            let mutable rest = plane
            let mutable from = start
            let mutable target = at
            let mutable step = lengths[last]

            for i in last - 1 .. -1 .. 0 do
                if i <> row then
                    let above = rest / lengths[i]
                    let position = rest - above * lengths[i]
                    rest <- above
                    from <- from + position * strides[i]
                    target <- target + position * step

                step <- step * lengths[i]

            Strided.PlaneOrParts(
                x,
                from,
                lengths[row],
                strides[row],
                lengths[last],
                strides[last],
                y,
                target,
                t0
            )

    /// All of a view to contiguous memory. The two arrays are used up.
    static member Copy<'T>
        (x: 'T[], start: int, lengths: int[], strides: int[], y: 'T[], at: int)
        : unit =
        if Array.IndexOf(lengths, 0) < 0 then
            let rank = Strided.Join(lengths, strides)

            if rank = 0 then
                y[at] <- x[start]
            elif rank = 1 then
                Strided.Copy(x, start, 1, lengths[0], lengths[0], strides[0], y, at)
            else
                // The rows of a plane lie along the axis before the last; if the view runs across the rows of x,
                // then along the axis that does not.
                let last = rank - 1
                let mutable row = last - 1

                if abs strides[last] > 1 then
                    for i in 0 .. last - 2 do
                        if strides[i] <> 0 && abs strides[i] < abs strides[row] then
                            row <- i

                let mutable planes = 1

                for i in 0 .. last - 1 do
                    if i <> row then
                        planes <- planes * lengths[i]

                let size = lengths[row] * lengths[last]

                if
                    planes = 1 || size >= Partition.Threshold || planes * size < Partition.Threshold
                then
                    Strided.Planes(x, start, rank, lengths, strides, row, 0, planes, y, at)
                else
                    let body =
                        Action<int, int>(fun first finish ->
                            Strided.Planes(
                                x,
                                start,
                                rank,
                                lengths,
                                strides,
                                row,
                                first,
                                finish,
                                y,
                                at
                            )
                        )

                    Partition.run (planes, size, body)
