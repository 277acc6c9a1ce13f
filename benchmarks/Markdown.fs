namespace Optim.Benchmarks

open System

/// The short record of a whole run that is kept beside the sources.
[<RequireQualifiedAccess>]
module Markdown =

    let private row (cells: string list) : string = $"""| {String.Join(" | ", cells)} |"""

    let private grid (header: string list) (rows: string list list) : string list = [
        row header
        row ("---" :: List.replicate (header.Length - 1) "---:")
        yield! List.map row rows
    ]

    let private bars (bars: Bar list) : string list =
        grid [ "aim"; "measured"; "limit"; "met" ] [
            for bar in bars do
                [
                    bar.Name
                    $"{Terminal.number bar.Measured} {bar.Unit}"
                    $"{bar.Sense} {Terminal.number bar.Limit}"
                    (if Bar.isMet bar then "yes" else "no")
                ]
        ]

    /// Values of the first contender, and how many times as much the others have.
    let private table (table: Table) : string list =
        let names = Terminal.contenders table

        let cellOf (row: Row) (name: string) : string =
            match row.Cells |> List.tryFind (fun cell -> cell.Contender = name) with
            | None -> ""
            | Some cell ->
                match cell.Value, row.Cells.Head.Value with
                | Some value, Some own when name <> names.Head ->
                    $"{Terminal.number value} ({Terminal.number (value / own)}x)"
                | _ -> Terminal.value cell

        [
            ""
            $"### {table.Title}"
            ""
            yield!
                grid (table.Unit :: names) [
                    for row in table.Rows do
                        row.Name :: List.map (cellOf row) names
                ]
            if not table.Notes.IsEmpty then
                ""

            for note in table.Notes do
                $"- {note}"
        ]

    /// The page of a run. name: the subcommand, or all.
    let page (name: string) (record: Record) (sections: Section list) : string =
        let lines = [
            "# Benchmarks: one run"
            ""
            $"Written by `dotnet run --project benchmarks -c Release -- {name} --record`. Medians; in parentheses how many"
            "times as much a rival has of what this library has."
            ""
            yield!
                grid [ "where"; "" ] [
                    [ "date"; record.Date ]
                    [ "processor"; $"{record.Processor}, {record.Processors} cores" ]
                    [ "system"; record.System ]
                    [ "runtime"; record.Runtime ]
                    [ "vectors"; record.Vectors ]
                    [ "rivals"; String.Join(", ", record.Rivals) ]
                ]
            ""
            "## Aims"
            ""
            yield! bars (sections |> List.collect _.Bars)
            for section in sections do
                ""
                $"## {section.Name}"
                yield! section.Tables |> List.collect table
        ]

        String.Join("\n", lines) + "\n"
