namespace Optim.Managed

open System
open Optim

/// What is done with one row of a walk: `length` elements of the result from `y` on, and of each operand from its
/// offset on, where an operand either steps along or stays (`steps`).
[<AbstractClass>]
type internal RowBody() =
    abstract Row: offsets: int[] * y: int * length: int -> unit

/// A way through the result of a broadcast operation, row by row, as long as rows can be: axes over which all operands
/// go on evenly are merged. The `rank` axes that remain are kept innermost first.
[<Sealed>]
type internal Walk private (dims: int[], strides: int[][], rank: int) =

    // The step of an operand along an axis of the result, given its own row-major step.
    static member private Stride(operand: Shape, rank: int, axis: int, own: int) : int =
        let place = axis - rank + operand.Rank
        if place < 0 || operand.Dims[place] = 1 then 0 else own

    /// The way for a result of shape `shape` and operands of shapes that broadcast to it.
    static member Create(shape: Shape, operands: Shape[]) : Walk =
        let rank = shape.Rank
        let dims = Array.create (max 1 rank) 1

        let strides =
            Array.init operands.Length (fun _ -> Array.zeroCreate<int> dims.Length)
        // The row-major step of each operand, from the last axis on.
        let own = Array.create operands.Length 1
        // Axes 0 … last are merged axes, innermost first.
        let mutable last = -1

        for axis in rank - 1 .. -1 .. 0 do
            let n = shape.Dims[axis]

            if n <> 1 then
                let mutable goesOn = last >= 0
                let mutable k = 0

                while goesOn && k < operands.Length do
                    goesOn <-
                        Walk.Stride(operands[k], rank, axis, own[k]) = strides[k][last] * dims[last]

                    k <- k + 1

                if goesOn then
                    dims[last] <- dims[last] * n
                else
                    last <- last + 1
                    dims[last] <- n

                    for k in 0 .. operands.Length - 1 do
                        strides[k][last] <- Walk.Stride(operands[k], rank, axis, own[k])

            for k in 0 .. operands.Length - 1 do
                let place = axis - rank + operands[k].Rank

                if place >= 0 then
                    own[k] <- own[k] * operands[k].Dims[place]

        Walk(dims, strides, max 1 (last + 1))

    /// The length of a row.
    member _.Length: int = dims[0]

    /// The number of rows.
    member _.Rows: int =
        let mutable rows = 1

        for axis in 1 .. rank - 1 do
            rows <- rows * dims[axis]

        rows

    /// 1 where operand k steps along a row, 0 where it stays.
    member _.Step(k: int) : int = strides[k][0]

    /// Calls the body for these rows. `starts`: where each operand begins in its array.
    member walk.Visit(firstRow: int, rows: int, starts: int[], body: RowBody) : unit =
        let offsets = Array.copy starts
        let place = Array.zeroCreate rank
        let mutable rest = firstRow

        for axis in 1 .. rank - 1 do
            place[axis] <- rest % dims[axis]
            rest <- rest / dims[axis]

            for k in 0 .. offsets.Length - 1 do
                offsets[k] <- offsets[k] + place[axis] * strides[k][axis]

        for row in firstRow .. firstRow + rows - 1 do
            body.Row(offsets, row * dims[0], dims[0])
            let mutable axis = 1
            let mutable carry = true

            while carry && axis < rank do
                place[axis] <- place[axis] + 1
                carry <- place[axis] = dims[axis]

                if carry then
                    place[axis] <- 0

                for k in 0 .. offsets.Length - 1 do
                    let s = strides[k][axis]

                    offsets[k] <-
                        if carry then
                            offsets[k] - (dims[axis] - 1) * s
                        else
                            offsets[k] + s

                axis <- axis + 1

    /// Calls the body for all rows, on several threads when there are many elements.
    member walk.VisitAll(starts: int[], body: RowBody) : unit =
        let rows = walk.Rows

        if int64 rows * int64 dims[0] < int64 Workers.Threshold || rows < 2 then
            if dims[0] > 0 then
                walk.Visit(0, rows, starts, body)
        else
            Workers.split
                Workers.count
                1
                rows
                (Action<_, _>(fun first count -> walk.Visit(first, count, starts, body)))
