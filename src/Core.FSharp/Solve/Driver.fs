namespace Optim.Solve

#nowarn "3559" // A method's state is of a type that the loop does not know.

open System
open Optim
open Optim.Core
open Optim.Contract

/// Whether a run goes on.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Verdict =
    | GoOn of Run
    /// It ended, at this evaluation if it is no mere best point.
    | End of Run * Reason * Evaluation voption * Certificate voption

/// One run's clock, oracle and tests. The loop asks it for one step after the other.
[<Sealed>]
type internal Driver(options: SolveOptions, method: Method, objective: Objective, earlier: TimeSpan)
    =
    let began = options.Clock.GetTimestamp()
    let mutable observing = TimeSpan.Zero
    let shape = method.StateShape
    let key = Key.ofSeed options.Seed

    let elapsed () =
        earlier + options.Clock.GetElapsedTime began - observing

    let oracle = Oracle(objective, options.Budget, key, elapsed, options.Cancellation)

    /// The method's chance is apart from that of the certificates.
    let certificateKey = Key.fold -1L key

    let tolerance (run: Run) : float =
        Rules.tolerance options.StopRules run.StartNorm

    /// What a second look at the last evaluation means for the run.
    let confirm (run: Run) (insists: bool) (last: Evaluation) (limit: float) : Verdict =
        let mayLook () =
            options.ExaminesCurvature
            && not objective.IsStochastic
            && oracle.TrySpend(
                0L,
                Certify.gradients last.Point.Length,
                Certify.products last.Point.Length
            )
                =
                ValueNone

        let finding = Certify.check objective certificateKey limit mayLook last.Point
        let run = { run with Evaluations = oracle.Evaluations }

        match finding with
        | Finding.Confirmed certificate ->
            let reason = Reason.GradientSmall(certificate.GradientNorm, limit)
            Verdict.End(run, reason, ValueSome last, ValueSome certificate)
        | Finding.Refuted -> Verdict.GoOn run
        | Finding.Saddle(norm, curvature) when run.SaddleSince >= 0L || insists ->
            Verdict.End(run, Reason.SaddlePoint(norm, curvature), ValueSome last, ValueNone)
        | Finding.Saddle _ -> Verdict.GoOn { run with SaddleSince = run.Steps }

    /// Whether the last evaluation looks like the end, and a second look confirms it. insists: a method that is stuck
    /// gets no more steps to leave a saddle.
    let examine (run: Run) (insists: bool) : Verdict =
        let limit = tolerance run

        match run.Last with
        | ValueSome last when last.GradientNorm <= limit ->
            let isWaiting =
                run.SaddleSince >= 0L && run.Steps - run.SaddleSince < 3L && not insists

            if isWaiting then
                Verdict.GoOn run
            else
                match oracle.TrySpend(1L, 1L, 0L) with
                | ValueSome refusal -> Verdict.End(run, refusal, ValueNone, ValueNone)
                | ValueNone -> confirm run insists last limit
        | ValueSome _
        | ValueNone -> Verdict.GoOn { run with SaddleSince = -1L }

    let isTooLow (value: float) : bool = value < -1e100

    let isBest (run: Run) : bool =
        match run.Last, run.Best with
        | ValueSome last, ValueSome best -> last.Value <= best.Value
        | _ -> false

    let judge (run: Run) (step: Step<obj | null>) : Verdict =
        match run.Last with
        | ValueSome last when isTooLow last.Value ->
            Verdict.End(run, Reason.Unbounded last.Value, ValueNone, ValueNone)
        | ValueSome last when
            step.Accepted
            && not (Double.IsFinite last.Value && Double.IsFinite last.GradientNorm)
            ->
            let detail =
                $"at step {run.Steps} the value is {last.Value:g3} and the gradient norm {last.GradientNorm:g3}"

            Verdict.End(run, Reason.NotFinite detail, ValueNone, ValueNone)
        | ValueSome _
        | ValueNone ->
            let isStuck, detail =
                match step.Ending with
                | Ending.Continue -> false, ""
                | Ending.Stuck detail -> true, detail

            // A rejected trial is no answer, however small its gradient, unless it is the lowest point of all.
            let isHere =
                run.Last
                |> ValueOption.exists (fun last -> Object.ReferenceEquals(last.Point, run.Point))

            let isCandidate = step.Accepted || isHere || isBest run

            match
                (if isCandidate then
                     examine run isStuck
                 else
                     Verdict.GoOn run)
            with
            | Verdict.End _ as ended -> ended
            | Verdict.GoOn run ->
                match Rules.simpleEnd options.StopRules run with
                | ValueSome reason -> Verdict.End(run, reason, run.Last, ValueNone)
                | ValueNone when isStuck ->
                    Verdict.End(run, Reason.NoProgress detail, ValueNone, ValueNone)
                | ValueNone -> Verdict.GoOn run

    let report (run: Run) (step: Step<obj | null>) : StepReport =
        let value, norm =
            match run.Last with
            | ValueSome last -> last.Value, last.GradientNorm
            | ValueNone -> nan, nan

        {
            Step = run.Steps
            Value = value
            GradientNorm = norm
            StepSize = step.StepSize
            Accepted = step.Accepted
            Evaluations = run.Evaluations
            Elapsed = run.Elapsed
        }

    let observe (report: StepReport) (point: Tensor) : unit =
        let before = options.Clock.GetTimestamp()
        options.Observe report point
        observing <- observing + options.Clock.GetElapsedTime before

    let normOf (evaluation: Evaluation voption) : float =
        match evaluation with
        | ValueSome known when Double.IsFinite known.GradientNorm -> known.GradientNorm
        | ValueSome _
        | ValueNone -> 0.0

    let after (run: Run) (step: Step<obj | null>) : Run =
        let moveValue =
            match oracle.Last with
            | ValueSome last -> last.Value
            | ValueNone -> run.MoveValue

        let quiet =
            Rules.countQuiet options.StopRules run.MoveValue moveValue run.QuietMoves

        let next = {
            run with
                Point = step.Point
                State = step.State
                Steps = run.Steps + 1L
                Moves = if step.Accepted then run.Moves + 1L else run.Moves
                Evaluations = oracle.Evaluations
                Best = oracle.Best
                Last = oracle.Last
                LastSample = oracle.Sample
                StartNorm =
                    if run.StartNorm > 0.0 then
                        run.StartNorm
                    else
                        normOf oracle.Last
                QuietMoves = if step.Accepted then quiet else run.QuietMoves
                MoveValue = if step.Accepted then moveValue else run.MoveValue
                Elapsed = elapsed ()
        }

        let report = report next step
        observe report next.Point

        if options.TraceEvery > 0L && next.Steps % options.TraceEvery = 0L then
            { next with Trace = report :: next.Trace }
        else
            next

    /// A method may be anybody's: its points must be points of this objective.
    let checkPoint (before: Tensor) (after: Tensor) : unit =
        if not (before.Shape.SameAs after.Shape) || before.DType <> after.DType then
            let message =
                $"the method {method.Name} went to a point of shape {after.Shape} and type {after.DType}, "
                + $"expected {before.Shape} and {before.DType}"

            raise (ShapeException(message, "method"))

    /// The method's step, or why it was abandoned in the middle. What it allocated in vain is recycled.
    let attempt (run: Run) : Result<Step<obj | null>, Reason> =
        let work () =
            try
                let step = method.Step(oracle, run.Point, run.State)
                checkPoint run.Point step.Point
                Ok step
            with :? EvaluationRefused as refused ->
                Error refused.Reason

        let reach (result: Result<Step<obj | null>, Reason>) : Tensor seq =
            seq {
                match result with
                | Ok step ->
                    step.Point
                    yield! StateShape.tensors (shape.Encode step.State)
                | Error _ -> ()

                yield! oracle.Reach
            }

        Memory.recycling run.Point reach work

    /// Whether no other budget or request lets the run go on.
    let isFinal (run: Run) (reason: Reason) : bool =
        match reason with
        | Reason.NotFinite _
        | Reason.StartNotFinite _
        | Reason.Unbounded _ -> true
        | Reason.GradientSmall(norm, _) -> norm <= tolerance run
        | Reason.TargetReached _
        | Reason.Spent _
        | Reason.Paused _
        | Reason.Requested
        | Reason.SaddlePoint _
        | Reason.NoProgress _ -> false

    let saved (verdict: Verdict) : Verdict =
        let run, ended =
            match verdict with
            | Verdict.GoOn run -> run, ValueNone
            | Verdict.End(run, reason, at, certificate) ->
                run, ValueSome(RunEnd.create reason at certificate)

        match options.Save with
        | ValueSome plan when run.Steps % plan.Every = 0L ->
            Checkpoint.save plan.Path method { run with Ended = ended }
        | ValueSome _
        | ValueNone -> ()

        verdict

    /// The run before its first step.
    member _.Begin(start: Tensor) : Verdict =
        let fresh = {
            Point = start
            State = (null: (obj | null))
            Steps = 0L
            Moves = 0L
            Evaluations = Evaluations.none
            Best = ValueNone
            Last = ValueNone
            LastSample = 0L
            StartNorm = nan
            QuietMoves = Rules.noQuietMoves options.StopRules
            MoveValue = nan
            SaddleSince = -1L
            Elapsed = TimeSpan.Zero
            Ended = ValueNone
            Trace = []
        }

        try
            oracle.Begin(0L, 0L)
            let first = oracle.Evaluate start

            let begun = {
                fresh with
                    Evaluations = oracle.Evaluations
                    Best = oracle.Best
                    Last = oracle.Last
                    StartNorm = first.GradientNorm
                    MoveValue = first.Value
            }

            if not (Double.IsFinite first.Value && Double.IsFinite first.GradientNorm) then
                Verdict.End(begun, Reason.StartNotFinite first.Value, ValueNone, ValueNone)
            else
                let state = method.Init(oracle, start)

                let ready = {
                    begun with
                        State = state
                        Evaluations = oracle.Evaluations
                        Best = oracle.Best
                        Last = oracle.Last
                }

                examine ready false
        with :? EvaluationRefused as refused ->
            Verdict.End(
                { fresh with Evaluations = oracle.Evaluations },
                refused.Reason,
                ValueNone,
                ValueNone
            )

    /// Goes on from a saved run.
    member driver.Resume(run: Run) : Verdict =
        oracle.Restore(run.Evaluations, run.Best, run.Last, run.LastSample)
        let fresh = Rules.noQuietMoves options.StopRules

        // Other rules than before begin to count anew.
        let run =
            if fresh.Length = run.QuietMoves.Length then
                run
            else
                { run with QuietMoves = fresh }

        match run.Ended with
        | ValueSome ending when isFinal run ending.Reason ->
            Verdict.End(run, ending.Reason, ending.At, ending.Certificate)
        | ValueSome _
        | ValueNone when run.Best.IsNone ->
            // The method has no state yet, because the budget did not allow to look at the start.
            driver.Begin run.Point
        | ValueSome _
        | ValueNone -> Verdict.GoOn { run with Ended = ValueNone }

    /// One step.
    member _.Step(run: Run) : Verdict =
        if run.Steps >= options.Budget.Steps then
            Verdict.End(
                run,
                Reason.Spent("steps", string options.Budget.Steps),
                ValueNone,
                ValueNone
            )
        elif options.Budget.Time < TimeSpan.MaxValue && elapsed () >= options.Budget.Time then
            Verdict.End(run, Reason.Spent("time", $"{options.Budget.Time}"), ValueNone, ValueNone)
        elif Rules.isRequested options.StopRules then
            Verdict.End(run, Reason.Requested, ValueNone, ValueNone)
        else
            options.Cancellation.ThrowIfCancellationRequested()
            oracle.Begin(run.Steps, run.Moves)

            match attempt run with
            | Ok step -> judge (after run step) step |> saved
            | Error refusal ->
                let ended = {
                    run with
                        Evaluations = oracle.Evaluations
                        Best = oracle.Best
                        Elapsed = elapsed ()
                }

                Verdict.End(ended, refusal, ValueNone, ValueNone)

    /// The result of a run that ended.
    member _.Result
        (run: Run, reason: Reason, at: Evaluation voption, certificate: Certificate voption)
        : SolveResult =
        let chosen =
            if objective.IsStochastic then
                match at, run.Last with
                | ValueSome e, _ -> e
                | ValueNone, ValueSome last -> { last with Point = run.Point }
                | ValueNone, ValueNone -> {
                    Point = run.Point
                    Value = nan
                    Gradient = run.Point
                    GradientNorm = nan
                  }
            else
                // Only a certified minimum is given back though a lower value was seen; a saddle is not.
                match at, run.Best with
                | ValueSome e, _ when certificate.IsSome -> e
                | _, ValueSome best -> best
                | ValueSome e, ValueNone -> e
                | ValueNone, ValueNone -> {
                    Point = run.Point
                    Value = nan
                    Gradient = run.Point
                    GradientNorm = nan
                  }

        {
            Method = method.Name
            Outcome = Reason.outcome reason
            Reason = reason
            Point = chosen.Point
            Value = chosen.Value
            GradientNorm = chosen.GradientNorm
            Steps = run.Steps
            Evaluations = run.Evaluations
            Elapsed = run.Elapsed
            Trace = List.rev run.Trace
            Certificate = certificate
            Path = EvaluationPath.Eager
        }
