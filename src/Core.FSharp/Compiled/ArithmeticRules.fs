namespace Optim.Compiled

open System
open Optim
open Optim.Primitives

/// Elementwise computations made as cheaply as possible: each function gives a node of the stated value. Values are equal,
/// or differ as by reassociation of products and sums. x · 0 and x − x stay what they are, for the sake of NaN and infinity;
/// so does 0 + x, for the sake of −0; scale · (x + shift) is multiplied out only where that is exact, for the sake of
/// cancellation; and (x + a) + b is never x + (a + b), for the sake of functions that count on the rounding of x + a.
[<RequireQualifiedAccess>]
module internal ArithmeticRules =

    let private (|Made|_|) (b: GraphBuilder) (id: int) : (Operation * int[]) option =
        MoveRules.(|Made|_|) b id

    let private (|Negated|_|) (b: GraphBuilder) (id: int) : int option =
        match id with
        | Made b (Operation.Affine(-1.0, 0.0), [| z |]) -> Some z
        | _ -> None

    let private (|Scaled|_|) (b: GraphBuilder) (id: int) : (float * int) option =
        match id with
        | Made b (Operation.Affine(scale, 0.0), [| z |]) -> Some(scale, z)
        | _ -> None

    let private isPowerOfTwo (x: float) : bool =
        Double.IsNormal x && BitConverter.DoubleToInt64Bits x &&& 0xFFFFFFFFFFFFFL = 0L

    // Whether a number keeps all its digits as an element of the type.
    let private isNormal (dtype: DType) (x: float) : bool =
        if dtype = DType.Float32 then
            Single.IsNormal(float32 x)
        else
            Double.IsNormal x

    // Moving a factor of at most 2^10 or at least 2^-10 past another changes what is computed on the way by as much, so it
    // can overflow or lose digits only where the original is that close to the end of the range itself.
    let private isModest (x: float) : bool =
        let size = abs x
        size >= 0.0009765625 && size <= 1024.0

    let private made1 (b: GraphBuilder) (kind: Unary) (x: int) : int =
        b.Computed(Operation.Unary kind, Elementwise1 kind, [| x |], b.Shape x, b.DType x)

    let private made2 (b: GraphBuilder) (kind: Binary) (x: int) (y: int) (shape: Shape) : int =
        b.Computed(Operation.Binary kind, Elementwise2 kind, [| x; y |], shape, b.DType x)

    /// scale · x + shift.
    let rec affine (b: GraphBuilder) (scale: float) (shift: float) (x: int) : int =
        let make () =
            b.Computed(
                Operation.Affine(scale, shift),
                Affine(scale, shift),
                [| x |],
                b.Shape x,
                b.DType x
            )

        if scale = 1.0 && shift = 0.0 then
            x
        else
            match x with
            | Made b (Operation.Affine(s, t), [| z |]) when (b.DType x).IsFloating ->
                let isSafe = isNormal (b.DType x)
                let product = scale * s
                let areSafe = isSafe s && isSafe scale && isSafe product

                if t = 0.0 && areSafe && (isModest scale || isModest s) then
                    affine b product shift z
                elif
                    shift = 0.0
                    && isPowerOfTwo scale
                    && isModest scale
                    && areSafe
                    && isSafe t
                    && isSafe (scale * t)
                then
                    affine b product (scale * t) z
                else
                    make ()
            | _ -> make ()

    let private negate (b: GraphBuilder) (x: int) : int = affine b -1.0 0.0 x

    /// The function of each element.
    let unary (b: GraphBuilder) (kind: Unary) (x: int) : int =
        match kind, x with
        | Unary.Square, Negated b z -> made1 b Unary.Square z
        | Unary.Abs, Negated b z -> made1 b Unary.Abs z
        | Unary.Power 1.0, _ -> x
        | Unary.Power 2.0, Negated b z -> made1 b Unary.Square z
        | Unary.Power 2.0, _ -> made1 b Unary.Square x
        | Unary.Power -1.0, _ -> made1 b Unary.Reciprocal x
        | Unary.IsNaN, _
        | Unary.IsFinite, _ ->
            b.Computed(Operation.Unary kind, Elementwise1 kind, [| x |], b.Shape x, DType.Bool)
        | _ -> made1 b kind x

    let rec private add (b: GraphBuilder) (x: int) (y: int) (shape: Shape) : int =
        match b.Number x, b.Number y with
        | ValueSome c, _ when c <> 0.0 -> affine b 1.0 c y
        | _, ValueSome c when c <> 0.0 -> affine b 1.0 c x
        | _ ->
            match x, y with
            | _, Negated b z -> subtract b x z shape
            | Negated b z, _ -> subtract b y z shape
            | _ -> made2 b Binary.Add (min x y) (max x y) shape

    and private subtract (b: GraphBuilder) (x: int) (y: int) (shape: Shape) : int =
        match b.Number x, b.Number y with
        | ValueSome c, _ when c <> 0.0 -> affine b -1.0 c y
        // x − 0 is x, but x − (−0) is not where x is −0.
        | _, ValueSome c when c <> 0.0 || not (Double.IsNegative c) -> affine b 1.0 -c x
        | _ ->
            match y with
            | Negated b z -> add b x z shape
            | _ -> made2 b Binary.Subtract x y shape

    let rec private multiply (b: GraphBuilder) (x: int) (y: int) (shape: Shape) : int =
        match b.Number x, b.Number y with
        | ValueSome c, _ -> affine b c 0.0 y
        | _, ValueSome c -> affine b c 0.0 x
        | _ ->
            match x, y with
            | Negated b z, _ -> negate b (multiply b z y shape)
            | _, Negated b z -> negate b (multiply b x z shape)
            | Scaled b (s, z), Scaled b (t, w) when x <> y && isModest s && isModest t ->
                affine b (s * t) 0.0 (multiply b z w shape)
            | _ when x = y -> made1 b Unary.Square x
            | _ -> made2 b Binary.Multiply (min x y) (max x y) shape

    let rec private divide (b: GraphBuilder) (x: int) (y: int) (shape: Shape) : int =
        match b.Number x, b.Number y with
        | ValueSome 1.0, _ -> made1 b Unary.Reciprocal y
        | _, ValueSome c when isPowerOfTwo c && isNormal (b.DType x) (1.0 / c) ->
            affine b (1.0 / c) 0.0 x
        | _ ->
            match x, y with
            | Negated b z, _ -> negate b (divide b z y shape)
            | _, Negated b z -> negate b (divide b x z shape)
            | _ -> made2 b Binary.Divide x y shape

    /// The function of each pair of elements.
    let binary (b: GraphBuilder) (kind: Binary) (x: int) (y: int) (shape: Shape) : int =
        if not (b.DType x).IsFloating then
            made2 b kind x y shape
        else
            match kind with
            | Binary.Add -> add b x y shape
            | Binary.Subtract -> subtract b x y shape
            | Binary.Multiply -> multiply b x y shape
            | Binary.Divide -> divide b x y shape
            | Binary.Power
            | Binary.Atan2
            | Binary.Maximum
            | Binary.Minimum
            | Binary.TanhGradient
            | Binary.SigmoidGradient
            | Binary.ReluGradient -> made2 b kind x y shape

    /// a where the condition holds, else b.
    let where (b: GraphBuilder) (condition: int) (x: int) (y: int) (shape: Shape) : int =
        match b.Number condition with
        | ValueSome truth -> if truth <> 0.0 then x else y
        | ValueNone ->
            if x = y then
                x
            else
                let inputs = [| condition; x; y |]
                b.Computed(Operation.Where, Where(), inputs, shape, b.DType x)

    /// The elements in another type.
    let cast (b: GraphBuilder) (dtype: DType) (x: int) : int =
        match x with
        | _ when b.DType x = dtype -> x
        | Made b (Operation.Cast DType.Float64, [| z |]) when
            dtype = DType.Float32 && b.DType z = DType.Float32
            ->
            z
        | _ -> b.Computed(Operation.Cast dtype, Cast dtype, [| x |], b.Shape x, dtype)

    /// An elementwise operation on operands that broadcast to the shape: computed on as few elements as they have without
    /// what was only stretched, and stretched afterwards.
    let elementwise
        (b: GraphBuilder)
        (operation: Operation)
        (primitive: obj)
        (inputs: int[])
        (shape: Shape)
        (dtype: DType)
        : int =
        let cores = inputs |> Array.map (MoveRules.core b)

        let small =
            cores
            |> Array.map b.Shape
            |> Array.reduce (Shape.broadcast (Graph.operationText operation))

        let result =
            match operation with
            | Operation.Affine(scale, shift) -> affine b scale shift cores[0]
            | Operation.Unary kind -> unary b kind cores[0]
            | Operation.Binary kind -> binary b kind cores[0] cores[1] small
            | Operation.Where -> where b cores[0] cores[1] cores[2] small
            | Operation.Cast dtype -> cast b dtype cores[0]
            | _ -> b.Computed(operation, primitive, cores, small, dtype)

        MoveRules.expand b shape result
