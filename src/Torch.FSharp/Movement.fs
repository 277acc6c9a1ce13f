namespace Optim.Torch

open System
open Optim

/// Parts of tensors, and tensors put together from parts.
[<RequireQualifiedAccess>]
module internal Movement =

    /// The part of x with one range for each axis: a view, or a copy where a range runs backwards.
    let slice (ranges: AxisRange[]) (x: TorchTensor) : TorchTensor =
        if ranges.Length = 0 then
            x
        else
            let part = Views.slice (Views.forwards ranges) x

            match Views.backwards ranges with
            | [||] -> part
            | axes when part.Length = 0 || axes.Length = 0 -> part
            | axes -> Reductions.flip axes part

    // The position behind the last of a range that does not run backwards.
    let private finish (r: AxisRange) : int = r.Start + r.Step * (r.Count - 1) + 1

    // An axis along which each piece lies behind the one before it, or −1.
    let private orderedAxis (rank: int) (ranges: AxisRange[][]) : int =
        let isOrdered (axis: int) : bool =
            let mutable ordered = true

            for i in 1 .. ranges.Length - 1 do
                let before, after = ranges[i - 1][axis], ranges[i][axis]
                ordered <- ordered && after.Start >= finish before

            ordered

        let mutable axis = 0

        while axis < rank && not (isOrdered axis) do
            axis <- axis + 1

        if axis < rank then axis else -1

    // Whether the pieces in order along an axis make up the whole without gaps.
    let private tiles (dims: int[]) (axis: int) (ranges: AxisRange[][]) : bool =
        let mutable next = 0
        let mutable fits = true

        for piece in ranges do
            for i in 0 .. dims.Length - 1 do
                let r = piece[i]
                let isGapless = r.Step = 1 || r.Count = 1
                let start = if i = axis then next else 0
                fits <- fits && isGapless && r.Start = start && (i = axis || r.Count = dims[i])

            next <- next + piece[axis].Count

        fits && next = dims[axis]

    let private count (ranges: AxisRange[]) : int =
        let mutable n = 1

        for r in ranges do
            n <- n * r.Count

        n

    /// Zeros of the shape, to which each piece is added at its ranges. On Bool, adding is or. Errors: no piece at all.
    let assemble (shape: Shape) (ranges: AxisRange[][]) (pieces: TorchTensor[]) : TorchTensor =
        if pieces.Length = 0 then
            raise (
                ArgumentException("Assemble: expected one piece or more, got none", nameof pieces)
            )

        let device, dtype = pieces[0].Place, pieces[0].DType

        let present =
            Array.init pieces.Length id |> Array.filter (fun i -> count ranges[i] > 0)

        let places = present |> Array.map (fun i -> Views.forwards ranges[i])

        let parts =
            present
            |> Array.map (fun i ->
                match Views.backwards ranges[i] with
                | axes when axes.Length = 0 -> pieces[i]
                | axes -> Reductions.flip axes pieces[i]
            )

        if parts.Length = 0 then
            Creation.full device shape dtype 0.0
        elif shape.Rank = 0 then
            // Every piece is the whole.
            let add = if dtype = DType.Bool then Binary.Maximum else Binary.Add
            Array.reduce (fun a b -> Elementwise.binary add a b) parts
        else
            let axis = orderedAxis shape.Rank places

            if axis >= 0 && tiles shape.Dims axis places then
                if parts.Length = 1 then
                    parts[0]
                else
                    Results.wrap device dtype shape (Direct.join axis parts)
            else
                let y = Creation.empty device shape dtype
                let covered = Array.sumBy (fun r -> int64 (count r)) places

                if axis < 0 || covered < int64 shape.Length then
                    Creation.clear y

                for i in 0 .. parts.Length - 1 do
                    let target = Views.slice places[i] y

                    if axis >= 0 || i = 0 then
                        Creation.write target parts[i]
                    else
                        let add = if dtype = DType.Bool then Binary.Maximum else Binary.Add
                        let sum = Elementwise.binary add target parts[i]
                        Creation.write target sum
                        sum.Storage.Release()

                y
