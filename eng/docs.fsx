// Checks the documentation's links and extracts its complete examples.
// dotnet fsi eng/docs.fsx FOLDER   writes FOLDER/snippets.fsx, FOLDER/Snippets.cs and FOLDER/Program.cs
#r "../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open System
open System.IO
open System.Text.RegularExpressions

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let target = Path.GetFullPath fsi.CommandLineArgs[1]
let mutable complaints = 0

let complain (text: string) =
    complaints <- complaints + 1
    eprintfn "%s" text

let relative (path: string) = Path.GetRelativePath(root, path)
let docs = Path.Combine(root, "docs")

let pages =
    Directory.GetFiles(docs, "*", SearchOption.AllDirectories)
    |> Array.filter (fun file -> file.EndsWith ".md" || file.EndsWith ".fsx")
    |> Array.sort

let others =
    [|
        "README.md"
        "CONTRIBUTING.md"
        "CHANGELOG.md"
        "src/Core.FSharp/README.md"
    |]
    |> Array.map (fun name -> Path.Combine(root, name))

/// The text of a page without its code.
let prose (file: string) : string =
    let text = File.ReadAllText file

    if file.EndsWith ".fsx" then
        Regex.Matches(text, @"\(\*\*(.*?)\*\)", RegexOptions.Singleline)
        |> Seq.map (fun comment -> comment.Groups[1].Value)
        |> String.concat "\n"
    else
        Regex.Replace(text, @"^```.*?^```", "", RegexOptions.Singleline ||| RegexOptions.Multiline)

/// The files that a page links to, as it names them and in full. Addresses of other places are left alone.
let links (file: string) : (string * string)[] =
    Regex.Matches(prose file, @"\]\(([^)\s]+)\)")
    |> Seq.map (fun link -> link.Groups[1].Value)
    |> Seq.filter (fun link -> not (Regex.IsMatch(link, "^[a-z]+:")) && not (link.StartsWith '#'))
    |> Seq.map (fun link ->
        let folder = Option.ofObj (Path.GetDirectoryName file) |> Option.defaultValue root
        link, Path.GetFullPath(Path.Combine(folder, (link.Split '#')[0]))
    )
    |> Array.ofSeq

// Links and images.
for file in Array.append pages others do
    for link, full in links file do
        if not (File.Exists full || Directory.Exists full) then
            complain $"{relative file}: {link} does not exist"

        if file.StartsWith(docs + "/") && not (full.StartsWith(docs + "/")) then
            complain $"{relative file}: {link} leads out of docs, where the site cannot follow"

// Every page is reached from the first one.
let rec reach (seen: Set<string>) (file: string) : Set<string> =
    if seen.Contains file || not (Array.contains file pages) then
        seen
    else
        Array.fold reach (seen.Add file) (Array.map snd (links file))

let reached = reach Set.empty (Path.Combine(docs, "index.md"))

for page in pages do
    if not (reached.Contains page) then
        complain $"{relative page}: no way leads there from docs/index.md"

// One page for each method, and no page without.
let methods = Optim.Core.Catalogue.names

let pageOf (name: string) =
    Path.Combine(docs, "methods", name + ".md")

for name in methods do
    if not (File.Exists(pageOf name)) then
        complain $"the method {name} has no page docs/methods/{name}.md"
    else
        let text = File.ReadAllText(pageOf name)

        for part in
            [
                "## Formula"
                "## Cost and memory"
                "## Options"
                "## Traps"
                "## Source"
                "```fsharp\nopen Optim"
                "```csharp\nusing Optim;"
            ] do
            if not (text.Contains part) then
                let missing = part.Replace("\n", " ")
                complain $"docs/methods/{name}.md lacks {missing}"

for file in Directory.GetFiles(Path.Combine(docs, "methods"), "*.md") do
    let name =
        Option.ofObj (Path.GetFileNameWithoutExtension file) |> Option.defaultValue ""

    if not (List.contains name methods) then
        complain $"{relative file} is about no method of the catalogue"

// Complete examples: blocks that begin with what they open or use.
let blocks (language: string) (first: string) : (string * string)[] = [|
    for file in Array.append others pages do
        if file.EndsWith ".md" then
            let fence = $@"^```{language}\n(.*?)^```"

            for block in
                Regex.Matches(
                    File.ReadAllText file,
                    fence,
                    RegexOptions.Singleline ||| RegexOptions.Multiline
                ) do
                let text = block.Groups[1].Value

                if text.StartsWith first then
                    relative file, text
|]

let indent (text: string) : string =
    text.Split '\n'
    |> Array.map (fun line -> if line = "" then "" else "    " + line)
    |> String.concat "\n"

let core = Path.Combine(root, "src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll")

let fsharp = [|
    $"#r \"{core}\""

    for i, (file, text) in Array.indexed (blocks "fsharp" "open Optim") do
        $"module Snippet{i} =\n    printfn \"-- {file}\"\n{indent text}"
|]

let csharp = blocks "csharp" "using Optim;"

let isUsing (line: string) =
    line.StartsWith "using " && line.EndsWith ';' && not (line.Contains '=')

let usings =
    csharp
    |> Array.collect (fun (_, text) -> text.Split '\n' |> Array.filter isUsing)
    |> Array.distinct

let classes =
    csharp
    |> Array.mapi (fun i (file, text) ->
        let body = text.Split '\n' |> Array.filter (isUsing >> not) |> String.concat "\n"
        $"internal static class Snippet{i}\n{{\n    public static void Run()\n    {{\n        Console.WriteLine(\"-- {file}\");\n{indent (indent body)}\n    }}\n}}\n"
    )

let calls = csharp |> Array.mapi (fun i _ -> $"Snippet{i}.Run();")

File.WriteAllLines(Path.Combine(target, "snippets.fsx"), fsharp)
File.WriteAllLines(Path.Combine(target, "Snippets.cs"), Array.append usings classes)
File.WriteAllLines(Path.Combine(target, "Program.cs"), calls)

printfn
    $"{pages.Length} pages, {methods.Length} methods, {fsharp.Length - 1} F# and {csharp.Length} C# examples"

if complaints > 0 then
    eprintfn $"{complaints} complaints"
    exit 1
