namespace Optim.Compiled

open System
open Optim
open Optim.Primitives

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
        let values: Tensor[] = Array.zeroCreate graph.Nodes.Length

        for i in 0 .. graph.Nodes.Length - 1 do
            let node = graph.Nodes[i]

            values[i] <-
                match node.Source with
                | Source.Input position -> input node inputs[position] offsets[position]
                | Source.Constant x -> x
                | Source.Computed(_, primitive, from) ->
                    Graph.evaluate primitive (from |> Array.map (fun k -> values[k]))

        for position in 0 .. outputs.Length - 1 do
            let result = engine.ToArray values[graph.Outputs[position]]
            Array.Copy(result, outputs[position], result.Length)

/// A graph as a row of operations of its engine. Allocates what they allocate.
[<Sealed>]
type internal EvaluatedProgram(graph: Graph) =
    inherit Program(graph)

    override _.Description =
        $"{graph.Nodes.Length - graph.InputCount} operations of the engine {graph.Engine.Name}"

    override _.NewSession() = EvaluatedSession graph
