module Optim.CoreTests.Rounding

open Optim
open Optim.Primitives
open Optim.Transforms

/// What a running error analysis finds out besides the bounds.
type internal Doubts() =
    /// Whether a choice hangs on digits that rounding decides: then two right programs may differ by any amount.
    member val Found = false with get, set

let private absolute (x: Tensor) : Tensor = x.Engine.Unary(Unary.Abs, x)
let private plus (a: Tensor) (b: Tensor) : Tensor = a.Engine.Binary(Binary.Add, a, b)

let private both (a: Tensor | null) (b: Tensor | null) : Tensor | null =
    match a, b with
    | null, _ -> b
    | _, null -> a
    | x, y -> plus x y

let private sizeOf (x: Tensor | null) : Tensor | null =
    match x with
    | null -> null
    | t -> absolute t

let private any (truths: Tensor) : bool =
    truths.ToArray() |> Array.exists (fun v -> v <> 0.0)

/// Values with a bound of the rounding error that any order of evaluation may make, in units of the type's epsilon: a running
/// error analysis, as one more level. The bound of a result is the absolute Jacobian times those of the operands, plus
/// the sizes of the terms of the operation itself.
[<Sealed>]
type internal Bounded private (value: Tensor, error: Tensor, level: Level, doubts: Doubts) =
    inherit Operand(level.Number, value.Shape, value.DType, value.Engine)

    // Choices closer than so many rounding errors are left to chance.
    static let margin = 256.0

    member _.Value = value
    member _.Error = error
    override _.Concrete = value

    member private _.ValueOf(x: Tensor) : Tensor =
        match x with
        | :? Bounded as b when b.Level = level.Number -> b.Value
        | _ -> x

    // A constant may be the result of arithmetic with other constants.
    member private _.ErrorOf(x: Tensor) : Tensor =
        match x with
        | :? Bounded as b when b.Level = level.Number -> b.Error
        | _ -> absolute x

    // Whether a and b are so near that their order is open; equal ones count where `equalToo`.
    member private _.Compare(a: Tensor, b: Tensor, ea: Tensor, eb: Tensor, equalToo: bool) : unit =
        let gap = absolute (a - b)
        let reach = plus ea eb * (margin * a.DType.Epsilon)
        let near = Compare.Apply(Comparison.LessEqual, gap, reach)

        let open' =
            Compare.Apply(
                Comparison.Greater,
                (if equalToo then reach else gap),
                Constant.scalar a 0.0
            )

        doubts.Found <- doubts.Found || any (Elementwise2.Apply(Binary.Minimum, near, open'))

    member private _.Whole(x: Tensor, e: Tensor, distance: Tensor) : unit =
        let reach = e * (margin * x.DType.Epsilon)
        let near = Compare.Apply(Comparison.LessEqual, absolute distance, reach)
        let open' = Compare.Apply(Comparison.Greater, reach, Constant.scalar x 0.0)
        doubts.Found <- doubts.Found || any (Elementwise2.Apply(Binary.Minimum, near, open'))

    member private _.Wrap(y: Tensor, propagated: Tensor | null, own: Tensor) : Tensor =
        let error =
            match propagated with
            | null -> own
            | t -> plus (absolute t) own

        Bounded(y, error, level, doubts)

    // Truth values and whole numbers have no error, but what is made of them depends on the inputs too.
    member private _.Exactly(y: Tensor) : Tensor =
        Bounded(y, Constant.zeros y, level, doubts)

    override this.Bind1(operation, x) =
        let px, ex = this.ValueOf x, this.ErrorOf x
        let y = operation.Eval px

        if not y.DType.IsFloating then
            this.Exactly y
        else
            match Operation.ofPrimitive operation with
            | Operation.Affine(scale, shift) ->
                let terms = Affine.Apply(abs scale, abs shift, absolute px)
                this.Wrap(y, Affine.Apply(scale, 0.0, ex), terms)
            | Operation.Unary Unary.Abs
            | Operation.Unary Unary.Relu -> this.Wrap(y, ex, absolute y)
            | Operation.Unary Unary.Sign ->
                this.Whole(px, ex, px)
                this.Wrap(y, null, absolute y)
            | Operation.Unary Unary.Floor
            | Operation.Unary Unary.Ceiling ->
                this.Whole(px, ex, px - Tensor.Floor(px + 0.5))
                this.Wrap(y, null, absolute y)
            | Operation.Unary Unary.Round ->
                this.Whole(px, ex, px - 0.5 - Tensor.Floor px)
                this.Wrap(y, null, absolute y)
            | Operation.Unary _ -> this.Wrap(y, operation.Jvp(px, y, ex), 4.0 * absolute y)
            | Operation.Sum _
            | Operation.CumulativeSum _ ->
                this.Wrap(y, operation.Jvp(px, y, plus ex (absolute px)), Constant.zeros y)
            | Operation.Reduce(kind, axes, keep) ->
                let largest (t: Tensor) =
                    t.Engine.Reduce(Reduction.Maximum, axes, keep, t)

                let own =
                    if kind = Reduction.LogSumExp then
                        plus (4.0 * absolute y) (largest (absolute px) + 4.0)
                    else
                        Constant.zeros y

                this.Wrap(y, largest ex, own)
            | _ -> this.Wrap(y, operation.Jvp(px, y, ex), Constant.zeros y)

    override this.Bind2(operation, a, b) =
        let pa, pb = this.ValueOf a, this.ValueOf b
        let y = operation.Eval(pa, pb)

        match Operation.ofPrimitive operation with
        | Operation.Compare kind ->
            if pa.DType.IsFloating then
                let exact = kind = Comparison.Equal || kind = Comparison.NotEqual
                this.Compare(pa, pb, this.ErrorOf a, this.ErrorOf b, not exact)

            this.Exactly y
        | _ when not y.DType.IsFloating -> this.Exactly y
        | Operation.MatMul _ ->
            let sizeA, sizeB = absolute pa, absolute pb
            let byA = operation.Jvp(sizeA, sizeB, y, plus (this.ErrorOf a) sizeA, null)
            let byB = operation.Jvp(sizeA, sizeB, y, null, this.ErrorOf b)
            this.Wrap(y, both byA byB, Constant.zeros y)
        | Operation.IndexSelect _
        | Operation.Gather _ ->
            this.Wrap(y, operation.Jvp(pa, pb, y, this.ErrorOf a, null), Constant.zeros y)
        | Operation.IndexAdd _
        | Operation.ScatterAdd _ ->
            let terms = plus (this.ErrorOf a) (absolute pa)
            this.Wrap(y, operation.Jvp(pa, pb, y, terms, null), Constant.zeros y)
        | described ->
            let ea, eb = this.ErrorOf a, this.ErrorOf b

            match described with
            | Operation.Binary Binary.ReluGradient -> this.Whole(pa, ea, pa)
            | _ -> ()

            let errors: struct ((Tensor | null) * (Tensor | null)) =
                match described with
                | Operation.Binary Binary.Maximum
                | Operation.Binary Binary.Minimum ->
                    struct (Expand.Apply(y.Shape, ea), Expand.Apply(y.Shape, eb))
                | _ ->
                    struct (sizeOf (operation.Jvp(pa, pb, y, ea, null)),
                            sizeOf (operation.Jvp(pa, pb, y, null, eb)))

            let struct (byA, byB) = errors
            this.Wrap(y, both byA byB, 4.0 * absolute y)

    override this.BindN(operation, inputs) =
        let values = Array.map this.ValueOf inputs
        let y = operation.Eval values

        let error (x: Tensor) : Tensor | null =
            if x.DType.IsFloating then this.ErrorOf x else null

        let withSize (x: Tensor) : Tensor | null =
            plus (this.ErrorOf x) (absolute (this.ValueOf x))

        let errors =
            match Operation.ofPrimitive operation with
            | Operation.Assemble _ -> Array.map withSize inputs
            | _ -> Array.map error inputs

        if y.DType.IsFloating then
            this.Wrap(y, operation.Jvp(values, y, errors), Constant.zeros y)
        else
            this.Exactly y

    /// The results of f with the bounds of their errors, and whether a choice is in doubt.
    static member Run(f: Tensor[] -> Tensor[], inputs: Tensor[]) : (Tensor * Tensor)[] * bool =
        let level = Level.Next()
        let doubts = Doubts()

        try
            let wrapped =
                inputs
                |> Array.map (fun x -> Bounded(x, Constant.zeros x, level, doubts) :> Tensor)

            let results =
                f wrapped
                |> Array.map (fun y ->
                    match y with
                    | :? Bounded as b when b.Level = level.Number -> b.Value, b.Error
                    | plain -> plain, absolute plain
                )

            results, doubts.Found
        finally
            level.Close()
