namespace Optim.Solve

#nowarn "3559" // A method's state is of a type that the loop does not know.

open System
open Optim
open Optim.Core

/// Whether a run goes on.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Verdict =
    | GoOn of Run
    /// It ended, at this evaluation if it is no mere best point.
    | End of Run * Reason * Evaluation voption * Certificate voption

/// One run's clock, oracle and tests. The loop asks it for one step after the other.
[<Sealed>]
type internal Driver(options: SolveOptions, method: Method, objective: Objective, earlier: TimeSpan) =
    let began = options.Clock.GetTimestamp()
    let mutable observing = TimeSpan.Zero
    let shape = StateShape.ofType method.StateType
    let key = Key.ofSeed options.Seed

    let elapsed () =
        earlier + options.Clock.GetElapsedTime began - observing

    let oracle = Oracle(objective, options.Budget, key, elapsed, options.Cancellation)

    /// The method's chance is apart from that of the certificates.
    let certificateKey = Key.fold -1L key

    let toleranceFor (run: Run) (rule: StopRule) : float =
        match rule with
        | StopRule.GradientBelow(absolute, relative) -> max absolute (relative * run.StartNorm)
        | StopRule.ValueBelow _
        | StopRule.ValueSettled _
        | StopRule.WhenRequested _ -> -1.0

    let tolerance (run: Run) : float =
        options.StopRules |> List.fold (fun largest rule -> max largest (toleranceFor run rule)) -1.0

    /// What a second look at the last evaluation means for the run.
    let confirm (run: Run) (insists: bool) (last: Evaluation) (limit: float) : Verdict =
        let looks =
            options.ExaminesCurvature
            && not objective.IsStochastic
            && oracle.TrySpend(0L, Certify.gradients last.Point.Length, Certify.products last.Point.Length) = ValueNone

        let run = { run with Evaluations = oracle.Evaluations }

        match Certify.check objective certificateKey limit looks last.Point with
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
            let isWaiting = run.SaddleSince >= 0L && run.Steps - run.SaddleSince < 3L && not insists

            if isWaiting then
                Verdict.GoOn run
            else
                match oracle.TrySpend(1L, 1L, 0L) with
                | ValueSome refusal -> Verdict.End(run, refusal, ValueNone, ValueNone)
                | ValueNone -> confirm run insists last limit
        | ValueSome _
        | ValueNone -> Verdict.GoOn { run with SaddleSince = -1L }

    let isTooLow (value: float) : bool = value < -1e100

    /// The rules that need no second look.
    let simpleEnd (run: Run) : Reason voption =
        let ofRule (rule: StopRule) (settled: (StopRule * int) list) =
            match rule, run.Last with
            | StopRule.ValueBelow target, ValueSome last when last.Value <= target ->
                ValueSome(Reason.TargetReached(last.Value, target))
            | StopRule.ValueSettled(relative, moves), _ ->
                let quiet = settled |> List.exists (fun (r, count) -> r = rule && count >= moves)

                if quiet then
                    ValueSome(Reason.NoProgress $"{moves} moves changed the value by less than a part {relative:g3} of it")
                else
                    ValueNone
            | _ -> ValueNone

        let settling =
            options.StopRules
            |> List.filter (fun rule ->
                match rule with
                | StopRule.ValueSettled _ -> true
                | _ -> false
            )

        let settled = List.zip settling run.QuietMoves

        options.StopRules
        |> List.fold (fun found rule -> found |> ValueOption.orElseWith (fun () -> ofRule rule settled)) ValueNone

    let countQuiet (before: Evaluation voption) (after: Evaluation voption) (accepted: bool) (counts: int list) : int list =
        let rules =
            options.StopRules
            |> List.choose (fun rule ->
                match rule with
                | StopRule.ValueSettled(relative, _) -> Some relative
                | StopRule.GradientBelow _
                | StopRule.ValueBelow _
                | StopRule.WhenRequested _ -> None
            )

        match before, after with
        | ValueSome b, ValueSome a when accepted && not (Object.ReferenceEquals(a, b)) ->
            List.map2
                (fun relative count ->
                    if abs (a.Value - b.Value) <= relative * max (abs a.Value) Double.Epsilon then count + 1 else 0
                )
                rules
                counts
        | _ -> counts

    let isRequested () : bool =
        options.StopRules
        |> List.exists (fun rule ->
            match rule with
            | StopRule.WhenRequested token -> token.IsCancellationRequested
            | StopRule.GradientBelow _
            | StopRule.ValueBelow _
            | StopRule.ValueSettled _ -> false
        )

    let isBest (run: Run) : bool =
        match run.Last, run.Best with
        | ValueSome last, ValueSome best -> last.Value <= best.Value
        | _ -> false

    let judge (run: Run) (step: Step<obj | null>) : Verdict =
        match run.Last with
        | ValueSome last when isTooLow last.Value ->
            Verdict.End(run, Reason.Unbounded last.Value, ValueNone, ValueNone)
        | ValueSome last when step.Accepted && not (Double.IsFinite last.Value && Double.IsFinite last.GradientNorm) ->
            let detail =
                $"the value is {last.Value} and the gradient norm {last.GradientNorm} where step {run.Steps} looked"

            Verdict.End(run, Reason.NotFinite detail, ValueNone, ValueNone)
        | ValueSome _
        | ValueNone ->
            let isStuck, detail =
                match step.Ending with
                | Ending.Continue -> false, ""
                | Ending.Stuck detail -> true, detail

            // A rejected trial is no answer, however small its gradient, unless it is the lowest point of all.
            let isCandidate = step.Accepted || isStuck || isBest run

            match (if isCandidate then examine run isStuck else Verdict.GoOn run) with
            | Verdict.End _ as ended -> ended
            | Verdict.GoOn run ->
                match simpleEnd run with
                | ValueSome reason -> Verdict.End(run, reason, run.Last, ValueNone)
                | ValueNone when isStuck -> Verdict.End(run, Reason.NoProgress detail, ValueNone, ValueNone)
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

    let after (run: Run) (step: Step<obj | null>) : Run =
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
                QuietMoves = countQuiet run.Last oracle.Last step.Accepted run.QuietMoves
                Elapsed = elapsed ()
        }

        let report = report next step
        observe report next.Point

        if options.TraceEvery > 0L && next.Steps % options.TraceEvery = 0L then
            { next with Trace = report :: next.Trace }
        else
            next

    /// The method's step, or why it was abandoned in the middle. What it allocated in vain is recycled.
    let attempt (run: Run) : Result<Step<obj | null>, Reason> =
        let work () =
            try
                Ok(method.Step(oracle, run.Point, run.State))
            with :? EvaluationRefused as refused ->
                Error refused.Reason

        let reach (result: Result<Step<obj | null>, Reason>) : Tensor seq = seq {
            match result with
            | Ok step ->
                step.Point
                yield! StateShape.tensors (shape.Encode step.State)
            | Error _ -> ()

            yield! oracle.Reach
        }

        Memory.recycling run.Point reach work

    let saved (verdict: Verdict) : Verdict =
        match options.Save, verdict with
        | ValueSome plan, Verdict.GoOn run
        | ValueSome plan, Verdict.End(run, _, _, _) when run.Steps % plan.Every = 0L ->
            Checkpoint.save plan.Path method run
        | _ -> ()

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
            QuietMoves =
                options.StopRules
                |> List.choose (fun rule ->
                    match rule with
                    | StopRule.ValueSettled _ -> Some 0
                    | _ -> None
                )
            SaddleSince = -1L
            Elapsed = TimeSpan.Zero
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
            Verdict.End({ fresh with Evaluations = oracle.Evaluations }, refused.Reason, ValueNone, ValueNone)

    /// Goes on from a saved run.
    member _.Resume(run: Run) : Verdict =
        oracle.Restore(run.Evaluations, run.Best, run.Last, run.LastSample)

        // A run that had already ended ends again; one that goes on was examined before.
        if not objective.IsStochastic && run.SaddleSince < 0L && isBest run then
            examine run false
        else
            Verdict.GoOn run

    /// One step.
    member _.Step(run: Run) : Verdict =
        if run.Steps >= options.Budget.Steps then
            Verdict.End(run, Reason.Spent("steps", string options.Budget.Steps), ValueNone, ValueNone)
        elif options.Budget.Time < TimeSpan.MaxValue && elapsed () >= options.Budget.Time then
            Verdict.End(run, Reason.Spent("time", $"{options.Budget.Time}"), ValueNone, ValueNone)
        elif isRequested () then
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
    member _.Result(run: Run, reason: Reason, at: Evaluation voption, certificate: Certificate voption) : SolveResult =
        let chosen =
            if objective.IsStochastic then
                match at, run.Last with
                | ValueSome e, _ -> e
                | ValueNone, ValueSome last -> { last with Point = run.Point }
                | ValueNone, ValueNone -> { Point = run.Point; Value = nan; Gradient = run.Point; GradientNorm = nan }
            else
                match at, run.Best with
                | ValueSome e, _
                | ValueNone, ValueSome e -> e
                | ValueNone, ValueNone -> { Point = run.Point; Value = nan; Gradient = run.Point; GradientNorm = nan }

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
        }
