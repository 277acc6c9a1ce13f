namespace Optim.Transforms

open System
open Optim
open Optim.Primitives

/// All members of a batch at once: `vmap`. The batch axis is axis 0 of the value and hidden from the function.
[<Sealed>]
type internal Batched(value: Tensor, level: Level) =
    inherit Operand(level.Number, Shape.tail value.Shape, value.DType, value.Engine)

    member _.Value: Tensor = value

    override x.Concrete =
        let message =
            $"a value of shape {x.Shape} stands for {value.Shape.Dims[0]} values inside vmap, so it has no numbers of its "
            + "own; choose between tensors with Tensor.where instead of branching on a number"

        raise (InvalidOperationException message)

    member private _.ValueOf(x: Tensor) : Tensor =
        match x with
        | :? Batched as b when b.Level = level.Number -> b.Value
        | _ -> x

    member private _.IsBatched(x: Tensor) : bool = x.Level = level.Number

    override this.Bind1(operation, x) =
        level.CheckOpen operation.Name
        Batched(operation.Batch(this.ValueOf x), level)

    override this.Bind2(operation, a, b) =
        level.CheckOpen operation.Name

        Batched(
            operation.Batch(this.ValueOf a, this.IsBatched a, this.ValueOf b, this.IsBatched b),
            level
        )

    override this.BindN(operation, inputs) =
        level.CheckOpen operation.Name

        Batched(
            operation.Batch(Array.map this.ValueOf inputs, Array.map this.IsBatched inputs),
            level
        )

    /// f applied to all members along axis 0 of the inputs; results stacked along axis 0.
    static member Run(f: Tensor[] -> Tensor, inputs: Tensor[]) : Tensor =
        for x in inputs do
            if x.Rank = 0 then
                raise (ShapeException("vmap: a scalar has no axis to map over", nameof inputs))

        let size = inputs[0].Shape.Dims[0]

        for x in inputs do
            if x.Shape.Dims[0] <> size then
                let message =
                    $"vmap: the inputs have {size} and {x.Shape.Dims[0]} members along axis 0"

                raise (ShapeException(message, nameof inputs))

        let level = Level.Next()

        try
            match f (Array.map (fun x -> Batched(x, level) :> Tensor) inputs) with
            | :? Batched as y when y.Level = level.Number -> y.Value
            | y -> Align.Full(size, y, false)
        finally
            level.Close()
