namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Reflection.Emit
open Optim

/// How the innermost loop takes its elements.
[<RequireQualifiedAccess>]
type internal Stride =
    /// As many as a vector has lanes.
    | Whole
    /// The last ones, with the first lanes done before.
    | Rest of doneBefore: int
    /// One at a time.
    | One

/// Writes loops as code, for one element type.
[<Sealed>]
type internal LoopEmitter
    (
        il: ILGenerator,
        vocabulary: Vocabulary,
        slots: Dictionary<int, LocalBuilder>,
        numbers: Dictionary<int, LocalBuilder>
    ) =

    let size = vocabulary.Size

    /// Sums longer than this are made of partial sums, for accuracy.
    let block = 2048

    let width = 64 / size

    let call (name: string) : unit =
        il.Emit(OpCodes.Call, vocabulary.Method name)

    let newVector () : LocalBuilder = il.DeclareLocal vocabulary.Vector
    let newAddress () : LocalBuilder = il.DeclareLocal typeof<nativeint>

    let pushInt (n: int64) : unit =
        il.Emit(OpCodes.Ldc_I8, n)
        il.Emit OpCodes.Conv_I

    let get (local: LocalBuilder) = il.Emit(OpCodes.Ldloc, local)
    let set (local: LocalBuilder) = il.Emit(OpCodes.Stloc, local)

    let zero (local: LocalBuilder) : unit =
        il.Emit(OpCodes.Ldc_R8, 0.0)
        call "Number"
        set local

    /// local ← local + what `value` pushes.
    let accumulate (local: LocalBuilder) (value: unit -> unit) : unit =
        get local
        value ()
        call "Add"
        set local

    /// A loop of `count` turns, whose counter goes up by `step`.
    let repeat (count: int) (step: int) (body: LocalBuilder -> unit) : unit =
        let counter = newAddress ()
        let again = il.DefineLabel()
        pushInt 0L
        set counter
        il.MarkLabel again
        body counter
        get counter
        pushInt (int64 step)
        il.Emit OpCodes.Add
        il.Emit OpCodes.Dup
        set counter
        pushInt (int64 count * int64 step)
        il.Emit(OpCodes.Blt, again)

    /// Pushes base of the slot + bytes · (Base + Σ coefficients of the outer loops · their counters).
    let pushAddress (bytes: int) (slot: int) (at: Position) (counters: LocalBuilder list) : unit =
        get slots[slot]

        if at.Base <> 0 then
            pushInt (int64 at.Base * int64 bytes)
            il.Emit OpCodes.Add

        counters
        |> List.iteri (fun d counter ->
            if at.Coefficients[d] <> 0 then
                get counter

                if at.Coefficients[d] * bytes <> 1 then
                    pushInt (int64 at.Coefficients[d] * int64 bytes)
                    il.Emit OpCodes.Mul

                il.Emit OpCodes.Add
        )

    /// One segment; `totals` gives, for each node of Effect.Total, a sum by lanes and a sum of single elements. The first
    /// loops are not emitted where `given` has their counters.
    member _.Emit
        (
            segment: FlatSegment,
            totals: Dictionary<int, struct (LocalBuilder * LocalBuilder)>,
            given: LocalBuilder list
        ) : unit =
        let loops = segment.Extents.Length
        let inner = loops - 1
        let expressions = segment.Expressions

        let level (e: Expression) =
            31 - Numerics.BitOperations.LeadingZeroCount(uint32 e.Varies)

        let uses = Array.zeroCreate<int> expressions.Length

        for e in expressions do
            for i in e.Arguments do
                uses[i] <- uses[i] + (if level e = level expressions[i] then 1 else 2)

        for effect in segment.Effects do
            match effect with
            | Effect.Store(_, _, value)
            | Effect.AddTo(_, _, value)
            | Effect.Total(_, value)
            | Effect.Define(_, value) -> uses[value] <- uses[value] + 1

        let locals: LocalBuilder voption[] = Array.create expressions.Length ValueNone

        let rows =
            Dictionary<struct (int * int * int[]), LocalBuilder>(HashIdentity.Structural)

        let rowKey (bytes: int) (slot: int) (at: Position) =
            struct (bytes, slot, at.Coefficients[.. inner - 1])

        /// Pushes the address of the element that the innermost loop has reached; `reached` pushes its offset in bytes of
        /// this element type.
        let pushElement (bytes: int) (slot: int) (at: Position) (reached: unit -> unit) : unit =
            get rows[rowKey bytes slot at]

            if at.Base <> 0 then
                pushInt (int64 at.Base * int64 bytes)
                il.Emit OpCodes.Add

            if loops > 0 && at.Coefficients[inner] <> 0 then
                reached ()

                if bytes <> size then
                    pushInt (int64 size)
                    il.Emit OpCodes.Div

                    if bytes <> 1 then
                        pushInt (int64 bytes)
                        il.Emit OpCodes.Mul

                if at.Coefficients[inner] <> 1 then
                    pushInt (int64 at.Coefficients[inner])
                    il.Emit OpCodes.Mul

                il.Emit OpCodes.Add

        let innerStep (at: Position) =
            if loops = 0 then 0 else at.Coefficients[inner]

        let rec push (depth: int) (stride: Stride) (reached: unit -> unit) (index: int) : unit =
            let e = expressions[index]

            match locals[index], e.Instruction with
            | _, Instruction.Number bits ->
                il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble bits)
                call "Number"
            | _, Instruction.Scalar node -> get numbers[node]
            | ValueSome local, _ -> get local
            | ValueNone, instruction ->
                compute depth stride reached e instruction

                if uses[index] > 1 then
                    let local = newVector ()
                    il.Emit OpCodes.Dup
                    set local
                    locals[index] <- ValueSome local

        and compute depth stride reached (e: Expression) (instruction: Instruction) : unit =
            let arguments () =
                for i in e.Arguments do
                    push depth stride reached i

            match instruction with
            | Instruction.Load(slot, at) ->
                pushElement size slot at reached

                match stride, innerStep at with
                | Stride.One, _
                | _, 0 -> call "LoadOne"
                | _, 1 -> call "Load"
                | _, step ->
                    pushInt (int64 step * int64 size)
                    call "LoadStrided"
            | Instruction.LoadTruth(slot, at) ->
                pushElement 1 slot at reached

                pushInt (
                    match stride with
                    | Stride.One -> 0L
                    | Stride.Whole
                    | Stride.Rest _ -> int64 (innerStep at)
                )

                call "LoadTruth"
            | Instruction.Unary(Unary.Power exponent) ->
                arguments ()
                il.Emit(OpCodes.Ldc_R8, exponent)
                call "ConstantPower"
            | Instruction.Unary(Unary.Polygamma order) ->
                arguments ()
                il.Emit(OpCodes.Ldc_I4, order)
                call "Polygamma"
            | Instruction.Unary kind ->
                arguments ()
                call (kind.ToString())
            | Instruction.Binary kind ->
                arguments ()
                call (kind.ToString())
            | Instruction.Compare kind ->
                arguments ()
                call (kind.ToString())
            | Instruction.Or ->
                arguments ()
                call "Or"
            | Instruction.And ->
                arguments ()
                call "And"
            | Instruction.Where ->
                arguments ()
                call "Where"
            | Instruction.TruthAsNumber ->
                arguments ()
                call "TruthAsNumber"
            | Instruction.Number _
            | Instruction.Scalar _ -> invalidOp "numbers are pushed, not computed"

        /// Values that do not vary with the innermost loop, computed as soon as the loops they vary with have begun.
        let hoist (depth: int) (counters: LocalBuilder list) : unit =
            expressions
            |> Array.iteri (fun index e ->
                match e.Instruction with
                | Instruction.Number _
                | Instruction.Scalar _ -> ()
                | instruction when level e = depth && uses[index] > 0 ->
                    match instruction with
                    | Instruction.Load(slot, at) ->
                        pushAddress size slot at counters
                        call "LoadOne"
                    | Instruction.LoadTruth(slot, at) ->
                        pushAddress 1 slot at counters
                        pushInt 0L
                        call "LoadTruth"
                    | other -> compute depth Stride.One ignore e other

                    let local = newVector ()
                    set local
                    locals[index] <- ValueSome local
                | _ -> ()
            )

        /// Sums over the innermost loop, by lanes and of single elements.
        let sums =
            segment.Effects
            |> List.choose (fun effect ->
                match effect with
                | Effect.Total _ -> Some(effect, newVector (), newVector ())
                | Effect.AddTo(_, at, _) when loops > 0 && innerStep at = 0 ->
                    Some(effect, newVector (), newVector ())
                | Effect.AddTo _
                | Effect.Store _
                | Effect.Define _ -> None
            )

        let perform (stride: Stride) (reached: unit -> unit) : unit =
            let value index = push inner stride reached index

            let masked index () =
                value index

                match stride with
                | Stride.Rest doneBefore ->
                    pushInt (int64 (vocabulary.LastLanes doneBefore))
                    call "Load"
                    call "And"
                | Stride.Whole
                | Stride.One -> ()

            for effect in segment.Effects do
                let sum = sums |> List.tryFind (fun (e, _, _) -> Object.ReferenceEquals(e, effect))

                match effect, sum with
                | Effect.Define(node, index), _ ->
                    value index
                    set numbers[node]
                | (Effect.Total(_, index) | Effect.AddTo(_, _, index)), Some(_, byLanes, single) ->
                    match stride with
                    | Stride.One -> accumulate single (masked index)
                    | Stride.Whole
                    | Stride.Rest _ -> accumulate byLanes (masked index)
                | Effect.Total _, None -> invalidOp "a total without its sum"
                | Effect.Store(slot, at, index), _ ->
                    value index
                    pushElement size slot at reached

                    match stride, innerStep at with
                    | Stride.One, _
                    | _, 0 -> call "StoreOne"
                    | _, 1 -> call "Store"
                    | _, step ->
                        pushInt (int64 step * int64 size)
                        call "StoreStrided"
                | Effect.AddTo(slot, at, index), None ->
                    let load, store, strided =
                        match stride, innerStep at with
                        | Stride.One, _
                        | _, 0 -> "LoadOne", "StoreOne", ValueNone
                        | _, 1 -> "Load", "Store", ValueNone
                        | _, step -> "LoadStrided", "StoreStrided", ValueSome step

                    let pushStride () =
                        match strided with
                        | ValueSome step -> pushInt (int64 step * int64 size)
                        | ValueNone -> ()

                    pushElement size slot at reached
                    pushStride ()
                    call load
                    masked index ()
                    call "Add"
                    pushElement size slot at reached
                    pushStride ()
                    call store

        /// What is computed in one turn is not known in another.
        let forget () : unit =
            expressions
            |> Array.iteri (fun index e ->
                if level e = inner then
                    locals[index] <- ValueNone
            )

        let turn (stride: Stride) (reached: unit -> unit) : unit =
            forget ()
            perform stride reached
            forget ()

        let finishSums (counters: LocalBuilder list) : unit =
            for effect, byLanes, single in sums do
                match effect with
                | Effect.Total(node, _) ->
                    let struct (totalByLanes, totalSingle) = totals[node]
                    accumulate totalByLanes (fun () -> get byLanes)
                    accumulate totalSingle (fun () -> get single)
                | Effect.AddTo(slot, at, _) ->
                    pushAddress size slot at counters
                    call "LoadOne"
                    get byLanes
                    call "Total"
                    call "Add"
                    get single
                    call "Add"
                    pushAddress size slot at counters
                    call "StoreOne"
                | Effect.Store _
                | Effect.Define _ -> ()

        let beginSums () : unit =
            for _, byLanes, single in sums do
                zero byLanes
                zero single

        let innermost (counters: LocalBuilder list) : unit =
            let n = segment.Extents[inner]

            /// Elements from `first` on, which is a number of bytes.
            let whole (turns: int) (first: LocalBuilder voption) =
                if turns > 0 then
                    repeat
                        turns
                        64
                        (fun counter ->
                            turn
                                Stride.Whole
                                (fun () ->
                                    get counter

                                    match first with
                                    | ValueSome start ->
                                        get start
                                        il.Emit OpCodes.Add
                                    | ValueNone -> ()
                                )
                        )

            beginSums ()

            if n < width then
                repeat n size (fun counter -> turn Stride.One (fun () -> get counter))
            else
                let turns = n / width
                let perBlock = block / width

                if sums.IsEmpty || turns <= 2 * perBlock then
                    whole turns ValueNone
                else
                    repeat
                        (turns / perBlock)
                        (perBlock * 64)
                        (fun start ->
                            whole perBlock (ValueSome start)
                            finishSums counters
                            beginSums ()
                        )

                    let left = turns % perBlock

                    if left > 0 then
                        let start = newAddress ()
                        pushInt (int64 (turns - left) * 64L)
                        set start
                        whole left (ValueSome start)

                if n % width > 0 then
                    turn
                        (Stride.Rest(width - n % width))
                        (fun () -> pushInt (int64 (n - width) * int64 size))

            finishSums counters

        /// The row pointers of the innermost loop.
        let findRows (counters: LocalBuilder list) : unit =
            let note bytes slot (at: Position) =
                let key = rowKey bytes slot at

                if not (rows.ContainsKey key) then
                    let isSlot = Array.forall ((=) 0) at.Coefficients[.. inner - 1]

                    let pointer =
                        if isSlot then
                            slots[slot]
                        else
                            pushAddress bytes slot { at with Base = 0 } counters
                            let pointer = newAddress ()
                            set pointer
                            pointer

                    rows[key] <- pointer

            for e in expressions do
                match e.Instruction with
                | Instruction.Load(slot, at) when level e = inner -> note size slot at
                | Instruction.LoadTruth(slot, at) when level e = inner -> note 1 slot at
                | _ -> ()

            for effect in segment.Effects do
                match effect with
                | Effect.Store(slot, at, _)
                | Effect.AddTo(slot, at, _) -> note size slot at
                | Effect.Total _
                | Effect.Define _ -> ()

        let rec nest (depth: int) (counters: LocalBuilder list) : unit =
            if depth = inner then
                findRows counters
                innermost counters
            elif depth < given.Length then
                let counters = counters @ [ given[depth] ]
                hoist depth counters
                nest (depth + 1) counters
            else
                repeat
                    segment.Extents[depth]
                    1
                    (fun counter ->
                        let counters = counters @ [ counter ]
                        hoist depth counters
                        nest (depth + 1) counters
                    )

        if loops = 0 then
            findRows []
            beginSums ()
            turn Stride.One ignore
            finishSums []
        else
            hoist -1 []
            nest 0 []
