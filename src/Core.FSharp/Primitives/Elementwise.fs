namespace Optim.Primitives

open System
open Optim

/// Constants of the same engine and element type as a given tensor.
[<RequireQualifiedAccess>]
module internal Constant =

    /// A tensor of this shape filled with the value.
    let full (like: Tensor) (shape: Shape) (value: float) : Tensor =
        like.Engine.Full(shape, like.DType, value)

    /// A scalar.
    let scalar (like: Tensor) (value: float) : Tensor = full like Shape.Scalar value

    /// Zeros of x's shape.
    let zeros (x: Tensor) : Tensor = full x x.Shape 0.0

/// Sums of tangents where null stands for zero.
[<RequireQualifiedAccess>]
module internal Tangent =

    /// a + b.
    let inline add (a: Tensor | null) (b: Tensor | null) : Tensor | null =
        match a with
        | null -> b
        | x ->
            match b with
            | null -> a
            | y -> x + y

    /// f t, or zero for zero.
    let inline map ([<InlineIfLambda>] f: Tensor -> Tensor) (t: Tensor | null) : Tensor | null =
        match t with
        | null -> null
        | t -> f t

    /// As map, where f may give zero too.
    let inline bind
        ([<InlineIfLambda>] f: Tensor -> Tensor | null)
        (t: Tensor | null)
        : Tensor | null =
        match t with
        | null -> null
        | t -> f t

/// scale · x + shift: negation, scaling and shifting without constant tensors.
[<Sealed>]
type internal Affine(scale: float, shift: float) =
    inherit Primitive1("affine")

    static member Apply(scale: float, shift: float, x: Tensor) : Tensor =
        if scale = 1.0 && shift = 0.0 then
            x
        else
            Tensor.Bind(Affine(scale, shift), x)

    override _.Eval x = x.Engine.Affine(scale, shift, x)
    override _.Jvp(_, _, t) = Affine.Apply(scale, 0.0, t)
    override _.Vjp(_, _, ct) = Affine.Apply(scale, 0.0, ct)
    override _.Batch x = Affine.Apply(scale, shift, x)

    interface IDescribed with
        member _.Operation = Operation.Affine(scale, shift)

/// Elementwise comparison. Its derivative is zero.
[<Sealed>]
type internal Compare(kind: Comparison) =
    inherit Primitive2("compare")

    static member Apply(kind: Comparison, a: Tensor, b: Tensor) : Tensor =
        Tensor.Bind(Compare kind, a, b)

    override _.Eval(a, b) =
        Check.sameKind "compare" a b
        a.Engine.Compare(kind, a, b)

    override _.Jvp(_, _, _, _, _) = null
    override _.VjpA(_, _, _, _) = null
    override _.VjpB(_, _, _, _) = null

    override _.Batch(a, aBatched, b, bBatched) =
        let struct (a, b) = Align.Pair(a, aBatched, b, bBatched)
        Compare.Apply(kind, a, b)

    interface IDescribed with
        member _.Operation = Operation.Compare kind

/// a where the condition holds, else b. Linear in a and b.
[<Sealed>]
type internal Where() =
    inherit PrimitiveN("where")

    static member Apply(condition: Tensor, a: Tensor, b: Tensor) : Tensor =
        Tensor.Bind(Where(), [| condition; a; b |])

    /// x where the condition holds, else 0.
    static member OrZero(condition: Tensor, x: Tensor) : Tensor =
        Where.Apply(condition, x, Constant.scalar x 0.0)

    /// 0 where the condition holds, else x.
    static member ZeroOr(condition: Tensor, x: Tensor) : Tensor =
        Where.Apply(condition, Constant.scalar x 0.0, x)

    override _.Eval inputs =
        Check.sameKind "where" inputs[1] inputs[2]
        inputs[0].Engine.Where(inputs[0], inputs[1], inputs[2])

    override _.Jvp(inputs, y, tangents) =
        let onSide (t: Tensor | null) select =
            Tangent.map (fun t -> Expand.Apply(y.Shape, select t)) t

        Tangent.add
            (onSide tangents[1] (fun t -> Where.OrZero(inputs[0], t)))
            (onSide tangents[2] (fun t -> Where.ZeroOr(inputs[0], t)))

    override _.Vjp(inputs, _, ct, wanted) =
        let ifWanted i (select: unit -> Tensor) : Tensor | null =
            if wanted[i] then
                Sum.To(inputs[i].Shape, select ())
            else
                null

        [|
            null
            ifWanted 1 (fun () -> Where.OrZero(inputs[0], ct))
            ifWanted 2 (fun () -> Where.ZeroOr(inputs[0], ct))
        |]

    override _.Batch(inputs, batched) =
        let members =
            Array.map2 (fun (x: Tensor) b -> if b then x.Rank - 1 else x.Rank) inputs batched

        let widest = Array.max members

        let aligned =
            Array.map2 (fun x b -> if b then Align.Batch(widest, x) else x) inputs batched

        Where.Apply(aligned[0], aligned[1], aligned[2])

    interface IDescribed with
        member _.Operation = Operation.Where

