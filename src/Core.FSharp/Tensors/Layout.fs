namespace Optim.Core

open Optim

/// One named block of a flat point: `Shape.Length` numbers from `Offset` on.
[<NoComparison>]
type Block = {
    /// The name, once in a layout.
    Name: string
    /// Where it begins in the point.
    Offset: int
    /// The shape of the tensor behind the name.
    Shape: Shape
}

/// How a flat point (n) is divided into named blocks, in order and without gaps: a network's weights, for example.
[<NoComparison>]
type Layout = {
    /// In the order of the point.
    Blocks: Block list
    /// The length n of the point.
    Length: int
}

/// Layouts and the tensors behind their names.
[<RequireQualifiedAccess>]
module Layout =

    /// The layout of blocks with these names and shapes, one after the other. Errors: ArgumentException for a repeated
    /// name.
    let ofShapes (shapes: (string * Shape) seq) : Layout =
        let place (blocks: Block list, offset: int) (name: string, shape: Shape) =
            if blocks |> List.exists (fun b -> b.Name = name) then
                raise (System.ArgumentException($"the name {name} is used twice", nameof shapes))

            { Name = name; Offset = offset; Shape = shape } :: blocks, offset + shape.Length

        let blocks, length = Seq.fold place ([], 0) shapes
        { Blocks = List.rev blocks; Length = length }

    /// One block for the whole point.
    let flat (length: int) : Layout = ofShapes [ "point", Shape.Of length ]

    /// The block with this name. Errors: ArgumentException that lists the names there are.
    let find (name: string) (layout: Layout) : Block =
        match layout.Blocks |> List.tryFind (fun b -> b.Name = name) with
        | Some block -> block
        | None ->
            let known = layout.Blocks |> List.map (fun b -> b.Name) |> String.concat ", "

            raise (
                System.ArgumentException(
                    $"no block is named {name}; there are {known}",
                    nameof name
                )
            )
