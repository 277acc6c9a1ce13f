namespace Optim

open System
open System.Numerics

/// An n-dimensional array of numbers, immutable, on which derivatives can be taken.
/// Elementwise operators broadcast as NumPy's do: shapes are aligned at the last axis and an axis of length 1 stretches.
/// Both operands must have the same element type; plain numbers adopt the tensor's.
/// Inside `grad`, `jvp`, `vmap` … the same type stands for a value that is being differentiated or batched.
[<AbstractClass>]
type Tensor internal (level: int64, shape: Shape, dtype: DType, engine: Engine) =

    /// 0 for concrete values; else the number of the transform whose value this is. Newer transforms have higher numbers.
    member internal _.Level: int64 = level

    /// The engine that computes on it.
    member internal _.Engine: Engine = engine

    /// The lengths of its axes, outermost first.
    member _.Shape: Shape = shape

    /// The number of axes; 0 for a scalar.
    member _.Rank: int = shape.Rank

    /// The number of elements.
    member _.Length: int = shape.Length

    /// The type of its elements.
    member _.DType: DType = dtype

    /// Where its elements lie.
    member _.Device: Device = engine.Device

    /// How this level interprets a primitive of one tensor.
    abstract Bind1: operation: Primitive1 * x: Tensor -> Tensor

    /// How this level interprets a primitive of two tensors.
    abstract Bind2: operation: Primitive2 * a: Tensor * b: Tensor -> Tensor

    /// How this level interprets a primitive of many tensors.
    abstract BindN: operation: PrimitiveN * inputs: Tensor[] -> Tensor

    /// The concrete tensor below all levels. Errors: a value that `vmap` batches has none.
    abstract Concrete: Tensor

    /// What the operators mean; Primitives/Operand says it once for all levels.
    abstract ApplyUnary: kind: Unary -> Tensor

    /// scale · this + shift.
    abstract ApplyAffine: scale: float * shift: float -> Tensor

    /// kind (this, other).
    abstract ApplyBinary: kind: Binary * other: Tensor -> Tensor

    /// One position of the first axis, which is dropped.
    abstract ApplyIndex: position: int -> Tensor

    /// `count` positions of the first axis.
    abstract ApplyRange: start: int * count: int -> Tensor

    static member internal Bind(operation: Primitive1, x: Tensor) : Tensor =
        if x.Level = 0L then
            operation.Eval x
        else
            x.Bind1(operation, x)

    /// Refuses to compute with tensors of different engines.
    static member private Refuse(operation: string, inputs: Tensor[]) : unit =
        let places =
            inputs |> Array.map (fun x -> $"{x.Shape} on {x.Device}") |> String.concat ", "

        let message =
            $"{operation}: the operands lie on different devices, {places}; bring them together with Tensor.moveTo (MoveTo in C#)"

        raise (ArgumentException(message, nameof inputs))

    // Concrete operands meet here, below all levels: the one place that sees whether they have one engine.
    static member internal Bind(operation: Primitive2, a: Tensor, b: Tensor) : Tensor =
        if (a.Level ||| b.Level) = 0L then
            if not (Object.ReferenceEquals(a.Engine, b.Engine)) then
                Tensor.Refuse(operation.Name, [| a; b |])

            operation.Eval(a, b)
        elif a.Level >= b.Level then
            a.Bind2(operation, a, b)
        else
            b.Bind2(operation, a, b)

    static member internal Bind(operation: PrimitiveN, inputs: Tensor[]) : Tensor =
        let mutable newest = inputs[0]

        for x in inputs do
            if x.Level > newest.Level then
                newest <- x

        if newest.Level = 0L then
            for x in inputs do
                if not (Object.ReferenceEquals(x.Engine, newest.Engine)) then
                    Tensor.Refuse(operation.Name, inputs)

            operation.Eval inputs
        else
            newest.BindN(operation, inputs)

    // Operators and their named twins.

    /// a + b, elementwise.
    static member (+)(a: Tensor, b: Tensor) : Tensor = a.ApplyBinary(Binary.Add, b)
    /// a + b, elementwise.
    static member (+)(a: Tensor, b: float) : Tensor = a.ApplyAffine(1.0, b)
    /// a + b, elementwise.
    static member (+)(a: float, b: Tensor) : Tensor = b.ApplyAffine(1.0, a)
    /// a − b, elementwise.
    static member (-)(a: Tensor, b: Tensor) : Tensor = a.ApplyBinary(Binary.Subtract, b)
    /// a − b, elementwise.
    static member (-)(a: Tensor, b: float) : Tensor = a.ApplyAffine(1.0, -b)
    /// a − b, elementwise.
    static member (-)(a: float, b: Tensor) : Tensor = b.ApplyAffine(-1.0, a)
    /// a · b, elementwise.
    static member (*)(a: Tensor, b: Tensor) : Tensor = a.ApplyBinary(Binary.Multiply, b)
    /// a · b, elementwise.
    static member (*)(a: Tensor, b: float) : Tensor = a.ApplyAffine(b, 0.0)
    /// a · b, elementwise.
    static member (*)(a: float, b: Tensor) : Tensor = b.ApplyAffine(a, 0.0)
    /// a / b, elementwise.
    static member (/)(a: Tensor, b: Tensor) : Tensor = a.ApplyBinary(Binary.Divide, b)
    /// a / b, elementwise.
    static member (/)(a: Tensor, b: float) : Tensor = a.ApplyAffine(1.0 / b, 0.0)

    /// a / b, elementwise.
    static member (/)(a: float, b: Tensor) : Tensor =
        b.ApplyUnary(Unary.Reciprocal).ApplyAffine(a, 0.0)

    /// −a, elementwise.
    static member (~-)(a: Tensor) : Tensor = a.ApplyAffine(-1.0, 0.0)
    /// a to the power b, elementwise; what F#'s ** means.
    static member Pow(a: Tensor, b: Tensor) : Tensor = a.ApplyBinary(Binary.Power, b)
    /// a to the constant power b, elementwise; what F#'s ** means.
    static member Pow(a: Tensor, b: float) : Tensor = a.ApplyUnary(Unary.Power b)
    /// a + b, elementwise.
    static member Add(a: Tensor, b: Tensor) : Tensor = a + b
    /// a − b, elementwise.
    static member Subtract(a: Tensor, b: Tensor) : Tensor = a - b
    /// a · b, elementwise.
    static member Multiply(a: Tensor, b: Tensor) : Tensor = a * b
    /// a / b, elementwise.
    static member Divide(a: Tensor, b: Tensor) : Tensor = a / b
    /// −a, elementwise.
    static member Negate(a: Tensor) : Tensor = -a

    // The names behind F#'s own exp, log, sin …

    /// |x|, elementwise.
    static member Abs(x: Tensor) : Tensor = x.ApplyUnary Unary.Abs
    /// The exponential, elementwise.
    static member Exp(x: Tensor) : Tensor = x.ApplyUnary Unary.Exp
    /// The natural logarithm, elementwise.
    static member Log(x: Tensor) : Tensor = x.ApplyUnary Unary.Log
    /// The square root, elementwise.
    static member Sqrt(x: Tensor) : Tensor = x.ApplyUnary Unary.Sqrt
    /// The sine, elementwise; radians.
    static member Sin(x: Tensor) : Tensor = x.ApplyUnary Unary.Sin
    /// The cosine, elementwise; radians.
    static member Cos(x: Tensor) : Tensor = x.ApplyUnary Unary.Cos
    /// The tangent, elementwise; radians.
    static member Tan(x: Tensor) : Tensor = x.ApplyUnary Unary.Tan
    /// The inverse sine, elementwise; radians.
    static member Asin(x: Tensor) : Tensor = x.ApplyUnary Unary.Asin
    /// The inverse cosine, elementwise; radians.
    static member Acos(x: Tensor) : Tensor = x.ApplyUnary Unary.Acos
    /// The inverse tangent, elementwise; radians.
    static member Atan(x: Tensor) : Tensor = x.ApplyUnary Unary.Atan
    /// The angle of the point (x, y), elementwise; radians.
    static member Atan2(y: Tensor, x: Tensor) : Tensor = y.ApplyBinary(Binary.Atan2, x)
    /// The hyperbolic sine, elementwise.
    static member Sinh(x: Tensor) : Tensor = x.ApplyUnary Unary.Sinh
    /// The hyperbolic cosine, elementwise.
    static member Cosh(x: Tensor) : Tensor = x.ApplyUnary Unary.Cosh
    /// The hyperbolic tangent, elementwise.
    static member Tanh(x: Tensor) : Tensor = x.ApplyUnary Unary.Tanh
    /// The largest whole number not above x, elementwise.
    static member Floor(x: Tensor) : Tensor = x.ApplyUnary Unary.Floor
    /// The smallest whole number not below x, elementwise.
    static member Ceiling(x: Tensor) : Tensor = x.ApplyUnary Unary.Ceiling

    // Reading and indexing.

    /// The part at one position of the first axis, without that axis. Errors: position outside 0 … length − 1.
    member x.Item
        with get (position: int): Tensor = x.ApplyIndex position

    /// One element of a matrix, or part of a tensor of higher rank.
    member x.Item
        with get (row: int, column: int): Tensor = x.ApplyIndex(row).ApplyIndex column

    /// The part at one position of the first axis; ^1 is the last.
    member x.Item
        with get (position: Index): Tensor = x.ApplyIndex(position.GetOffset x.Shape.Dims[0])

    /// A range of positions of the first axis, as in x[1..] or x[..^1].
    member x.Item
        with get (range: Range): Tensor =
            let struct (start, count) = range.GetOffsetAndLength x.Shape.Dims[0]
            x.ApplyRange(start, count)

    /// What F#'s x[start .. finish] means; both ends included.
    member x.GetSlice(start: int option, finish: int option) : Tensor =
        let first = defaultArg start 0
        let last = defaultArg finish (x.Shape.Dims[0] - 1)
        x.ApplyRange(first, max 0 (last - first + 1))

    /// A fresh array of the elements in row-major order, as float. Truth values become 0 and 1.
    /// Errors: InvalidOperationException inside vmap, where there is no single value. Inside grad it detaches.
    member x.ToArray() : float[] =
        match engine.ToArray x.Concrete with
        | :? (float[]) as values -> values
        | :? (float32[]) as values -> Array.map float values
        | :? (int64[]) as values -> Array.map float values
        | :? (bool[]) as values -> Array.map (fun v -> if v then 1.0 else 0.0) values
        | other -> invalidOp $"an engine gave an array of type {other.GetType()}"

    /// Copies the elements in row-major order, as float. Errors: destination shorter than Length.
    member x.CopyTo(destination: Span<float>) : unit = x.ToArray().AsSpan().CopyTo destination

    /// The one element, as float. Errors: ShapeException when there is not exactly one.
    member x.ToScalar() : float =
        if shape.Length <> 1 then
            raise (ShapeException($"a tensor of shape {shape} is no single number", nameof x))

        engine.Read x.Concrete

    /// The one element, as float; what F#'s `float` means. Errors: as ToScalar.
    static member op_Explicit(x: Tensor) : float = x.ToScalar()

    interface IAdditionOperators<Tensor, Tensor, Tensor> with
        static member (+)(a, b) = a.ApplyBinary(Binary.Add, b)

    interface ISubtractionOperators<Tensor, Tensor, Tensor> with
        static member (-)(a, b) = a.ApplyBinary(Binary.Subtract, b)

    interface IMultiplyOperators<Tensor, Tensor, Tensor> with
        static member (*)(a, b) = a.ApplyBinary(Binary.Multiply, b)

    interface IDivisionOperators<Tensor, Tensor, Tensor> with
        static member (/)(a, b) = a.ApplyBinary(Binary.Divide, b)

    interface IUnaryNegationOperators<Tensor, Tensor> with
        static member (~-)(a) = a.ApplyAffine(-1.0, 0.0)

