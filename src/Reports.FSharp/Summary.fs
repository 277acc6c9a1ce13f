namespace Optim.Reports

open System

/// A number over the seeds of one method. What was not reached, or has diverged, counts as infinitely bad
/// (+infinity for a cost, -infinity for an accuracy), so that a failure is never averaged away.
type Spread = {
    /// The median over seeds; of an even number, the mean of the two in the middle.
    Median: float
    /// The smallest over seeds.
    Low: float
    /// The largest over seeds.
    High: float
    /// How many seeds.
    Count: int
    /// How many of them have a finite number.
    Finite: int
}

/// What it took to reach a target loss. Each infinite where the seed never reached it.
type Effort = {
    /// The loss to reach.
    Target: float
    /// Steps until the loss was at most the target.
    Steps: Spread
    /// Seconds until then.
    Seconds: Spread
    /// Gradient-equivalents until then.
    GradientEquivalents: Spread
}

/// One method over all its seeds.
type MethodSummary = {
    /// Its name.
    Method: string
    /// Its family.
    Family: Family
    /// Its options.
    Options: string
    /// Its runs, in the order given.
    Runs: Run list
    /// How many of its runs ended with a loss that is not finite.
    Diverged: int
    /// How many of its runs ended with a loss above their first.
    Worsened: int
    /// The loss at the end.
    FinalLoss: Spread
    /// The lowest loss on the way.
    BestLoss: Spread
    /// The test loss at the end; none when no run measured it.
    FinalTestLoss: Spread option
    /// The test accuracy at the end; none when no run measured it.
    FinalTestAccuracy: Spread option
    /// The highest test accuracy on the way; none when no run measured it.
    BestTestAccuracy: Spread option
    /// Steps done.
    Steps: Spread
    /// Seconds taken.
    Seconds: Spread
    /// Gradient-equivalents spent.
    GradientEquivalents: Spread
    /// The most memory held, in bytes; none when no run measured it.
    PeakMemory: Spread option
    /// What it took to reach each target, in the order of `Summary.Targets`.
    Efforts: Effort list
}

/// A whole comparison, method by method.
type Summary = {
    /// The losses raced to, the one that counts first; empty when no run ever had a finite loss.
    Targets: float list
    /// Whether the target was chosen by the rule of `automaticTarget` instead of given.
    IsTargetAutomatic: bool
    /// The methods, in the order of their first run.
    Methods: MethodSummary list
}

/// The spread of numbers over seeds.
[<RequireQualifiedAccess>]
module Spread =

    let private middle (sorted: float array) =
        let n = sorted.Length

        if n % 2 = 1 then
            sorted[n / 2]
        elif sorted[n / 2 - 1] = sorted[n / 2] then
            sorted[n / 2]
        else
            // Halves first: the sum of two large numbers may overflow.
            0.5 * sorted[n / 2 - 1] + 0.5 * sorted[n / 2]

    let private over (absent: float) (values: float list) : Spread =
        if List.isEmpty values then
            raise (ArgumentException("a spread needs at least one value, got none", nameof values))

        let clean =
            values
            |> List.map (fun value -> if Double.IsFinite value then value else absent)

        let sorted = clean |> List.sort |> List.toArray

        {
            Median = middle sorted
            Low = sorted[0]
            High = sorted[sorted.Length - 1]
            Count = sorted.Length
            Finite = sorted |> Array.filter Double.IsFinite |> Array.length
        }

    /// The spread of numbers where less is better; one that is not finite counts as +infinity.
    /// Errors: ArgumentException when there is none.
    let ofCosts (costs: float list) : Spread = over Double.PositiveInfinity costs

    /// The spread of numbers where more is better; one that is not finite counts as -infinity.
    /// Errors: ArgumentException when there is none.
    let ofGains (gains: float list) : Spread = over Double.NegativeInfinity gains