/// Another element type. Linear between floating-point types; from or to the others without derivative.
[<Sealed>]
type internal Cast(dtype: DType) =
    inherit Primitive1("cast")

    static member Apply(dtype: DType, x: Tensor) : Tensor =
        if x.DType = dtype then x else Tensor.Bind(Cast dtype, x)

    override _.Eval x = x.Engine.Cast(dtype, x)

    override _.Jvp(_, _, t) =
        if not dtype.IsFloating then null else Cast.Apply(dtype, t)

    override _.Vjp(x, _, ct) =
        if not (x.DType.IsFloating && dtype.IsFloating) then
            null
        else
            Cast.Apply(x.DType, ct)

    override _.Batch x = Cast.Apply(dtype, x)

    interface IDescribed with
        member _.Operation = Operation.Cast dtype

/// The elementwise functions of one tensor. Their Jacobian is diagonal, so one rule serves both directions.
/// Rules gather the slope first and touch t once: t may be a large batch of tangents at one point.
[<Sealed>]
type internal Elementwise1(kind: Unary) =
    inherit Primitive1(kind.ToString())

    static member Apply(kind: Unary, x: Tensor) : Tensor = Tensor.Bind(Elementwise1 kind, x)

    /// t · dy/dx; null where that is zero everywhere.
    static member Derivative(kind: Unary, x: Tensor, y: Tensor, t: Tensor) : Tensor | null =
        let unary kind x = Elementwise1.Apply(kind, x)

        match kind with
        | Unary.Exp -> t * y
        | Unary.Expm1 -> t * (y + 1.0)
        | Unary.Log -> t / x
        | Unary.Log1p -> t / (x + 1.0)
        | Unary.Sqrt -> t / (2.0 * y)
        | Unary.Square -> t * (2.0 * x)
        | Unary.Reciprocal -> t * -(unary Unary.Square y)
        | Unary.Power p when p = 0.0 -> null
        | Unary.Power p -> t * (p * unary (Unary.Power(p - 1.0)) x)
        | Unary.Abs -> t * unary Unary.Sign x
        | Unary.Sin -> t * cos x
        | Unary.Cos -> t * -(sin x)
        | Unary.Tan -> t * (unary Unary.Square y + 1.0)
        | Unary.Asin -> t / sqrt (1.0 - unary Unary.Square x)
        | Unary.Acos -> t / -(sqrt (1.0 - unary Unary.Square x))
        | Unary.Atan -> t / (unary Unary.Square x + 1.0)
        | Unary.Sinh -> t * cosh x
        | Unary.Cosh -> t * sinh x
        | Unary.Tanh -> y.ApplyBinary(Binary.TanhGradient, t)
        | Unary.Asinh -> t / sqrt (unary Unary.Square x + 1.0)
        | Unary.Acosh -> t / (sqrt (x - 1.0) * sqrt (x + 1.0))
        | Unary.Atanh -> t / (1.0 - unary Unary.Square x)
        | Unary.Sigmoid -> y.ApplyBinary(Binary.SigmoidGradient, t)
        | Unary.Softplus -> t * unary Unary.Sigmoid x
        | Unary.Relu -> x.ApplyBinary(Binary.ReluGradient, t)
        | Unary.Erf -> t * (2.0 / sqrt Math.PI * exp (-(unary Unary.Square x)))
        | Unary.Erfc -> t * (-2.0 / sqrt Math.PI * exp (-(unary Unary.Square x)))
        | Unary.LogGamma -> t * unary (Unary.Polygamma 0) x
        | Unary.Polygamma order -> t * unary (Unary.Polygamma(order + 1)) x
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> null

    override _.Eval x = x.Engine.Unary(kind, x)
    override _.Jvp(x, y, t) = Elementwise1.Derivative(kind, x, y, t)
    override _.Vjp(x, y, ct) = Elementwise1.Derivative(kind, x, y, ct)
    override _.Batch x = Elementwise1.Apply(kind, x)

    interface IDescribed with
        member _.Operation = Operation.Unary kind

