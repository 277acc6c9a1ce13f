namespace Optim.Torch

#nowarn "9" // memory on the stack for libtorch's arguments

open System
open Microsoft.FSharp.NativeInterop
open Optim

/// Reductions over axes, running sums and positions of extremes.
[<RequireQualifiedAccess>]
module internal Reductions =

    let private sumAll = Operator("sum", "")
    let private sumOver = Operator("sum", "dim_IntList")
    let private productOver = Operator("prod", "dim_int")
    let private smallestOver = Operator("amin", "")
    let private logSumExpOver = Operator("logsumexp", "")
    let private flipped = Operator("flip", "")
    let private argLargest = Operator("argmax", "")
    let private argSmallest = Operator("argmin", "")
    let private converted = Operator("to", "dtype")

    /// The sum over all elements, as a handle.
    let total (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 2

        Dispatch.call
            sumAll
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 Slot.None
            )

        nativeint (NativePtr.read slots)

    /// Sums over some axes, as a handle. Whole numbers wrap around.
    let sums (axes: int[]) (keep: bool) (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 4

        Dispatch.call
            sumOver
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.some (Slot.ints axes))
                NativePtr.set slots 2 (Slot.flag keep)
                NativePtr.set slots 3 Slot.None
            )

        nativeint (NativePtr.read slots)

    // An operation of a tensor, axes and a flag.
    let private over (operator: Operator) (axes: int[]) (keep: bool) (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 3

        Dispatch.call
            operator
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.ints axes)
                NativePtr.set slots 2 (Slot.flag keep)
            )

        nativeint (NativePtr.read slots)

    // The product along one axis, which is kept.
    let private product (axis: int) (x: TorchTensor) : TorchTensor =
        let slots = NativePtr.stackalloc<uint64> 4

        Dispatch.call
            productOver
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.int axis)
                NativePtr.set slots 2 (Slot.flag true)
                NativePtr.set slots 3 Slot.None
            )

        Results.wrap
            x.Place
            x.DType
            (Shape.reduced [| axis |] true x.Shape)
            (nativeint (NativePtr.read slots))

    /// x with the order along axes reversed.
    let flip (axes: int[]) (x: TorchTensor) : TorchTensor =
        let slots = NativePtr.stackalloc<uint64> 2

        Dispatch.call
            flipped
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.ints axes)
            )

        Results.wrap x.Place x.DType x.Shape (nativeint (NativePtr.read slots))

    /// x with elements of the type with libtorch's number `code`, as a handle.
    let convert (code: int) (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 5

        Dispatch.call
            converted
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.int code)
                NativePtr.set slots 2 (Slot.flag false)
                NativePtr.set slots 3 (Slot.flag false)
                NativePtr.set slots 4 Slot.None
            )

        nativeint (NativePtr.read slots)

    let private undefined (kind: Reduction) (x: TorchTensor) : exn =
        EngineException(
            $"Reduce {kind}",
            $"{x.Shape}",
            x.Place.Device.Name,
            $"it is not defined for {x.DType}",
            0,
            null
        )

    // What an extreme of no elements is, as a number of the type.
    let private extremeOfNone (kind: Reduction) : float =
        match kind with
        | Reduction.Minimum -> infinity
        | Reduction.Maximum
        | Reduction.Sum
        | Reduction.Product
        | Reduction.LogSumExp -> -infinity

    let private bothTypes (kind: Reduction) (x: TorchTensor) : unit =
        let isDefined =
            match kind, x.DType with
            | (Reduction.Sum | Reduction.Product | Reduction.LogSumExp), DType.Bool
            | Reduction.LogSumExp, DType.Int64 -> false
            | (Reduction.Maximum | Reduction.Minimum), DType.Bool
            | (Reduction.Sum | Reduction.Product | Reduction.Maximum | Reduction.Minimum),
              DType.Int64
            | (Reduction.Sum | Reduction.Product | Reduction.Maximum | Reduction.Minimum | Reduction.LogSumExp),
              (DType.Float64 | DType.Float32) -> true

        if not isDefined then
            raise (undefined kind x)

    let private extremeOver (kind: Reduction) (axes: int[]) (keep: bool) (x: TorchTensor) =
        let shape = Shape.reduced axes keep x.Shape

        if axes |> Array.exists (fun axis -> x.Shape.Dims[axis] = 0) then
            let value = extremeOfNone kind

            match x.DType with
            | DType.Bool ->
                Creation.full x.Place shape DType.Bool (if value > 0.0 then 1.0 else 0.0)
            | DType.Float64
            | DType.Float32
            | DType.Int64 -> Creation.full x.Place shape x.DType value
        else
            let handle =
                if kind.IsMinimum then
                    over smallestOver axes keep x
                else
                    Direct.largest axes keep x

            Results.wrap x.Place x.DType shape handle

    /// Over the axes (ascending, distinct); each is kept with length 1, or dropped.
    /// Errors: EngineException for a kind that the element type does not have.
    let reduce (kind: Reduction) (axes: int[]) (keep: bool) (x: TorchTensor) : TorchTensor =
        bothTypes kind x

        if axes.Length = 0 then
            x
        else
            match kind with
            | Reduction.Sum when axes.Length = x.Rank ->
                let sum = Results.wrap x.Place x.DType Shape.Scalar (total x)
                Views.reshape (Shape.reduced axes keep x.Shape) sum
            | Reduction.Sum ->
                Results.wrap x.Place x.DType (Shape.reduced axes keep x.Shape) (sums axes keep x)
            | Reduction.Product ->
                let kept = Array.foldBack product axes x
                Views.reshape (Shape.reduced axes keep x.Shape) kept
            | Reduction.Maximum
            | Reduction.Minimum -> extremeOver kind axes keep x
            | Reduction.LogSumExp ->
                let shape = Shape.reduced axes keep x.Shape
                Results.wrap x.Place x.DType shape (over logSumExpOver axes keep x)

    /// Running sums along an axis, from its end when reversed. Errors: a Bool x.
    let cumulativeSum (axis: int) (reversed: bool) (x: TorchTensor) : TorchTensor =
        if x.DType = DType.Bool then
            raise (
                ArgumentException("CumulativeSum: expected numbers, got Bool elements", nameof x)
            )

        let forward (x: TorchTensor) : TorchTensor =
            Results.wrap x.Place x.DType x.Shape (Direct.cumulativeSum axis x)

        if reversed then
            flip [| axis |] (forward (flip [| axis |] x))
        else
            forward x

    /// The positions of the first largest or smallest elements along an axis, which is dropped.
    /// Errors: EngineException where the axis has no elements.
    let rec argReduce (largest: bool) (axis: int) (x: TorchTensor) : TorchTensor =
        let shape = Shape.reduced [| axis |] false x.Shape

        if shape.Length = 0 then
            Creation.empty x.Place shape DType.Int64
        elif x.Shape.Dims[axis] = 0 then
            let detail = $"axis {axis} has no elements, so none is the largest or smallest"
            raise (EngineException("ArgReduce", $"{x.Shape}", x.Place.Device.Name, detail, 0, null))
        elif x.DType = DType.Bool then
            let numbers = convert (TorchDevice.CodeOf DType.Int64) x
            argReduce largest axis (Results.wrap x.Place DType.Int64 x.Shape numbers)
        else
            let slots = NativePtr.stackalloc<uint64> 3
            let operator = if largest then argLargest else argSmallest

            Dispatch.call
                operator
                x.Place
                (fun () -> Dispatch.shapes [ x ])
                slots
                (fun slots ->
                    NativePtr.set slots 0 (Slot.tensor x)
                    NativePtr.set slots 1 (Slot.some (Slot.int axis))
                    NativePtr.set slots 2 (Slot.flag false)
                )

            Results.wrap x.Place DType.Int64 shape (nativeint (NativePtr.read slots))
