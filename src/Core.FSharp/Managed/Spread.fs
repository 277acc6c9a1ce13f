namespace Optim.Managed

open System

/// Stores or combines contiguous memory into a strided view of an array: the counterpart of Strided. 'F says how an
/// element that is there and one that comes are put together; a view never holds a place twice.
[<AbstractClass; Sealed>]
type internal Spread<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>> =

    /// y[at + b] = y[at + b] ∘ x[start + b] for b < count.
    static member Run(x: 'T[], start: int, count: int, y: 'T[], at: int) : unit =
        let fold = Unchecked.defaultof<'F>
        let lanes = System.Runtime.Intrinsics.Vector512<'T>.Count
        let mutable b = 0

        if count >= lanes then
            // Checks the ranges once.
            let _ = x.AsSpan(start, count)
            let _ = y.AsSpan(at, count)

            while b <= count - lanes do
                Lanes.store
                    (fold.CombineLanes(Lanes.load y (at + b), Lanes.load x (start + b)))
                    y
                    (at + b)

                b <- b + lanes

        while b < count do
            y[at + b] <- fold.Combine(y[at + b], x[start + b])
            b <- b + 1

    /// Plane, on this core.
    static member private PlaneAlone
        (isStore: bool, x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int)
        : unit =
        let fold = Unchecked.defaultof<'F>

        if s1 = 1 && isStore then
            for a in 0 .. n0 - 1 do
                x.AsSpan(start + a * n1, n1).CopyTo(y.AsSpan(at + a * s0))
        elif s1 = 1 then
            for a in 0 .. n0 - 1 do
                Spread<'T, 'F>.Run(x, start + a * n1, n1, y, at + a * s0)
        elif isStore then
            for a in 0 .. n0 - 1 do
                for b in 0 .. n1 - 1 do
                    y[at + a * s0 + b * s1] <- x[start + a * n1 + b]
        else
            for a in 0 .. n0 - 1 do
                for b in 0 .. n1 - 1 do
                    let i = at + a * s0 + b * s1
                    y[i] <- fold.Combine(y[i], x[start + a * n1 + b])

    /// y[at + a·s0 + b·s1] becomes x[start + a·n1 + b], or that and what was there combined, for a < n0, b < n1; on all
    /// cores if it is large.
    static member Plane
        (isStore: bool, x: 'T[], start: int, n0: int, s0: int, n1: int, s1: int, y: 'T[], at: int)
        : unit =
        if n0 * n1 < Partition.Threshold then
            Spread<'T, 'F>.PlaneAlone(isStore, x, start, n0, s0, n1, s1, y, at)
        elif n1 >= Partition.Threshold then
            for a in 0 .. n0 - 1 do
                let body =
                    Action<int, int>(fun first finish ->
                        let from, target = start + a * n1 + first, at + a * s0 + first * s1

                        Spread<'T, 'F>
                            .PlaneAlone(isStore, x, from, 1, 0, finish - first, s1, y, target)
                    )

                Partition.run (n1, 1, body)
        else
            let body =
                Action<int, int>(fun first finish ->
                    let from, target = start + first * n1, at + first * s0

                    Spread<'T, 'F>
                        .PlaneAlone(isStore, x, from, finish - first, s0, n1, s1, y, target)
                )

            Partition.run (n0, n1, body)

    /// Some planes over the last two axes, those with numbers first to finish − 1.
    static member private Planes
        (
            isStore: bool,
            x: 'T[],
            start: int,
            rank: int,
            lengths: int[],
            strides: int[],
            first: int,
            finish: int,
            y: 'T[],
            at: int
        ) : unit =
        let n0, n1 = lengths[rank - 2], lengths[rank - 1]

        for plane in first .. finish - 1 do
            let mutable rest = plane
            let mutable target = at

            for i in rank - 3 .. -1 .. 0 do
                let above = rest / lengths[i]
                target <- target + (rest - above * lengths[i]) * strides[i]
                rest <- above

            let from = start + plane * n0 * n1

            Spread<'T, 'F>
                .Plane(isStore, x, from, n0, strides[rank - 2], n1, strides[rank - 1], y, target)

    /// All of contiguous memory into a view. The two arrays are used up.
    static member Copy
        (isStore: bool, x: 'T[], start: int, lengths: int[], strides: int[], y: 'T[], at: int)
        : unit =
        if Array.IndexOf(lengths, 0) < 0 then
            let rank = Strided.Join(lengths, strides)

            if rank = 0 then
                Spread<'T, 'F>.Plane(isStore, x, start, 1, 0, 1, 1, y, at)
            elif rank = 1 then
                Spread<'T, 'F>.Plane(isStore, x, start, 1, 0, lengths[0], strides[0], y, at)
            else
                let mutable planes = 1

                for i in 0 .. rank - 3 do
                    planes <- planes * lengths[i]

                let size = lengths[rank - 2] * lengths[rank - 1]

                if
                    planes = 1 || size >= Partition.Threshold || planes * size < Partition.Threshold
                then
                    Spread<'T, 'F>
                        .Planes(isStore, x, start, rank, lengths, strides, 0, planes, y, at)
                else
                    let body =
                        Action<int, int>(fun first finish ->
                            Spread<'T, 'F>
                                .Planes(
                                    isStore,
                                    x,
                                    start,
                                    rank,
                                    lengths,
                                    strides,
                                    first,
                                    finish,
                                    y,
                                    at
                                )
                        )

                    Partition.run (planes, size, body)
