namespace Optim

/// Elementwise functions of one tensor. Every engine computes each of them; the rules are in Primitives/Elementwise.
[<RequireQualifiedAccess>]
type Unary =
    | Exp
    | Expm1
    | Log
    | Log1p
    | Sqrt
    | Square
    | Reciprocal
    /// x to a constant power.
    | Power of exponent: float
    | Abs
    /// −1, 0 or 1; NaN stays NaN.
    | Sign
    | Floor
    | Ceiling
    /// To the nearest whole number, halves to even.
    | Round
    | Sin
    | Cos
    | Tan
    | Asin
    | Acos
    | Atan
    | Sinh
    | Cosh
    | Tanh
    | Asinh
    | Acosh
    | Atanh
    /// 1 / (1 + exp(−x)), without overflow.
    | Sigmoid
    /// log(1 + exp x), without overflow.
    | Softplus
    /// max(x, 0); NaN stays NaN.
    | Relu
    | Erf
    | Erfc
    /// log |Γ(x)|.
    | LogGamma
    /// Derivative number order + 1 of log Γ; order 0 is the digamma function.
    | Polygamma of order: int
    /// Truth value: x is NaN.
    | IsNaN
    /// Truth value: x is neither NaN nor infinite.
    | IsFinite
    /// Truth value: not x. Only for Bool.
    | Not

    /// The name of the case alone.
    override t.ToString() =
        match t with
        | Unary.Exp -> "Exp"
        | Unary.Expm1 -> "Expm1"
        | Unary.Log -> "Log"
        | Unary.Log1p -> "Log1p"
        | Unary.Sqrt -> "Sqrt"
        | Unary.Square -> "Square"
        | Unary.Reciprocal -> "Reciprocal"
        | Unary.Power _ -> "Power"
        | Unary.Abs -> "Abs"
        | Unary.Sign -> "Sign"
        | Unary.Floor -> "Floor"
        | Unary.Ceiling -> "Ceiling"
        | Unary.Round -> "Round"
        | Unary.Sin -> "Sin"
        | Unary.Cos -> "Cos"
        | Unary.Tan -> "Tan"
        | Unary.Asin -> "Asin"
        | Unary.Acos -> "Acos"
        | Unary.Atan -> "Atan"
        | Unary.Sinh -> "Sinh"
        | Unary.Cosh -> "Cosh"
        | Unary.Tanh -> "Tanh"
        | Unary.Asinh -> "Asinh"
        | Unary.Acosh -> "Acosh"
        | Unary.Atanh -> "Atanh"
        | Unary.Sigmoid -> "Sigmoid"
        | Unary.Softplus -> "Softplus"
        | Unary.Relu -> "Relu"
        | Unary.Erf -> "Erf"
        | Unary.Erfc -> "Erfc"
        | Unary.LogGamma -> "LogGamma"
        | Unary.Polygamma _ -> "Polygamma"
        | Unary.IsNaN -> "IsNaN"
        | Unary.IsFinite -> "IsFinite"
        | Unary.Not -> "Not"

/// Elementwise functions of two tensors, with broadcasting.
[<RequireQualifiedAccess>]
type Binary =
    | Add
    | Subtract
    | Multiply
    | Divide
    | Power
    | Atan2
    /// The larger; NaN if either is NaN. On Bool: or.
    | Maximum
    /// The smaller; NaN if either is NaN. On Bool: and.
    | Minimum
    /// (y, t) → t (1 − y²): the derivative of tanh, in one pass.
    | TanhGradient
    /// (y, t) → t y (1 − y): the derivative of the sigmoid, in one pass.
    | SigmoidGradient
    /// (x, t) → t where x > 0, else 0: the derivative of relu, in one pass.
    | ReluGradient

    /// The name of the case alone.
    override t.ToString() =
        match t with
        | Binary.Add -> "Add"
        | Binary.Subtract -> "Subtract"
        | Binary.Multiply -> "Multiply"
        | Binary.Divide -> "Divide"
        | Binary.Power -> "Power"
        | Binary.Atan2 -> "Atan2"
        | Binary.Maximum -> "Maximum"
        | Binary.Minimum -> "Minimum"
        | Binary.TanhGradient -> "TanhGradient"
        | Binary.SigmoidGradient -> "SigmoidGradient"
        | Binary.ReluGradient -> "ReluGradient"

/// Elementwise comparisons with broadcasting; the result is Bool, false where either is NaN (except NotEqual: true).
[<RequireQualifiedAccess>]
type Comparison =
    | Equal
    | NotEqual
    | Less
    | LessEqual
    | Greater
    | GreaterEqual

    /// The name of the case alone.
    override t.ToString() =
        match t with
        | Comparison.Equal -> "Equal"
        | Comparison.NotEqual -> "NotEqual"
        | Comparison.Less -> "Less"
        | Comparison.LessEqual -> "LessEqual"
        | Comparison.Greater -> "Greater"
        | Comparison.GreaterEqual -> "GreaterEqual"

/// Reductions over axes. Over no elements: 0, 1, −∞, ∞, −∞.
[<RequireQualifiedAccess>]
type Reduction =
    | Sum
    | Product
    /// NaN if any element is NaN. On Bool: any.
    | Maximum
    /// NaN if any element is NaN. On Bool: all.
    | Minimum
    /// log Σ exp x, without overflow.
    | LogSumExp

    /// The name of the case alone.
    override t.ToString() =
        match t with
        | Reduction.Sum -> "Sum"
        | Reduction.Product -> "Product"
        | Reduction.Maximum -> "Maximum"
        | Reduction.Minimum -> "Minimum"
        | Reduction.LogSumExp -> "LogSumExp"

/// Part of an axis: `Count` elements from `Start`, `Step` apart. Step may be negative but not 0.
[<Struct>]
type AxisRange = {
    /// The first position, 0 or more.
    Start: int
    /// The distance from one position to the next; not 0.
    Step: int
    /// How many positions, 0 or more.
    Count: int
}

/// Which triangle of a matrix.
[<RequireQualifiedAccess>]
type Triangle =
    | Lower
    | Upper

/// The numbers of a step of Adam or AdamW; the field names are those of AdamOptions.
[<Struct>]
type AdamNumbers = {
    /// η at this step.
    Rate: float
    /// β₁.
    Decay1: float
    /// β₂.
    Decay2: float
    /// ε.
    Epsilon: float
    /// λ.
    WeightDecay: float
    /// Whether weight decay shrinks the point instead of adding to the gradient.
    IsDecoupled: bool
    /// t, the number of this step, counted from 1.
    Step: int64
}

/// The numbers of a step of stochastic gradient descent; the field names are those of SgdOptions.
[<Struct>]
type SgdNumbers = {
    /// η at this step.
    Rate: float
    /// μ.
    Momentum: float
    /// Whether the momentum is followed before the gradient.
    IsNesterov: bool
    /// λ, added to the gradient.
    WeightDecay: float
}

/// A whole step of an elementwise method, given to an engine as one operation on vectors of one shape and element type.
[<RequireQualifiedAccess>]
type WholeStep =
    /// (point, gradient, mean, square) to (point, mean, square).
    | Adam of AdamNumbers
    /// (point, gradient) to (point); with momentum (point, gradient, velocity) to (point, velocity).
    | Sgd of SgdNumbers

    /// The name of the case alone.
    override t.ToString() =
        match t with
        | WholeStep.Adam _ -> "Adam"
        | WholeStep.Sgd _ -> "Sgd"
