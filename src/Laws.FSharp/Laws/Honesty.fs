namespace Optim.Laws

open System
open Optim
open Optim.Core

/// Results that say what is true, whatever the method does.
[<RequireQualifiedAccess>]
module Honesty =

    /// Two formulas of one gradient round differently.
    [<Literal>]
    let private rounding = 0.01

    let private tolerance: float =
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
                    (Law.trials ProblemGenerators.any 80)
                    program
                    (fun trial ->
                        let problem = LawProblem.ofCase trial.Case
                        falseConvergence problem (Trial.record method trial problem).Result
                    )
    }

    let private sane (problem: LawProblem) (recording: Recording) : string voption =
        let result = recording.Result
        let isStartFinite = Double.IsFinite(problem.ValueAt(problem.Start.ToArray()))

        Law.firstOf [
            Law.expect
                (Reason.outcome result.Reason = result.Outcome)
                (fun () ->
                    $"the outcome is {result.Outcome}, but the reason: {Reason.text result.Reason}"
                )
            Law.expect
                (not isStartFinite || Floats.isFinite (result.Point.ToArray()))
                (fun () -> $"the result's point is {result.Point}")
        ]

    let private neverThrows (settings: LawSettings) : Law = {
        Name = "never an exception for numeric trouble"
        Statement =
            "NaN, infinity, jumps, missing lower bounds, flat regions and scales of 1e±12 end a run with a reason and a finite "
            + "point, never with an exception."
        Check =
            fun method ->
                Law.forAll
                    { settings with Cases = 3 * settings.Cases }
                    (Law.trials ProblemGenerators.any 60)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = LawProblem.ofCase trial.Case
                        sane problem (Trial.record method trial problem)
                    )
    }

    let private isFinite (report: StepReport) : bool =
        Double.IsFinite report.Value && Double.IsFinite report.GradientNorm

    let private badStop (problem: LawProblem) (stop: Stop) : string voption =
        let at, report = stop.At, stop.Report

        Law.firstOf [
            Law.expect
                (at.Length = problem.Start.Length)
                (fun () ->
                    $"step {report.Step} gave {at.Length} numbers, the start has {problem.Start.Length}"
                )
            Law.expect
                (not (isFinite report) || Floats.isFinite at)
                (fun () ->
                    let numbers = at |> Array.map string |> String.concat ", "
                    $"step {report.Step} went to ({numbers}) though value and gradient were finite"
                )
        ]

    let private staysFinite (settings: LawSettings) : Law = {
        Name = "finite numbers lead to finite points"
        Statement =
            "Where value and gradient are finite, every step gives a finite point of the start's length."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        $"let options = {Trial.optionsSource trial}"
                        "let observe (report: StepReport) (point: Tensor) ="
                        "    printfn \"%d: value %g at %A\" report.Step report.Value (point.ToArray())"
                        "let watched = { options with Observe = observe }"
                        "Solver.minimizeWith watched method problem.Objective problem.Start |> ignore"
                    ]

                Law.forAll
                    settings
                    (Law.trials ProblemGenerators.smooth 40)
                    program
                    (fun trial ->
                        let problem = LawProblem.ofCase trial.Case

                        (Trial.record method trial problem).Stops
                        |> Seq.map (badStop problem)
                        |> Law.firstOf
                    )
    }

    /// The same problem for points of single precision.
    let private inSingle (problem: LawProblem) : LawProblem =
        let single (f: Tensor -> Tensor) (x: Tensor) =
            Tensor.cast DType.Float32 (f (Tensor.cast DType.Float64 x))

        let f = single problem.Objective.Function

        {
            problem with
                Objective = Objective.composed "problem in single precision" (fun x -> x) f
                Start = Tensor.cast DType.Float32 problem.Start
        }

    let private keepsElementType (settings: LawSettings) : Law = {
        Name = "single precision stays single"
        Statement =
            "From a start of Float32 elements every step and the result are Float32, without an exception."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        "let single f x = Tensor.cast DType.Float32 (f (Tensor.cast DType.Float64 x))"
                        "let objective = Objective.composed \"single\" id (single problem.Objective.Function)"
                        "let start = Tensor.cast DType.Float32 problem.Start"
                        "let observe (report: StepReport) (point: Tensor) ="
                        "    printfn \"%d: %O\" report.Step point.DType"
                        $"let options = {{ {(Trial.optionsSource trial).Trim([| '{'; '}'; ' ' |])}; Observe = observe }}"
                        "Solver.minimizeWith options method objective start |> ignore"
                    ]

                let doubled (method: Method) (trial: Trial) : string voption =
                    let problem = inSingle (LawProblem.ofCase trial.Case)
                    let mutable found = ValueNone

                    let observe (report: StepReport) (point: Tensor) : unit =
                        if point.DType <> DType.Float32 && found.IsNone then
                            found <-
                                ValueSome
                                    $"step {report.Step} gave a point of {point.DType} elements"

                    let options = { Trial.options trial with Observe = observe }
                    Solver.minimizeWith options method problem.Objective problem.Start |> ignore
                    found

                Law.forAll
                    settings
                    (Law.trials ProblemGenerators.smooth 15)
                    program
                    (doubled method)
    }

    /// What contradicts that the result is the best point seen.
    let internal notBest (problem: LawProblem) (recording: Recording) : string voption =
        let result = recording.Result
        let atPoint = (problem.Objective.Function result.Point).ToScalar()

        let lower =
            recording.Stops
            |> List.tryFind (fun stop -> isFinite stop.Report && stop.Report.Value < result.Value)

        // Converged returns the point that is certified; it may lie above the best by what the gradient leaves open.
        let mayDiffer = result.Outcome = Outcome.Converged

        Law.firstOf [
            Law.expect
                (atPoint.Equals result.Value)
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
            "The result of a deterministic objective is a point with just the value it says, and no step saw a lower one with a "
            + "finite gradient, unless the result is a certified minimum."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withResult trial [
                        "printfn \"value %.17g at the result\" ((problem.Objective.Function result.Point).ToScalar())"
                        "printfn \"lowest seen %.17g\" (result.Trace |> List.map _.Value |> List.min)"
                    ]

                Law.forAll
                    settings
                    (Law.trials ProblemGenerators.smooth 60)
                    program
                    (fun trial ->
                        let problem = LawProblem.ofCase trial.Case
                        notBest problem (Trial.record method trial problem)
                    )
    }

    let private misled
        (factor: float)
        (problem: LawProblem)
        (trial: Trial)
        (recording: Recording)
        : string voption =
        let result = recording.Result
        let start = problem.Start.ToArray()
        let norm = abs factor * LawProblem.gradientNorm problem (result.Point.ToArray())

        let asked =
            tolerance
            * abs factor
            * LawProblem.gradientNorm problem start
            * (1.0 + rounding)

        let first = (problem.Objective.Function problem.Start).ToScalar()

        Law.firstOf [
            Law.expect
                (result.Steps <= trial.Steps)
                (fun () -> $"{result.Steps} steps, the budget was {trial.Steps}")
            Law.expect
                (result.Outcome = Outcome.Converged || result.Value <= first)
                (fun () -> $"the result's value {result.Value:R} is above the start's, {first:R}")
            Law.expect
                (result.Outcome <> Outcome.Converged || norm <= asked)
                (fun () ->
                    $"Converged where even the wrong gradient is {norm:g3}, tolerance {asked:g3}"
                )
        ]

    let private survivesWrongDerivatives (settings: LawSettings) : Law = {
        Name = "wrong derivatives do no harm"
        Statement =
            "With gradients of a wrong sign or size a run throws nothing, keeps its budget, gives back nothing worse than the "
            + "start, and says Converged only where the given gradient is small."
        Check =
            fun method ->
                Law.forAll
                    settings
                    (Law.trials ProblemGenerators.wronglyDifferentiated 40)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = LawProblem.ofCase trial.Case

                        let factor =
                            match trial.Case with
                            | ProblemCase.WronglyDifferentiated(factor, _) -> factor
                            | _ -> 1.0

                        misled factor problem trial (Trial.record method trial problem)
                    )
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        neverFalselyConverged settings
        neverThrows settings
        staysFinite settings
        keepsElementType settings
        keepsBest settings
        survivesWrongDerivatives settings
    ]
