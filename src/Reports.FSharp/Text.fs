namespace Optim.Reports

open System
open System.Globalization

/// The comparison as plain text for a terminal or a log.
[<RequireQualifiedAccess>]
module internal Text =

    let private nameLimit = 24
    let private pageWidth = 100

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

    let private range (format: float -> string) (spread: Spread) =
        if spread.Count = 1 then
            ""
        else
            sprintf "%s..%s" (format spread.Low) (format spread.High)

    /// The median, with a star where the method wins by the measure and a blank where not.
    let private starred (verdict: Verdict) (measure: Measure) (own: MethodSummary) =
        match Verdict.spread measure own with
        | None -> "- "
        | Some spread ->
            let isWinner =
                verdict.Standings
                |> List.exists (fun standing ->
                    standing.Measure = measure && List.contains own.Method standing.Winners
                )

            let value = (Verdict.format measure spread.Median).Replace("not reached", "never")
            value + (if isWinner then "*" else " ")

    let private outcomes (own: MethodSummary) =
        own.Runs
        |> List.countBy (Comparison.ending >> _.Replace("budget ", ""))
        |> List.map (fun (word, count) ->
            if own.Runs.Length = 1 then
                word
            else
                sprintf "%d %s" count word
        )
        |> String.concat ", "

    /// Where the methods ended.
    let private results (summary: Summary) (verdict: Verdict) =
        let hasAccuracy =
            summary.Methods |> List.exists (fun own -> Option.isSome own.FinalTestAccuracy)

        let isRepeated = summary.Methods |> List.exists (fun own -> own.Runs.Length > 1)

        let head = [
            "method"
            "final loss "
            if isRepeated then
                "over seeds"
            if hasAccuracy then
                "test acc. "

                if isRepeated then
                    "over seeds"
            "outcome"
        ]

        let row (own: MethodSummary) = [
            clean nameLimit own.Method
            starred verdict Measure.FinalLoss own
            if isRepeated then
                range Numbers.loss own.FinalLoss
            if hasAccuracy then
                starred verdict Measure.FinalTestAccuracy own

                if isRepeated then
                    own.FinalTestAccuracy
                    |> Option.map (range (Numbers.percent >> _.Replace("%", "")))
                    |> Option.defaultValue ""
            clean 26 (outcomes own)
        ]

        table head (List.map row summary.Methods)

    /// What it took them.
    let private efforts (summary: Summary) (verdict: Verdict) =
        let hasMemory =
            summary.Methods |> List.exists (fun own -> Option.isSome own.PeakMemory)

        let hasTarget = not (List.isEmpty summary.Targets)

        let head = [
            "method"
            if hasTarget then
                "steps "
                "seconds "
                "gradient-eq. "
                "reached"
            "all steps"
            "all seconds"
            if hasMemory then
                "memory "
        ]

        let row (own: MethodSummary) = [
            clean nameLimit own.Method
            match own.Efforts with
            | first :: _ ->
                starred verdict Measure.Steps own
                starred verdict Measure.Seconds own
                starred verdict Measure.GradientEquivalents own
                sprintf "%d of %d" first.Steps.Finite first.Steps.Count
            | [] -> ()
            Numbers.steps own.Steps.Median
            Numbers.seconds own.Seconds.Median
            if hasMemory then
                starred verdict Measure.PeakMemory own
        ]

        table head (List.map row summary.Methods)

    /// At most seven factors, from the first to the last, and the part solved at all.
    let profile (own: Profile) : string =
        let last = own.Factors.Length - 1

        let picks =
            if last < 7 then
                [ 0..last ]
            else
                [ for index in 0..6 -> index * last / 6 ]

        let head =
            "method"
            :: [ for pick in picks -> "x" + Numbers.significant 3 own.Factors[pick] ]
            @ [ "solved" ]

        let row (curve: ProfileCurve) =
            clean nameLimit curve.Method
            :: [ for pick in picks -> Numbers.percent curve.Fractions[pick] ]
            @ [ Numbers.percent curve.Solved ]

        let lines =
            "Problems solved within a factor of the best method's cost"
            :: table head (List.map row own.Curves)

        String.Join("\n", lines) + "\n"

    /// The comparison as text. Errors: ArgumentException, as `Comparison.check`.
    let ofComparison (comparison: Comparison) : string =
        let summary = Summary.ofComparison comparison
        let verdict = Verdict.ofSummary comparison.Measures summary
        let flat = clean Int32.MaxValue

        let caption =
            match summary.Targets with
            | [] -> "Effort in all"
            | target :: _ -> sprintf "Effort to a loss of %s, and in all" (Numbers.target target)

        let bullet (text: string) = wrap pageWidth "  " (flat text)

        let isRepeated = summary.Methods |> List.exists (fun own -> own.Runs.Length > 1)

        let lines = [
            flat comparison.Title
            if comparison.Subtitle <> "" then
                flat comparison.Subtitle
            ""
            sprintf
                "Where they ended (%sfinal loss: %s)"
                (if isRepeated then "medians; " else "")
                (flat comparison.Measures.Loss)
            yield! results summary verdict
            ""
            caption
            yield! efforts summary verdict
            ""
            "* best, or too close to the best to tell apart over these seeds"
            ""
            yield! bullet verdict.Headline
            yield! List.collect bullet verdict.Findings
            if not (List.isEmpty verdict.Warnings) then
                ""
                yield! List.collect (fun text -> bullet ("Note: " + text)) verdict.Warnings
        ]

        String.Join("\n", lines) + "\n"
