namespace Optim.Laws

open System
open System.Threading
open FsCheck
open FsCheck.FSharp
open Optim.Core

/// Ends that come from outside: time, cancellation, requests.
[<RequireQualifiedAccess>]
module Interruptions =

    /// Runs with an event at one call of the function or after one step; Steps is its number.
    let private interruptions (settings: LawSettings) : Arbitrary<Trial> =
        Law.trials (Law.cases settings ProblemGenerators.smooth) 20

    let private keepsTime (settings: LawSettings) : Law = {
        Name = "never over time"
        Statement =
            "When each call of the function takes a tick of the clock, no call begins after the budget of time."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        "let ticks = ref 0L"
                        "let clock ="
                        "    { new TimeProvider() with"
                        "        member _.TimestampFrequency = 1000L"
                        "        member _.GetTimestamp() = ticks.Value }"
                        "let slow f x ="
                        "    ticks.Value <- ticks.Value + 1L"
                        "    f x"
                        "let objective = {"
                        "    problem.Objective with"
                        "        Function = slow problem.Objective.Function"
                        "        FunctionAt = fun k -> slow (problem.Objective.FunctionAt k)"
                        "}"
                        "let options = {"
                        "    SolveOptions.defaults with"
                        $"        Budget = {{ Budget.standard with Time = TimeSpan.FromMilliseconds {float trial.Steps:f1} }}"
                        "        Clock = clock"
                        "}"
                        "let result = Solver.minimizeWith options method objective problem.Start"
                        "printfn \"%s after %d calls\" (SolveResult.text result) ticks.Value"
                    ]

                Law.forAll
                    settings
                    (interruptions settings)
                    program
                    (fun trial ->
                        let clock = ManualClock()
                        let counter = CallCounter(fun _ -> clock.Advance())
                        let problem = Law.problem settings trial.Case

                        let options = {
                            SolveOptions.defaults with
                                Budget = {
                                    Budget.steps 100L with
                                        Time = TimeSpan.FromMilliseconds(float trial.Steps)
                                }
                                Clock = clock
                        }

                        let objective = counter.Wrap problem.Objective
                        Solver.minimizeWith options method objective problem.Start |> ignore

                        Law.expect
                            (counter.Total <= trial.Steps)
                            (fun () ->
                                $"{counter.Total} calls of the function in {trial.Steps} ticks of the clock"
                            )
                    )
    }

    let private cancelled (settings: LawSettings) (method: Method) (trial: Trial) : string voption =
        use source = new CancellationTokenSource()

        let counter =
            CallCounter(fun calls ->
                if calls = trial.Steps then
                    source.Cancel()
            )

        let problem = Law.problem settings trial.Case

        let options = {
            SolveOptions.defaults with
                Budget = Budget.steps 100L
                Cancellation = source.Token
        }

        let objective = counter.Wrap problem.Objective

        let outcome =
            try
                let result = Solver.minimizeWith options method objective problem.Start

                if counter.Total < trial.Steps then
                    ValueNone
                else
                    ValueSome result
            with :? OperationCanceledException ->
                ValueNone

        Law.firstOf [
            Law.expect
                (counter.Total <= trial.Steps)
                (fun () ->
                    $"cancelled in call {trial.Steps} of the function, but it was called {counter.Total} times"
                )
            (match outcome with
             | ValueSome result when result.Outcome = Outcome.BudgetSpent ->
                 ValueSome
                     $"cancelled in call {trial.Steps} of the function, but the run went on to the end"
             | ValueSome _
             | ValueNone -> ValueNone)
        ]

    let private canBeCancelled (settings: LawSettings) : Law = {
        Name = "a cancelled run ends at once"
        Statement =
            "After its token is cancelled, a run asks for nothing more and throws OperationCanceledException, if it was not at its "
            + "end already."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        "let source = new System.Threading.CancellationTokenSource()"
                        "let calls = ref 0"
                        "let cancelling f x ="
                        "    calls.Value <- calls.Value + 1"
                        $"    if calls.Value = {trial.Steps} then source.Cancel()"
                        "    f x"
                        "let objective = {"
                        "    problem.Objective with"
                        "        Function = cancelling problem.Objective.Function"
                        "        FunctionAt = fun k -> cancelling (problem.Objective.FunctionAt k)"
                        "}"
                        "let options = {"
                        "    SolveOptions.defaults with"
                        "        Budget = Budget.steps 100L"
                        "        Cancellation = source.Token"
                        "}"
                        "try"
                        "    let result = Solver.minimizeWith options method objective problem.Start"
                        "    printfn \"%s\" (SolveResult.text result)"
                        "finally"
                        "    printfn \"%d calls\" calls.Value"
                    ]

                Law.forAll settings (interruptions settings) program (cancelled settings method)
    }

    /// What contradicts an end that was requested in this step.
    let internal late (step: int64) (result: SolveResult) : string voption =
        Law.firstOf [
            Law.expect
                (result.Steps <= step)
                (fun () -> $"{result.Steps} steps, an end was requested in {step}")
            Law.expect
                (result.Outcome <> Outcome.BudgetSpent)
                (fun () ->
                    $"the reason is {Reason.text result.Reason}, though an end was requested"
                )
        ]

    let private requested (settings: LawSettings) (method: Method) (trial: Trial) : string voption =
        use source = new CancellationTokenSource()
        let problem = Law.problem settings trial.Case

        let options = {
            SolveOptions.defaults with
                Budget = Budget.steps 100L
                StopRules = StopRule.WhenRequested source.Token :: StopRule.standard
                Observe =
                    fun report _ ->
                        if report.Step = trial.Steps then
                            source.Cancel()
        }

        late trial.Steps (Trial.recordWith options method problem).Result

    let private endsOnRequest (settings: LawSettings) : Law = {
        Name = "a requested end comes after the step"
        Statement =
            "When an end is requested during a step, the run finishes the step and stops with its best point."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        "let source = new System.Threading.CancellationTokenSource()"
                        "let options = {"
                        "    SolveOptions.defaults with"
                        "        StopRules = StopRule.WhenRequested source.Token :: StopRule.standard"
                        $"        Observe = fun report _ -> if report.Step = {trial.Steps}L then source.Cancel()"
                        "}"
                        "let result = Solver.minimizeWith options method problem.Objective problem.Start"
                        "printfn \"%s\" (SolveResult.text result)"
                    ]

                Law.forAll settings (interruptions settings) program (requested settings method)
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        keepsTime settings
        canBeCancelled settings
        endsOnRequest settings
    ]
