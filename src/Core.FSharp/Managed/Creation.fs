namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// Tensors from numbers, and numbers from tensors.
[<RequireQualifiedAccess>]
module internal Creation =

    /// A tensor for results; what it holds is undefined.
    let empty (engine: Engine) (shape: Shape) (dtype: DType) : Raw =
        match dtype with
        | DType.Float64 -> Buffers.wrap (Buffers.allocate<float> shape.Length) shape dtype engine
        | DType.Float32 -> Buffers.wrap (Buffers.allocate<float32> shape.Length) shape dtype engine
        | DType.Int64 -> Buffers.wrap (Buffers.allocate<int64> shape.Length) shape dtype engine
        | DType.Bool -> Buffers.wrap (Buffers.allocate<bool> shape.Length) shape dtype engine

    let private filled<'T> (engine: Engine) (shape: Shape) (dtype: DType) (value: 'T) : Raw =
        let y = Buffers.allocate<'T> shape.Length
        Array.Fill(y, value, 0, shape.Length)
        Buffers.wrap y shape dtype engine

    /// A tensor filled with one number. Errors: a number that is not whole for Int64.
    let full (engine: Engine) (shape: Shape) (dtype: DType) (value: float) : Raw =
        match dtype with
        | DType.Float64 -> filled engine shape dtype value
        | DType.Float32 -> filled engine shape dtype (float32 value)
        | DType.Int64 ->
            if Math.Floor value <> value then
                raise (
                    ArgumentException(
                        $"Full: expected a whole number for Int64, got {value}",
                        nameof value
                    )
                )

            filled engine shape dtype (int64 value)
        | DType.Bool -> filled engine shape dtype (value <> 0.0)

    let private copied (engine: Engine) (shape: Shape) (dtype: DType) (values: 'T[]) : Raw =
        let y = Buffers.allocate<'T> shape.Length
        Array.Copy(values, y, shape.Length)
        Buffers.wrap y shape dtype engine

    /// A tensor of a copy of the array. Errors: another length than the shape's, another element type than the four.
    let ofArray (engine: Engine) (shape: Shape) (values: Array) : Raw =
        if values.Length <> shape.Length then
            let message =
                $"OfArray: got {values.Length} elements for shape {shape}, expected {shape.Length}"

            raise (ShapeException(message, nameof values))

        match values with
        | :? (float[]) as v -> copied engine shape DType.Float64 v
        | :? (float32[]) as v -> copied engine shape DType.Float32 v
        | :? (int64[]) as v -> copied engine shape DType.Int64 v
        | :? (bool[]) as v -> copied engine shape DType.Bool v
        | other ->
            let message =
                $"OfArray: expected an array of float, float32, int64 or bool, got {other.GetType()}"

            raise (ArgumentException(message, nameof values))

    /// A fresh array of the elements.
    let toArray (x: Raw) : Array =
        let n = x.Length

        match x.DType with
        | DType.Float64 -> (x.Storage :?> float[]).AsSpan(x.Offset, n).ToArray()
        | DType.Float32 -> (x.Storage :?> float32[]).AsSpan(x.Offset, n).ToArray()
        | DType.Int64 -> (x.Storage :?> int64[]).AsSpan(x.Offset, n).ToArray()
        | DType.Bool -> (x.Storage :?> bool[]).AsSpan(x.Offset, n).ToArray()

    let private first<'T> (x: Raw) : 'T =
        let values = x.Storage :?> 'T[]
        values[x.Offset]

    /// The first element. Errors: there is none.
    let read (x: Raw) : float =
        if x.Length = 0 then
            raise (
                ShapeException($"Read: a tensor of shape {x.Shape} has no first element", nameof x)
            )

        match x.DType with
        | DType.Float64 -> first<float> x
        | DType.Float32 -> float (first<float32> x)
        | DType.Int64 -> float (first<int64> x)
        | DType.Bool -> if first<bool> x then 1.0 else 0.0
