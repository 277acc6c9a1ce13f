namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Reflection.Emit
open Optim

/// Consecutive stages without calls between them, as one piece of code.
[<Sealed>]
type internal LoopBlock(placement: Placement, stages: Stage list) =
    let touched =
        Touched.ofSegments [
            for stage in stages do
                for loop in stage.Loops do
                    yield! loop.Totals
        ] [
            for stage in stages do
                yield! stage.Numbers

                for loop in stage.Loops do
                    yield! loop.Segments
        ]

    let cleared = stages |> List.collect _.Cleared

    /// What it touches.
    member _.Touched: Touched = touched

    /// The nodes whose memory is zero at its beginning.
    member _.Cleared: int list = cleared

    /// The number of loops.
    member _.LoopCount: int = stages |> List.sumBy (fun stage -> stage.Loops.Length)

    /// The code. slotOf: the slot of a node; anchorOf: where the address of a slot is found.
    member _.Emit(slotOf: int -> int, anchorOf: int -> Anchor) : LoopCode =
        let parameters = Array.create 5 typeof<nativeint>

        let method = LoopMethod(placement, touched, cleared, slotOf, anchorOf, parameters)

        let emitNumbers (dtype: DType) (segment: Segment) : unit =
            method.Emitter(dtype).Emit(FlatSegment.ofSegment 0 segment, Dictionary(), [])

            for effect in segment.Effects do
                match effect with
                | Effect.Define(node, _) -> method.Keep node
                | Effect.Store _
                | Effect.AddTo _
                | Effect.Total _ -> ()

        let emitLoop (loop: Loop) : unit =
            let segments = loop.Segments |> List.map (FlatSegment.ofSegment 0)
            method.Segments(loop.DType, segments, loop.Totals, [], method.SetNumber)

        for stage in stages do
            List.iter method.Clear stage.Cleared
            List.iter2 emitNumbers stage.NumbersOf stage.Numbers
            List.iter emitLoop stage.Loops

        method.Finish<LoopCode>()

/// Parts of a loop, as code that computes one of them.
[<Sealed>]
type internal PartsBlock(placement: Placement, parts: Parts) =
    let touched = Touched.ofSegments [] [ parts.Whole ]

    /// What it touches, its totals apart.
    member _.Touched: Touched = touched

    /// The parts.
    member _.Parts: Parts = parts

    /// The code. slotOf: the slot of a node.
    member _.Emit(slotOf: int -> int) : PartCode =
        let parameters = [| typeof<nativeint>; typeof<nativeint>; typeof<nativeint> |]
        let listed (_: int) = Anchor.Listed
        let method = LoopMethod(placement, touched, [], slotOf, listed, parameters)
        let il = method.Il
        let part = il.DeclareLocal typeof<nativeint>
        il.Emit OpCodes.Ldarg_1
        il.Emit(OpCodes.Stloc, part)

        let write (node: int) : unit =
            il.Emit OpCodes.Ldarg_2
            let place = List.findIndex ((=) node) parts.PartTotals
            il.Emit(OpCodes.Ldc_I4, place * parts.PartsType.Size)
            il.Emit OpCodes.Conv_I
            il.Emit OpCodes.Add
            method.Call(parts.PartsType, "StoreOne")

        let segment = FlatSegment.ofSegment 1 parts.Whole
        method.Segments(parts.PartsType, [ segment ], parts.PartTotals, [ part ], write)
        method.Finish<PartCode>()
