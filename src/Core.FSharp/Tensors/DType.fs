namespace Optim

/// The type of a tensor's elements.
[<RequireQualifiedAccess>]
type DType =
    /// 64-bit floating point; the default.
    | Float64
    /// 32-bit floating point.
    | Float32
    /// 64-bit signed integers: indices and labels. Has no derivatives.
    | Int64
    /// Truth values: results of comparisons, masks. Has no derivatives.
    | Bool

    /// Whether derivatives with respect to elements of this type exist.
    member t.IsFloating: bool =
        match t with
        | DType.Float64
        | DType.Float32 -> true
        | DType.Int64
        | DType.Bool -> false

    /// The size of one element in bytes: 8, 4, 8, 1.
    member t.Size: int =
        match t with
        | DType.Float64
        | DType.Int64 -> 8
        | DType.Float32 -> 4
        | DType.Bool -> 1

    /// The distance from 1 to the next larger number: 2.2e-16 for Float64, 1.2e-7 for Float32, 0 for the others.
    member t.Epsilon: float =
        match t with
        | DType.Float64 -> 2.220446049250313e-16
        | DType.Float32 -> 1.1920928955078125e-07
        | DType.Int64
        | DType.Bool -> 0.0

    /// The name, as "Float64".
    override t.ToString() =
        match t with
        | DType.Float64 -> "Float64"
        | DType.Float32 -> "Float32"
        | DType.Int64 -> "Int64"
        | DType.Bool -> "Bool"
