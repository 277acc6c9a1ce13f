namespace Optim.Core

open System
open Optim
open Optim.Primitives

/// Functions that move elements without computing: shapes, parts, and wholes from parts.
[<RequireQualifiedAccess>]
module Shaping =

    /// The same elements, row-major, in another shape; one length may be −1 and is then worked out.
    let reshape (lengths: int seq) (x: Tensor) : Tensor =
        let lengths = Array.ofSeq lengths

        match Array.tryFindIndex ((=) -1) lengths with
        | None -> Reshape.Apply(Shape.Of lengths, x)
        | Some open' ->
            let others = lengths |> Array.removeAt open' |> Array.fold (*) 1
            let missing = if others = 0 then 0 else x.Length / others
            Reshape.Apply(Shape.Of(Array.updateAt open' missing lengths), x)

    /// One axis with all elements.
    let flatten (x: Tensor) : Tensor = Reshape.Apply(Shape.Of x.Length, x)

    /// Axis i of the result is axis axes[i] of x. Errors: ShapeException when axes is no permutation.
    let permute (axes: int seq) (x: Tensor) : Tensor =
        let axes = axes |> Seq.map (Shape.axis "permute" x.Shape) |> Array.ofSeq

        if axes.Length <> x.Rank || (Array.distinct axes).Length <> x.Rank then
            raise (ShapeException($"permute: expected each axis of {x.Shape} once", nameof axes))

        Permute.Apply(axes, x)

    /// The last two axes exchanged.
    let transpose (x: Tensor) : Tensor =
        Check.rankAtLeast (nameof x) 2 x
        Permute.Transpose x

    /// x broadcast to a shape.
    let expand (lengths: int seq) (x: Tensor) : Tensor =
        Expand.Apply(Shape.Of(Array.ofSeq lengths), x)

    /// x with an axis of length 1 put in front of axis `at` (0 … rank).
    let unsqueeze (at: int) (x: Tensor) : Tensor =
        let at = if at < 0 then at + x.Rank + 1 else at

        if at < 0 || at > x.Rank then
            raise (ShapeException($"unsqueeze: no place {at} in shape {x.Shape}", nameof at))

        Reshape.Apply(Shape.insert at 1 x.Shape, x)

    /// x without an axis of length 1.
    let squeeze (axis: int) (x: Tensor) : Tensor =
        let axis = Shape.axis "squeeze" x.Shape axis

        if x.Shape.Dims[axis] <> 1 then
            raise (
                ShapeException($"squeeze: axis {axis} of {x.Shape} has no length of 1", nameof axis)
            )

        Reshape.Apply(Shape(Array.removeAt axis x.Shape.Dims), x)

    /// `count` positions of an axis from `start`, `step` apart; step may be negative, not 0.
    let slice (axis: int) (start: int) (count: int) (step: int) (x: Tensor) : Tensor =
        let axis = Shape.axis "slice" x.Shape axis
        let length = x.Shape.Dims[axis]
        let last = start + (count - 1) * step

        if
            step = 0
            || count < 0
            || (count > 0 && (start < 0 || start >= length || last < 0 || last >= length))
        then
            let message =
                $"slice: {count} positions from {start} in steps of {step} leave axis {axis} of {x.Shape}"

            raise (ArgumentOutOfRangeException(nameof start, message))

        Slice.Axis(axis, { Start = start; Step = step; Count = count }, x)

    /// The elements of an axis in reverse order.
    let flip (axis: int) (x: Tensor) : Tensor =
        let axis = Shape.axis "flip" x.Shape axis
        let length = x.Shape.Dims[axis]
        Slice.Axis(axis, { Start = length - 1; Step = -1; Count = length }, x)

    /// Tensors joined along an axis; the other axes agree. Errors: none given, or shapes that do not fit.
    let concat (axis: int) (parts: Tensor seq) : Tensor =
        let parts = Array.ofSeq parts

        if parts.Length = 0 then
            raise (ArgumentException("concat: expected one tensor or more", nameof parts))

        let axis = Shape.axis "concat" parts[0].Shape axis
        let without (x: Tensor) = Array.removeAt axis x.Shape.Dims

        for part in parts do
            if part.Rank <> parts[0].Rank || without part <> without parts[0] then
                let message =
                    $"concat along axis {axis}: {part.Shape} does not fit {parts[0].Shape}"

                raise (ShapeException(message, nameof parts))

        let starts = parts |> Array.scan (fun total part -> total + part.Shape.Dims[axis]) 0
        let shape = Shape(Array.updateAt axis starts[parts.Length] parts[0].Shape.Dims)

        let ranges =
            parts
            |> Array.mapi (fun i part ->
                AxisRange.at shape axis (AxisRange.span starts[i] part.Shape.Dims[axis])
            )

        Assemble.Apply(shape, ranges, parts)

    /// Tensors of one shape joined along a new axis put in front of axis `at`.
    let stack (at: int) (parts: Tensor seq) : Tensor =
        concat at (parts |> Seq.map (unsqueeze at))

    /// Consecutive parts of an axis with these lengths. Errors: ShapeException when they do not add up to the axis.
    let split (axis: int) (lengths: int seq) (x: Tensor) : Tensor list =
        let axis = Shape.axis "split" x.Shape axis
        let lengths = List.ofSeq lengths

        if List.sum lengths <> x.Shape.Dims[axis] || List.exists (fun n -> n < 0) lengths then
            let message =
                $"split: the lengths add up to {List.sum lengths}, axis {axis} of {x.Shape} has another length"

            raise (ShapeException(message, nameof lengths))

        let starts = List.scan (+) 0 lengths

        List.map2
            (fun start n -> Slice.Axis(axis, AxisRange.span start n, x))
            (List.take lengths.Length starts)
            lengths

    /// Zeros put before and after the elements of an axis.
    let pad (axis: int) (before: int) (after: int) (x: Tensor) : Tensor =
        Check.atLeast (nameof before) 0 before
        Check.atLeast (nameof after) 0 after
        let axis = Shape.axis "pad" x.Shape axis
        let length = x.Shape.Dims[axis]
        let shape = Shape(Array.updateAt axis (before + length + after) x.Shape.Dims)
        Assemble.Apply(shape, [| AxisRange.at shape axis (AxisRange.span before length) |], [| x |])

    let private checkIndices (operation: string) (indices: Tensor) : unit =
        if indices.DType <> DType.Int64 then
            let message =
                $"{operation}: indices have element type {indices.DType}, expected Int64"

            raise (ArgumentException(message, nameof indices))

    /// Positions of an axis in the order of Int64 indices (k). Errors: EngineException for an index outside.
    let indexSelect (axis: int) (indices: Tensor) (x: Tensor) : Tensor =
        checkIndices "indexSelect" indices
        Check.rank (nameof indices) 1 indices
        IndexSelect.Apply(Shape.axis "indexSelect" x.Shape axis, x, indices)

    /// Zeros with `length` positions on an axis, to which part i of x is added at position indices[i].
    let indexAdd (axis: int) (length: int) (indices: Tensor) (x: Tensor) : Tensor =
        checkIndices "indexAdd" indices
        Check.rank (nameof indices) 1 indices
        IndexAdd.Apply(Shape.axis "indexAdd" x.Shape axis, length, x, indices)

    let private checkSameElsewhere
        (operation: string)
        (axis: int)
        (x: Tensor)
        (indices: Tensor)
        : unit =
        checkIndices operation indices

        if
            x.Rank <> indices.Rank
            || Array.removeAt axis x.Shape.Dims <> Array.removeAt axis indices.Shape.Dims
        then
            let message =
                $"{operation}: indices have shape {indices.Shape}, expected that of {x.Shape} but on axis {axis}"

            raise (ShapeException(message, nameof indices))

    /// y[…, i, …] = x[…, indices[…, i, …], …] along an axis; the shapes agree on the other axes.
    let gather (axis: int) (indices: Tensor) (x: Tensor) : Tensor =
        let axis = Shape.axis "gather" x.Shape axis
        checkSameElsewhere "gather" axis x indices
        Gather.Apply(axis, x, indices)

    /// Zeros with `length` positions on an axis, to which x[…, i, …] is added at position indices[…, i, …].
    let scatterAdd (axis: int) (length: int) (indices: Tensor) (x: Tensor) : Tensor =
        let axis = Shape.axis "scatterAdd" x.Shape axis
        checkSameElsewhere "scatterAdd" axis x indices
        ScatterAdd.Apply(axis, length, x, indices)
