namespace Optim.Transforms

open System
open System.Threading
open Optim
open Optim.Primitives

/// The computation that starts at the input of one `vjp`. It holds no values: each value knows what it was computed from,
/// and its position in the order of evaluation. Values that the result does not depend on are the garbage collector's.
[<Sealed>]
type internal Tape(level: Level) =
    let mutable count = 0
    let mutable largest = 1

    member _.Level: Level = level

    /// The number of elements of the largest value so far. Values on other threads may be missed: it is an estimate.
    member _.Largest: int = largest

    /// The next position, for a value of this length. Safe from many threads, because a user's function may compute in
    /// parallel.
    member _.Next(length: int) : int =
        if length > largest then
            largest <- length

        Interlocked.Increment &count - 1

/// A value on a tape: reverse differentiation. Positions of inputs are below that of the result.
[<Sealed>]
type internal Reverse
    (primal: Tensor, tape: Tape, operation: obj, a: Tensor, b: Tensor | null, inputs: Tensor[]) =
    inherit Operand(tape.Level.Number, primal.Shape, primal.DType, primal.Engine)

    let index = tape.Next primal.Length

    static let none: Tensor[] = [||]

    member _.Primal: Tensor = primal
    member _.Tape: Tape = tape
    member _.Index: int = index
    member _.Operation: obj = operation
    member _.A: Tensor = a
    member _.B: Tensor | null = b
    member _.Inputs: Tensor[] = inputs
    override _.Concrete = primal.Concrete

    /// The value itself when it is on the tape.
    static member On(tape: Tape, x: Tensor) : Reverse | null =
        match x with
        | :? Reverse as r when Object.ReferenceEquals(r.Tape, tape) -> r
        | _ -> null

    /// The value below this tape's level.
    static member PrimalOf(tape: Tape, x: Tensor) : Tensor =
        match Reverse.On(tape, x) with
        | null -> x
        | r -> r.Primal

    /// The input of a tape.
    static member Leaf(tape: Tape, x: Tensor) : Reverse = Reverse(x, tape, tape, x, null, none)

    override _.Bind1(operation, x) =
        tape.Level.CheckOpen operation.Name
        Reverse(Tensor.Bind(operation, Reverse.PrimalOf(tape, x)), tape, operation, x, null, none)

    override _.Bind2(operation, a, b) =
        tape.Level.CheckOpen operation.Name
        let y = Tensor.Bind(operation, Reverse.PrimalOf(tape, a), Reverse.PrimalOf(tape, b))
        Reverse(y, tape, operation, a, b, none)

    override _.BindN(operation, inputs) =
        tape.Level.CheckOpen operation.Name
        let primals = inputs |> Array.map (fun x -> Reverse.PrimalOf(tape, x))
        Reverse(Tensor.Bind(operation, primals), tape, operation, inputs[0], null, inputs)

/// What the sweep knows of one position: the value there once something reached it, and the cotangent so far.
/// Cotangents of slices wait until their whole is due, and are then assembled in one pass.
[<Struct; NoComparison; NoEquality>]
type internal Slot = {
    mutable Node: Reverse | null
    mutable Cotangent: Tensor | null
    mutable Pieces: ResizeArray<struct (AxisRange[] * Tensor)> | null
}

