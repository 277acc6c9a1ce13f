namespace Optim.Laws

open System
open FsCheck
open Optim.Core

/// How far methods must come that claim it.
[<RequireQualifiedAccess>]
module Progress =

    let private path (trial: Trial) : string =
        Snippet.withProblem trial.Case [
            $"let options = {Trial.optionsSource trial}"
            "let observe (report: StepReport) (point: Tensor) ="
            "    if report.Accepted then"
            "        let x = point.ToArray()"
            "        let value = (problem.Objective.Function point).ToScalar()"
            "        printfn \"%d: value %.17g gradient %g\" report.Step value (LawProblem.gradientNorm problem x)"
            "let watched = { options with Observe = observe }"
            "let result = Solver.minimizeWith watched method problem.Objective problem.Start"
            "printfn \"%s\" (SolveResult.text result)"
        ]

    let private isMonotone (settings: LawSettings) : Law = {
        Name = "no accepted step raises the value"
        Statement =
            "The value after each accepted step is at most the one before, but for rounding: 1e-13 of it."
        Check =
            fun method ->
                let rise (values: (int * float) list) =
                    values
                    |> List.pairwise
                    |> List.tryFind (fun ((_, before), (_, after)) ->
                        not (after <= before + 1e-13 * abs before)
                    )
                    |> Option.map (fun ((_, before), (move, after)) ->
                        $"accepted step {move} raised the value from {before:R} to {after:R}"
                    )
                    |> ValueOption.ofOption

                Law.forAll
                    { settings with Cases = 2 * settings.Cases }
                    (Law.trials (Law.cases settings ProblemGenerators.smooth) 40)
                    path
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        let recording = Trial.record method trial problem

                        Trial.path problem recording
                        |> List.map (LawProblem.computed problem)
                        |> List.indexed
                        |> rise
                    )
    }

    /// The excess f − f* of a problem whose least value is known.
    let private excess (problem: LawProblem) (point: float[]) : float =
        LawProblem.computed problem point - ValueOption.defaultValue 0.0 problem.Least

    let private gradientAfter
        (move: int)
        (part: float)
        (problem: LawProblem)
        (recording: Recording)
        : string voption =
        let path = Trial.path problem recording
        let atStart = LawProblem.gradientNorm problem path.Head

        match List.tryItem move path with
        | None when recording.Result.Outcome = Outcome.Converged -> ValueNone
        | None ->
            ValueSome
                $"{path.Length - 1} accepted steps, {move} were to be enough; {SolveResult.text recording.Result}"
        | Some point ->
            let reached = LawProblem.gradientNorm problem point / atStart

            Law.expect
                (reached <= part)
                (fun () ->
                    $"after {move} accepted steps the gradient is {reached:g3} of the start's, claimed was {part:g3}"
                )

    let private linear
        (factor: float)
        (problem: LawProblem)
        (recording: Recording)
        : string voption =
        let path = Trial.path problem recording
        let first = excess problem path.Head

        let late (move: int, point: float[]) =
            let claimed = 4.0 * factor ** float move
            let reached = excess problem point / first

            // Below that, rounding decides.
            if reached <= max claimed 1e-12 then
                None
            else
                Some
                    $"after {move} accepted steps f - f* is {reached:g3} of the start's, claimed was {claimed:g3}"

        let stopped =
            if path.Length > 1 then
                ValueNone
            else
                ValueSome $"no step was accepted: {SolveResult.text recording.Result}"

        Law.firstOf [ List.indexed path |> List.tryPick late |> ValueOption.ofOption; stopped ]

    let private reduces
        (part: float)
        (problem: LawProblem)
        (recording: Recording)
        : string voption =
        let result = recording.Result

        let reached =
            excess problem (result.Point.ToArray())
            / excess problem (problem.Start.ToArray())

        Law.expect
            (reached <= part)
            (fun () ->
                $"f - f* is {reached:g3} of the start's, claimed was {part:g3}; {SolveResult.text result}"
            )

    let private onQuadratics (settings: LawSettings) (claim: QuadraticClaim) : Law list =
        let law
            (claimed: string)
            (condition: float)
            (steps: int64)
            (judge: LawProblem -> Recording -> string voption)
            : Law = {
            Name = "as fast on quadratics as claimed"
            Statement =
                $"On convex quadratics with curvatures between {1.0 / condition:g3} and 1, {claimed}."
            Check =
                fun method ->
                    Law.forAll
                        { settings with Cases = 2 * settings.Cases }
                        (Law.trialsOf
                            (Law.cases settings (ProblemGenerators.quadratic condition))
                            steps)
                        path
                        (fun trial ->
                            let problem = Law.problem settings trial.Case
                            judge problem (Trial.record method trial problem)
                        )
        }

        match claim with
        | QuadraticClaim.Unclaimed -> []
        | QuadraticClaim.OneMove -> [
            law "the first accepted step ends at the minimum" 1e6 20L (gradientAfter 1 1e-9)
          ]
        | QuadraticClaim.FiniteTermination -> [
            law
                "n accepted steps end at the minimum of n variables"
                10.0
                400L
                (fun problem -> gradientAfter problem.Start.Length 1e-6 problem)
          ]
        | QuadraticClaim.Linear(factor, condition) -> [
            law
                $"each accepted step reduces f - f* by a factor {factor}"
                condition
                60L
                (linear factor)
          ]
        | QuadraticClaim.Reduces(part, steps, condition) -> [
            law
                $"{steps} steps reduce f - f* to {part:g3} of what it was"
                condition
                steps
                (reduces part)
          ]

    let private escapesSaddles (settings: LawSettings) : Law = {
        Name = "saddles are left"
        Statement =
            "Started where the gradient leads to a strict saddle, a run ends Converged, and at a minimum."
        Check =
            fun method ->
                let atMinimum (problem: LawProblem) (result: SolveResult) =
                    let least = ValueOption.defaultValue 0.0 problem.Least
                    let above = problem.ValueAt(result.Point.ToArray()) - least

                    Law.firstOf [
                        Law.expect
                            (result.Outcome = Outcome.Converged)
                            (fun () -> SolveResult.text result)
                        Law.expect
                            (above <= 1e-6 * abs least)
                            (fun () ->
                                $"the value is {above:g3} above the minimum's; {SolveResult.text result}"
                            )
                    ]

                Law.forAll
                    settings
                    (Law.trialsOf (Law.cases settings (ProblemGenerators.saddle true)) 300L)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        atMinimum problem (Trial.record method trial problem).Result
                    )
    }

    /// Rosenbrock functions of 4 variables or more have a second minimum.
    let rec private isOtherMinimum (case: ProblemCase) : bool =
        match case with
        | ProblemCase.Rosenbrock(length, _) -> length >= 4
        | ProblemCase.Compiled inner -> isOtherMinimum inner
        | _ -> false

    let private convergesGlobally (settings: LawSettings) : Law = {
        Name = "smooth problems are solved from afar"
        Statement =
            "Quadratics, Rosenbrock functions, logistic regressions and functions that are NaN in half-spaces end Converged within "
            + "1,000 steps, where the least value is known with that value."
        Check =
            fun method ->
                let solved (problem: LawProblem) (result: SolveResult) =
                    let value = problem.ValueAt(result.Point.ToArray())
                    let scale = abs (problem.ValueAt(problem.Start.ToArray()))

                    Law.firstOf [
                        Law.expect
                            (result.Outcome = Outcome.Converged)
                            (fun () -> SolveResult.text result)
                        (match problem.Least with
                         | ValueSome least when
                             value - least > 1e-9 * scale && not (isOtherMinimum problem.Case)
                             ->
                             ValueSome
                                 $"the value is {value - least:g3} above the least; {SolveResult.text result}"
                         | ValueSome _
                         | ValueNone -> ValueNone)
                    ]

                Law.forAll
                    { settings with Cases = 2 * settings.Cases }
                    (Law.trialsOf (Law.cases settings ProblemGenerators.solvable) 1_000L)
                    (fun trial -> Snippet.withResult trial [])
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        solved problem (Trial.record method trial problem).Result
                    )
    }

    let private suitsMiniBatches (settings: LawSettings) : Law = {
        Name = "samples lead to the whole"
        Statement =
            "When each step sees another sample, 300 steps bring the whole objective down: noisy quadratics of condition up to 10 "
            + "to a quarter of their excess."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withResult trial [
                        "let whole (x: Tensor) = (problem.Objective.Function x).ToScalar()"
                        "printfn \"%g at the start, %g in the end\" (whole problem.Start) (whole result.Point)"
                    ]

                Law.forAll
                    settings
                    (Law.trialsOf (Law.cases settings ProblemGenerators.noisy) 300L)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        let result = (Trial.record method trial problem).Result
                        let before = excess problem (problem.Start.ToArray())
                        let after = excess problem (result.Point.ToArray())

                        Law.expect
                            (after <= 0.25 * before)
                            (fun () ->
                                $"f - f* went from {before:g3} to {after:g3}; {SolveResult.text result}"
                            )
                    )
    }

    /// The laws of this family that the claims call for.
    let laws (settings: LawSettings) (claims: Claims) : Law list = [
        if claims.IsMonotone then
            isMonotone settings

        yield! onQuadratics settings claims.OnQuadratics

        if claims.EscapesSaddles then
            escapesSaddles settings

        if claims.ConvergesGlobally then
            convergesGlobally settings

        if claims.SuitsMiniBatches then
            suitsMiniBatches settings
    ]
