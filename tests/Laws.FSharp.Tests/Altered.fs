namespace Optim.LawsTests

open System
open Optim
open Optim.Core
open Optim.Primitives

/// The managed engine, of which a fault overrides a member.
[<AbstractClass>]
type internal Altered() =
    let inner: Engine = Engines.managed

    /// The engine that computes.
    member _.Inner: Engine = inner

    /// A tensor of this engine as the inner one knows it.
    abstract In: x: Tensor -> Tensor
    default _.In x = x

    /// A tensor of the inner engine as one of this engine.
    abstract Out: y: Tensor -> Tensor
    default _.Out y = y

    abstract OfArray: shape: Shape * values: Array -> Tensor
    default _.OfArray(shape, values) = inner.OfArray(shape, values)
    abstract Read: x: Tensor -> float
    default _.Read x = inner.Read x
    abstract Unary: kind: Unary * x: Tensor -> Tensor
    default _.Unary(kind, x) = inner.Unary(kind, x)
    abstract Binary: kind: Binary * a: Tensor * b: Tensor -> Tensor
    default _.Binary(kind, a, b) = inner.Binary(kind, a, b)
    abstract Compare: kind: Comparison * a: Tensor * b: Tensor -> Tensor
    default _.Compare(kind, a, b) = inner.Compare(kind, a, b)
    abstract Where: condition: Tensor * a: Tensor * b: Tensor -> Tensor
    default _.Where(condition, a, b) = inner.Where(condition, a, b)
    abstract Cast: dtype: DType * x: Tensor -> Tensor
    default _.Cast(dtype, x) = inner.Cast(dtype, x)
    abstract Reduce: kind: Reduction * axes: int[] * keep: bool * x: Tensor -> Tensor
    default _.Reduce(kind, axes, keep, x) = inner.Reduce(kind, axes, keep, x)
    abstract ArgReduce: largest: bool * axis: int * x: Tensor -> Tensor
    default _.ArgReduce(largest, axis, x) = inner.ArgReduce(largest, axis, x)
    abstract MatMul: transposeA: bool * transposeB: bool * a: Tensor * b: Tensor -> Tensor

    default _.MatMul(transposeA, transposeB, a, b) =
        inner.MatMul(transposeA, transposeB, a, b)

    abstract Expand: shape: Shape * x: Tensor -> Tensor
    default _.Expand(shape, x) = inner.Expand(shape, x)
    abstract Slice: ranges: AxisRange[] * x: Tensor -> Tensor
    default _.Slice(ranges, x) = inner.Slice(ranges, x)
    abstract IndexSelect: axis: int * x: Tensor * indices: Tensor -> Tensor
    default _.IndexSelect(axis, x, indices) = inner.IndexSelect(axis, x, indices)
    abstract IndexAdd: axis: int * length: int * x: Tensor * indices: Tensor -> Tensor

    default _.IndexAdd(axis, length, x, indices) =
        inner.IndexAdd(axis, length, x, indices)

    abstract Cholesky: a: Tensor -> Tensor
    default _.Cholesky a = inner.Cholesky a

    abstract TriangularSolve:
        triangle: Triangle * transposed: bool * unit: bool * a: Tensor * b: Tensor -> Tensor

    default _.TriangularSolve(triangle, transposed, unit, a, b) =
        inner.TriangularSolve(triangle, transposed, unit, a, b)

    abstract Qr: a: Tensor -> Tensor
    default _.Qr a = inner.Qr a
    abstract SymmetricEigen: a: Tensor -> Tensor
    default _.SymmetricEigen a = inner.SymmetricEigen a
    abstract WholeStep: step: WholeStep * tensors: Tensor[] -> Tensor[] | null
    default _.WholeStep(step, tensors) = inner.WholeStep(step, tensors)
    abstract OpenScope: unit -> EngineScope
    default _.OpenScope() = inner.OpenScope()
    abstract Detach: unit -> EngineDetachment
    default _.Detach() = inner.Detach()

    interface Engine with
        member _.Name = "altered"
        member _.Device = inner.Device

        member e.Full(shape, dtype, value) = e.Out(inner.Full(shape, dtype, value))

        member e.OfArray(shape, values) = e.Out(e.OfArray(shape, values))
        member e.ToArray x = inner.ToArray(e.In x)
        member e.Read x = e.Read(e.In x)
        member e.Unary(kind, x) = e.Out(e.Unary(kind, e.In x))

        member e.Affine(scale, shift, x) =
            e.Out(inner.Affine(scale, shift, e.In x))

        member e.Binary(kind, a, b) = e.Out(e.Binary(kind, e.In a, e.In b))
        member e.Compare(kind, a, b) = e.Out(e.Compare(kind, e.In a, e.In b))

        member e.Where(condition, a, b) =
            e.Out(e.Where(e.In condition, e.In a, e.In b))

        member e.Cast(dtype, x) = e.Out(e.Cast(dtype, e.In x))

        member e.Reduce(kind, axes, keep, x) =
            e.Out(e.Reduce(kind, axes, keep, e.In x))

        member e.CumulativeSum(axis, reversed, x) =
            e.Out(inner.CumulativeSum(axis, reversed, e.In x))

        member e.ArgReduce(largest, axis, x) =
            e.Out(e.ArgReduce(largest, axis, e.In x))

        member e.MatMul(transposeA, transposeB, a, b) =
            e.Out(e.MatMul(transposeA, transposeB, e.In a, e.In b))

        member e.Reshape(shape, x) = e.Out(inner.Reshape(shape, e.In x))
        member e.Permute(axes, x) = e.Out(inner.Permute(axes, e.In x))
        member e.Expand(shape, x) = e.Out(e.Expand(shape, e.In x))
        member e.Slice(ranges, x) = e.Out(e.Slice(ranges, e.In x))

        member e.Assemble(shape, ranges, pieces) =
            e.Out(inner.Assemble(shape, ranges, Array.map e.In pieces))

        member e.IndexSelect(axis, x, indices) =
            e.Out(e.IndexSelect(axis, e.In x, e.In indices))

        member e.IndexAdd(axis, length, x, indices) =
            e.Out(e.IndexAdd(axis, length, e.In x, e.In indices))

        member e.Gather(axis, x, indices) =
            e.Out(inner.Gather(axis, e.In x, e.In indices))

        member e.ScatterAdd(axis, length, x, indices) =
            e.Out(inner.ScatterAdd(axis, length, e.In x, e.In indices))

        member e.Cholesky a = e.Out(e.Cholesky(e.In a))
        member e.Solve(a, b) = e.Out(inner.Solve(e.In a, e.In b))

        member e.TriangularSolve(triangle, transposed, unit, a, b) =
            e.Out(e.TriangularSolve(triangle, transposed, unit, e.In a, e.In b))

        member e.Qr a = e.Out(e.Qr(e.In a))
        member e.SymmetricEigen a = e.Out(e.SymmetricEigen(e.In a))
        member e.LogDeterminant a = e.Out(inner.LogDeterminant(e.In a))

        member e.WholeStep(step, tensors) =
            match e.WholeStep(step, Array.map e.In tensors) with
            | null -> null
            | results -> Array.map e.Out results

        member e.OpenScope() = e.OpenScope()
        member e.Detach() = e.Detach()

/// The same with tensors that say this engine, so that derivatives are computed on it.
[<AbstractClass>]
type internal AlteredDeeply() =
    inherit Altered()

    let retagged (engine: Engine) (x: Tensor) : Tensor =
        match x with
        | :? Raw as raw -> Raw(raw.Storage, raw.Offset, raw.Shape, raw.DType, engine)
        | other -> other

    override e.In x = retagged e.Inner x
    override e.Out y = retagged e y
