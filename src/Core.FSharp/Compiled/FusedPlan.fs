namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim
open Optim.Primitives

/// One step of a fused program.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal FusedStep =
    /// Loops.
    | Code of LoopCode
    /// Loops in parts, side by side, and where their totals are added to.
    | Parts of PartCode * Parts * totals: Place list
    /// A call from places to a place.
    | Call of Call * operands: Place[] * result: Place

/// A graph as loops and calls, laid out in memory.
[<NoComparison; NoEquality>]
type internal FusedPlan = {
    InputCount: int
    OutputCount: int
    /// The bytes of an element of each input; 0 for one that is not used.
    InputSizes: int[]
    /// Whether the code gets the addresses of inputs and outputs. They are in the table otherwise: where there are too many, and
    /// where parts of loops need them, which get the table only.
    PassesArrays: bool
    Steps: FusedStep[]
    /// Where the memory of each slot lies, and its element type and length.
    Slots: struct (Place * DType * int)[]
    /// The element type and the length of each buffer.
    Buffers: struct (DType * int)[]
    /// Outputs that are computed elsewhere and copied at the end: from where, which output, how many elements.
    Copies: struct (Place * int * int)[]
    LoopCount: int
}

/// A step before memory is planned: with nodes instead of places.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Draft =
    | Code of LoopCode * touched: int list
    | Parts of PartCode * Parts * touched: int list
    | Call of Call * operands: int[] * result: int

