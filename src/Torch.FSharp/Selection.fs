namespace Optim.Torch

#nowarn "9" // memory on the stack for libtorch's arguments

open System
open System.Numerics.Tensors
open Microsoft.FSharp.NativeInterop
open Optim

/// Reading and adding up at positions that are data. Positions are checked before libtorch sees them: on CUDA devices a wrong
/// one would end all work on the device. Each tensor of positions is looked at once.
[<RequireQualifiedAccess>]
module internal Selection =

    let private select = Operator("index_select", "")
    let private gathered = Operator("gather", "")
    let private scattered = Operator("scatter_add", "")

    let private boundsOf (indices: TorchTensor) : IndexBounds =
        match indices.Bounds with
        | null ->
            let found =
                if indices.IsRowMajor && not indices.Place.IsCuda then
                    let address = Creation.enter indices
                    let values = ReadOnlySpan<int64>(address.ToPointer(), indices.Length)
                    let least, largest = TensorPrimitives.Min values, TensorPrimitives.Max values
                    indices.Storage.Leave()
                    IndexBounds(least, largest)
                else
                    let values = ReadOnlySpan(Creation.toArray indices :?> int64[])
                    IndexBounds(TensorPrimitives.Min values, TensorPrimitives.Max values)

            indices.Bounds <- found
            found
        | known -> known

    // Errors: ArgumentException for indices that are not Int64; EngineException for one outside 0 … length − 1.
    let private check
        (operation: string)
        (axis: int)
        (length: int)
        (x: TorchTensor)
        (indices: TorchTensor)
        : unit =
        if indices.DType <> DType.Int64 then
            let message = $"{operation}: expected Int64 indices, got {indices.DType}"
            raise (ArgumentException(message, nameof indices))

        if indices.Length > 0 then
            let bounds = boundsOf indices

            if bounds.Least < 0L || bounds.Largest >= int64 length then
                let values = Creation.toArray indices :?> int64[]
                let place = values |> Array.findIndex (fun i -> i < 0L || i >= int64 length)

                let detail =
                    $"index {values[place]} at position {place} is outside axis {axis}, which has length {length}"

                raise (
                    EngineException(
                        operation,
                        $"{x.Shape} and {values.Length} indices",
                        x.Place.Device.Name,
                        detail,
                        0,
                        null
                    )
                )

    let private withAxis (axis: int) (length: int) (x: TorchTensor) : Shape =
        Shape(Array.updateAt axis length x.Shape.Dims)

    /// Positions `indices` (k) of an axis of x.
    let indexSelect (axis: int) (x: TorchTensor) (indices: TorchTensor) : TorchTensor =
        check "IndexSelect" axis x.Shape.Dims[axis] x indices
        let slots = NativePtr.stackalloc<uint64> 3
        indices.Check()

        Dispatch.call
            select
            x.Place
            (fun () -> Dispatch.shapes [ x; indices ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.int axis)
                NativePtr.set slots 2 (Slot.tensor indices)
            )

        Results.wrap
            x.Place
            x.DType
            (withAxis axis indices.Length x)
            (nativeint (NativePtr.read slots))

    /// Element i of the result is x at the same place but at position indices[i] of the axis.
    let gather (axis: int) (x: TorchTensor) (indices: TorchTensor) : TorchTensor =
        check "Gather" axis x.Shape.Dims[axis] x indices
        let slots = NativePtr.stackalloc<uint64> 4
        indices.Check()

        Dispatch.call
            gathered
            x.Place
            (fun () -> Dispatch.shapes [ x; indices ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.int axis)
                NativePtr.set slots 2 (Slot.tensor indices)
                NativePtr.set slots 3 (Slot.flag false)
            )

        Results.wrap x.Place x.DType indices.Shape (nativeint (NativePtr.read slots))

    // Zeros with elements of x added, for numbers.
    let private scatterNumbers
        (axis: int)
        (shape: Shape)
        (x: TorchTensor)
        (indices: TorchTensor)
        : TorchTensor =
        let zeros = Creation.full x.Place shape x.DType 0.0
        let slots = NativePtr.stackalloc<uint64> 4
        x.Check()
        indices.Check()

        Dispatch.call
            scattered
            x.Place
            (fun () -> Dispatch.shapes [ x; indices ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor zeros)
                NativePtr.set slots 1 (Slot.int axis)
                NativePtr.set slots 2 (Slot.tensor indices)
                NativePtr.set slots 3 (Slot.tensor x)
            )

        Results.wrap x.Place x.DType shape (nativeint (NativePtr.read slots))

    let private scatter
        (axis: int)
        (length: int)
        (x: TorchTensor)
        (indices: TorchTensor)
        : TorchTensor =
        let shape = withAxis axis length x

        if x.Length = 0 then
            Creation.full x.Place shape x.DType 0.0
        elif x.DType = DType.Bool then
            // Adding truth values is or: more than none.
            Casting.cast DType.Bool (scatterNumbers axis shape (Casting.cast DType.Int64 x) indices)
        else
            scatterNumbers axis shape x indices

    /// Zeros with `length` positions on the axis, to which part i of x is added at position indices[i].
    let indexAdd (axis: int) (length: int) (x: TorchTensor) (indices: TorchTensor) : TorchTensor =
        check "IndexAdd" axis length x indices
        let along = Array.create x.Rank 1
        along[axis] <- indices.Length
        scatter axis length x (Views.expand x.Shape (Views.reshape (Shape along) indices))

    /// Zeros with `length` positions on the axis, to which each element of x is added at the position in indices.
    let scatterAdd (axis: int) (length: int) (x: TorchTensor) (indices: TorchTensor) : TorchTensor =
        check "ScatterAdd" axis length x indices
        scatter axis length x indices
