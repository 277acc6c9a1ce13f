namespace Optim.Reports

open System

/// The tables of the page: who wins, where the methods ended, what it took them, every run.
[<RequireQualifiedAccess>]
module internal Tables =

    let private range (format: float -> string) (spread: Spread) =
        if spread.Count = 1 then
            ""
        elif spread.Finite = 0 then
            Markup.element "small" "" (sprintf "in none of %d runs" spread.Count)
        else
            let text = sprintf "%s to %s" (format spread.Low) (format spread.High)
            Markup.element "small" "" (Markup.escape text)

    /// A line a measure: who wins, and who is next.
    let whoWins (comparison: Comparison) (own: Verdict) =
        let cell (standing: Standing) (name: string, spread: Spread) =
            Markup.escape name
            + " "
            + Markup.element
                "small"
                ""
                (Markup.escape (Verdict.format standing.Measure spread.Median))

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

            Markup.element
                "tr"
                ""
                (Markup.element
                    "th"
                    "scope=\"row\""
                    (Markup.escape (
                        Markup.sentence (Verdict.name comparison.Measures standing.Measure)
                    ))
                 + Markup.element "td" "class=\"best\"" won
                 + Markup.element "td" "" next)

        Markup.region "h-wins" "Who wins by which measure" "" [
            Markup.table "wins" [ "Measure"; "Wins"; "Next" ] (List.map line own.Standings)
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
        let small =
            if about = "" then
                ""
            else
                Markup.element "small" "" (Markup.escape about)

        let name =
            Markup.element
                "th"
                $"scope=\"row\" class=\"m{index}\""
                (Markup.key index + Markup.escape method.Method + small)

        Markup.element "tr" "" (Markup.lines (name :: cells))

    /// The median and the range, shaded where the method wins.
    let private standingCell (own: Verdict) (method: MethodSummary) (measure: Measure) =
        let isBest =
            own.Standings
            |> List.exists (fun standing ->
                standing.Measure = measure && List.contains method.Method standing.Winners
            )

        match Verdict.spread measure method with
        | None -> Markup.element "td" "" "–"
        | Some spread ->
            let format = Verdict.format measure
            let value = Markup.escape (format spread.Median) + range format spread

            if isBest then
                Markup.element
                    "td"
                    "class=\"best\""
                    ("<span class=\"unseen\">best: </span>" + value)
            else
                Markup.element "td" "" value

    let private spreadCell format (spread: Spread) =
        Markup.element "td" "" (Markup.escape (format spread.Median) + range format spread)

    let private measured (own: Verdict) (measures: Measure list) =
        measures
        |> List.filter (fun measure ->
            own.Standings |> List.exists (fun standing -> standing.Measure = measure)
        )

    let private reading (summary: Summary) =
        let isRepeated = summary.Methods |> List.exists (fun own -> own.Runs.Length > 1)
        let shaded = "Shaded: the best, and all that cannot be told from it."

        if isRepeated then
            "Medians over the seeds, smallest to largest below. " + shaded
        else
            shaded

    /// A line a method: outcomes, losses, accuracies.
    let ends (comparison: Comparison) (summary: Summary) (own: Verdict) =
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
                Markup.element "td" "class=\"words\"" (Markup.escape (outcomes method))
                yield! List.map (standingCell own method) measures
                spreadCell Numbers.loss method.BestLoss
            ]

        Markup.region "h-ends" "Where they ended" (reading summary) [
            Markup.table "numbers" head (List.mapi row summary.Methods)
        ]

    /// A line a method: what the target took, and all in all.
    let efforts (comparison: Comparison) (summary: Summary) (own: Verdict) =
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

        Markup.region "h-efforts" "What it took" (target + reading summary) [
            Markup.table "numbers" head (List.mapi row summary.Methods)
        ]

    /// With several targets, what each of them took.
    let targets (summary: Summary) =
        let orNever format value =
            if Double.IsFinite value then
                format value
            else
                "not reached"

        let row index (method: MethodSummary) (effort: Effort) =
            methodRow "" index method [
                Markup.element "td" "" (Markup.escape (Numbers.target effort.Target))
                spreadCell (orNever Numbers.steps) effort.Steps
                spreadCell (orNever Numbers.seconds) effort.Seconds
                spreadCell (orNever (Numbers.significant 3)) effort.GradientEquivalents
            ]

        let head = [ "Method"; "Target loss"; "Steps"; "Seconds"; "Gradient-equivalents" ]

        if summary.Targets.Length < 2 then
            ""
        else
            Markup.region "h-targets" "What each target took" "" [
                Markup.table "numbers" head [
                    for index, method in List.indexed summary.Methods do
                        yield! List.map (row index method) method.Efforts
                ]
            ]

    /// A line a run: how and why it ended, and what it asked.
    let runs (comparison: Comparison) (summary: Summary) =
        let number text =
            Markup.element "td" "" (Markup.escape text)

        let row index (method: MethodSummary) (run: Run) =
            let outcome =
                if Comparison.isDiverged run then
                    sprintf "diverged (%s)" (Comparison.outcomeName run.Outcome)
                else
                    Comparison.outcomeName run.Outcome

            methodRow "" index method [
                number (string run.Seed)
                Markup.element
                    "td"
                    "class=\"words\""
                    (Markup.escape outcome + Markup.element "small" "" (Markup.escape run.Reason))
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

        Markup.region
            "h-runs"
            "Every run"
            "Values, gradients and products: how often the objective was asked for each."
            [
                Markup.table "numbers" head [
                    for index, method in List.indexed summary.Methods do
                        yield! List.map (row index method) method.Runs
                ]
            ]
