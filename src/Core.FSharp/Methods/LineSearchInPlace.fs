namespace Optim.Methods

open System
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract
open Optim.Descents

/// What the step of a LineSearchInPlace waits for.
[<Struct; RequireQualifiedAccess>]
type internal LineSearchPhase =
    /// The next step.
    | Idle
    /// The Hessian, for a direction.
    | Directing
    /// The value at the trial.
    | Valuing
    /// Value and gradient at the trial, to be judged by the search.
    | Judging
    /// Value and gradient at the trial, which the search accepts.
    | Arriving

/// The in-place twin of LineSearch.create, for deterministic objectives: the same decisions in the same order, on float64.
[<Sealed>]
type internal LineSearchInPlace<'Memory>
    (length: int, descent: DescentInPlace<'Memory>, search: Search) =
    inherit Workspace(length)
    let along = AlignedArrays.zeros length
    let mutable isUnderWay = false
    let mutable isSettling = false
    let mutable state = Unchecked.defaultof<SearchState>
    let mutable moves = 0L
    let mutable usesGradient = false
    let mutable phase = LineSearchPhase.Idle
    // From the current point to the trial.
    let mutable distance = 0.0
    // What becomes of the state only when the step ends: before, it may still be taken back.
    let mutable isNew = false
    let mutable turnsToGradient = false
    let mutable forgets = false

    override _.Hessian = descent.Hessian

    override _.Forget() =
        descent.Forget()
        isUnderWay <- false
        isSettling <- false
        moves <- 0L
        usesGradient <- false

    /// The state as it is at the end of the step, but for the search.
    member private _.Commit() : unit =
        phase <- LineSearchPhase.Idle
        usesGradient <- turnsToGradient

        if forgets then
            descent.Forget()

    member private this.Ended(accepted: bool, size: float) : Ask =
        this.Accepted <- accepted
        this.StepSize <- size
        this.Trouble <- null
        Ask.Nothing

    member private this.Reject(size: float) : Ask =
        this.Commit()
        this.Ended(false, size)

    member private this.Stuck(detail: string) : Ask =
        this.Ended(false, 0.0) |> ignore
        this.Trouble <- detail
        Ask.Nothing

    member private this.GiveUp(detail: string) : Ask =
        this.Commit()
        isUnderWay <- false

        if usesGradient then
            this.Stuck detail
        else
            usesGradient <- true
            this.Ended(false, 0.0)

    member private this.Accept() : Ask =
        let before, next = this.Current, this.Trial

        if not (Double.IsFinite next.Value && Double.IsFinite next.GradientNorm) then
            this.GiveUp(LineSearch.notFinite next.Value next.GradientNorm)
        elif
            search.Needs <> TrialNeeds.Nothing
            && not (next.Value < before.Value || next.GradientNorm < before.GradientNorm)
        then
            this.GiveUp LineSearch.notLower
        else
            this.Commit()
            descent.Learn(before, next, distance)
            isUnderWay <- false
            moves <- moves + 1L
            usesGradient <- false
            this.MoveToTrial()
            this.Ended(true, state.Trial)

    member private this.Decide(value: float, slope: float, isEvaluated: bool) : Ask =
        let size = state.Trial

        match search.Next(state, { Size = size; Value = value; Slope = slope }) with
        | SearchDecision.Accept when isEvaluated -> this.Accept()
        | SearchDecision.Accept ->
            phase <- LineSearchPhase.Arriving
            Ask.Gradient
        | SearchDecision.Try following ->
            state <- following
            this.Reject size
        | SearchDecision.Settle lower ->
            state <- { state with Trial = lower }
            isSettling <- true
            this.Reject size
        | SearchDecision.GiveUp detail -> this.GiveUp detail

    member private this.Look() : Ask =
        let trial = this.TakeTrial()
        distance <- InPlace.travel length this.Current.Point state.Trial along trial.Point

        if isSettling then
            phase <- LineSearchPhase.Arriving
            Ask.Gradient
        else
            match search.Needs with
            | TrialNeeds.Nothing -> this.Decide(0.0, 0.0, false)
            | TrialNeeds.Value ->
                phase <- LineSearchPhase.Valuing
                Ask.Value
            | TrialNeeds.ValueAndSlope ->
                phase <- LineSearchPhase.Judging
                Ask.Gradient

    member private this.Steepest() : float =
        InPlace.scale length -1.0 this.Current.Gradient along
        forgets <- true
        1.0 / this.Current.GradientNorm

    /// A search along a direction of descent, begun.
    member private this.Start() : Ask =
        let at = this.Current

        let struct (proposed, struct (slope, square)) =
            if usesGradient then
                let proposed = this.Steepest()
                struct (proposed, InPlace.dots length along at.Gradient)
            else
                let proposed = descent.Direct(at, along)
                struct (proposed, descent.Measure(at, along))

        let descends = LineSearch.descends at.GradientNorm (sqrt square) slope

        let struct (first, slope) =
            if descends then
                struct (proposed, slope)
            else
                struct (this.Steepest(), -at.GradientNorm * at.GradientNorm)

        turnsToGradient <- usesGradient || not descends
        isUnderWay <- true
        isNew <- true
        isSettling <- false

        state <- {
            search.Start({ Size = 0.0; Value = at.Value; Slope = slope }, first, moves) with
                Resolution = LineSearch.resolution DType.Float64.Epsilon at.Value
        }

        this.Look()

    override this.Begin() =
        isNew <- false
        forgets <- false
        turnsToGradient <- usesGradient

        if this.Current.GradientNorm = 0.0 then
            this.Stuck LineSearch.zeroGradient
        elif isUnderWay then
            this.Look()
        elif descent.NeedsHessian && not usesGradient then
            phase <- LineSearchPhase.Directing
            Ask.Hessian
        else
            this.Start()

    override this.Tell() =
        match phase with
        | LineSearchPhase.Idle -> invalidOp "a workspace was told an answer that it did not ask for"
        | LineSearchPhase.Directing -> this.Start()
        | LineSearchPhase.Valuing -> this.Decide(this.Trial.Value, nan, false)
        | LineSearchPhase.Judging ->
            let trial = this.Trial
            let struct (slope, square) = InPlace.dots length trial.Gradient along
            trial.GradientNorm <- sqrt square
            this.NoteTrial()
            this.Decide(trial.Value, slope, true)
        | LineSearchPhase.Arriving ->
            let trial = this.Trial
            trial.GradientNorm <- InPlace.norm length trial.Gradient
            this.NoteTrial()
            this.Accept()

    override _.Abandon() =
        phase <- LineSearchPhase.Idle

        if isNew then
            isUnderWay <- false

    override _.Standing(saved) =
        (unbox<LineSearchState<'Memory>> saved).Current

    override _.LoadState(saved) =
        let saved = unbox<LineSearchState<'Memory>> saved
        descent.Load saved.Memory
        moves <- saved.Moves
        usesGradient <- saved.UsesGradient
        phase <- LineSearchPhase.Idle

        match saved.UnderWay with
        | ValueNone ->
            isUnderWay <- false
            isSettling <- false
        | ValueSome underWay ->
            isUnderWay <- true
            isSettling <- underWay.IsSettling
            state <- underWay.Search
            underWay.Along.CopyTo(along.AsSpan())

    override _.SaveState(from, tensor) =
        box {
            Current = from
            Memory = descent.Save tensor
            UnderWay =
                if isUnderWay then
                    ValueSome { Along = tensor along; Search = state; IsSettling = isSettling }
                else
                    ValueNone
            Moves = moves
            UsesGradient = usesGradient
        }

/// In-place twins of methods made of a descent and a search.
[<RequireQualifiedAccess>]
module internal LineSearchInPlace =

    /// The method, with a twin made of the descent's twin and the same search.
    let attach (descent: int -> DescentInPlace<'Memory>) (search: Search) (method: Method) =
        method
        |> Method.withTwin (fun length ->
            LineSearchInPlace<'Memory>(length, descent length, search) :> Workspace
        )
