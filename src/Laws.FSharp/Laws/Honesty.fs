namespace Optim.Laws

open System
open Optim
open Optim.Core

/// Results that say what is true, whatever the method does.
[<RequireQualifiedAccess>]
module Honesty =

    /// Two formulas of one gradient round differently.
    [<Literal>]
    let internal rounding = 0.01

    let internal tolerance: float =
        StopRule.standard
        |> List.tryPick (fun rule ->
            match rule with
            | StopRule.GradientBelow(_, relative) -> Some relative
            | StopRule.ValueBelow _
            | StopRule.ValueSettled _
            | StopRule.WhenRequested _ -> None
        )
        |> Option.defaultValue 0.0

    let private saddle (problem: LawProblem) (point: float[]) : string voption =
        let struct (smallest, largest) = LawProblem.curvatures problem point

        Law.expect
            (not (smallest < -1e-4 * largest))
            (fun () ->
                $"Converged at a saddle or maximum: the smallest curvature there is {smallest:g3}"
            )

    let private certified
        (problem: LawProblem)
        (result: SolveResult)
        (certificate: Certificate)
        : string voption =
        let point = result.Point.ToArray()
        let norm = LawProblem.gradientNorm problem point
        let atStart = LawProblem.gradientNorm problem (problem.Start.ToArray())
        // From a start without slope the tolerance refers to a later gradient, which only the run has seen.
        let asked =
            if atStart > 0.0 then
                tolerance * atStart
            else
                certificate.Tolerance

        let asked = asked * (1.0 + rounding)
        let value = problem.ValueAt point

        Law.firstOf [
            Law.expect
                (norm <= asked)
                (fun () -> $"Converged with a gradient of {norm:g3}, tolerance {asked:g3}")
            Law.expect
                (certificate.GradientNorm <= asked)
                (fun () ->
                    $"the certificate has a gradient of {certificate.GradientNorm:g3}, tolerance {asked:g3}"
                )
            Law.expect (Double.IsFinite value) (fun () -> $"Converged where the value is {value}")
            (if problem.Objective.IsStochastic then
                 ValueNone
             else
                 saddle problem point)
        ]

    /// What is false about a result of StopRule.standard that says Converged; nothing if it is true or says something else.
    /// Converged needs a certificate, a hand-computed gradient of at most 1e-9 times that at the start, a finite value, and no
    /// direction of negative curvature.
    let falseConvergence (problem: LawProblem) (result: SolveResult) : string voption =
        match result.Outcome, result.Certificate with
        | Outcome.Converged, ValueSome certificate -> certified problem result certificate
        | Outcome.Converged, ValueNone -> ValueSome "Converged without a certificate"
        | Outcome.BudgetSpent, ValueSome _
        | Outcome.Stopped, ValueSome _
        | Outcome.Failed, ValueSome _ -> ValueSome $"{result.Outcome} with a certificate"
        | Outcome.BudgetSpent, ValueNone
        | Outcome.Stopped, ValueNone
        | Outcome.Failed, ValueNone -> ValueNone

    let private neverFalselyConverged (settings: LawSettings) : Law = {
        Name = "never a false Converged"
        Statement =
            "Where a run says Converged, the gradient computed by hand is finite and at most the tolerance, and no direction "
            + "curves downwards."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withResult trial [
                        "let point = result.Point.ToArray()"
                        "let struct (smallest, largest) = LawProblem.curvatures problem point"
                        "let atStart = LawProblem.gradientNorm problem (problem.Start.ToArray())"
                        "printfn \"gradient %g of %g at the start\" (LawProblem.gradientNorm problem point) atStart"
                        "printfn \"curvatures from %g, largest %g\" smallest largest"
                    ]

                Law.forAll
                    { settings with Cases = 2 * settings.Cases }
                    (Law.trials (Law.cases settings ProblemGenerators.any) 80)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        falseConvergence problem (Trial.record method trial problem).Result
                    )
    }

    let internal isFinite (report: StepReport) : bool =
        Double.IsFinite report.Value && Double.IsFinite report.GradientNorm

    /// What contradicts that the result is the best point seen.
    let internal notBest (problem: LawProblem) (recording: Recording) : string voption =
        let result = recording.Result
        let atPoint = (problem.Objective.Function result.Point).ToScalar()

        // A compiled objective adds up in another order than the function itself.
        let slack =
            if Objective.isCompiled problem.Objective then
                1e-12 * abs atPoint
            else
                0.0

        let lower =
            recording.Stops
            |> List.tryFind (fun stop -> isFinite stop.Report && stop.Report.Value < result.Value)

        // Converged returns the point that is certified; it may lie above the best by what the gradient leaves open.
        let mayDiffer = result.Outcome = Outcome.Converged

        Law.firstOf [
            Law.expect
                (atPoint.Equals result.Value || abs (atPoint - result.Value) <= slack)
                (fun () ->
                    $"the result's value is {result.Value:R}, at its point the value is {atPoint:R}"
                )
            (match lower with
             | Some stop when not mayDiffer ->
                 ValueSome
                     $"the result's value is {result.Value:R}, but step {stop.Report.Step} saw {stop.Report.Value:R}"
             | Some _
             | None -> ValueNone)
        ]

    let private keepsBest (settings: LawSettings) : Law = {
        Name = "the best point is kept"
        Statement =
            "The result of a deterministic objective is a point with just the value it says (but for rounding where it is compiled), "
            + "and no step saw a lower one with a finite gradient, unless the result is a certified minimum."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withResult trial [
                        "printfn \"value %.17g at the result\" ((problem.Objective.Function result.Point).ToScalar())"
                        "printfn \"lowest seen %.17g\" (result.Trace |> List.map _.Value |> List.min)"
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.smooth) 60)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        notBest problem (Trial.record method trial problem)
                    )
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        neverFalselyConverged settings
        keepsBest settings
    ]