/// The sweep from a result's cotangent back to the cotangent of the input.
/// Positions follow the order of evaluation, so it is one loop backwards: no sorting, no recursion, and nothing in the
/// values changes, so a pull-back can be called again, batched and differentiated.
[<Sealed>]
type internal Sweep(tape: Tape, result: Reverse) =
    let slots: Slot[] = Array.zeroCreate (result.Index + 1)

    member private _.Add(x: Reverse, ct: Tensor | null) : unit =
        match ct with
        | null -> ()
        | ct ->
            let slot = &slots[x.Index]
            slot.Node <- x
            slot.Cotangent <- Tangent.add slot.Cotangent ct

    member private _.AddPiece(x: Reverse, ranges: AxisRange[], ct: Tensor) : unit =
        let slot = &slots[x.Index]
        slot.Node <- x

        let pieces =
            match slot.Pieces with
            | null ->
                let fresh = ResizeArray()
                slot.Pieces <- fresh
                fresh
            | waiting -> waiting

        pieces.Add(struct (ranges, ct))

    /// The whole cotangent at a position, which is forgotten there.
    member private _.Take(index: int) : Tensor | null =
        let slot = &slots[index]

        let total =
            match slot.Pieces, slot.Node with
            | null, _
            | _, null -> slot.Cotangent
            | waiting, node ->
                let ranges = [| for struct (r, _) in waiting -> r |]
                let parts = [| for struct (_, ct) in waiting -> ct |]
                Tangent.add slot.Cotangent (Assemble.Apply(node.Primal.Shape, ranges, parts))

        slot <- Unchecked.defaultof<Slot>
        total

    member private sweep.Propagate2
        (node: Reverse, operation: Primitive2, nodeB: Tensor, ct: Tensor)
        : unit =
        let a, b = Reverse.PrimalOf(tape, node.A), Reverse.PrimalOf(tape, nodeB)

        match Reverse.On(tape, node.A) with
        | null ->
            match Reverse.On(tape, nodeB) with
            | null -> ()
            | onB -> sweep.Add(onB, operation.VjpB(a, b, node.Primal, ct))
        | onA ->
            match Reverse.On(tape, nodeB) with
            | null -> sweep.Add(onA, operation.VjpA(a, b, node.Primal, ct))
            | onB ->
                let struct (ca, cb) = operation.VjpBoth(a, b, node.Primal, ct)
                sweep.Add(onA, ca)
                sweep.Add(onB, cb)

    member private sweep.PropagateN(node: Reverse, operation: PrimitiveN, ct: Tensor) : unit =
        let primals = node.Inputs |> Array.map (fun x -> Reverse.PrimalOf(tape, x))
        let onTape = node.Inputs |> Array.map (fun x -> Reverse.On(tape, x))
        let wanted = onTape |> Array.map (fun x -> not (isNull x))
        let cotangents = operation.Vjp(primals, node.Primal, ct, wanted)

        for i in 0 .. cotangents.Length - 1 do
            match onTape[i] with
            | null -> ()
            | x -> sweep.Add(x, cotangents[i])

    member private sweep.Propagate(node: Reverse, ct: Tensor) : unit =
        match node.Operation with
        | :? Primitive1 as operation ->
            match Reverse.On(tape, node.A) with
            | null -> ()
            | x ->
                match operation with
                | :? Slice as slice -> sweep.AddPiece(x, slice.Ranges, ct)
                | operation -> sweep.Add(x, operation.Vjp(x.Primal, node.Primal, ct))
        | :? Primitive2 as operation ->
            match node.B with
            | null -> invalidOp "a node of two inputs has lost one"
            | nodeB -> sweep.Propagate2(node, operation, nodeB, ct)
        | :? PrimitiveN as operation -> sweep.PropagateN(node, operation, ct)
        | other -> invalidOp $"a tape holds an operation of type {other.GetType()}"

    /// The cotangent of the input; null stands for zero.
    member sweep.Run(ct: Tensor) : Tensor | null =
        sweep.Add(result, ct)

        for index in result.Index .. -1 .. 1 do
            match slots[index].Node with
            | null -> ()
            | node ->
                match sweep.Take index with
                | null -> ()
                | total -> sweep.Propagate(node, total)

        sweep.Take 0

/// Entry points of reverse differentiation.
[<RequireQualifiedAccess>]
module internal Reverse =

    /// f x, the pull-back that takes a cotangent of it to the cotangent of x, and the tape.
    let run (f: Tensor -> Tensor) (x: Tensor) : struct (Tensor * (Tensor -> Tensor) * Tape) =
        let tape = Tape(Level.Next())

        try
            let y = f (Reverse.Leaf(tape, x))

            match Reverse.On(tape, y) with
            | null -> struct (y, (fun _ -> Constant.zeros x), tape)
            | result ->
                let pull (ct: Tensor) : Tensor =
                    Check.shape "cotangent" result.Shape ct
                    Check.sameDevice "cotangent" result ct

                    match Sweep(tape, result).Run ct with
                    | null -> Constant.zeros x
                    | total -> total

                struct (result.Primal, pull, tape)
        finally
            tape.Level.Close()
