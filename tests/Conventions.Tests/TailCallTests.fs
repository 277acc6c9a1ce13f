/// No assembly of ours holds an explicit tail call: spans handed over by one can lose what is written to them
/// (docs/decisions/0009).
module Optim.ConventionsTests.TailCallTests

open System
open System.IO
open Expecto
open Mono.Cecil
open Mono.Cecil.Cil

/// The methods of an assembly that hold a call with the prefix.
let private withTailCalls (path: string) : string list =
    use assembly = AssemblyDefinition.ReadAssembly path

    [
        for kind in assembly.MainModule.GetTypes() do
            for method in kind.Methods do
                if
                    method.HasBody
                    && method.Body.Instructions
                       |> Seq.exists (fun instruction -> instruction.OpCode = OpCodes.Tail)
                then
                    method.FullName
    ]

let private own: string list = [
    for path in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll") do
        let name = FileInfo(path).Name

        if
            name = "Optim.dll"
            || name.StartsWith("Optim.", StringComparison.Ordinal)
            || name.EndsWith(".Tests.dll", StringComparison.Ordinal)
        then
            path
]

[<Tests>]
let tailCalls =
    testList "Tail calls" [
        testCase
            "the prefix is found where it is"
            (fun () ->
                // The library of F# itself is full of them.
                let library = typeof<list<int>>.Assembly.Location
                Expect.isNonEmpty (withTailCalls library) "FSharp.Core"
            )
        testCase
            "the core, the command, the facade and these tests are looked at"
            (fun () ->
                let names = own |> List.map (fun path -> FileInfo(path).Name)

                for name in
                    [
                        "Optim.Core.dll"
                        "Optim.Torch.dll"
                        "Optim.Laws.dll"
                        "Optim.Reports.dll"
                        "Optim.Cli.dll"
                        "Optim.dll"
                        "Conventions.Tests.dll"
                    ] do
                    Expect.contains names name "assemblies"
            )

        for path in own do
            testCase
                $"{FileInfo(path).Name} has none"
                (fun () -> Expect.isEmpty (withTailCalls path) "methods with an explicit tail call")
    ]
