namespace Optim.Reports

open System

/// The comparison as one self-contained HTML page.
[<RequireQualifiedAccess>]
module internal Html =

    let private items (attributes: string) (sentences: string list) =
        if List.isEmpty sentences then
            ""
        else
            sentences
            |> List.map (Markup.escape >> Markup.element "li" "")
            |> Markup.lines
            |> Markup.element "ul" attributes

    let private verdict (own: Verdict) =
        Markup.lines [
            "<section class=\"verdict\" aria-labelledby=\"h-verdict\">"
            Markup.element "h2" "id=\"h-verdict\"" "Verdict"
            Markup.element "p" "class=\"headline\"" (Markup.escape own.Headline)
            "<div class=\"reasons\">"
            items "class=\"findings\"" own.Findings
            items "class=\"warnings\" aria-label=\"Warnings\"" own.Warnings
            "</div>"
            "</section>"
        ]

    let private legend (summary: Summary) =
        Markup.lines [
            "<div class=\"legend\" role=\"group\" aria-label=\"Methods shown in the curves\">"
            for index, own in List.indexed summary.Methods do
                $"<button type=\"button\" class=\"m{index}\" data-method=\"{index}\" aria-pressed=\"true\">"
                + Markup.key index
                + Markup.escape own.Method
                + "</button>"
            "</div>"
        ]

    let private axisChoice =
        Markup.lines [
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

        Markup.lines [
            Markup.element "h3" "" (Markup.escape (Markup.sentence own.Name) + scaleNote)
            "<div class=\"panels\">"
            for panel in own.Panels do
                $"<figure data-panel=\"{panel.Id}\" aria-label=\"{Markup.escape (Markup.sentence own.Name)} {axisWords panel}\">"
                Markup.element "figcaption" "" (axisWords panel)
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
            Markup.lines [
                "<section aria-labelledby=\"h-curves\">"
                Markup.element "h2" "id=\"h-curves\"" "Curves"
                "<div class=\"bar\">"
                legend summary
                axisChoice
                "</div>"
                Markup.element "p" "class=\"note\"" (String.Join(" ", reading))
                yield! List.map (row summary) main
                if not (List.isEmpty more) then
                    "<details><summary>More curves: "
                    + Markup.escape (Numbers.conjunction (more |> List.map _.Name))
                    + "</summary>"

                    yield! List.map (row summary) more
                    "</details>"
                "</section>"
            ]

    let private facts (own: Fact list) =
        if List.isEmpty own then
            ""
        else
            Markup.lines [
                "<section aria-labelledby=\"h-facts\">"
                Markup.element "h2" "id=\"h-facts\"" "How it was measured"
                "<dl>"
                for fact in own do
                    Markup.element
                        "div"
                        ""
                        (Markup.element "dt" "" (Markup.escape fact.Name)
                         + Markup.element "dd" "" (Markup.escape fact.Value))
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

        Markup.lines [
            "<!doctype html>"
            "<html lang=\"en\">"
            "<head>"
            "<meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            $"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
            "<meta name=\"color-scheme\" content=\"light dark\">"
            "<link rel=\"icon\" href=\"data:,\">"
            Markup.element "title" "" (Markup.escape comparison.Title)
            Markup.element "style" "" (Page.styles summary.Methods.Length)
            "</head>"
            "<body>"
            "<header>"
            Markup.element "h1" "" (Markup.escape comparison.Title)
            if comparison.Subtitle <> "" then
                Markup.element "p" "class=\"subtitle\"" (Markup.escape comparison.Subtitle)
            "</header>"
            "<main>"
            verdict own
            curves summary rows
            Tables.whoWins comparison own
            Tables.ends comparison summary own
            Tables.efforts comparison summary own
            Tables.targets summary
            Tables.runs comparison summary
            facts comparison.Facts
            "</main>"
            Markup.element
                "footer"
                ""
                "One file, nothing loaded from elsewhere. Interactive curves by uPlot 1.6.32 (MIT license, text in the page's source)."
            Markup.element "script" "type=\"application/json\" id=\"data\"" (Page.data summary rows)
            Markup.element "script" "" (Page.scripts ())
            "</body>"
            "</html>"
            ""
        ]
