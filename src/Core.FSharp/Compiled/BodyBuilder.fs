namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim
open Optim.Primitives

/// Writes the body of the loops over low[d] ≤ i[d] < high[d]: for a node and a position along each of its axes, the
/// expression of that element. Movements of elements (slices, broadcasts, transposes, assemblies) only change positions.
[<Sealed>]
type internal BodyBuilder
    (placement: Placement, stage: int, low: int[], high: int[], slotOf: int -> int) =
    let graph = placement.Graph
    let nodes = graph.Nodes
    let loops = low.Length
    let body = Body()
    let known = Dictionary<struct (int * Position[]), int>(HashIdentity.Structural)
    let mutable split: struct (int * int * int) voption = ValueNone
    let mutable blocked: int voption = ValueNone

    let fixedAt = Position.constant loops 0

    /// The smallest and largest value of a position in these loops.
    let bounds (position: Position) : struct (int * int) =
        let mutable least = position.Base
        let mutable most = position.Base

        for d in 0 .. loops - 1 do
            let c = position.Coefficients[d]
            let first, last = c * low[d], c * (high[d] - 1)
            least <- least + min first last
            most <- most + max first last

        struct (least, most)

    /// Asks for loops that end where a position crosses `edge`.
    let askSplit (node: int) (position: Position) (edge: int) : unit =
        let varying =
            [ 0 .. loops - 1 ] |> List.filter (fun d -> position.Coefficients[d] <> 0)

        match varying with
        | [ d ] when position.Coefficients[d] = 1 ->
            split <- ValueSome(struct (node, d, edge - position.Base))
        | [ d ] when position.Coefficients[d] = -1 ->
            split <- ValueSome(struct (node, d, position.Base - edge + 1))
        | _ -> blocked <- ValueSome node

    /// Whether the position lies in a range: always, never, or not known because the loops must be split first.
    let isInside (node: int) (range: AxisRange) (position: Position) : bool =
        let struct (least, most) = bounds position
        let first, last = range.Start, range.Start + range.Count - 1

        if most < first || least > last then
            false
        elif least >= first && most <= last then
            true
        else
            askSplit node position (if least < first then first else last + 1)
            false

    /// The positions of an operand that broadcasts to `shape`.
    let broadcast (shape: Shape) (positions: Position[]) (operand: int) : Position[] =
        let own = nodes[operand].Shape
        let extra = shape.Rank - own.Rank

        Array.init
            own.Rank
            (fun axis ->
                if own.Dims[axis] = 1 then
                    fixedAt
                else
                    positions[axis + extra]
            )

    /// The positions of the input of a reshape whose axes are axes of the result or products of several.
    let joined (from: Shape) (into: Shape) (positions: Position[]) : Position[] =
        let mutable axis = 0

        from.Dims
        |> Array.map (fun length ->
            if length = 1 then
                fixedAt
            else
                let mutable product = 1
                let mutable place = fixedAt

                while product < length do
                    let d = into.Dims[axis]
                    place <- Position.add (Position.affine 0 d place) positions[axis]
                    product <- product * d
                    axis <- axis + 1

                place
        )

    /// Whether a node is a number that was computed before this body. A truth value is computed where it is used.
    let isKnown (node: int) : bool =
        placement.IsOne node
        && nodes[node].DType.IsFloating
        && (loops > 0 || placement.Stage node < stage || placement.Role node = Role.Total)

    let unary (kind: Unary) (x: int) : int =
        body.Add(Instruction.Unary kind, [| x |])

    let binary (kind: Binary) (a: int) (b: int) : int =
        body.Add(Instruction.Binary kind, [| a; b |])

    let affine (scale: float) (shift: float) (x: int) : int =
        let scaled =
            if scale = 1.0 then
                x
            elif scale = -1.0 then
                binary Binary.Subtract (body.Number -0.0) x
            else
                binary Binary.Multiply x (body.Number scale)

        if shift = 0.0 then
            scaled
        else
            binary Binary.Add scaled (body.Number shift)

    let read (node: int) (positions: Position[]) : int =
        let struct (under, start) = placement.Memory node

        let at =
            Position.inMemory loops nodes[node].Shape positions |> Position.affine start 1

        if nodes[node].DType = DType.Bool then
            body.Add(Instruction.LoadTruth(slotOf under, at), [||])
        else
            body.Add(Instruction.Load(slotOf under, at), [||])

    /// The body.
    member _.Body: Body = body

    /// Where the loops must be split before this body can be written: the assembly that asks for it, the loop, and the
    /// counter at which its second part begins.
    member _.Split: struct (int * int * int) voption = split

    /// A node that must be put into memory before this body can be written.
    member _.Blocked: int voption = blocked

    /// The nodes that are computed here, each with the positions of one element.
    member _.Computed: seq<struct (int * Position[])> = known.Keys

    /// The expression of one element, read from memory if it is there.
    member builder.Value(node: int, positions: Position[]) : int =
        match placement.Constant node with
        | ValueSome number -> body.Number number
        | ValueNone ->
            if placement.IsLoaded node then
                read node positions
            elif isKnown node then
                body.Add(Instruction.Scalar node, [||])
            else
                builder.Compute(node, positions)

    /// The expression of one element, computed.
    member builder.Compute(node: int, positions: Position[]) : int =
        let key = struct (node, positions)

        match known.TryGetValue key with
        | true, index -> index
        | false, _ ->
            let index =
                match nodes[node].Source with
                | Source.Computed(operation, _, inputs) ->
                    builder.Operation(node, operation, inputs, positions)
                | Source.Input _
                | Source.Constant _ -> read node positions

            known[key] <- index
            index

    member private builder.Operation
        (node: int, operation: Operation, inputs: int[], positions: Position[])
        : int =
        let shape = nodes[node].Shape

        let operand i =
            builder.Value(inputs[i], broadcast shape positions inputs[i])

        let isTruth = nodes[node].DType = DType.Bool

        match operation with
        | Operation.Affine(scale, shift) -> affine scale shift (operand 0)
        | Operation.Unary(Unary.Power 1.0) -> operand 0
        | Operation.Unary(Unary.Power 2.0) -> unary Unary.Square (operand 0)
        | Operation.Unary(Unary.Power 3.0) ->
            let x = operand 0
            binary Binary.Multiply (unary Unary.Square x) x
        | Operation.Unary(Unary.Power -1.0) -> unary Unary.Reciprocal (operand 0)
        | Operation.Unary kind -> unary kind (operand 0)
        | Operation.Binary Binary.Maximum when isTruth ->
            body.Add(Instruction.Or, [| operand 0; operand 1 |])
        | Operation.Binary Binary.Minimum when isTruth ->
            body.Add(Instruction.And, [| operand 0; operand 1 |])
        | Operation.Binary kind -> binary kind (operand 0) (operand 1)
        | Operation.Compare kind -> body.Add(Instruction.Compare kind, [| operand 0; operand 1 |])
        | Operation.Where -> body.Add(Instruction.Where, [| operand 0; operand 1; operand 2 |])
        | Operation.Cast _ -> body.Add(Instruction.TruthAsNumber, [| operand 0 |])
        | Operation.Expand _ -> operand 0
        | Operation.Reshape _ when placement.IsOne node ->
            builder.Value(inputs[0], Array.create nodes[inputs[0]].Shape.Rank fixedAt)
        | Operation.Reshape _ ->
            let from = nodes[inputs[0]].Shape
            builder.Value(inputs[0], joined from shape positions)
        | Operation.Permute axes ->
            let from = Array.create axes.Length fixedAt
            axes |> Array.iteri (fun i axis -> from[axis] <- positions[i])
            builder.Value(inputs[0], from)
        | Operation.Slice ranges ->
            let from = Array.map2 (fun r p -> Position.affine r.Start r.Step p) ranges positions
            builder.Value(inputs[0], from)
        | Operation.Sum _ ->
            // Of one element.
            builder.Value(inputs[0], Array.create nodes[inputs[0]].Shape.Rank fixedAt)
        | Operation.Assemble(_, ranges) ->
            let pieces = [
                for piece in 0 .. ranges.Length - 1 do
                    if Array.forall2 (isInside node) ranges[piece] positions then
                        let from =
                            Array.map2
                                (fun r p -> Position.affine -r.Start 1 p)
                                ranges[piece]
                                positions

                        builder.Value(inputs[piece], from)
            ]

            match pieces with
            | [] -> body.Number 0.0
            | first :: others -> List.fold (binary Binary.Add) first others
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
        | Operation.Opaque _ -> invalidOp $"{operation} is no part of a loop"
