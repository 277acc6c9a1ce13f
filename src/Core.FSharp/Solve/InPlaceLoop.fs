namespace Optim.Solve

#nowarn "3559" // A method's state is of a type that the loop does not know.

open System
open Optim
open Optim.Core
open Optim.Contract

/// The loop for methods with an in-place twin and objectives that are computed at arrays. It counts, judges and reports as
/// the Driver does; but it makes a Run of the workspace only after a step that may matter to the judge, for a save, and at
/// the end. With TraceEvery 0 and no observer a step that changes nothing else allocates nothing; kept reports are
/// allocated, and an observer gets a copy of the point.
[<Sealed>]
type internal InPlaceLoop
    (
        options: SolveOptions,
        method: Method,
        workspace: Workspace,
        arrays: ArrayFunction,
        judge: Judge,
        oracle: Oracle,
        clock: RunClock
    ) =
    let length = workspace.Length
    let mutable steps = 0L
    let mutable moves = 0L
    let mutable startNorm = nan
    let mutable limit = -1.0
    let mutable moveValue = nan
    let mutable quietMoves: int list = []
    let mutable saddleSince = -1L
    let mutable trace: StepReport list = []

    let load (run: Run) (last: Evaluation) (best: Evaluation) : unit =
        workspace.Load(last, best, run.State)
        steps <- run.Steps
        moves <- run.Moves
        startNorm <- run.StartNorm
        limit <- judge.Tolerance startNorm
        moveValue <- run.MoveValue
        quietMoves <- run.QuietMoves
        saddleSince <- run.SaddleSince
        trace <- run.Trace

    /// The run as it is now, like one of the same kind of points.
    let freeze (like: Run) : Run =
        let struct (current, last, best, state) = workspace.Save like.Point

        {
            Point = current.Point
            State = state
            Steps = steps
            Moves = moves
            Evaluations = oracle.Evaluations
            Best = ValueSome best
            Last = ValueSome last
            LastSample = oracle.Sample
            StartNorm = startNorm
            MoveValue = moveValue
            QuietMoves = quietMoves
            SaddleSince = saddleSince
            Elapsed = clock.Elapsed
            Ended = ValueNone
            Trace = trace
        }

    /// Answers the workspace until its step is done, or gives the reason why the budget forbids it.
    let answer () : Reason voption =
        let mutable ask = workspace.Begin()
        let mutable refusal = ValueNone

        while refusal.IsNone && ask <> Ask.Nothing do
            let struct (values, gradients, products) = Ask.cost length ask
            refusal <- oracle.TrySpend(values, gradients, products)

            if refusal.IsNone then
                workspace.Answer(ask, arrays)
                ask <- workspace.Tell()

        refusal

    let count (accepted: bool) (last: Spot) : unit =
        steps <- steps + 1L

        if not (startNorm > 0.0) then
            startNorm <- Bookkeeping.startNorm startNorm last.GradientNorm
            limit <- judge.Tolerance startNorm

        if accepted then
            moves <- moves + 1L

            if not quietMoves.IsEmpty then
                quietMoves <- Rules.countQuiet options.StopRules moveValue last.Value quietMoves

            moveValue <- last.Value

    let report (like: Run) (last: Spot) : unit =
        let isObserved = SolveOptions.isObserved options steps

        if isObserved || Bookkeeping.isTraced options steps then
            let report = {
                Step = steps
                Value = last.Value
                GradientNorm = last.GradientNorm
                StepSize = workspace.StepSize
                Accepted = workspace.Accepted
                Evaluations = oracle.Evaluations
                Elapsed = clock.Elapsed
            }

            if isObserved then
                let point = like.Point.Engine.OfArray(like.Point.Shape, workspace.Current.Point)
                clock.Observe(report, point)

            if Bookkeeping.isTraced options steps then
                trace <- report :: trace

    let mayMatter (last: Spot) : bool =
        judge.MayMatter(
            last.Value,
            last.GradientNorm,
            limit,
            workspace.Accepted,
            not (isNull workspace.Trouble),
            saddleSince
        )
        || not quietMoves.IsEmpty && Rules.isQuiet options.StopRules quietMoves

    let judged (like: Run) : Verdict =
        let run = freeze like

        let step = {
            Point = run.Point
            State = run.State
            Accepted = workspace.Accepted
            StepSize = workspace.StepSize
            Ending =
                match workspace.Trouble with
                | null -> Ending.Continue
                | detail -> Ending.Stuck detail
        }

        let verdict = judge.Judge(run, step) |> Bookkeeping.save options method

        match verdict with
        | Verdict.GoOn run -> saddleSince <- run.SaddleSince
        | Verdict.End _ -> ()

        verdict

    /// One step; the ending, if it is the last.
    let step (like: Run) : Verdict voption =
        match judge.Refusal steps with
        | ValueSome reason -> ValueSome(Verdict.End(freeze like, reason, ValueNone, ValueNone))
        | ValueNone ->
            oracle.Begin(steps, moves)

            match answer () with
            | ValueSome refusal ->
                workspace.Abandon()
                ValueSome(Verdict.End(freeze like, refusal, ValueNone, ValueNone))
            | ValueNone ->
                let last = workspace.Last
                count workspace.Accepted last
                report like last

                if mayMatter last || Bookkeeping.isSaved options steps then
                    match judged like with
                    | Verdict.GoOn _ -> ValueNone
                    | Verdict.End _ as ended -> ValueSome ended
                else
                    ValueNone

    /// At most `most` steps of a run.
    member _.Go(run: Run, last: Evaluation, best: Evaluation, most: int64) : Verdict =
        load run last best
        let mutable left = most
        let mutable ended = ValueNone

        while ended.IsNone && left > 0L do
            left <- left - 1L
            ended <- step run

        match ended with
        | ValueSome verdict -> verdict
        | ValueNone -> Verdict.GoOn(freeze run)
