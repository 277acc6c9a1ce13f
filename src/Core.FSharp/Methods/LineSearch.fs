namespace Optim.Core

open System
open Optim

/// A search that is under way.
[<NoComparison; NoEquality>]
type SearchUnderWay = {
    /// The direction (n).
    Along: Tensor
    /// The search's memory.
    Search: SearchState
    /// Whether the next trial is taken if only it lowers the value.
    IsSettling: bool
}

/// The state of every method made of a descent and a search.
[<NoComparison; NoEquality>]
type LineSearchState<'Memory> = {
    /// Value and gradient at the current point.
    Current: Evaluation
    /// What the descent has learned.
    Memory: 'Memory
    /// The search that the next step goes on with.
    UnderWay: SearchUnderWay voption
    /// Moves so far.
    Moves: int64
    /// Whether the next direction is −g, because the last one led nowhere.
    UsesGradient: bool
}

/// Methods made of a descent (which direction) and a search (how far). Each trial of the search is one step, so counts and
/// budgets are exact; a direction that does not descend, or leads nowhere, is replaced by −g once.
[<RequireQualifiedAccess>]
module LineSearch =

    /// Why a method ends at a point with a gradient of zero.
    [<Literal>]
    let internal zeroGradient = "the gradient is zero"

    /// Why a search ends in a point that its conditions accept.
    [<Literal>]
    let internal notLower =
        "neither the value nor the gradient can be lowered beyond rounding"

    /// Why a point is no place to go to.
    let internal notFinite (value: float) (gradientNorm: float) : string =
        $"at the next point the value is {value:g3} and the gradient norm {gradientNorm:g3}"

    /// Whether the slope along a direction is below rounding, given the norms of gradient and direction.
    let internal descends (gradientNorm: float) (length: float) (slope: float) : bool =
        slope < -1e-14 * gradientNorm * length && Double.IsFinite slope

    /// Differences of values up to this are taken for rounding.
    let internal resolution (epsilon: float) (value: float) : float = 64.0 * epsilon * abs value

    let private steepest (at: Evaluation) (memory: 'M) : Direction<'M> = {
        Along = -at.Gradient
        FirstSize = 1.0 / at.GradientNorm
        Memory = memory
    }

    /// A search along a direction of descent, begun.
    let private start
        (descent: Descent<'M>)
        (search: Search)
        (oracle: Oracle)
        (point: Tensor)
        (state: LineSearchState<'M>)
        : LineSearchState<'M> * SearchUnderWay =
        let at = state.Current

        let proposed =
            if state.UsesGradient then
                steepest at (descent.Start oracle at)
            else
                descent.Direct oracle at state.Memory

        let slope = Vector.dot at.Gradient proposed.Along
        let descends = descends at.GradientNorm (Vector.norm proposed.Along) slope

        let direction, slope =
            if descends then
                proposed, slope
            else
                steepest at (descent.Start oracle at), -at.GradientNorm * at.GradientNorm

        let origin = { Size = 0.0; Value = at.Value; Slope = slope }

        let underWay = {
            Along = direction.Along
            Search = {
                search.Start(origin, direction.FirstSize, state.Moves) with
                    Resolution = resolution point.DType.Epsilon at.Value
            }
            IsSettling = false
        }

        {
            state with
                Memory = direction.Memory
                UnderWay = ValueSome underWay
                UsesGradient = state.UsesGradient || not descends
        },
        underWay

    let private look
        (search: Search)
        (oracle: Oracle)
        (underWay: SearchUnderWay)
        (point: Tensor)
        : LinePoint =
        let size = underWay.Search.Trial

        match search.Needs with
        | TrialNeeds.Nothing -> { Size = size; Value = 0.0; Slope = 0.0 }
        | TrialNeeds.Value -> { Size = size; Value = oracle.Value point; Slope = nan }
        | TrialNeeds.ValueAndSlope ->
            let evaluation = oracle.Evaluate point

            {
                Size = size
                Value = evaluation.Value
                Slope = Vector.dot evaluation.Gradient underWay.Along
            }

    let private giveUp
        (point: Tensor)
        (detail: string)
        (state: LineSearchState<'M>)
        : Step<LineSearchState<'M>> =
        let ended = { state with UnderWay = ValueNone }

        if state.UsesGradient then
            Step.stuck point detail ended
        else
            Step.rejected point 0.0 { ended with UsesGradient = true }

    let private accept
        (descent: Descent<'M>)
        (search: Search)
        (oracle: Oracle)
        (point: Tensor)
        (target: Tensor)
        (state: LineSearchState<'M>)
        : Step<LineSearchState<'M>> =
        let next = oracle.Evaluate target

        let size =
            state.UnderWay
            |> ValueOption.map (fun u -> u.Search.Trial)
            |> ValueOption.defaultValue 0.0

        let improves =
            next.Value < state.Current.Value
            || next.GradientNorm < state.Current.GradientNorm

        if not (Double.IsFinite next.Value && Double.IsFinite next.GradientNorm) then
            giveUp point (notFinite next.Value next.GradientNorm) state
        elif search.Needs <> TrialNeeds.Nothing && not improves then
            giveUp point notLower state
        else
            Step.moved target size {
                Current = next
                Memory = descent.Learn state.Memory state.Current next
                UnderWay = ValueNone
                Moves = state.Moves + 1L
                UsesGradient = false
            }

    let private step
        (descent: Descent<'M>)
        (search: Search)
        (oracle: Oracle)
        (point: Tensor)
        (state: LineSearchState<'M>)
        : Step<LineSearchState<'M>> =
        let isStochastic = oracle.Objective.IsStochastic

        // On mini-batches a new search sees other data than the last evaluation.
        let state =
            if isStochastic && state.UnderWay.IsNone then
                { state with Current = oracle.Evaluate point }
            else
                state

        if state.Current.GradientNorm = 0.0 && isStochastic then
            // The next mini-batch may say more.
            Step.moved point 0.0 state
        elif state.Current.GradientNorm = 0.0 then
            Step.stuck point zeroGradient state
        else
            let state, underWay =
                match state.UnderWay with
                | ValueSome underWay -> state, underWay
                | ValueNone -> start descent search oracle point state

            let size = underWay.Search.Trial
            let target = point + size * underWay.Along

            if underWay.IsSettling then
                accept descent search oracle point target state
            else
                match search.Next(underWay.Search, look search oracle underWay target) with
                | SearchDecision.Accept -> accept descent search oracle point target state
                | SearchDecision.Try next ->
                    let following = { underWay with Search = next }
                    Step.rejected point size { state with UnderWay = ValueSome following }
                | SearchDecision.Settle lower ->
                    let search = { underWay.Search with Trial = lower }
                    let following = { underWay with Search = search; IsSettling = true }
                    Step.rejected point size { state with UnderWay = ValueSome following }
                | SearchDecision.GiveUp detail -> giveUp point detail state

    /// The method with this name that goes along the descent's directions as far as the search says.
    let create (name: string) (descent: Descent<'M>) (search: Search) : Method =
        let init (oracle: Oracle) (point: Tensor) : LineSearchState<'M> =
            let at = oracle.Evaluate point

            {
                Current = at
                Memory = descent.Start oracle at
                UnderWay = ValueNone
                Moves = 0L
                UsesGradient = false
            }

        Method.create name init (step descent search)
