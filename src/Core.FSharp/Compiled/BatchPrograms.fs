namespace Optim.Compiled

open System
open Optim
open Optim.Core
open Optim.Core.Derivatives

/// The compiled programs of a function of n numbers and a member's data for `rows` members at once. data: shape and element
/// type of each part of one member's data. Every program takes the points (rows, n) and then the data (rows, …); members are
/// told apart by axis 0 and know nothing of each other.
[<Sealed>]
type internal BatchPrograms
    (f: Tensor -> Tensor[] -> Tensor, rows: int, n: int, data: struct (Shape * DType)[]) =
    let number (y: Tensor) : Tensor =
        if y.Length <> 1 then
            let message = $"the function's value has shape {y.Shape}, expected a single number"
            raise (ShapeException(message, "f"))

        Tensor.sum y

    let member' (inputs: Tensor[]) (first: int) : Tensor -> Tensor =
        let own = inputs[first..]
        fun x -> number (f x own)

    let values (inputs: Tensor[]) : Tensor =
        vmapMany (fun parts -> member' parts 1 parts[0]) inputs

    let gradients (inputs: Tensor[]) : Tensor =
        vmapMany (fun parts -> grad (member' parts 1) parts[0]) inputs

    let hessians (inputs: Tensor[]) : Tensor =
        vmapMany (fun parts -> hessian (member' parts 1) parts[0]) inputs

    let shapes (vectors: int) : Shape[] =
        let points = Array.create vectors (Shape.Of(rows, n))

        let whole (struct (shape: Shape, _: DType)) =
            Shape(Array.append [| rows |] shape.Dims)

        Array.append points (Array.map whole data)

    /// Members in one run.
    member _.Rows: int = rows

    /// n.
    member _.Length: int = n

    /// Shape and element type of each part of one member's data.
    member _.Data: struct (Shape * DType)[] = data

    /// To the values (rows) and the gradients (rows, n).
    member val Gradients: LazyProgram =
        LazyProgram(shapes 1, (fun inputs -> [| values inputs; gradients inputs |]))

    /// To the values, the gradients, and the Hessians (rows, n, n).
    member val Hessians: LazyProgram =
        LazyProgram(
            shapes 1,
            (fun inputs -> [| values inputs; gradients inputs; hessians inputs |])
        )

    /// From the points, a direction (rows, n) for each, and the data, to the Hessian products (rows, n).
    member val Products: LazyProgram =
        LazyProgram(
            shapes 2,
            (fun inputs -> [|
                vmapMany (fun parts -> hvp (member' parts 2) parts[0] parts[1]) inputs
            |])
        )
