namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim
open Optim.Primitives

/// Loops from a placement. What turns out too dear to be computed where it is used is put into memory, and everything is
/// built anew.
[<Sealed>]
type internal LoopBuilder(placement: Placement, slotOf: int -> int) =
    let graph = placement.Graph
    let nodes = graph.Nodes

    /// More parts than this are not worth their code.
    let mostSegments = 24

    /// A body of more expressions is cut.
    let mostExpressions = 600

    /// The axes of a shape that need a loop.
    let squeezed (shape: Shape) : int[] = shape.Dims |> Array.filter ((<>) 1)

    /// A full sum does not depend on the shape of its input.
    let rec withoutReshape (node: int) : int =
        match nodes[node].Source with
        | Source.Computed(Operation.Reshape _, _, inputs) when not (placement.IsLoaded node) ->
            withoutReshape inputs[0]
        | _ -> node

    let summand (sum: int) : int =
        let input = (Graph.inputsOf nodes[sum])[0]
        if placement.IsOne sum then withoutReshape input else input

    let pieceOf (node: int) (piece: int) : int = (Graph.inputsOf nodes[node])[piece]

    let shapeOf (root: Root) : Shape =
        match root with
        | Root.Value node -> nodes[node].Shape
        | Root.Piece(node, piece) -> nodes[pieceOf node piece].Shape
        | Root.Sum node -> nodes[summand node].Shape

    let typeOf (root: Root) : DType =
        match root with
        | Root.Value node
        | Root.Piece(node, _)
        | Root.Sum node -> nodes[node].DType

    /// The positions along the axes of a shape in loops over its longer axes.
    let positionsIn (loops: int) (shape: Shape) : Position[] =
        let mutable loop = -1

        shape.Dims
        |> Array.map (fun length ->
            if length = 1 then
                Position.constant loops 0
            else
                loop <- loop + 1
                Position.counter loops loop
        )

    let effectOf (loops: int) (builder: BodyBuilder) (root: Root) : Effect =
        let positions = positionsIn loops (shapeOf root)

        match root with
        | Root.Value node ->
            let at = Position.inMemory loops nodes[node].Shape positions
            Effect.Store(slotOf node, at, builder.Compute(node, positions))
        | Root.Piece(node, piece) ->
            match nodes[node].Source with
            | Source.Computed(Operation.Assemble(shape, ranges), _, inputs) ->
                let places =
                    Array.map2 (fun r p -> Position.affine r.Start r.Step p) ranges[piece] positions

                let at = Position.inMemory loops shape places
                Effect.AddTo(slotOf node, at, builder.Value(inputs[piece], positions))
            | _ -> invalidOp "a piece of something that is no assembly"
        | Root.Sum node when placement.IsOne node ->
            Effect.Total(node, builder.Value(summand node, positions))
        | Root.Sum node ->
            match nodes[node].Source with
            | Source.Computed(Operation.Sum(axes, _), _, inputs) ->
                let shape = nodes[inputs[0]].Shape
                let kept = Shape.reduced axes true shape

                let places =
                    Array.init
                        shape.Rank
                        (fun axis ->
                            if kept.Dims[axis] = 1 then
                                Position.constant loops 0
                            else
                                positions[axis]
                        )

                let at = Position.inMemory loops kept places
                Effect.AddTo(slotOf node, at, builder.Value(inputs[0], positions))
            | _ -> invalidOp "a sum of something that is no sum"

    /// Whether the root has something to do in these loops: always, never, or only after a split.
    let part (low: int[]) (high: int[]) (root: Root) : Result<bool, struct (int * int)> =
        let extents = squeezed (shapeOf root)
        let outside = Array.exists2 (fun l extent -> l >= extent) low extents
        let across = Seq.tryFindIndex id (Seq.map2 (>) high extents)

        if outside then
            Ok false
        else
            match across with
            | Some d -> Error(struct (d, extents[d]))
            | None -> Ok true

    let parts (low: int[]) (high: int[]) (roots: Root list) =
        roots |> List.map (fun root -> root, part low high root)

    /// The loops over the box, split where they must be; or a node that must first be put into memory.
    let rec segments
        (stage: int)
        (count: int ref)
        (note: BodyBuilder -> unit)
        (roots: Root list)
        (low: int[])
        (high: int[])
        : Result<Segment list, int> =
        let loops = low.Length

        let halves (blame: int voption) (struct (d, at)) =
            count.Value <- count.Value + 1

            match blame with
            | ValueSome node when count.Value > mostSegments -> Error node
            | _ ->
                let middle = Array.updateAt d at high
                let next = Array.updateAt d at low

                match segments stage count note roots low middle with
                | Error node -> Error node
                | Ok first ->
                    segments stage count note roots next high |> Result.map (List.append first)

        let found = parts low high roots

        match
            found
            |> List.tryPick (fun (_, p) ->
                match p with
                | Error split -> Some split
                | Ok _ -> None
            )
        with
        | Some split -> halves ValueNone split
        | None ->
            let active =
                found |> List.choose (fun (root, p) -> if p = Ok true then Some root else None)

            if active.IsEmpty then
                Ok []
            else
                let builder = BodyBuilder(placement, stage, low, high, slotOf)
                let effects = active |> List.map (effectOf loops builder)

                match builder.Blocked, builder.Split with
                | ValueSome node, _ -> Error node
                | ValueNone, ValueSome(struct (node, d, at)) ->
                    halves (ValueSome node) (struct (d, at))
                | ValueNone, ValueNone ->
                    note builder

                    Ok [
                        {
                            Low = low
                            Extents = Array.map2 (-) high low
                            Body = builder.Body
                            Effects = effects
                        }
                    ]

    let cost (kind: Unary) : int =
        match kind with
        | Unary.Square
        | Unary.Abs
        | Unary.Sign
        | Unary.Relu
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> 1
        | Unary.Sqrt
        | Unary.Reciprocal
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round -> 4
        | Unary.Power p when p = 2.0 || p = 3.0 -> 2
        | _ -> 20

    let ownCost (node: int) : int =
        match nodes[node].Source with
        | Source.Computed(Operation.Unary kind, _, _) -> cost kind
        | Source.Computed(Operation.Binary(Binary.Power | Binary.Atan2), _, _) -> 40
        | Source.Computed(Operation.Binary Binary.Divide, _, _) -> 4
        | Source.Computed((Operation.Affine _ | Operation.Binary _ | Operation.Compare _ | Operation.Where | Operation.Cast _),
                          _,
                          _) -> 1
        | _ -> 0

    /// What it costs to compute one element from what is in memory, roughly, in additions.
    let costs: Lazy<int[]> =
        lazy
            (let all = Array.zeroCreate<int> nodes.Length

             for i in 0 .. nodes.Length - 1 do
                 if placement.Role i = Role.Fused then
                     let below =
                         Graph.inputsOf nodes[i]
                         |> Array.sumBy (fun j -> if placement.IsLoaded j then 0 else all[j])

                     all[i] <- min 10_000 (ownCost i + below)

             all)

    /// How often each node is computed, as a multiple of its number of elements.
    let effort = Dictionary<int, float>()

    let note (loops: int[]) (builder: BodyBuilder) : unit =
        let volume upTo =
            Seq.fold (fun v d -> v * float loops[d]) 1.0 (seq { 0..upTo })

        for struct (node, positions) in builder.Computed do
            let last =
                positions
                |> Array.fold
                    (fun last p ->
                        max last (Array.FindLastIndex(p.Coefficients, (fun c -> c <> 0)))
                    )
                    -1

            let times = max 1.0 (volume last / float nodes[node].Shape.Length)

            effort[node] <-
                match effort.TryGetValue node with
                | true, before -> before + times
                | false, _ -> times

    let isRoughlyEqual (a: int) (b: int) = abs (a - b) <= max 4 (max a b / 8)

    let fits (a: Root) (b: Root) : bool =
        let x, y = squeezed (shapeOf a), squeezed (shapeOf b)
        typeOf a = typeOf b && x.Length = y.Length && Array.forall2 isRoughlyEqual x y

    /// Roots that share loops.
    let group (roots: Root list) : Root list list =
        let add (groups: Root list list) (root: Root) =
            match List.tryFindIndex (List.forall (fits root)) groups with
            | Some i -> List.updateAt i (groups[i] @ [ root ]) groups
            | None -> groups @ [ [ root ] ]

        List.fold add [] roots

    let cutMiddle (builders: BodyBuilder list) : int voption =
        // A value of many elements halfway between what is in memory and the result.
        let inside =
            [
                for builder in builders do
                    for struct (node, _) in builder.Computed do
                        if
                            nodes[node].DType.IsFloating
                            && not (placement.IsOne node)
                            && not (placement.IsLoaded node)
                            && ownCost node > 0
                        then
                            node
            ]
            |> List.distinct
            |> List.sort

        if inside.Length < 8 then
            ValueNone
        else
            ValueSome inside[inside.Length / 2]

    let loop (stage: int) (roots: Root list) : Result<Loop, int> =
        let sizes = roots |> List.map (shapeOf >> squeezed)
        let box = sizes |> List.reduce (Array.map2 max)
        let builders = List<BodyBuilder>()

        match segments stage (ref 1) builders.Add roots (Array.map (fun _ -> 0) box) box with
        | Error node -> Error node
        | Ok parts ->
            let largest = parts |> List.map (fun s -> s.Body.All.Count) |> List.max

            let tooLarge =
                if largest > mostExpressions then
                    cutMiddle (List.ofSeq builders)
                else
                    ValueNone

            match tooLarge with
            | ValueSome node -> Error node
            | ValueNone ->
                for builder in builders do
                    note box builder

                Ok {
                    DType = typeOf roots.Head
                    Segments = parts
                    Totals = [
                        for root in roots do
                            match root with
                            | Root.Sum node when placement.IsOne node -> node
                            | Root.Piece _
                            | Root.Sum _
                            | Root.Value _ -> ()
                    ]
                }

    let rootsOf (stage: int) : Root list = [
        for i in 0 .. nodes.Length - 1 do
            if placement.Stage i = stage then
                match placement.Role i with
                | Role.Total -> Root.Sum i
                | Role.Fused when placement.IsStored i && not (placement.IsOne i) ->
                    if placement.IsPieced i then
                        for piece in 0 .. (Graph.inputsOf nodes[i]).Length - 1 do
                            Root.Piece(i, piece)
                    else
                        Root.Value i
                | Role.Fused
                | Role.Given
                | Role.View
                | Role.Called -> ()
    ]

    let numbersOf (stage: int) (dtype: DType) : Segment voption =
        let builder = BodyBuilder(placement, stage, [||], [||], slotOf)

        let effects = [
            for i in 0 .. nodes.Length - 1 do
                if
                    placement.Stage i = stage
                    && placement.Role i = Role.Fused
                    && placement.IsOne i
                    && nodes[i].DType = dtype
                then
                    let positions = Array.create nodes[i].Shape.Rank (Position.constant 0 0)
                    Effect.Define(i, builder.Compute(i, positions))
        ]

        if effects.IsEmpty then
            ValueNone
        else
            ValueSome {
                Low = [||]
                Extents = [||]
                Body = builder.Body
                Effects = effects
            }

    let stage (index: int) : Result<Stage, int> =
        let mutable blocked = ValueNone

        let loops =
            group (rootsOf index)
            |> List.choose (fun roots ->
                match loop index roots with
                | Ok loop -> Some loop
                | Error node ->
                    blocked <- ValueSome node
                    None
            )

        match blocked with
        | ValueSome node -> Error node
        | ValueNone ->
            let numbers =
                [ DType.Float64; DType.Float32 ]
                |> List.choose (fun dtype ->
                    match numbersOf index dtype with
                    | ValueSome segment -> Some(dtype, segment)
                    | ValueNone -> None
                )

            let cut = loops |> List.map LoopParts.split
            let whole = cut |> List.map (fun struct (loop, _) -> loop)

            let parts = cut |> List.choose (fun struct (_, parts) -> ValueOption.toOption parts)

            Ok {
                Cleared = [
                    for root in rootsOf index do
                        match root with
                        | Root.Piece(node, 0) -> node
                        | Root.Sum node when not (placement.IsOne node) -> node
                        | Root.Piece _
                        | Root.Sum _
                        | Root.Value _ -> ()
                ]
                NumbersOf = List.map fst numbers
                Numbers = List.map snd numbers
                Loops = whole
                Parts = parts
                Calls = [
                    for i in 0 .. nodes.Length - 1 do
                        if placement.Role i = Role.Called && placement.Stage i = index then
                            i
                ]
            }

    /// A node whose repeated computation costs more than memory would.
    let tooDear () : int voption =
        seq { 0 .. nodes.Length - 1 }
        |> Seq.tryFind (fun i ->
            placement.Role i = Role.Fused
            && nodes[i].DType.IsFloating
            && not (placement.IsOne i)
            && not (placement.IsLoaded i)
            && ownCost i > 0
            && effort.ContainsKey i
            && (effort[i] - 1.0) * float costs.Value[i] > 24.0
        )
        |> ValueOption.ofOption

    /// Puts one more node into memory and says so, or gives the stages.
    member _.TryBuild() : Result<Stage list, int> =
        let rec go index =
            if index = placement.StageCount then
                Ok []
            else
                match stage index with
                | Error node -> Error node
                | Ok one -> go (index + 1) |> Result.map (fun others -> one :: others)

        match go 0 with
        | Error node -> Error node
        | Ok stages ->
            match tooDear () with
            | ValueSome node -> Error node
            | ValueNone -> Ok stages

/// Entry point of the building of loops.
[<RequireQualifiedAccess>]
module internal LoopBuilder =

    /// The stages of a placement, which is changed on the way.
    let build (placement: Placement) (slotOf: int -> int) : Stage list =
        let rec go () =
            match LoopBuilder(placement, slotOf).TryBuild() with
            | Ok stages -> stages
            | Error node ->
                placement.Load node
                go ()

        go ()
