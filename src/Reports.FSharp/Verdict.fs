namespace Optim.Reports

open System

/// What methods are ranked by.
[<RequireQualifiedAccess>]
type Measure =
    /// Steps to the first target.
    | Steps
    /// Seconds to the first target.
    | Seconds
    /// Gradient-equivalents to the first target.
    | GradientEquivalents
    /// The loss at the end.
    | FinalLoss
    /// The test loss at the end.
    | FinalTestLoss
    /// The test accuracy at the end.
    | FinalTestAccuracy
    /// The highest test accuracy on the way.
    | BestTestAccuracy
    /// The most memory held.
    | PeakMemory

/// How the methods stand by one measure.
type Standing = {
    /// The measure.
    Measure: Measure
    /// The methods that have it, best median first; those that never got there are last.
    Ranking: (string * Spread) list
    /// Who wins: the first, and all that cannot be told from it (`Verdict.isTie`). Empty when nobody got there.
    Winners: string list
}

/// What a comparison says, in plain English.
type Verdict = {
    /// Who wins, in one sentence.
    Headline: string
    /// One sentence a measure.
    Findings: string list
    /// What went wrong or weakens the findings: runs that diverged, failed or fell short, a single seed.
    Warnings: string list
    /// The standings behind the findings, measures that nobody has left out.
    Standings: Standing list
}

