namespace Optim.Primitives

open System
open Optim

/// What the operators of Tensor mean, said once for all levels.
[<AbstractClass>]
type internal Operand(level: int64, shape: Shape, dtype: DType, engine: Engine) =
    inherit Tensor(level, shape, dtype, engine)

    override x.ApplyUnary kind = Elementwise1.Apply(kind, x)
    override x.ApplyAffine(scale, shift) = Affine.Apply(scale, shift, x)
    override x.ApplyBinary(kind, other) = Elementwise2.Apply(kind, x, other)

    override x.ApplyIndex position =
        let part = x.ApplyRange(position, 1)
        Reshape.Apply(Shape.tail x.Shape, part)

    override x.ApplyRange(start, count) =
        if x.Rank = 0 then
            raise (ShapeException("a scalar has no axis to index", "x"))

        let length = x.Shape.Dims[0]

        if start < 0 || count < 0 || start + count > length then
            let last = start + count - 1
            let message = $"positions {start} to {last} are outside the first axis of {x.Shape}"
            raise (ArgumentOutOfRangeException(nameof start, message))

        Slice.Axis(0, AxisRange.span start count, x)

/// What concrete tensors of all engines have in common.
[<RequireQualifiedAccess>]
module internal Concrete =

    /// The error of using a tensor whose memory went back to its engine.
    let recycled (shape: Shape) : exn =
        let message =
            $"a tensor of shape {shape} was recycled at the end of the step that made it; "
            + "copy its numbers with ToArray inside the step, or return it as part of the step's result"

        InvalidOperationException message

    /// Shape and type, and the elements when they are few.
    let text (x: Tensor) : string =
        if x.Length > 1000 then
            $"Tensor {x.Shape} {x.DType}"
        else
            let values = x.ToArray()

            let strides = Shape.strides x.Shape

            let rec part (axis: int) (start: int) : string =
                if axis = x.Rank then
                    values[start].ToString("G6", Globalization.CultureInfo.InvariantCulture)
                else
                    let parts =
                        Array.init
                            x.Shape.Dims[axis]
                            (fun i -> part (axis + 1) (start + i * strides[axis]))

                    let inside = String.Join("; ", parts)
                    $"[{inside}]"

            part 0 0

/// A concrete tensor: elements from an offset of an engine's storage. The managed engine's storage is an array whose
/// elements lie row by row; the array may be longer than the tensor.
[<Sealed>]
type internal Raw(storage: obj, offset: int, shape: Shape, dtype: DType, engine: Engine) =
    inherit Operand(0L, shape, dtype, engine)

    let mutable held: (obj | null) = storage

    /// The engine's own object. Errors: InvalidOperationException after Recycle.
    member x.Storage: obj =
        match held with
        | null -> raise (Concrete.recycled x.Shape)
        | s -> s

    /// The position of the first element in the storage.
    member _.Offset: int = offset

    /// Forgets the storage, because the engine is about to give it to somebody else.
    member _.Recycle() : unit = held <- (null: (obj | null))

    override x.Concrete = x

    override _.Bind1(operation, x) = operation.Eval x
    override _.Bind2(operation, a, b) = operation.Eval(a, b)
    override _.BindN(operation, inputs) = operation.Eval inputs

    /// Shape and type, and the elements when they are few.
    override x.ToString() = Concrete.text x
