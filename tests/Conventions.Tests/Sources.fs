namespace Optim.ConventionsTests

open System
open System.IO
open System.Xml.Linq
open Expecto
open Optim.Testing

/// A file of the repository, with its path as a person would name it.
type SourceFile = {
    Path: string
    Lines: string[]
} with

    /// Whether the name ends in one of these extensions.
    member file.Is([<ParamArray>] extensions: string[]) : bool =
        extensions
        |> Array.exists (fun extension -> file.Path.EndsWith(extension, StringComparison.Ordinal))

/// The repository's files, and how a convention reports what breaks it.
module Sources =
    let private left =
        set [
            ".git"
            ".vs"
            ".idea"
            ".fsdocs"
            "bin"
            "obj"
            "output"
            "artifacts"
            "paket-files"
            "TestResults"
            "BenchmarkDotNet.Artifacts"
            "tmp"
        ]

    let private text =
        set [
            ".fs"
            ".fsi"
            ".fsx"
            ".cs"
            ".csproj"
            ".fsproj"
            ".proj"
            ".props"
            ".targets"
            ".sln"
            ".json"
            ".md"
            ".sh"
            ".txt"
            ".yml"
            ".lock"
            ".dependencies"
            ".references"
            ".py"
            ".html"
            ".css"
            ".js"
            ""
        ]

    let rec private walk (folder: DirectoryInfo) : FileInfo seq =
        seq {
            for file in folder.EnumerateFiles() do
                if text.Contains file.Extension && file.Name <> ".git" then
                    yield file

            for inner in folder.EnumerateDirectories() do
                if not (left.Contains inner.Name) then
                    yield! walk inner
        }

    let private read (file: FileInfo) : SourceFile = {
        Path = Path.GetRelativePath(Repository.Root, file.FullName).Replace('\\', '/')
        Lines = File.ReadAllLines file.FullName
    }

    /// Every text file that is not something a build left behind.
    let all: Lazy<SourceFile list> =
        lazy
            (walk (DirectoryInfo Repository.Root)
             |> Seq.map read
             |> Seq.sortBy _.Path
             |> List.ofSeq)

    /// The files below one folder.
    let below (folder: string) : SourceFile list =
        all.Value
        |> List.filter (fun file -> file.Path.StartsWith(folder + "/", StringComparison.Ordinal))

    /// The F# and C# files below one folder.
    let code (folder: string) : SourceFile list =
        below folder |> List.filter _.Is(".fs", ".fsi", ".fsx", ".cs")

    /// `path:line: text` for every line of the files that the predicate is true of.
    let linesWhere (broken: string -> bool) (files: SourceFile list) : string list = [
        for file in files do
            for index, line in Array.indexed file.Lines do
                if broken line then
                    $"{file.Path}:{index + 1}: {line.Trim()}"
    ]

    /// The files that a project compiles, in order, as paths below the project's folder.
    let compiled (project: string) : string list = [
        for item in XDocument.Load(Repository.Path project).Descendants(XName.Get "Compile") do
            match item.Attribute(XName.Get "Include") with
            | null -> ()
            | path -> path.Value.Replace('\\', '/')
    ]

    /// Fails with the list of what breaks the convention; an empty list passes.
    let expectNone (convention: string) (broken: string list) : unit =
        if not (List.isEmpty broken) then
            failtest (convention + ":\n  " + String.Join("\n  ", broken))
