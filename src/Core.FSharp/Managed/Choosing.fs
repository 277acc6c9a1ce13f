namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Reading and adding up at positions that are data, for whole tensors. Each comes in two forms: into memory that is
/// given, and as a new tensor. In the first, x is contiguous from `start`, of shape `dims` and of any element type; the
/// positions are contiguous from `first`; y is of x's element type and written from `at` on.
[<RequireQualifiedAccess>]
module internal Choosing =

    let private storage (x: Raw) : Array = x.Storage :?> Array

    let private positions (operation: string) (indices: Raw) : int64[] =
        if indices.DType <> DType.Int64 then
            let message = $"{operation}: expected Int64 indices, got {indices.DType}"
            raise (ArgumentException(message, nameof indices))

        indices.Storage :?> int64[]

    let private withAxis (axis: int) (length: int) (x: Raw) : Shape =
        let dims = x.Shape.ToArray()
        dims[axis] <- length
        Shape dims

    let private unknown (x: Array) : exn =
        InvalidOperationException $"no tensor is an array of type {x.GetType()}"

    /// `count` positions of an axis of x.
    let indexSelectInto
        (axis: int)
        (dims: int[])
        (x: Array)
        (start: int)
        (indices: int64[])
        (first: int)
        (count: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v ->
            let y = y :?> float[]
            Selection.IndexSelect(axis, v, start, dims, indices, first, count, y, at)
        | :? (float32[]) as v ->
            let y = y :?> float32[]
            Selection.IndexSelect(axis, v, start, dims, indices, first, count, y, at)
        | :? (int64[]) as v ->
            let y = y :?> int64[]
            Selection.IndexSelect(axis, v, start, dims, indices, first, count, y, at)
        | :? (bool[]) as v ->
            let y = y :?> bool[]
            Selection.IndexSelect(axis, v, start, dims, indices, first, count, y, at)
        | other -> raise (unknown other)

    /// Positions `indices` (k) of an axis of x.
    let indexSelect (axis: int) (x: Raw) (indices: Raw) : Raw =
        let list = positions "IndexSelect" indices
        let count = indices.Length
        let y = Creation.empty x.Engine (withAxis axis count x) x.DType
        let dims = x.Shape.Dims
        indexSelectInto axis dims (storage x) x.Offset list indices.Offset count (storage y) 0
        y

    /// Element i of the result is x at the same place but at position indices[i] of the axis. shape: that of indices.
    let gatherInto
        (axis: int)
        (dims: int[])
        (x: Array)
        (start: int)
        (indices: int64[])
        (first: int)
        (shape: int[])
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v ->
            let y = y :?> float[]
            Scattering.Gather(axis, v, start, dims, indices, first, shape, y, at)
        | :? (float32[]) as v ->
            let y = y :?> float32[]
            Scattering.Gather(axis, v, start, dims, indices, first, shape, y, at)
        | :? (int64[]) as v ->
            let y = y :?> int64[]
            Scattering.Gather(axis, v, start, dims, indices, first, shape, y, at)
        | :? (bool[]) as v ->
            let y = y :?> bool[]
            Scattering.Gather(axis, v, start, dims, indices, first, shape, y, at)
        | other -> raise (unknown other)

    /// Element i of the result is x at the same place but at position indices[i] of the axis.
    let gather (axis: int) (x: Raw) (indices: Raw) : Raw =
        let list = positions "Gather" indices
        let y = Creation.empty x.Engine indices.Shape x.DType
        let dims, shape = x.Shape.Dims, indices.Shape.Dims
        gatherInto axis dims (storage x) x.Offset list indices.Offset shape (storage y) 0
        y

    /// Zeros with `length` positions on the axis, to which part i of x is added at position indices[i].
    let indexAddInto
        (axis: int)
        (length: int)
        (dims: int[])
        (x: Array)
        (start: int)
        (indices: int64[])
        (first: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v ->
            let y = y :?> float[]
            Selection.IndexAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (float32[]) as v ->
            let y = y :?> float32[]
            Selection.IndexAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (int64[]) as v ->
            let y = y :?> int64[]
            Selection.IndexAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (bool[]) as v ->
            let y = y :?> bool[]
            Selection.IndexAdd(axis, length, v, start, dims, indices, first, y, at)
        | other -> raise (unknown other)

    /// Zeros with `length` positions on the axis, to which part i of x is added at position indices[i].
    let indexAdd (axis: int) (length: int) (x: Raw) (indices: Raw) : Raw =
        let list = positions "IndexAdd" indices
        let y = Creation.empty x.Engine (withAxis axis length x) x.DType
        let dims = x.Shape.Dims
        indexAddInto axis length dims (storage x) x.Offset list indices.Offset (storage y) 0
        y

    /// Zeros with `length` positions on the axis, to which each element of x is added at the position in indices.
    let scatterAddInto
        (axis: int)
        (length: int)
        (dims: int[])
        (x: Array)
        (start: int)
        (indices: int64[])
        (first: int)
        (y: Array)
        (at: int)
        : unit =
        match x with
        | :? (float[]) as v ->
            let y = y :?> float[]
            Scattering.ScatterAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (float32[]) as v ->
            let y = y :?> float32[]
            Scattering.ScatterAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (int64[]) as v ->
            let y = y :?> int64[]
            Scattering.ScatterAdd(axis, length, v, start, dims, indices, first, y, at)
        | :? (bool[]) as v ->
            let y = y :?> bool[]
            Scattering.ScatterAdd(axis, length, v, start, dims, indices, first, y, at)
        | other -> raise (unknown other)

    /// Zeros with `length` positions on the axis, to which each element of x is added at the position in indices.
    let scatterAdd (axis: int) (length: int) (x: Raw) (indices: Raw) : Raw =
        let list = positions "ScatterAdd" indices
        let y = Creation.empty x.Engine (withAxis axis length x) x.DType
        let dims = x.Shape.Dims
        scatterAddInto axis length dims (storage x) x.Offset list indices.Offset (storage y) 0
        y
