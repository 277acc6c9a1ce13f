namespace Optim.Torch

open System
open Optim

/// Matrix products with broadcasting over the leading axes. Transposed operands are views.
[<RequireQualifiedAccess>]
module internal Products =

    let private matrices (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let shape = Shape [| a.Shape.Dims[0]; b.Shape.Dims[1] |]
        let y = Creation.empty a.Place shape a.DType
        Direct.matrices a b y
        y

    // The axes before the last two.
    let private lead (x: TorchTensor) : int[] = x.Shape.Dims[.. x.Rank - 3]

    let private product (lengths: int[]) : int = Array.fold (*) 1 lengths

    // All axes but the last as one, when that needs no copy.
    let private tall (x: TorchTensor) : TorchTensor | null =
        let dims = x.Shape.Dims
        let columns = dims[dims.Length - 1]
        let target = Shape [| x.Length / columns; columns |]

        match x.Strides with
        | null -> Views.at 0 null target x
        | strides ->
            match Strides.reshaped dims strides target.Dims with
            | null -> null
            | found -> Views.at 0 (Strides.normal target found) target x

    // A stack of matrices as (count, rows, columns), for leading axes to which it broadcasts.
    let private stack (leading: int[]) (x: TorchTensor) : TorchTensor =
        let rows, columns = x.Shape.Dims[x.Rank - 2], x.Shape.Dims[x.Rank - 1]
        let whole = Views.expand (Shape(Array.append leading [| rows; columns |])) x
        Views.reshape (Shape [| product leading; rows; columns |]) whole

    let private stacks (leading: int[]) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let m, n = a.Shape.Dims[a.Rank - 2], b.Shape.Dims[b.Rank - 1]
        let y = Creation.empty a.Place (Shape [| product leading; m; n |]) a.DType
        Direct.stacks (stack leading a) (stack leading b) y
        Views.reshape (Shape(Array.append leading [| m; n |])) y

    // The one matrix that all products share.
    let private single (x: TorchTensor) : TorchTensor =
        Views.reshape (Shape [| x.Shape.Dims[x.Rank - 2]; x.Shape.Dims[x.Rank - 1] |]) x

    // Products with one shared matrix are one tall product where the rows of the others lie evenly.
    let private shared (leading: int[]) (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        let m, n = a.Shape.Dims[a.Rank - 2], b.Shape.Dims[b.Rank - 1]
        let isShared (x: TorchTensor) : bool = product (lead x) = 1
        let isWhole (x: TorchTensor) : bool = product (lead x) = product leading

        let viaTall (rows: TorchTensor) (matrix: TorchTensor) : TorchTensor | null =
            match tall rows with
            | null -> null
            | tall ->
                let columns = matrix.Shape.Dims[matrix.Rank - 1]
                let y = matrices tall (single matrix)

                Views.reshape
                    (Shape [| product leading; tall.Shape.Dims[0] / product leading; columns |])
                    y

        let first: TorchTensor | null =
            if isShared b && isWhole a then
                viaTall a b
            elif isShared a && isWhole b then
                match viaTall (Views.transpose b) (Views.transpose a) with
                | null -> null
                | y -> Views.transpose y
            else
                null

        match first with
        | null -> stacks leading a b
        | y -> Views.reshape (Shape(Array.append leading [| m; n |])) y

    /// op(a) op(b). a, b: two axes or more. Errors: elements that are not floating-point numbers, sizes that do not fit.
    let multiply
        (transposeA: bool)
        (transposeB: bool)
        (a: TorchTensor)
        (b: TorchTensor)
        : TorchTensor =
        if not a.DType.IsFloating then
            let message = $"MatMul: expected Float64 or Float32 elements, got {a.DType}"
            raise (ArgumentException(message, nameof a))

        let opA = if transposeA then Views.transpose a else a
        let opB = if transposeB then Views.transpose b else b
        let m, k = opA.Shape.Dims[a.Rank - 2], opA.Shape.Dims[a.Rank - 1]
        let k2, n = opB.Shape.Dims[b.Rank - 2], opB.Shape.Dims[b.Rank - 1]

        if k <> k2 then
            let message =
                $"MatMul: shapes {a.Shape} and {b.Shape} do not fit: {k} columns against {k2} rows"

            raise (ShapeException(message, nameof b))

        if a.Rank = 2 && b.Rank = 2 && m > 0 && n > 0 && k > 0 then
            matrices opA opB
        else
            let leading = (Shape.broadcast "MatMul" (Shape(lead a)) (Shape(lead b))).Dims
            let shape = Shape(Array.append leading [| m; n |])

            if shape.Length = 0 || k = 0 then
                Creation.full a.Place shape a.DType 0.0
            elif product leading = 1 then
                Views.reshape shape (matrices (single opA) (single opB))
            else
                shared leading opA opB
