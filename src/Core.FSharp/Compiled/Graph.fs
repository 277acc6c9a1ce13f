namespace Optim.Compiled

open System
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

    /// What a primitive gives for concrete tensors.
    let evaluate (primitive: obj) (inputs: Tensor[]) : Tensor =
        match primitive with
        | :? Primitive1 as p -> p.Eval inputs[0]
        | :? Primitive2 as p -> p.Eval(inputs[0], inputs[1])
        | :? PrimitiveN as p -> p.Eval inputs
        | other -> invalidOp $"a graph holds a primitive of type {other.GetType()}"

    let private number (x: float) : string =
        x.ToString("R", Globalization.CultureInfo.InvariantCulture)

    let private joined (separator: string) (items: 'T[]) : string = String.Join(separator, items)

    let private rangesText (ranges: AxisRange[]) : string =
        ranges
        |> Array.map (fun r ->
            if r.Step = 1 then
                $"{r.Start}+{r.Count}"
            else
                $"{r.Start}+{r.Count}by{r.Step}"
        )
        |> joined ", "
        |> sprintf "[%s]"

    /// The name of an operation with its parameters.
    let operationText (operation: Operation) : string =
        let axesText (axes: int[]) (keep: bool) =
            $"""[{joined ", " axes}]{(if keep then " kept" else "")}"""

        let flag (isSet: bool) (name: string) = if isSet then " " + name else ""

        match operation with
        | Operation.Affine(scale, shift) -> $"affine {number scale} {number shift}"
        | Operation.Unary(Unary.Power p) -> $"Power {number p}"
        | Operation.Unary(Unary.Polygamma order) -> $"Polygamma {order}"
        | Operation.Unary kind -> kind.ToString()
        | Operation.Binary kind -> kind.ToString()
        | Operation.Compare kind -> kind.ToString()
        | Operation.Where -> "where"
        | Operation.Cast dtype -> $"cast {dtype}"
        | Operation.Sum(axes, keep) -> $"sum {axesText axes keep}"
        | Operation.Reduce(kind, axes, keep) -> $"reduce {kind} {axesText axes keep}"
        | Operation.CumulativeSum(axis, reversed) ->
            $"""cumulativeSum {axis}{flag reversed "reversed"}"""
        | Operation.ArgReduce(largest, axis) ->
            $"""{(if largest then "argMax" else "argMin")} {axis}"""
        | Operation.MatMul(a, b) -> $"""matmul{flag a "aT"}{flag b "bT"}"""
        | Operation.Reshape shape -> $"reshape {shape}"
        | Operation.Permute axes -> $"""permute [{joined ", " axes}]"""
        | Operation.Expand shape -> $"expand {shape}"
        | Operation.Slice ranges -> $"slice {rangesText ranges}"
        | Operation.Assemble(shape, ranges) ->
            $"""assemble {shape} {ranges |> Array.map rangesText |> joined " "}"""
        | Operation.IndexSelect axis -> $"indexSelect {axis}"
        | Operation.IndexAdd(axis, length) -> $"indexAdd {axis} {length}"
        | Operation.Gather axis -> $"gather {axis}"
        | Operation.ScatterAdd(axis, length) -> $"scatterAdd {axis} {length}"
        | Operation.Cholesky -> "cholesky"
        | Operation.Solve -> "solve"
        | Operation.TriangularSolve(triangle, transposed, isUnit) ->
            $"""triangularSolve {triangle}{flag transposed "transposed"}{flag isUnit "unit"}"""
        | Operation.Qr -> "qr"
        | Operation.SymmetricEigen -> "symmetricEigen"
        | Operation.LogDeterminant -> "logDeterminant"
        | Operation.Opaque opaque -> $"opaque {opaque.Primitive.GetType().Name}"

    let private nodeText (node: Node) : string =
        match node.Source with
        | Source.Input position -> $"input {position}"
        | Source.Constant x when x.Length = 1 -> $"constant {number (x.ToScalar())}"
        | Source.Constant _ -> "constant"
        | Source.Computed(operation, _, inputs) ->
            $"""{operationText operation} {inputs |> Array.map (sprintf "%%%d") |> joined " "}"""

    /// The graph for people: one line a node, then the outputs.
    let text (graph: Graph) : string =
        let line (i: int) (node: Node) =
            $"%%{i} = {nodeText node} : {node.DType} {node.Shape}"

        let outputs = graph.Outputs |> Array.map (sprintf "%%%d") |> joined " "

        Array.append (Array.mapi line graph.Nodes) [| $"return {outputs}" |]
        |> joined "\n"

/// Arrays for elements of a type.
[<RequireQualifiedAccess>]
module internal Arrays =

    /// A fresh array of so many elements.
    let create (dtype: DType) (length: int) : Array =
        match dtype with
        | DType.Float64 -> Array.zeroCreate<float> length
        | DType.Float32 -> Array.zeroCreate<float32> length
        | DType.Int64 -> Array.zeroCreate<int64> length
        | DType.Bool -> Array.zeroCreate<bool> length
