namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim
open Optim.Primitives
open Optim.Transforms

/// What one function did so far. Any thread may append, because a user's function may compute in parallel; a node always
/// comes after those it is computed from.
[<Sealed>]
type internal Recording(engine: Engine, detachment: EngineDetachment, scope: EngineScope) =
    let level = Level.Next()
    let nodes = List<Node>()
    let constants = Dictionary<Tensor, int> HashIdentity.Reference

    let add (source: Source) (value: Tensor) : int =
        nodes.Add { Source = source; Shape = value.Shape; DType = value.DType }

        nodes.Count - 1

    /// The level of its values.
    member _.Level: Level = level

    /// A node for input number `position`. Call it for all inputs before anything is computed.
    member _.Input(position: int, value: Tensor) : int = add (Source.Input position) value

    /// The node of a tensor that does not depend on the inputs.
    member _.Constant(x: Tensor) : int =
        if x.Level > 0L then
            let message =
                "compile: the function depends on a value that is being differentiated or batched besides its arguments; "
                + "make that value an argument"

            raise (InvalidOperationException message)

        let known () =
            match constants.TryGetValue x with
            | true, id -> id
            | false, _ ->
                let lasting = detachment.Lasting x
                scope.Keep lasting
                let id = add (Source.Constant lasting) lasting
                constants.Add(x, id)
                id

        lock nodes known

    /// A node for the value that a primitive gave.
    member _.Computed(primitive: obj, inputs: int[], value: Tensor) : int =
        let source = Source.Computed(Operation.ofPrimitive primitive, primitive, inputs)
        lock nodes (fun () -> add source value)

    /// The graph so far. Values of this recording must not be used any more.
    member _.Finish(inputCount: int, outputs: int[]) : Graph = {
        Nodes = nodes.ToArray()
        InputCount = inputCount
        Outputs = outputs
        Engine = engine
    }

/// A value that is being recorded. It is computed at once from the concrete values below it, so shapes, element types and
/// errors are those of eager computing; which primitives made it is noted besides.
/// `origin` says in messages where it comes from.
[<Sealed>]
type internal Traced(value: Tensor, id: int, origin: string, recording: Recording) =
    inherit Operand(recording.Level.Number, value.Shape, value.DType, value.Engine)

    /// The concrete value at the inputs with which it is recorded.
    member _.Value: Tensor = value

    /// Its node.
    member _.Id: int = id

    override x.Concrete =
        let message =
            $"compile: the function reads the numbers of {origin}, of shape {x.Shape}, but they differ from call to call while "
            + "a compiled function does the same operations at each; choose between tensors with Tensor.where instead of "
            + "branching on a number, or leave the function uncompiled"

        raise (InvalidOperationException message)

    static member private On(recording: Recording, x: Tensor) : Traced | null =
        match x with
        | :? Traced as t when t.Level = recording.Level.Number -> t
        | _ -> null

    /// The concrete value of a tensor of this recording or of a constant.
    static member private ValueOf(recording: Recording, x: Tensor) : Tensor =
        match Traced.On(recording, x) with
        | null -> x
        | t -> t.Value

    /// The node of a tensor of this recording or of a constant.
    static member IdOf(recording: Recording, x: Tensor) : int =
        match Traced.On(recording, x) with
        | null -> recording.Constant x
        | t -> t.Id

    static member private Of
        (recording: Recording, primitive: obj, name: string, inputs: int[], value: Tensor)
        : Tensor =
        let id = recording.Computed(primitive, inputs, value)
        Traced(value, id, $"a result of {name}", recording)

    override _.Bind1(operation, x) =
        recording.Level.CheckOpen operation.Name

        match operation with
        | :? Transfer ->
            let message =
                $"compile: the function moves {origin}, of shape {x.Shape}, from {x.Device} to another device, and a compiled "
                + "function computes on one; move its arguments before, or leave the function uncompiled"

            raise (InvalidOperationException message)
        | _ -> ()

        let y = Tensor.Bind(operation, Traced.ValueOf(recording, x))
        let inputs = [| Traced.IdOf(recording, x) |]
        Traced.Of(recording, operation, operation.Name, inputs, y)

    override _.Bind2(operation, a, b) =
        recording.Level.CheckOpen operation.Name

        let y =
            Tensor.Bind(operation, Traced.ValueOf(recording, a), Traced.ValueOf(recording, b))

        let inputs = [| Traced.IdOf(recording, a); Traced.IdOf(recording, b) |]
        Traced.Of(recording, operation, operation.Name, inputs, y)

    override _.BindN(operation, inputs) =
        recording.Level.CheckOpen operation.Name

        let y =
            Tensor.Bind(operation, inputs |> Array.map (fun x -> Traced.ValueOf(recording, x)))

        let ids = inputs |> Array.map (fun x -> Traced.IdOf(recording, x))
        Traced.Of(recording, operation, operation.Name, ids, y)
