namespace Optim.Reports

open System
open System.Net

/// The comparison as one self-contained HTML page.
[<RequireQualifiedAccess>]
module internal Html =

    let private escape (text: string) : string =
        WebUtility.HtmlEncode text |> Option.ofObj |> Option.defaultValue ""

    let private element (name: string) (attributes: string) (content: string) =
        if attributes = "" then
            $"<{name}>{content}</{name}>"
        else
            $"<{name} {attributes}>{content}</{name}>"

    let private lines (parts: string list) = String.Join("\n", parts)

    let private sentence (text: string) =
        if text = "" then
            ""
        else
            text.Substring(0, 1).ToUpperInvariant() + text.Substring 1

    let private items (attributes: string) (sentences: string list) =
        if List.isEmpty sentences then
            ""
        else
            sentences
            |> List.map (escape >> element "li" "")
            |> lines
            |> element "ul" attributes

    let private key (index: int) =
        element "span" $"class=\"key m{index}\" aria-hidden=\"true\"" ""

    let private verdict (own: Verdict) =
        lines [
            "<section class=\"verdict\" aria-labelledby=\"h-verdict\">"
            element "h2" "id=\"h-verdict\"" "Verdict"
            element "p" "class=\"headline\"" (escape own.Headline)
            "<div class=\"reasons\">"
            items "class=\"findings\"" own.Findings
            items "class=\"warnings\" aria-label=\"Warnings\"" own.Warnings
            "</div>"
            "</section>"
        ]

    let private legend (summary: Summary) =
        lines [
            "<div class=\"legend\" role=\"group\" aria-label=\"Methods shown in the curves\">"
            for index, own in List.indexed summary.Methods do
                $"<button type=\"button\" class=\"m{index}\" data-method=\"{index}\" aria-pressed=\"true\">"
                + key index
                + escape own.Method
                + "</button>"
            "</div>"
        ]

    let private axisChoice =
        lines [
            "<div class=\"choice\" role=\"group\" aria-label=\"Horizontal axis\"><span>Horizontal axis</span>"
            "<button type=\"button\" data-x=\"auto\" aria-pressed=\"true\">automatic</button>"
            "<button type=\"button\" data-x=\"linear\" aria-pressed=\"false\">linear</button>"
            "<button type=\"button\" data-x=\"log\" aria-pressed=\"false\">logarithmic</button>"
            "</div>"
        ]

    let private axisWords (panel: Panel) =
        match panel.Axis with
        | "step" -> "by step"
        | "seconds" -> "by second"
        | _ -> "by gradient-equivalent"

    let private describe (summary: Summary) (row: PanelRow) (panel: Panel) =
        let ends =
            panel.Lines
            |> List.choose (fun line ->
                line.End
                |> Option.map (fun (x, y, _) ->
                    let shown =
                        if panel.IsPercent then
                            Numbers.percent y
                        else
                            Numbers.loss y

                    sprintf
                        "%s %s at %s"
                        summary.Methods[line.Method].Method
                        shown
                        (Numbers.significant 3 x)
                )
            )

        sprintf
            "Chart of %s %s. Lines end at: %s."
            row.Name
            (axisWords panel)
            (String.Join("; ", ends))

    let private row (summary: Summary) (own: PanelRow) =
        let scaleNote =
            if own.Panels |> List.exists _.IsLogY then
                " <small>logarithmic scale</small>"
            else
                ""

        lines [
            element "h3" "" (escape (sentence own.Name) + scaleNote)
            "<div class=\"panels\">"
            for panel in own.Panels do
                $"<figure data-panel=\"{panel.Id}\" aria-label=\"{escape (sentence own.Name)} {axisWords panel}\">"
                element "figcaption" "" (axisWords panel)
                Svg.ofPanel (describe summary own panel) panel
                "<div class=\"live\"></div></figure>"
            "</div>"
        ]

    let private curves (summary: Summary) (rows: PanelRow list) =
        let isMain (own: PanelRow) =
            own.Id = "loss" || own.Id = "test-accuracy"

        let main, more = List.partition isMain rows
        let seeds = summary.Methods |> List.map (fun own -> own.Runs.Length) |> List.max

        let reading = [
            if seeds > 1 then
                "Line: median over the seeds. Band: smallest to largest. Dashed thin line: a run that diverged or failed."
            "End of a line: ● converged, ○ stopped, × diverged or failed, no mark: budget spent."
            if not (List.isEmpty summary.Targets) then
                "Dotted line: the target loss."
        ]

        if List.isEmpty rows then
            ""
        else
            lines [
                "<section aria-labelledby=\"h-curves\">"
                element "h2" "id=\"h-curves\"" "Curves"
                "<div class=\"bar\">"
                legend summary
                axisChoice
                "</div>"
                element "p" "class=\"note\"" (String.Join(" ", reading))
                yield! List.map (row summary) main
                if not (List.isEmpty more) then
                    "<details><summary>More curves: "
                    + escape (Numbers.conjunction (more |> List.map _.Name))
                    + "</summary>"

                    yield! List.map (row summary) more
                    "</details>"
                "</section>"
            ]

    let private range (format: float -> string) (spread: Spread) =
        if spread.Count = 1 then
            ""
        elif spread.Finite = 0 then
            element "small" "" (sprintf "in none of %d runs" spread.Count)
        else
            let text = sprintf "%s to %s" (format spread.Low) (format spread.High)
            element "small" "" (escape text)

    let private region (id: string) (title: string) (note: string) (body: string list) =
        lines [
            $"<section aria-labelledby=\"{id}\">"
            element "h2" $"id=\"{id}\"" (escape title)
            if note <> "" then
                element "p" "class=\"note\"" (escape note)
            $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">"
            yield! body
            "</div></section>"
        ]

    let private table (kind: string) (head: string list) (rows: string list) =
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

    let private whoWins (comparison: Comparison) (own: Verdict) =
        let cell (standing: Standing) (name: string, spread: Spread) =
            escape name
            + " "
            + element "small" "" (escape (Verdict.format standing.Measure spread.Median))

        let line (standing: Standing) =
            let isWinner (name, _) = List.contains name standing.Winners
            let winners, others = List.partition isWinner standing.Ranking

            let won =
                if List.isEmpty winners then
                    "nobody"
                else
                    let tie = if winners.Length > 1 then " <em>tie</em>" else ""
                    String.Join("<br>", List.map (cell standing) winners) + tie

            let next =
                match others with
                | [] -> "–"
                | first :: _ -> cell standing first

            element
                "tr"
                ""
                (element
                    "th"
                    "scope=\"row\""
                    (escape (sentence (Verdict.name comparison.Measures standing.Measure)))
                 + element "td" "class=\"best\"" won
                 + element "td" "" next)

        region "h-wins" "Who wins by which measure" "" [
            table "wins" [ "Measure"; "Wins"; "Next" ] (List.map line own.Standings)
        ]

    let private outcomes (own: MethodSummary) =
        own.Runs
        |> List.countBy Comparison.ending
        |> List.map (fun (word, count) ->
            if own.Runs.Length = 1 then
                word
            else
                sprintf "%d %s" count word
        )
        |> String.concat ", "

    /// One line a method: its name, then a cell for each column.
    let private methodRow about index (method: MethodSummary) (cells: string list) =
        let small = if about = "" then "" else element "small" "" (escape about)

        let name =
            element
                "th"
                $"scope=\"row\" class=\"m{index}\""
                (key index + escape method.Method + small)

        element "tr" "" (lines (name :: cells))

    /// The median and the range, shaded where the method wins.
    let private standingCell (own: Verdict) (method: MethodSummary) (measure: Measure) =
        let isBest =
            own.Standings
            |> List.exists (fun standing ->
                standing.Measure = measure && List.contains method.Method standing.Winners
            )

        match Verdict.spread measure method with
        | None -> element "td" "" "–"
        | Some spread ->
            let format = Verdict.format measure
            let value = escape (format spread.Median) + range format spread

            if isBest then
                element "td" "class=\"best\"" ("<span class=\"unseen\">best: </span>" + value)
            else
                element "td" "" value

    let private spreadCell format (spread: Spread) =
        element "td" "" (escape (format spread.Median) + range format spread)

    let private measured (own: Verdict) (measures: Measure list) =
        measures
        |> List.filter (fun measure ->
            own.Standings |> List.exists (fun standing -> standing.Measure = measure)
        )

    let private reading =
        "Medians over the seeds, smallest to largest below. Shaded: the best, and all that cannot be told from it."

    let private ends (comparison: Comparison) (summary: Summary) (own: Verdict) =
        let measures =
            measured own [
                Measure.FinalLoss
                Measure.FinalTestLoss
                Measure.FinalTestAccuracy
                Measure.BestTestAccuracy
            ]

        let head =
            [ "Method"; "Outcome" ]
            @ List.map (Verdict.name comparison.Measures) measures
            @ [ "best " + comparison.Measures.Loss ]

        let row index (method: MethodSummary) =
            let about =
                [ Comparison.familyName method.Family; method.Options ]
                |> List.filter (fun part -> part <> "")
                |> String.concat "; "

            methodRow about index method [
                element "td" "class=\"words\"" (escape (outcomes method))
                yield! List.map (standingCell own method) measures
                spreadCell Numbers.loss method.BestLoss
            ]

        region "h-ends" "Where they ended" reading [
            table "numbers" head (List.mapi row summary.Methods)
        ]

    let private efforts (comparison: Comparison) (summary: Summary) (own: Verdict) =
        let races =
            measured own [ Measure.Steps; Measure.Seconds; Measure.GradientEquivalents ]

        let memory = measured own [ Measure.PeakMemory ]

        let head =
            "Method" :: List.map (Verdict.name comparison.Measures) races
            @ [ "Steps in all"; "Seconds in all"; "Gradient-equivalents in all" ]
            @ List.map (Verdict.name comparison.Measures) memory

        let row index (method: MethodSummary) =
            methodRow "" index method [
                yield! List.map (standingCell own method) races
                spreadCell Numbers.steps method.Steps
                spreadCell Numbers.seconds method.Seconds
                spreadCell (Numbers.significant 3) method.GradientEquivalents
                yield! List.map (standingCell own method) memory
            ]

        let target =
            match summary.Targets with
            | [] -> ""
            | first :: _ ->
                let how =
                    if summary.IsTargetAutomatic then
                        ": what the method in the middle reaches"
                    else
                        ""

                sprintf "The target is a loss of %s%s. " (Numbers.target first) how

        region "h-efforts" "What it took" (target + reading) [
            table "numbers" head (List.mapi row summary.Methods)
        ]

    /// With several targets, what each of them took.
    let private targets (summary: Summary) =
        let orNever format value =
            if Double.IsFinite value then
                format value
            else
                "not reached"

        let row index (method: MethodSummary) (effort: Effort) =
            methodRow "" index method [
                element "td" "" (escape (Numbers.target effort.Target))
                spreadCell (orNever Numbers.steps) effort.Steps
                spreadCell (orNever Numbers.seconds) effort.Seconds
                spreadCell (orNever (Numbers.significant 3)) effort.GradientEquivalents
            ]

        let head = [ "Method"; "Target loss"; "Steps"; "Seconds"; "Gradient-equivalents" ]

        if summary.Targets.Length < 2 then
            ""
        else
            region "h-targets" "What each target took" "" [
                table "numbers" head [
                    for index, method in List.indexed summary.Methods do
                        yield! List.map (row index method) method.Efforts
                ]
            ]

    let private runs (comparison: Comparison) (summary: Summary) =
        let number text = element "td" "" (escape text)

        let row index (method: MethodSummary) (run: Run) =
            let outcome =
                if Comparison.isDiverged run then
                    sprintf "diverged (%s)" (Comparison.outcomeName run.Outcome)
                else
                    Comparison.outcomeName run.Outcome

            methodRow "" index method [
                number (string run.Seed)
                element
                    "td"
                    "class=\"words\""
                    (escape outcome + element "small" "" (escape run.Reason))
                number (Numbers.loss (Summary.finalLoss run))
                number (Numbers.loss (Summary.bestLoss run))
                number (Numbers.whole run.Evaluations.Values)
                number (Numbers.whole run.Evaluations.Gradients)
                number (Numbers.whole run.Evaluations.Products)
                number (Numbers.significant 3 run.GradientEquivalents)
                number (Numbers.seconds run.Seconds)
                number (
                    run.PeakMemory |> Option.map (float >> Numbers.bytes) |> Option.defaultValue "–"
                )
            ]

        let head = [
            "Method"
            "Seed"
            "Outcome"
            "Final " + comparison.Measures.Loss
            "Best " + comparison.Measures.Loss
            "Values"
            "Gradients"
            "Products"
            "Gradient-equivalents"
            "Seconds"
            "Peak memory"
        ]

        region
            "h-runs"
            "Every run"
            "Values, gradients and products: how often the objective was asked for each."
            [
                table "numbers" head [
                    for index, method in List.indexed summary.Methods do
                        yield! List.map (row index method) method.Runs
                ]
            ]

    let private facts (own: Fact list) =
        if List.isEmpty own then
            ""
        else
            lines [
                "<section aria-labelledby=\"h-facts\">"
                element "h2" "id=\"h-facts\"" "How it was measured"
                "<dl>"
                for fact in own do
                    element
                        "div"
                        ""
                        (element "dt" "" (escape fact.Name) + element "dd" "" (escape fact.Value))
                "</dl></section>"
            ]

    /// The page. Errors: ArgumentException, as `Comparison.check`.
    let ofComparison (comparison: Comparison) : string =
        let summary = Summary.ofComparison comparison
        let own = Verdict.ofSummary comparison.Measures summary
        let rows = Curves.rows comparison.Measures summary

        // Nothing may be loaded: the page says so to the browser, too.
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

        lines [
            "<!doctype html>"
            "<html lang=\"en\">"
            "<head>"
            "<meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            $"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
            "<meta name=\"color-scheme\" content=\"light dark\">"
            "<link rel=\"icon\" href=\"data:,\">"
            element "title" "" (escape comparison.Title)
            element "style" "" (Page.styles summary.Methods.Length)
            "</head>"
            "<body>"
            "<header>"
            element "h1" "" (escape comparison.Title)
            if comparison.Subtitle <> "" then
                element "p" "class=\"subtitle\"" (escape comparison.Subtitle)
            "</header>"
            "<main>"
            verdict own
            curves summary rows
            whoWins comparison own
            ends comparison summary own
            efforts comparison summary own
            targets summary
            runs comparison summary
            facts comparison.Facts
            "</main>"
            element
                "footer"
                ""
                "One file, nothing loaded from elsewhere. Interactive curves by uPlot 1.6.32 (MIT license, text in the page's source)."
            element "script" "type=\"application/json\" id=\"data\"" (Page.data summary rows)
            element "script" "" (Page.scripts ())
            "</body>"
            "</html>"
            ""
        ]
