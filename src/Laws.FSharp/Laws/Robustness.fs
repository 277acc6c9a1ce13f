namespace Optim.Laws

open System
open Optim
open Optim.Core

/// Runs that numeric trouble does not break.
[<RequireQualifiedAccess>]
module Robustness =

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
                    (Law.trials (Law.cases settings ProblemGenerators.any) 60)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        sane problem (Trial.record method trial problem)
                    )
    }

    let private badStop (problem: LawProblem) (stop: Stop) : string voption =
        let at, report = stop.At, stop.Report

        Law.firstOf [
            Law.expect
                (at.Length = problem.Start.Length)
                (fun () ->
                    $"step {report.Step} gave {at.Length} numbers, the start has {problem.Start.Length}"
                )
            Law.expect
                (not (Honesty.isFinite report) || Floats.isFinite at)
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
                    (Law.trials (Law.cases settings ProblemGenerators.smooth) 40)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case

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
                    let problem = inSingle (Law.problem settings trial.Case)
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
                    (Law.trials (Law.cases settings ProblemGenerators.smooth) 15)
                    program
                    (doubled method)
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
            Honesty.tolerance
            * abs factor
            * LawProblem.gradientNorm problem start
            * (1.0 + Honesty.rounding)

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
                    (Law.trials (Law.cases settings ProblemGenerators.wronglyDifferentiated) 40)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = Law.problem settings trial.Case

                        let factor =
                            match trial.Case with
                            | ProblemCase.WronglyDifferentiated(factor, _) -> factor
                            | _ -> 1.0

                        misled factor problem trial (Trial.record method trial problem)
                    )
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        neverThrows settings
        staysFinite settings
        keepsElementType settings
        survivesWrongDerivatives settings
    ]
