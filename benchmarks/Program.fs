/// Measures the library beside its rivals: `dotnet run --project benchmarks -c Release -- all`.
module Optim.Benchmarks.Program

open System
open System.Diagnostics
open System.IO

/// The command line of this program itself, to start it again.
let private self (arguments: string list) : ProcessStartInfo =
    let host = Environment.ProcessPath |> Option.ofObj |> Option.defaultValue "dotnet"
    let isHost = Path.GetFileNameWithoutExtension host = "dotnet"
    let assembly = Path.Combine(AppContext.BaseDirectory, "Benchmarks.dll")
    ProcessStartInfo(host, (if isHost then assembly :: arguments else arguments))

/// One part of a subcommand, measured in a process of its own.
let private measurePart (command: Subcommand) (index: int) (part: Part) : Section =
    let start = self [ "part"; command.Name; string index ]
    start.RedirectStandardOutput <- true

    match part.Threads with
    | Threads.One -> start.Environment["DOTNET_PROCESSOR_COUNT"] <- "1"
    | Threads.All -> ()

    match part.Collector with
    | Collector.Server -> start.Environment["DOTNET_gcServer"] <- "1"
    | Collector.Workstation -> ()

    match Process.Start start |> Option.ofObj with
    | None -> invalidOp $"{command.Name} did not start"
    | Some child ->
        use child = child
        let output = child.StandardOutput.ReadToEnd()
        child.WaitForExit()

        if child.ExitCode <> 0 then
            invalidOp $"{command.Name} ended with {child.ExitCode}"

        Section.ofJson output

let private measure (command: Subcommand) : Section =
    Console.Error.WriteLine $"measuring {command.Name} ..."

    let section =
        command.Parts |> List.mapi (measurePart command) |> Section.merge command.Name

    section |> Terminal.section |> List.iter Console.WriteLine
    section

/// The benchmarks folder of the repository this program was built in; else the current folder.
let private home () : string =
    let rec find (folder: DirectoryInfo | null) : string =
        match folder with
        | null -> Environment.CurrentDirectory
        | folder when File.Exists(Path.Combine(folder.FullName, "Optim.sln")) ->
            Path.Combine(folder.FullName, "benchmarks")
        | folder -> find folder.Parent

    find (DirectoryInfo AppContext.BaseDirectory)

let private usage () : string list = [
    "expected one of:"
    "  all                 every subcommand below, in about a quarter of an hour"
    for command in Subcommands.all do
        "  " + command.Name.PadRight 20 + command.Summary
    "  list                the names of the subcommands"
    "and options:"
    "  --out FOLDER        where NAME.json goes, all that was measured; default benchmarks/results"
    "  --record            also writes the tables to benchmarks/RESULTS.md, those of one subcommand to RESULTS-NAME.md"
]

let private misuse (complaint: string) : int =
    Console.Error.WriteLine complaint
    usage () |> List.iter Console.Error.WriteLine
    2

let private run (commands: Subcommand list) (out: string) (isRecorded: bool) : int =
    let record = Machine.record [ "Math.NET Numerics 5.0.0"; yield! Python.versions () ]
    Directory.CreateDirectory out |> ignore
    Console.WriteLine $"{record.Processor}, {record.Processors} cores, {record.Vectors} vectors"
    Console.WriteLine $"{record.System}, {record.Runtime}"
    Console.WriteLine(String.Join(", ", record.Rivals))

    let sections = [
        for command in commands do
            let section = measure command
            let file = Path.Combine(out, command.Name + ".json")
            File.WriteAllText(file, Section.toRecordedJson record section)
            Console.Error.WriteLine $"written: {file}"
            section
    ]

    if commands.Length > 1 then
        Console.WriteLine()
        Console.WriteLine "== aims"
        sections |> List.collect _.Bars |> Terminal.bars |> List.iter Console.WriteLine

    if isRecorded then
        let name = if commands.Length > 1 then "all" else commands.Head.Name
        let file = if name = "all" then "RESULTS.md" else $"RESULTS-{name}.md"
        File.WriteAllText(Path.Combine(home (), file), Markdown.page name record sections)

    0

let rec private options
    (out: string)
    (isRecorded: bool)
    (rest: string list)
    : Result<string * bool, string> =
    match rest with
    | [] -> Ok(out, isRecorded)
    | "--record" :: rest -> options out true rest
    | "--out" :: folder :: rest -> options folder isRecorded rest
    | "--out" :: [] -> Error "--out needs a folder"
    | other :: _ -> Error $"unknown option {other}"

let private dispatch (name: string) (rest: string list) : int =
    let commands =
        if name = "all" then
            Subcommands.all
        else
            Subcommands.all |> List.filter (fun command -> command.Name = name)

    match commands, options (Path.Combine(home (), "results")) false rest with
    | [], _ -> misuse $"unknown subcommand {name}"
    | _, Error complaint -> misuse complaint
    | commands, Ok(out, isRecorded) -> run commands out isRecorded

[<EntryPoint>]
let main (arguments: string[]) : int =
    match List.ofArray arguments with
    | [] -> misuse "no subcommand"
    | [ "--help" ] ->
        usage () |> List.iter Console.WriteLine
        0
    | [ "list" ] ->
        for command in Subcommands.all do
            Console.WriteLine(command.Name.PadRight 12 + command.Summary)

        0
    | [ "part"; name; index ] ->
        let part =
            Subcommands.all
            |> List.tryFind (fun command -> command.Name = name)
            |> Option.bind (fun command -> List.tryItem (int index) command.Parts)

        match part with
        | None -> misuse $"{name} has no part {index}"
        | Some part ->
            Console.WriteLine(Section.toJson (part.Measure()))
            0
    | name :: rest -> dispatch name rest
