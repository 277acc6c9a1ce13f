namespace Optim.Reports

open System
open System.Net

/// Pieces of HTML as text. Whatever comes from outside passes through `escape`.
[<RequireQualifiedAccess>]
module internal Markup =

    /// Text in which nothing means markup.
    let escape (text: string) : string =
        WebUtility.HtmlEncode text |> Option.ofObj |> Option.defaultValue ""

    /// One element; attributes and content are markup already.
    let element (name: string) (attributes: string) (content: string) =
        if attributes = "" then
            $"<{name}>{content}</{name}>"
        else
            $"<{name} {attributes}>{content}</{name}>"

    /// One part a line.
    let lines (parts: string list) = String.Join("\n", parts)

    /// The text with a capital first letter.
    let sentence (text: string) =
        if text = "" then
            ""
        else
            text.Substring(0, 1).ToUpperInvariant() + text.Substring 1

    /// The swatch of a method's color.
    let key (index: int) =
        element "span" $"class=\"key m{index}\" aria-hidden=\"true\"" ""

    /// A section with a heading, a remark (may be empty), and a body that scrolls sideways where it is too wide.
    let region (id: string) (title: string) (note: string) (body: string list) =
        lines [
            $"<section aria-labelledby=\"{id}\">"
            element "h2" $"id=\"{id}\"" (escape title)
            if note <> "" then
                element "p" "class=\"note\"" (escape note)
            $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">"
            yield! body
            "</div></section>"
        ]

    /// A table; its rows are markup already. The column named Outcome is set as words.
    let table (kind: string) (head: string list) (rows: string list) =
        let cell name =
            let kind = if name = "Outcome" then " class=\"words\"" else ""
            element "th" ("scope=\"col\"" + kind) (escape (sentence name))

        let cells = List.map cell head

        lines [
            $"<table class=\"{kind}\"><thead><tr>"
            + String.Join("", cells)
            + "</tr></thead><tbody>"
            yield! rows
            "</tbody></table>"
        ]
