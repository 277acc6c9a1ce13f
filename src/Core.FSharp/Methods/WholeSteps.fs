namespace Optim.Methods

open System
open Optim

/// Elementwise methods whose step an engine may compute as one operation.
[<RequireQualifiedAccess>]
module internal WholeSteps =

    /// What the engine of the tensors makes of the step; null where it has no operation for it, or where the tensors are
    /// being differentiated or batched, or differ in element type.
    let tryTake (step: WholeStep) (tensors: Tensor[]) : Tensor[] | null =
        let first = tensors[0]

        let isAlike (x: Tensor) : bool =
            x.Level = 0L
            && x.DType = first.DType
            && x.Shape.SameAs first.Shape
            && Object.ReferenceEquals(x.Engine, first.Engine)

        if first.DType.IsFloating && Array.forall isAlike tensors then
            first.Engine.WholeStep(step, tensors)
        else
            null
