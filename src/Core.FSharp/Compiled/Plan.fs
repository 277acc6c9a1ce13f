namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim
open Optim.Managed
open Optim.Primitives

/// Where a value lies while a program runs.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Place =
    /// In the caller's array for an input, so many elements after its beginning.
    | Input of position: int * offset: int
    /// In the caller's array for an output.
    | Output of position: int * offset: int
    /// In a buffer of the session.
    | Buffer of index: int * offset: int
    /// In an array of the graph.
    | Fixed of array: Array * offset: int

/// One call with the places of its operands and of its result.
[<NoComparison; NoEquality>]
type internal Step = { Call: Call; Operands: Place[]; Result: Place }

/// A graph laid out in memory: what is computed in which order and where.
[<NoComparison; NoEquality>]
type internal Plan = {
    Steps: Step[]
    /// The element type and the length of each buffer.
    Buffers: struct (DType * int)[]
    /// Outputs that are computed elsewhere and copied at the end: from where, which output, how many elements.
    Copies: struct (Place * int * int)[]
}

/// Buffers with times in which they are in use.
[<Sealed>]
type internal BufferPlan() =
    let lengths = List<int>()
    let dtypes = List<DType>()
    let free = List<int>()

    /// The element types and lengths.
    member _.Buffers: struct (DType * int)[] =
        Array.init lengths.Count (fun i -> struct (dtypes[i], lengths[i]))

    /// A buffer for so many elements that is not in use: the smallest that is long enough, or the longest made longer.
    member _.Take(dtype: DType, length: int) : int =
        let fitting = free |> Seq.filter (fun i -> dtypes[i] = dtype) |> List.ofSeq

        let chosen =
            match fitting |> List.filter (fun i -> lengths[i] >= length) with
            | [] ->
                match fitting with
                | [] ->
                    lengths.Add length
                    dtypes.Add dtype
                    lengths.Count - 1
                | short -> short |> List.maxBy (fun i -> lengths[i])
            | long -> long |> List.minBy (fun i -> lengths[i])

        free.Remove chosen |> ignore
        lengths[chosen] <- max length lengths[chosen]
        chosen

    /// The buffer is no longer in use.
    member _.Release(index: int) : unit = free.Add index

/// Plans for the managed engine.
[<RequireQualifiedAccess>]
module internal Plan =

    // The start in the operand of a result that is a part of it as it lies in memory.
    let private sharedStart (operation: Operation) (operand: Node) (result: Node) : int voption =
        match operation with
        | Operation.Reshape _ -> ValueSome 0
        | Operation.Expand _ when result.Shape.Length = operand.Shape.Length -> ValueSome 0
        | Operation.Slice ranges when Shaping.isContiguous ranges operand.Shape ->
            if ranges.Length = 0 || result.Shape.Length = 0 then
                ValueSome 0
            else
                let row = operand.Shape.Length / operand.Shape.Dims[0]
                ValueSome(ranges[0].Start * row)
        | _ -> ValueNone

    let private shift (extra: int) (place: Place) : Place =
        match place with
        | Place.Input(i, offset) -> Place.Input(i, offset + extra)
        | Place.Output(i, offset) -> Place.Output(i, offset + extra)
        | Place.Buffer(i, offset) -> Place.Buffer(i, offset + extra)
        | Place.Fixed(array, offset) -> Place.Fixed(array, offset + extra)

    let private fixedPlace (x: Tensor) : Place =
        match x with
        | :? Raw as raw -> Place.Fixed((raw.Storage :?> Array), raw.Offset)
        | other -> invalidOp $"a graph holds a constant of level {other.Level}"

    // For each node the node whose memory it lies in.
    let private owners (graph: Graph) : int[] =
        let owner = Array.init graph.Nodes.Length id

        for i in 0 .. graph.Nodes.Length - 1 do
            match graph.Nodes[i].Source with
            | Source.Input _
            | Source.Constant _ -> ()
            | Source.Computed(operation, _, inputs) ->
                if inputs.Length = 1 then
                    let operand = inputs[0]

                    match sharedStart operation graph.Nodes[operand] graph.Nodes[i] with
                    | ValueSome _ -> owner[i] <- owner[operand]
                    | ValueNone -> ()

        owner

    // For each owner the last node that reads its memory; beyond the end for what is copied to an output.
    let private lastUses (graph: Graph) (owner: int[]) : int[] =
        let last = Array.init graph.Nodes.Length id

        for i in 0 .. graph.Nodes.Length - 1 do
            for input in Graph.inputsOf graph.Nodes[i] do
                last[owner[input]] <- i

        for output in graph.Outputs do
            last[owner[output]] <- graph.Nodes.Length

        last

    /// The plan of a graph whose engine is the managed one.
    let ofGraph (graph: Graph) : Plan =
        let nodes = graph.Nodes
        let owner = owners graph
        let last = lastUses graph owner
        let buffers = BufferPlan()
        let places: Place[] = Array.zeroCreate nodes.Length
        let steps = List<Step>()
        let expiring = Array.init (nodes.Length + 1) (fun _ -> List<int>())

        let resultPlace (i: int) : Place =
            match Array.IndexOf(graph.Outputs, i) with
            | -1 ->
                let buffer = buffers.Take(nodes[i].DType, nodes[i].Shape.Length)
                expiring[last[i]].Add buffer
                Place.Buffer(buffer, 0)
            | position -> Place.Output(position, 0)

        let kind (i: int) = struct (nodes[i].Shape, nodes[i].DType)

        for i in 0 .. nodes.Length - 1 do
            match nodes[i].Source with
            | Source.Input position -> places[i] <- Place.Input(position, 0)
            | Source.Constant x -> places[i] <- fixedPlace x
            | Source.Computed(operation, primitive, inputs) ->
                let shared =
                    if inputs.Length = 1 then
                        sharedStart operation nodes[inputs[0]] nodes[i]
                    else
                        ValueNone

                match shared with
                | ValueSome start -> places[i] <- shift start places[inputs[0]]
                | ValueNone ->
                    places[i] <- resultPlace i

                    steps.Add {
                        Call = Call.prepare operation primitive (Array.map kind inputs) (kind i)
                        Operands = inputs |> Array.map (fun input -> places[input])
                        Result = places[i]
                    }

            for buffer in expiring[i] do
                buffers.Release buffer

        let copies = [|
            for position in 0 .. graph.Outputs.Length - 1 do
                let output = graph.Outputs[position]

                match places[output] with
                | Place.Output(p, 0) when p = position -> ()
                | place -> struct (place, position, nodes[output].Shape.Length)
        |]

        { Steps = steps.ToArray(); Buffers = buffers.Buffers; Copies = copies }
