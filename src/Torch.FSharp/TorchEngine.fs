namespace Optim.Torch

open System
open Optim

/// The engine that computes with libtorch on one device. It has no state: the one instance for a device may be used from any
/// number of threads.
[<Sealed>]
type internal TorchEngine private (device: TorchDevice) =

    /// The engine of a device. The library must be loaded.
    static member On(device: TorchDevice) : TorchEngine =
        let engine = TorchEngine device
        device.Engine <- engine
        engine

    /// The device on which it computes.
    member _.Place: TorchDevice = device

    // The engine's own tensor behind x.
    member private _.Own(x: Tensor) : TorchTensor =
        match x with
        | :? TorchTensor as own when Object.ReferenceEquals(own.Place, device) -> own
        | other ->
            raise (
                ArgumentException(
                    $"expected a concrete tensor on {device.Device}, got one of level {other.Level} on {other.Device}",
                    nameof x
                )
            )

    interface Engine with
        member _.Name = "torch"
        member _.Device = device.Device

        member _.Full(shape, dtype, value) = Creation.full device shape dtype value
        member _.OfArray(shape, values) = Creation.ofArray device shape values
        member this.ToArray x = Creation.toArray (this.Own x)
        member this.Read x = Creation.read (this.Own x)

        member this.Unary(kind, x) = Elementwise.unary kind (this.Own x)

        member this.Affine(scale, shift, x) =
            Elementwise.affine scale shift (this.Own x)

        member this.Binary(kind, a, b) =
            Elementwise.binary kind (this.Own a) (this.Own b)

        member this.Compare(kind, a, b) =
            Elementwise.compare kind (this.Own a) (this.Own b)

        member this.Where(condition, a, b) =
            Elementwise.where (this.Own condition) (this.Own a) (this.Own b)

        member this.Cast(dtype, x) = Casting.cast dtype (this.Own x)

        member this.Reduce(kind, axes, keep, x) =
            Reductions.reduce kind axes keep (this.Own x)

        member this.CumulativeSum(axis, reversed, x) =
            Reductions.cumulativeSum axis reversed (this.Own x)

        member this.ArgReduce(largest, axis, x) =
            Reductions.argReduce largest axis (this.Own x)

        member this.MatMul(transposeA, transposeB, a, b) =
            Products.multiply transposeA transposeB (this.Own a) (this.Own b)

        member this.Reshape(shape, x) = Views.reshape shape (this.Own x)
        member this.Permute(axes, x) = Views.permute axes (this.Own x)
        member this.Expand(shape, x) = Views.expand shape (this.Own x)
        member this.Slice(ranges, x) = Movement.slice ranges (this.Own x)

        member this.Assemble(shape, ranges, pieces) =
            Movement.assemble shape ranges (Array.map this.Own pieces)

        member this.IndexSelect(axis, x, indices) =
            Selection.indexSelect axis (this.Own x) (this.Own indices)

        member this.IndexAdd(axis, length, x, indices) =
            Selection.indexAdd axis length (this.Own x) (this.Own indices)

        member this.Gather(axis, x, indices) =
            Selection.gather axis (this.Own x) (this.Own indices)

        member this.ScatterAdd(axis, length, x, indices) =
            Selection.scatterAdd axis length (this.Own x) (this.Own indices)

        member this.Cholesky a = Factorizations.cholesky (this.Own a)

        member this.Solve(a, b) =
            Factorizations.solve (this.Own a) (this.Own b)

        member this.TriangularSolve(triangle, transposed, unit, a, b) =
            Factorizations.triangularSolve triangle transposed unit (this.Own a) (this.Own b)

        member this.Qr a = Factorizations.qr (this.Own a)

        member this.SymmetricEigen a =
            Factorizations.symmetricEigen (this.Own a)

        member this.LogDeterminant a =
            Factorizations.logDeterminant (this.Own a)

        member this.WholeStep(step, tensors) =
            WholeSteps.take step (Array.map this.Own tensors)

        member _.OpenScope() = Scope.Open device
        member _.Detach() = Detachment.Begin device
