namespace Optim.Cli

open System
open Optim
open Optim.Core

/// What `optim train` was asked to do.
type TrainRequest = {
    /// The data set's name.
    DataSet: string
    /// Sizes of the layers; none for a default.
    Model: string option
    /// The method's name, with knobs if any.
    Method: string
    /// Passes over the training data; for a method on the whole data, steps.
    Epochs: int
    /// Examples in a mini-batch; none chooses 64 for methods that suit mini-batches and the whole data for the others,
    /// 0 the whole data.
    Batch: int option
    /// Where all chance comes from.
    Seed: int64
    /// Whether the objective is compiled.
    Compiling: Compiling
    /// What computes.
    Engine: EngineName
    /// Whether to print JSON instead of text.
    IsJson: bool
}

/// `optim train`: a network on a data set that comes with the program.
[<RequireQualifiedAccess>]
module Train =

    /// A hidden layer of 32 for data with many inputs, of 8 for others.
    let defaultModel (data: DataSet) : string =
        let inputs = DataSet.inputs data
        let hidden = if inputs >= 30 then 32 else 8
        $"{inputs}-{hidden}-{DataSet.outputs data}"

    /// Examples in a mini-batch, or 0 for the whole data, for a method.
    let batchSize (chosen: ChosenMethod) (wanted: int option) (data: DataSet) : int =
        match wanted with
        | Some size when size < 0 || size > DataSet.count data ->
            Misuse.refuse
                $"--batch is {size}, expected 1 to {DataSet.count data}, or 0 for all examples at once"
        | Some size when size = DataSet.count data -> 0
        | Some size -> size
        | None ->
            if chosen.Info.Traits.SuitsMiniBatches then
                min 64 (DataSet.count data)
            else
                0

    /// The objective that a method sees.
    let objective (compiling: Compiling) (task: Supervised) (batch: int) (seed: int64) : Objective =
        let objective =
            if batch = 0 then
                Supervised.fullBatch task
            else
                Supervised.miniBatches batch (Key.fold 2L (Key.ofSeed seed)) task

        match compiling with
        // Whether networks are compiled is for Supervised to know.
        | Compiling.WherePays -> objective
        | Compiling.Always
        | Compiling.Never -> Choices.computed compiling task.Model.Layout.Length objective

    /// Steps in a pass over the training data.
    let stepsPerEpoch (task: Supervised) (batch: int) : int64 =
        if batch = 0 then
            1L
        else
            int64 (max 1 (Supervised.stepsPerEpoch batch task.Data))

    let private json (engine: ChosenEngine) (run: MeasuredRun) (parameters: int) : Json.Value =
        let last = List.last run.Curve

        let result = run.Result

        Json.Value.Fields [
            "outcome", Json.Value.Text(string result.Outcome)
            "reason", Json.Value.Text(Reason.text result.Reason)
            "method", Json.Value.Text run.Chosen.Info.Name
            "parameters", Json.Value.Whole(int64 parameters)
            "trainLoss", Json.Value.Number last.Loss
            "testLoss", Json.ofOption last.TestLoss
            "trainAccuracy", Json.ofOption last.TrainAccuracy
            "testAccuracy", Json.ofOption last.TestAccuracy
            "path", Json.Value.Text(Choices.pathText result)
            yield! ChosenEngine.json engine
            yield! ChosenEngine.crossingsJson run.CrossingsPerStep
            "steps", Json.Value.Whole result.Steps
            "evaluations", Json.ofEvaluations result.Evaluations
            "seconds", Json.Value.Number result.Elapsed.TotalSeconds
            "curve",
            Json.Value.List [
                for p in run.Curve ->
                    Json.Value.Fields [
                        "step", Json.Value.Whole(int64 p.Step)
                        "seconds", Json.Value.Number p.Seconds
                        "gradientEquivalents", Json.Value.Number p.GradientEquivalents
                        "loss", Json.Value.Number p.Loss
                        "testLoss", Json.ofOption p.TestLoss
                        "testAccuracy", Json.ofOption p.TestAccuracy
                    ]
            ]
        ]

    let private text (engine: ChosenEngine) (run: MeasuredRun) (model: Model) : string =
        let last = List.last run.Curve

        let percent (value: float option) =
            value |> Option.map (fun v -> $"{100.0 * v:F1} %%") |> Option.defaultValue "-"

        let number (value: float option) =
            value |> Option.map (fun v -> $"{v:G5}") |> Option.defaultValue "-"

        String.concat "\n" [
            $"{run.Result.Outcome}: {Reason.text run.Result.Reason}"
            $"{model.Name}, {model.Layout.Length} parameters, {run.Chosen.Info.Name}, {Choices.pathText run.Result}: {run.Result.Steps} steps in {run.Result.Elapsed.TotalSeconds:F2} s"
            $"training: loss {last.Loss:G5}, accuracy {percent last.TrainAccuracy}"
            $"test:     loss {number last.TestLoss}, accuracy {percent last.TestAccuracy}"
            yield! ChosenEngine.line engine run.CrossingsPerStep
        ]

    /// Runs the request: 0 done, 1 diverged.
    let run (request: TrainRequest) : int =
        if request.Epochs < 1 then
            Misuse.refuse $"--epochs is {request.Epochs}, expected 1 or more"

        let chosen = Choices.method (Training.presets request.Method) request.Method
        let data = Choices.dataSet request.DataSet
        let train, test = Datasets.trainAndTest (Key.ofSeed request.Seed) data

        let model =
            Choices.model data (Option.defaultValue (defaultModel data) request.Model)

        let batch = batchSize chosen request.Batch train
        let engine = ChosenEngine.load request.Engine
        let train = DataSet.moveTo engine.Engine train
        let test = DataSet.moveTo engine.Engine test
        let task = Supervised.create model (DataSet.loss data) train
        let perEpoch = stepsPerEpoch task batch
        let steps = perEpoch * int64 request.Epochs

        let start =
            model.Initialize(Key.fold 1L (Key.ofSeed request.Seed))
            |> ChosenEngine.move engine

        let options = { SolveOptions.defaults with Budget = Budget.steps steps }

        let work (tell: float -> string -> unit) =
            let say (report: StepReport) =
                tell
                    (float report.Step / float steps)
                    $"step {report.Step} of {steps}, loss {report.Value:G4}"

            Training.run
                engine
                chosen
                request.Seed
                options
                (fun report -> report.Step % perEpoch = 0L)
                (Training.measureOf task test)
                (objective request.Compiling task batch request.Seed)
                start
                say

        let measured = Talk.working $"training {model.Name} with {chosen.Info.Name}" work

        Console.Out.WriteLine(
            if request.IsJson then
                Json.text (json engine measured model.Layout.Length)
            else
                text engine measured model
        )

        if measured.Result.Outcome.IsFailed then 1 else 0
