namespace Optim.Cli

open System
open System.Diagnostics
open System.Globalization
open Optim
open Optim.Core
open Optim.Laws
open Optim.Torch

/// What `optim gpu-check` was asked to do.
type GpuCheckRequest = {
    /// What is looked at.
    Engine: EngineName
    /// Whether tasks are timed, too.
    Times: bool
    /// Whether to print JSON instead of text.
    IsJson: bool
}

/// `optim gpu-check`: whether libtorch computes on a machine as it should, and how fast.
[<RequireQualifiedAccess>]
module GpuCheck =

    /// One thing that was looked at.
    type private Check = {
        /// "self-test", "laws of engines", "laws of methods".
        Part: string
        Name: string
        /// In how many cases.
        Cases: int
        Seconds: float
        /// What was found wrong; empty when all held.
        Faults: string list
    }

    let private timed (work: unit -> 'T) : 'T * float =
        let clock = Stopwatch.StartNew()
        let result = work ()
        result, clock.Elapsed.TotalSeconds

    let private selfTests (engine: Engine) : Check list =
        Torch.selfTest engine
        |> List.map (fun row -> {
            Part = "self-test"
            Name = row.Family
            Cases = 1
            Seconds = row.Milliseconds / 1e3
            Faults = [
                if not row.Passed then
                    row.Message
            ]
        })

    let private ofFamily (row: EngineRow) : Check = {
        Part = "laws of engines"
        Name = string row.Family
        Cases = row.Cases
        Seconds = row.Milliseconds / 1e3
        Faults = [
            for failure in row.Failures -> $"{failure.Law}: {failure.Case}: {failure.Detail}"
        ]
    }

    /// The laws that every method obeys, in a few cases each.
    let private ofMethod (engine: Engine) (info: MethodInfo) : Check =
        let settings = { LawSettings.defaults with Cases = 2; Engine = engine }

        let report, seconds =
            timed (fun () ->
                Laws.report (Laws.forClaims settings Claims.none) (info.Create Map.empty)
            )

        {
            Part = "laws of methods"
            Name = info.Name
            Cases = settings.Cases * report.Verdicts.Length
            Seconds = seconds
            Faults = [
                for law, verdict in report.Verdicts do
                    match verdict with
                    | LawVerdict.Holds _ -> ()
                    | LawVerdict.Broken counterexample -> $"{law.Name}: {counterexample.Detail}"
            ]
        }

    let private number (x: float) : string =
        x.ToString("G3", CultureInfo.InvariantCulture)

    let private duration (seconds: float) : string =
        if seconds < 1e-3 then $"{number (seconds * 1e6)} us"
        elif seconds < 1.0 then $"{number (seconds * 1e3)} ms"
        else $"{number seconds} s"

    /// Columns of texts below their names: the first ones to the left, the others to the right.
    let private table (left: int) (header: string list) (rows: string list list) : string list =
        let widths =
            header :: rows
            |> List.transpose
            |> List.map (fun column -> column |> List.map _.Length |> List.max)

        let line (cells: string list) =
            List.zip cells widths
            |> List.mapi (fun i (text, width) ->
                if i < left then text.PadRight width else text.PadLeft width
            )
            |> String.concat "  "
            |> _.TrimEnd()

        let rule = String('-', List.sum widths + 2 * (widths.Length - 1))
        line header :: rule :: List.map line rows

    let private facts (chosen: ChosenEngine) (library: TorchLibrary) : (string * string) list = [
        "engine", ChosenEngine.text chosen
        "library", $"{library.Path}, found by {library.Origin}"
        "threads", string library.Threads
    ]

    let private checkRow (check: Check) : string list = [
        check.Part
        check.Name
        (if check.Faults.IsEmpty then "passed" else "FAILED")
        string check.Cases
        duration check.Seconds
    ]

    let private timingRow (timing: Timing) : string list = [
        timing.Task
        timing.Type
        (if timing.IsRight then "right" else "WRONG")
        duration timing.Seconds
        timing.ManagedSeconds
        |> ValueOption.map duration
        |> ValueOption.defaultValue "-"
        string timing.Crossings
        $"{number (float timing.Held / 1048576.0)} MiB"
        timing.Difference |> ValueOption.map number |> ValueOption.defaultValue "-"
    ]

    let private wrong (timing: Timing) : string =
        match timing.Difference with
        | ValueSome difference ->
            $"{timing.Task}, {timing.Type}: differs from the managed engine by {number difference} of its largest number"
        | ValueNone -> $"{timing.Task}, {timing.Type}: the result holds NaN or infinity"

    let private faults (checks: Check list) (timings: Timing list) : string list = [
        for check in checks do
            for fault in check.Faults do
                $"{check.Part}, {check.Name}: {fault}"
        for timing in timings do
            if not timing.IsRight then
                wrong timing
    ]

    let private text
        (facts: (string * string) list)
        (checks: Check list)
        (timings: Timing list)
        (seconds: float)
        : string =
        let failed =
            (checks |> List.filter (fun c -> not c.Faults.IsEmpty)).Length
            + (timings |> List.filter (fun t -> not t.IsRight)).Length

        let count = checks.Length + timings.Length

        String.concat "\n" [
            for name, value in facts do
                name.PadRight 9 + value
            ""
            yield! table 2 [ "looked at"; ""; ""; "cases"; "time" ] (checks |> List.map checkRow)
            if not timings.IsEmpty then
                ""

                yield!
                    table
                        2
                        [ "timed"; ""; ""; "time"; "managed"; "calls"; "held"; "difference" ]
                        (timings |> List.map timingRow)
            match faults checks timings with
            | [] -> ()
            | faults ->
                ""
                yield! faults
            ""
            if failed = 0 then
                $"all {count} passed in {duration seconds}"
            else
                $"{failed} of {count} FAILED in {duration seconds}"
        ]

    let private optional (value: float voption) : Json.Value =
        value
        |> ValueOption.map Json.Value.Number
        |> ValueOption.defaultValue Json.Value.Nothing

    let private json
        (chosen: ChosenEngine)
        (library: TorchLibrary)
        (checks: Check list)
        (timings: Timing list)
        (seconds: float)
        : Json.Value =
        Json.Value.Fields [
            "passed", Json.Value.Truth (faults checks timings).IsEmpty
            yield! ChosenEngine.json chosen
            "library", Json.Value.Text library.Path
            "threads", Json.Value.Whole(int64 library.Threads)
            "seconds", Json.Value.Number seconds
            "checks",
            Json.Value.List [
                for check in checks ->
                    Json.Value.Fields [
                        "part", Json.Value.Text check.Part
                        "name", Json.Value.Text check.Name
                        "passed", Json.Value.Truth check.Faults.IsEmpty
                        "cases", Json.Value.Whole(int64 check.Cases)
                        "seconds", Json.Value.Number check.Seconds
                        "faults",
                        Json.Value.List [ for fault in check.Faults -> Json.Value.Text fault ]
                    ]
            ]
            "timings",
            Json.Value.List [
                for timing in timings ->
                    Json.Value.Fields [
                        "task", Json.Value.Text timing.Task
                        "type", Json.Value.Text timing.Type
                        "passed", Json.Value.Truth timing.IsRight
                        "seconds", Json.Value.Number timing.Seconds
                        "managedSeconds", optional timing.ManagedSeconds
                        "crossings", Json.Value.Whole timing.Crossings
                        "heldBytes", Json.Value.Whole timing.Held
                        "difference", optional timing.Difference
                    ]
            ]
        ]

    /// The parts of the whole, each with the words that are shown while it is at work.
    let private looks (engine: Engine) (tell: string -> unit) : Check list = [
        tell "self-test"
        yield! selfTests engine
        tell "laws of engines"
        yield! (EngineLaws.report EngineLaws.quick engine).Rows |> List.map ofFamily

        for info in Catalogue.all do
            tell $"laws of methods, {info.Name}"
            ofMethod engine info
    ]

    /// Runs the request: 0 when all is as it should be, else 1.
    let run (request: GpuCheckRequest) : int =
        if not (ChosenEngine.isLibTorch request.Engine) then
            Misuse.refuse
                "gpu-check looks at libtorch, expected --engine cuda, cuda:1 … or torch (the processor)"

        let chosen = ChosenEngine.load request.Engine
        let library = Torch.library ()

        let tasks =
            if request.Times then
                Timings.tasks chosen.Engine.Device
            else
                []

        let (checks, timings), seconds =
            timed (fun () ->
                Talk.working
                    "gpu-check"
                    (fun tell ->
                        // The self-test, the laws of engines, and a part for each method and each task.
                        let parts = 2 + Catalogue.all.Length + tasks.Length
                        let begun = ref 0

                        let next (words: string) =
                            tell (float begun.Value / float parts) words
                            begun.Value <- begun.Value + 1

                        let checks = looks chosen.Engine next

                        checks,
                        tasks
                        |> List.map (fun task ->
                            next $"timing: {task.Name}"
                            Timings.measure chosen.Engine task
                        )
                    )
            )

        Console.Out.WriteLine(
            if request.IsJson then
                Json.text (json chosen library checks timings seconds)
            else
                text (facts chosen library) checks timings seconds
        )

        if (faults checks timings).IsEmpty then 0 else 1
