namespace Optim.Torch

open System.Threading
open Optim

/// A device as libtorch names it, with the bytes that its tensors hold.
[<Sealed>]
type internal TorchDevice(device: Device, cudaIndex: int) =
    let mutable engine: Engine | null = null

    /// The least budget of a device, in bytes. Small, because memory that comes back soon is still in the caches and mapped.
    static member DefaultBudget: int64 = 64L * 1024L * 1024L

    /// libtorch on the processor.
    static member Processor() : TorchDevice = TorchDevice(Device.Torch, -1)

    /// libtorch on a graphics processor.
    static member Cuda(index: int) : TorchDevice = TorchDevice(Device.Cuda index, index)

    /// The name that all engines share.
    member _.Device: Device = device

    /// Whether it is a CUDA device.
    member _.IsCuda: bool = cudaIndex >= 0

    /// libtorch's number for the kind of device: 0 the processor, 1 CUDA.
    member _.Code: int = if cudaIndex >= 0 then 1 else 0

    /// libtorch's number of the device among those of its kind.
    member _.Index: int = max cudaIndex 0

    /// A small number that no other device has.
    member _.Slot: int = cudaIndex + 1

    /// The bytes of its tensors.
    member val Budget: Budget = Budget TorchDevice.DefaultBudget

    /// The engine that computes on it. Set once, when that is made.
    member _.Engine
        with get (): Engine =
            match Volatile.Read &engine with
            | null -> invalidOp "a device of libtorch is used before its engine is made"
            | e -> e
        and set (value: Engine) = Volatile.Write(&engine, value)

    /// libtorch's number of an element type.
    static member CodeOf(dtype: DType) : int =
        match dtype with
        | DType.Float64 -> 7
        | DType.Float32 -> 6
        | DType.Int64 -> 4
        | DType.Bool -> 11
