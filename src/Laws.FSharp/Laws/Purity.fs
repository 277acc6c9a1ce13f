namespace Optim.Laws

open System.IO
open Optim.Core

/// Steps that depend on nothing but their arguments.
[<RequireQualifiedAccess>]
module Purity =

    /// The trial's steps are where these runs pause, not a budget: they go on after that.
    let private options (trial: Trial) : SolveOptions = {
        Trial.options trial with
            Budget = Budget.standard
    }

    let private startFor
        (count: int64)
        (method: Method)
        (trial: Trial)
        (problem: LawProblem)
        : Run =
        fst (Solver.startFor count (options trial) method problem.Objective problem.Start)

    let private resumeFor
        (count: int64)
        (method: Method)
        (trial: Trial)
        (problem: LawProblem)
        (run: Run)
        : Run =
        fst (Solver.resumeFor count (options trial) method problem.Objective run)

    let private differing (detail: string) (first: Run) (second: Run) : string voption =
        Fingerprint.difference (Fingerprint.ofRun first) (Fingerprint.ofRun second)
        |> ValueOption.map (fun difference -> $"{detail}: {difference}")

    let private isDeterministic (settings: LawSettings) : Law = {
        Name = "the same seed gives the same run"
        Statement =
            "Two runs with the same arguments agree in every bit of path, counts and result."
        Check =
            fun method ->
                let program (trial: Trial) =
                    Snippet.withResult trial [
                        "let again = Solver.minimizeWith options method problem.Objective problem.Start"
                        "printfn \"%.17g and %.17g\" result.Value again.Value"
                        "printfn \"%A and %A\" (result.Point.ToArray()) (again.Point.ToArray())"
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.any) 30)
                    program
                    (fun trial ->
                        let run () =
                            (Trial.record method trial (Law.problem settings trial.Case)).Result

                        Fingerprint.difference
                            (Fingerprint.ofResult (run ()))
                            (Fingerprint.ofResult (run ()))
                        |> ValueOption.map (fun difference ->
                            $"two runs with the same seed differ: {difference}"
                        )
                    )
    }

    let private steps (trial: Trial) (lines: string list) : string =
        Snippet.withProblem trial.Case [
            $"let options = {{ SolveOptions.defaults with Seed = {trial.Seed}L }}"
            $"let run, _ = Solver.startFor {trial.Steps}L options method problem.Objective problem.Start"
            "let next run = fst (Solver.resumeFor 1L options method problem.Objective run)"
            yield! lines
        ]

    let private isPure (settings: LawSettings) : Law = {
        Name = "a step is a function of its state"
        Statement = "The same step taken twice from the same run gives the same run, bit by bit."
        Check =
            fun method ->
                let program (trial: Trial) =
                    steps trial [
                        "let once, twice = next run, next run"
                        "printfn \"%A and %A\" (once.Point.ToArray()) (twice.Point.ToArray())"
                        "printfn \"%A and %A\" once.State twice.State"
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.any) 10)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        let run = startFor trial.Steps method trial problem
                        // Whatever a method hides, a longer way round in between would disturb it.
                        let once = resumeFor 1L method trial problem run
                        resumeFor 3L method trial problem once |> ignore
                        let twice = resumeFor 1L method trial problem run

                        differing
                            $"step {run.Steps + 1L} taken twice from the same state"
                            once
                            twice
                    )
    }

    let private isUndisturbed (settings: LawSettings) : Law = {
        Name = "runs do not disturb each other"
        Statement =
            "Two runs whose steps alternate, on different problems, are the runs they would be alone."
        Check =
            fun method ->
                let other: Trial = {
                    Case = ProblemCase.Quadratic([ 1.0; 0.5; 0.1 ], 77L)
                    Steps = 10L
                    Seed = 5L
                }

                let program (trial: Trial) =
                    Snippet.withProblem trial.Case [
                        $"let other = LawProblem.ofCase ({other.Case.Source})"
                        $"let options = {{ SolveOptions.defaults with Seed = {trial.Seed}L }}"
                        "let first (p: LawProblem) = fst (Solver.startFor 1L options method p.Objective p.Start)"
                        "let next (p: LawProblem) run = fst (Solver.resumeFor 1L options method p.Objective run)"
                        $"let alone = [ 2 .. {trial.Steps} ] |> List.fold (fun run _ -> next problem run) (first problem)"
                        "let both (a, b) _ = next problem a, next other b"
                        $"let beside, _ = [ 2 .. {trial.Steps} ] |> List.fold both (first problem, first other)"
                        "printfn \"%A and %A\" (alone.Point.ToArray()) (beside.Point.ToArray())"
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.any) 10)
                    program
                    (fun trial ->
                        let problem, otherProblem =
                            Law.problem settings trial.Case, Law.problem settings other.Case

                        let next = resumeFor 1L method
                        let turns = [ 2L .. trial.Steps ]

                        let alone =
                            turns
                            |> List.fold
                                (fun run _ -> next trial problem run)
                                (startFor 1L method trial problem)

                        let beside, _ =
                            turns
                            |> List.fold
                                (fun (a, b) _ -> next trial problem a, next other otherProblem b)
                                (startFor 1L method trial problem,
                                 startFor 1L method other otherProblem)

                        differing "a run alone and one beside another differ" alone beside
                    )
    }

    let private resumes (settings: LawSettings) : Law = {
        Name = "resumed is uninterrupted"
        Statement =
            "A run that is interrupted and resumed is bit by bit the run that was never interrupted."
        Check =
            fun method ->
                let program (trial: Trial) =
                    steps trial [
                        "let rest run = fst (Solver.resumeFor 8L options method problem.Objective run)"
                        $"let whole, _ = Solver.startFor {trial.Steps + 8L}L options method problem.Objective problem.Start"
                        "printfn \"%A and %A\" (whole.Point.ToArray()) ((rest run).Point.ToArray())"
                        "printfn \"%A and %A\" whole.Evaluations (rest run).Evaluations"
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.any) 16)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case
                        // Two steps more than the part, if the run does not end before.
                        let whole = { trial with Steps = trial.Steps + 8L }
                        let uninterrupted = startFor whole.Steps method whole problem
                        let part = startFor trial.Steps method whole problem

                        if uninterrupted.Steps <= part.Steps then
                            ValueNone
                        else
                            let resumed =
                                resumeFor
                                    (uninterrupted.Steps - part.Steps)
                                    method
                                    whole
                                    problem
                                    part

                            differing $"interrupted after step {part.Steps}" uninterrupted resumed
                    )
    }

    let private comesBack (settings: LawSettings) : Law = {
        Name = "a saved run comes back"
        Statement =
            "A run that is written and read again is the same run, bit by bit, goes on as it would have, and is written in the same "
            + "bytes."
        Check =
            fun method ->
                let program (trial: Trial) =
                    steps trial [
                        "use file = new System.IO.MemoryStream()"
                        "Checkpoint.write file method run"
                        "file.Position <- 0L"
                        "let back = Checkpoint.read file method"
                        "printfn \"%A and %A\" run.State back.State"
                        "printfn \"%A and %A\" ((next run).Point.ToArray()) ((next back).Point.ToArray())"
                        "printfn \"%A and %A\" (next run).Evaluations (next back).Evaluations"
                    ]

                let written (run: Run) : byte[] =
                    use stream = new MemoryStream()
                    Checkpoint.write stream method run
                    stream.ToArray()

                let judge (trial: Trial) (problem: LawProblem) (run: Run) =
                    let bytes = written run
                    use stream = new MemoryStream(bytes)
                    let back = Checkpoint.read stream method |> Run.moveTo settings.Engine method
                    let onward = resumeFor 3L method trial problem

                    Law.firstOf [
                        differing "written and read again" run back
                        Law.expect
                            (written back = bytes)
                            (fun () -> "written again, the bytes differ")
                        differing "3 steps after being read again" (onward run) (onward back)
                    ]

                Law.forAll
                    settings
                    (Law.trials (Law.cases settings ProblemGenerators.any) 12)
                    program
                    (fun trial ->
                        let problem = Law.problem settings trial.Case

                        match
                            Solver.startFor
                                trial.Steps
                                (options trial)
                                method
                                problem.Objective
                                problem.Start
                        with
                        // What ended before the method began has no state to save.
                        | _, result when result.Reason.IsStartNotFinite -> ValueNone
                        | run, _ -> judge trial problem run
                    )
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        isDeterministic settings
        isPure settings
        isUndisturbed settings
        resumes settings
        comesBack settings
    ]