/// An operation of one tensor with its rules side by side. y is the result, t a tangent of x, ct a cotangent of y.
and [<AbstractClass>] Primitive1(name: string) =
    /// The name in messages.
    member _.Name: string = name
    /// The result for a concrete tensor.
    abstract Eval: x: Tensor -> Tensor
    /// The tangent of the result; null stands for zero.
    abstract Jvp: x: Tensor * y: Tensor * t: Tensor -> Tensor | null
    /// The cotangent of x; null stands for zero.
    abstract Vjp: x: Tensor * y: Tensor * ct: Tensor -> Tensor | null
    /// The results for all members of a batch along axis 0 of x, along axis 0.
    abstract Batch: x: Tensor -> Tensor

/// An operation of two tensors with its rules side by side.
and [<AbstractClass>] Primitive2(name: string) =
    /// The name in messages.
    member _.Name: string = name
    /// The result for concrete tensors.
    abstract Eval: a: Tensor * b: Tensor -> Tensor

    /// The tangent of the result, from the tangents of a and b; null stands for zero.
    abstract Jvp:
        a: Tensor * b: Tensor * y: Tensor * ta: Tensor | null * tb: Tensor | null -> Tensor | null

    /// The cotangent of a; null stands for zero.
    abstract VjpA: a: Tensor * b: Tensor * y: Tensor * ct: Tensor -> Tensor | null
    /// The cotangent of b; null stands for zero.
    abstract VjpB: a: Tensor * b: Tensor * y: Tensor * ct: Tensor -> Tensor | null

    /// The cotangents of a and b, for rules that share work between them.
    abstract VjpBoth:
        a: Tensor * b: Tensor * y: Tensor * ct: Tensor -> struct ((Tensor | null) * (Tensor | null))

    default p.VjpBoth(a, b, y, ct) =
        struct (p.VjpA(a, b, y, ct), p.VjpB(a, b, y, ct))

    /// The results for all members of a batch along axis 0 of those that are batched, along axis 0.
    abstract Batch: a: Tensor * aBatched: bool * b: Tensor * bBatched: bool -> Tensor