/// Who wins by which measure, and how to say it. Pure.
[<RequireQualifiedAccess>]
module Verdict =

    let private all = [
        Measure.Steps
        Measure.Seconds
        Measure.GradientEquivalents
        Measure.FinalLoss
        Measure.FinalTestLoss
        Measure.FinalTestAccuracy
        Measure.BestTestAccuracy
        Measure.PeakMemory
    ]

    /// The measure as a number over the seeds of a method, where it has it.
    let spread (measure: Measure) (summary: MethodSummary) : Spread option =
        let effort (part: Effort -> Spread) =
            summary.Efforts |> List.tryHead |> Option.map part

        match measure with
        | Measure.Steps -> effort _.Steps
        | Measure.Seconds -> effort _.Seconds
        | Measure.GradientEquivalents -> effort _.GradientEquivalents
        | Measure.FinalLoss -> Some summary.FinalLoss
        | Measure.FinalTestLoss -> summary.FinalTestLoss
        | Measure.FinalTestAccuracy -> summary.FinalTestAccuracy
        | Measure.BestTestAccuracy -> summary.BestTestAccuracy
        | Measure.PeakMemory -> summary.PeakMemory

    let private isGain (measure: Measure) =
        match measure with
        | Measure.FinalTestAccuracy
        | Measure.BestTestAccuracy -> true
        | Measure.Steps
        | Measure.Seconds
        | Measure.GradientEquivalents
        | Measure.FinalLoss
        | Measure.FinalTestLoss
        | Measure.PeakMemory -> false

    /// A value of the measure, with its unit where the measure's name does not say it.
    let format (measure: Measure) (value: float) : string =
        let reached text =
            if Double.IsFinite value then text else "not reached"

        match measure with
        | Measure.Steps -> reached (Numbers.steps value)
        | Measure.Seconds -> reached (Numbers.seconds value)
        | Measure.GradientEquivalents -> reached (Numbers.significant 3 value)
        | Measure.FinalLoss
        | Measure.FinalTestLoss -> Numbers.loss value
        | Measure.FinalTestAccuracy
        | Measure.BestTestAccuracy -> Numbers.percent value
        | Measure.PeakMemory -> Numbers.bytes value

    /// The measure as a heading: "steps to target", "final loss".
    let name (names: MeasureNames) (measure: Measure) : string =
        match measure with
        | Measure.Steps -> "steps to target"
        | Measure.Seconds -> "seconds to target"
        | Measure.GradientEquivalents -> "gradient-equivalents to target"
        | Measure.FinalLoss -> "final " + names.Loss
        | Measure.FinalTestLoss -> "final " + names.TestLoss
        | Measure.FinalTestAccuracy -> "final " + names.TestAccuracy
        | Measure.BestTestAccuracy -> "best " + names.TestAccuracy
        | Measure.PeakMemory -> "peak memory"

    /// Whether `other` cannot be told from `best`: the medians read the same, or one of them lies between the smallest
    /// and the largest of the other method's seeds; and no smaller a part of its seeds got there. A seed that did not
    /// get there does not widen the spread.
    let isTie (measure: Measure) (best: Spread) (other: Spread) : bool =
        let within (spread: Spread) value =
            let bound edge =
                if Double.IsFinite edge then edge else spread.Median

            bound spread.Low <= value && value <= bound spread.High

        let isAsReliable = other.Finite * best.Count >= best.Finite * other.Count

        Double.IsFinite other.Median
        && isAsReliable
        && (format measure best.Median = format measure other.Median
            || within best other.Median
            || within other best.Median)

    /// Losses closer than this are equal but for rounding: 1e-16 of the largest first loss.
    let private rounding (summary: Summary) =
        summary.Methods
        |> List.collect _.Runs
        |> List.choose (fun run -> run.Curve |> List.tryHead |> Option.map (fun at -> abs at.Loss))
        |> List.filter Double.IsFinite
        |> List.fold max 0.0
        |> (*) 1e-16

    /// How the methods stand by the measure. Losses that differ by rounding errors only tie as well. None when no method has it.
    let standing (summary: Summary) (measure: Measure) : Standing option =
        let key (_, spread: Spread) =
            if isGain measure then -spread.Median else spread.Median

        let ranking =
            summary.Methods
            |> List.choose (fun own -> spread measure own |> Option.map (fun it -> own.Method, it))
            |> List.sortBy key

        let isEqual (best: Spread) (other: Spread) =
            let isRounding =
                match measure with
                | Measure.FinalLoss
                | Measure.FinalTestLoss -> abs (other.Median - best.Median) <= rounding summary
                | Measure.Steps
                | Measure.Seconds
                | Measure.GradientEquivalents
                | Measure.FinalTestAccuracy
                | Measure.BestTestAccuracy
                | Measure.PeakMemory -> false

            isTie measure best other
            || (isRounding && other.Finite * best.Count >= best.Finite * other.Count)

        match ranking with
        | [] -> None
        | (_, best) :: _ ->
            let winners =
                if Double.IsFinite best.Median then
                    ranking |> List.filter (snd >> isEqual best) |> List.map fst
                else
                    []

            Some { Measure = measure; Ranking = ranking; Winners = winners }

    let private verb (winners: string list) one many =
        if winners.Length = 1 then one else many

    let private headline (summary: Summary) (standings: Standing list) =
        let phrase measure =
            match measure with
            | Measure.Steps -> Some "by step"
            | Measure.Seconds -> Some "by second"
            | Measure.GradientEquivalents -> Some "by gradient-equivalent"
            | Measure.FinalLoss
            | Measure.FinalTestLoss
            | Measure.FinalTestAccuracy
            | Measure.BestTestAccuracy
            | Measure.PeakMemory -> None

        let clauses =
            standings
            |> List.choose (fun standing ->
                phrase standing.Measure
                |> Option.filter (fun _ -> not (List.isEmpty standing.Winners))
                |> Option.map (fun words -> standing.Winners, words)
            )
            |> List.groupBy fst
            |> List.map (fun (winners, own) ->
                sprintf
                    "%s %s %s"
                    (Numbers.conjunction winners)
                    (verb winners "wins" "tie")
                    (Numbers.conjunction (List.map snd own))
            )

        match summary.Methods, clauses with
        | [ only ], _ -> sprintf "%s ran alone: there is nobody to compare it with." only.Method
        | _, [] when List.isEmpty summary.Targets -> "No run ever had a finite loss: nobody wins."
        | _, [] -> "No method reached the target: nobody wins the race."
        | _, _ -> String.Join("; ", clauses) + "."

    let private finding (summary: Summary) (names: MeasureNames) (standing: Standing) =
        let value (spread: Spread) =
            let text = format standing.Measure spread.Median

            match standing.Measure with
            | Measure.Seconds -> text + " s"
            | Measure.Steps
            | Measure.GradientEquivalents
            | Measure.FinalLoss
            | Measure.FinalTestLoss
            | Measure.FinalTestAccuracy
            | Measure.BestTestAccuracy
            | Measure.PeakMemory -> text

        let target =
            summary.Targets
            |> List.tryHead
            |> Option.map Numbers.target
            |> Option.defaultValue "none"

        let claim =
            let plural = standing.Winners.Length > 1
            let need = if plural then "need" else "needs"
            let finish = if plural then "end" else "ends"

            match standing.Measure with
            | Measure.Steps -> sprintf "%s the fewest steps to a loss of %s" need target
            | Measure.Seconds -> sprintf "%s the least time to a loss of %s" need target
            | Measure.GradientEquivalents ->
                sprintf "%s the fewest gradient-equivalents to a loss of %s" need target
            | Measure.FinalLoss -> sprintf "%s with the lowest %s" finish names.Loss
            | Measure.FinalTestLoss -> sprintf "%s with the lowest %s" finish names.TestLoss
            | Measure.FinalTestAccuracy ->
                sprintf "%s with the highest %s" finish names.TestAccuracy
            | Measure.BestTestAccuracy ->
                sprintf
                    "%s the highest %s on the way"
                    (if plural then "see" else "sees")
                    names.TestAccuracy
            | Measure.PeakMemory -> sprintf "%s the least memory" need

        let next =
            standing.Ranking
            |> List.tryFind (fun (method, spread) ->
                not (List.contains method standing.Winners) && Double.IsFinite spread.Median
            )
            |> Option.map (fun (method, spread) ->
                sprintf ", against %s for %s" (value spread) method
            )
            |> Option.defaultValue ""

        match standing.Winners, standing.Ranking with
        | [], _
        | _, [ _ ] -> None
        | [ winner ], (_, best) :: _ ->
            let seeds =
                if best.Finite < best.Count then
                    sprintf " (in %d of %d runs)" best.Finite best.Count
                else
                    ""

            Some(sprintf "%s %s: %s%s%s." winner claim (value best) seeds next)
        | winners, ranking ->
            let values =
                ranking
                |> List.filter (fun (method, _) -> List.contains method winners)
                |> List.map (snd >> value)

            Some(
                sprintf
                    "%s %s: %s, too close to tell apart over these seeds%s."
                    (Numbers.conjunction winners)
                    claim
                    (Numbers.conjunction values)
                    next
            )

    let private warnings (summary: Summary) =
        let share every (own: MethodSummary) (runs: Run list) =
            let seeds = runs |> List.map (fun run -> string run.Seed)

            if own.Runs.Length = 1 then
                ""
            elif runs.Length = own.Runs.Length then
                sprintf " in %s %d runs" every runs.Length
            else
                let noun = if seeds.Length = 1 then "seed" else "seeds"

                sprintf
                    " in %d of %d runs (%s %s)"
                    runs.Length
                    own.Runs.Length
                    noun
                    (Numbers.conjunction seeds)

        let say every (own: MethodSummary) words test =
            match List.filter test own.Runs with
            | [] -> None
            | runs -> Some(sprintf "%s %s%s." own.Method words (share every own runs))

        let isFailure (run: Run) =
            run.Outcome = RunOutcome.Failed && not (Comparison.isDiverged run)

        let ofMethod (own: MethodSummary) =
            let missed target (run: Run) =
                not (Comparison.isDiverged run)
                && Option.isNone (Summary.reach (fun point -> float point.Step) target run)

            [
                say "all" own "diverged" Comparison.isDiverged
                say "all" own "failed" isFailure
                match summary.Targets with
                | target :: _ ->
                    say
                        "any of"
                        own
                        (sprintf "did not reach a loss of %s" (Numbers.target target))
                        (missed target)
                | [] -> None
                if own.Worsened > 0 then
                    Some(
                        sprintf
                            "%s ended above its first loss in %s."
                            own.Method
                            (Numbers.count own.Worsened "run")
                    )
            ]
            |> List.choose id

        let chance =
            if summary.Methods |> List.exists (fun own -> own.Runs.Length > 1) then
                []
            else
                [ "Each method ran from one seed only: a small difference may be chance." ]

        List.collect ofMethod summary.Methods @ chance

    /// What the comparison says.
    let ofSummary (names: MeasureNames) (summary: Summary) : Verdict =
        let standings = List.choose (standing summary) all

        {
            Headline = headline summary standings
            Findings = List.choose (finding summary names) standings
            Warnings = warnings summary
            Standings = standings
        }
