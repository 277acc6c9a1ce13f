/// Every public name of the F# assemblies is documented; the C# compiler sees to that by itself.
module Optim.ConventionsTests.DocumentationTests

open System
open System.Collections.Generic
open System.IO
open System.Reflection
open System.Runtime.CompilerServices
open System.Xml.Linq
open Expecto
open FSharp.Reflection
open Optim.ConventionsTests

let private documented = [ "Optim.Core"; "Optim.Laws"; "Optim.Reports"; "Optim.Cli" ]

let private inOutput (file: string) : string =
    Path.Combine(AppContext.BaseDirectory, file)

/// A documentation id without parameters and generic arity of methods: overloads share one.
let private withoutParameters (id: string) : string =
    let head = (id.Split '(')[0]

    match head.IndexOf("``", StringComparison.Ordinal) with
    | -1 -> head
    | at -> head.Substring(0, at)

/// How many non-empty entries the assembly's documentation file has under each id.
let private entries (assembly: string) : Dictionary<string, int> =
    let counts = Dictionary<string, int>()

    for entry in XDocument.Load(inOutput (assembly + ".xml")).Descendants(XName.Get "member") do
        match entry.Attribute(XName.Get "name") with
        | null -> ()
        | name when String.IsNullOrWhiteSpace entry.Value -> ignore name
        | name ->
            let id = withoutParameters name.Value

            counts[id] <-
                1
                + (
                    match counts.TryGetValue id with
                    | true, n -> n
                    | _ -> 0
                )

    counts

let private isGenerated (m: MemberInfo) : bool =
    m.IsDefined(typeof<CompilerGeneratedAttribute>, false)
    || m.Name.StartsWith('<')
    || m.Name.Contains '@'
    || m.Name.Contains '.' // an explicit implementation of an interface

let private nameOf (kind: string) (t: Type) : string =
    let full = Option.ofObj t.FullName |> Option.defaultValue t.Name
    kind + ":" + full.Replace('+', '.')

/// The names that a union owes: itself, and each case that carries something. A bare case may speak for itself.
let private unionCases (t: Type) : string list = [
    for case in FSharpType.GetUnionCases t do
        if case.GetFields().Length > 0 then
            nameOf "T" t + "." + case.Name
]

let private isCaseOf (t: Type) : MemberInfo -> bool =
    if not (FSharpType.IsUnion t) then
        fun _ -> false
    else
        let names =
            set [
                "Tag"
                for case in FSharpType.GetUnionCases t do
                    case.Name
                    "New" + case.Name
                    "Is" + case.Name
                    "get_Is" + case.Name
            ]

        fun m -> names.Contains m.Name

let private isAccessor (t: Type) (m: MethodInfo) : bool =
    m.IsSpecialName
    && t.GetProperties(BindingFlags.Public ||| BindingFlags.Instance ||| BindingFlags.Static)
       |> Array.exists (fun p -> p.GetMethod = m || p.SetMethod = m)

/// The documentation ids that a type's own public members owe. Constructors speak through their type.
let private members (t: Type) : string list =
    let flags =
        BindingFlags.Public
        ||| BindingFlags.Instance
        ||| BindingFlags.Static
        ||| BindingFlags.DeclaredOnly

    let isCase = isCaseOf t
    let own (m: MemberInfo) = not (isGenerated m) && not (isCase m)
    let prefix kind = nameOf kind t + "."

    [
        for m in t.GetMethods flags do
            if own m && not (isAccessor t m) && m.GetBaseDefinition() = m then
                prefix "M" + m.Name.Replace('.', '#')

        for p in t.GetProperties flags do
            if own p then
                match p.GetMethod with
                | null -> prefix "P" + p.Name
                | getter when getter.GetBaseDefinition() = getter -> prefix "P" + p.Name
                | _ -> ()

        for f in t.GetFields flags do
            if own f && not f.IsSpecialName then
                prefix "F" + f.Name
    ]

let private isUnionCaseType (t: Type) : bool =
    match t.DeclaringType with
    | null -> false
    | outer -> FSharpType.IsUnion outer

let private isFromCompiler (t: Type) : bool =
    isGenerated t
    || t.FullName |> Option.ofObj |> Option.exists (fun n -> n.StartsWith '<')

/// What the assembly's public names owe and its documentation file lacks.
let private missing (assembly: string) : string list =
    let present = entries assembly

    let owed = [
        for t in Assembly.LoadFrom(inOutput (assembly + ".dll")).GetExportedTypes() do
            if not (isFromCompiler t) && not (isUnionCaseType t) then
                nameOf "T" t
                yield! members t

                if FSharpType.IsUnion t then
                    yield! unionCases t
    ]

    [
        for id, times in List.countBy id owed do
            let found =
                match present.TryGetValue id with
                | true, n -> n
                | _ -> 0

            if found < times then
                if times = 1 then
                    id
                else
                    $"{id}: {times - found} of {times} overloads"
    ]

[<Tests>]
let documentation =
    testList "Documentation" [
        for assembly in documented do
            testCase
                $"{assembly} documents every public name"
                (fun () ->
                    missing assembly |> Sources.expectNone "public names without documentation"
                )
    ]
