namespace Optim.Torch

open System
open Optim

/// Functions of each element, and of each pair of elements.
[<RequireQualifiedAccess>]
module internal Elementwise =

    let private wrong (operation: string) (expected: string) (x: TorchTensor) : exn =
        ArgumentException($"{operation}: expected {expected} elements, got {x.DType}", nameof x)

    let private same (x: TorchTensor) (handle: nativeint) : TorchTensor =
        Results.wrap x.Place x.DType x.Shape handle

    let private truth (x: TorchTensor) (handle: nativeint) : TorchTensor =
        Results.wrap x.Place DType.Bool x.Shape handle

    let private passing (dtype: DType) (x: TorchTensor) (handle: nativeint) : TorchTensor =
        Results.passing x.Place dtype x.Shape handle

    let private number (x: TorchTensor) (value: float) : TorchTensor =
        Creation.constant x.Place x.DType value

    /// a where the condition holds, else b, as a handle.
    let choose (condition: TorchTensor) (a: TorchTensor) (b: TorchTensor) : nativeint =
        Dispatch.three Operators.where condition a b

    // libtorch's sign of NaN is 0.
    let private sign (x: TorchTensor) : TorchTensor =
        Results.spend
            (passing DType.Bool x (Dispatch.one Operators.isNaN x))
            (fun isNaN ->
                Results.spend
                    (passing x.DType x (Dispatch.one Operators.sign x))
                    (fun sign -> same x (choose isNaN x sign))
            )

    // Constant powers as the managed engine has them. libtorch takes square roots for ±1/2, which differ at −0 and −∞.
    let private power (exponent: float) (x: TorchTensor) : TorchTensor =
        if exponent = 2.0 then
            same x (Direct.multiply x x)
        elif exponent = -1.0 then
            same x (Dispatch.one Operators.reciprocal x)
        elif Math.Abs exponent = 0.5 then
            same x (Direct.power x (number x exponent))
        else
            same x (Direct.powerOf exponent x)

    // libtorch has the first derivative of log Γ; for the higher ones its zeta function loses three digits near the poles and
    // is NaN at ∞. So these go to the managed engine and back.
    let private polygamma (order: int) (x: TorchTensor) : TorchTensor =
        if order = 0 then
            same x (Dispatch.one Operators.digamma x)
        else
            RoundTrip.unary (Unary.Polygamma order) x

    let private floating (kind: Unary) (x: TorchTensor) : TorchTensor =
        let apply (operator: Operator) : TorchTensor = same x (Dispatch.one operator x)

        match kind with
        | Unary.Exp -> apply Operators.exp
        | Unary.Expm1 -> apply Operators.expm1
        | Unary.Log -> apply Operators.log
        | Unary.Log1p -> apply Operators.log1p
        // The same function as its sqrt, around the dispatcher.
        | Unary.Sqrt -> same x (Direct.powerOf 0.5 x)
        | Unary.Square -> same x (Direct.multiply x x)
        | Unary.Reciprocal -> apply Operators.reciprocal
        | Unary.Power exponent -> power exponent x
        | Unary.Abs -> apply Operators.abs
        | Unary.Sign -> sign x
        | Unary.Floor -> apply Operators.floor
        | Unary.Ceiling -> apply Operators.ceil
        | Unary.Round -> apply Operators.round
        | Unary.Sin -> apply Operators.sin
        | Unary.Cos -> apply Operators.cos
        | Unary.Tan -> apply Operators.tan
        | Unary.Asin -> apply Operators.asin
        | Unary.Acos -> apply Operators.acos
        | Unary.Atan -> apply Operators.atan
        | Unary.Sinh -> apply Operators.sinh
        | Unary.Cosh -> apply Operators.cosh
        | Unary.Tanh -> apply Operators.tanh
        | Unary.Asinh -> apply Operators.asinh
        | Unary.Acosh -> apply Operators.acosh
        | Unary.Atanh -> apply Operators.atanh
        | Unary.Sigmoid -> apply Operators.sigmoid
        | Unary.Softplus -> same x (Dispatch.two Operators.logAddExp x (number x 0.0))
        | Unary.Relu -> apply Operators.relu
        | Unary.Erf -> apply Operators.erf
        | Unary.Erfc -> apply Operators.erfc
        | Unary.LogGamma -> apply Operators.logGamma
        | Unary.Polygamma order -> polygamma order x
        | Unary.IsNaN -> truth x (Dispatch.one Operators.isNaN x)
        | Unary.IsFinite -> truth x (Dispatch.one Operators.isFinite x)
        | Unary.Not -> raise (wrong "Not" "Bool" x)

    let private whole (kind: Unary) (x: TorchTensor) : TorchTensor =
        match kind with
        | Unary.Square -> same x (Direct.multiply x x)
        | Unary.Abs -> same x (Dispatch.one Operators.abs x)
        | Unary.Sign -> same x (Dispatch.one Operators.sign x)
        | Unary.Relu -> same x (Dispatch.one Operators.relu x)
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round -> x
        | Unary.IsNaN -> Creation.full x.Place x.Shape DType.Bool 0.0
        | Unary.IsFinite -> Creation.full x.Place x.Shape DType.Bool 1.0
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Sqrt
        | Unary.Reciprocal
        | Unary.Power _
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Erf
        | Unary.Erfc
        | Unary.LogGamma
        | Unary.Polygamma _
        | Unary.Not -> raise (wrong (kind.ToString()) "Float64 or Float32" x)

    /// kind x. Errors: ArgumentException for a kind that the element type does not have.
    let unary (kind: Unary) (x: TorchTensor) : TorchTensor =
        match x.DType with
        | DType.Float64
        | DType.Float32 -> floating kind x
        | DType.Int64 -> whole kind x
        | DType.Bool when kind.IsNot -> truth x (Dispatch.one Operators.logicalNot x)
        | DType.Bool -> raise (wrong (kind.ToString()) "number" x)

    /// scale · x + shift in one pass. Errors: scale or shift not whole for an Int64 x; a Bool x.
    let affine (scale: float) (shift: float) (x: TorchTensor) : TorchTensor =
        match x.DType with
        | DType.Float64
        | DType.Float32 ->
            // Adding a shift of 0 would change the sign of −0.
            if shift = 0.0 then
                same x (Direct.multiply x (number x scale))
            else
                same x (Direct.add (number x shift) x scale)
        | DType.Int64 ->
            if Math.Floor scale <> scale || Math.Floor shift <> shift then
                let message =
                    $"affine: expected whole numbers for Int64 elements, got {scale} and {shift}"

                raise (ArgumentException(message, nameof scale))

            Wholes.affine scale shift x
        | DType.Bool -> raise (wrong "affine" "number" x)

    let private reluGradient (x: TorchTensor) (t: TorchTensor) : nativeint =
        let greater = Operators.comparison Comparison.Greater

        Results.spend
            (passing DType.Bool x (Dispatch.two greater x (number x 0.0)))
            (fun isPositive -> choose isPositive t (number t 0.0))

    let private floatingPair (kind: Binary) (a: TorchTensor) (b: TorchTensor) : nativeint =
        match kind with
        | Binary.Add -> Direct.add a b 1.0
        | Binary.Subtract -> Direct.add a b -1.0
        | Binary.Multiply -> Direct.multiply a b
        | Binary.Divide -> Dispatch.two Operators.divide a b
        | Binary.Power -> Direct.power a b
        | Binary.Atan2 -> Dispatch.two Operators.atan2 a b
        | Binary.Maximum -> Dispatch.two Operators.maximum a b
        | Binary.Minimum -> Dispatch.two Operators.minimum a b
        | Binary.TanhGradient -> Dispatch.two Operators.tanhGradient b a
        | Binary.SigmoidGradient -> Dispatch.two Operators.sigmoidGradient b a
        | Binary.ReluGradient -> reluGradient a b

    /// kind (a, b) with broadcasting; a and b have one element type.
    /// Errors: ArgumentException for a kind that the element type does not have.
    let binary (kind: Binary) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let shape = Shape.broadcast (kind.ToString()) a.Shape b.Shape

        match a.DType with
        | DType.Float64
        | DType.Float32 -> Results.wrap a.Place a.DType shape (floatingPair kind a b)
        | DType.Int64 -> Wholes.binary kind shape a b
        | DType.Bool ->
            Managed.BinaryKernels.checkTruth kind

            let operator =
                if kind.IsMaximum then
                    Operators.logicalOr
                else
                    Operators.logicalAnd

            Results.wrap a.Place DType.Bool shape (Dispatch.two operator a b)

    /// a kind b with broadcasting, as truth values; a and b have one element type.
    let compare (kind: Comparison) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let shape = Shape.broadcast (kind.ToString()) a.Shape b.Shape
        Results.wrap a.Place DType.Bool shape (Dispatch.two (Operators.comparison kind) a b)

    /// a where the condition holds, else b, with broadcasting. Errors: a condition that is not Bool.
    let where (condition: TorchTensor) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        if condition.DType <> DType.Bool then
            let message = $"where: expected a Bool condition, got {condition.DType}"
            raise (ArgumentException(message, nameof condition))

        let shape =
            Shape.broadcast "where" (Shape.broadcast "where" condition.Shape a.Shape) b.Shape

        Results.wrap a.Place a.DType shape (choose condition a b)
