namespace Optim.Core

open System
open Optim
open Optim.Solve

/// The one loop that runs every method.
[<RequireQualifiedAccess>]
module Solver =

    let private checkStart (start: Tensor) : unit =
        Check.floating (nameof start) start
        Check.rank (nameof start) 1 start

        if start.Length = 0 then
            raise (ShapeException("start has no elements, expected one or more", nameof start))

    let private checkOptions (options: SolveOptions) : unit =
        List.iter StopRule.check options.StopRules

        if options.TraceEvery < 0L then
            let message = $"TraceEvery is {options.TraceEvery}, expected 0 or more"
            raise (ArgumentOutOfRangeException(nameof options, message))

        if options.ObserveEvery < 1L then
            let message = $"ObserveEvery is {options.ObserveEvery}, expected 1 or more"
            raise (ArgumentOutOfRangeException(nameof options, message))

        match options.Save with
        | ValueSome plan when plan.Every < 1L ->
            raise (
                ArgumentOutOfRangeException(
                    nameof options,
                    $"Save.Every is {plan.Every}, expected 1 or more"
                )
            )
        | ValueSome _
        | ValueNone -> ()

    let rec private finish (driver: Driver) (verdict: Verdict) : SolveResult =
        match driver.Go(Int64.MaxValue, verdict) with
        | Verdict.GoOn _ as paused -> finish driver paused
        | Verdict.End(run, reason, at, certificate) -> driver.Result(run, reason, at, certificate)

    let private advance (driver: Driver) (count: int64) (verdict: Verdict) : Run * SolveResult =
        match driver.Go(count, verdict) with
        | Verdict.GoOn run -> run, driver.Result(run, Reason.Paused count, ValueNone, ValueNone)
        | Verdict.End(run, reason, at, certificate) ->
            { run with Ended = ValueSome(RunEnd.create reason at certificate) },
            driver.Result(run, reason, at, certificate)

    /// Minimizes the objective from a start (n). Numeric trouble is an outcome, never an exception.
    /// Errors: ArgumentException for illegal options or start; OperationCanceledException when the token of the options
    /// abandons the run; ShapeException when the method leaves the space of the start; whatever the objective's own function
    /// throws.
    let minimizeWith
        (options: SolveOptions)
        (method: Method)
        (objective: Objective)
        (start: Tensor)
        : SolveResult =
        checkOptions options
        checkStart start
        let driver = Driver(options, method, objective, TimeSpan.Zero)
        finish driver (driver.Begin start)

    /// Minimizes with SolveOptions.defaults.
    let minimize (method: Method) (objective: Objective) (start: Tensor) : SolveResult =
        minimizeWith SolveOptions.defaults method objective start

    /// At most `count` steps from a start: the run, to be saved or resumed, and the result as it stands.
    /// The outcome is BudgetSpent when the run could go on.
    let startFor
        (count: int64)
        (options: SolveOptions)
        (method: Method)
        (objective: Objective)
        (start: Tensor)
        : Run * SolveResult =
        checkOptions options
        checkStart start
        let driver = Driver(options, method, objective, TimeSpan.Zero)
        advance driver count (driver.Begin start)

    /// At most `count` more steps of a run. Together they are, bit by bit, what one uninterrupted run does.
    let resumeFor
        (count: int64)
        (options: SolveOptions)
        (method: Method)
        (objective: Objective)
        (run: Run)
        : Run * SolveResult =
        checkOptions options
        let driver = Driver(options, method, objective, run.Elapsed)
        advance driver count (driver.Resume run)

    /// Goes on with a run until it ends.
    let resume
        (options: SolveOptions)
        (method: Method)
        (objective: Objective)
        (run: Run)
        : SolveResult =
        snd (resumeFor Int64.MaxValue options method objective run)

    /// Minimizes one function of a vector and a member's data for many members side by side, each from its own start and
    /// with its own outcome: as minimizeWith for every member alone, up to rounding, but computed by one compiled program for
    /// a block of members at a time, on all processors. A member that ends makes room for the next. The results depend
    /// neither on the number of processors nor on the other members; how many there are changes rounding only. The program's
    /// value and gradient at the first member's start are compared with the function's own. Certificates of points of up to 32
    /// numbers are evaluated by the program, those of longer ones, if ExaminesCurvature, by the function itself. data: tensors
    /// (members, …), none for a function without data; starts: (members, n), Float64. Budget and stop rules hold for each
    /// member, but the time for all together; nothing is traced.
    /// Errors: ArgumentException for illegal options, tensors, or a method without a form in place; InvalidOperationException for
    /// a function that cannot be recorded or batched, as one that branches on a number, or that differs from its program, as one
    /// that captures what has changed; OperationCanceledException when the token of the options abandons the runs.
    let minimizeManyWith
        (options: SolveOptions)
        (method: Method)
        (objective: ManyObjective)
        (data: Tensor seq)
        (starts: Tensor)
        : ManyResult =
        checkOptions options
        Many.solve Environment.ProcessorCount options method objective (Array.ofSeq data) starts

    /// minimizeManyWith with SolveOptions.defaults.
    let minimizeMany
        (method: Method)
        (objective: ManyObjective)
        (data: Tensor seq)
        (starts: Tensor)
        : ManyResult =
        minimizeManyWith SolveOptions.defaults method objective data starts

    /// Fits one model to many data sets: for each member the parameters (n) that minimize ½ Σ rᵢ² for its residuals r, by
    /// BFGS. residuals: from the parameters and the member's part of each data tensor. See
    /// minimizeManyWith. What the function captures is common to all members. To fit again with the same function, keep
    /// ManyObjective.leastSquares and call minimizeMany: then nothing is compiled twice.
    let fitMany
        (residuals: Tensor -> Tensor[] -> Tensor)
        (data: Tensor seq)
        (starts: Tensor)
        : ManyResult =
        let objective = ManyObjective.leastSquares "fit" residuals
        minimizeMany (Bfgs.create Bfgs.defaults) objective data starts
