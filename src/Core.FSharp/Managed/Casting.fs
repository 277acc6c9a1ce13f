namespace Optim.Managed

open System
open System.Numerics
open System.Numerics.Tensors
open Optim
open Optim.Primitives

/// Changes of the element type.
[<RequireQualifiedAccess>]
module internal Casting =

    let private castNumber<'A, 'Y when 'A :> INumberBase<'A> and 'Y :> INumberBase<'Y>>
        (dtype: DType)
        (x: Raw)
        : Raw =
        let n = x.Length
        let y = Buffers.allocate<'Y> n

        TensorPrimitives.ConvertSaturating<'A, 'Y>(
            ReadOnlySpan<'A>(x.Storage :?> 'A[], x.Offset, n),
            Span<'Y>(y, 0, n)
        )

        Buffers.wrap y x.Shape dtype x.Engine

    let private truthOf<'A when 'A :> INumberBase<'A>> (x: Raw) : Raw =
        let n = x.Length
        let values = x.Storage :?> 'A[]
        let y = Buffers.allocate<bool> n

        for i in 0 .. n - 1 do
            y[i] <- not ('A.IsZero values[x.Offset + i])

        Buffers.wrap y x.Shape DType.Bool x.Engine

    let private ofTruth<'Y when 'Y :> INumberBase<'Y>> (dtype: DType) (x: Raw) : Raw =
        let n = x.Length
        let values = x.Storage :?> bool[]
        let y = Buffers.allocate<'Y> n

        for i in 0 .. n - 1 do
            y[i] <- if values[x.Offset + i] then 'Y.One else 'Y.Zero

        Buffers.wrap y x.Shape dtype x.Engine

    let private castFrom<'A when 'A :> INumberBase<'A>> (dtype: DType) (x: Raw) : Raw =
        match dtype with
        | DType.Float64 -> castNumber<'A, float> dtype x
        | DType.Float32 -> castNumber<'A, float32> dtype x
        | DType.Int64 -> castNumber<'A, int64> dtype x
        | DType.Bool -> truthOf<'A> x

    /// x in another element type. To Int64: cut towards 0, the nearest where it does not fit, 0 for NaN.
    /// To Bool: whether it differs from 0 (NaN does). From Bool: 0 or 1.
    let cast (dtype: DType) (x: Raw) : Raw =
        match x.DType with
        | same when same = dtype -> x
        | DType.Float64 -> castFrom<float> dtype x
        | DType.Float32 -> castFrom<float32> dtype x
        | DType.Int64 -> castFrom<int64> dtype x
        | DType.Bool ->
            match dtype with
            | DType.Float64 -> ofTruth<float> dtype x
            | DType.Float32 -> ofTruth<float32> dtype x
            | DType.Int64 -> ofTruth<int64> dtype x
            | DType.Bool -> x
