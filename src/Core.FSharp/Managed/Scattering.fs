namespace Optim.Managed

open System

/// Reading and adding up single elements at positions that are data, one for each element. As for Selection: arrays are
/// contiguous, from an offset on; positions are checked before anything is written (EngineException); additions to one
/// place are made in the order of x.
[<AbstractClass; Sealed>]
type internal Scattering =

    /// Rows first to finish − 1 of the (outer · count) rows of y.
    static member private GatherRows<'T>
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
            let source = start + o * length * inner

            for j in 0 .. inner - 1 do
                y[at + row * inner + j] <-
                    x[source + int indices[from + row * inner + j] * inner + j]

            k <- k + 1

            if k = count then
                k <- 0
                o <- o + 1

    /// y, of the shape of the indices, is x (shape dims) at the same place but at the position in indices of the axis.
    static member Gather<'T>
        (
            axis: int,
            x: 'T[],
            start: int,
            dims: int[],
            indices: int64[],
            from: int,
            indexDims: int[],
            y: 'T[],
            at: int
        ) : unit =
        let struct (outer, length, inner) = Scans.Split(dims, axis)
        let count = indexDims[axis]
        let rows = outer * count
        Selection.Check("Gather", dims, axis, length, indices, from, rows * inner)

        if rows * inner < Partition.Threshold then
            if rows * inner > 0 then
                Scattering.GatherRows(x, start, length, inner, indices, from, count, 0, rows, y, at)
        else
            let body =
                Action<int, int>(fun first finish ->
                    Scattering.GatherRows(
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
    static member private ScatterRows<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
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
        let fold = Unchecked.defaultof<'F>

        for o in first .. finish - 1 do
            y.AsSpan(at + o * length * inner, length * inner).Clear()

            for k in 0 .. count - 1 do
                for j in 0 .. inner - 1 do
                    let i = (o * count + k) * inner + j
                    let target = at + (o * length + int indices[from + i]) * inner + j
                    y[target] <- fold.Combine(y[target], x[start + i])

    static member private ScatterAddWith<'T, 'F when 'F: struct and 'F :> Fold<'T, 'T>>
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
        Selection.Check("ScatterAdd", dims, axis, length, indices, from, outer * count * inner)

        if outer = 1 || outer * (count + length) * inner < Partition.Threshold then
            Scattering.ScatterRows<'T, 'F>(
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
                    Scattering.ScatterRows<'T, 'F>(
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

    /// y is zeros with `length` positions on the axis, to which each element of x (shape dims, as the indices) is added
    /// at the same place but at the position in indices of the axis.
    static member ScatterAdd
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
        Scattering.ScatterAddWith<float, SumFold<float>>(
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
    static member ScatterAdd
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
        Scattering.ScatterAddWith<float32, SumFold<float32>>(
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
    static member ScatterAdd
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
        Scattering.ScatterAddWith<int64, SumFold<int64>>(
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
    static member ScatterAdd
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

        Scattering.ScatterAddWith<byte, MaximumFold<byte>>(
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
