namespace Optim.Benchmarks

open System.Text.Json
open System.Text.Json.Serialization

/// What was measured of one contender in one row, in the table's unit; or why it was not.
type Cell = {
    Contender: string
    Value: float option
    /// The best batch, where there were batches.
    Best: float option
    /// The width of the middle half of the batches, as a part of the median.
    Spread: float option
    BytesPerOperation: float option
    GcShare: float option
    /// Why there is no value; else empty.
    Missing: string
}

/// One task at one size, done by all contenders.
type Row = { Name: string; Cells: Cell list }

/// Rows of like tasks.
type Table = {
    Title: string
    /// "us", "ms", "GFLOP/s", "MiB": of all values.
    Unit: string
    Rows: Row list
    /// What a reader must know to compare.
    Notes: string list
}

/// An aim, and what was measured.
type Bar = {
    Name: string
    Measured: float
    Limit: float
    /// "at most" or "at least".
    Sense: string
    Unit: string
}

/// All that one subcommand measured.
type Section = { Name: string; Tables: Table list; Bars: Bar list }

/// Where and with what it was measured.
type Record = {
    Date: string
    Processor: string
    Processors: int
    System: string
    Runtime: string
    Vectors: string
    Rivals: string list
}

/// Cells of tables.
[<RequireQualifiedAccess>]
module Cell =

    /// A number without batches.
    let number (contender: string) (value: float) : Cell = {
        Contender = contender
        Value = Some value
        Best = None
        Spread = None
        BytesPerOperation = None
        GcShare = None
        Missing = ""
    }

    /// Why a contender has no number.
    let missing (contender: string) (why: string) : Cell = {
        number contender nan with
            Value = None
            Missing = why
    }

    /// A time, in units of so many seconds.
    let time (unit: float) (contender: string) (sample: Sample) : Cell = {
        number contender (sample.Median / unit) with
            Best = Some(sample.Best / unit)
            Spread = Some sample.Spread
            BytesPerOperation = Some sample.Bytes
            GcShare = Some sample.GcShare
    }

    /// Work for one operation divided by time, in units of so many a second.
    let rate (unit: float) (work: float) (contender: string) (sample: Sample) : Cell = {
        time 1.0 contender sample with
            Value = Some(work / sample.Median / unit)
            Best = Some(work / sample.Best / unit)
    }

    /// The value a row has for a contender.
    let value (contender: string) (row: Row) : float option =
        row.Cells
        |> List.tryFind (fun cell -> cell.Contender = contender)
        |> Option.bind _.Value

/// Aims.
[<RequireQualifiedAccess>]
module Bar =

    /// The measured value may be at most the limit.
    let atMost (name: string) (unit: string) (limit: float) (measured: float) : Bar = {
        Name = name
        Measured = measured
        Limit = limit
        Sense = "at most"
        Unit = unit
    }

    /// The measured value must be at least the limit.
    let atLeast (name: string) (unit: string) (limit: float) (measured: float) : Bar = {
        atMost name unit limit measured with
            Sense = "at least"
    }

    /// Whether the aim is met. A value that is not a number meets none.
    let isMet (bar: Bar) : bool =
        if bar.Sense = "at most" then
            bar.Measured <= bar.Limit
        else
            bar.Measured >= bar.Limit

/// Sections as JSON.
[<RequireQualifiedAccess>]
module Section =

    /// An aim whose measured value is missing has NaN there.
    let private options =
        JsonSerializerOptions(
            WriteIndented = true,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals
        )

    /// All tables and bars of sections with one name, together.
    let merge (name: string) (parts: Section list) : Section = {
        Name = name
        Tables = parts |> List.collect _.Tables
        Bars = parts |> List.collect _.Bars
    }

    /// The section as JSON text.
    let toJson (section: Section) : string =
        JsonSerializer.Serialize(section, options)

    /// The section and where it was measured, as JSON text.
    let toRecordedJson (record: Record) (section: Section) : string =
        JsonSerializer.Serialize({| Record = record; Section = section |}, options)

    /// The section that `toJson` wrote.
    let ofJson (text: string) : Section =
        match JsonSerializer.Deserialize<Section>(text, options) |> Option.ofObj with
        | Some section -> section
        | None -> invalidArg (nameof text) "the text holds null, expected a section"
