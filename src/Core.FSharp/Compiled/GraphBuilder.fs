namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Optim
open Optim.Primitives

/// What a computed node is known by: equal keys give equal values. Numbers are compared by their bits, since 0 and −0 are
/// different parameters.
[<NoComparison; CustomEquality>]
type internal NodeKey = {
    Operation: Operation
    Inputs: int[]
} with

    member private key.Numbers: struct (int64 * int64) =
        let bits (x: float) = BitConverter.DoubleToInt64Bits x

        match key.Operation with
        | Operation.Affine(scale, shift) -> struct (bits scale, bits shift)
        | Operation.Unary(Unary.Power p) -> struct (bits p, 0L)
        | _ -> struct (0L, 0L)

    override key.Equals(other: obj | null) =
        match other with
        | :? NodeKey as o ->
            key.Inputs.AsSpan().SequenceEqual(ReadOnlySpan o.Inputs)
            && key.Numbers = o.Numbers
            && key.Operation.Equals o.Operation
        | _ -> false

    override key.GetHashCode() =
        let mutable hash = HashCode()
        hash.Add(key.Operation.GetHashCode())

        for input in key.Inputs do
            hash.Add input

        hash.ToHashCode()

/// Arrays whose elements are all the same.
[<RequireQualifiedAccess>]
module internal Uniform =

    let private isSame<'T when 'T :> IEquatable<'T>> (bits: Span<'T>) : bool =
        MemoryExtensions.IndexOfAnyExcept<'T>(bits, bits[0]) < 0

    /// Whether a part of an array, of one element or more, has the same bits in all elements: 0 and −0 are not the same.
    let isUniform (values: Array) (offset: int) (length: int) : bool =
        match values with
        | :? (float[]) as v -> isSame (MemoryMarshal.Cast<float, int64>(v.AsSpan(offset, length)))
        | :? (float32[]) as v ->
            isSame (MemoryMarshal.Cast<float32, int32>(v.AsSpan(offset, length)))
        | :? (int64[]) as v -> isSame (v.AsSpan(offset, length))
        | :? (bool[]) as v -> isSame (v.AsSpan(offset, length))
        | other -> invalidOp $"an engine gave an array of type {other.GetType()}"

/// A graph in the making, in which no computation occurs twice. Constants whose elements are all the same are one scalar,
/// expanded.
[<Sealed>]
type internal GraphBuilder(engine: Engine) =
    let nodes = List<Node>()
    let isConstant = List<bool>()
    let computed = Dictionary<NodeKey, int>()
    let tensors = Dictionary<Tensor, int> HashIdentity.Reference
    let scalars = Dictionary<struct (DType * int64), int>()

    let add (source: Source) (shape: Shape) (dtype: DType) (constant: bool) : int =
        nodes.Add { Source = source; Shape = shape; DType = dtype }

        isConstant.Add constant
        nodes.Count - 1

    // The one element of all, as an array and as bits.
    let uniform (x: Tensor) : (Array * int64) voption =
        if x.Length = 0 then
            ValueNone
        else
            let values = engine.ToArray x

            if not (Uniform.isUniform values 0 values.Length) then
                ValueNone
            else
                match values with
                | :? (float[]) as v ->
                    ValueSome(([| v[0] |] :> Array), BitConverter.DoubleToInt64Bits v[0])
                | :? (float32[]) as v ->
                    ValueSome(([| v[0] |] :> Array), int64 (BitConverter.SingleToInt32Bits v[0]))
                | :? (int64[]) as v -> ValueSome(([| v[0] |] :> Array), v[0])
                | :? (bool[]) as v -> ValueSome(([| v[0] |] :> Array), (if v[0] then 1L else 0L))
                | other -> invalidOp $"an engine gave an array of type {other.GetType()}"

    /// The node with this number.
    member _.Item
        with get (id: int): Node = nodes[id]

    /// Its shape.
    member _.Shape(id: int) : Shape = nodes[id].Shape

    /// Its element type.
    member _.DType(id: int) : DType = nodes[id].DType

    /// Whether it depends on no input.
    member _.IsConstant(id: int) : bool = isConstant[id]

    /// The engine of the graph.
    member _.Engine: Engine = engine

    /// An input. Call it for all inputs before anything else.
    member _.Input(node: Node) : int =
        add node.Source node.Shape node.DType false

    /// A computed value, which may be there already.
    member _.Computed
        (operation: Operation, primitive: obj, inputs: int[], shape: Shape, dtype: DType)
        : int =
        let key = { Operation = operation; Inputs = inputs }

        match computed.TryGetValue key with
        | true, id -> id
        | false, _ ->
            let constant = inputs |> Array.forall (fun input -> isConstant[input])
            let id = add (Source.Computed(operation, primitive, inputs)) shape dtype constant
            computed.Add(key, id)
            id

    /// A constant as it is.
    member _.Tensor(x: Tensor) : int =
        match tensors.TryGetValue x with
        | true, id -> id
        | false, _ ->
            let id = add (Source.Constant x) x.Shape x.DType true
            tensors.Add(x, id)
            id

    /// A constant: a scalar, a scalar expanded, or the tensor itself.
    member this.Constant(x: Tensor) : int =
        match uniform x with
        | ValueNone -> this.Tensor x
        | ValueSome(one, bits) ->
            let scalar =
                match scalars.TryGetValue(struct (x.DType, bits)) with
                | true, id -> id
                | false, _ ->
                    let id = this.Tensor(engine.OfArray(Shape.Scalar, one))
                    scalars.Add(struct (x.DType, bits), id)
                    id

            if x.Rank = 0 then
                scalar
            else
                this.Computed(
                    Operation.Expand x.Shape,
                    Expand x.Shape,
                    [| scalar |],
                    x.Shape,
                    x.DType
                )

    /// The value of a node that depends on no input.
    member this.Value(id: int) : Tensor =
        match nodes[id].Source with
        | Source.Constant x -> x
        | Source.Computed(_, primitive, inputs) ->
            Graph.evaluate primitive (inputs |> Array.map this.Value)
        | Source.Input position -> invalidOp $"input {position} is no constant"

    /// The number that a node is everywhere, when that is known.
    member this.Number(id: int) : float voption =
        match nodes[id].Source with
        | Source.Constant x when x.Length = 1 -> ValueSome(x.ToScalar())
        | Source.Computed(Operation.Expand _, _, inputs) -> this.Number inputs[0]
        | Source.Constant _
        | Source.Computed _
        | Source.Input _ -> ValueNone

    /// The graph with these outputs.
    member _.Finish(inputCount: int, outputs: int[]) : Graph = {
        Nodes = nodes.ToArray()
        InputCount = inputCount
        Outputs = outputs
        Engine = engine
    }
