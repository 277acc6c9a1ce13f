namespace Optim.Cli

open System
open System.IO
open System.Runtime.InteropServices
open Optim
open Optim.Core
open Optim.Reports

/// What `optim compare` was asked to do.
type CompareRequest = {
    /// A data set or a problem.
    Target: string
    /// Methods separated by commas, each with its knobs.
    Methods: string
    /// How many seeds, from 0 on.
    Seeds: int
    /// Sizes of the layers; none for one hidden layer of 10.
    Model: string option
    /// The number of variables of a problem; none for its usual one.
    Dimension: int option
    /// Examples in a mini-batch; none for 64 where the method suits it.
    Batch: int option
    /// The time of each run.
    Seconds: float
    /// The most steps of each run; none for as many as there is time for.
    MaxSteps: int64 option
    /// The file for the HTML report, if one is wanted.
    Report: string option
    /// Whether objectives are compiled.
    Compiling: Compiling
    /// What computes.
    Engine: EngineName
    /// Whether to print JSON instead of text.
    IsJson: bool
}

/// `optim compare`: several methods on one problem, from several seeds.
[<RequireQualifiedAccess>]
module Compare =

    /// The methods of the main job: one of each kind.
    let defaultMethods: string = "sgd,adam,lbfgs,newton-cg,saddle-free-newton"

    /// A problem as the comparison needs it: what depends on method and seed is a function.
    [<NoComparison; NoEquality>]
    type private Arena = {
        Title: string
        Subtitle: string
        Facts: (string * string) list
        Engine: ChosenEngine
        Measures: MeasureNames
        Measure: Training.Measure
        Objective: ChosenMethod -> int64 -> Objective
        Start: int64 -> Tensor
    }

    let private ofDataSet (request: CompareRequest) : Arena =
        let data = Choices.dataSet request.Target
        // The split is one for all seeds: the seeds vary the first weights and the order of the examples.
        let train, test = Datasets.trainAndTest (Key.ofSeed 0L) data

        let text =
            request.Model
            |> Option.defaultValue $"{DataSet.inputs data}-10-{DataSet.outputs data}"

        let model = Choices.model data text
        let engine = ChosenEngine.load request.Engine
        let train = DataSet.moveTo engine.Engine train
        let test = DataSet.moveTo engine.Engine test
        let task = Supervised.create model (DataSet.loss data) train

        let batchOf chosen =
            Train.batchSize chosen request.Batch train

        let shown = request.Batch |> Option.defaultValue 64

        // One for all runs on all examples, so that its programs are compiled once, before the first one.
        let whole = Train.objective request.Compiling task 0 0L

        {
            Title = $"Optimizers on {data.Name}"
            Subtitle =
                $"A {text} network with {model.Layout.Length} parameters, {DataSet.count train} training examples"
            Facts = [
                "data set",
                $"{data.Name}: {DataSet.count train} examples for training, {DataSet.count test} for tests"
                "source", data.Source
                "model", $"{text}, tanh, {model.Layout.Length} parameters"
                "loss", "mean loss over the training examples"
                "mini-batches",
                $"{shown} examples for the methods that suit them; the others see all examples at each step"
            ]
            Engine = engine
            Measures = { Comparison.measureNames with Loss = "training loss" }
            Measure = Training.measureOf task test
            Objective =
                fun chosen seed ->
                    match batchOf chosen with
                    | 0 -> whole
                    | batch -> Train.objective request.Compiling task batch seed
            Start =
                fun seed ->
                    model.Initialize(Key.fold 1L (Key.ofSeed seed)) |> ChosenEngine.move engine
        }

    let private ofProblem (request: CompareRequest) : Arena =
        let dimension =
            request.Dimension |> Option.map ValueSome |> Option.defaultValue ValueNone

        let problem = Choices.problem request.Target dimension
        let engine = ChosenEngine.load request.Engine

        let start (seed: int64) =
            if seed = 0L then
                problem.Start
            else
                let noise = Tensor.normal (Key.ofSeed seed) [ problem.Start.Length ]
                problem.Start + 0.1 * (1.0 + Tensor.abs problem.Start) * noise

        let objective =
            Choices.computed request.Compiling problem.Start.Length problem.Objective

        {
            Title = $"Optimizers on {problem.Title}"
            Subtitle = $"{problem.Start.Length} variables"
            Facts = [
                "problem", $"{problem.Name}, {problem.Start.Length} variables; {problem.Source}"
                "starts", "seed 0 starts at the usual point, the others near it"
            ]
            Engine = engine
            Measures = { Comparison.measureNames with Loss = "value above the minimum" }
            Measure = Training.valueAbove problem.Minimum problem.Objective
            Objective = fun _ _ -> objective
            Start = start >> ChosenEngine.move engine
        }

    let private arena (request: CompareRequest) : Arena =
        let isDataSet = List.contains (request.Target.ToLowerInvariant()) Datasets.names

        if isDataSet then
            ofDataSet request
        elif List.contains request.Target Problems.names then
            ofProblem request
        else
            let list = String.concat ", " (Datasets.names @ Problems.names)

            Misuse.refuse
                $"there is no data set or problem named {request.Target}; there are {list}"

    /// About 80 measurements, evenly in time, and all of the first 20 steps.
    let private cadence (seconds: float) : StepReport -> bool =
        let mutable next = 0.0

        fun report ->
            if report.Step <= 20L || report.Elapsed.TotalSeconds >= next then
                next <- report.Elapsed.TotalSeconds + seconds / 80.0
                true
            else
                false

    let private runOne
        (arena: Arena)
        (budget: Budget)
        (chosen: ChosenMethod)
        (seed: int64)
        : MeasuredRun =
        let options = { SolveOptions.defaults with Budget = budget; ExaminesCurvature = false }

        let objective, start = arena.Objective chosen seed, arena.Start seed

        Training.run
            arena.Engine
            chosen
            seed
            options
            (cadence budget.Time.TotalSeconds)
            arena.Measure
            objective
            start
            ignore

    /// A few steps, so that no method's first run pays for the compilation of its code.
    let private warmUp (arena: Arena) (chosen: ChosenMethod) : unit =
        let options = { SolveOptions.defaults with Budget = Budget.steps 2L }

        Solver.minimizeWith options chosen.Method (arena.Objective chosen 0L) (arena.Start 0L)
        |> ignore

    let private familyOf (chosen: ChosenMethod) : Family =
        match chosen.Info.Family with
        | MethodFamily.FirstOrder -> Family.FirstOrder
        | MethodFamily.QuasiNewton -> Family.QuasiNewton
        | MethodFamily.SecondOrder -> Family.SecondOrder

    let private outcomeOf (outcome: Outcome) : RunOutcome =
        match outcome with
        | Outcome.Converged -> RunOutcome.Converged
        | Outcome.BudgetSpent -> RunOutcome.BudgetSpent
        | Outcome.Stopped -> RunOutcome.Stopped
        | Outcome.Failed -> RunOutcome.Failed

    let private reportRun (name: string) (run: MeasuredRun) : Optim.Reports.Run =
        let e = run.Result.Evaluations

        {
            Method = name
            Family = familyOf run.Chosen
            Options = Choices.settingsText run.Chosen
            Seed = run.Seed
            Outcome = outcomeOf run.Result.Outcome
            Reason = Reason.text run.Result.Reason
            Evaluations = { Values = e.Values; Gradients = e.Gradients; Products = e.Products }
            GradientEquivalents = e.GradientEquivalents
            Seconds = run.Result.Elapsed.TotalSeconds
            PeakMemory = Some run.PeakMemory
            Curve = run.Curve
        }

    /// The names of the methods in the report; those that occur twice are told apart by their knobs.
    let private names (chosen: ChosenMethod list) : string list =
        let isTwice (c: ChosenMethod) =
            (chosen |> List.filter (fun other -> other.Info.Name = c.Info.Name)).Length > 1

        chosen
        |> List.map (fun c ->
            if isTwice c then
                $"{c.Info.Name} ({Choices.settingsText c})"
            else
                c.Info.Name
        )

    /// Which methods computed their objective how.
    let private pathsText (runs: (string * MeasuredRun) list) : string =
        let by (path: string) =
            runs
            |> List.filter (fun (_, run) -> Choices.pathText run.Result = path)
            |> List.map fst
            |> List.distinct
            |> String.concat ", "

        match by "compiled", by "eager" with
        | "", _ -> "operation by operation for all methods"
        | _, "" -> "by compiled programs for all methods"
        | compiled, eager ->
            $"by compiled programs for {compiled}; operation by operation for {eager}"

    /// Calls into libtorch for a step, by method: of each the median over its seeds.
    let private crossingsText (runs: (string * MeasuredRun) list) : string =
        runs
        |> List.groupBy fst
        |> List.choose (fun (name, runs) ->
            match runs |> List.choose (fun (_, run) -> run.CrossingsPerStep) |> List.sort with
            | [] -> None
            | counts -> Some $"{name} {counts[counts.Length / 2]:F0}"
        )
        |> String.concat ", "

    let private comparison
        (request: CompareRequest)
        (arena: Arena)
        (runs: (string * MeasuredRun) list)
        : Comparison =
        let facts =
            arena.Facts
            @ [
                "seeds",
                $"{request.Seeds}; a curve shows their median, its band the lowest and highest"
                "time of a run",
                $"{request.Seconds} s; the clock stands still while measuring, and code is compiled before"
                match request.MaxSteps with
                | Some steps -> "steps of a run", $"{steps} at most"
                | None -> ()
                "a gradient-equivalent",
                "one gradient of the whole data; a value alone counts 1/3, a curvature product 2"
                "objective computed", pathsText runs
                "engine", ChosenEngine.text arena.Engine
                match crossingsText runs with
                | "" -> ()
                | counts -> "calls into libtorch a step", counts
                "memory",
                match arena.Engine.Library with
                | None -> "the most managed memory seen beyond that before the run"
                | Some _ ->
                    "the most memory seen beyond that before the run, managed and of libtorch's tensors"
                "machine",
                $"{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}"
            ]

        {
            Title = arena.Title
            Subtitle = arena.Subtitle
            Facts = facts |> List.map (fun (name, value) -> { Name = name; Value = value })
            Measures = arena.Measures
            Targets = []
            Runs = runs |> List.map (fun (name, run) -> reportRun name run)
        }

    let private json
        (engine: ChosenEngine)
        (measured: MeasuredRun list)
        (comparison: Comparison)
        : Json.Value =
        let verdict =
            Verdict.ofSummary comparison.Measures (Summary.ofComparison comparison)

        Json.Value.Fields [
            "title", Json.Value.Text comparison.Title
            "headline", Json.Value.Text verdict.Headline
            "findings",
            Json.Value.List [ for finding in verdict.Findings -> Json.Value.Text finding ]
            "facts",
            Json.Value.Fields [
                for fact in comparison.Facts -> fact.Name, Json.Value.Text fact.Value
            ]
            yield! ChosenEngine.json engine
            "runs",
            Json.Value.List [
                for measured, run in List.zip measured comparison.Runs ->
                    let last = List.last run.Curve

                    Json.Value.Fields [
                        "method", Json.Value.Text run.Method
                        "options", Json.Value.Text run.Options
                        "seed", Json.Value.Whole run.Seed
                        "path", Json.Value.Text(Choices.pathText measured.Result)
                        yield! ChosenEngine.crossingsJson measured.CrossingsPerStep
                        "outcome", Json.Value.Text(string run.Outcome)
                        "reason", Json.Value.Text run.Reason
                        "loss", Json.Value.Number last.Loss
                        "testLoss", Json.ofOption last.TestLoss
                        "testAccuracy", Json.ofOption last.TestAccuracy
                        "steps", Json.Value.Whole(int64 last.Step)
                        "seconds", Json.Value.Number run.Seconds
                        "gradientEquivalents", Json.Value.Number run.GradientEquivalents
                        "evaluations",
                        Json.Value.Fields [
                            "values", Json.Value.Whole run.Evaluations.Values
                            "gradients", Json.Value.Whole run.Evaluations.Gradients
                            "products", Json.Value.Whole run.Evaluations.Products
                        ]
                        "peakMemory",
                        run.PeakMemory
                        |> Option.map Json.Value.Whole
                        |> Option.defaultValue Json.Value.Nothing
                        "curve",
                        Json.Value.List [
                            for p in run.Curve ->
                                Json.Value.Fields [
                                    "step", Json.Value.Whole(int64 p.Step)
                                    "seconds", Json.Value.Number p.Seconds
                                    "gradientEquivalents", Json.Value.Number p.GradientEquivalents
                                    "loss", Json.Value.Number p.Loss
                                    "testAccuracy", Json.ofOption p.TestAccuracy
                                ]
                        ]
                    ]
            ]
        ]

    let private check (request: CompareRequest) : unit =
        if request.Seeds < 1 then
            Misuse.refuse $"--seeds is {request.Seeds}, expected 1 or more"

        if not (request.Seconds > 0.0 && request.Seconds <= 86400.0) then
            Misuse.refuse
                $"--seconds is {request.Seconds}, expected a number above 0 and at most 86400"

        match request.MaxSteps with
        | Some steps when steps < 1L -> Misuse.refuse $"--max-steps is {steps}, expected 1 or more"
        | Some _
        | None -> ()

        match request.Report with
        | None -> ()
        | Some path ->
            match Path.GetDirectoryName(Path.GetFullPath path) with
            | null -> Misuse.refuse $"--report: {path} names no file"
            | folder when not (Directory.Exists folder) ->
                Misuse.refuse $"--report: the folder {folder} does not exist"
            | _ -> ()

    /// Runs the request: 0 done, 1 when every run failed.
    let run (request: CompareRequest) : int =
        check request

        let chosen =
            request.Methods.Split(
                ',',
                StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries
            )
            |> List.ofArray
            |> List.map (fun text ->
                let presets =
                    if List.contains request.Target Problems.names then
                        Map.empty
                    else
                        Training.presets text

                Choices.method presets text
            )

        if chosen.IsEmpty then
            Misuse.refuse "--methods names no method"

        let arena = arena request

        let jobs =
            List.allPairs (List.zip (names chosen) chosen) [ 0L .. int64 request.Seeds - 1L ]

        let budget = {
            Budget.steps (Option.defaultValue Budget.unlimited.Steps request.MaxSteps) with
                Time = TimeSpan.FromSeconds request.Seconds
        }

        let work (tell: float -> string -> unit) : (string * MeasuredRun) list =
            List.iter (warmUp arena) chosen

            jobs
            |> List.mapi (fun i ((name, method), seed) ->
                tell (float i / float jobs.Length) $"{name}, seed {seed}"
                name, runOne arena budget method seed
            )

        let runs = Talk.working "comparing" work
        let comparison = comparison request arena runs

        Console.Out.WriteLine(
            if request.IsJson then
                Json.text (json arena.Engine (List.map snd runs) comparison)
            else
                Report.text comparison
        )

        match request.Report with
        | None -> ()
        | Some path ->
            Report.write path comparison
            Talk.say $"the report is in {Path.GetFullPath path}"

        if comparison.Runs |> List.forall (fun run -> run.Outcome = RunOutcome.Failed) then
            1
        else
            0
