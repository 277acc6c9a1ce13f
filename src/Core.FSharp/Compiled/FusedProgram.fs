namespace Optim.Compiled

open System
open System.Runtime.InteropServices
open Optim

/// An array that stays where it is while it is held.
[<Sealed>]
type internal Pin() =
    let mutable handle = GCHandle.Alloc(Array.Empty<float>(), GCHandleType.Pinned)

    /// Holds an array; null lets it go.
    member _.Hold(array: Array | null) : unit = handle.Target <- array

    /// The address of the first element.
    member _.Address: nativeint = handle.AddrOfPinnedObject()

    override _.Finalize() = handle.Free()

/// A slot in the caller's memory: which of the inputs or outputs, from where on.
[<Struct; NoComparison; NoEquality>]
type internal CallerSlot = {
    Slot: int
    Position: int
    /// In bytes.
    Offset: int
    /// The bytes of an element.
    Size: int
    Pin: Pin
}

/// An input that is copied for the loops.
[<Struct; NoComparison; NoEquality>]
type internal CopiedInput = {
    Position: int
    Offset: int
    Length: int
    Copy: Array
}

/// The memory of one thread for a fused program.
[<Sealed>]
type internal FusedSession(plan: FusedPlan) =
    inherit Session()

    let pinned (dtype: DType) (length: int) : Array =
        let length = max 1 length

        match dtype with
        | DType.Float64 -> GC.AllocateArray<float>(length, true)
        | DType.Float32 -> GC.AllocateArray<float32>(length, true)
        | DType.Int64 -> GC.AllocateArray<int64>(length, true)
        | DType.Bool -> GC.AllocateArray<bool>(length, true)

    let addressOf (array: Array) : nativeint =
        Marshal.UnsafeAddrOfPinnedArrayElement(array, 0)

    let buffers =
        plan.Buffers |> Array.map (fun struct (dtype, length) -> pinned dtype length)

    let table: nativeint[] = GC.AllocateArray<nativeint>(max 1 plan.Slots.Length, true)
    let tableAddress = addressOf table
    let copied = Collections.Generic.List<CopiedInput>()
    let inputs' = Collections.Generic.List<CallerSlot>()
    let outputs' = Collections.Generic.List<CallerSlot>()
    let constants = Collections.Generic.List<Pin>()

    do
        for slot in 0 .. plan.Slots.Length - 1 do
            let struct (place, dtype, length) = plan.Slots[slot]

            let callers (position: int) (offset: int) : CallerSlot = {
                Slot = slot
                Position = position
                Offset = offset * dtype.Size
                Size = dtype.Size
                Pin = Pin()
            }

            match place with
            | Place.Input(position, offset) when length < FusedPlan.Small ->
                let copy = pinned dtype length
                table[slot] <- addressOf copy

                copied.Add {
                    Position = position
                    Offset = offset
                    Length = length
                    Copy = copy
                }
            | Place.Input(position, offset) -> inputs'.Add(callers position offset)
            | Place.Output(position, offset) -> outputs'.Add(callers position offset)
            | Place.Buffer(buffer, offset) ->
                table[slot] <- addressOf buffers[buffer] + nativeint (offset * dtype.Size)
            | Place.Fixed(array, offset) ->
                let pin = Pin()
                pin.Hold array
                constants.Add pin
                table[slot] <- pin.Address + nativeint (offset * dtype.Size)

    let copied = copied.ToArray()
    let inputSlots = inputs'.ToArray()
    let outputSlots = outputs'.ToArray()

    let operandArrays =
        plan.Steps
        |> Array.map (fun step ->
            match step with
            | FusedStep.Code _ -> [||]
            | FusedStep.Call(_, operands, _) -> Array.zeroCreate<Array> operands.Length
        )

    let operandOffsets =
        operandArrays |> Array.map (fun a -> Array.zeroCreate<int> a.Length)

    let arrayOf (place: Place) (inputs: Array[]) (outputs: Array[]) : Array =
        match place with
        | Place.Input(position, _) -> inputs[position]
        | Place.Output(position, _) -> outputs[position]
        | Place.Buffer(buffer, _) -> buffers[buffer]
        | Place.Fixed(array, _) -> array

    let offsetOf (place: Place) (starts: int[]) : int =
        match place with
        | Place.Input(position, offset) -> starts[position] + offset
        | Place.Output(_, offset)
        | Place.Buffer(_, offset)
        | Place.Fixed(_, offset) -> offset

    /// Elements from one array to another of the same type.
    let copy (from: Array) (start: int) (into: Array) (length: int) : unit =
        match from, into with
        | (:? (float[]) as a), (:? (float[]) as b) -> a.AsSpan(start, length).CopyTo(b.AsSpan())
        | _ -> Array.Copy(from, start, into, 0, length)

    override _.Run(inputs, starts, outputs) =
        for c in copied do
            copy inputs[c.Position] (starts[c.Position] + c.Offset) c.Copy c.Length

        for s in inputSlots do
            s.Pin.Hold inputs[s.Position]
            table[s.Slot] <- s.Pin.Address + nativeint (starts[s.Position] * s.Size + s.Offset)

        for s in outputSlots do
            s.Pin.Hold outputs[s.Position]
            table[s.Slot] <- s.Pin.Address + nativeint s.Offset

        for k in 0 .. plan.Steps.Length - 1 do
            match plan.Steps[k] with
            | FusedStep.Code code -> code.Invoke tableAddress
            | FusedStep.Call(call, operands, result) ->
                let arrays, offsets = operandArrays[k], operandOffsets[k]

                for i in 0 .. operands.Length - 1 do
                    arrays[i] <- arrayOf operands[i] inputs outputs
                    offsets[i] <- offsetOf operands[i] starts

                call.Run(arrays, offsets, arrayOf result inputs outputs, offsetOf result starts)

        for struct (place, position, length) in plan.Copies do
            copy (arrayOf place inputs outputs) (offsetOf place starts) outputs[position] length

        for s in inputSlots do
            s.Pin.Hold null

        for s in outputSlots do
            s.Pin.Hold null

    /// The constants stay where they are as long as the session lives.
    member _.Constants: Pin seq = constants

/// A graph as fused loops, and calls for what cannot be fused.
[<Sealed>]
type internal FusedProgram(graph: Graph) =
    inherit Program(graph)

    let plan = FusedPlan.ofGraph graph

    override _.Description =
        let calls =
            plan.Steps
            |> Array.sumBy (fun step ->
                match step with
                | FusedStep.Call _ -> 1
                | FusedStep.Code _ -> 0
            )

        let bytes =
            plan.Buffers |> Array.sumBy (fun struct (d, n) -> int64 d.Size * int64 n)

        $"{plan.LoopCount} fused loops, {calls} calls, {plan.Buffers.Length} buffers of {bytes} bytes"

    override _.NewSession() = FusedSession plan
