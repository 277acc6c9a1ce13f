namespace Optim.Solve

#nowarn "3559" // A method's state is of a type that the loop does not know.

open System
open Optim
open Optim.Core
open Optim.Contract

/// One run: its beginning, its steps, and its result.
[<Sealed>]
type internal Driver(options: SolveOptions, method: Method, objective: Objective, earlier: TimeSpan)
    =
    // Read by reflection, which takes tens of milliseconds and is not needed by runs in place. A user's method has no twin: whether
    // its state can be saved shows before anything is computed.
    let shape = lazy method.StateShape

    do
        match method.Twin with
        | ValueNone -> shape.Force() |> ignore
        | ValueSome _ -> ()

    let clock = RunClock(options, earlier)

    let oracle =
        Oracle(
            objective,
            options.Budget,
            Key.ofSeed options.Seed,
            (fun () -> clock.Elapsed),
            options.Cancellation
        )

    let judge = Judge(options, objective, oracle, clock)

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

    let after (run: Run) (step: Step<obj | null>) : Run =
        let struct (moveValue, lastNorm) =
            match oracle.Last with
            | ValueSome last -> struct (last.Value, last.GradientNorm)
            | ValueNone -> struct (run.MoveValue, nan)

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
                StartNorm = Bookkeeping.startNorm run.StartNorm lastNorm
                QuietMoves = if step.Accepted then quiet else run.QuietMoves
                MoveValue = if step.Accepted then moveValue else run.MoveValue
                Elapsed = clock.Elapsed
        }

        let report = report next step

        if SolveOptions.isObserved options next.Steps then
            clock.Observe(report, next.Point)

        if Bookkeeping.isTraced options next.Steps then
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

        Check.sameDevice "method" before after

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
            let found =
                match result with
                | Ok step -> StateShape.tensors shape.Value step.State
                | Error _ -> System.Collections.Generic.List()

            match result with
            | Ok step -> found.Add step.Point
            | Error _ -> ()

            found.AddRange oracle.Reach
            found

        Memory.recycling run.Point reach work

    /// One step of the method's pure functions.
    let step (run: Run) : Verdict =
        match judge.Refusal run.Steps with
        | ValueSome reason -> Verdict.End(run, reason, ValueNone, ValueNone)
        | ValueNone ->
            oracle.Begin(run.Steps, run.Moves)

            match attempt run with
            | Ok step -> judge.Judge(after run step, step) |> Bookkeeping.save options method
            | Error refusal ->
                let ended = {
                    run with
                        Evaluations = oracle.Evaluations
                        Best = oracle.Best
                        Elapsed = clock.Elapsed
                }

                Verdict.End(ended, refusal, ValueNone, ValueNone)

    let rec pureSteps (left: int64) (verdict: Verdict) : Verdict =
        match verdict with
        | Verdict.GoOn run when left > 0L -> pureSteps (left - 1L) (step run)
        | Verdict.GoOn _
        | Verdict.End _ -> verdict

    /// The method's twin and the objective's arrays for points like this one, if there are both.
    let inPlace (point: Tensor) : struct (Workspace * ArrayFunction) voption =
        match method.Twin, oracle.ArraysFor point with
        | ValueSome twin, ValueSome arrays -> ValueSome(struct (twin point.Length, arrays))
        | _ -> ValueNone

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

                judge.Examine ready
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
        | ValueSome ending when judge.IsFinal(run, ending.Reason) ->
            Verdict.End(run, ending.Reason, ending.At, ending.Certificate)
        | ValueSome _
        | ValueNone when run.Best.IsNone ->
            // The method has no state yet, because the budget did not allow to look at the start.
            driver.Begin run.Point
        | ValueSome _
        | ValueNone -> Verdict.GoOn { run with Ended = ValueNone }

    /// At most `most` steps: in place where method, objective and point allow that, otherwise by the pure functions.
    member _.Go(most: int64, verdict: Verdict) : Verdict =
        match verdict with
        | Verdict.End _ -> verdict
        | Verdict.GoOn run when most <= 0L -> Verdict.GoOn run
        | Verdict.GoOn run ->
            match run.Last, run.Best with
            | ValueSome last, ValueSome best ->
                match inPlace run.Point with
                | ValueSome(struct (workspace, arrays)) when
                    Object.ReferenceEquals((workspace.Standing run.State).Point, run.Point)
                    ->
                    InPlaceLoop(options, method, workspace, arrays, judge, oracle, clock)
                        .Go(run, last, best, most)
                | ValueSome _
                | ValueNone -> pureSteps most verdict
            | _ -> pureSteps most verdict

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
            Path =
                if oracle.UsesArrays then
                    EvaluationPath.Compiled
                else
                    EvaluationPath.Eager
        }
