namespace Optim.Reports

open System
open System.Net

/// The comparison as one self-contained HTML page.
[<RequireQualifiedAccess>]
module internal Html =

    let private escape (text: string) : string = WebUtility.HtmlEncode text

    let private element (name: string) (attributes: string) (content: string) =
        if attributes = "" then
            $"<{name}>{content}</{name}>"
        else
            $"<{name} {attributes}>{content}</{name}>"

    let private lines (parts: string list) = String.Join("\n", parts)

    let private sentence (text: string) =
        if text = "" then "" else text.Substring(0, 1).ToUpperInvariant() + text.Substring 1

    let private items (attributes: string) (sentences: string list) =
        if List.isEmpty sentences then
            ""
        else
            sentences |> List.map (escape >> element "li" "") |> lines |> element "ul" attributes

    let private key (index: int) = element "span" $"class=\"key m{index}\" aria-hidden=\"true\"" ""

    let private verdict (own: Verdict) =
        lines [
            "<section class=\"verdict\" aria-labelledby=\"h-verdict\">"
            element "h2" "id=\"h-verdict\"" "Verdict"
            element "p" "class=\"headline\"" (escape own.Headline)
            items "class=\"findings\"" own.Findings
            items "class=\"warnings\" aria-label=\"Warnings\"" own.Warnings
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
                    let shown = if panel.IsPercent then Numbers.percent y else Numbers.loss y
                    sprintf "%s %s at %s" summary.Methods[line.Method].Method shown (Numbers.significant 3 x)
                )
            )

        sprintf "Chart of %s %s. Lines end at: %s." row.Name (axisWords panel) (String.Join("; ", ends))

    let private row (summary: Summary) (own: PanelRow) =
        lines [
            element "h3" "" (escape (sentence own.Name))
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
        else
            let text = sprintf "%s to %s" (format spread.Low) (format spread.High)
            element "small" "" (escape text)

    let private whoWins (comparison: Comparison) (own: Verdict) =
        let cell (standing: Standing) (name: string, spread: Spread) =
            escape name + " " + element "small" "" (escape (Verdict.format standing.Measure spread.Median))

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
                (element "th" "scope=\"row\"" (escape (sentence (Verdict.name comparison.Measures standing.Measure)))
                 + element "td" "class=\"best\"" won
                 + element "td" "" next)

        lines [
            "<section aria-labelledby=\"h-wins\">"
            element "h2" "id=\"h-wins\"" "Who wins by which measure"
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-wins\"><table class=\"wins\"><thead><tr><th scope=\"col\">Measure</th><th scope=\"col\">Wins</th><th scope=\"col\">Next</th></tr></thead><tbody>"
            yield! List.map line own.Standings
            "</tbody></table></div></section>"
        ]

    let private outcomes (own: MethodSummary) =
        let words (run: Run) =
            if Comparison.isDiverged run then
                "diverged"
            else
                Comparison.outcomeName run.Outcome

        own.Runs
        |> List.countBy words
        |> List.map (fun (word, count) ->
            if own.Runs.Length = 1 then word else sprintf "%d %s" count word
        )
        |> String.concat ", "

    let private methods (comparison: Comparison) (summary: Summary) (own: Verdict) =
        let head (standing: Standing) =
            element "th" "scope=\"col\"" (escape (sentence (Verdict.name comparison.Measures standing.Measure)))

        let cell (method: MethodSummary) (standing: Standing) =
            match Verdict.spread standing.Measure method with
            | None -> element "td" "" "–"
            | Some spread ->
                let format = Verdict.format standing.Measure
                let value = escape (format spread.Median)

                if List.contains method.Method standing.Winners then
                    element
                        "td"
                        "class=\"best\""
                        ("<span class=\"unseen\">best: </span>" + value + range format spread)
                else
                    element "td" "" (value + range format spread)

        let total format (spread: Spread) =
            element "td" "" (escape (format spread.Median) + range format spread)

        let line index (method: MethodSummary) =
            let about =
                [ Comparison.familyName method.Family; method.Options ]
                |> List.filter (fun part -> part <> "")
                |> String.concat "; "

            element
                "tr"
                ""
                (lines [
                    element
                        "th"
                        "scope=\"row\""
                        (key index + escape method.Method + element "small" "" (escape about))
                    element "td" "class=\"words\"" (escape (outcomes method))
                    yield! List.map (cell method) own.Standings
                    total Numbers.steps method.Steps
                    total Numbers.seconds method.Seconds
                    total (Numbers.significant 3) method.GradientEquivalents
                ])

        let target =
            match summary.Targets with
            | [] -> ""
            | first :: _ ->
                let how =
                    if summary.IsTargetAutomatic then
                        ", the loss that the method in the middle reaches"
                    else
                        ""

                sprintf "The target is a loss of %s%s. " (Numbers.loss first) how

        lines [
            "<section aria-labelledby=\"h-methods\">"
            element "h2" "id=\"h-methods\"" "All methods in numbers"
            element
                "p"
                "class=\"note\""
                (escape target
                 + "Medians over the seeds, smallest to largest below. Shaded: the best, and all that cannot be told from it.")
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-methods\"><table class=\"numbers\"><thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Outcome</th>"
            yield! List.map head own.Standings
            "<th scope=\"col\">Steps in all</th><th scope=\"col\">Seconds in all</th><th scope=\"col\">Gradient-equivalents in all</th></tr></thead><tbody>"
            yield! List.mapi line summary.Methods
            "</tbody></table></div></section>"
        ]

    let private targets (summary: Summary) =
        let cell format (spread: Spread) =
            element "td" "" (escape (format spread.Median) + range format spread)

        let orNever format value =
            if Double.IsFinite value then format value else "not reached"

        let line index (method: MethodSummary) (effort: Effort) =
            element
                "tr"
                ""
                (lines [
                    element "th" "scope=\"row\"" (key index + escape method.Method)
                    element "td" "" (escape (Numbers.loss effort.Target))
                    cell (orNever Numbers.steps) effort.Steps
                    cell (orNever Numbers.seconds) effort.Seconds
                    cell (orNever (Numbers.significant 3)) effort.GradientEquivalents
                ])

        if summary.Targets.Length < 2 then
            ""
        else
            lines [
                "<section aria-labelledby=\"h-targets\">"
                element "h2" "id=\"h-targets\"" "What each target took"
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-targets\"><table class=\"numbers\"><thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Target loss</th><th scope=\"col\">Steps</th><th scope=\"col\">Seconds</th><th scope=\"col\">Gradient-equivalents</th></tr></thead><tbody>"
                for index, method in List.indexed summary.Methods do
                    yield! List.map (line index method) method.Efforts
                "</tbody></table></div></section>"
            ]

    let private runs (summary: Summary) =
        let line index (run: Run) =
            let memory =
                run.PeakMemory |> Option.map (float >> Numbers.bytes) |> Option.defaultValue "–"

            let outcome =
                if Comparison.isDiverged run then
                    sprintf "diverged (%s)" (Comparison.outcomeName run.Outcome)
                else
                    Comparison.outcomeName run.Outcome

            let number text = element "td" "" (escape text)

            element
                "tr"
                ""
                (lines [
                    element "th" "scope=\"row\"" (key index + escape run.Method)
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
                    number memory
                ])

        let head =
            [
                "Method"
                "Seed"
                "Outcome"
                "Final loss"
                "Best loss"
                "Values"
                "Gradients"
                "Products"
                "Gradient-equivalents"
                "Seconds"
                "Peak memory"
            ]
            |> List.map (element "th" "scope=\"col\"")
            |> String.concat ""

        lines [
            "<section aria-labelledby=\"h-runs\">"
            element "h2" "id=\"h-runs\"" "Every run"
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-runs\"><table class=\"numbers\"><thead><tr>"
            + head
            + "</tr></thead><tbody>"
            for index, method in List.indexed summary.Methods do
                yield! List.map (line index) method.Runs
            "</tbody></table></div></section>"
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
                    element "div" "" (element "dt" "" (escape fact.Name) + element "dd" "" (escape fact.Value))
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
            methods comparison summary own
            targets summary
            runs summary
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
