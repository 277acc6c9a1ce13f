namespace Optim.Contract

#nowarn "3559" // This file is about values whose type is known only at run time.

open System
open System.Collections.Generic
open FSharp.Reflection
open Optim
open Optim.Core

/// A method's state as plain data.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Node =
    | Tensor of Tensor
    | Real of float
    | Whole of int64
    | Truth of bool
    | Text of string
    /// A union case, a record (its case is its type's name) or a tuple, with its fields in order.
    | Case of name: string * fields: Node list
    /// A list or an array.
    | Items of Node list

/// How values of one type become plain data and come back.
[<NoComparison; NoEquality>]
type internal StateShape = {
    Encode: (obj | null) -> Node
    Decode: Node -> (obj | null)
    /// Adds all tensors of a value to a list; none where values of the type hold no tensors.
    Reach: ((obj | null) -> List<Tensor> -> unit) voption
}

/// One generic walk through states made of tensors and numbers. It gives every method checkpoints and recycling.
[<RequireQualifiedAccess>]
module internal StateShape =

    let private mismatch (expected: Type) (node: Node) : 'T =
        let found =
            match node with
            | Node.Tensor _ -> "a tensor"
            | Node.Real _ -> "a real number"
            | Node.Whole _ -> "a whole number"
            | Node.Truth _ -> "a truth value"
            | Node.Text _ -> "a text"
            | Node.Case(name, fields) -> $"{name} with {fields.Length} fields"
            | Node.Items items -> $"{items.Length} items"

        raise (
            ArgumentException(
                $"the saved state holds {found} where {expected.Name} was expected",
                "state"
            )
        )

    /// The walk through the parts of which some hold tensors, in order.
    let private reachParts
        (shapes: StateShape[])
        : ((obj | null)[] -> List<Tensor> -> unit) voption =
        let reaching =
            shapes
            |> Array.indexed
            |> Array.choose (fun (i, shape) ->
                shape.Reach |> ValueOption.map (fun reach -> i, reach) |> ValueOption.toOption
            )

        if reaching.Length = 0 then
            ValueNone
        else
            ValueSome(fun parts found ->
                for i, reach in reaching do
                    reach parts[i] found
            )

    let private leaf (wrap: 'T -> Node) (unwrap: Node -> 'T voption) : StateShape = {
        Encode =
            fun value ->
                match value with
                | :? 'T as v -> wrap v
                | _ -> invalidOp $"a state holds a value that is no {typeof<'T>.Name}"
        Decode =
            fun node ->
                match unwrap node with
                | ValueSome v -> box v
                | ValueNone -> mismatch typeof<'T> node
        Reach = ValueNone
    }

    let private tensor: StateShape = {
        leaf
            Node.Tensor
            (function
            | Node.Tensor t -> ValueSome t
            | _ -> ValueNone
            ) with
            Reach =
                ValueSome(fun value found ->
                    match value with
                    | :? Tensor as t -> found.Add t
                    | _ -> invalidOp "a state holds a value that is no tensor"
                )
    }

    let private whole (toWhole: 'T -> int64) (ofWhole: int64 -> 'T) : StateShape =
        leaf
            (toWhole >> Node.Whole)
            (fun node ->
                match node with
                | Node.Whole n -> ValueSome(ofWhole n)
                | Node.Real _
                | Node.Tensor _
                | Node.Truth _
                | Node.Text _
                | Node.Case _
                | Node.Items _ -> ValueNone
            )

    let private leaves: IReadOnlyDictionary<Type, StateShape> =
        dict [
            typeof<Tensor>, tensor
            typeof<float>,
            leaf
                Node.Real
                (function
                | Node.Real x -> ValueSome x
                | _ -> ValueNone
                )
            typeof<float32>,
            leaf
                (float >> Node.Real)
                (function
                | Node.Real x -> ValueSome(float32 x)
                | _ -> ValueNone
                )
            typeof<bool>,
            leaf
                Node.Truth
                (function
                | Node.Truth b -> ValueSome b
                | _ -> ValueNone
                )
            typeof<string>,
            leaf
                Node.Text
                (function
                | Node.Text s -> ValueSome s
                | _ -> ValueNone
                )
            typeof<int>, whole int64 int
            typeof<int64>, whole id id
            typeof<TimeSpan>, whole (fun (time: TimeSpan) -> time.Ticks) TimeSpan
            typeof<uint64>, whole int64 uint64
            typeof<Key>,
            leaf
                (fun (key: Key) ->
                    Node.Case("Key", [ Node.Whole(int64 key.First); Node.Whole(int64 key.Second) ])
                )
                (function
                | Node.Case("Key", [ Node.Whole first; Node.Whole second ]) ->
                    ValueSome(Key.FromWords(uint64 first, uint64 second))
                | _ -> ValueNone
                )
        ]
        |> Dictionary
        :> IReadOnlyDictionary<_, _>

    let private fieldsOf (case: string) (expected: Type) (node: Node) : Node list =
        match node with
        | Node.Case(name, fields) when name = case -> fields
        | other -> mismatch expected other

    let private product
        (case: string)
        (shapes: StateShape[])
        (read: obj -> (obj | null)[])
        (build: (obj | null)[] -> obj)
        (t: Type)
        : StateShape = {
        Encode =
            fun value ->
                match value with
                | null -> invalidOp $"a state holds null where {t.Name} was expected"
                | v ->
                    Node.Case(
                        case,
                        Array.map2 (fun shape field -> shape.Encode field) shapes (read v)
                        |> List.ofArray
                    )
        Decode =
            fun node ->
                let fields = fieldsOf case t node

                if fields.Length <> shapes.Length then
                    mismatch t node

                fields
                |> Seq.map2 (fun shape field -> shape.Decode field) shapes
                |> Array.ofSeq
                |> build
                |> box
        Reach =
            reachParts shapes
            |> ValueOption.map (fun reach ->
                fun value found ->
                    match value with
                    | null -> invalidOp $"a state holds null where {t.Name} was expected"
                    | v -> reach (read v) found
            )
    }

    /// A value that may be absent; as plain data it is wrapped, so that no state of its own can look like nothing.
    let private orNull (shape: StateShape) (t: Type) : StateShape = {
        Encode =
            fun value ->
                match value with
                | null -> Node.Case("absent", [])
                | v -> Node.Case("present", [ shape.Encode v ])
        Decode =
            fun node ->
                match node with
                | Node.Case("absent", []) -> null
                | Node.Case("present", [ inner ]) -> shape.Decode inner
                | other -> mismatch t other
        Reach =
            shape.Reach
            |> ValueOption.map (fun reach ->
                fun value found ->
                    match value with
                    | null -> ()
                    | v -> reach v found
            )
    }

    let private items (element: StateShape) (elementType: Type) (isList: bool) : StateShape =
        // Reads and builds through the non-generic collections; states hold a handful of items.
        let build (values: (obj | null) list) : obj =
            let array = Array.CreateInstance(elementType, values.Length)
            values |> List.iteri (fun i v -> array.SetValue(v, i))

            if isList then
                let ofArray =
                    typedefof<list<_>>.Assembly.GetType("Microsoft.FSharp.Collections.ListModule")
                    |> Option.ofObj
                    |> Option.bind (fun m -> m.GetMethod "OfArray" |> Option.ofObj)

                match ofArray with
                | None -> invalidOp "FSharp.Core has no List.ofArray"
                | Some m ->
                    match m.MakeGenericMethod(elementType).Invoke(null, [| array |]) with
                    | null -> invalidOp "List.ofArray gave null"
                    | list -> list
            else
                array

        {
            Encode =
                fun value ->
                    match value with
                    | :? System.Collections.IEnumerable as all ->
                        Node.Items [ for item in all -> element.Encode item ]
                    | _ ->
                        invalidOp
                            "a state holds something that is no list where a list was expected"
            Decode =
                fun node ->
                    match node with
                    | Node.Items nodes -> build (List.map element.Decode nodes)
                    | other -> mismatch elementType other
            Reach =
                element.Reach
                |> ValueOption.map (fun reach ->
                    fun value found ->
                        match value with
                        | :? System.Collections.IEnumerable as all ->
                            for item in all do
                                reach item found
                        | _ -> invalidOp "a state holds something that is no list"
                )
        }

    let rec private shapeOf (t: Type) (path: string) : StateShape =
        match leaves.TryGetValue t with
        | true, shape -> shape
        | false, _ ->
            // Also ends the search through a type that contains itself.
            if path |> Seq.filter ((=) '.') |> Seq.length > 32 then
                let message =
                    $"the state's type contains itself, or lies deeper than 32 levels: {path}"

                raise (ArgumentException(message, "state"))

            if t = typeof<unit> then
                {
                    Encode = fun _ -> Node.Case("unit", [])
                    Decode =
                        fun node ->
                            fieldsOf "unit" t node |> ignore
                            null
                    Reach = ValueNone
                }
            elif t.IsArray then
                match t.GetElementType() with
                | null -> invalidOp "an array without element type"
                | element -> items (shapeOf element $"{path}[]") element false
            elif t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<list<_>> then
                let element = t.GetGenericArguments()[0]
                items (shapeOf element $"{path}[]") element true
            elif t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<IReadOnlyList<_>> then
                let element = t.GetGenericArguments()[0]
                items (shapeOf element $"{path}[]") element false
            elif FSharpType.IsRecord(t, true) then
                let fields =
                    FSharpType.GetRecordFields(
                        t,
                        Reflection.BindingFlags.Public ||| Reflection.BindingFlags.NonPublic
                    )

                let shapes =
                    fields |> Array.map (fun f -> shapeOf f.PropertyType $"{path}.{f.Name}")

                let read = FSharpValue.PreComputeRecordReader(t, true)
                let build = FSharpValue.PreComputeRecordConstructor(t, true)
                product t.Name shapes read build t
            elif FSharpType.IsTuple t then
                let shapes = FSharpType.GetTupleElements t |> Array.map (fun e -> shapeOf e path)

                product
                    "tuple"
                    shapes
                    (FSharpValue.PreComputeTupleReader t)
                    (FSharpValue.PreComputeTupleConstructor t)
                    t
            elif FSharpType.IsUnion(t, true) then
                unionShape t path
            else
                match Positional.tryOfType t with
                | ValueSome positional -> positionalShape t path positional
                | ValueNone ->
                    let message =
                        $"the state's {path} has type {t.Name}; expected tensors, numbers, texts, and records (in C# "
                        + "positional ones with nothing beyond their positions), unions, tuples, lists or arrays of them"

                    raise (ArgumentException(message, "state"))

    and private positionalShape (t: Type) (path: string) (positional: Positional) : StateShape =
        let shapes =
            positional.Parts
            |> Array.map (fun part ->
                let shape = shapeOf part.Type $"{path}.{part.Name}"
                if part.IsNullable then orNull shape part.Type else shape
            )

        product t.Name shapes positional.Read positional.Build t

    and private unionShape (t: Type) (path: string) : StateShape =
        let cases =
            FSharpType.GetUnionCases(t, true)
            |> Array.map (fun case ->
                let shapes =
                    case.GetFields()
                    |> Array.map (fun f -> shapeOf f.PropertyType $"{path}.{f.Name}")

                let read = FSharpValue.PreComputeUnionReader(case, true)
                let build = FSharpValue.PreComputeUnionConstructor(case, true)
                case.Name, shapes, read, build
            )

        let tag = FSharpValue.PreComputeUnionTagReader(t, true)

        {
            Encode =
                fun value ->
                    // None is represented as null, and a tag reader takes it.
                    let name, shapes, read, _ = cases[tag (Unchecked.nonNull value)]
                    let fields = read (Unchecked.nonNull value)

                    Node.Case(
                        name,
                        Array.map2 (fun shape field -> shape.Encode field) shapes fields
                        |> List.ofArray
                    )
            Decode =
                fun node ->
                    match node with
                    | Node.Case(name, fields) ->
                        match
                            cases
                            |> Array.tryFind (fun (n, shapes, _, _) ->
                                n = name && shapes.Length = fields.Length
                            )
                        with
                        | Some(_, shapes, _, build) ->
                            fields
                            |> Seq.map2 (fun shape field -> shape.Decode field) shapes
                            |> Array.ofSeq
                            |> build
                            |> box
                        | None -> mismatch t node
                    | other -> mismatch t other
            Reach = reachCases t (cases |> Array.map (fun (_, shapes, read, _) -> shapes, read))
        }

    /// The walk through the tensors of a union.
    and private reachCases
        (t: Type)
        (cases: (StateShape[] * (obj -> (obj | null)[]))[])
        : ((obj | null) -> List<Tensor> -> unit) voption =
        let tag = FSharpValue.PreComputeUnionTagReader(t, true)
        let walks = cases |> Array.map (fun (shapes, read) -> reachParts shapes, read)

        if walks |> Array.forall (fun (walk, _) -> ValueOption.isNone walk) then
            ValueNone
        else
            ValueSome(fun value found ->
                // None is represented as null, and a tag reader takes it.
                let value: obj = Unchecked.nonNull value
                let walk, read = walks[tag value]

                match walk with
                | ValueSome walk -> walk (read value) found
                | ValueNone -> ()
            )

    /// The shape of a state type. Errors: ArgumentException that names a field whose type cannot be saved.
    let ofType (t: Type) : StateShape = shapeOf t t.Name

    /// A value of this shape with another tensor for each of its tensors.
    let map (shape: StateShape) (move: Tensor -> Tensor) (value: (obj | null)) : (obj | null) =
        let rec moved (node: Node) : Node =
            match node with
            | Node.Tensor x -> Node.Tensor(move x)
            | Node.Case(name, fields) -> Node.Case(name, List.map moved fields)
            | Node.Items items -> Node.Items(List.map moved items)
            | Node.Real _
            | Node.Whole _
            | Node.Truth _
            | Node.Text _ -> node

        match shape.Reach, value with
        | ValueNone, _
        // A run that never began has no state, and absent parts are null, too.
        | _, null -> value
        | ValueSome _, _ -> shape.Decode(moved (shape.Encode value))

    /// The tensors of a value of this shape.
    let tensors (shape: StateShape) (value: (obj | null)) : List<Tensor> =
        let found = List<Tensor>()

        match shape.Reach with
        | ValueSome reach -> reach value found
        | ValueNone -> ()

        found

/// The shape of one state type. Reflection takes milliseconds, so it is done once in the life of a program.
[<AbstractClass; Sealed>]
type internal KnownShape<'State> private () =
    static let shape = lazy (StateShape.ofType typeof<'State>)

    /// The shape, worked out when it is first asked for.
    static member Value: Lazy<StateShape> = shape
