namespace Optim.Cli

open System
open Optim
open Optim.Core

/// One run of one method on one problem, measured on the way.
[<NoComparison; NoEquality>]
type MeasuredRun = {
    /// The method.
    Chosen: ChosenMethod
    /// What the run's chance came from.
    Seed: int64
    /// How it ended.
    Result: SolveResult
    /// The measurements, first to last.
    Curve: Optim.Reports.CurvePoint list
    /// The most memory seen beyond that before the run, managed and libtorch's, in bytes.
    PeakMemory: int64
    /// Calls into libtorch for a step, without those for measuring; none on the managed engine.
    CrossingsPerStep: float option
}

/// Runs with measurements. Measuring costs no time of the run: the clock stands still.
[<RequireQualifiedAccess>]
module Training =

    /// Learning rates that suit small networks on standardized data, taken when none is given.
    let presets (name: string) : Map<string, float> =
        match name.Split(':')[0] with
        | "sgd" -> Map [ "rate", 0.5 ]
        | "momentum"
        | "nesterov" -> Map [ "rate", 0.1 ]
        | "adam"
        | "adamw" -> Map [ "rate", 0.01 ]
        | _ -> Map.empty

    /// What is measured at a point, besides the loss of a step's report.
    [<NoComparison; NoEquality>]
    type Measure = {
        /// The loss that is lowered, of all training data.
        Loss: Tensor -> float
        /// The loss on the test data, if there are any.
        TestLoss: (Tensor -> float) option
        /// The part of the training examples told right, if they have classes.
        TrainAccuracy: (Tensor -> float) option
        /// The part of the test examples told right, if they have classes.
        TestAccuracy: (Tensor -> float) option
    }

    /// Loss and accuracies of a supervised task.
    let measureOf (task: Supervised) (test: DataSet) : Measure =
        let loss data point =
            (Supervised.assess task data point).Loss

        let accuracy data =
            if task.Data.Classes.IsEmpty then
                None
            else
                Some(fun point ->
                    ValueOption.defaultValue nan (Supervised.assess task data point).Accuracy
                )

        {
            Loss = loss task.Data
            TestLoss = Some(loss test)
            TrainAccuracy = accuracy task.Data
            TestAccuracy = accuracy test
        }

    /// How far the value is above the minimum, for problems without data; rounding below it counts as 0.
    let valueAbove (minimum: float) (objective: Objective) : Measure = {
        Loss = fun point -> max 0.0 ((objective.Function point).ToScalar() - minimum)
        TestLoss = None
        TrainAccuracy = None
        TestAccuracy = None
    }

    let private pointAt
        (measure: Measure)
        (step: int64)
        (seconds: float)
        (work: float)
        (point: Tensor)
        : Optim.Reports.CurvePoint =
        let optional (f: (Tensor -> float) option) = f |> Option.map (fun f -> f point)

        {
            Step = int step
            Seconds = seconds
            GradientEquivalents = work
            Loss = measure.Loss point
            TestLoss = optional measure.TestLoss
            TrainAccuracy = optional measure.TrainAccuracy
            TestAccuracy = optional measure.TestAccuracy
        }

    /// Runs a method from a start on the engine, measuring where `isDue` says so, at the start and at the end.
    let run
        (engine: ChosenEngine)
        (chosen: ChosenMethod)
        (seed: int64)
        (options: SolveOptions)
        (isDue: StepReport -> bool)
        (measure: Measure)
        (objective: Objective)
        (start: Tensor)
        (tell: StepReport -> unit)
        : MeasuredRun =
        GC.Collect()
        let before = GC.GetTotalMemory true + engine.Held()
        let mutable peak = 0L
        let mutable curve = [ pointAt measure 0L 0.0 0.0 start ]
        let mutable measuring = 0L

        let observe (report: StepReport) (point: Tensor) =
            peak <- max peak (GC.GetTotalMemory false + engine.Held() - before)
            tell report

            if isDue report then
                let work = report.Evaluations.GradientEquivalents
                let before = engine.Crossings()
                curve <- pointAt measure report.Step report.Elapsed.TotalSeconds work point :: curve
                measuring <- measuring + engine.Crossings() - before

        let options = { options with Observe = observe; TraceEvery = 0L; Seed = seed }
        let before = engine.Crossings()
        let result = Solver.minimizeWith options chosen.Method objective start
        let crossings = engine.Crossings() - before - measuring

        let isMissing =
            match curve with
            | newest :: _ -> int64 newest.Step < result.Steps
            | [] -> true

        if isMissing then
            let work = result.Evaluations.GradientEquivalents

            curve <-
                pointAt measure result.Steps result.Elapsed.TotalSeconds work result.Point
                :: curve

        {
            Chosen = chosen
            Seed = seed
            Result = result
            Curve = List.rev curve
            PeakMemory = peak
            CrossingsPerStep = ChosenEngine.crossingsPerStep engine crossings result.Steps
        }
