namespace Optim.Managed

open System
open Optim

/// Reading and adding up whole parts of an axis at positions that are data. Arrays are contiguous, from an offset on; shapes must be checked
/// before, the positions are checked here. Errors: EngineException for a position outside 0 … length − 1, before
/// anything is written. Additions to one place are made in the order of x.
[<AbstractClass; Sealed>]
type internal Selection =

    static member private Outside
        (
            operation: string,
            dims: int[],
            axis: int,
            length: int,
            indices: int64[],
            start: int,
            count: int
        ) : exn =
        let mutable place = 0

        while uint64 indices[start + place] < uint64 length do
            place <- place + 1

        let bad = indices[start + place]

        let detail =
            $"index {bad} at position {place} is outside axis {axis}, which has length {length}"

        EngineException(operation, $"{Shape.Of dims} and {count} indices", "cpu", detail, 0, null)

    /// Raises an EngineException when one of the positions is outside 0 … length − 1.
    static member Check
        (
            operation: string,
            dims: int[],
            axis: int,
            length: int,
            indices: int64[],
            start: int,
            count: int
        ) : unit =
        let values = ReadOnlySpan(indices, start, count)
        let mutable isInside = true

        for i in 0 .. values.Length - 1 do
            isInside <- isInside && uint64 values[i] < uint64 length

        if not isInside then
            raise (Selection.Outside(operation, dims, axis, length, indices, start, count))

    /// Rows first to finish − 1 of the (outer · count) rows of y.
    static member private SelectRows<'T>
        (
            x: 'T[],
            start: int,
            length: int,
            inner: int,
            indices: int64[],
            from: int,
            count: int,
            first: int,
            finish: int,
            y: 'T[],
            at: int
        ) : unit =
        let mutable o = first / count
        let mutable k = first - o * count

        for row in first .. finish - 1 do
            let source = start + (o * length + int indices[from + k]) * inner

            if inner < 8 then
                for j in 0 .. inner - 1 do
                    y[at + row * inner + j] <- x[source + j]
            else
                x.AsSpan(source, inner).CopyTo(y.AsSpan(at + row * inner))

            k <- k + 1

            if k = count then
                k <- 0
                o <- o + 1

    /// y is x (shape dims) with the positions `indices`, `count` of them from `from` on, of the axis.
    static member IndexSelect<'T>
        (
            axis: int,
            x: 'T[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            count: int,
            y: 'T[],
            at: int
        ) : unit =
        let struct (outer, length, inner) = Scans.Split(dims, axis)
        Selection.Check("IndexSelect", dims, axis, length, indices, from, count)
        let rows = outer * count

        if rows * inner < Partition.Threshold then
            if rows * inner > 0 then
                Selection.SelectRows(x, start, length, inner, indices, from, count, 0, rows, y, at)
        else
            let body =
                Action<int, int>(fun first finish ->
                    Selection.SelectRows(
                        x,
                        start,
                        length,
                        inner,
                        indices,
                        from,
                        count,
                        first,
                        finish,
                        y,
                        at
                    )
                )

            Partition.run (rows, inner, body)

    /// For some of the outer positions, first to finish − 1.
    static member private AddRows<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
        (
            x: 'T[],
            start: int,
            count: int,
            length: int,
            inner: int,
            indices: int64[],
            from: int,
            first: int,
            finish: int,
            y: 'T[],
            at: int
        ) : unit =
        for o in first .. finish - 1 do
            y.AsSpan(at + o * length * inner, length * inner).Clear()

            for k in 0 .. count - 1 do
                let target = at + (o * length + int indices[from + k]) * inner
                Spread<'T, 'F>.Run(x, start + (o * count + k) * inner, inner, y, target)

    static member private IndexAddWith<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
        (
            axis: int,
            length: int,
            x: 'T[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            y: 'T[],
            at: int
        ) : unit =
        let struct (outer, count, inner) = Scans.Split(dims, axis)
        Selection.Check("IndexAdd", dims, axis, length, indices, from, count)

        if outer = 1 || outer * (count + length) * inner < Partition.Threshold then
            Selection.AddRows<'T, 'F>(
                x,
                start,
                count,
                length,
                inner,
                indices,
                from,
                0,
                outer,
                y,
                at
            )
        else
            let body =
                Action<int, int>(fun first finish ->
                    Selection.AddRows<'T, 'F>(
                        x,
                        start,
                        count,
                        length,
                        inner,
                        indices,
                        from,
                        first,
                        finish,
                        y,
                        at
                    )
                )

            Partition.run (outer, (count + length) * inner, body)

    /// y is zeros with `length` positions on the axis, to which part k of x (shape dims) along the axis is added at
    /// position indices[from + k].
    static member IndexAdd
        (
            axis: int,
            length: int,
            x: float[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            y: float[],
            at: int
        ) : unit =
        Selection.IndexAddWith<float, SumFold<float>>(
            axis,
            length,
            x,
            start,
            dims,
            indices,
            from,
            y,
            at
        )

    /// As for float.
    static member IndexAdd
        (
            axis: int,
            length: int,
            x: float32[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            y: float32[],
            at: int
        ) : unit =
        Selection.IndexAddWith<float32, SumFold<float32>>(
            axis,
            length,
            x,
            start,
            dims,
            indices,
            from,
            y,
            at
        )

    /// As for float; sums wrap around.
    static member IndexAdd
        (
            axis: int,
            length: int,
            x: int64[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            y: int64[],
            at: int
        ) : unit =
        Selection.IndexAddWith<int64, SumFold<int64>>(
            axis,
            length,
            x,
            start,
            dims,
            indices,
            from,
            y,
            at
        )

    /// As for float, where false is zero and adding is or.
    static member IndexAdd
        (
            axis: int,
            length: int,
            x: bool[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            y: bool[],
            at: int
        ) : unit =
        let bytes, results = Lanes.bytes x, Lanes.bytes y

        Selection.IndexAddWith<byte, MaximumFold<byte>>(
            axis,
            length,
            bytes,
            start,
            dims,
            indices,
            from,
            results,
            at
        )
