namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Reflection.Emit
open System.Runtime.CompilerServices
open Optim

/// Where code finds the address of a slot.
[<Struct; RequireQualifiedAccess>]
type internal Anchor =
    /// In the table.
    | Listed
    /// So many bytes behind the beginning of an input or output, of which the code gets the address.
    | Passed of array: int * bytes: int64

/// What loops touch.
[<NoComparison; NoEquality>]
type internal Touched = {
    /// The numbers that are computed there.
    Defined: Set<int>
    /// The numbers that are used there.
    Used: Set<int>
    /// The slots that are read or written there.
    Slots: Set<int>
}

/// What loops touch.
[<RequireQualifiedAccess>]
module internal Touched =

    /// By segments, and totals made of them.
    let ofSegments (totals: int list) (segments: Segment list) : Touched =
        let instructions = [
            for segment in segments do
                for e in segment.Body.All do
                    e.Instruction
        ]

        let effects = segments |> List.collect _.Effects

        {
            Defined =
                Set.ofList totals
                + Set.ofList [
                    for effect in effects do
                        match effect with
                        | Effect.Define(node, _) -> node
                        | Effect.Total _
                        | Effect.Store _
                        | Effect.AddTo _ -> ()
                ]
            Used =
                Set.ofList [
                    for instruction in instructions do
                        match instruction with
                        | Instruction.Scalar node -> node
                        | _ -> ()
                ]
            Slots =
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
        }

/// A method of loops under construction: the addresses of its slots and the numbers that come from before are loaded, and
/// its numbers have their places.
[<Sealed>]
type internal LoopMethod
    (
        placement: Placement,
        touched: Touched,
        cleared: int list,
        slotOf: int -> int,
        anchorOf: int -> Anchor,
        parameters: Type[]
    ) =
    let code =
        DynamicMethod("loops", typeof<Void>, parameters, typeof<LoopCode>.Module, true)

    let il = code.GetILGenerator()
    let slots = Dictionary<int, LocalBuilder>()
    let numbers = Dictionary<int, LocalBuilder>()

    let call (dtype: DType) (name: string) =
        il.Emit(OpCodes.Call, (Vocabulary.Of dtype).Method name)

    let typeOf (node: int) : DType = placement.Graph.Nodes[node].DType
    let foreign = touched.Used - touched.Defined

    do
        let all =
            touched.Slots
            + Set.map slotOf foreign
            + (touched.Defined |> Set.filter placement.IsStored |> Set.map slotOf)
            + (cleared |> List.map slotOf |> Set.ofList)

        for slot in all do
            let local = il.DeclareLocal typeof<nativeint>

            match anchorOf slot with
            | Anchor.Listed ->
                il.Emit OpCodes.Ldarg_0
                il.Emit(OpCodes.Ldc_I4, slot * sizeof<nativeint>)
                il.Emit OpCodes.Conv_I
                il.Emit OpCodes.Add
                il.Emit OpCodes.Ldind_I
            | Anchor.Passed(array, bytes) ->
                // The table is the first argument.
                il.Emit(OpCodes.Ldarg, int16 (array + 1))
                il.Emit(OpCodes.Ldc_I8, bytes)
                il.Emit OpCodes.Conv_I
                il.Emit OpCodes.Add

            il.Emit(OpCodes.Stloc, local)
            slots[slot] <- local

        for node in touched.Defined + foreign do
            numbers[node] <- il.DeclareLocal (Vocabulary.Of(typeOf node)).Vector

        for node in foreign do
            il.Emit(OpCodes.Ldloc, slots[slotOf node])
            call (typeOf node) "LoadOne"
            il.Emit(OpCodes.Stloc, numbers[node])

    /// Where instructions go.
    member _.Il: ILGenerator = il

    /// Calls a word of the vocabulary.
    member _.Call(dtype: DType, name: string) : unit = call dtype name

    /// Writes a number to its memory, if it has any.
    member _.Keep(node: int) : unit =
        if placement.IsStored node then
            il.Emit(OpCodes.Ldloc, numbers[node])
            il.Emit(OpCodes.Ldloc, slots[slotOf node])
            call (typeOf node) "StoreOne"

    /// Zeros in the memory of a node.
    member _.Clear(node: int) : unit =
        let one = placement.Graph.Nodes[node]
        il.Emit(OpCodes.Ldloc, slots[slotOf node])
        il.Emit(OpCodes.Ldc_I8, int64 one.Shape.Length * int64 one.DType.Size)
        il.Emit OpCodes.Conv_I
        call one.DType "Clear"

    /// A writer of loops.
    member _.Emitter(dtype: DType) : LoopEmitter =
        LoopEmitter(il, Vocabulary.Of dtype, slots, numbers)

    /// Segments with the totals they make; `finish` takes each total when its vector has been pushed.
    member method.Segments
        (
            dtype: DType,
            segments: FlatSegment list,
            totals: int list,
            given: LocalBuilder list,
            finish: int -> unit
        ) : unit =
        let vocabulary = Vocabulary.Of dtype
        let sums = Dictionary<int, struct (LocalBuilder * LocalBuilder)>()

        for node in totals do
            let pair =
                struct (il.DeclareLocal vocabulary.Vector, il.DeclareLocal vocabulary.Vector)

            sums[node] <- pair
            let struct (byLanes, single) = pair

            for local in [ byLanes; single ] do
                il.Emit(OpCodes.Ldc_R8, 0.0)
                call dtype "Number"
                il.Emit(OpCodes.Stloc, local)

        for segment in segments do
            method.Emitter(dtype).Emit(segment, sums, given)

        for node in totals do
            let struct (byLanes, single) = sums[node]
            il.Emit(OpCodes.Ldloc, byLanes)
            call dtype "Total"
            il.Emit(OpCodes.Ldloc, single)
            call dtype "Add"
            finish node

    /// Takes the vector on the stack as a number.
    member method.SetNumber(node: int) : unit =
        il.Emit(OpCodes.Stloc, numbers[node])
        method.Keep node

    /// Ends the method and compiles it.
    member _.Finish<'D when 'D :> Delegate>() : 'D =
        il.Emit OpCodes.Ret
        let result = code.CreateDelegate<'D>()
        RuntimeHelpers.PrepareDelegate result
        result
