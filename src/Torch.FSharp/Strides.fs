namespace Optim.Torch

open System
open Optim

/// How far apart the neighbors along each axis lie, in elements. Null stands for row by row without gaps.
[<RequireQualifiedAccess>]
module internal Strides =

    /// Whether strides are those of elements row by row; axes of length 1 may have any.
    let isRowMajor (dims: int[]) (strides: int[]) : bool =
        let mutable step = 1
        let mutable axis = dims.Length - 1

        while axis >= 0 && (dims[axis] = 1 || strides[axis] = step) do
            step <- step * dims[axis]
            axis <- axis - 1

        axis < 0

    /// Null when they are row by row or there are no elements.
    let normal (shape: Shape) (strides: int[]) : int[] | null =
        if shape.Length = 0 || isRowMajor shape.Dims strides then
            null
        else
            strides

    /// The numbers behind null, too.
    let spelled (shape: Shape) (strides: int[] | null) : int[] =
        match strides with
        | null -> Shape.strides shape
        | s -> s

    /// The strides under which the same elements have another shape of the same length, or null where they must be copied.
    /// Source: ATen, computeStride. Both shapes have elements.
    let reshaped (dims: int[]) (strides: int[]) (target: int[]) : int[] | null =
        let result = Array.create target.Length 1
        let mutable view = target.Length - 1
        let mutable fits = true
        let mutable axis = dims.Length - 1
        let mutable from = if dims.Length = 0 then 1 else strides[dims.Length - 1]
        let mutable length = 1
        let mutable viewed = 1

        while fits && axis >= 0 do
            length <- length * dims[axis]

            // Where the elements of a run of axes follow each other evenly, the run may be cut anew.
            if axis = 0 || (dims[axis - 1] <> 1 && strides[axis - 1] <> length * from) then
                while view >= 0 && (viewed < length || target[view] = 1) do
                    result[view] <- viewed * from
                    viewed <- viewed * target[view]
                    view <- view - 1

                if viewed <> length then
                    fits <- false
                elif axis > 0 then
                    from <- strides[axis - 1]
                    length <- 1
                    viewed <- 1

            axis <- axis - 1

        if fits && (view < 0 || dims.Length = 0) then
            result
        else
            null

    /// The strides of a broadcast to another shape: 0 along axes that are stretched.
    let expanded (dims: int[]) (strides: int[]) (target: int[]) : int[] =
        let extra = target.Length - dims.Length

        Array.init
            target.Length
            (fun i ->
                if i < extra || (dims[i - extra] = 1 && target[i] <> 1) then
                    0
                else
                    strides[i - extra]
            )