/// The elementwise functions of two tensors, with broadcasting.
[<Sealed>]
type internal Elementwise2(kind: Binary) =
    inherit Primitive2(kind.ToString())

    static member Apply(kind: Binary, a: Tensor, b: Tensor) : Tensor =
        if kind.IsMultiply && Object.ReferenceEquals(a, b) && a.DType.IsFloating then
            // One derivative to take instead of two.
            Elementwise1.Apply(Unary.Square, a)
        else
            Tensor.Bind(Elementwise2 kind, a, b)

    /// t where a is preferred to b, half of it at ties, else 0.
    static member private Preferred(kind: Comparison, a: Tensor, b: Tensor, t: Tensor) : Tensor =
        let half = Where.OrZero(Compare.Apply(Comparison.Equal, a, b), 0.5 * t)
        Where.Apply(Compare.Apply(kind, a, b), t, half)

    /// t · dy/da, in the shape of the result or one that broadcasts to it; null where that is zero everywhere.
    static member private ByA(kind: Binary, a: Tensor, b: Tensor, t: Tensor) : Tensor | null =
        match kind with
        | Binary.Add
        | Binary.Subtract -> t
        | Binary.Multiply -> t * b
        | Binary.Divide -> t / b
        | Binary.Power ->
            // At a = b = 0 the slope is taken as 0; a safe base keeps NaN out of every order of derivative.
            let isZero (x: Tensor) =
                Compare.Apply(Comparison.Equal, x, Constant.scalar x 0.0)

            let bothZero = Elementwise2.Apply(Binary.Minimum, isZero a, isZero b)
            t * (b * Tensor.Pow(Where.Apply(bothZero, Constant.scalar a 1.0, a), b - 1.0))
        | Binary.Atan2 -> t * (b / (a * a + b * b))
        | Binary.Maximum -> Elementwise2.Preferred(Comparison.Greater, a, b, t)
        | Binary.Minimum -> Elementwise2.Preferred(Comparison.Less, a, b, t)
        | Binary.TanhGradient -> t * (-2.0 * a * b)
        | Binary.SigmoidGradient -> t * (b * (1.0 - 2.0 * a))
        | Binary.ReluGradient -> null

    /// t · dy/db, in the shape of the result or one that broadcasts to it.
    static member private ByB(kind: Binary, a: Tensor, b: Tensor, y: Tensor, t: Tensor) : Tensor =
        match kind with
        | Binary.Add -> t
        | Binary.Subtract -> -t
        | Binary.Multiply -> t * a
        | Binary.Divide -> t * -(y / b)
        | Binary.Power ->
            let isPositive = Compare.Apply(Comparison.Greater, a, Constant.scalar a 0.0)
            let logarithm = log (Where.Apply(isPositive, a, Constant.scalar a 1.0))
            t * Where.OrZero(isPositive, y * logarithm)
        | Binary.Atan2 -> t * -(a / (a * a + b * b))
        | Binary.Maximum -> Elementwise2.Preferred(Comparison.Greater, b, a, t)
        | Binary.Minimum -> Elementwise2.Preferred(Comparison.Less, b, a, t)
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient -> Elementwise2.Apply(kind, a, t)

    override operation.Eval(a, b) =
        Check.sameKind operation.Name a b
        a.Engine.Binary(kind, a, b)

    override _.Jvp(a, b, y, ta, tb) =
        let widen (t: Tensor) : Tensor = Expand.Apply(y.Shape, t)
        let byA t = Elementwise2.ByA(kind, a, b, t)
        let byB t = Elementwise2.ByB(kind, a, b, y, t)
        Tangent.add (Tangent.bind byA ta |> Tangent.map widen) (Tangent.map (byB >> widen) tb)

    override _.VjpA(a, b, _, ct) =
        Elementwise2.ByA(kind, a, b, ct) |> Tangent.map (fun c -> Sum.To(a.Shape, c))

    override _.VjpB(a, b, y, ct) =
        Sum.To(b.Shape, Elementwise2.ByB(kind, a, b, y, ct))

    override _.Batch(a, aBatched, b, bBatched) =
        let struct (a, b) = Align.Pair(a, aBatched, b, bBatched)
        Elementwise2.Apply(kind, a, b)

    interface IDescribed with
        member _.Operation = Operation.Binary kind
