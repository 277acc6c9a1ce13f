namespace Optim.Compiled

open Optim

/// Loops whose positions are counted from 0, without loops of one turn, and with loops joined where memory allows.
[<NoComparison; NoEquality>]
type internal FlatSegment = { Extents: int[]; Expressions: Expression[]; Effects: Effect list }

/// Makes the loops of a segment as few and as long as possible.
[<RequireQualifiedAccess>]
module internal FlatSegment =

    let private positionOf (instruction: Instruction) : Position voption =
        match instruction with
        | Instruction.Load(_, at)
        | Instruction.LoadTruth(_, at) -> ValueSome at
        | Instruction.Number _
        | Instruction.Scalar _
        | Instruction.Unary _
        | Instruction.Binary _
        | Instruction.Or
        | Instruction.And
        | Instruction.Compare _
        | Instruction.Where
        | Instruction.TruthAsNumber -> ValueNone

    let private mapInstruction (f: Position -> Position) (instruction: Instruction) : Instruction =
        match instruction with
        | Instruction.Load(slot, at) -> Instruction.Load(slot, f at)
        | Instruction.LoadTruth(slot, at) -> Instruction.LoadTruth(slot, f at)
        | other -> other

    let private mapEffect (f: Position -> Position) (effect: Effect) : Effect =
        match effect with
        | Effect.Store(slot, at, value) -> Effect.Store(slot, f at, value)
        | Effect.AddTo(slot, at, value) -> Effect.AddTo(slot, f at, value)
        | Effect.Total _
        | Effect.Define _ -> effect

    let private positions (expressions: Expression seq) (effects: Effect list) : Position list = [
        for e in expressions do
            match positionOf e.Instruction with
            | ValueSome at -> at
            | ValueNone -> ()
        for effect in effects do
            match effect with
            | Effect.Store(_, at, _)
            | Effect.AddTo(_, at, _) -> at
            | Effect.Total _
            | Effect.Define _ -> ()
    ]

    /// The segment in its simplest form, but with the first loops as they are.
    let ofSegment (fixedLoops: int) (segment: Segment) : FlatSegment =
        let shift (at: Position) : Position = {
            at with
                Base = at.Base + Seq.fold2 (fun s c l -> s + c * l) 0 at.Coefficients segment.Low
        }

        let all = positions segment.Body.All segment.Effects |> List.map _.Coefficients

        // Whether the loops d and d + 1 go through memory as one.
        let isOne (extents: int[]) (coefficients: int[] list) (d: int) =
            coefficients |> List.forall (fun c -> c[d] = c[d + 1] * extents[d + 1])

        let drop (d: int) (at: int[]) = Array.removeAt d at

        let rec simplify (extents: int[]) (coefficients: int[] list) (kept: int list) =
            match
                Seq.tryFind (fun d -> extents[d] = 1) (seq { fixedLoops .. extents.Length - 1 })
            with
            | Some d ->
                simplify (drop d extents) (List.map (drop d) coefficients) (List.removeAt d kept)
            | None ->
                match
                    Seq.tryFind
                        (isOne extents coefficients)
                        (seq { fixedLoops .. extents.Length - 2 })
                with
                | Some d ->
                    let joined = Array.updateAt (d + 1) (extents[d] * extents[d + 1]) extents

                    simplify (drop d joined) (List.map (drop d) coefficients) (List.removeAt d kept)
                | None -> extents, kept

        let extents, kept = simplify segment.Extents all [ 0 .. segment.Extents.Length - 1 ]
        let kept = Array.ofList kept

        let flatten (at: Position) : Position = {
            shift at with
                Coefficients = kept |> Array.map (fun d -> at.Coefficients[d])
        }

        // With moved positions the masks change too.
        let body = Body()

        let places =
            segment.Body.All
            |> Seq.fold
                (fun (places: int list) e ->
                    let known = Array.ofList (List.rev places)
                    let arguments = e.Arguments |> Array.map (fun i -> known[i])
                    body.Add(mapInstruction flatten e.Instruction, arguments) :: places
                )
                []
            |> List.rev
            |> Array.ofList

        let valueAt (effect: Effect) : Effect =
            match effect with
            | Effect.Store(slot, at, value) -> Effect.Store(slot, at, places[value])
            | Effect.AddTo(slot, at, value) -> Effect.AddTo(slot, at, places[value])
            | Effect.Total(node, value) -> Effect.Total(node, places[value])
            | Effect.Define(node, value) -> Effect.Define(node, places[value])

        {
            Extents = extents
            Expressions = Array.ofSeq body.All
            Effects = segment.Effects |> List.map (mapEffect flatten >> valueAt)
        }
