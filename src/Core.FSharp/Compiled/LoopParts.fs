namespace Optim.Compiled

open Optim

/// Cuts large loops into parts for several threads. Where they are cut depends on sizes only, so results never depend on
/// how many processors there are.
[<RequireQualifiedAccess>]
module internal LoopParts =

    /// About so many operations make one part: a tenth of a millisecond, against some microseconds to wake a thread.
    [<Literal>]
    let private Grain = 3_000_000L

    let private most = 64

    let private work (segment: Segment) : int64 =
        segment.Extents
        |> Array.fold (fun product extent -> product * int64 extent) (int64 segment.Body.All.Count)

    /// Whether no two parts along loop d write to the same place.
    let private isApart (d: int) (segment: Segment) : bool =
        let added = [
            for effect in segment.Effects do
                match effect with
                | Effect.AddTo(slot, at, _) -> slot, at
                | Effect.Store _
                | Effect.Total _
                | Effect.Define _ -> ()
        ]

        List.forall (fun (_, at: Position) -> at.Coefficients[d] <> 0) added
        && (added |> List.distinctBy fst).Length = added.Length

    /// The segment with a first loop over parts of `size` turns of loop d.
    let private withParts (d: int) (count: int) (size: int) (segment: Segment) : Segment =
        let move (at: Position) : Position = {
            at with
                Coefficients = Array.append [| size * at.Coefficients[d] |] at.Coefficients
        }

        let body = Body()

        for e in segment.Body.All do
            let instruction =
                match e.Instruction with
                | Instruction.Load(slot, at) -> Instruction.Load(slot, move at)
                | Instruction.LoadTruth(slot, at) -> Instruction.LoadTruth(slot, move at)
                | other -> other

            // Expressions differ before and after, so each keeps its index.
            body.Add(instruction, e.Arguments) |> ignore

        {
            Low = Array.append [| 0 |] segment.Low
            Extents = Array.append [| count |] (Array.updateAt d size segment.Extents)
            Body = body
            Effects =
                segment.Effects
                |> List.map (fun effect ->
                    match effect with
                    | Effect.Store(slot, at, value) -> Effect.Store(slot, move at, value)
                    | Effect.AddTo(slot, at, value) -> Effect.AddTo(slot, move at, value)
                    | Effect.Total _
                    | Effect.Define _ -> effect
                )
        }

    /// A loop without the part of it that is worth several threads, and that part.
    let split (loop: Loop) : struct (Loop * Parts voption) =
        match loop.Segments with
        | [] -> struct (loop, ValueNone)
        | segments ->
            let largest = List.maxBy work segments

            let d =
                if largest.Extents.Length = 0 then
                    0
                else
                    Array.findIndex ((=) (Array.max largest.Extents)) largest.Extents

            let count = int (min (int64 most) (work largest / Grain))

            if
                largest.Extents.Length = 0
                || count < 2
                || largest.Extents[d] < 64 * count
                || not (isApart d largest)
            then
                struct (loop, ValueNone)
            else
                // Whole cache lines each.
                let size = largest.Extents[d] / count / 16 * 16
                let done' = count * size

                let rest = {
                    largest with
                        Low = Array.updateAt d (largest.Low[d] + done') largest.Low
                        Extents = Array.updateAt d (largest.Extents[d] - done') largest.Extents
                }

                let others =
                    segments |> List.filter (fun s -> not (obj.ReferenceEquals(s, largest)))

                struct ({
                            loop with
                                Segments = if rest.Extents[d] = 0 then others else others @ [ rest ]
                        },
                        ValueSome {
                            PartsType = loop.DType
                            Count = count
                            Whole = withParts d count size largest
                            PartTotals = [
                                for effect in largest.Effects do
                                    match effect with
                                    | Effect.Total(node, _) -> node
                                    | Effect.Store _
                                    | Effect.AddTo _
                                    | Effect.Define _ -> ()
                            ]
                        })