/// Plans of fused programs.
[<RequireQualifiedAccess>]
module internal FusedPlan =

    /// So many arrays of the caller the code can get by their addresses.
    [<Literal>]
    let PassedArrays = 4

    /// Blocks of stages between parts and calls; the parts and calls of a block's last stage follow it.
    let private blocks (stages: Stage list) : Stage list list =
        let add (stage: Stage) (later: Stage list list) =
            match later with
            | others :: rest when stage.Calls.IsEmpty && stage.Parts.IsEmpty ->
                (stage :: others) :: rest
            | _ -> [ stage ] :: later

        List.foldBack add stages []

    let private callOf (graph: Graph) (node: int) : Draft voption =
        let kind i =
            struct (graph.Nodes[i].Shape, graph.Nodes[i].DType)

        match graph.Nodes[node].Source with
        | Source.Computed(operation, primitive, inputs) ->
            let call = Call.prepare operation primitive (Array.map kind inputs) (kind node)
            ValueSome(Draft.Call(call, inputs, node))
        | Source.Input _
        | Source.Constant _ -> ValueNone

    /// The steps, and the number of loops.
    let private draft
        (placement: Placement)
        (slotOf: int -> int)
        (anchorOf: int -> Anchor)
        (nodeOf: int -> int)
        (stages: Stage list)
        : Draft[] * int =
        let blocks =
            blocks stages
            |> List.map (fun stages ->
                let last = List.last stages
                let parts = last.Parts |> List.map (fun parts -> PartsBlock(placement, parts))
                LoopBlock(placement, stages), parts, last.Calls
            )

        // Numbers that outlive the code that computes them go through memory.
        for block, parts, _ in blocks do
            for node in block.Touched.Used - block.Touched.Defined do
                placement.Store node

            for one in parts do
                for node in one.Touched.Used + Set.ofList one.Parts.PartTotals do
                    placement.Store node

        let touches (touched: Touched) : Set<int> =
            let kept = touched.Defined |> Set.filter placement.IsStored
            Set.map nodeOf touched.Slots + (touched.Used - touched.Defined) + kept

        let steps = [|
            for block, parts, calls in blocks do
                let touched = block.Touched

                if
                    not (touched.Slots.IsEmpty && touched.Defined.IsEmpty && block.Cleared.IsEmpty)
                then
                    let all = touches touched + Set.ofList block.Cleared
                    Draft.Code(block.Emit(slotOf, anchorOf), List.ofSeq all)

                for one in parts do
                    let all = touches one.Touched + Set.ofList one.Parts.PartTotals
                    Draft.Parts(one.Emit slotOf, one.Parts, List.ofSeq all)

                for node in calls do
                    match callOf placement.Graph node with
                    | ValueSome call -> call
                    | ValueNone -> ()
        |]

        steps, blocks |> List.sumBy (fun (block, _, _) -> block.LoopCount)

    /// The nodes whose memory a step touches.
    let private touchedBy (placement: Placement) (step: Draft) : int list =
        let owner node =
            let struct (under, _) = placement.Memory node
            under

        match step with
        | Draft.Code(_, touched)
        | Draft.Parts(_, _, touched) -> touched
        | Draft.Call(_, operands, result) ->
            result :: (operands |> Array.map owner |> List.ofArray) |> List.distinct

    let private isComputed (placement: Placement) (node: int) : bool =
        match placement.Role node with
        | Role.Fused
        | Role.Total
        | Role.Called -> true
        | Role.Given
        | Role.View -> false

    /// For each node that is written straight to the caller's array: which output.
    let private direct (placement: Placement) : IReadOnlyDictionary<int, int> =
        let graph = placement.Graph
        let found = Dictionary<int, int>()

        graph.Outputs
        |> Array.iteri (fun position node ->
            if isComputed placement node && not (found.ContainsKey node) then
                found[node] <- position
        )

        found

    /// Buffers for the computed nodes that are not written straight to the caller.
    let private planBuffers
        (placement: Placement)
        (steps: Draft[])
        (outputOf: IReadOnlyDictionary<int, int>)
        : Dictionary<int, int> * struct (DType * int)[] =
        let graph = placement.Graph
        let last = Dictionary<int, int>()

        steps
        |> Array.iteri (fun k step ->
            for node in touchedBy placement step do
                last[node] <- k
        )

        for output in graph.Outputs do
            let struct (under, _) = placement.Memory output
            last[under] <- steps.Length

        let buffers = BufferPlan()
        let bufferOf = Dictionary<int, int>()

        steps
        |> Array.iteri (fun k step ->
            let touched = touchedBy placement step

            for node in touched do
                if
                    isComputed placement node
                    && not (outputOf.ContainsKey node || bufferOf.ContainsKey node)
                then
                    bufferOf[node] <-
                        buffers.Take(graph.Nodes[node].DType, graph.Nodes[node].Shape.Length)

            for node in touched do
                match bufferOf.TryGetValue node with
                | true, buffer when last[node] = k -> buffers.Release buffer
                | _ -> ()
        )

        bufferOf, buffers.Buffers

    // An input that nothing uses may have lost its node.
    let private inputSizes (graph: Graph) : int[] =
        let sizes = Array.zeroCreate graph.InputCount

        for node in graph.Nodes do
            match node.Source with
            | Source.Input position -> sizes[position] <- node.DType.Size
            | Source.Computed _
            | Source.Constant _ -> ()

        sizes

    /// The plan of a graph.
    let ofGraph (graph: Graph) : FusedPlan =
        let nodes = graph.Nodes
        let placement = Placement graph
        let slotNodes = List<int>()
        let slots = Dictionary<int, int>()

        let slotOf (node: int) : int =
            match slots.TryGetValue node with
            | true, slot -> slot
            | false, _ ->
                slotNodes.Add node
                slots[node] <- slotNodes.Count - 1
                slotNodes.Count - 1

        let stages = LoopBuilder.build placement slotOf
        let outputOf = direct placement

        let passesArrays =
            graph.InputCount + graph.Outputs.Length <= PassedArrays
            && stages |> List.forall _.Parts.IsEmpty

        let anchorOf (slot: int) : Anchor =
            let struct (under, start) = placement.Memory slotNodes[slot]
            let bytes = int64 start * int64 nodes[under].DType.Size

            match nodes[under].Source with
            | Source.Input position when passesArrays -> Anchor.Passed(position, bytes)
            | Source.Computed _ when passesArrays && outputOf.ContainsKey under ->
                Anchor.Passed(graph.InputCount + outputOf[under], bytes)
            | Source.Input _
            | Source.Computed _
            | Source.Constant _ -> Anchor.Listed

        let steps, loopCount =
            draft placement slotOf anchorOf (fun slot -> slotNodes[slot]) stages

        let bufferOf, buffers = planBuffers placement steps outputOf

        let place (node: int) : Place =
            let struct (under, start) = placement.Memory node

            match nodes[under].Source with
            | Source.Input position -> Place.Input(position, start)
            | Source.Constant(:? Raw as raw) ->
                Place.Fixed((raw.Storage :?> Array), raw.Offset + start)
            | Source.Constant other -> invalidOp $"a graph holds a constant of level {other.Level}"
            | Source.Computed _ ->
                match outputOf.TryGetValue under with
                | true, position -> Place.Output(position, start)
                | false, _ -> Place.Buffer(bufferOf[under], start)

        // What the building of loops asked for and no code uses has no memory.
        let isUsed (node: int) =
            not (isComputed placement node)
            || outputOf.ContainsKey node
            || bufferOf.ContainsKey node

        {
            InputCount = graph.InputCount
            OutputCount = graph.Outputs.Length
            InputSizes = inputSizes graph
            PassesArrays = passesArrays
            Steps =
                steps
                |> Array.map (fun step ->
                    match step with
                    | Draft.Code(code, _) -> FusedStep.Code code
                    | Draft.Parts(code, parts, _) ->
                        FusedStep.Parts(code, parts, parts.PartTotals |> List.map place)
                    | Draft.Call(call, operands, result) ->
                        FusedStep.Call(call, Array.map place operands, place result)
                )
            Slots =
                slotNodes.ToArray()
                |> Array.map (fun node ->
                    let where =
                        if isUsed node then
                            place node
                        else
                            Place.Fixed(Array.zeroCreate<float> 1, 0)

                    struct (where, nodes[node].DType, nodes[node].Shape.Length)
                )
            Buffers = buffers
            Copies = [|
                for position in 0 .. graph.Outputs.Length - 1 do
                    let node = graph.Outputs[position]

                    match place node with
                    | Place.Output(p, 0) when p = position -> ()
                    | place -> struct (place, position, nodes[node].Shape.Length)
            |]
            LoopCount = loopCount
        }
