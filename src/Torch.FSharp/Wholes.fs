namespace Optim.Torch

open Optim

/// Arithmetic of whole numbers. libtorch's sums take a factor that its C interface can only pass as a fraction, and refuses
/// those for whole numbers: so the two operands are laid side by side and summed along the new axis.
[<RequireQualifiedAccess>]
module internal Wholes =

    /// a + b, which broadcast to `shape`. Sums wrap around.
    let add (shape: Shape) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let layer (x: TorchTensor) : TorchTensor =
            Views.reshape (Shape.insert 0 1 shape) (Views.expand shape x)

        let pair = Shape.insert 0 2 shape
        let joined = Direct.join 0 [| layer a; layer b |]

        Results.spend
            (Results.passing a.Place DType.Int64 pair joined)
            (fun both ->
                Results.wrap a.Place DType.Int64 shape (Reductions.sums [| 0 |] false both)
            )

    /// −x. The least number stays.
    let negate (x: TorchTensor) : TorchTensor =
        let minusOne = Creation.constant x.Place DType.Int64 -1.0
        Results.passing x.Place DType.Int64 x.Shape (Direct.multiply x minusOne)

    /// scale · x + shift, in whole numbers.
    let affine (scale: float) (shift: float) (x: TorchTensor) : TorchTensor =
        let factor = Creation.constant x.Place DType.Int64 scale

        if shift = 0.0 then
            Results.wrap x.Place DType.Int64 x.Shape (Direct.multiply x factor)
        else
            Results.spend
                (Results.passing x.Place DType.Int64 x.Shape (Direct.multiply x factor))
                (fun scaled -> add x.Shape scaled (Creation.constant x.Place DType.Int64 shift))

    /// kind (a, b), which broadcast to `shape`.
    /// Errors: ArgumentException for a kind that whole numbers do not have and for a quotient by zero.
    let binary (kind: Binary) (shape: Shape) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        Managed.BinaryKernels.checkWhole kind

        match kind with
        | Binary.Add -> add shape a b
        | Binary.Subtract -> Results.spend (negate b) (fun minus -> add shape a minus)
        | Binary.Multiply -> Results.wrap a.Place DType.Int64 shape (Direct.multiply a b)
        | Binary.Divide ->
            // libtorch ends the process for the least number over −1, and has no call without text for quotients that are
            // cut towards 0.
            RoundTrip.binary Binary.Divide a b
        | Binary.Maximum ->
            Results.wrap a.Place DType.Int64 shape (Dispatch.two Operators.maximum a b)
        | Binary.Minimum
        | Binary.Power
        | Binary.Atan2
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient ->
            Results.wrap a.Place DType.Int64 shape (Dispatch.two Operators.minimum a b)
