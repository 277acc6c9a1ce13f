/// The facade's surface is C# throughout.
module Optim.ConventionsTests.FacadeTests

open System
open System.IO
open System.Reflection
open Expecto
open Optim.ConventionsTests

/// The types of the core that both languages share. The key of a run's chance is among them because a method draws its
/// numbers from it, and a wrapper would be a second random source that had to stay equal to the first.
let private shared =
    set [ "Optim.Tensor"; "Optim.Shape"; "Optim.DType"; "Optim.Device"; "Optim.Key" ]

/// A type and everything it is made of: element types, generic arguments, constraints.
let rec private parts (t: Type) : Type list =
    if t.HasElementType then
        match t.GetElementType() with
        | null -> []
        | element -> parts element
    elif t.IsGenericParameter then
        t.GetGenericParameterConstraints()
        |> List.ofArray
        |> List.filter (fun c -> not c.ContainsGenericParameters)
        |> List.collect parts
    elif t.IsGenericType then
        t.GetGenericTypeDefinition()
        :: List.collect parts (List.ofArray (t.GetGenericArguments()))
    else
        [ t ]

let private isForeign (t: Type) : bool =
    let name = Option.ofObj t.FullName |> Option.defaultValue t.Name

    name.StartsWith("Microsoft.FSharp.", StringComparison.Ordinal)
    || (t.Assembly.GetName().Name = "Optim.Core" && not (shared.Contains name))

let private flags =
    BindingFlags.Public
    ||| BindingFlags.NonPublic
    ||| BindingFlags.Instance
    ||| BindingFlags.Static
    ||| BindingFlags.DeclaredOnly

let private isSeen (m: MethodBase) : bool =
    m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly

let private parameters (m: MethodBase) : Type list = [
    for p in m.GetParameters() -> p.ParameterType
]

/// Every type that a user of the type meets, each with the member that shows it.
let private surface (t: Type) : (string * Type) list = [
    match t.BaseType with
    | null -> ()
    | above -> "its base", above

    for contract in t.GetInterfaces() do
        "its contract", contract

    for m in t.GetConstructors flags do
        if isSeen m then
            for p in parameters m do
                "its constructor", p

    for m in t.GetMethods flags do
        if isSeen m then
            m.Name, m.ReturnType

            for p in parameters m @ List.ofArray (m.GetGenericArguments()) do
                m.Name, p

    for f in t.GetFields flags do
        if f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly then
            f.Name, f.FieldType

    for e in t.GetEvents flags do
        match e.EventHandlerType with
        | null -> ()
        | handler -> e.Name, handler
]

let private facade =
    lazy (Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "Optim.dll")).GetExportedTypes())

[<Tests>]
let surfaceTests =
    testList "Facade" [
        testCase
            "the facade's types are seen"
            (fun () -> Expect.isNonEmpty (List.ofArray facade.Value) "public types of Optim.dll")

        testCase
            "no F# type and no inner type of the core is in the facade's surface"
            (fun () ->
                [
                    for t in facade.Value do
                        for place, shown in surface t do
                            for part in parts shown do
                                if isForeign part then
                                    $"{t.FullName}: {place} shows {part.FullName}"
                ]
                |> List.distinct
                |> Sources.expectNone "a C# reader meets C# types only"
            )
    ]
