namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open Optim
open Optim.Primitives

/// Changes of the element type.
[<RequireQualifiedAccess>]
module internal Casting =

    let private numbers<'A, 'Y when 'A :> INumberBase<'A> and 'Y :> INumberBase<'Y>>
        (x: 'A[])
        (offset: int)
        (y: 'Y[])
        (at: int)
        (n: int)
        : unit =
        TensorPrimitives.ConvertSaturating<'A, 'Y>(
            ReadOnlySpan<'A>(x, offset, n),
            Span<'Y>(y, at, n)
        )

    let private truths<'A when 'A :> INumberBase<'A>>
        (x: 'A[])
        (offset: int)
        (y: bool[])
        (at: int)
        (n: int)
        : unit =
        for i in 0 .. n - 1 do
            y[at + i] <- not ('A.IsZero x[offset + i])

    let private ofTruths<'Y when 'Y :> INumberBase<'Y>>
        (x: bool[])
        (offset: int)
        (y: 'Y[])
        (at: int)
        (n: int)
        : unit =
        for i in 0 .. n - 1 do
            y[at + i] <- if x[offset + i] then 'Y.One else 'Y.Zero

    let private ofNumbers<'A when 'A :> INumberBase<'A>>
        (x: 'A[])
        (offset: int)
        (y: Array)
        (at: int)
        (n: int)
        : unit =
        match y with
        | :? (float[]) as y -> numbers x offset y at n
        | :? (float32[]) as y -> numbers x offset y at n
        | :? (int64[]) as y -> numbers x offset y at n
        | :? (bool[]) as y -> truths x offset y at n
        | other -> invalidOp $"no tensor is an array of type {other.GetType()}"

    /// n elements of x from `offset` on as elements of y's type, written from `at` on.
    let castInto (x: Array) (offset: int) (y: Array) (at: int) (n: int) : unit =
        match x with
        | :? (float[]) as x -> ofNumbers x offset y at n
        | :? (float32[]) as x -> ofNumbers x offset y at n
        | :? (int64[]) as x -> ofNumbers x offset y at n
        | :? (bool[]) as x ->
            match y with
            | :? (float[]) as y -> ofTruths x offset y at n
            | :? (float32[]) as y -> ofTruths x offset y at n
            | :? (int64[]) as y -> ofTruths x offset y at n
            | :? (bool[]) as y -> Array.Copy(x, offset, y, at, n)
            | other -> invalidOp $"no tensor is an array of type {other.GetType()}"
        | other -> invalidOp $"no tensor is an array of type {other.GetType()}"

    /// x in another element type. To Int64: cut towards 0, the nearest where it does not fit, 0 for NaN.
    /// To Bool: whether it differs from 0 (NaN does). From Bool: 0 or 1.
    let cast (dtype: DType) (x: Raw) : Raw =
        if x.DType = dtype then
            x
        else
            let y = Creation.empty x.Engine x.Shape dtype
            castInto (x.Storage :?> Array) x.Offset (y.Storage :?> Array) 0 x.Length
            y
