namespace Optim.Laws

open System
open FsCheck
open Optim.Core

/// Paths that do not depend on how a problem is written down, for methods that claim it.
[<RequireQualifiedAccess>]
module Invariance =

    /// Paths are compared while the gradient is above this part of the start's: closer to the minimum, rounding decides.
    [<Literal>]
    let private farPart = 1e-4

    /// How far corresponding points may lie apart, relative to the way so far.
    [<Literal>]
    let private closeness = 1e-6

    /// The steps of the compared runs, and how many accepted ones are compared: rounding grows with each.
    [<Literal>]
    let private steps = 40L

    [<Literal>]
    let private moves = 12

    /// Compares the path of a problem with that of its twin. back: from the twin's points to those of the problem.
    let private diverging
        (method: Method)
        (trial: Trial)
        (problem: LawProblem)
        (twin: LawProblem)
        (back: float[] -> float[])
        : string voption =
        let pathOf (p: LawProblem) =
            Trial.path p (Trial.record method trial p)

        let original, other = pathOf problem, pathOf twin |> List.map back
        let enough = farPart * LawProblem.gradientNorm problem original.Head

        let far =
            List.truncate (moves + 1) original
            |> List.takeWhile (fun x -> LawProblem.gradientNorm problem x > enough)

        let apart (move: int, (x: float[], y: float[])) =
            // The first move is the measure of the start.
            let way =
                original
                |> List.truncate (max 2 (move + 1))
                |> List.map (Floats.distance original.Head)
                |> List.max

            let size = max way (1e-3 * max 1.0 (Floats.norm x))
            let distance = Floats.distance x y

            if distance <= closeness * size then
                None
            else
                Some
                    $"after {move} accepted steps the two runs are {distance:g3} apart, {way:g3} from their start"

        let common = min far.Length other.Length

        Law.firstOf [
            List.zip (List.truncate common far) (List.truncate common other)
            |> List.indexed
            |> List.tryPick apart
            |> ValueOption.ofOption
            Law.expect
                (other.Length >= far.Length)
                (fun () ->
                    $"one run has {far.Length - 1} accepted steps far from the minimum, the other {other.Length - 1} in all"
                )
        ]

    let private bothPaths (trial: Trial) (innerCase: ProblemCase) (back: string) : string =
        Snippet.withProblem innerCase [
            $"let twin = LawProblem.ofCase ({trial.Case.Source})"
            $"let options = {Trial.optionsSource trial}"
            "let path (p: LawProblem) (back: float[] -> float[]) ="
            "    let observe (report: StepReport) (point: Tensor) ="
            "        if report.Accepted then"
            "            printfn \"%d: %A\" report.Step (back (point.ToArray()))"
            "    let watched = { options with Observe = observe }"
            "    let result = Solver.minimizeWith watched method p.Objective p.Start"
            "    printfn \"%s\" (SolveResult.text result)"
            "path problem id"
            $"path twin ({back})"
        ]

    let private inner (case: ProblemCase) : ProblemCase =
        match case with
        | ProblemCase.Scaled(_, inner)
        | ProblemCase.Moved(_, inner) -> inner
        | other -> other

    let private coordinates (case: ProblemCase) : Coordinates =
        match case with
        | ProblemCase.Moved(coordinates, _) -> coordinates
        | _ -> Coordinates.Shifted 0L

    let private movedLaw
        (settings: LawSettings)
        (name: string)
        (statement: string)
        (make: int64 -> Coordinates)
        : Law = {
        Name = name
        Statement = statement
        Check =
            fun method ->
                Law.forAll
                    settings
                    (Law.trialsOf
                        (ProblemGenerators.moved make (Law.cases settings ProblemGenerators.convex))
                        steps)
                    (fun trial ->
                        bothPaths
                            trial
                            (inner trial.Case)
                            $"Coordinates.toOriginal ({(coordinates trial.Case).Source})"
                    )
                    (fun trial ->
                        let problem, twin =
                            Law.problem settings (inner trial.Case),
                            Law.problem settings trial.Case

                        diverging
                            method
                            trial
                            problem
                            twin
                            (Coordinates.toOriginal (coordinates trial.Case))
                    )
    }

    let private isTranslationInvariant (settings: LawSettings) : Law =
        movedLaw
            settings
            "shifting the problem shifts the path"
            "On f (z + b) the points are those on f, moved by b, but for rounding."
            Coordinates.Shifted

    let private isRotationEquivariant (settings: LawSettings) : Law =
        movedLaw
            settings
            "rotating the problem rotates the path"
            "On f (Q z) with an orthogonal Q the points are those on f, rotated, but for rounding."
            Coordinates.Rotated

    let private isAffineInvariant (settings: LawSettings) : Law =
        movedLaw
            settings
            "any coordinates give the same path"
            "On f (A z + b) with an invertible A the points are those on f in the other coordinates, but for rounding."
            Coordinates.Affine

    let private isScaleInvariant (settings: LawSettings) : Law = {
        Name = "scaling the problem changes nothing"
        Statement =
            "On c f with c = 1e-12 and 1e12 the points are those on f, but for rounding; where f ends within 300 steps, c f ends with the same outcome in at most twice as many and 50."
        Check =
            fun method ->
                let ended (trial: Trial) (steps: int64) (problem: LawProblem) =
                    (Trial.record method { trial with Steps = steps } problem).Result

                Law.forAll
                    settings
                    (Law.trialsOf
                        (ProblemGenerators.scaled (Law.cases settings ProblemGenerators.convex))
                        steps)
                    (fun trial -> bothPaths trial (inner trial.Case) "id")
                    (fun trial ->
                        let problem, twin =
                            Law.problem settings (inner trial.Case),
                            Law.problem settings trial.Case

                        let first = ended trial 300L problem
                        // Rounding may change the length of the way, but not by much.
                        let second = ended trial (2L * first.Steps + 50L) twin

                        Law.firstOf [
                            diverging method trial problem twin id
                            Law.expect
                                (first.Outcome = Outcome.BudgetSpent
                                 || first.Outcome = second.Outcome)
                                (fun () ->
                                    $"without the factor: {SolveResult.text first}; with it: {SolveResult.text second}"
                                )
                        ]
                    )
    }

    /// The laws of this family that the claims call for.
    let laws (settings: LawSettings) (claims: Claims) : Law list = [
        if claims.IsScaleInvariant then
            isScaleInvariant settings

        if claims.IsTranslationInvariant then
            isTranslationInvariant settings

        if claims.IsRotationEquivariant then
            isRotationEquivariant settings

        if claims.IsAffineInvariant then
            isAffineInvariant settings
    ]
