namespace Optim.Compiled

open System
open Optim
open Optim.Primitives

/// Graphs that compute the same with less.
[<RequireQualifiedAccess>]
module internal Simplify =

    let private (|Made|_|) (b: GraphBuilder) (id: int) : (Operation * int[]) option =
        MoveRules.(|Made|_|) b id

    // Whether x only stretches another node, and all these axes were stretched.
    let private stretched (b: GraphBuilder) (axes: int[]) (x: int) : int option =
        match x with
        | Made b (Operation.Expand _, [| z |]) ->
            let small = b.Shape z
            let extra = (b.Shape x).Rank - small.Rank

            let isStretched axis =
                axis < extra || small.Dims[axis - extra] = 1

            if Array.forall isStretched axes then Some z else None
        | _ -> None

    let private sum (b: GraphBuilder) (axes: int[]) (keep: bool) (x: int) : int =
        let from = b.Shape x
        let shape = Shape.reduced axes keep from
        let count = axes |> Array.fold (fun n axis -> n * from.Dims[axis]) 1

        let make () =
            b.Computed(Operation.Sum(axes, keep), Sum(axes, keep), [| x |], shape, b.DType x)

        if axes |> Array.forall (fun axis -> from.Dims[axis] = 1) then
            MoveRules.reshape b shape x
        else
            match x, stretched b axes x with
            | _, Some z when count > 0 && (b.DType x).IsFloating ->
                ArithmeticRules.affine b (float count) 0.0 z
                |> MoveRules.expand b (Shape.reduced axes true from)
                |> MoveRules.reshape b shape
            | Made b (Operation.Reshape _, [| z |]), None when axes.Length = from.Rank ->
                let all = Array.init (b.Shape z).Rank id
                let operation = Operation.Sum(all, false)

                b.Computed(operation, Sum(all, false), [| z |], Shape.Scalar, b.DType z)
                |> MoveRules.reshape b shape
            | _ -> make ()

    // The changes of shape around a function of each element become one.
    let private reshape (b: GraphBuilder) (shape: Shape) (x: int) : int =
        match x with
        | Made b (Operation.Affine(scale, shift), [| Made b (Operation.Reshape _, [| z |]) |]) ->
            ArithmeticRules.affine b scale shift (MoveRules.reshape b shape z)
        | Made b (Operation.Unary kind, [| Made b (Operation.Reshape _, [| z |]) |]) ->
            ArithmeticRules.unary b kind (MoveRules.reshape b shape z)
        | Made b (Operation.Sum(axes, keep), [| z |]) when
            shape.SameAs(Shape.reduced axes (not keep) (b.Shape z))
            ->
            sum b axes (not keep) z
        | _ -> MoveRules.reshape b shape x

    // A matrix product with transposed operands takes them untransposed.
    let private matMul
        (b: GraphBuilder)
        (transposeA: bool)
        (transposeB: bool)
        (inputs: int[])
        (shape: Shape)
        : int =
        let turned (id: int) : int option =
            match id with
            | Made b (Operation.Permute axes, [| z |]) ->
                let rank = axes.Length
                let leads = Array.forall (fun i -> axes[i] = i) [| 0 .. rank - 3 |]
                if leads && axes[rank - 1] = rank - 2 then Some z else None
            | _ -> None

        let plain (transposed: bool) (id: int) =
            match turned id with
            | Some z -> struct (not transposed, z)
            | None -> struct (transposed, id)

        let struct (ta, x) = plain transposeA inputs[0]
        let struct (tb, y) = plain transposeB inputs[1]
        b.Computed(Operation.MatMul(ta, tb), MatMul(ta, tb), [| x; y |], shape, b.DType x)

    let private isWholePiece (shape: Shape) (ranges: AxisRange[]) : bool =
        Array.forall2
            (fun (r: AxisRange) n -> r.Start = 0 && r.Count = n && (r.Step = 1 || n <= 1))
            ranges
            shape.Dims

    // The cheapest node for an operation on nodes of the builder.
    let private make
        (b: GraphBuilder)
        (operation: Operation)
        (primitive: obj)
        (inputs: int[])
        (shape: Shape)
        (dtype: DType)
        : int =
        match operation with
        | Operation.Affine _
        | Operation.Unary _
        | Operation.Binary _
        | Operation.Compare _
        | Operation.Where
        | Operation.Cast _ -> ArithmeticRules.elementwise b operation primitive inputs shape dtype
        | Operation.Sum(axes, keep) -> sum b axes keep inputs[0]
        | Operation.MatMul(ta, tb) -> matMul b ta tb inputs shape
        | Operation.Reshape target -> reshape b target inputs[0]
        | Operation.Permute axes -> MoveRules.permute b axes inputs[0]
        | Operation.Expand target -> MoveRules.expand b target inputs[0]
        | Operation.Slice ranges -> MoveRules.slice b ranges inputs[0]
        | Operation.Assemble(target, [| ranges |]) when isWholePiece target ranges -> inputs[0]
        | Operation.Assemble _
        | Operation.Reduce _
        | Operation.CumulativeSum _
        | Operation.ArgReduce _
        | Operation.IndexSelect _
        | Operation.IndexAdd _
        | Operation.Gather _
        | Operation.ScatterAdd _
        | Operation.Cholesky
        | Operation.Solve
        | Operation.TriangularSolve _
        | Operation.Qr
        | Operation.SymmetricEigen
        | Operation.LogDeterminant
        | Operation.Opaque _ -> b.Computed(operation, primitive, inputs, shape, dtype)

    // Stretching is left to those who use the result: most of them need not have it done.
    let private isFolded (b: GraphBuilder) (operation: Operation) (inputs: int[]) : bool =
        Array.forall b.IsConstant inputs
        && (
            match operation with
            | Operation.Expand _
            | Operation.Opaque _ -> false
            | _ -> true
        )

    // Each node of the graph made anew from simpler ones.
    let private rewrite (graph: Graph) : Graph =
        let b = GraphBuilder graph.Engine
        let place = Array.zeroCreate<int> graph.Nodes.Length

        for i in 0 .. graph.Nodes.Length - 1 do
            let node = graph.Nodes[i]

            place[i] <-
                match node.Source with
                | Source.Input _ -> b.Input node
                | Source.Constant x -> b.Constant x
                | Source.Computed(operation, primitive, inputs) ->
                    let inputs = inputs |> Array.map (fun input -> place[input])

                    if isFolded b operation inputs then
                        b.Constant(Graph.evaluate primitive (Array.map b.Value inputs))
                    else
                        make b operation primitive inputs node.Shape node.DType

        b.Finish(graph.InputCount, graph.Outputs |> Array.map (fun output -> place[output]))

    // What still depends on constants alone becomes a constant.
    let private settle (graph: Graph) : Graph =
        let b = GraphBuilder graph.Engine
        let place = Array.zeroCreate<int> graph.Nodes.Length

        for i in 0 .. graph.Nodes.Length - 1 do
            let node = graph.Nodes[i]

            place[i] <-
                match node.Source with
                | Source.Input _ -> b.Input node
                | Source.Constant x -> b.Tensor x
                | Source.Computed(operation, primitive, inputs) ->
                    let inputs = inputs |> Array.map (fun input -> place[input])

                    if Array.forall b.IsConstant inputs && not operation.IsOpaque then
                        b.Tensor(Graph.evaluate primitive (Array.map b.Value inputs))
                    else
                        b.Computed(operation, primitive, inputs, node.Shape, node.DType)

        b.Finish(graph.InputCount, graph.Outputs |> Array.map (fun output -> place[output]))

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

    /// A graph of the same outputs with fewer and cheaper nodes. Outputs differ by reassociation at most.
    let run (graph: Graph) : Graph =
        use _ = graph.Engine.Detach()

        // A rewritten node may let one before it go, which lets others meet; it ends when nothing becomes fewer.
        let rec repeat (graph: Graph) : Graph =
            let next = graph |> rewrite |> prune

            if next.Nodes.Length < graph.Nodes.Length then
                repeat next
            else
                next

        graph |> prune |> repeat |> settle |> prune