/// What the runs of a comparison come to. Pure.
[<RequireQualifiedAccess>]
module Summary =

    let private finiteLosses (run: Run) =
        run.Curve |> List.map _.Loss |> List.filter Double.IsFinite

    /// The loss at the end of a run; +infinity when it is not finite or nothing was measured.
    let finalLoss (run: Run) : float =
        match List.tryLast run.Curve with
        | Some last when Double.IsFinite last.Loss -> last.Loss
        | Some _
        | None -> Double.PositiveInfinity

    /// The lowest finite loss of a run; +infinity when there is none.
    let bestLoss (run: Run) : float =
        match finiteLosses run with
        | [] -> Double.PositiveInfinity
        | losses -> List.min losses

    /// How far along `axis` a run first has a loss of at most `target`; none when it never does.
    /// Between two measurements the loss is taken as a straight line, of its logarithm where both ends and the
    /// target are positive. Never beyond the first and the last measurement.
    let reach (axis: CurvePoint -> float) (target: float) (run: Run) : float option =
        let crossing (before: CurvePoint) (after: CurvePoint) =
            let a, b = before.Loss, after.Loss

            if not (Double.IsFinite a) then
                axis after
            else
                let share =
                    if a > 0.0 && b > 0.0 && target > 0.0 then
                        (log a - log target) / (log a - log b)
                    else
                        (a - target) / (a - b)

                axis before + share * (axis after - axis before)

        let isThere (point: CurvePoint) =
            Double.IsFinite point.Loss && point.Loss <= target

        match List.tryFindIndex isThere run.Curve with
        | None -> None
        | Some 0 -> Some(axis run.Curve[0])
        | Some index -> Some(crossing run.Curve[index - 1] run.Curve[index])

    /// The number, rounded up to two significant digits.
    let private roundUp (value: float) =
        if value = 0.0 then
            0.0
        else
            let exponent = int (floor (log10 (abs value))) - 1

            let rounded =
                // Dividing by a whole power of ten gives the nearest double, multiplying by 0.01 does not.
                if exponent >= 0 then
                    ceil (value / 10.0 ** float exponent) * 10.0 ** float exponent
                else
                    ceil (value * 10.0 ** float -exponent) / 10.0 ** float -exponent

            max value rounded

    /// The loss that the method in the middle reaches: methods are sorted by the median over seeds of their best loss;
    /// of an even number the worse of the two in the middle is taken, so that at least half of the methods get there.
    /// Rounded up to two digits, and for losses that are never negative not below 1e-8 of the largest
    /// first loss, where a race would be about rounding errors. None when no run has a finite loss.
    let automaticTarget (runs: Run list) : float option =
        let bests =
            runs
            |> List.groupBy _.Method
            |> List.map (fun (_, own) -> (Spread.ofCosts (List.map bestLoss own)).Median)
            |> List.sort

        let finite = List.filter Double.IsFinite bests

        if List.isEmpty finite then
            None
        else
            let middle = bests[bests.Length / 2]
            let reached = if Double.IsFinite middle then middle else List.last finite
            let losses = List.collect finiteLosses runs
            let firsts = runs |> List.choose (fun run -> List.tryHead (finiteLosses run))

            let floor =
                if List.min losses >= 0.0 then
                    1e-8 * List.max firsts
                else
                    Double.NegativeInfinity

            let target = max reached floor
            let rounded = roundUp target
            // A target at or above a start would be reached without a step.
            Some(if rounded < List.min firsts then rounded else target)

    let private effort (runs: Run list) (target: float) : Effort =
        let spread axis =
            runs
            |> List.map (fun run ->
                reach axis target run |> Option.defaultValue Double.PositiveInfinity
            )

        {
            Target = target
            // A step is whole: the first one after which the loss is there.
            Steps = spread (fun point -> float point.Step) |> List.map ceil |> Spread.ofCosts
            Seconds = spread _.Seconds |> Spread.ofCosts
            GradientEquivalents = spread _.GradientEquivalents |> Spread.ofCosts
        }

    /// The spread over the runs that have the measure, at the end or the best on the way. A run that failed
    /// before the first measurement counts as infinitely bad where the others have the measure.
    let private along combine (part: CurvePoint -> float option) spread (runs: Run list) =
        let measured =
            runs
            |> List.choose (fun run ->
                match List.choose part run.Curve with
                | [] -> None
                | values -> Some(combine values)
            )

        let empty = runs |> List.filter (fun run -> List.isEmpty run.Curve) |> List.length

        match measured with
        | [] -> None
        | values -> Some(spread (List.replicate empty Double.NaN @ values))

    let private highest values =
        match List.filter Double.IsFinite values with
        | [] -> Double.NegativeInfinity
        | finite -> List.max finite

    let private hasWorsened (run: Run) =
        match finiteLosses run, List.tryLast run.Curve with
        | first :: _, Some last -> Double.IsFinite last.Loss && last.Loss > first
        | _, _ -> false

    let private ofMethod (targets: float list) (name: string, runs: Run list) : MethodSummary =
        let lastStep (run: Run) =
            match List.tryLast run.Curve with
            | Some last -> float last.Step
            | None -> 0.0

        {
            Method = name
            Family = runs.Head.Family
            Options = runs |> List.map _.Options |> List.distinct |> String.concat " | "
            Runs = runs
            Diverged = runs |> List.filter Comparison.isDiverged |> List.length
            Worsened = runs |> List.filter hasWorsened |> List.length
            FinalLoss = runs |> List.map finalLoss |> Spread.ofCosts
            BestLoss = runs |> List.map bestLoss |> Spread.ofCosts
            FinalTestLoss = along List.last _.TestLoss Spread.ofCosts runs
            FinalTestAccuracy = along List.last _.TestAccuracy Spread.ofGains runs
            BestTestAccuracy = along highest _.TestAccuracy Spread.ofGains runs
            Steps = runs |> List.map lastStep |> Spread.ofCosts
            Seconds = runs |> List.map (fun run -> run.Seconds) |> Spread.ofCosts
            GradientEquivalents =
                runs |> List.map (fun run -> run.GradientEquivalents) |> Spread.ofCosts
            PeakMemory =
                match List.choose (fun (run: Run) -> run.PeakMemory) runs with
                | [] -> None
                | sizes -> Some(sizes |> List.map float |> Spread.ofCosts)
            Efforts = List.map (effort runs) targets
        }

    /// The comparison method by method.
    /// Errors: ArgumentException, as `Comparison.check`.
    let ofComparison (comparison: Comparison) : Summary =
        let checkedOnce = Comparison.check comparison
        let isAutomatic = List.isEmpty checkedOnce.Targets

        let targets =
            if isAutomatic then
                Option.toList (automaticTarget checkedOnce.Runs)
            else
                checkedOnce.Targets

        {
            Targets = targets
            IsTargetAutomatic = isAutomatic
            Methods = checkedOnce.Runs |> List.groupBy _.Method |> List.map (ofMethod targets)
        }
