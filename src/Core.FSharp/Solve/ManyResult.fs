namespace Optim.Core

open System
open Optim

/// How one member of many ended.
[<NoComparison; NoEquality>]
type MemberResult = {
    /// Its number.
    Index: int
    /// How it ended.
    Outcome: Outcome
    /// Why.
    Reason: Reason
    /// Its best point (n), as in SolveResult.
    Point: Tensor
    /// The value there.
    Value: float
    /// The norm of the gradient there.
    GradientNorm: float
    /// Steps, those that only tried a point included.
    Steps: int64
    /// Everything asked for it, counted as if it had been solved alone.
    Evaluations: Evaluations
}

/// The results of many members by columns: element i of each belongs to member i.
[<Sealed>]
type ManyResult
    internal
    (
        method: string,
        points: Tensor,
        values: float[],
        gradientNorms: float[],
        tolerances: float[],
        others: (Reason | null)[],
        steps: int64[],
        evaluations: Evaluations[],
        elapsed: TimeSpan
    ) =
    // A member without another reason converged: its reason is made of two columns.
    let reason (i: int) : Reason =
        match others[i] with
        | null -> Reason.GradientSmall(gradientNorms[i], tolerances[i])
        | other -> other

    let outcomes =
        others
        |> Array.map (fun other ->
            match other with
            | null -> Outcome.Converged
            | reason -> Reason.outcome reason
        )

    let check (index: int) : unit =
        if index < 0 || index >= values.Length then
            let message = $"expected a member from 0 to {values.Length - 1}"
            raise (ArgumentOutOfRangeException(nameof index, index, message))

    /// The number of members.
    member _.Count: int = values.Length

    /// The method's name.
    member _.Method: string = method

    /// How each member ended.
    member _.Outcomes: Outcome[] = outcomes

    /// The best points (members, n).
    member _.Points: Tensor = points

    /// The values there; NaN where not even the start could be evaluated.
    member _.Values: float[] = values

    /// The norms of the gradients there.
    member _.GradientNorms: float[] = gradientNorms

    /// The steps of each member.
    member _.Steps: int64[] = steps

    /// What was asked for each member, counted as if it had been solved alone.
    member _.Evaluations: Evaluations[] = evaluations

    /// Time for all together, compiling included.
    member _.Elapsed: TimeSpan = elapsed

    /// How many members ended so.
    member _.CountOf(outcome: Outcome) : int =
        outcomes |> Array.sumBy (fun one -> if one = outcome then 1 else 0)

    /// Why a member ended. Errors: ArgumentOutOfRangeException.
    member _.ReasonOf(index: int) : Reason =
        check index
        reason index

    /// The result of one member. Errors: ArgumentOutOfRangeException.
    member _.Item
        with get (index: int): MemberResult =
            check index

            {
                Index = index
                Outcome = outcomes[index]
                Reason = reason index
                Point = points[index]
                Value = values[index]
                GradientNorm = gradientNorms[index]
                Steps = steps[index]
                Evaluations = evaluations[index]
            }

    /// One line: how many members ended how, and in what time.
    override result.ToString() =
        let part (outcome: Outcome) =
            match result.CountOf outcome with
            | 0 -> None
            | count -> Some $"{count} {outcome}"

        let parts =
            [ Outcome.Converged; Outcome.BudgetSpent; Outcome.Stopped; Outcome.Failed ]
            |> List.choose part
            |> String.concat ", "

        let seconds =
            elapsed.TotalSeconds.ToString("G3", Globalization.CultureInfo.InvariantCulture)

        $"{values.Length} members in {seconds} s: {parts}"
