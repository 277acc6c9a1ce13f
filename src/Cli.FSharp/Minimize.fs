namespace Optim.Cli

open System
open Optim
open Optim.Core

/// What `optim minimize` was asked to do.
type MinimizeRequest = {
    /// A formula or the name of a problem.
    Target: string
    /// The method's name, with knobs if any.
    Method: string
    /// "x=-1.2,y=1" or "-1.2,1"; none for a problem's own start.
    Start: string option
    /// The number of variables of a problem; none for its usual one.
    Dimension: int option
    /// The most steps; none for 10,000, or 10 for each variable where that is more.
    MaxSteps: int64 option
    /// The tolerance of the gradient's norm relative to that of the start.
    Tolerance: float
    /// Where all chance comes from.
    Seed: int64
    /// Whether the objective is compiled.
    Compiling: Compiling
    /// What computes.
    Engine: EngineName
    /// Whether to print JSON instead of text.
    IsJson: bool
}

/// `optim minimize`: a formula or a classical problem, minimized by a method.
[<RequireQualifiedAccess>]
module Minimize =

    [<NoComparison; NoEquality>]
    type private Task = {
        Objective: Objective
        Start: Tensor
        /// The names of the point's elements; none for a problem.
        Variables: string list
    }

    let private ofFormula (request: MinimizeRequest) (expression: Expression) : Task =
        let used = Formula.variables expression
        let example = used |> List.map (fun name -> $"{name}=1") |> String.concat ","

        let start =
            match request.Start with
            | Some text -> Numbers.assignments "--start" ',' text
            | None when used.IsEmpty -> Misuse.refuse "the formula has no variable"
            | None -> Misuse.refuse $"a formula needs a start: --start {example}"

        let names = List.map fst start

        for name in names do
            if not (List.contains name used) then
                let list = String.concat ", " used
                Misuse.refuse $"--start gives {name}, but the formula has only {list}"

        if (List.distinct names).Length < names.Length then
            Misuse.refuse "--start gives a variable twice"

        match used |> List.filter (fun name -> not (List.contains name names)) with
        | [] -> ()
        | missing ->
            let list = String.concat ", " missing
            Misuse.refuse $"--start gives no value for {list}, expected --start {example}"

        let f =
            try
                Formula.toFunction names expression
            with :? ArgumentException as error ->
                Misuse.refuse (Misuse.ofArgument error)

        {
            Objective = Objective.named request.Target f
            Start = Tensor.ofSeq (List.map snd start)
            Variables = names
        }

    let private ofProblem (request: MinimizeRequest) : Task =
        let dimension =
            request.Dimension |> Option.map ValueSome |> Option.defaultValue ValueNone

        let problem = Choices.problem request.Target dimension

        let start =
            match request.Start with
            | None -> problem.Start
            | Some text ->
                let given = Numbers.list "--start" text

                if given.Length <> problem.Start.Length then
                    let count = problem.Start.Length

                    Misuse.refuse
                        $"--start gives {given.Length} numbers, {problem.Name} needs {count} separated by commas"

                Tensor.ofSeq given

        { Objective = problem.Objective; Start = start; Variables = [] }

    let private task (request: MinimizeRequest) : Task =
        if List.contains request.Target Problems.names then
            ofProblem request
        else
            match Formula.parse request.Target with
            | Ok(Expression.Variable name) when request.Start.IsNone ->
                // A lone word without a start is most likely the misspelt name of a problem.
                (Choices.problem name ValueNone) |> ignore
                Misuse.refuse $"no problem is named {name}"
            | Ok expression -> ofFormula request expression
            | Error message -> Misuse.refuse message

    let private json
        (chosen: ChosenEngine)
        (crossingsPerStep: float option)
        (task: Task)
        (result: SolveResult)
        : Json.Value =
        Json.Value.Fields [
            "outcome", Json.Value.Text(string result.Outcome)
            "reason", Json.Value.Text(Reason.text result.Reason)
            "value", Json.Value.Number result.Value
            "gradientNorm", Json.Value.Number result.GradientNorm
            "point", Json.ofTensor result.Point
            if not task.Variables.IsEmpty then
                "variables", Json.Value.List [ for name in task.Variables -> Json.Value.Text name ]
            "method", Json.Value.Text result.Method
            "path", Json.Value.Text(Choices.pathText result)
            yield! ChosenEngine.json chosen
            yield! ChosenEngine.crossingsJson crossingsPerStep
            "steps", Json.Value.Whole result.Steps
            "evaluations", Json.ofEvaluations result.Evaluations
            "seconds", Json.Value.Number result.Elapsed.TotalSeconds
        ]

    let private pointText (task: Task) (point: Tensor) : string =
        let number (x: float) =
            x.ToString("G10", Globalization.CultureInfo.InvariantCulture)

        let values = point.ToArray()

        if not task.Variables.IsEmpty then
            List.map2
                (fun name value -> $"{name} = {number value}")
                task.Variables
                (List.ofArray values)
            |> String.concat ", "
        elif values.Length <= 10 then
            let inside = values |> Array.map number |> String.concat ", "
            $"({inside})"
        else
            let inside = values |> Array.truncate 5 |> Array.map number |> String.concat ", "
            $"({inside}, … {values.Length} numbers)"

    let private text
        (chosen: ChosenEngine)
        (crossingsPerStep: float option)
        (task: Task)
        (result: SolveResult)
        : string =
        let e = result.Evaluations

        String.concat "\n" [
            $"{result.Outcome}: {Reason.text result.Reason}"
            $"value {result.Value:G10} at {pointText task result.Point}"
            $"{result.Method}, {Choices.pathText result}: {result.Steps} steps, {e.Values} values, {e.Gradients} gradients, {e.Products} products, "
            + $"{result.Elapsed.TotalSeconds:F3} s"
            yield! ChosenEngine.line chosen crossingsPerStep
        ]

    /// The most steps where nobody said: methods go down long chains of variables link by link, some six steps for each.
    let private defaultSteps (length: int) : int64 = max 10_000L (10L * int64 length)

    /// Runs the request: 0 converged, 1 not.
    let run (request: MinimizeRequest) : int =
        let task = task request
        let length = task.Start.Length
        let objective = Choices.computed request.Compiling length task.Objective
        let maxSteps = request.MaxSteps |> Option.defaultValue (defaultSteps length)
        let chosen = Choices.method Map.empty request.Method
        let engine = ChosenEngine.load request.Engine
        let start = ChosenEngine.move engine task.Start

        let solve (tell: float -> string -> unit) : SolveResult =
            let observe (report: StepReport) (_: Tensor) =
                let words =
                    $"step {report.Step}, value {report.Value:G6}, gradient norm {report.GradientNorm:G3}"

                tell (float report.Step / float maxSteps) words

            let options = {
                SolveOptions.defaults with
                    Budget = Budget.steps maxSteps
                    StopRules = [ StopRule.GradientBelow(0.0, request.Tolerance) ]
                    Seed = request.Seed
                    TraceEvery = 0L
                    Observe = observe
                    ObserveEvery = 100L
            }

            Solver.minimizeWith options chosen.Method objective start

        let before = engine.Crossings()
        let result = Talk.working $"minimizing with {chosen.Info.Name}" solve

        let crossings =
            ChosenEngine.crossingsPerStep engine (engine.Crossings() - before) result.Steps

        Console.Out.WriteLine(
            if request.IsJson then
                Json.text (json engine crossings task result)
            else
                text engine crossings task result
        )

        if result.Outcome.IsConverged then 0 else 1
