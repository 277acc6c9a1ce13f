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

/// EndTests that all loops share, on plain numbers.
[<RequireQualifiedAccess>]
module internal EndTests =

    /// Whether no bounded objective falls so low.
    let isTooLow (value: float) : bool = value < -1e100

    /// The reason of a run that went to a point where value or gradient are not finite.
    let notFinite (steps: int64) (value: float) (norm: float) : Reason =
        Reason.NotFinite $"at step {steps} the value is {value:g3} and the gradient norm {norm:g3}"

    /// Whether a method still has steps to leave a saddle that was found.
    let isLeaving (steps: int64) (saddleSince: int64) : bool =
        saddleSince >= 0L && steps - saddleSince < 3L

/// Decides after each step of a run whether it goes on. All loops ask it, so that a run ends alike on every path.
[<Sealed>]
type internal Judge(options: SolveOptions, objective: Objective, oracle: Oracle, clock: RunClock) =
    // The method's chance is apart from that of the certificates.
    let certificateKey = Key.fold -1L (Key.ofSeed options.Seed)
    let target = Rules.target options.StopRules
    // Asked once: comparing times allocates.
    let isTimed = options.Budget.Time < TimeSpan.MaxValue
    let mayBeRequested = Rules.mayBeRequested options.StopRules

    let tolerance (startNorm: float) : float =
        Rules.tolerance options.StopRules startNorm

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
        let limit = tolerance run.StartNorm

        match run.Last with
        | ValueSome last when last.GradientNorm <= limit ->
            let isWaiting = EndTests.isLeaving run.Steps run.SaddleSince && not insists

            if isWaiting then
                Verdict.GoOn run
            else
                match oracle.TrySpend(1L, 1L, 0L) with
                | ValueSome refusal -> Verdict.End(run, refusal, ValueNone, ValueNone)
                | ValueNone -> confirm run insists last limit
        | ValueSome _
        | ValueNone -> Verdict.GoOn { run with SaddleSince = -1L }

    let isBest (run: Run) : bool =
        match run.Last, run.Best with
        | ValueSome last, ValueSome best -> last.Value <= best.Value
        | _ -> false

    /// The largest gradient norm that GradientBelow rules allow; below 0 when there is none.
    member _.Tolerance(startNorm: float) : float = tolerance startNorm

    /// The run before its first step, at its start.
    member _.Examine(run: Run) : Verdict = examine run false

    /// Whether the run may not go on with another step, and why.
    member _.Refusal(steps: int64) : Reason voption =
        if steps >= options.Budget.Steps then
            ValueSome(Reason.Spent("steps", string options.Budget.Steps))
        elif isTimed && clock.Elapsed >= options.Budget.Time then
            ValueSome(Reason.Spent("time", $"{options.Budget.Time}"))
        elif mayBeRequested && Rules.isRequested options.StopRules then
            ValueSome Reason.Requested
        else
            options.Cancellation.ThrowIfCancellationRequested()
            ValueNone

    /// False where `Judge` would certainly let the run go on as it is. Cheap: it allocates nothing. value and norm: those of the
    /// last evaluation; limit: the tolerance; isStuck: whether the method cannot go on; saddleSince: as in the run.
    member _.MayMatter
        (value: float, norm: float, limit: float, accepted: bool, isStuck: bool, saddleSince: int64)
        : bool =
        isStuck
        || EndTests.isTooLow value
        || accepted && not (Double.IsFinite value && Double.IsFinite norm)
        || norm <= limit
        || saddleSince >= 0L
        || value <= target

    /// Whether the run goes on after a step that led to it.
    member _.Judge(run: Run, step: Step<obj | null>) : Verdict =
        match run.Last with
        | ValueSome last when EndTests.isTooLow last.Value ->
            Verdict.End(run, Reason.Unbounded last.Value, ValueNone, ValueNone)
        | ValueSome last when
            step.Accepted
            && not (Double.IsFinite last.Value && Double.IsFinite last.GradientNorm)
            ->
            let reason = EndTests.notFinite run.Steps last.Value last.GradientNorm
            Verdict.End(run, reason, ValueNone, ValueNone)
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
                let value = run.Last |> ValueOption.map _.Value |> ValueOption.defaultValue nan

                match Rules.simpleEnd options.StopRules value run.QuietMoves with
                | ValueSome reason -> Verdict.End(run, reason, run.Last, ValueNone)
                | ValueNone when isStuck ->
                    Verdict.End(run, Reason.NoProgress detail, ValueNone, ValueNone)
                | ValueNone -> Verdict.GoOn run

    /// Whether no other budget or request lets an ended run go on.
    member _.IsFinal(run: Run, reason: Reason) : bool =
        match reason with
        | Reason.NotFinite _
        | Reason.StartNotFinite _
        | Reason.Unbounded _ -> true
        | Reason.GradientSmall(norm, _) -> norm <= tolerance run.StartNorm
        | Reason.TargetReached _
        | Reason.Spent _
        | Reason.Paused _
        | Reason.Requested
        | Reason.SaddlePoint _
        | Reason.NoProgress _ -> false

/// What every loop does with a step besides judging it.
[<RequireQualifiedAccess>]
module internal Bookkeeping =

    /// |∇f| at the start, or else the first finite one after it that is above 0.
    let startNorm (known: float) (latest: float) : float =
        if known > 0.0 then known
        elif Double.IsFinite latest then latest
        else 0.0

    /// Whether a report of this step is kept.
    let isTraced (options: SolveOptions) (step: int64) : bool =
        options.TraceEvery > 0L && step % options.TraceEvery = 0L

    /// Whether the run is saved after this step.
    let isSaved (options: SolveOptions) (step: int64) : bool =
        match options.Save with
        | ValueSome plan -> step % plan.Every = 0L
        | ValueNone -> false

    /// Saves the run in question where that is planned.
    let save (options: SolveOptions) (method: Method) (verdict: Verdict) : Verdict =
        let run, ended =
            match verdict with
            | Verdict.GoOn run -> run, ValueNone
            | Verdict.End(run, reason, at, certificate) ->
                run, ValueSome(RunEnd.create reason at certificate)

        match options.Save with
        | ValueSome plan when isSaved options run.Steps ->
            Checkpoint.save plan.Path method { run with Ended = ended }
        | ValueSome _
        | ValueNone -> ()

        verdict
