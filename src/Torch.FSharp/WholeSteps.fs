namespace Optim.Torch

#nowarn "9" "51" // memory on the stack for libtorch's arguments

open Microsoft.FSharp.NativeInterop
open Optim

/// Steps of whole methods by libtorch's fused kernels: one pass over all vectors of the step. The kernels write in place, so
/// they work on copies of what changes.
[<RequireQualifiedAccess>]
module internal WholeSteps =

    let private fusedAdam = Operator("_fused_adam_", "")
    let private fusedAdamW = Operator("_fused_adamw_", "")
    let private fusedSgd = Operator("_fused_sgd_", "")

    // A list of one tensor.
    let private listOf (x: TorchTensor) : uint64 =
        Slot.list (System.ReadOnlySpan [| Slot.tensor x |])

    let private emptyList () : uint64 =
        Slot.list System.ReadOnlySpan<uint64>.Empty

    let private slotOf (x: float) : uint64 =
        System.BitConverter.DoubleToUInt64Bits x

    let private adam (step: AdamNumbers) (inputs: TorchTensor[]) : Tensor[] =
        let place = inputs[0].Place
        let point = Creation.copy inputs[0]
        let gradient = Creation.rows inputs[1]
        let mean = Creation.copy inputs[2]
        let square = Creation.copy inputs[3]
        // libtorch reads the number of the step from a tensor; single precision is what its kernels expect.
        let count = Creation.constant place DType.Float32 (float step.Step)
        gradient.Check()
        let slots = NativePtr.stackalloc<uint64> 15

        Dispatch.call
            (if step.IsDecoupled then fusedAdamW else fusedAdam)
            place
            (fun () -> Dispatch.shapes (List.ofArray inputs))
            slots
            (fun slots ->
                NativePtr.set slots 0 (listOf point)
                NativePtr.set slots 1 (listOf gradient)
                NativePtr.set slots 2 (listOf mean)
                NativePtr.set slots 3 (listOf square)
                NativePtr.set slots 4 (emptyList ())
                NativePtr.set slots 5 (listOf count)
                NativePtr.set slots 6 (slotOf step.Rate)
                NativePtr.set slots 7 (slotOf step.Decay1)
                NativePtr.set slots 8 (slotOf step.Decay2)
                NativePtr.set slots 9 (slotOf step.WeightDecay)
                NativePtr.set slots 10 (slotOf step.Epsilon)
                // Neither the largest mean square so far nor the opposite direction; no scale of the gradient, no flag.
                NativePtr.set slots 11 (Slot.flag false)
                NativePtr.set slots 12 (Slot.flag false)
                NativePtr.set slots 13 Slot.None
                NativePtr.set slots 14 Slot.None
            )

        [| point; mean; square |]

    let private sgd (step: SgdNumbers) (inputs: TorchTensor[]) : Tensor[] =
        let point = Creation.copy inputs[0]
        let gradient = Creation.rows inputs[1]
        let velocity = inputs[2..] |> Array.map Creation.copy
        gradient.Check()
        let slots = NativePtr.stackalloc<uint64> 12

        Dispatch.call
            fusedSgd
            point.Place
            (fun () -> Dispatch.shapes (List.ofArray inputs))
            slots
            (fun slots ->
                NativePtr.set slots 0 (listOf point)
                NativePtr.set slots 1 (listOf gradient)

                NativePtr.set
                    slots
                    2
                    (if velocity.Length = 0 then
                         emptyList ()
                     else
                         listOf velocity[0])

                NativePtr.set slots 3 (slotOf step.WeightDecay)
                NativePtr.set slots 4 (slotOf step.Momentum)
                NativePtr.set slots 5 (slotOf step.Rate)
                // No dampening.
                NativePtr.set slots 6 (slotOf 0.0)
                NativePtr.set slots 7 (Slot.flag step.IsNesterov)
                NativePtr.set slots 8 (Slot.flag false)
                // Of the first step libtorch would take the gradient as velocity; velocities here begin with 0, which is the same.
                NativePtr.set slots 9 (Slot.flag (velocity.Length = 0))
                NativePtr.set slots 10 Slot.None
                NativePtr.set slots 11 Slot.None
            )

        [|
            point
            for b in velocity do
                b
        |]

    /// The results of a step on tensors of one shape and one floating element type.
    let take (step: WholeStep) (inputs: TorchTensor[]) : Tensor[] =
        match step with
        | WholeStep.Adam numbers -> adam numbers inputs
        | WholeStep.Sgd numbers -> sgd numbers inputs
