namespace Optim

open System

/// The checks that several doors share. Each names the parameter, what was expected and what came.
[<RequireQualifiedAccess>]
module internal Check =

    /// Both operands have one element type. That they have one engine, Tensor.Bind sees to.
    let sameKind (operation: string) (a: Tensor) (b: Tensor) : unit =
        // Each element type is one object; comparing references is the faster way on this hot path.
        if not (Object.ReferenceEquals(a.DType, b.DType)) && a.DType <> b.DType then
            let message =
                $"{operation}: the operands have different element types, {a.DType} and {b.DType}; cast one first"

            raise (ArgumentException(message, nameof b))

    /// The tensor has exactly this shape.
    let shape (parameter: string) (expected: Shape) (actual: Tensor) : unit =
        if not (expected.SameAs actual.Shape) then
            raise (
                ShapeException(
                    $"{parameter} has shape {actual.Shape}, expected {expected}",
                    parameter
                )
            )

    /// The tensor lies where x does.
    let sameDevice (parameter: string) (x: Tensor) (actual: Tensor) : unit =
        if not (Object.ReferenceEquals(actual.Engine, x.Engine)) then
            let message =
                $"{parameter} of shape {actual.Shape} lies on {actual.Device}, expected {x.Device}; bring it there with Tensor.moveTo (MoveTo in C#)"

            raise (ArgumentException(message, parameter))

    /// The tensor has exactly this many axes.
    let rank (parameter: string) (expected: int) (actual: Tensor) : unit =
        if actual.Rank <> expected then
            let message = $"{parameter} has shape {actual.Shape}, expected {expected} axes"
            raise (ShapeException(message, parameter))

    /// The tensor has at least this many axes.
    let rankAtLeast (parameter: string) (least: int) (actual: Tensor) : unit =
        if actual.Rank < least then
            let message =
                $"{parameter} has shape {actual.Shape}, expected at least {least} axes"

            raise (ShapeException(message, parameter))

    /// The tensor is a stack of square matrices.
    let square (parameter: string) (actual: Tensor) : unit =
        rankAtLeast parameter 2 actual
        let d = actual.Shape.Dims

        if d[d.Length - 1] <> d[d.Length - 2] then
            raise (
                ShapeException(
                    $"{parameter} has shape {actual.Shape}, expected square matrices",
                    parameter
                )
            )

    /// The tensor's elements are floating-point numbers.
    let floating (parameter: string) (actual: Tensor) : unit =
        if not actual.DType.IsFloating then
            let message =
                $"{parameter} has element type {actual.DType}, expected Float64 or Float32"

            raise (ArgumentException(message, parameter))

    /// The number is finite and inside the closed range.
    let within (parameter: string) (low: float) (high: float) (actual: float) : unit =
        if not (actual >= low && actual <= high) then
            let message = $"{parameter} is {actual}, expected a number from {low} to {high}"
            raise (ArgumentOutOfRangeException(parameter, message))

    /// The number is finite and above 0.
    let positive (parameter: string) (actual: float) : unit =
        if not (actual > 0.0 && Double.IsFinite actual) then
            raise (
                ArgumentOutOfRangeException(
                    parameter,
                    $"{parameter} is {actual}, expected a finite number above 0"
                )
            )

    /// The count is at least this large.
    let atLeast (parameter: string) (least: int) (actual: int) : unit =
        if actual < least then
            raise (
                ArgumentOutOfRangeException(
                    parameter,
                    $"{parameter} is {actual}, expected {least} or more"
                )
            )
