namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Reflection.Emit
open System.Runtime.CompilerServices
open Optim

/// Emitted loops. table: the address of an array of addresses, one for each slot.
type internal LoopCode = delegate of table: nativeint -> unit

/// Consecutive stages without calls between them, as one piece of code.
[<Sealed>]
type internal LoopBlock(placement: Placement, stages: Stage list) =
    let nodes = placement.Graph.Nodes

    let segments: (DType * Segment) list = [
        for stage in stages do
            yield! List.zip stage.NumbersOf stage.Numbers

            for loop in stage.Loops do
                for segment in loop.Segments do
                    loop.DType, segment
    ]

    let instructions = [
        for _, segment in segments do
            for e in segment.Body.All do
                e.Instruction
    ]

    let effects = [ for _, segment in segments -> segment.Effects ] |> List.concat

    /// The numbers that are computed here.
    member _.Defined: Set<int> =
        Set.ofList [
            for effect in effects do
                match effect with
                | Effect.Define(node, _)
                | Effect.Total(node, _) -> node
                | Effect.Store _
                | Effect.AddTo _ -> ()
        ]

    /// The numbers that are used here.
    member _.Used: Set<int> =
        Set.ofList [
            for instruction in instructions do
                match instruction with
                | Instruction.Scalar node -> node
                | _ -> ()
        ]

    /// The slots that loops read or write here.
    member _.Slots: Set<int> =
        Set.ofList [
            for instruction in instructions do
                match instruction with
                | Instruction.Load(slot, _)
                | Instruction.LoadTruth(slot, _) -> slot
                | _ -> ()
            for effect in effects do
                match effect with
                | Effect.Store(slot, _, _)
                | Effect.AddTo(slot, _, _) -> slot
                | Effect.Total _
                | Effect.Define _ -> ()
        ]

    /// The number of loops, those of one turn left out.
    member _.LoopCount: int = stages |> List.sumBy (fun stage -> stage.Loops.Length)

    /// The code. slotOf: the slot of a node.
    member block.Emit(slotOf: int -> int) : LoopCode =
        let code =
            DynamicMethod(
                "loops",
                typeof<Void>,
                [| typeof<nativeint> |],
                typeof<LoopCode>.Module,
                true
            )

        let il = code.GetILGenerator()

        let call (dtype: DType) (name: string) =
            il.Emit(OpCodes.Call, (Vocabulary.Of dtype).Method name)

        let slots = Dictionary<int, LocalBuilder>()

        let stored (node: int) = placement.IsStored node
        let defined = block.Defined
        let foreign = block.Used - defined

        let touched =
            block.Slots
            + Set.map slotOf foreign
            + (defined |> Set.filter stored |> Set.map slotOf)

        for slot in touched do
            let local = il.DeclareLocal typeof<nativeint>
            il.Emit OpCodes.Ldarg_0
            il.Emit(OpCodes.Ldc_I4, slot * sizeof<nativeint>)
            il.Emit OpCodes.Conv_I
            il.Emit OpCodes.Add
            il.Emit OpCodes.Ldind_I
            il.Emit(OpCodes.Stloc, local)
            slots[slot] <- local

        let numbers = Dictionary<int, LocalBuilder>()

        let typeOf (node: int) : DType =
            match placement.Lanes node with
            | ValueSome dtype -> dtype
            | ValueNone -> DType.Float64

        for node in defined + foreign do
            numbers[node] <- il.DeclareLocal (Vocabulary.Of(typeOf node)).Vector

        for node in foreign do
            il.Emit(OpCodes.Ldloc, slots[slotOf node])
            call (typeOf node) "LoadOne"
            il.Emit(OpCodes.Stloc, numbers[node])

        let keep (node: int) : unit =
            if stored node then
                il.Emit(OpCodes.Ldloc, numbers[node])
                il.Emit(OpCodes.Ldloc, slots[slotOf node])
                call (typeOf node) "StoreOne"

        let emitter (dtype: DType) : LoopEmitter =
            LoopEmitter(il, Vocabulary.Of dtype, slots, numbers)

        let emitNumbers (dtype: DType) (segment: Segment) : unit =
            (emitter dtype).Emit(FlatSegment.ofSegment segment, Dictionary())

            for effect in segment.Effects do
                match effect with
                | Effect.Define(node, _) -> keep node
                | Effect.Store _
                | Effect.AddTo _
                | Effect.Total _ -> ()

        let emitLoop (loop: Loop) : unit =
            let vocabulary = Vocabulary.Of loop.DType

            let totals = Dictionary<int, struct (LocalBuilder * LocalBuilder)>()

            for node in loop.Totals do
                let pair =
                    struct (il.DeclareLocal vocabulary.Vector, il.DeclareLocal vocabulary.Vector)

                totals[node] <- pair
                let struct (byLanes, single) = pair

                for local in [ byLanes; single ] do
                    il.Emit(OpCodes.Ldc_R8, 0.0)
                    call loop.DType "Number"
                    il.Emit(OpCodes.Stloc, local)

            for segment in loop.Segments do
                (emitter loop.DType).Emit(FlatSegment.ofSegment segment, totals)

            for node in loop.Totals do
                let struct (byLanes, single) = totals[node]
                il.Emit(OpCodes.Ldloc, byLanes)
                call loop.DType "Total"
                il.Emit(OpCodes.Ldloc, single)
                call loop.DType "Add"
                il.Emit(OpCodes.Stloc, numbers[node])
                keep node

        let clear (node: int) : unit =
            let bytes = nodes[node].Shape.Length * nodes[node].DType.Size
            il.Emit(OpCodes.Ldloc, slots[slotOf node])
            il.Emit(OpCodes.Ldc_I8, int64 bytes)
            il.Emit OpCodes.Conv_I
            call nodes[node].DType "Clear"

        for stage in stages do
            List.iter clear stage.Cleared
            List.iter2 emitNumbers stage.NumbersOf stage.Numbers
            List.iter emitLoop stage.Loops

        il.Emit OpCodes.Ret
        let result = code.CreateDelegate<LoopCode>()
        RuntimeHelpers.PrepareDelegate result
        result
