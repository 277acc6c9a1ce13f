/// The table of functions against all rules, and that the table has no holes.
module Optim.CoreTests.Derivatives.RulesTests

open System
open System.Collections.Generic
open System.Reflection
open Microsoft.FSharp.Reflection
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Primitives
open Optim.Transforms
open Optim.CoreTests.Derivatives
open Optim.CoreTests.Derivatives.Rules

let private customs: Case list = [
    let x = Numbers.vector [ 0.4; -0.7; 1.2 ]
    let cubed (x: Tensor) = x * x * x
    let forward = Custom.withJvp cubed (fun x _ t -> 3.0 * x * x * t)
    let backward = Custom.withVjp cubed (fun x _ ct -> 3.0 * x * x * ct)
    case "a custom function by jvp" [] (fun x -> forward (sin x)) x
    case "a custom function by vjp" [] (fun x -> backward (sin x) * x) x
]

let internal table: Case list =
    Elementwise.cases @ Folds.cases @ Moves.cases @ Matrices.cases @ customs

/// One more level, that notes which primitives pass through it.
[<Sealed>]
type private Spy(primal: Tensor, level: Level, seen: HashSet<string>) =
    inherit Operand(level.Number, primal.Shape, primal.DType, primal.Engine)

    member _.Primal: Tensor = primal
    override _.Concrete = primal.Concrete

    member private _.Lower(x: Tensor) : Tensor =
        match x with
        | :? Spy as s when s.Level = level.Number -> s.Primal
        | _ -> x

    member private _.Note(operation: obj, name: string) : unit =
        seen.Add $"{operation.GetType().Name} {name}" |> ignore

    override this.Bind1(operation, x) =
        this.Note(operation, operation.Name)
        Spy(Tensor.Bind(operation, this.Lower x), level, seen)

    override this.Bind2(operation, a, b) =
        this.Note(operation, operation.Name)
        Spy(Tensor.Bind(operation, this.Lower a, this.Lower b), level, seen)

    override this.BindN(operation, inputs) =
        this.Note(operation, operation.Name)
        Spy(Tensor.Bind(operation, Array.map this.Lower inputs), level, seen)

/// The primitives that the table's functions and their derivatives are made of.
let private reached: Lazy<HashSet<string>> =
    lazy
        (let seen = HashSet<string>()

         for c in table do
             let level = Level.Next()
             c.Function(Spy(c.Point, level, seen)) |> ignore

         seen)

/// Public functions of tensors that cannot have a row, and why.
let private exempt: Map<string, string> =
    Map [
        for name in
            [
                "equal"
                "notEqual"
                "less"
                "lessEqual"
                "greater"
                "greaterEqual"
                "isNaN"
                "isFinite"
                "not"
            ] do
            $"Tensor.{name}", "gives truth values"
        for name in [ "argMax"; "argMin"; "oneHot" ] do
            $"Tensor.{name}", "is constant almost everywhere, with whole numbers in or out"
        for name in [ "fullLike"; "zerosLike"; "onesLike" ] do
            $"Tensor.{name}", "looks at the shape of its argument only"
        for name in
            [
                "op_Explicit"
                "op_Addition"
                "op_Subtraction"
                "op_Multiply"
                "op_Division"
                "op_UnaryNegation"
            ] do
            $"IOperators.{name}", "the same as the operator"
    ]

let private takesTensors (parameter: ParameterInfo) : bool =
    let t = parameter.ParameterType
    t = typeof<Tensor> || t = typeof<Tensor seq>

let private givesTensors (t: Type) : bool =
    let rec inside (t: Type) =
        t = typeof<Tensor>
        || (t.IsGenericType && t.GetGenericArguments() |> Array.exists inside)

    inside t

let private functionsOf (prefix: string) (t: Type) : string list = [
    for m in t.GetMethods(BindingFlags.Public ||| BindingFlags.Static) do
        if givesTensors m.ReturnType && m.GetParameters() |> Array.exists takesTensors then
            prefix + m.Name
]

let private moduleOf (name: string) : Type =
    match typeof<Tensor>.Assembly.GetType $"Optim.Core.{name}" with
    | null ->
        match typeof<Tensor>.Assembly.GetType $"Optim.Core.{name}Module" with
        | null -> failtest $"there is no module {name}"
        | t -> t
    | t -> t

let private cases (union: Type) : string list =
    FSharpType.GetUnionCases union |> Array.map _.Name |> List.ofArray

[<Tests>]
let rules = testList "Rules of differentiation" (tests table)

[<Tests>]
let holes =
    testList "The table of derivatives" [
        testCase
            "has a row for every public function of tensors"
            (fun () ->
                let covered = table |> List.collect _.Covers |> Set.ofList

                let all =
                    functionsOf "Tensor." (moduleOf "Tensor")
                    @ functionsOf "Shaping." (moduleOf "Shaping")
                    @ functionsOf "Linalg." (moduleOf "Linalg")
                    @ functionsOf "" typeof<Tensor>
                    |> List.filter (fun name ->
                        not (name.Contains "Operators" || exempt.ContainsKey name)
                    )

                Expect.isGreaterThan all.Length 100 "functions found"

                Expect.isEmpty
                    (all |> List.distinct |> List.filter (covered.Contains >> not))
                    "functions without a row"
            )

        testCase
            "names no function that does not exist"
            (fun () ->
                let all =
                    functionsOf "Tensor." (moduleOf "Tensor")
                    @ functionsOf "Shaping." (moduleOf "Shaping")
                    @ functionsOf "Linalg." (moduleOf "Linalg")
                    @ functionsOf "" typeof<Tensor>
                    |> Set.ofList

                Expect.isEmpty
                    (table |> List.collect _.Covers |> List.filter (all.Contains >> not))
                    "rows for nothing"
            )

        testCase
            "has names that are all different"
            (fun () ->
                let twice = table |> List.countBy _.Name |> List.filter (fun (_, n) -> n > 1)
                Expect.isEmpty twice "names"
            )

        testCase
            "reaches every primitive"
            (fun () ->
                let isPrimitive (t: Type) =
                    not t.IsAbstract
                    && (typeof<Primitive1>.IsAssignableFrom t
                        || typeof<Primitive2>.IsAssignableFrom t
                        || typeof<PrimitiveN>.IsAssignableFrom t)

                let types = reached.Value |> Seq.map (fun s -> s.Split(' ')[0]) |> Set.ofSeq

                let missing =
                    typeof<Tensor>.Assembly.GetTypes()
                    |> Array.filter isPrimitive
                    |> Array.map _.Name
                    |> Array.filter (types.Contains >> not)

                Expect.isEmpty missing "primitives that no row uses"
            )

        testCase
            "reaches every kind of elementwise function and reduction"
            (fun () ->
                let wanted = [
                    for kind in cases typeof<Unary> do
                        if kind <> "IsNaN" && kind <> "IsFinite" && kind <> "Not" then
                            $"Elementwise1 {kind}"
                    for kind in cases typeof<Binary> do
                        $"Elementwise2 {kind}"
                    for kind in [ "Maximum"; "Minimum"; "LogSumExp" ] do
                        $"Reduce {kind}"
                ]

                Expect.isEmpty
                    (wanted |> List.filter (reached.Value.Contains >> not))
                    "kinds that no row uses"
            )
    ]
