namespace Optim.Compiled

open Optim
open Optim.Primitives

/// Where a node's value comes from.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Source =
    /// Input number `position` of the function.
    | Input of position: int
    /// A concrete tensor that does not depend on the inputs.
    | Constant of Tensor
    /// A primitive of earlier nodes. `primitive` is the Primitive1, Primitive2 or PrimitiveN itself.
    | Computed of operation: Operation * primitive: obj * inputs: int[]

/// One value of a graph.
[<NoComparison; NoEquality>]
type internal Node = { Source: Source; Shape: Shape; DType: DType }

/// What a function does with inputs of fixed shapes, in single assignment: each node is computed once, from nodes before
/// it. The first nodes are the inputs, in order.
[<NoComparison; NoEquality>]
type internal Graph = {
    Nodes: Node[]
    InputCount: int
    /// The nodes whose values the function returns, in order; a node may occur twice.
    Outputs: int[]
    /// Computes all constants.
    Engine: Engine
}

/// Questions about graphs.
[<RequireQualifiedAccess>]
module internal Graph =

    /// The nodes from which a node is computed.
    let inputsOf (node: Node) : int[] =
        match node.Source with
        | Source.Input _
        | Source.Constant _ -> [||]
        | Source.Computed(_, _, inputs) -> inputs
