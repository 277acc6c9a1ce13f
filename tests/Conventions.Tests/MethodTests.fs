/// A method stands in five places under one name: its file in the core, its tests, its row in the catalogue, its page, and
/// its class in the facade.
module Optim.ConventionsTests.MethodTests

open System.IO
open Expecto
open Optim.Core
open Optim.Testing

/// "newton-cg" as NewtonCg.
let private pascal (name: string) : string =
    name.Split '-'
    |> Array.map (fun word -> word.Substring(0, 1).ToUpperInvariant() + word.Substring 1)
    |> System.String.Concat

/// Methods that share the file or class of another, or whose acronym is spelt in its own way.
let private coreFile (name: string) : string =
    match name with
    | "momentum"
    | "nesterov" -> "Sgd"
    | "adamw" -> "Adam"
    | "newton-pure" -> "Newton"
    | other -> pascal other

let private facadeClass (name: string) : string =
    match name with
    | "momentum"
    | "nesterov" -> "Sgd"
    | "adamw" -> "AdamW"
    | "newton-pure" -> "PureNewton"
    | other -> pascal other

let private testTexts =
    lazy
        (Directory.GetFiles(
            Repository.Path("tests", "Core.FSharp.Tests"),
            "*.fs",
            SearchOption.AllDirectories
         )
         |> Array.map File.ReadAllText)

[<Tests>]
let methods =
    testList "Methods" [
        testCase "the catalogue has rows" (fun () -> Expect.isNonEmpty Catalogue.all "rows")

        for info in Catalogue.all do
            let exists (path: string) (what: string) =
                Expect.isTrue
                    (File.Exists path)
                    $"{info.Name} has no {what}: expected {Path.GetFileName path}"

            testCase
                $"{info.Name} stands in its five places"
                (fun () ->
                    exists
                        (Repository.Path(
                            "src",
                            "Core.FSharp",
                            "Methods",
                            coreFile info.Name + ".fs"
                        ))
                        "file in the core"

                    exists
                        (Repository.Path(
                            "src",
                            "Facade.CSharp",
                            "Methods",
                            facadeClass info.Name + ".cs"
                        ))
                        "class in the facade"

                    let page = Repository.Path("docs", "methods", info.Name + ".md")
                    exists page "page"

                    Expect.stringContains
                        (File.ReadAllText page)
                        info.Source[..3]
                        $"the page of {info.Name} names its source"

                    let made = $"{facadeClass info.Name}.create"
                    let quoted = $"\"{info.Name}\""

                    Expect.isTrue
                        (testTexts.Value
                         |> Array.exists (fun text -> text.Contains made || text.Contains quoted))
                        $"no test of the core makes {info.Name}"

                    Expect.equal
                        (info.Create Map.empty).Name
                        info.Name
                        "the row makes the method of its name"
                )
    ]