/// An operation of many tensors with its rules side by side.
and [<AbstractClass>] PrimitiveN(name: string) =
    /// The name in messages.
    member _.Name: string = name
    /// The result for concrete tensors.
    abstract Eval: inputs: Tensor[] -> Tensor
    /// The tangent of the result, from the tangents of the inputs; null stands for zero.
    abstract Jvp: inputs: Tensor[] * y: Tensor * tangents: (Tensor | null)[] -> Tensor | null
    /// The cotangents of the inputs; null stands for zero. Those that are not wanted may be left null.
    abstract Vjp: inputs: Tensor[] * y: Tensor * ct: Tensor * wanted: bool[] -> (Tensor | null)[]
    /// The results for all members of a batch along axis 0 of those that are batched, along axis 0.
    abstract Batch: inputs: Tensor[] * batched: bool[] -> Tensor

/// What computes on concrete tensors of one device. All inputs are concrete and its own; axes are counted from 0 and
/// checked; a method never changes its inputs. Numeric trouble is NaN or infinity in the result, never an exception.
and Engine =
    /// "managed", "torch".
    abstract Name: string
    /// Where this engine computes.
    abstract Device: Device

    /// A tensor filled with one number.
    abstract Full: shape: Shape * dtype: DType * value: float -> Tensor
    /// A tensor of a copy of an array: float[], float32[], int64[] or bool[], in row-major order.
    abstract OfArray: shape: Shape * values: Array -> Tensor
    /// A fresh array of the elements in row-major order, of the type that fits the element type.
    abstract ToArray: x: Tensor -> Array
    /// The first element.
    abstract Read: x: Tensor -> float

    /// The function of each element of x.
    abstract Unary: kind: Unary * x: Tensor -> Tensor
    /// scale · x + shift.
    abstract Affine: scale: float * shift: float * x: Tensor -> Tensor
    /// The function of each pair of elements; a and b broadcast.
    abstract Binary: kind: Binary * a: Tensor * b: Tensor -> Tensor
    /// Truth values of the comparison of each pair of elements; a and b broadcast.
    abstract Compare: kind: Comparison * a: Tensor * b: Tensor -> Tensor
    /// a where the condition holds, else b; all three broadcast. Never mixes NaN from the other side in.
    abstract Where: condition: Tensor * a: Tensor * b: Tensor -> Tensor
    /// The elements of x as elements of the type.
    abstract Cast: dtype: DType * x: Tensor -> Tensor

    /// Over the axes (ascending, distinct); each is kept with length 1, or dropped.
    abstract Reduce: kind: Reduction * axes: int[] * keep: bool * x: Tensor -> Tensor
    /// Running sums along an axis, from its end when reversed.
    abstract CumulativeSum: axis: int * reversed: bool * x: Tensor -> Tensor
    /// The Int64 positions of the first largest (or smallest) elements along an axis, which is dropped.
    abstract ArgReduce: largest: bool * axis: int * x: Tensor -> Tensor

    /// op(a) op(b) over the last two axes; leading axes broadcast. The flags transpose the last two axes first.
    abstract MatMul: transposeA: bool * transposeB: bool * a: Tensor * b: Tensor -> Tensor

    /// The same elements in another shape of the same length; may share memory.
    abstract Reshape: shape: Shape * x: Tensor -> Tensor
    /// Axis i of the result is axis axes[i] of x.
    abstract Permute: axes: int[] * x: Tensor -> Tensor
    /// x broadcast to the shape.
    abstract Expand: shape: Shape * x: Tensor -> Tensor
    /// The part of x with one range for each axis.
    abstract Slice: ranges: AxisRange[] * x: Tensor -> Tensor
    /// Zeros of the shape, to which each piece is added at its ranges.
    abstract Assemble: shape: Shape * ranges: AxisRange[][] * pieces: Tensor[] -> Tensor

    /// Positions `indices` (k) of an axis of x. Errors: EngineException for an index outside the axis.
    abstract IndexSelect: axis: int * x: Tensor * indices: Tensor -> Tensor
    /// Zeros with `length` positions on the axis, to which part i of x is added at position indices[i].
    abstract IndexAdd: axis: int * length: int * x: Tensor * indices: Tensor -> Tensor
    /// Element i of the result is x at the same place but at position indices[i] of the axis; the shapes agree elsewhere.
    abstract Gather: axis: int * x: Tensor * indices: Tensor -> Tensor
    /// Zeros with `length` positions on the axis, to which each element of x is added at the position in indices.
    abstract ScatterAdd: axis: int * length: int * x: Tensor * indices: Tensor -> Tensor

    /// The lower L with L Lᵀ = a, a: (…, n, n) read from its lower triangle; all NaN where a is not positive definite.
    abstract Cholesky: a: Tensor -> Tensor
    /// The x with a x = b. a: (…, n, n), b: (…, n, r); leading axes equal. NaN or infinity where a is singular.
    abstract Solve: a: Tensor * b: Tensor -> Tensor

    /// The x with op(a) x = b for a triangular a, of which only that triangle is read.
    abstract TriangularSolve:
        triangle: Triangle * transposed: bool * unit: bool * a: Tensor * b: Tensor -> Tensor

    /// Q over R: (…, m + k, n) hold Q in the first m rows (k columns used, k = min m n) and R in the last k rows.
    /// a: (…, m, n) with m ≥ n; R has a diagonal of 0 or more.
    abstract Qr: a: Tensor -> Tensor
    /// (…, n + 1, n): the ascending eigenvalues in row 0, below them the orthonormal eigenvectors as columns.
    /// a: (…, n, n), symmetric, read from its lower triangle; NaN where that fails.
    abstract SymmetricEigen: a: Tensor -> Tensor
    /// (…, 2): the sign of the determinant and the logarithm of its absolute value.
    abstract LogDeterminant: a: Tensor -> Tensor

    /// The results of a whole step of an elementwise method in as few passes as the engine can, or null where it has no
    /// single operation for it: the method then takes its elementwise operations one by one. Equal to those up to rounding.
    abstract WholeStep: step: WholeStep * tensors: Tensor[] -> Tensor[] | null

    /// Begins to note what is allocated on this thread; see EngineScope.
    abstract OpenScope: unit -> EngineScope

    /// Until Dispose, what this thread allocates belongs to none of its open scopes; see EngineDetachment.
    abstract Detach: unit -> EngineDetachment

/// What was allocated on one thread since it was opened. On Dispose, all that was not kept goes back to the engine at
/// once; a recycled tensor that somebody still holds answers with an error, never with other numbers.
and EngineScope =
    inherit IDisposable
    /// Whether nothing was noted so far, so that there is nothing to keep or to recycle.
    abstract IsEmpty: bool
    /// The tensor outlives the scope (it passes to the enclosing scope, if there is one).
    abstract Keep: x: Tensor -> unit
    /// Everything outlives the scope.
    abstract KeepAll: unit -> unit

/// A time during which one thread works outside of the scopes that it has open, for what must outlive them all.
/// On Dispose the scopes note again.
and EngineDetachment =
    inherit IDisposable
    /// x, or a copy of it when one of those scopes would take its memory back at its end. Any thread may ask.
    abstract Lasting: x: Tensor -> Tensor
