namespace Optim.Torch

open Optim

/// Other tensors on the same memory, made without libtorch, and copies where that is impossible.
[<RequireQualifiedAccess>]
module internal Views =

    /// The part of x's storage from `start` elements after x's first one on.
    let at (start: int) (strides: int[] | null) (shape: Shape) (x: TorchTensor) : TorchTensor =
        TorchTensor(x.Storage, x.Offset + start, strides, false, shape, x.DType, x.Place)

    /// The same elements in another shape of the same length; a copy where strides cannot say it.
    let reshape (shape: Shape) (x: TorchTensor) : TorchTensor =
        if shape.SameAs x.Shape then
            x
        else
            match x.Strides with
            | null -> at 0 null shape x
            | strides ->
                match Strides.reshaped x.Shape.Dims strides shape.Dims with
                | null -> at 0 null shape (Creation.rows x)
                | found -> at 0 (Strides.normal shape found) shape x

    /// Axis i of the result is axis axes[i] of x.
    let permute (axes: int[]) (x: TorchTensor) : TorchTensor =
        let dims, strides = x.Shape.Dims, Strides.spelled x.Shape x.Strides
        let shape = Shape(Array.map (fun axis -> dims[axis]) axes)
        at 0 (Strides.normal shape (Array.map (fun axis -> strides[axis]) axes)) shape x

    /// The last two axes exchanged.
    let transpose (x: TorchTensor) : TorchTensor =
        let rank = x.Rank
        let dims = Array.copy x.Shape.Dims
        let strides = Array.copy (Strides.spelled x.Shape x.Strides)
        dims[rank - 1] <- x.Shape.Dims[rank - 2]
        dims[rank - 2] <- x.Shape.Dims[rank - 1]
        let step = strides[rank - 1]
        strides[rank - 1] <- strides[rank - 2]
        strides[rank - 2] <- step
        let shape = Shape dims
        at 0 (Strides.normal shape strides) shape x

    /// x broadcast to the shape.
    let expand (shape: Shape) (x: TorchTensor) : TorchTensor =
        if shape.SameAs x.Shape then
            x
        else
            let own = Strides.spelled x.Shape x.Strides
            at 0 (Strides.normal shape (Strides.expanded x.Shape.Dims own shape.Dims)) shape x

    /// The axes whose ranges run backwards.
    let backwards (ranges: AxisRange[]) : int[] = [|
        for axis in 0 .. ranges.Length - 1 do
            if ranges[axis].Step < 0 && ranges[axis].Count > 1 then
                axis
    |]

    /// The same positions in ascending order.
    let forwards (ranges: AxisRange[]) : AxisRange[] =
        ranges
        |> Array.map (fun r ->
            if r.Step < 0 && r.Count > 1 then
                { Start = r.Start + r.Step * (r.Count - 1); Step = -r.Step; Count = r.Count }
            else
                r
        )

    /// One range for each axis, none of which runs backwards.
    let slice (ranges: AxisRange[]) (x: TorchTensor) : TorchTensor =
        let own = Strides.spelled x.Shape x.Strides
        let shape = Shape(Array.map (fun (r: AxisRange) -> r.Count) ranges)

        if shape.Length = 0 then
            at 0 null shape x
        else
            let mutable start = 0
            let strides = Array.zeroCreate<int> ranges.Length

            for axis in 0 .. ranges.Length - 1 do
                let r = ranges[axis]
                start <- start + r.Start * own[axis]
                strides[axis] <- if r.Count = 1 then own[axis] else r.Step * own[axis]

            at start (Strides.normal shape strides) shape x
