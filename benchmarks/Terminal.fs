namespace Optim.Benchmarks

open System
open System.Globalization

/// Sections as plain text.
[<RequireQualifiedAccess>]
module Terminal =

    /// Three significant digits, without exponent where they are easy to read.
    let number (x: float) : string =
        let format =
            match abs x with
            | a when not (Double.IsFinite a) -> "G"
            | a when a = 0.0 -> "0"
            | a when a >= 99.95 && a < 1e9 -> "#,0"
            | a when a >= 9.995 && a < 99.95 -> "0.0"
            | a when a >= 0.9995 && a < 9.995 -> "0.00"
            | a when a >= 0.0001 && a < 0.9995 -> "0.####"
            | _ -> "0.0E+0"

        let rounded =
            if format = "0.####" then
                Math.Round(x, 2 - int (floor (log10 (abs x))))
            else
                x

        rounded.ToString(format, CultureInfo.InvariantCulture)

    /// A cell's value, or why there is none.
    let value (cell: Cell) : string =
        match cell.Value with
        | Some value -> number value
        | None -> cell.Missing

    let private percent (part: float option) : string =
        match part with
        | Some part -> (100.0 * part).ToString("0.#", CultureInfo.InvariantCulture)
        | None -> ""

    let private orEmpty (x: float option) : string =
        x |> Option.map number |> Option.defaultValue ""

    /// The names of the contenders of a table, in order of first appearance.
    let contenders (table: Table) : string list =
        table.Rows
        |> List.collect (fun row -> row.Cells |> List.map _.Contender)
        |> List.distinct

    /// Columns of texts: the first to the left, the others to the right.
    let columns (rows: string list list) : string list =
        let widths =
            rows
            |> List.transpose
            |> List.map (fun column -> column |> List.map _.Length |> List.max)

        [
            for row in rows do
                let cells =
                    List.zip row widths
                    |> List.mapi (fun i (text, width) ->
                        if i = 0 then text.PadRight width else text.PadLeft width
                    )

                String.Join("  ", cells).TrimEnd()
        ]

    let private details (cell: Cell option) : string list =
        match cell with
        | None -> [ ""; ""; ""; "" ]
        | Some cell -> [
            orEmpty cell.Best
            percent cell.Spread
            orEmpty cell.BytesPerOperation
            percent cell.GcShare
          ]

    /// The table's lines. Of the first contender also the best batch, the spread, the bytes for one operation and the
    /// collector's share are told.
    let table (table: Table) : string list =
        let names = contenders table
        let hasDetails = table.Rows |> List.exists (fun row -> row.Cells.Head.Best.IsSome)

        let header = [
            table.Unit
            for i, name in List.indexed names do
                name

                if i = 0 && hasDetails then
                    yield! [ "best"; "+-%"; "B/op"; "GC%" ]
        ]

        let line (row: Row) : string list = [
            row.Name
            for i, name in List.indexed names do
                let cell = row.Cells |> List.tryFind (fun cell -> cell.Contender = name)
                cell |> Option.map value |> Option.defaultValue ""

                if i = 0 && hasDetails then
                    yield! details cell
        ]

        [
            ""
            table.Title
            yield! columns (header :: List.map line table.Rows)
            for note in table.Notes do
                "  " + note
        ]

    /// The lines of the aims: measured, limit, met or not.
    let bars (bars: Bar list) : string list =
        let line (bar: Bar) : string list = [
            (if Bar.isMet bar then "pass  " else "MISS  ") + bar.Name
            number bar.Measured + " " + bar.Unit
            $"({bar.Sense} {number bar.Limit})"
        ]

        if bars.IsEmpty then
            []
        else
            "" :: columns (List.map line bars)

    /// All lines of a section.
    let section (section: Section) : string list = [
        ""
        "== " + section.Name
        yield! section.Tables |> List.collect table
        yield! bars section.Bars
    ]
