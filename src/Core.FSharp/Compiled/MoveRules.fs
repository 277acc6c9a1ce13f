namespace Optim.Compiled

open Optim
open Optim.Primitives

/// Moves of elements made as cheaply as possible: each function gives a node of the stated value. Values are equal.
[<RequireQualifiedAccess>]
module internal MoveRules =

    /// What was computed by which operation; nothing for inputs and constants.
    let (|Made|_|) (b: GraphBuilder) (id: int) : (Operation * int[]) option =
        match b[id].Source with
        | Source.Computed(operation, _, inputs) -> Some(operation, inputs)
        | Source.Input _
        | Source.Constant _ -> None

    // The same dims but for axes of length 1 in front.
    let private sameTail (a: int[]) (b: int[]) : bool =
        let drop (dims: int[]) =
            dims |> Array.skipWhile (fun n -> n = 1)

        drop a = drop b

    /// The elements in another shape of the same length.
    let rec reshape (b: GraphBuilder) (shape: Shape) (x: int) : int =
        if shape.SameAs(b.Shape x) then
            x
        else
            match x with
            | Made b (Operation.Reshape _, [| z |]) -> reshape b shape z
            | Made b (Operation.Expand _, [| z |]) when (b.Shape z).Length = 1 -> expand b shape z
            | _ -> b.Computed(Operation.Reshape shape, Reshape shape, [| x |], shape, b.DType x)

    /// x broadcast to a shape.
    and expand (b: GraphBuilder) (shape: Shape) (x: int) : int =
        let from = b.Shape x

        if shape.SameAs from then
            x
        elif from.Length = 1 && from.Rank > 0 then
            expand b shape (reshape b Shape.Scalar x)
        elif from.Length = shape.Length then
            reshape b shape x
        else
            match x with
            | Made b (Operation.Expand _, [| z |]) -> expand b shape z
            | Made b (Operation.Reshape _, [| z |]) when
                (b.Shape z).Rank <= from.Rank && sameTail (b.Shape z).Dims from.Dims
                ->
                expand b shape z
            | _ -> b.Computed(Operation.Expand shape, Expand shape, [| x |], shape, b.DType x)

    /// The smallest node that broadcasts as x does.
    let rec core (b: GraphBuilder) (x: int) : int =
        let shape = b.Shape x

        match x with
        | Made b (Operation.Expand _, [| z |]) -> core b z
        | Made b (Operation.Reshape _, [| z |]) when
            (b.Shape z).Rank <= shape.Rank && sameTail (b.Shape z).Dims shape.Dims
            ->
            core b z
        | _ when shape.Length = 1 && shape.Rank > 0 -> reshape b Shape.Scalar x
        | _ -> x

    /// Axis i is axis axes[i] of x.
    let rec permute (b: GraphBuilder) (axes: int[]) (x: int) : int =
        let from = b.Shape x
        let shape = Shape(axes |> Array.map (fun axis -> from.Dims[axis]))
        let moving = axes |> Array.filter (fun axis -> from.Dims[axis] <> 1)

        if moving = Array.sort moving then
            reshape b shape x
        else
            match x with
            | Made b (Operation.Permute inner, [| z |]) ->
                permute b (axes |> Array.map (fun axis -> inner[axis])) z
            | Made b (Operation.Expand _, [| z |]) when (b.Shape z).Length = 1 -> expand b shape z
            | _ -> b.Computed(Operation.Permute axes, Permute axes, [| x |], shape, b.DType x)

    let private isWhole (ranges: AxisRange[]) (shape: Shape) : bool =
        Array.forall2
            (fun (r: AxisRange) n -> r.Start = 0 && r.Count = n && (r.Step = 1 || n <= 1))
            ranges
            shape.Dims

    let private compose (outer: AxisRange) (inner: AxisRange) : AxisRange = {
        Start = inner.Start + outer.Start * inner.Step
        Step = inner.Step * outer.Step
        Count = outer.Count
    }

    // Where a part of an assembled whole lies inside one of its pieces, and meets no other.
    let private insidePiece
        (ranges: AxisRange[])
        (pieces: AxisRange[][])
        : (int * AxisRange[]) option =
        let isPlain (r: AxisRange) = r.Step = 1 && r.Count > 0
        let finish (r: AxisRange) = r.Start + r.Count

        let meets (piece: AxisRange[]) =
            Array.forall2
                (fun (r: AxisRange) p -> r.Start < finish p && p.Start < finish r)
                ranges
                piece

        if not (Array.forall isPlain ranges && Array.forall (Array.forall isPlain) pieces) then
            None
        else
            match [ 0 .. pieces.Length - 1 ] |> List.filter (fun i -> meets pieces[i]) with
            | [ i ] when
                Array.forall2
                    (fun (r: AxisRange) p -> p.Start <= r.Start && finish r <= finish p)
                    ranges
                    pieces[i]
                ->
                let moved (r: AxisRange) (p: AxisRange) = { r with Start = r.Start - p.Start }
                Some(i, Array.map2 moved ranges pieces[i])
            | _ -> None

    /// The part of x with one range for each axis.
    let rec slice (b: GraphBuilder) (ranges: AxisRange[]) (x: int) : int =
        let from = b.Shape x
        let shape = Shape(ranges |> Array.map (fun r -> r.Count))

        if isWhole ranges from then
            x
        else
            match x with
            | Made b (Operation.Slice inner, [| z |]) -> slice b (Array.map2 compose ranges inner) z
            | Made b (Operation.Expand _, [| z |]) ->
                let small = b.Shape z
                let extra = from.Rank - small.Rank

                let ofSmall (axis: int) (n: int) =
                    if n = 1 then AxisRange.all 1 else ranges[axis + extra]

                expand b shape (slice b (Array.mapi ofSmall small.Dims) z)
            | Made b (Operation.Assemble(_, pieces), inputs) when (insidePiece ranges pieces).IsSome ->
                match insidePiece ranges pieces with
                | Some(i, moved) -> slice b moved inputs[i]
                | None -> invalidOp "a part was inside a piece and is not"
            | _ -> b.Computed(Operation.Slice ranges, Slice ranges, [| x |], shape, b.DType x)
