namespace Optim.Transforms

open System
open Optim
open Optim.Primitives

/// What was computed from the input of one `vjp`, in order. A tape is written by one thread at a time.
[<Sealed>]
type internal Tape(level: Level) =
    let nodes = ResizeArray<Reverse>()

    member _.Level: Level = level
    member _.Nodes: ResizeArray<Reverse> = nodes

    /// Appends a node for a result and gives its value. Locked, because a user's function may compute in parallel.
    member tape.Record(primal: Tensor, operation: obj, a: Tensor, b: Tensor | null, inputs: Tensor[]) : Tensor =
        lock nodes (fun () ->
            let node = Reverse(primal, tape, nodes.Count, operation, a, b, inputs)
            nodes.Add node
            node
        )

/// A value on a tape: reverse differentiation. The value is its own node.
and [<Sealed>] internal Reverse
    (primal: Tensor, tape: Tape, index: int, operation: obj, a: Tensor, b: Tensor | null, inputs: Tensor[]) =
    inherit Operand(tape.Level.Number, primal.Shape, primal.DType, primal.Engine)

    static let none: Tensor[] = [||]

    member _.Primal: Tensor = primal
    member _.Tape: Tape = tape
    member _.Index: int = index
    member _.Operation: obj = operation
    member _.A: Tensor = a
    member _.B: Tensor | null = b
    member _.Inputs: Tensor[] = inputs
    override _.Concrete = primal.Concrete

    /// The value below this tape's level.
    static member PrimalOf(tape: Tape, x: Tensor) : Tensor =
        match x with
        | :? Reverse as r when Object.ReferenceEquals(r.Tape, tape) -> r.Primal
        | _ -> x

    /// The position on the tape; −1 for values that are not on it.
    static member IndexOf(tape: Tape, x: Tensor) : int =
        match x with
        | :? Reverse as r when Object.ReferenceEquals(r.Tape, tape) -> r.Index
        | _ -> -1

    override _.Bind1(operation, x) =
        tape.Level.CheckOpen operation.Name
        tape.Record(Tensor.Bind(operation, Reverse.PrimalOf(tape, x)), operation, x, null, none)

    override _.Bind2(operation, a, b) =
        tape.Level.CheckOpen operation.Name
        let y = Tensor.Bind(operation, Reverse.PrimalOf(tape, a), Reverse.PrimalOf(tape, b))
        tape.Record(y, operation, a, b, none)

    override _.BindN(operation, inputs) =
        tape.Level.CheckOpen operation.Name
        let primals = inputs |> Array.map (fun x -> Reverse.PrimalOf(tape, x))
        tape.Record(Tensor.Bind(operation, primals), operation, inputs[0], null, inputs)

/// The sweep from a result's cotangent back to the cotangent of the input.
/// Nodes were recorded in order of evaluation, so it is one loop backwards: no sorting, no recursion, and nothing in the
/// values changes, so a pull-back can be called again, batched and differentiated.
[<Sealed>]
type internal Sweep(tape: Tape, last: int) =
    let cotangents: (Tensor | null)[] = Array.zeroCreate (last + 1)
    let pieces: ResizeArray<struct (AxisRange[] * Tensor)>[] = Array.zeroCreate (last + 1)

    member private _.Add(x: Tensor, ct: Tensor | null) : unit =
        let index = Reverse.IndexOf(tape, x)

        if index >= 0 then
            cotangents[index] <- Tangent.add cotangents[index] ct

    /// Cotangents of slices wait until their whole is due, and are then assembled in one pass.
    member private _.AddPiece(x: Tensor, ranges: AxisRange[], ct: Tensor) : unit =
        let index = Reverse.IndexOf(tape, x)

        if index >= 0 then
            if isNull (box pieces[index]) then
                pieces[index] <- ResizeArray()

            pieces[index].Add(struct (ranges, ct))

    member private _.Collect(node: Reverse) : Tensor | null =
        let waiting = pieces[node.Index]

        if isNull (box waiting) then
            cotangents[node.Index]
        else
            let ranges = [| for struct (r, _) in waiting -> r |]
            let parts = [| for struct (_, ct) in waiting -> ct |]
            Tangent.add cotangents[node.Index] (Assemble.Apply(node.Primal.Shape, ranges, parts))

    member private sweep.Propagate(node: Reverse, ct: Tensor) : unit =
        match node.Operation with
        | :? Slice as slice -> sweep.AddPiece(node.A, slice.Ranges, ct)
        | :? Primitive1 as operation ->
            sweep.Add(node.A, operation.Vjp(Reverse.PrimalOf(tape, node.A), node.Primal, ct))
        | :? Primitive2 as operation ->
            match node.B with
            | null -> invalidOp "a node of two inputs has lost one"
            | nodeB ->
                let a, b = Reverse.PrimalOf(tape, node.A), Reverse.PrimalOf(tape, nodeB)

                if Reverse.IndexOf(tape, node.A) >= 0 then
                    sweep.Add(node.A, operation.VjpA(a, b, node.Primal, ct))

                if Reverse.IndexOf(tape, nodeB) >= 0 then
                    sweep.Add(nodeB, operation.VjpB(a, b, node.Primal, ct))
        | :? PrimitiveN as operation ->
            let primals = node.Inputs |> Array.map (fun x -> Reverse.PrimalOf(tape, x))
            Array.iter2 (fun x c -> sweep.Add(x, c)) node.Inputs (operation.Vjp(primals, node.Primal, ct))
        | other -> invalidOp $"a tape holds an operation of type {other.GetType()}"

    /// The cotangent of node 0, the input; null stands for zero.
    member sweep.Run(ct: Tensor) : Tensor | null =
        cotangents[last] <- ct

        for index in last .. -1 .. 1 do
            let node = tape.Nodes[index]

            match sweep.Collect node with
            | null -> ()
            | total ->
                cotangents[index] <- null
                sweep.Propagate(node, total)

        sweep.Collect tape.Nodes[0]

/// Entry points of reverse differentiation.
[<RequireQualifiedAccess>]
module internal Reverse =

    /// f x, and the pull-back that takes a cotangent of it to the cotangent of x.
    let run (f: Tensor -> Tensor) (x: Tensor) : struct (Tensor * (Tensor -> Tensor)) =
        let tape = Tape(Level.Next())

        try
            let leaf = tape.Record(x, obj (), x, null, [||])

            match f leaf with
            | :? Reverse as y when Object.ReferenceEquals(y.Tape, tape) ->
                let pull (ct: Tensor) : Tensor =
                    Check.shape "cotangent" y.Shape ct

                    match Sweep(tape, y.Index).Run ct with
                    | null -> Constant.zeros x
                    | total -> total

                struct (y.Primal, pull)
            | y -> struct (y, (fun _ -> Constant.zeros x))
        finally
            tape.Level.Close()
