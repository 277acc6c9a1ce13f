namespace Optim.Compiled

open System
open Optim
open Optim.Primitives

/// The values of a graph by the operations of its engine.
[<RequireQualifiedAccess>]
module internal Evaluation =

    /// The outputs for inputs of the engine, whatever that is.
    let outputs (graph: Graph) (inputs: Tensor[]) : Tensor[] =
        let values: Tensor[] = Array.zeroCreate graph.Nodes.Length

        for i in 0 .. graph.Nodes.Length - 1 do
            values[i] <-
                match graph.Nodes[i].Source with
                | Source.Input position -> inputs[position]
                | Source.Constant x -> x
                | Source.Computed(_, primitive, from) ->
                    Graph.evaluate primitive (from |> Array.map (fun k -> values[k]))

        graph.Outputs |> Array.map (fun node -> values[node])

/// Computes a graph with the operations of its engine, whatever that is.
[<Sealed>]
type internal EvaluatedSession(graph: Graph) =
    inherit Session()

    let engine = graph.Engine

    let input (node: Node) (array: Array) (start: int) : Tensor =
        let part = Arrays.create node.DType node.Shape.Length
        Array.Copy(array, start, part, 0, part.Length)
        engine.OfArray(node.Shape, part)

    override _.Run(inputs, offsets, outputs) =
        use _ = engine.OpenScope()

        let given =
            Array.init graph.InputCount (fun i -> input graph.Nodes[i] inputs[i] offsets[i])

        let results = Evaluation.outputs graph given

        for position in 0 .. outputs.Length - 1 do
            let result = engine.ToArray results[position]
            Array.Copy(result, outputs[position], result.Length)

/// A graph as a row of operations of its engine. Allocates what they allocate.
[<Sealed>]
type internal EvaluatedProgram(graph: Graph) =
    inherit Program(graph)

    override _.Description =
        $"{graph.Nodes.Length - graph.InputCount} operations of the engine {graph.Engine.Name}"

    override _.NewSession() = EvaluatedSession graph
