namespace Optim.Compiled

#nowarn "9" // Loops are given addresses of arrays that do not move.

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading.Tasks
open Microsoft.FSharp.NativeInterop
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

/// A slot in the caller's memory.
[<Struct; NoComparison; NoEquality>]
type internal CallerSlot = {
    Slot: int
    /// Which of the caller's arrays: the inputs, then the outputs.
    Position: int
    /// From where on, in elements.
    Offset: int
    /// The bytes of an element.
    Size: int
}

/// The memory of one thread for a fused program.
[<Sealed>]
type internal FusedSession(plan: FusedPlan) =
    inherit Session()

    let steps = plan.Steps

    let pinned (dtype: DType) (length: int) : Array =
        let length = max 1 length

        match dtype with
        | DType.Float64 -> GC.AllocateArray<float>(length, true)
        | DType.Float32 -> GC.AllocateArray<float32>(length, true)
        | DType.Int64 -> GC.AllocateArray<int64>(length, true)
        | DType.Bool -> GC.AllocateArray<bool>(length, true)

    let addressOf (array: Array) : nativeint =
        Marshal.UnsafeAddrOfPinnedArrayElement(array, 0)

    // Longer than an int counts.
    let bytesOf (dtype: DType) (elements: int) : nativeint =
        nativeint elements * nativeint dtype.Size

    let buffers =
        plan.Buffers |> Array.map (fun struct (dtype, length) -> pinned dtype length)

    let table: nativeint[] = GC.AllocateArray<nativeint>(max 1 plan.Slots.Length, true)
    let tableAddress = addressOf table
    let constants = Collections.Generic.List<Pin>()

    let slots: CallerSlot[] = [|
        for slot in 0 .. plan.Slots.Length - 1 do
            let struct (place, dtype, _) = plan.Slots[slot]

            let callers position offset = {
                Slot = slot
                Position = position
                Offset = offset
                Size = dtype.Size
            }

            match place with
            | Place.Input _
            | Place.Output _ when plan.PassesArrays -> ()
            | Place.Input(position, offset) -> callers position offset
            | Place.Output(position, offset) -> callers (plan.InputCount + position) offset
            | Place.Buffer(buffer, offset) ->
                table[slot] <- addressOf buffers[buffer] + bytesOf dtype offset
            | Place.Fixed(array, offset) ->
                let pin = Pin()
                pin.Hold array
                constants.Add pin
                table[slot] <- pin.Address + bytesOf dtype offset
    |]

    let operandArrays =
        steps
        |> Array.map (fun step ->
            match step with
            | FusedStep.Code _
            | FusedStep.Parts _ -> [||]
            | FusedStep.Call(_, operands, _) -> Array.zeroCreate<Array> operands.Length
        )

    let operandOffsets =
        operandArrays |> Array.map (fun a -> Array.zeroCreate<int> a.Length)

    // Where the inputs and outputs begin, during a run.
    let beginnings: nativeint[] =
        Array.zeroCreate (plan.InputCount + plan.OutputCount |> max FusedPlan.PassedArrays)

    // What loops reach by addresses only. Each run names it, which keeps it alive.
    let held: obj[] = [| table; buffers; constants |]

    // Where there is no fourth array. A field of its own: static ones cost a look at each use.
    let nothing: Array = Array.zeroCreate<float> 1
    let inputCount = plan.InputCount
    let inputSizes = plan.InputSizes
    let copies = plan.Copies
    let slotTable = NativePtr.ofNativeInt<nativeint> tableAddress

    let pins = lazy (Array.init (plan.InputCount + plan.OutputCount) (fun _ -> Pin()))

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

    let forThree: ThreeArrays | null =
        match steps with
        | [| FusedStep.Code code |] when
            copies.Length = 0
            && plan.PassesArrays
            && inputCount + plan.OutputCount = 3
            && plan.Slots |> Array.forall (fun struct (_, dtype, _) -> dtype = DType.Float64)
            ->
            ThreeArrays(code, tableAddress, held)
        | _ -> null

    let invoke (code: LoopCode) : unit =
        code.Invoke(tableAddress, beginnings[0], beginnings[1], beginnings[2], beginnings[3])

    let addTotals
        (parts: Parts)
        (partials: Array)
        (totals: Place list)
        (inputs: Array[])
        (outputs: Array[])
        : unit =
        let count = totals.Length

        totals
        |> List.iteri (fun j place ->
            match arrayOf place inputs outputs, place, partials with
            | (:? (float[]) as into),
              (Place.Buffer(_, at) | Place.Output(_, at)),
              (:? (float[]) as own) ->
                for p in 0 .. parts.Count - 1 do
                    into[at] <- into[at] + own[p * count + j]
            | (:? (float32[]) as into),
              (Place.Buffer(_, at) | Place.Output(_, at)),
              (:? (float32[]) as own) ->
                for p in 0 .. parts.Count - 1 do
                    into[at] <- into[at] + own[p * count + j]
            | _ -> invalidOp "a total has no memory of its own"
        )

    /// All parts, on several threads; their totals are added in order.
    let runParts
        (code: PartCode)
        (parts: Parts)
        (totals: Place list)
        (inputs: Array[])
        (outputs: Array[])
        : unit =
        let partials = pinned parts.PartsType (parts.Count * totals.Length)
        let stride = totals.Length * parts.PartsType.Size
        let first = addressOf partials

        Parallel.For(
            0,
            parts.Count,
            fun part -> code.Invoke(tableAddress, nativeint part, first + nativeint (part * stride))
        )
        |> ignore

        addTotals parts partials totals inputs outputs

    let runSteps (inputs: Array[]) (starts: int[]) (outputs: Array[]) : unit =
        for k in 0 .. steps.Length - 1 do
            match steps[k] with
            | FusedStep.Code code -> invoke code
            | FusedStep.Parts(code, parts, totals) -> runParts code parts totals inputs outputs
            | FusedStep.Call(call, operands, result) ->
                let arrays, offsets = operandArrays[k], operandOffsets[k]

                for i in 0 .. operands.Length - 1 do
                    arrays[i] <- arrayOf operands[i] inputs outputs
                    offsets[i] <- offsetOf operands[i] starts

                try
                    let into = arrayOf result inputs outputs
                    call.Run(arrays, offsets, into, offsetOf result starts)
                finally
                    // The arrays of the caller are not kept alive.
                    Array.Clear arrays

    /// The run, once the caller's arrays do not move.
    let run (inputs: Array[]) (starts: int[]) (outputs: Array[]) : unit =
        for k in 0 .. inputCount - 1 do
            beginnings[k] <- beginnings[k] + nativeint starts[k] * nativeint inputSizes[k]

        for s in slots do
            let start = nativeint s.Offset * nativeint s.Size
            NativePtr.set slotTable s.Slot (beginnings[s.Position] + start)

        runSteps inputs starts outputs

        for struct (place, position, length) in copies do
            let from, start = arrayOf place inputs outputs, offsetOf place starts
            Array.Copy(from, start, outputs[position], 0, length)

        GC.KeepAlive held

    override _.ForThree = forThree

    override _.Run(inputs, starts, outputs) =
        let count = inputs.Length

        let inline array k =
            if k < count then inputs[k]
            elif k - count < outputs.Length then outputs[k - count]
            else nothing

        // The data of every array of one axis begins at the same distance from the object.
        let inline bytes k : byte[] =
            Unchecked.nonNull (Unsafe.As<byte[]>(array k))

        if count + outputs.Length <= FusedPlan.PassedArrays then
            use a = fixed &MemoryMarshal.GetArrayDataReference(bytes 0)
            use b = fixed &MemoryMarshal.GetArrayDataReference(bytes 1)
            use c = fixed &MemoryMarshal.GetArrayDataReference(bytes 2)
            use d = fixed &MemoryMarshal.GetArrayDataReference(bytes 3)
            beginnings[0] <- NativePtr.toNativeInt a
            beginnings[1] <- NativePtr.toNativeInt b
            beginnings[2] <- NativePtr.toNativeInt c
            beginnings[3] <- NativePtr.toNativeInt d
            run inputs starts outputs
        else
            let pins = pins.Value

            try
                for k in 0 .. pins.Length - 1 do
                    pins[k].Hold(array k)
                    beginnings[k] <- pins[k].Address

                run inputs starts outputs
            finally
                for pin in pins do
                    pin.Hold null

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
                | FusedStep.Code _
                | FusedStep.Parts _ -> 0
            )

        let bytes =
            plan.Buffers |> Array.sumBy (fun struct (d, n) -> int64 d.Size * int64 n)

        $"{plan.LoopCount} fused loops, {calls} calls, {plan.Buffers.Length} buffers of {bytes} bytes"

    override _.NewSession() = FusedSession plan
