namespace Optim.Solve

open System
open Optim
open Optim.Core

/// What the stop rules of a run say about it.
[<RequireQualifiedAccess>]
module internal Rules =

    /// The largest gradient norm that GradientBelow rules allow; below 0 when there is none.
    let tolerance (rules: StopRule list) (startNorm: float) : float =
        let ofRule (rule: StopRule) : float =
            match rule with
            | StopRule.GradientBelow(absolute, relative) -> max absolute (relative * startNorm)
            | StopRule.ValueBelow _
            | StopRule.ValueSettled _
            | StopRule.WhenRequested _ -> -1.0

        rules |> List.fold (fun largest rule -> max largest (ofRule rule)) -1.0

    /// The relative change and the number of moves of each ValueSettled rule, in order.
    let private settling (rules: StopRule list) : (float * int) list =
        rules
        |> List.choose (fun rule ->
            match rule with
            | StopRule.ValueSettled(relative, moves) -> Some(relative, moves)
            | StopRule.GradientBelow _
            | StopRule.ValueBelow _
            | StopRule.WhenRequested _ -> None
        )

    /// The counts of quiet moves before the first one.
    let noQuietMoves (rules: StopRule list) : int list = settling rules |> List.map (fun _ -> 0)

    /// The counts of quiet moves after one more move.
    let countQuiet
        (rules: StopRule list)
        (before: float)
        (after: float)
        (counts: int list)
        : int list =
        List.map2
            (fun (relative, _) count ->
                if abs (after - before) <= relative * max (abs after) Double.Epsilon then
                    count + 1
                else
                    0
            )
            (settling rules)
            counts

    /// The largest target of ValueBelow rules; −infinity when there is none.
    let target (rules: StopRule list) : float =
        let ofRule (rule: StopRule) : float =
            match rule with
            | StopRule.ValueBelow target -> target
            | StopRule.GradientBelow _
            | StopRule.ValueSettled _
            | StopRule.WhenRequested _ -> Double.NegativeInfinity

        rules
        |> List.fold (fun largest rule -> max largest (ofRule rule)) Double.NegativeInfinity

    /// Whether the counts of quiet moves end the run.
    let isQuiet (rules: StopRule list) (counts: int list) : bool =
        List.exists2 (fun (_, moves) count -> count >= moves) (settling rules) counts

    let private quietEnd (rules: StopRule list) (counts: int list) : Reason voption =
        List.zip (settling rules) counts
        |> List.tryPick (fun ((relative, moves), count) ->
            if count >= moves then
                Some(
                    Reason.NoProgress
                        $"each of {moves} moves in a row changed the value by less than a part {relative:g3} of it"
                )
            else
                None
        )
        |> ValueOption.ofOption

    let private targetEnd (rules: StopRule list) (value: float) : Reason voption =
        rules
        |> List.tryPick (fun rule ->
            match rule with
            | StopRule.ValueBelow target when value <= target ->
                Some(Reason.TargetReached(value, target))
            | StopRule.ValueBelow _
            | StopRule.GradientBelow _
            | StopRule.ValueSettled _
            | StopRule.WhenRequested _ -> None
        )
        |> ValueOption.ofOption

    /// The ending by a rule that needs no second look. value: the last one that was evaluated with its gradient, NaN for
    /// none; counts: of quiet moves.
    let simpleEnd (rules: StopRule list) (value: float) (counts: int list) : Reason voption =
        targetEnd rules value
        |> ValueOption.orElseWith (fun () -> quietEnd rules counts)

    /// Whether the caller has a way to wish for an end.
    let mayBeRequested (rules: StopRule list) : bool =
        rules
        |> List.exists (fun rule ->
            match rule with
            | StopRule.WhenRequested _ -> true
            | StopRule.GradientBelow _
            | StopRule.ValueBelow _
            | StopRule.ValueSettled _ -> false
        )

    /// Whether the caller wishes an end after the present step.
    let isRequested (rules: StopRule list) : bool =
        rules
        |> List.exists (fun rule ->
            match rule with
            | StopRule.WhenRequested token -> token.IsCancellationRequested
            | StopRule.GradientBelow _
            | StopRule.ValueBelow _
            | StopRule.ValueSettled _ -> false
        )
