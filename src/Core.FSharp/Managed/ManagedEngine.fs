namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// The engine that computes on this machine's processor, in .NET alone. It has no state: the one instance may be used
/// from any number of threads.
[<Sealed>]
type internal ManagedEngine private () =
    let device = Device.Cpu

    static let instance = ManagedEngine()

    /// The one engine.
    static member Instance: ManagedEngine = instance

    static member private Raw(x: Tensor) : Raw =
        match x with
        | :? Raw as raw when Object.ReferenceEquals(raw.Engine, instance) -> raw
        | other ->
            let message =
                if other.Level > 0L then
                    $"the managed engine computes on concrete tensors, got one of shape {x.Shape} and level {other.Level}"
                else
                    $"the managed engine computes on its own tensors, got one of shape {x.Shape} on {x.Device}; "
                    + "bring it here with Tensor.moveTo (MoveTo in C#)"

            raise (ArgumentException(message, nameof x))

    interface Engine with
        member _.Name = "managed"
        member _.Device = device

        member this.Full(shape, dtype, value) = Creation.full this shape dtype value
        member this.OfArray(shape, values) = Creation.ofArray this shape values
        member _.ToArray x = Creation.toArray (ManagedEngine.Raw x)
        member _.Read x = Creation.read (ManagedEngine.Raw x)

        member _.Unary(kind, x) =
            Elementwise.unary kind (ManagedEngine.Raw x)

        member _.Affine(scale, shift, x) =
            Elementwise.affine scale shift (ManagedEngine.Raw x)

        member _.Binary(kind, a, b) =
            Elementwise.binary kind (ManagedEngine.Raw a) (ManagedEngine.Raw b)

        member _.Compare(kind, a, b) =
            Elementwise.compare kind (ManagedEngine.Raw a) (ManagedEngine.Raw b)

        member _.Where(condition, a, b) =
            Elementwise.where
                (ManagedEngine.Raw condition)
                (ManagedEngine.Raw a)
                (ManagedEngine.Raw b)

        member _.Cast(dtype, x) =
            Casting.cast dtype (ManagedEngine.Raw x)

        member _.Reduce(kind, axes, keep, x) =
            Shaping.reduce kind axes keep (ManagedEngine.Raw x)

        member _.CumulativeSum(axis, reversed, x) =
            Shaping.cumulativeSum axis reversed (ManagedEngine.Raw x)

        member _.ArgReduce(largest, axis, x) =
            Shaping.argReduce largest axis (ManagedEngine.Raw x)

        member _.MatMul(transposeA, transposeB, a, b) =
            Products.multiply transposeA transposeB (ManagedEngine.Raw a) (ManagedEngine.Raw b)

        member _.Reshape(shape, x) =
            Buffers.share 0 shape (ManagedEngine.Raw x)

        member _.Permute(axes, x) =
            Shaping.permute axes (ManagedEngine.Raw x)

        member _.Expand(shape, x) =
            Shaping.expand shape (ManagedEngine.Raw x)

        member _.Slice(ranges, x) =
            Shaping.slice ranges (ManagedEngine.Raw x)

        member _.Assemble(shape, ranges, pieces) =
            Shaping.assemble shape ranges (Array.map ManagedEngine.Raw pieces)

        member _.IndexSelect(axis, x, indices) =
            Choosing.indexSelect axis (ManagedEngine.Raw x) (ManagedEngine.Raw indices)

        member _.IndexAdd(axis, length, x, indices) =
            Choosing.indexAdd axis length (ManagedEngine.Raw x) (ManagedEngine.Raw indices)

        member _.Gather(axis, x, indices) =
            Choosing.gather axis (ManagedEngine.Raw x) (ManagedEngine.Raw indices)

        member _.ScatterAdd(axis, length, x, indices) =
            Choosing.scatterAdd axis length (ManagedEngine.Raw x) (ManagedEngine.Raw indices)

        member _.Cholesky a =
            Factorizations.cholesky (ManagedEngine.Raw a)

        member _.Solve(a, b) =
            Factorizations.solve (ManagedEngine.Raw a) (ManagedEngine.Raw b)

        member _.TriangularSolve(triangle, transposed, unit, a, b) =
            let form = { Triangle = triangle; IsTransposed = transposed; IsUnit = unit }

            Factorizations.triangularSolve form (ManagedEngine.Raw a) (ManagedEngine.Raw b)

        member _.Qr a = Factorizations.qr (ManagedEngine.Raw a)

        member _.SymmetricEigen a =
            Factorizations.symmetricEigen (ManagedEngine.Raw a)

        member _.LogDeterminant a =
            Factorizations.logDeterminant (ManagedEngine.Raw a)

        member _.WholeStep(_, _) = null

        member _.OpenScope() = Scope.Open()
        member _.Detach() = Detachment.Begin()
