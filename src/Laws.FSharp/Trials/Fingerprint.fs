namespace Optim.Laws

#nowarn "3559" // A method's state is of a type that is known only at run time.

open System
open System.Collections
open FSharp.Reflection
open Optim
open Optim.Core

/// All bits of a run's data, written down so that two runs can be compared and the first difference be named.
[<RequireQualifiedAccess>]
module internal Fingerprint =

    let private bits (x: float) : string =
        $"{x:R} ({BitConverter.DoubleToInt64Bits x:x16})"

    let private ofTensor (path: string) (x: Tensor) : (string * string) list = [
        path, $"{x.DType} {x.Shape}"
        for i, value in Array.indexed (x.ToArray()) do
            $"{path}[{i}]", bits value
    ]

    /// The leaves of a value, each with its path.
    let rec ofValue (path: string) (value: obj | null) : (string * string) list =
        match value with
        | null -> [ path, "nothing" ]
        | :? Tensor as x -> ofTensor path x
        | :? float as x -> [ path, bits x ]
        | :? string as text -> [ path, text ]
        | :? Key as key -> [ path, string key ]
        | :? IEnumerable as items -> [
            for i, item in Seq.indexed (Seq.cast<obj | null> items) do
                yield! ofValue $"{path}[{i}]" item
          ]
        | known ->
            let t = known.GetType()

            let fields (names: string[]) (values: (obj | null)[]) =
                Seq.zip names values
                |> Seq.collect (fun (name, v) -> ofValue $"{path}.{name}" v)
                |> List.ofSeq

            if FSharpType.IsRecord(t, true) then
                let names =
                    FSharpType.GetRecordFields(
                        t,
                        Reflection.BindingFlags.Public ||| Reflection.BindingFlags.NonPublic
                    )

                fields (names |> Array.map _.Name) (FSharpValue.GetRecordFields(known, true))
            elif FSharpType.IsTuple t then
                let values = FSharpValue.GetTupleFields known
                fields (Array.init values.Length string) values
            elif FSharpType.IsUnion(t, true) then
                let case, values = FSharpValue.GetUnionFields(known, t, true)
                (path, case.Name) :: fields (case.GetFields() |> Array.map _.Name) values
            else
                [ path, string known ]

    let private ofEvaluation
        (path: string)
        (evaluation: Evaluation voption)
        : (string * string) list =
        match evaluation with
        | ValueNone -> [ path, "nothing" ]
        | ValueSome e -> [
            yield! ofTensor (path + ".Point") e.Point
            path + ".Value", bits e.Value
            yield! ofTensor (path + ".Gradient") e.Gradient
          ]

    /// Everything a run consists of but its times.
    let ofRun (run: Run) : (string * string) list = [
        yield! ofTensor "Point" run.Point
        yield! ofValue "State" run.State
        "Steps", string run.Steps
        "Moves", string run.Moves
        yield! ofValue "Evaluations" run.Evaluations
        yield! ofEvaluation "Best" run.Best
        yield! ofEvaluation "Last" run.Last
        "StartNorm", bits run.StartNorm
        yield! ofValue "QuietMoves" run.QuietMoves
        "MoveValue", bits run.MoveValue
        "SaddleSince", string run.SaddleSince
        match run.Ended with
        | ValueNone -> "Ended", "not yet"
        | ValueSome ending ->
            "Ended", Reason.text ending.Reason
            yield! ofEvaluation "Ended.At" ending.At
    ]

    /// What a result says but its times.
    let ofResult (result: SolveResult) : (string * string) list = [
        "Reason", Reason.text result.Reason
        yield! ofTensor "Point" result.Point
        "Value", bits result.Value
        "GradientNorm", bits result.GradientNorm
        "Steps", string result.Steps
        yield! ofValue "Evaluations" result.Evaluations
        for report in result.Trace do
            let at = $"step {report.Step}"
            $"{at} value", bits report.Value
            $"{at} gradient norm", bits report.GradientNorm
            $"{at} size", bits report.StepSize
            $"{at} accepted", string report.Accepted
    ]

    /// The first difference of two fingerprints, in words.
    let difference
        (first: (string * string) list)
        (second: (string * string) list)
        : string voption =
        let longest = max first.Length second.Length

        let padded (xs: (string * string) list) =
            xs @ List.replicate (longest - xs.Length) ("the end", "nothing more")

        List.zip (padded first) (padded second)
        |> List.tryFind (fun (a, b) -> a <> b)
        |> Option.map (fun ((path, a), (_, b)) -> $"{path} is {a} in one and {b} in the other")
        |> ValueOption.ofOption
