namespace Optim.Reports

open System

/// From runs to lines: medians and bands over seeds, on one grid a method.
[<RequireQualifiedAccess>]
module internal Curves =

    let private pointLimit = 160

    /// Where a run is at x: between two measurements on a straight line (of logarithms where `isLog`), before the first
    /// none, after the last its last value, and +infinity from where it stopped being finite.
    let private at (isLog: bool) (xs: float array) (ys: float array) (x: float) : float option =
        if xs.Length = 0 || x < xs[0] then
            None
        else
            // The last index with xs[index] <= x.
            let mutable low = 0
            let mutable high = xs.Length - 1

            while low < high do
                let middle = (low + high + 1) / 2

                if xs[middle] <= x then
                    low <- middle
                else
                    high <- middle - 1

            let here = ys[low]

            if low = xs.Length - 1 || xs[low] = x || not (Double.IsFinite here) then
                Some here
            else
                let next = ys[low + 1]
                let share = (x - xs[low]) / (xs[low + 1] - xs[low])

                if not (Double.IsFinite next) then
                    Some next
                elif isLog && here > 0.0 && next > 0.0 then
                    Some(exp ((1.0 - share) * log here + share * log next))
                else
                    Some((1.0 - share) * here + share * next)

    /// At most `pointLimit` of the sorted numbers, half of them evenly by place and half by the place's logarithm,
    /// so that both a linear and a logarithmic axis look smooth.
    let private thin (sorted: float array) =
        if sorted.Length <= pointLimit then
            sorted
        else
            let last = float (sorted.Length - 1)
            let half = pointLimit / 2

            [|
                for index in 0 .. half - 1 do
                    let share = float index / float (half - 1)
                    int (round (share * last))
                    int (round ((last + 1.0) ** share)) - 1
            |]
            |> Array.distinct
            |> Array.sort
            |> Array.map (Array.item >> fun pick -> pick sorted)

    let private median (values: float array) =
        (values |> Array.toList |> Spread.ofCosts).Median

    let private lineEnd (own: MethodSummary) =
        let outcomes =
            own.Runs
            |> List.filter (fun run -> not (Comparison.isDiverged run))
            |> List.countBy _.Outcome

        match outcomes with
        | [] -> LineEnd.Failed
        | counted ->
            match fst (List.maxBy snd counted) with
            | RunOutcome.Converged -> LineEnd.Converged
            | RunOutcome.Stopped -> LineEnd.Stopped
            | RunOutcome.BudgetSpent -> LineEnd.BudgetSpent
            | RunOutcome.Failed -> LineEnd.Failed

    /// One method's line; none when no run of it has the measure.
    let line
        (axis: CurvePoint -> float)
        (part: CurvePoint -> float option)
        (isLog: bool)
        (index: int)
        (own: MethodSummary)
        : Line option =
        let measured =
            own.Runs
            |> List.map (fun run ->
                run,
                run.Curve
                |> List.choose (fun point ->
                    part point
                    |> Option.map (fun value ->
                        axis point, (if Double.IsFinite value then value else infinity)
                    )
                )
                |> List.toArray
            )
            |> List.filter (fun (_, points) -> points.Length > 0)

        match measured with
        | [] -> None
        | _ ->
            let last = measured |> List.map (snd >> Array.last >> fst) |> Array.ofList |> median

            let grid =
                measured
                |> Seq.collect (snd >> Seq.map fst)
                |> Seq.filter (fun x -> x < last)
                |> Seq.distinct
                |> Seq.sort
                |> Seq.toArray
                |> fun xs -> thin (Array.append xs [| last |])

            let isStray (run: Run, _) =
                Comparison.isDiverged run || run.Outcome = RunOutcome.Failed

            let seeds = measured |> List.map (snd >> Array.unzip)
            // Strays are drawn by themselves; the band is about the others.
            let steady =
                match List.filter (isStray >> not) measured with
                | [] -> seeds
                | others -> List.map (snd >> Array.unzip) others

            let valuesAt x seeds =
                seeds |> List.choose (fun (xs, ys) -> at isLog xs ys x) |> Array.ofList

            let rows =
                grid
                |> Array.map (fun x ->
                    let band = valuesAt x steady |> Array.filter Double.IsFinite
                    x, median (valuesAt x seeds), band
                )
                // Where half of the seeds have diverged there is no median.
                |> Array.filter (fun (_, middle, band) -> Double.IsFinite middle && band.Length > 0)

            let strays =
                measured
                // A run alone is its own median.
                |> List.filter (fun it -> measured.Length > 1 && isStray it)
                |> List.map (snd >> Array.filter (snd >> Double.IsFinite))
                |> List.filter (fun points -> points.Length > 0)

            Some {
                Method = index
                X = rows |> Array.map (fun (x, _, _) -> x)
                Median = rows |> Array.map (fun (_, middle, _) -> middle)
                Low = rows |> Array.map (fun (_, _, values) -> Array.min values)
                High = rows |> Array.map (fun (_, _, values) -> Array.max values)
                HasBand = measured.Length > 1
                End =
                    rows
                    |> Array.tryLast
                    |> Option.map (fun (x, middle, _) -> x, middle, lineEnd own)
                Strays = strays
            }

    /// The y values that a panel must show.
    let private finiteValues (lines: Line list) = [|
        for line in lines do
            yield! line.Low
            yield! line.High

            for stray in line.Strays do
                yield! Array.map snd stray
    |]

    /// Bounds for a loss: all of it, but never more than twice the largest first loss, so that a run on its way to
    /// infinity does not flatten all others.
    let private lossBounds (isLog: bool) (lines: Line list) =
        let values = finiteValues lines
        let firsts = lines |> List.choose (fun line -> Array.tryHead line.High)
        let start = if firsts.IsEmpty then Array.max values else List.max firsts

        if isLog then
            // Room to pad: neither bound may leave the range of floats.
            let positive =
                values |> Array.filter (fun value -> value > 1e-280) |> Array.map (min 1e280)

            if Array.isEmpty positive then
                1e-8, 1.0
            else
                let low, high = Array.min positive, min (Array.max positive) (2.0 * start)
                let high = if high > low then high else 10.0 * low
                let pad = exp (0.03 * (log high - log low))
                low / pad, high * pad
        else
            let low = Array.min values
            let high = min (Array.max values) (start + abs start)

            let span =
                if high > low then
                    // Ticks closer than rounding errors cannot be placed.
                    high - low |> max (1e-9 * max (abs low) (abs high)) |> max 1e-300
                else
                    max 1.0 (abs low)

            low - 0.04 * span, low + 1.04 * span

    /// Bounds for an accuracy: up to 100 %, from a multiple of 10 % below the worst method's end, so that the
    /// differences at the top can be seen.
    let private accuracyBounds (lines: Line list) =
        let ends = lines |> List.choose (fun line -> Array.tryLast line.Median)

        if ends.IsEmpty then
            0.0, 1.0
        else
            let worst = List.min ends
            let low = worst - 1.5 * (1.0 - worst)
            max 0.0 (min 0.9 (floor (10.0 * low) / 10.0)), 1.0

    let private axes = [
        "step", "Step", (fun (point: CurvePoint) -> float point.Step)
        "seconds", "Time (seconds)", _.Seconds
        "work", "Work (gradient-equivalents)", _.GradientEquivalents
    ]

    /// A logarithmic x axis suits methods whose lengths differ by more than a factor of 20.
    let private suitsLogX (lines: Line list) =
        let ends =
            lines
            |> List.choose (fun line -> Array.tryLast line.X)
            |> List.filter (fun x -> x > 0.0)

        not ends.IsEmpty && List.max ends > 20.0 * List.min ends

    /// One measure as a row of panels with one y axis; none when nothing was measured.
    let private row
        (measure: string)
        (name: string)
        (isPercent: bool)
        (isLog: bool)
        (target: float option)
        (part: CurvePoint -> float option)
        (summary: Summary)
        : PanelRow option =
        let drawn =
            axes
            |> List.map (fun (axisId, xName, axis) ->
                axisId,
                xName,
                summary.Methods |> List.mapi (line axis part isLog) |> List.choose id
            )

        let everything = drawn |> List.collect (fun (_, _, lines) -> lines)

        if Array.isEmpty (finiteValues everything) then
            None
        else
            let yLow, yHigh =
                if isPercent then
                    accuracyBounds everything
                else
                    lossBounds isLog everything

            let panel (axisId, xName, lines) =
                let xs = [|
                    for line in lines do
                        yield! line.X

                        for stray in line.Strays do
                            yield! Array.map fst stray
                |]

                let isLogX = suitsLogX lines
                let high = Array.fold max 0.0 xs

                {
                    Id = measure + "-" + axisId
                    Axis = axisId
                    XName = xName
                    IsLogX = isLogX
                    IsLogY = isLog
                    IsPercent = isPercent
                    XLow = xs |> Array.filter (fun x -> x > 0.0) |> Array.fold min high
                    XHigh = if high > 0.0 then high else 1.0
                    YLow = yLow
                    YHigh = yHigh
                    Target = target
                    Lines = lines
                }

            Some { Id = measure; Name = name; Panels = List.map panel drawn }

    /// Whether losses are best shown by their logarithm: none is negative and some are positive.
    let suitsLog (runs: Run list) : bool =
        let losses =
            runs
            |> List.collect (fun run -> run.Curve |> List.map _.Loss)
            |> List.filter Double.IsFinite

        List.exists (fun loss -> loss > 0.0) losses
        && List.forall (fun loss -> loss >= 0.0) losses

    /// All panels of a comparison: the loss, then the test loss and the accuracies where they were measured.
    let rows (names: MeasureNames) (summary: Summary) : PanelRow list =
        let runs = summary.Methods |> List.collect _.Runs
        let isLog = suitsLog runs

        let testLosses =
            runs
            |> List.collect (fun run -> run.Curve |> List.choose _.TestLoss)
            |> List.filter Double.IsFinite

        let target = List.tryHead summary.Targets
        let isTestLog = isLog && List.forall (fun loss -> loss > 0.0) testLosses

        [
            row "loss" names.Loss false isLog target (fun point -> Some point.Loss) summary
            row "test-accuracy" names.TestAccuracy true false None _.TestAccuracy summary
            row "test-loss" names.TestLoss false isTestLog None _.TestLoss summary
            row "train-accuracy" names.TrainAccuracy true false None _.TrainAccuracy summary
        ]
        |> List.choose id
