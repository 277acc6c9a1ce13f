namespace Optim.Cli

open System
open System.IO
open System.Text
open System.Text.Json

/// Results as JSON on standard output. Numbers that are not finite, for which JSON has no notation, become the texts "NaN",
/// "Infinity" and "-Infinity".
[<RequireQualifiedAccess>]
module Json =

    /// A value of a JSON document.
    [<RequireQualifiedAccess>]
    type Value =
        /// A number.
        | Number of float
        /// A whole number.
        | Whole of int64
        /// A truth value.
        | Truth of bool
        /// A text.
        | Text of string
        | Nothing
        /// Values in order.
        | List of Value list
        /// Named values in order.
        | Fields of (string * Value) list

    let rec private write (writer: Utf8JsonWriter) (value: Value) : unit =
        match value with
        | Value.Number x when Double.IsFinite x -> writer.WriteNumberValue x
        | Value.Number x when Double.IsNaN x -> writer.WriteStringValue "NaN"
        | Value.Number x -> writer.WriteStringValue(if x > 0.0 then "Infinity" else "-Infinity")
        | Value.Whole n -> writer.WriteNumberValue n
        | Value.Truth b -> writer.WriteBooleanValue b
        | Value.Text s -> writer.WriteStringValue s
        | Value.Nothing -> writer.WriteNullValue()
        | Value.List items ->
            writer.WriteStartArray()
            List.iter (write writer) items
            writer.WriteEndArray()
        | Value.Fields fields ->
            writer.WriteStartObject()

            for name, field in fields do
                writer.WritePropertyName name
                write writer field

            writer.WriteEndObject()

    /// The document as text, indented.
    let text (value: Value) : string =
        use stream = new MemoryStream()
        use writer = new Utf8JsonWriter(stream, JsonWriterOptions(Indented = true))
        write writer value
        writer.Flush()
        Encoding.UTF8.GetString(stream.ToArray())

    /// A number, or null where there is none.
    let ofOption (value: float option) : Value =
        value |> Option.map Value.Number |> Option.defaultValue Value.Nothing

    /// The numbers of a tensor.
    let ofTensor (x: Optim.Tensor) : Value =
        Value.List [ for v in x.ToArray() -> Value.Number v ]

    /// How often the objective was asked.
    let ofEvaluations (e: Optim.Core.Evaluations) : Value =
        Value.Fields [
            "values", Value.Whole e.Values
            "gradients", Value.Whole e.Gradients
            "products", Value.Whole e.Products
            "gradientEquivalents", Value.Number e.GradientEquivalents
        ]
