namespace Optim.Torch

open Optim

/// The few operations that libtorch's C interface does not have, or not well enough: the operands are copied to the managed
/// engine and the result back. On a CUDA device that waits for the device.
[<RequireQualifiedAccess>]
module internal RoundTrip =

    let private engine: Engine = Managed.ManagedEngine.Instance

    let private there (x: TorchTensor) : Tensor =
        engine.OfArray(x.Shape, Creation.toArray x)

    let private back (device: TorchDevice) (y: Tensor) : TorchTensor =
        Creation.ofArray device y.Shape (engine.ToArray y)

    /// kind x.
    let unary (kind: Unary) (x: TorchTensor) : TorchTensor =
        back x.Place (engine.Unary(kind, there x))

    /// kind (a, b).
    let binary (kind: Binary) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        back a.Place (engine.Binary(kind, there a, there b))
