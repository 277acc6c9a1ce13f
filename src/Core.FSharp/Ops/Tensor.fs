namespace Optim.Core

open System
open Optim
open Optim.Primitives

/// Functions of tensors. All can be differentiated and batched to any depth, except those that give Int64 or Bool.
/// Axes count from 0; −1 is the last. Costs are one pass over the operands unless said otherwise.
[<RequireQualifiedAccess>]
module Tensor =

    let private axesOf (operation: string) (axes: int seq) (x: Tensor) : int[] =
        match Array.ofSeq axes with
        | [||] -> [||]
        | wanted -> Shape.axes operation x.Shape wanted

    let private allAxes (x: Tensor) : int[] = Array.init x.Rank id

    let private shapeOf (lengths: int seq) : Shape = Shape.Of(Array.ofSeq lengths)

    // Creation: on an engine, or on the managed one.

    /// The tensor of this shape on an engine, with these elements in row-major order.
    /// values: float[], float32[], int64[] or bool[].
    /// Errors: ShapeException when the count of elements is not the shape's; ArgumentException for other element types.
    let createOn (engine: Engine) (shape: int seq) (values: Array) : Tensor =
        ArgumentNullException.ThrowIfNull engine
        ArgumentNullException.ThrowIfNull values
        let shape = shapeOf shape

        if values.Length <> shape.Length then
            let message =
                $"values has {values.Length} elements, expected {shape.Length} for shape {shape}"

            raise (ShapeException(message, nameof values))

        engine.OfArray(shape, values)

    /// The tensor of this shape with these elements in row-major order. values: float[], float32[], int64[] or bool[].
    /// Errors: ShapeException when the count of elements is not the shape's; ArgumentException for other element types.
    let create (shape: int seq) (values: Array) : Tensor = createOn Engines.managed shape values

    /// The same numbers on an engine; x itself if it is there. Operations want all their operands on one engine, and none
    /// moves a tensor by itself. The derivative moves with the numbers; Int64 and Bool have none. Cost: one copy each way.
    /// Errors: InvalidOperationException for a value that depends on the arguments of a function being compiled.
    let moveTo (engine: Engine) (x: Tensor) : Tensor =
        ArgumentNullException.ThrowIfNull engine
        Transfer.Apply(engine, x)

    /// The constant on x's engine, for functions that hold a tensor and are given points of any engine. The copy is made at
    /// the first call and remembered while the constant lives; use it for tensors that are made once, and moveTo for others.
    /// A value that is being differentiated or batched is no constant: it is moved at each call. Any thread may ask.
    let alongside (x: Tensor) (constant: Tensor) : Tensor =
        if Object.ReferenceEquals(constant.Engine, x.Engine) then
            constant
        elif constant.Level = 0L then
            Copies.Of(constant, x.Engine)
        else
            Transfer.Apply(x.Engine, constant)

    /// Whether it is a concrete tensor of the managed engine.
    let internal isManaged (x: Tensor) : bool =
        x.Level = 0L && Object.ReferenceEquals(x.Engine, Engines.managed)

    /// A Float64 tensor of one axis.
    let ofArray (values: float[]) : Tensor = create [ values.Length ] values

    /// A Float64 tensor of one axis.
    let ofSeq (values: float seq) : Tensor = ofArray (Array.ofSeq values)

    /// A Float64 matrix from its rows. Errors: ShapeException when the rows differ in length.
    let ofRows (rows: float seq seq) : Tensor =
        let rows = rows |> Seq.map Array.ofSeq |> Array.ofSeq
        let columns = if rows.Length = 0 then 0 else rows[0].Length

        rows
        |> Array.iteri (fun i row ->
            if row.Length <> columns then
                let message = $"row {i} has {row.Length} elements, expected {columns} as in row 0"
                raise (ShapeException(message, nameof rows))
        )

        create [ rows.Length; columns ] (Array.concat rows)

    /// A Float64 scalar.
    let scalar (value: float) : Tensor =
        Engines.managed.Full(Shape.Scalar, DType.Float64, value)

    /// A Float64 tensor filled with one number.
    let full (shape: int seq) (value: float) : Tensor =
        Engines.managed.Full(shapeOf shape, DType.Float64, value)

    /// Float64 zeros.
    let zeros (shape: int seq) : Tensor = full shape 0.0

    /// Float64 ones.
    let ones (shape: int seq) : Tensor = full shape 1.0

    /// A tensor like x (shape, element type, device) filled with one number.
    let fullLike (x: Tensor) (value: float) : Tensor = Constant.full x x.Shape value

    /// Zeros like x.
    let zerosLike (x: Tensor) : Tensor = fullLike x 0.0

    /// Ones like x.
    let onesLike (x: Tensor) : Tensor = fullLike x 1.0

    /// The Float64 identity matrix (n, n).
    let identity (n: int) : Tensor = Matrix.identity (scalar 0.0) n

    /// 0, 1, …, count − 1 as Float64.
    let range (count: int) : Tensor = ofArray (Array.init count float)

    /// `count` numbers from first to last in equal steps, both included. count: 2 or more.
    let linspace (first: float) (last: float) (count: int) : Tensor =
        Check.atLeast (nameof count) 2 count
        let step = (last - first) / float (count - 1)
        ofArray (Array.init count (fun i -> if i = count - 1 then last else first + step * float i))

    /// Int64 indices of one axis.
    let indices (values: int seq) : Tensor =
        let values = values |> Seq.map int64 |> Array.ofSeq
        create [ values.Length ] values

    /// Independent draws from the uniform distribution on [0, 1), fixed by the key.
    let uniform (key: Key) (shape: int seq) : Tensor =
        let shape = shapeOf shape
        create (shape.ToArray()) (Random.uniform key shape.Length)

    /// Independent draws from the standard normal distribution, fixed by the key.
    let normal (key: Key) (shape: int seq) : Tensor =
        let shape = shapeOf shape
        create (shape.ToArray()) (Random.normal key shape.Length)

    /// Independent draws of −1 or 1 with equal chances, fixed by the key.
    let rademacher (key: Key) (shape: int seq) : Tensor =
        let shape = shapeOf shape
        create (shape.ToArray()) (Random.rademacher key shape.Length)

    /// The same numbers as another element type.
    let cast (dtype: DType) (x: Tensor) : Tensor = Cast.Apply(dtype, x)

    /// Rows of zeros with a 1 at the class: (…) Int64 classes to (…, count) of Float64.
    let oneHot (count: int) (classes: Tensor) : Tensor =
        let column = Reshape.Apply(Shape.insert classes.Rank 1 classes.Shape, classes)
        let row = classes.Engine.OfArray(Shape.Of count, Array.init count int64)
        Cast.Apply(DType.Float64, Compare.Apply(Comparison.Equal, column, row))

    // Elementwise.

    /// exp x.
    let exp (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Exp, x)
    /// exp x − 1, exact near 0.
    let expm1 (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Expm1, x)
    /// The natural logarithm.
    let log (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Log, x)
    /// log (1 + x), exact near 0.
    let log1p (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Log1p, x)
    /// The square root.
    let sqrt (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Sqrt, x)
    /// x².
    let square (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Square, x)
    /// 1 / x.
    let reciprocal (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Reciprocal, x)

    /// x to a constant power.
    let power (exponent: float) (x: Tensor) : Tensor =
        Elementwise1.Apply(Unary.Power exponent, x)

    /// a to the power b. The derivative by b is 0 where a ≤ 0; that by a is 0 where a = b = 0.
    let pow (a: Tensor) (b: Tensor) : Tensor = Elementwise2.Apply(Binary.Power, a, b)
    /// |x|; its derivative at 0 is 0.
    let abs (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Abs, x)
    /// −1, 0 or 1; NaN for NaN.
    let sign (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Sign, x)
    /// The largest whole number not above x; derivative 0.
    let floor (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Floor, x)
    /// The smallest whole number not below x; derivative 0.
    let ceiling (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Ceiling, x)
    /// The nearest whole number, halves to even; derivative 0.
    let round (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Round, x)
    /// The sine; radians.
    let sin (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Sin, x)
    /// The cosine; radians.
    let cos (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Cos, x)
    /// The tangent; radians.
    let tan (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Tan, x)
    /// The inverse sine; radians.
    let asin (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Asin, x)
    /// The inverse cosine; radians.
    let acos (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Acos, x)
    /// The inverse tangent; radians.
    let atan (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Atan, x)
    /// The angle of the point (x, y); radians.
    let atan2 (y: Tensor) (x: Tensor) : Tensor = Elementwise2.Apply(Binary.Atan2, y, x)
    /// The hyperbolic sine.
    let sinh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Sinh, x)
    /// The hyperbolic cosine.
    let cosh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Cosh, x)
    /// The hyperbolic tangent.
    let tanh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Tanh, x)
    /// The inverse hyperbolic sine.
    let asinh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Asinh, x)
    /// The inverse hyperbolic cosine.
    let acosh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Acosh, x)
    /// The inverse hyperbolic tangent.
    let atanh (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Atanh, x)
    /// 1 / (1 + exp (−x)), without overflow.
    let sigmoid (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Sigmoid, x)
    /// log (1 + exp x), without overflow.
    let softplus (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Softplus, x)
    /// max (x, 0); its derivative at 0 is 0.
    let relu (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Relu, x)
    /// The error function.
    let erf (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Erf, x)
    /// 1 − erf x, exact for large x.
    let erfc (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Erfc, x)
    /// log |Γ(x)|.
    let logGamma (x: Tensor) : Tensor = Elementwise1.Apply(Unary.LogGamma, x)

    /// The derivative of log Γ.
    let digamma (x: Tensor) : Tensor =
        Elementwise1.Apply(Unary.Polygamma 0, x)

    /// Derivative number order + 1 of log Γ. order: 0 or more.
    let polygamma (order: int) (x: Tensor) : Tensor =
        Check.atLeast (nameof order) 0 order
        Elementwise1.Apply(Unary.Polygamma order, x)

    /// The larger of both; NaN if either is. At ties each side gets half of the derivative.
    let maximum (a: Tensor) (b: Tensor) : Tensor =
        Elementwise2.Apply(Binary.Maximum, a, b)

    /// The smaller of both; NaN if either is. At ties each side gets half of the derivative.
    let minimum (a: Tensor) (b: Tensor) : Tensor =
        Elementwise2.Apply(Binary.Minimum, a, b)

    /// Truth values: a = b.
    let equal (a: Tensor) (b: Tensor) : Tensor = Compare.Apply(Comparison.Equal, a, b)

    /// Truth values: a ≠ b.
    let notEqual (a: Tensor) (b: Tensor) : Tensor =
        Compare.Apply(Comparison.NotEqual, a, b)

    /// Truth values: a < b.
    let less (a: Tensor) (b: Tensor) : Tensor = Compare.Apply(Comparison.Less, a, b)

    /// Truth values: a ≤ b.
    let lessEqual (a: Tensor) (b: Tensor) : Tensor =
        Compare.Apply(Comparison.LessEqual, a, b)

    /// Truth values: a > b.
    let greater (a: Tensor) (b: Tensor) : Tensor = Compare.Apply(Comparison.Greater, a, b)

    /// Truth values: a ≥ b.
    let greaterEqual (a: Tensor) (b: Tensor) : Tensor =
        Compare.Apply(Comparison.GreaterEqual, a, b)

    /// Truth values: x is NaN.
    let isNaN (x: Tensor) : Tensor = Elementwise1.Apply(Unary.IsNaN, x)
    /// Truth values: x is neither NaN nor infinite.
    let isFinite (x: Tensor) : Tensor = Elementwise1.Apply(Unary.IsFinite, x)
    /// Truth values: not x.
    let not (x: Tensor) : Tensor = Elementwise1.Apply(Unary.Not, x)

    /// a where the condition holds, else b. A NaN on the side not chosen does not get through; the cotangent that side
    /// gets is 0. A function with an infinite slope there still makes 0 · ∞ = NaN of it: give it a safe argument, as in
    /// where (x > 0) (sqrt (where (x > 0) x 1)) 0.
    let where (condition: Tensor) (a: Tensor) (b: Tensor) : Tensor = Where.Apply(condition, a, b)

    /// x moved into the closed range [low, high]; derivative 1 inside, 0 outside, ½ on the ends. NaN stays NaN.
    let clamp (low: float) (high: float) (x: Tensor) : Tensor =
        minimum (maximum x (Constant.scalar x low)) (Constant.scalar x high)

    /// x where x > 0, else slope · x.
    let leakyRelu (slope: float) (x: Tensor) : Tensor =
        where (greater x (Constant.scalar x 0.0)) x (slope * x)

    /// x where x > 0, else exp x − 1.
    let elu (x: Tensor) : Tensor =
        let isPositive = greater x (Constant.scalar x 0.0)
        where isPositive x (expm1 (Where.ZeroOr(isPositive, x)))

    /// x · sigmoid x.
    let silu (x: Tensor) : Tensor = x * sigmoid x

    /// x Φ(x) with the standard normal distribution function Φ.
    let gelu (x: Tensor) : Tensor =
        0.5 * x * (1.0 + erf (x / Math.Sqrt 2.0))

    // Reductions. …Over drops the axes; …Keep leaves them with length 1. An empty list of axes means none.

    /// The sum of all elements.
    let sum (x: Tensor) : Tensor = Sum.Apply(allAxes x, false, x)

    /// Sums over axes.
    let sumOver (axes: int seq) (x: Tensor) : Tensor =
        Sum.Apply(axesOf "sum" axes x, false, x)

    /// Sums over axes, kept with length 1.
    let sumKeep (axes: int seq) (x: Tensor) : Tensor = Sum.Apply(axesOf "sum" axes x, true, x)

    let private meanOf (axes: int[]) (keep: bool) (x: Tensor) : Tensor =
        let count = axes |> Array.fold (fun total axis -> total * x.Shape.Dims[axis]) 1
        Sum.Apply(axes, keep, x) / float count

    /// The mean of all elements; NaN of none.
    let mean (x: Tensor) : Tensor = meanOf (allAxes x) false x
    /// Means over axes.
    let meanOver (axes: int seq) (x: Tensor) : Tensor = meanOf (axesOf "mean" axes x) false x
    /// Means over axes, kept with length 1.
    let meanKeep (axes: int seq) (x: Tensor) : Tensor = meanOf (axesOf "mean" axes x) true x

    let private reduce (kind: Reduction) (axes: int[]) (keep: bool) (x: Tensor) : Tensor =
        if axes.Length = 0 then
            x
        else
            Reduce.Apply(kind, axes, keep, x)

    /// The product of all elements.
    let prod (x: Tensor) : Tensor =
        reduce Reduction.Product (allAxes x) false x

    /// Products over axes.
    let prodOver (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.Product (axesOf "prod" axes x) false x

    /// The largest element; NaN if any is. Ties share the derivative.
    let max (x: Tensor) : Tensor =
        reduce Reduction.Maximum (allAxes x) false x

    /// The largest over axes.
    let maxOver (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.Maximum (axesOf "max" axes x) false x

    /// The largest over axes, kept with length 1.
    let maxKeep (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.Maximum (axesOf "max" axes x) true x

    /// The smallest element; NaN if any is. Ties share the derivative.
    let min (x: Tensor) : Tensor =
        reduce Reduction.Minimum (allAxes x) false x

    /// The smallest over axes.
    let minOver (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.Minimum (axesOf "min" axes x) false x

    /// log Σ exp x over all elements, without overflow.
    let logSumExp (x: Tensor) : Tensor =
        reduce Reduction.LogSumExp (allAxes x) false x

    /// log Σ exp x over axes.
    let logSumExpOver (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.LogSumExp (axesOf "logSumExp" axes x) false x

    /// log Σ exp x over axes, kept with length 1.
    let logSumExpKeep (axes: int seq) (x: Tensor) : Tensor =
        reduce Reduction.LogSumExp (axesOf "logSumExp" axes x) true x

    let private root (squares: Tensor) : Tensor =
        // The derivative of the norm at 0 is taken as 0 instead of NaN.
        let isPositive = greater squares (Constant.scalar squares 0.0)
        let isZero = equal squares (Constant.scalar squares 0.0)

        Where.Apply(
            isZero,
            Where.OrZero(isPositive, squares),
            sqrt (Where.Apply(isZero, Constant.scalar squares 1.0, squares))
        )

    /// The Euclidean norm of all elements; its derivative at 0 is 0.
    let norm (x: Tensor) : Tensor = root (sum (square x))
    /// Euclidean norms over axes.
    let normOver (axes: int seq) (x: Tensor) : Tensor = root (sumOver axes (square x))

    /// Sums from the start of an axis to each position.
    let cumsum (axis: int) (x: Tensor) : Tensor =
        CumulativeSum.Apply(Shape.axis "cumsum" x.Shape axis, false, x)

    /// The Int64 position of the first largest element along an axis, which is dropped.
    let argMax (axis: int) (x: Tensor) : Tensor =
        ArgReduce.Apply(true, Shape.axis "argMax" x.Shape axis, x)

    /// The Int64 position of the first smallest element along an axis, which is dropped.
    let argMin (axis: int) (x: Tensor) : Tensor =
        ArgReduce.Apply(false, Shape.axis "argMin" x.Shape axis, x)

    /// exp x / Σ exp x along an axis.
    let softmax (axis: int) (x: Tensor) : Tensor = exp (x - logSumExpKeep [ axis ] x)
    /// x − log Σ exp x along an axis.
    let logSoftmax (axis: int) (x: Tensor) : Tensor = x - logSumExpKeep [ axis ] x

    // Products.

    /// Σ aᵢ bᵢ over all elements. Errors: ShapeException when the shapes differ.
    let dot (a: Tensor) (b: Tensor) : Tensor =
        Check.shape (nameof b) a.Shape b
        let flat (x: Tensor) shape = Reshape.Apply(Shape.Of shape, x)

        let product =
            MatMul.Apply(false, false, flat a [| 1; a.Length |], flat b [| a.Length; 1 |])

        Reshape.Apply(Shape.Scalar, product)

    /// The matrix aᵢ bⱼ of two vectors (m) and (n): (m, n).
    let outer (a: Tensor) (b: Tensor) : Tensor =
        Check.rank (nameof a) 1 a
        Check.rank (nameof b) 1 b

        Reshape.Apply(Shape.Of(a.Length, 1), a)
        * Reshape.Apply(Shape.Of(1, b.Length), b)

    /// The matrix product over the last two axes; leading axes broadcast; a vector is a row on the left and a column on
    /// the right. (…, m, k) times (…, k, n) is (…, m, n). Cost: 2 m n k operations.
    let matmul (a: Tensor) (b: Tensor) : Tensor =
        match a.Rank, b.Rank with
        | 1, 1 -> dot a b
        | 1, _ ->
            let y = MatMul.Apply(false, false, Reshape.Apply(Shape.Of(1, a.Length), a), b)
            Reshape.Apply(Shape(Array.removeAt (y.Rank - 2) y.Shape.Dims), y)
        | _, 1 ->
            let y = MatMul.Apply(false, false, a, Reshape.Apply(Shape.Of(b.Length, 1), b))
            Reshape.Apply(Shape y.Shape.Dims[.. y.Rank - 2], y)
        | _ -> MatMul.Apply(false, false, a, b)
