namespace Optim.Compiled

open System
open Optim
open Optim.Managed
open Optim.Primitives

/// How the value of a node comes about.
[<RequireQualifiedAccess>]
type internal Role =
    /// Given: an input or a constant.
    | Given
    /// Part of the loops of those that use it; in memory only if it is stored.
    | Fused
    /// The result of a reduction loop.
    | Total
    /// The same memory as another node, in another shape.
    | View
    /// An operation of the engine, from memory to memory.
    | Called

/// Which values of a graph stand in memory, and in what order everything is computed. Stage after stage: first the
/// numbers (nodes of one element), then the loops, then the calls of that stage.
[<Sealed>]
type internal Placement(graph: Graph) =
    let nodes = graph.Nodes
    let roles = Array.create nodes.Length Role.Given
    // In memory; and read from there by those that use it, instead of computed again.
    let stored = Array.zeroCreate<bool> nodes.Length
    let loaded = Array.zeroCreate<bool> nodes.Length
    // Assemblies whose pieces are added to memory one by one.
    let pieced = Array.zeroCreate<bool> nodes.Length
    // For truth values, the element type of the numbers that they were made of.
    let lanes = Array.create nodes.Length ValueNone
    let stages = Array.zeroCreate<int> nodes.Length
    let ready = Array.zeroCreate<int> nodes.Length

    let isFloating (i: int) = nodes[i].DType.IsFloating
    let isTruth (i: int) = nodes[i].DType = DType.Bool

    /// The number in all elements of a constant.
    let uniform (i: int) : float voption =
        match nodes[i].Source with
        | Source.Constant(:? Raw as raw) when raw.Length > 0 ->
            match raw.Storage with
            | :? (float[]) as all when Uniform.isUniform all raw.Offset raw.Length ->
                ValueSome all[raw.Offset]
            | :? (float32[]) as all when Uniform.isUniform all raw.Offset raw.Length ->
                ValueSome(float all[raw.Offset])
            | _ -> ValueNone
        | _ -> ValueNone

    let constants = Array.init nodes.Length uniform

    let isOne (i: int) = nodes[i].Shape.Length = 1

    /// The element type of the loop that can compute the node; none for another node.
    let lanesOf (i: int) : DType voption =
        if isFloating i then ValueSome nodes[i].DType else lanes[i]

    let sameLanes (inputs: int[]) : DType voption voption =
        // Truth values in memory fit every loop.
        let known =
            inputs |> Array.map lanesOf |> Array.filter ValueOption.isSome |> Array.distinct

        match known with
        | [||] -> ValueSome ValueNone
        | [| one |] -> ValueSome one
        | _ -> ValueNone

    let canFuse (operation: Operation) (inputs: int[]) (i: int) : bool =
        let allFloating = Array.forall isFloating inputs
        let allTruth = Array.forall isTruth inputs

        let isMovable = isFloating i || isTruth i

        match operation with
        | Operation.Affine _ -> allFloating
        | Operation.Unary kind -> if kind = Unary.Not then allTruth else allFloating
        | Operation.Binary kind ->
            allFloating || (allTruth && (kind = Binary.Maximum || kind = Binary.Minimum))
        | Operation.Compare _ -> allFloating
        | Operation.Where -> isMovable
        | Operation.Cast _ ->
            isFloating i
            && allTruth
            && (sameLanes inputs = ValueSome(ValueSome nodes[i].DType))
        | Operation.Sum _
        | Operation.Assemble _ -> allFloating
        | Operation.Reshape _
        | Operation.Permute _
        | Operation.Expand _
        | Operation.Slice _ -> isMovable
        | Operation.Reduce _
        | Operation.CumulativeSum _
        | Operation.ArgReduce _
        | Operation.MatMul _
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
        | Operation.Opaque _ -> false

    let inputOf (i: int) : int =
        let inputs = Graph.inputsOf nodes[i]
        inputs[0]

    let isEmpty (i: int) = nodes[i].Shape.Length = 0

    /// Whether a reshape can be followed element by element: each axis of the input is one axis of the result, or the
    /// product of several.
    let splits (from: Shape) (into: Shape) : bool =
        let wide = from.Dims |> Array.filter ((<>) 1)
        let mutable axis = 0
        let mutable fits = true

        for length in wide do
            let mutable product = 1

            while product < length && axis < into.Rank do
                product <- product * into.Dims[axis]
                axis <- axis + 1

            fits <- fits && product = length

        fits

    /// The value must stand in memory. Truth values get there by a call only.
    let rec store (i: int) : unit =
        match roles[i] with
        | Role.Given
        | Role.Called -> ()
        | Role.View -> store (inputOf i)
        | Role.Fused when isTruth i -> call i
        | Role.Fused
        | Role.Total -> stored[i] <- true

    and call (i: int) : unit =
        roles[i] <- Role.Called

        for input in Graph.inputsOf nodes[i] do
            store input

    /// As store, and those that use it read it.
    let load (i: int) : unit =
        store i

        match roles[i] with
        | Role.Fused when not (isOne i) -> loaded[i] <- true
        | _ -> ()

    let isStepped (ranges: AxisRange[][]) : bool =
        ranges |> Array.exists (Array.exists (fun r -> r.Step <> 1 && r.Count > 1))

    let isInMemory (i: int) : bool =
        match roles[i] with
        | Role.Given
        | Role.View
        | Role.Called -> true
        | Role.Total
        | Role.Fused -> loaded[i]

    let classify (i: int) : unit =
        match nodes[i].Source with
        | Source.Input _
        | Source.Constant _ -> ()
        | Source.Computed(operation, _, inputs) ->
            let fits =
                canFuse operation inputs i
                && not (isEmpty i)
                && not (Array.exists isEmpty inputs)
                && sameLanes inputs <> ValueNone

            if not fits then
                call i
            else
                roles[i] <-
                    match operation with
                    | Operation.Sum _ when not (isOne inputs[0]) -> Role.Total
                    | Operation.Reshape _ when not (isOne i) && isInMemory inputs[0] -> Role.View
                    | Operation.Slice ranges when
                        not (isOne i)
                        && isInMemory inputs[0]
                        && Shaping.isContiguous ranges nodes[inputs[0]].Shape
                        ->
                        Role.View
                    | _ -> Role.Fused

                if isTruth i then
                    lanes[i] <- sameLanes inputs |> ValueOption.flatten

                    if isOne i && lanes[i] = ValueNone then
                        call i

                match operation with
                | Operation.Sum _ when not (isOne i) ->
                    stored[i] <- true
                    loaded[i] <- true
                | Operation.Reshape shape when
                    not (isOne i) && not (splits nodes[inputs[0]].Shape shape)
                    ->
                    load inputs[0]
                    roles[i] <- Role.View
                | Operation.Assemble(_, ranges) when not (isOne i) && isStepped ranges ->
                    pieced[i] <- true
                    load i
                | _ -> ()

    /// Long chains are cut, so that no loop's body becomes too large.
    let cutChains () : unit =
        let depth = Array.zeroCreate<int> nodes.Length

        for i in 0 .. nodes.Length - 1 do
            if roles[i] = Role.Fused && not loaded[i] then
                let below = Graph.inputsOf nodes[i] |> Array.map (fun j -> depth[j]) |> Array.max

                if below >= 60 && isFloating i && not (isOne i) then
                    load i
                else
                    depth[i] <- below + 1

    let order () : unit =
        for i in 0 .. nodes.Length - 1 do
            let inputs = Graph.inputsOf nodes[i]

            let latest (of': int -> int) =
                inputs |> Array.fold (fun s j -> max s (of' j)) 0

            match roles[i] with
            | Role.Given -> ()
            | Role.View ->
                stages[i] <- latest (fun j -> ready[j])
                ready[i] <- stages[i]
            | Role.Called ->
                // Calls come after the loops of their stage, but what they read was stored in a stage before.
                stages[i] <-
                    latest (fun j ->
                        match roles[j] with
                        | Role.Fused -> stages[j] + 1
                        | _ -> ready[j]
                    )

                ready[i] <- stages[i] + 1
            | Role.Total ->
                stages[i] <- latest (fun j -> ready[j])
                ready[i] <- stages[i] + 1
            | Role.Fused ->
                stages[i] <- latest (fun j -> ready[j])
                ready[i] <- if loaded[i] then stages[i] + 1 else stages[i]

    do
        for i in 0 .. nodes.Length - 1 do
            classify i

        for output in graph.Outputs do
            store output

        cutChains ()
        order ()

    /// The graph.
    member _.Graph: Graph = graph

    /// How a node's value comes about.
    member _.Role(node: int) : Role = roles[node]

    /// The number in all elements of a constant, where it is one number.
    member _.Constant(node: int) : float voption = constants[node]

    /// Whether the node has one element. Such nodes are numbers in the emitted code, never memory, unless stored.
    member _.IsOne(node: int) : bool = isOne node

    /// Whether the node's value is written to memory by a loop or among the numbers.
    member _.IsStored(node: int) : bool = stored[node]

    /// Whether those that use the node read it from memory.
    member _.IsLoaded(node: int) : bool = isInMemory node

    /// The node in whose memory the elements of a node lie, and where they begin there.
    member placement.Memory(node: int) : struct (int * int) =
        match roles[node], nodes[node].Source with
        | Role.View, Source.Computed(operation, _, inputs) ->
            let struct (under, start) = placement.Memory inputs[0]

            match operation with
            | Operation.Slice ranges ->
                let row = nodes[inputs[0]].Shape.Length / nodes[inputs[0]].Shape.Dims[0]
                struct (under, start + ranges[0].Start * row)
            | _ -> struct (under, start)
        | _ -> struct (node, 0)

    /// Whether the node is an assembly whose pieces are added to memory one by one.
    member _.IsPieced(node: int) : bool = pieced[node]

    /// The stage in which the node is computed.
    member _.Stage(node: int) : int = stages[node]

    /// One more than the last stage.
    member _.StageCount: int = 1 + Array.max (Array.append [| 0 |] stages)

    /// From now on the node is read from memory by those that use it, and an assembly is made piece by piece.
    member _.Load(node: int) : unit =
        match nodes[node].Source with
        | Source.Computed(Operation.Assemble _, _, _) -> pieced[node] <- true
        | _ -> ()

        load node
        order ()

    /// From now on the number is also in memory.
    member _.Store(node: int) : unit = store node
