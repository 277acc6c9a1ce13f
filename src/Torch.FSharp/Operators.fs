namespace Optim.Torch

open Optim

/// libtorch's operations of one and of two tensors that are called through the dispatcher.
[<RequireQualifiedAccess>]
module internal Operators =

    let private op (name: string) : Operator = Operator(name, "")
    let private tensorOp (name: string) : Operator = Operator(name, "Tensor")

    let exp = op "exp"
    let expm1 = op "expm1"
    let log = op "log"
    let log1p = op "log1p"
    let reciprocal = op "reciprocal"
    let abs = op "abs"
    let sign = op "sign"
    let floor = op "floor"
    let ceil = op "ceil"
    let round = op "round"
    let sin = op "sin"
    let cos = op "cos"
    let tan = op "tan"
    let asin = op "asin"
    let acos = op "acos"
    let atan = op "atan"
    let sinh = op "sinh"
    let cosh = op "cosh"
    let tanh = op "tanh"
    let asinh = op "asinh"
    let acosh = op "acosh"
    let atanh = op "atanh"
    let sigmoid = op "sigmoid"
    let relu = op "relu"
    let erf = op "erf"
    let erfc = op "erfc"
    let logGamma = op "lgamma"
    let digamma = op "digamma"
    let isNaN = op "isnan"
    let isFinite = op "isfinite"
    let logicalNot = op "logical_not"

    let divide = tensorOp "div"
    let atan2 = op "atan2"
    let maximum = op "maximum"
    let minimum = op "minimum"
    let tanhGradient = op "tanh_backward"
    let sigmoidGradient = op "sigmoid_backward"
    let logAddExp = op "logaddexp"
    let logicalAnd = op "logical_and"
    let logicalOr = op "logical_or"
    let where = Operator("where", "self")

    let private equal = tensorOp "eq"
    let private notEqual = tensorOp "ne"
    let private less = tensorOp "lt"
    let private lessEqual = tensorOp "le"
    let private greater = tensorOp "gt"
    let private greaterEqual = tensorOp "ge"

    /// The comparison's operation.
    let comparison (kind: Comparison) : Operator =
        match kind with
        | Comparison.Equal -> equal
        | Comparison.NotEqual -> notEqual
        | Comparison.Less -> less
        | Comparison.LessEqual -> lessEqual
        | Comparison.Greater -> greater
        | Comparison.GreaterEqual -> greaterEqual
