namespace Optim.Reports

open System
open System.Globalization

/// The comparison as plain text for a terminal or a log.
[<RequireQualifiedAccess>]
module internal Text =

    let private nameLimit = 24

    let private length (text: string) = StringInfo(text).LengthInTextElements

    /// One line without control characters, at most `limit` characters, so that no name can break a table.
    let clean (limit: int) (text: string) : string =
        let flat =
            text |> String.map (fun symbol -> if Char.IsControl symbol then ' ' else symbol)

        let info = StringInfo(flat)

        if info.LengthInTextElements <= limit then
            flat
        else
            info.SubstringByTextElements(0, limit - 1) + "…"

    /// Rows under a heading and a rule; the first column to the left, all others to the right, two blanks between.
    let table (head: string list) (rows: string list list) : string list =
        let widths =
            head :: rows |> List.transpose |> List.map (List.map length >> List.max)

        let pad isLeft width (cell: string) =
            let blanks = String(' ', width - length cell)
            if isLeft then cell + blanks else blanks + cell

        let line cells =
            List.zip widths cells
            |> List.mapi (fun index (width, cell) -> pad (index = 0) width cell)
            |> String.concat "  "
            |> _.TrimEnd()

        let rule = String('-', List.sum widths + 2 * (widths.Length - 1))
        line head :: rule :: List.map line rows

    /// Text broken at blanks so that no line is longer than `width`, unless a single word is.
    let wrap (width: int) (indent: string) (text: string) : string list =
        let add (lines: string list) (word: string) =
            match lines with
            | current :: before when length current + 1 + length word <= width ->
                (current + " " + word) :: before
            | _ -> (indent + word) :: lines

        match text.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> List.ofArray with
        | [] -> []
        | first :: others -> others |> List.fold add [ first ] |> List.rev
