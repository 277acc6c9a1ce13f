module Optim.CoreTests.TrainingTests

open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private key: Key = Key.ofSeed 51L

let private steps (count: int64) : SolveOptions = {
    SolveOptions.defaults with
        Budget = Budget.steps count
        TraceEvery = 0L
        ExaminesCurvature = false
}

let private network: Model = Mlp.create (Mlp.parse Activation.Tanh "64-16-10")

/// The training task of the digits and the part for tests.
let private digits () : Supervised * DataSet =
    let train, test = Datasets.trainAndTest key (Datasets.digits ())
    Supervised.create network Loss.softmaxCrossEntropy train, test

[<Tests>]
let training =
    testList "Training" [
        testCase
            "a network that knows nothing loses about log 10 on digits"
            (fun () ->
                let task, test = digits ()
                let found = Supervised.assess task test (network.Initialize key)

                Expect.isLessThan
                    (abs (found.Loss - log 10.0))
                    0.4
                    "log 10 = 2.303, and what random weights add"

                Expect.isLessThan (ValueOption.get found.Accuracy) 0.35 "accuracy"
            )

        testCase
            "Adam on mini-batches of 64 names nine digits of ten after five epochs"
            (fun () ->
                let task, test = digits ()
                let objective = Supervised.miniBatches 64 key task
                let adam = Adam.create { Adam.defaults with Rate = Schedule.Constant 0.02 }
                let count = 5 * Supervised.stepsPerEpoch 64 task.Data

                let result =
                    Solver.minimizeWith
                        (steps (int64 count))
                        adam
                        objective
                        (network.Initialize key)

                let found = Supervised.assess task test result.Point
                Expect.isGreaterThan (ValueOption.get found.Accuracy) 0.9 "test accuracy"

                // The first step finds the evaluation of the start.
                Expect.equal result.Evaluations.Gradients (int64 count) "one gradient a step"
            )

        testCase
            "L-BFGS on all digits brings the training loss below 0.05"
            (fun () ->
                let task, test = digits ()
                let lbfgs = Lbfgs.create Lbfgs.defaults
                let options = { steps 300L with StopRules = [ StopRule.ValueBelow 0.05 ] }

                let result =
                    Solver.minimizeWith
                        options
                        lbfgs
                        (Supervised.fullBatch task)
                        (network.Initialize key)

                let found = Supervised.assess task task.Data result.Point
                Expect.isLessThanOrEqual found.Loss 0.05 "training loss"
                let test = Supervised.assess task test result.Point
                Expect.isGreaterThan (ValueOption.get test.Accuracy) 0.9 "test accuracy"
            )

        testCase
            "logistic regression tells malignant from benign"
            (fun () ->
                let train, test = Datasets.trainAndTest key (Datasets.breastCancer ())
                let linear = Mlp.create { Mlp.defaults with Inputs = 30 }

                let task =
                    Supervised.create linear Loss.sigmoidCrossEntropy train
                    |> Supervised.penalized 1e-3

                let result =
                    Solver.minimizeWith
                        (steps 500L)
                        (Lbfgs.create Lbfgs.defaults)
                        (Supervised.fullBatch task)
                        (linear.Initialize key)

                Expect.equal result.Outcome Outcome.Converged "the problem is strongly convex"

                Expect.isGreaterThan
                    (ValueOption.get (Supervised.assess task test result.Point).Accuracy)
                    0.93
                    "test accuracy"
            )

        testCase
            "linear regression on diabetes is the solution of the normal equations"
            (fun () ->
                let raw = Datasets.diabetes ()
                let data = Standardization.apply (Standardization.fit raw) raw
                let linear = Mlp.create { Mlp.defaults with Inputs = 10 }
                let task = Supervised.create linear Loss.squaredError data

                let result =
                    Solver.minimizeWith
                        (steps 500L)
                        (Lbfgs.create Lbfgs.defaults)
                        (Supervised.fullBatch task)
                        (linear.Initialize key)

                let x = data.Inputs
                let xt = Shaping.transpose x
                let weights = Linalg.solve (Tensor.matmul xt x) (Tensor.matmul xt data.Targets)
                let expected = Array.append (weights.ToArray()) [| 0.0 |]

                Near.expectArray
                    1e-6
                    expected
                    (result.Point.ToArray())
                    "weights, and no bias for centered data"
                // R² = 0.5177484 is the published fit of all ten variables.
                Near.expectNumber 1e-6 (0.5 * (1.0 - 0.5177484)) result.Value "½ (1 − R²)"
            )
    ]
