namespace Optim.Torch

#nowarn "9" // memory on the stack for libtorch's arguments

open System
open Microsoft.FSharp.NativeInterop
open Optim

/// Changes of the element type.
[<RequireQualifiedAccess>]
module internal Casting =

    let private withoutNaN = Operator("nan_to_num", "")
    let private clamped = Operator("clamp", "Tensor")

    // x with 0 for NaN and the largest numbers for infinities.
    let private finite (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 4
        let zero = uint64 (BitConverter.DoubleToInt64Bits 0.0)

        Dispatch.call
            withoutNaN
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.some zero)
                NativePtr.set slots 2 Slot.None
                NativePtr.set slots 3 Slot.None
            )

        nativeint (NativePtr.read slots)

    let private clamp (low: TorchTensor) (high: TorchTensor) (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 3

        Dispatch.call
            clamped
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.some (Slot.tensor low))
                NativePtr.set slots 2 (Slot.some (Slot.tensor high))
            )

        nativeint (NativePtr.read slots)

    // 2⁶³, the first number that does not fit.
    let private beyond = 9223372036854775808.0

    // libtorch leaves open what numbers become that do not fit.
    let private wholesOf (x: TorchTensor) : TorchTensor =
        let passing (handle: nativeint) : TorchTensor =
            Results.passing x.Place x.DType x.Shape handle

        let number (value: float) : TorchTensor = Creation.constant x.Place x.DType value

        let last =
            if x.DType = DType.Float32 then
                float (MathF.BitDecrement(float32 beyond))
            else
                Math.BitDecrement beyond

        let inside =
            Results.spend
                (passing (finite x))
                (fun finite -> passing (clamp (number -beyond) (number last) finite))

        let wholes =
            Results.spend
                inside
                (fun inside ->
                    Results.passing
                        x.Place
                        DType.Int64
                        x.Shape
                        (Reductions.convert (TorchDevice.CodeOf DType.Int64) inside)
                )

        let isBeyond =
            Dispatch.two (Operators.comparison Comparison.GreaterEqual) x (number beyond)

        Results.spend
            wholes
            (fun wholes ->
                Results.spend
                    (Results.passing x.Place DType.Bool x.Shape isBeyond)
                    (fun isBeyond ->
                        let largest = Creation.constant x.Place DType.Int64 beyond

                        Results.wrap
                            x.Place
                            DType.Int64
                            x.Shape
                            (Elementwise.choose isBeyond largest wholes)
                    )
            )

    /// x in another element type. To Int64: cut towards 0, the nearest where it does not fit, 0 for NaN.
    /// To Bool: whether it differs from 0 (NaN does). From Bool: 0 or 1.
    let cast (dtype: DType) (x: TorchTensor) : TorchTensor =
        if x.DType = dtype then
            x
        elif dtype = DType.Int64 && x.DType.IsFloating then
            wholesOf x
        else
            Results.wrap x.Place dtype x.Shape (Reductions.convert (TorchDevice.CodeOf dtype) x)
