namespace Optim.Reports

open System

/// What a method asks of the objective, as the reader of a report thinks of it.
[<RequireQualifiedAccess>]
type Family =
    /// Gradients only: gradient descent, momentum, Adam.
    | FirstOrder
    /// Curvature guessed from gradients: BFGS, L-BFGS.
    | QuasiNewton
    /// Curvature asked for, whole or through products: Newton, Newton-CG, saddle-free Newton, K-FAC.
    | SecondOrder

/// How a run ended.
[<RequireQualifiedAccess>]
type RunOutcome =
    /// The method proved that it stands at a solution.
    | Converged
    /// The steps, evaluations or seconds that it was given were used up.
    | BudgetSpent
    /// It ended by itself or was asked to, without a proof.
    | Stopped
    /// It could not go on: a loss that is not finite, a step that could not be taken.
    | Failed

/// How often the objective was asked, by kind of question. Each is at least 0.
type EvaluationCounts = {
    /// Function values.
    Values: int64
    /// Gradients.
    Gradients: int64
    /// Products with a curvature matrix (Hessian, Gauss-Newton, Fisher).
    Products: int64
}

/// One measurement on the way of a run, taken after `Step` steps.
type CurvePoint = {
    /// Steps done, from 0 (the start); never falls along a curve.
    Step: int
    /// Seconds since the run began, measuring left out; finite, never falls along a curve.
    Seconds: float
    /// Work done, in units of one gradient of the whole objective; finite, never falls along a curve.
    GradientEquivalents: float
    /// The loss that the method lowers. Not finite means that the run has diverged.
    Loss: float
    /// The loss on data kept aside, where it was measured.
    TestLoss: float option
    /// The fraction of the training examples told right, 0 to 1, where it was measured.
    TrainAccuracy: float option
    /// The fraction of the examples kept aside told right, 0 to 1, where it was measured.
    TestAccuracy: float option
}

/// One run of one method from one seed.
type Run = {
    /// The method's name as people say it ("Saddle-free Newton"). Runs of the same name are one method
    /// from several seeds; the same method with other options needs another name.
    Method: string
    /// What kind of method it is.
    Family: Family
    /// Its options as text ("rate 0.001, decay 0.9"); empty when there are none worth saying.
    Options: string
    /// What the run's chance came from.
    Seed: int64
    /// How it ended.
    Outcome: RunOutcome
    /// Why it ended, as a sentence ("gradient norm 3.1e-9 < 1e-8").
    Reason: string
    /// How often the objective was asked.
    Evaluations: EvaluationCounts
    /// All work of the run, in units of one gradient of the whole objective.
    GradientEquivalents: float
    /// The run's whole duration in seconds.
    Seconds: float
    /// The most memory held at once, in bytes, where it was measured.
    PeakMemory: int64 option
    /// The measurements, first to last. Empty when the run failed before the first.
    Curve: CurvePoint list
}

/// What the measures of a comparison are called, in the words of the reader.
type MeasureNames = {
    /// What `CurvePoint.Loss` is ("cross-entropy, training set").
    Loss: string
    /// What `CurvePoint.TestLoss` is.
    TestLoss: string
    /// What `CurvePoint.TrainAccuracy` is.
    TrainAccuracy: string
    /// What `CurvePoint.TestAccuracy` is.
    TestAccuracy: string
}

/// One line of "how this was measured".
type Fact = {
    /// What the fact is about ("data set").
    Name: string
    /// The fact ("1,797 digits, 8 × 8 pixels").
    Value: string
}

/// Several methods on one problem: all that a report shows.
type Comparison = {
    /// The heading ("Five optimizers on the digits").
    Title: string
    /// One line under the heading; may be empty.
    Subtitle: string
    /// How it was measured: data set, model, parameters, machine, seeds.
    Facts: Fact list
    /// What the measures are called.
    Measures: MeasureNames
    /// The losses that the methods race to, the one that counts first. Empty: one is chosen,
    /// by the rule of `Summary.automaticTarget`.
    Targets: float list
    /// The runs; methods are shown in the order of their first run.
    Runs: Run list
}

/// Names and checks of what a report is made of.
[<RequireQualifiedAccess>]
module Comparison =

    /// Names that suit most problems: "loss", "test loss", "training accuracy", "test accuracy".
    let measureNames: MeasureNames = {
        Loss = "loss"
        TestLoss = "test loss"
        TrainAccuracy = "training accuracy"
        TestAccuracy = "test accuracy"
    }

    /// The family in words: "first order", "quasi-Newton", "second order".
    let familyName (family: Family) : string =
        match family with
        | Family.FirstOrder -> "first order"
        | Family.QuasiNewton -> "quasi-Newton"
        | Family.SecondOrder -> "second order"

    /// The outcome in words: "converged", "budget spent", "stopped", "failed".
    let outcomeName (outcome: RunOutcome) : string =
        match outcome with
        | RunOutcome.Converged -> "converged"
        | RunOutcome.BudgetSpent -> "budget spent"
        | RunOutcome.Stopped -> "stopped"
        | RunOutcome.Failed -> "failed"

    /// Whether the run's last loss is not finite.
    let isDiverged (run: Run) : bool =
        match List.tryLast run.Curve with
        | Some last -> not (Double.IsFinite last.Loss)
        | None -> false

    /// How the run ended, in one word or two: "diverged", or the outcome's name.
    let ending (run: Run) : string =
        if isDiverged run then
            "diverged"
        else
            outcomeName run.Outcome

    let private checkCurve (run: Run) =
        let refuse what =
            let name = sprintf "%s, seed %d" run.Method run.Seed
            raise (ArgumentException(sprintf "run of %s: %s" name what, "comparison"))

        let along what (part: CurvePoint -> float) =
            for point in run.Curve do
                if not (Double.IsFinite(part point)) then
                    refuse (sprintf "%s must be finite, got %g" what (part point))

            for before, after in List.pairwise run.Curve do
                if part after < part before then
                    refuse (
                        sprintf "%s must not fall, got %g after %g" what (part after) (part before)
                    )

        along "steps" (fun point -> float point.Step)
        along "seconds" _.Seconds
        along "gradient-equivalents" _.GradientEquivalents

    /// The same comparison, after looking for mistakes of the caller.
    /// Errors: ArgumentException when there is no run, a method's name is blank, a target is not finite, or
    /// steps, seconds or gradient-equivalents fall along a curve or are not finite.
    let check (comparison: Comparison) : Comparison =
        if List.isEmpty comparison.Runs then
            raise (ArgumentException("a comparison needs at least one run, got none", "comparison"))

        for target in comparison.Targets do
            if not (Double.IsFinite target) then
                let problem = sprintf "a target loss must be finite, got %g" target
                raise (ArgumentException(problem, "comparison"))

        for run in comparison.Runs do
            if String.IsNullOrWhiteSpace run.Method then
                raise (ArgumentException("a run's method needs a name, got a blank", "comparison"))

            checkCurve run

        comparison
