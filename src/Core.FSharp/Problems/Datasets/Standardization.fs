namespace Optim.Core

open Optim

/// The change of units that gives inputs (and targets, if they are numbers) mean 0 and variance 1.
[<NoComparison; NoEquality>]
type Standardization = {
    /// The means of the inputs (inputs).
    InputMeans: Tensor
    /// The standard deviations of the inputs (inputs); 1 for an input that never varies.
    InputDeviations: Tensor
    /// The means of the target numbers (targets); 0 for classes.
    TargetMeans: Tensor
    /// The standard deviations of the target numbers (targets); 1 for classes.
    TargetDeviations: Tensor
}

/// Standardizing data.
[<RequireQualifiedAccess>]
module Standardization =

    let private moments (x: Tensor) : Tensor * Tensor =
        let means = Tensor.meanOver [ 0 ] x
        let variances = Tensor.square (x - means) |> Tensor.meanOver [ 0 ]
        // A column of one repeated number differs from its mean by rounding only.
        let tiny = Tensor.square (4.0 * x.DType.Epsilon * means)
        let varies = Tensor.greater variances tiny
        means, Tensor.where varies (Tensor.sqrt variances) (Tensor.onesLike variances)

    /// The units in which these data have mean 0 and variance 1 (over the examples, divided by their number).
    /// Fit it to the training data only, and apply it to both parts.
    let fit (data: DataSet) : Standardization =
        let inputMeans, inputDeviations = moments data.Inputs

        let targetMeans, targetDeviations =
            if data.Classes.IsEmpty then
                moments data.Targets
            else
                let one = Tensor.onesLike inputMeans[..0]
                Tensor.zerosLike one, one

        {
            InputMeans = inputMeans
            InputDeviations = inputDeviations
            TargetMeans = targetMeans
            TargetDeviations = targetDeviations
        }

    /// The data in those units. Classes stay as they are.
    let apply (units: Standardization) (data: DataSet) : DataSet = {
        data with
            Inputs = (data.Inputs - units.InputMeans) / units.InputDeviations
            Targets =
                if data.Classes.IsEmpty then
                    (data.Targets - units.TargetMeans) / units.TargetDeviations
                else
                    data.Targets
    }

    /// The units on an engine, for data or outputs that lie there.
    let moveTo (engine: Engine) (units: Standardization) : Standardization = {
        InputMeans = Tensor.moveTo engine units.InputMeans
        InputDeviations = Tensor.moveTo engine units.InputDeviations
        TargetMeans = Tensor.moveTo engine units.TargetMeans
        TargetDeviations = Tensor.moveTo engine units.TargetDeviations
    }

    /// Outputs (batch, targets) of a model of standardized data, in the units of the original targets.
    let restore (units: Standardization) (outputs: Tensor) : Tensor =
        outputs * units.TargetDeviations + units.TargetMeans
