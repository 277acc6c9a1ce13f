namespace Optim.Core

open System
open System.Globalization
open System.IO
open System.IO.Compression
open Optim

/// Whether the first line of a table names its columns.
[<RequireQualifiedAccess>]
type CsvHeader =
    /// It does when one of its fields, the target's aside, is no number.
    | Detect
    /// It does.
    | Present
    /// It does not.
    | Absent

/// What the target column holds.
[<RequireQualifiedAccess>]
type CsvTarget =
    /// Labels of classes, any text. Classes are numbered in numerical order when all labels are numbers, else by ordinal.
    | Classes
    /// Numbers.
    | Numbers

/// How a table of examples is written.
type CsvOptions = {
    /// What separates fields; ' ' stands for any run of blanks and tabs. Default ','.
    Delimiter: char
    /// Whether the first line names the columns. Default: found out.
    Header: CsvHeader
    /// What the target column holds. Default: classes.
    Target: CsvTarget
    /// The column of the target, from 0; −1 is the last. Default −1.
    TargetColumn: int
}

/// Tables of numbers as text: one example a line, fields separated by a delimiter, "quoted" where a field holds it.
/// Numbers are written with a point, finite, and none is missing. A small reader of its own, so that the library needs no
/// other for the one task of reading numbers and saying exactly which field is none.
[<RequireQualifiedAccess>]
module Csv =

    /// Commas, header found out, classes in the last column.
    let defaults: CsvOptions = {
        Delimiter = ','
        Header = CsvHeader.Detect
        Target = CsvTarget.Classes
        TargetColumn = -1
    }

    let private refuse (name: string) (line: int) (detail: string) =
        raise (InvalidDataException $"{name}, line {line}: {detail}")

    /// The fields of a line.
    let private fields (name: string) (line: int) (delimiter: char) (text: string) : string[] =
        if delimiter = ' ' then
            text.Split([| ' '; '\t' |], StringSplitOptions.RemoveEmptyEntries)
        elif not (text.Contains '"') then
            text.Split delimiter |> Array.map (fun field -> field.Trim())
        else
            let found = ResizeArray<string>()
            let field = Text.StringBuilder()
            let mutable isQuoted = false
            let mutable at = 0

            while at < text.Length do
                let c = text[at]

                if isQuoted && c = '"' && at + 1 < text.Length && text[at + 1] = '"' then
                    field.Append '"' |> ignore
                    at <- at + 1
                elif c = '"' then
                    isQuoted <- not isQuoted
                elif c = delimiter && not isQuoted then
                    found.Add(field.ToString().Trim())
                    field.Clear() |> ignore
                else
                    field.Append c |> ignore

                at <- at + 1

            if isQuoted then
                refuse name line "a quoted field does not end on its line"

            found.Add(field.ToString().Trim())
            found.ToArray()

    /// All lines that are not blank, with their numbers from 1. Errors: lines of different numbers of fields; no lines.
    let private table (delimiter: char) (name: string) (reader: TextReader) : (int * string[])[] =
        let rows = ResizeArray<int * string[]>()
        let mutable number = 0
        let mutable isOpen = true

        while isOpen do
            match reader.ReadLine() with
            | null -> isOpen <- false
            | text ->
                number <- number + 1

                if not (String.IsNullOrWhiteSpace text) then
                    rows.Add(number, fields name number delimiter text)

        if rows.Count = 0 then
            raise (InvalidDataException $"{name} is empty")

        let first, expected = fst rows[0], (snd rows[0]).Length

        for line, row in rows do
            if row.Length <> expected then
                refuse name line $"{row.Length} fields, expected {expected} as in line {first}"

        rows.ToArray()

    let private tryNumber (text: string) : float voption =
        match Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, x when Double.IsFinite x -> ValueSome x
        | _ -> ValueNone

    let private number
        (name: string)
        (names: string list)
        (line: int)
        (column: int)
        (text: string)
        : float =
        match tryNumber text with
        | ValueSome x -> x
        | ValueNone ->
            let title = if names.IsEmpty then "" else $" ({names[column]})"
            refuse name line $"column {column + 1}{title}: \"{text}\" is no finite number"

    /// A table of numbers alone, without names: (rows, columns). name: for messages.
    /// Errors: InvalidDataException that names line, column and text.
    let numbers (delimiter: char) (name: string) (reader: TextReader) : Tensor =
        table delimiter name reader
        |> Array.map (fun (line, row) -> row |> Array.mapi (number name [] line) |> Seq.ofArray)
        |> Tensor.ofRows

    let private classNumbers (labels: string[]) : string list * int[] =
        let distinct = Array.distinct labels

        let names =
            if distinct |> Array.forall (fun label -> ValueOption.isSome (tryNumber label)) then
                distinct |> Array.sortBy (fun label -> struct (float label, label))
            else
                distinct |> Array.sortWith (fun a b -> String.CompareOrdinal(a, b))

        let numbers = names |> Array.mapi (fun i label -> label, i) |> dict
        List.ofArray names, labels |> Array.map (fun label -> numbers[label])

    /// The data set that a text holds. name: the data set's, and for messages.
    /// Errors: InvalidDataException that names line, column and text; ArgumentOutOfRangeException for a target column that
    /// the table has not.
    let parse (options: CsvOptions) (name: string) (reader: TextReader) : DataSet =
        let rows = table options.Delimiter name reader
        let columns = (snd rows[0]).Length

        let target =
            if options.TargetColumn < 0 then
                options.TargetColumn + columns
            else
                options.TargetColumn

        if target < 0 || target >= columns then
            let message =
                $"{name} has {columns} columns, so none is column {options.TargetColumn}"

            raise (ArgumentOutOfRangeException(nameof options, message))

        if columns < 2 then
            refuse
                name
                (fst rows[0])
                "one column, expected one of inputs or more, and one of targets"

        let inputsOf (row: 'T[]) : 'T[] = Array.removeAt target row

        let hasHeader =
            match options.Header with
            | CsvHeader.Present -> true
            | CsvHeader.Absent -> false
            | CsvHeader.Detect ->
                inputsOf (snd rows[0])
                |> Array.exists (fun field -> ValueOption.isNone (tryNumber field))

        let names = if hasHeader then List.ofArray (snd rows[0]) else []
        let body = if hasHeader then rows[1..] else rows

        if body.Length = 0 then
            refuse name (fst rows[0]) "names of columns only, expected examples below them"

        let inputs =
            body
            |> Array.map (fun (line, row) ->
                inputsOf (Array.indexed row)
                |> Array.map (fun (i, field) -> number name names line i field)
                |> Seq.ofArray
            )
            |> Tensor.ofRows

        let data =
            match options.Target with
            | CsvTarget.Numbers ->
                body
                |> Array.map (fun (line, row) -> number name names line target row[target])
                |> Tensor.ofArray
                |> DataSet.ofNumbers inputs
            | CsvTarget.Classes ->
                let classes, numbers =
                    body |> Array.map (fun (_, row) -> row[target]) |> classNumbers

                DataSet.ofClasses classes inputs numbers

        {
            data with
                Name = name
                InputNames = if names.IsEmpty then [] else List.removeAt target names
        }

    /// The data set in a file; one whose name ends in .gz is decompressed. Errors: as parse; the file system's own.
    let read (options: CsvOptions) (path: string) : DataSet =
        use file = File.OpenRead path
        let isPacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)

        use stream: Stream =
            if isPacked then
                new GZipStream(file, CompressionMode.Decompress)
            else
                file

        use reader = new StreamReader(stream)

        let name =
            match Path.GetFileName path with
            | null -> path
            | file -> file

        { parse options name reader with Source = path }
