namespace Optim.Core

#nowarn "3559" // A method's state is of a type that is known only at run time.

open System
open System.Text.Json
open Optim
open Optim.Contract

/// The parts of a run that do not depend on its method, as one record that the generic walk understands.
[<NoComparison; NoEquality>]
type internal SavedRun = {
    Point: Tensor
    Steps: int64
    Moves: int64
    Evaluations: Evaluations
    Best: Evaluation voption
    Last: Evaluation voption
    LastSample: int64
    StartNorm: float
    MoveValue: float
    QuietMoves: int list
    SaddleSince: int64
    /// In units of 100 nanoseconds.
    Elapsed: int64
    Ended: RunEnd voption
    /// None, or one matrix of whole numbers and one of real numbers, a row for each report, newest first.
    Trace: Tensor list
}

/// The parts of checkpoint files: reports as matrices, plain data as JSON, tensors as bytes.
[<RequireQualifiedAccess>]
module internal CheckpointFormat =

    // Reports as two matrices.

    let private ofReports (reports: StepReport list) : Tensor list =
        if reports.IsEmpty then
            []
        else
            let wholes =
                reports
                |> Seq.collect (fun r -> [
                    r.Step
                    (if r.Accepted then 1L else 0L)
                    r.Evaluations.Values
                    r.Evaluations.Gradients
                    r.Evaluations.Products
                    r.Elapsed.Ticks
                ])
                |> Array.ofSeq

            let reals =
                reports
                |> Seq.collect (fun r -> [
                    r.Value
                    r.GradientNorm
                    r.StepSize
                    r.Evaluations.GradientEquivalents
                ])
                |> Array.ofSeq

            [
                Tensor.create [ reports.Length; 6 ] wholes
                Tensor.create [ reports.Length; 4 ] reals
            ]

    let private toReports (trace: Tensor list) : StepReport list =
        match trace with
        | [] -> []
        | [ wholes; reals ] ->
            match wholes.Engine.ToArray wholes, reals.Engine.ToArray reals with
            | (:? (int64[]) as w), (:? (float[]) as r) when w.Length / 6 = r.Length / 4 ->
                List.init
                    (w.Length / 6)
                    (fun i -> {
                        Step = w[6 * i]
                        Value = r[4 * i]
                        GradientNorm = r[4 * i + 1]
                        StepSize = r[4 * i + 2]
                        Accepted = w[6 * i + 1] <> 0L
                        Evaluations = {
                            Values = w[6 * i + 2]
                            Gradients = w[6 * i + 3]
                            Products = w[6 * i + 4]
                            GradientEquivalents = r[4 * i + 3]
                        }
                        Elapsed = TimeSpan w[6 * i + 5]
                    })
            | _ ->
                raise (
                    ArgumentException(
                        "the trace has other element types or lengths than expected",
                        nameof trace
                    )
                )
        | other ->
            raise (
                ArgumentException(
                    $"the trace has {other.Length} parts, expected 0 or 2",
                    nameof trace
                )
            )

    /// The run as a record that the generic walk understands.
    let toSaved (run: Run) : SavedRun = {
        Point = run.Point
        Steps = run.Steps
        Moves = run.Moves
        Evaluations = run.Evaluations
        Best = run.Best
        Last = run.Last
        LastSample = run.LastSample
        StartNorm = run.StartNorm
        MoveValue = run.MoveValue
        QuietMoves = run.QuietMoves
        SaddleSince = run.SaddleSince
        Elapsed = run.Elapsed.Ticks
        Ended = run.Ended
        Trace = ofReports run.Trace
    }

    /// The run behind such a record.
    let ofSaved (saved: SavedRun) (state: obj | null) : Run = {
        Point = saved.Point
        State = state
        Steps = saved.Steps
        Moves = saved.Moves
        Evaluations = saved.Evaluations
        Best = saved.Best
        Last = saved.Last
        LastSample = saved.LastSample
        StartNorm = saved.StartNorm
        MoveValue = saved.MoveValue
        QuietMoves = saved.QuietMoves
        SaddleSince = saved.SaddleSince
        Elapsed = TimeSpan saved.Elapsed
        Ended = saved.Ended
        Trace = toReports saved.Trace
    }

    // The header.

    /// Writes plain data, and lists each tensor once, so that what was one tensor in the run is one again afterwards.
    let rec writeNode (json: Utf8JsonWriter) (indexOf: Tensor -> int) (node: Node) : unit =
        match node with
        | Node.Whole n -> json.WriteNumberValue n
        | Node.Truth b -> json.WriteBooleanValue b
        | Node.Text s -> json.WriteStringValue s
        | Node.Real x ->
            json.WriteStartObject()
            json.WriteString("real", (BitConverter.DoubleToInt64Bits x).ToString("X16"))
            json.WriteEndObject()
        | Node.Tensor t ->
            json.WriteStartObject()
            json.WriteNumber("tensor", indexOf t)
            json.WriteEndObject()
        | Node.Items items ->
            json.WriteStartArray()
            List.iter (writeNode json indexOf) items
            json.WriteEndArray()
        | Node.Case(name, fields) ->
            json.WriteStartObject()
            json.WriteString("case", name)
            json.WriteStartArray "fields"
            List.iter (writeNode json indexOf) fields
            json.WriteEndArray()
            json.WriteEndObject()

    /// A text that must be there. Errors: FormatException.
    let textOf (element: JsonElement) : string =
        match element.GetString() with
        | null -> raise (FormatException "a text is missing")
        | text -> text

    /// Plain data from JSON. Errors: FormatException and its kin for other JSON.
    let rec readNode (tensors: Tensor[]) (element: JsonElement) : Node =
        match element.ValueKind with
        | JsonValueKind.Number -> Node.Whole(element.GetInt64())
        | JsonValueKind.True -> Node.Truth true
        | JsonValueKind.False -> Node.Truth false
        | JsonValueKind.String -> Node.Text(textOf element)
        | JsonValueKind.Array ->
            Node.Items [ for item in element.EnumerateArray() -> readNode tensors item ]
        | JsonValueKind.Object ->
            match element.TryGetProperty "real", element.TryGetProperty "tensor" with
            | (true, bits), _ ->
                Node.Real(BitConverter.Int64BitsToDouble(Convert.ToInt64(textOf bits, 16)))
            | _, (true, index) -> Node.Tensor tensors[index.GetInt32()]
            | _ ->
                let fields = element.GetProperty("fields").EnumerateArray()

                Node.Case(
                    textOf (element.GetProperty "case"),
                    [ for field in fields -> readNode tensors field ]
                )
        | kind -> raise (FormatException $"the header holds a value of kind {kind}")

    // Elements.

    let private inLittleEndian (size: int) (bytes: byte[]) : byte[] =
        if not BitConverter.IsLittleEndian then
            for start in 0..size .. bytes.Length - size do
                Array.Reverse(bytes, start, size)

        bytes

    /// The elements in row-major order, little-endian.
    let bytesOf (tensor: Tensor) : byte[] =
        let values = tensor.Engine.ToArray tensor.Concrete
        let bytes = Array.zeroCreate (values.Length * tensor.DType.Size)
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length)
        inLittleEndian tensor.DType.Size bytes

    /// The tensor of these elements, on the managed engine.
    let tensorOf (dtype: DType) (shape: int[]) (bytes: byte[]) : Tensor =
        let length = bytes.Length / dtype.Size

        let values: Array =
            match dtype with
            | DType.Float64 -> Array.zeroCreate<float> length
            | DType.Float32 -> Array.zeroCreate<float32> length
            | DType.Int64 -> Array.zeroCreate<int64> length
            | DType.Bool -> Array.zeroCreate<bool> length

        Buffer.BlockCopy(inLittleEndian dtype.Size bytes, 0, values, 0, bytes.Length)
        Tensor.create shape values

    /// The element type with this name. Errors: FormatException.
    let dtypeOf (name: string) : DType =
        [ DType.Float64; DType.Float32; DType.Int64; DType.Bool ]
        |> List.tryFind (fun dtype -> dtype.ToString() = name)
        |> Option.defaultWith (fun () -> raise (FormatException $"no element type is named {name}"))
