namespace Optim.Compiled

/// Graphs that compute the same with less.
[<RequireQualifiedAccess>]
module internal Simplify =

    /// The graph without nodes that no output depends on; the inputs stay.
    let prune (graph: Graph) : Graph =
        let isNeeded = Array.zeroCreate<bool> graph.Nodes.Length

        for output in graph.Outputs do
            isNeeded[output] <- true

        for i in graph.Nodes.Length - 1 .. -1 .. 0 do
            if isNeeded[i] then
                for input in Graph.inputsOf graph.Nodes[i] do
                    isNeeded[input] <- true

        let place = Array.zeroCreate<int> graph.Nodes.Length
        let kept = ResizeArray<Node>()

        for i in 0 .. graph.Nodes.Length - 1 do
            let node = graph.Nodes[i]

            if isNeeded[i] || i < graph.InputCount then
                place[i] <- kept.Count

                match node.Source with
                | Source.Input _
                | Source.Constant _ -> kept.Add node
                | Source.Computed(operation, primitive, inputs) ->
                    let moved = inputs |> Array.map (fun input -> place[input])

                    kept.Add { node with Source = Source.Computed(operation, primitive, moved) }

        {
            graph with
                Nodes = kept.ToArray()
                Outputs = graph.Outputs |> Array.map (fun output -> place[output])
        }

    /// The graph that a program is made of.
    let run (graph: Graph) : Graph = prune graph
