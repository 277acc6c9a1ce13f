module Optim.CoreTests.SupervisedTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private key: Key = Key.ofSeed 41L

let private data: DataSet =
    DataSet.ofClasses [ "a"; "b"; "c" ] (Tensor.normal key [ 12; 4 ]) [
        for i in 0..11 -> (5 * i + i / 4) % 3
    ]

let private model: Model =
    Mlp.create { Mlp.defaults with Inputs = 4; Hidden = [ 3 ]; Outputs = 3 }

let private task: Supervised = Supervised.create model Loss.softmaxCrossEntropy data
let private point: Tensor = Tensor.normal (Key.fold 1L key) [ model.Layout.Length ]

let private batching =
    testList "mini-batches" [
        testCase
            "an epoch shows every example once when the size divides the count"
            (fun () ->
                let batch = Supervised.batches 4 key 12

                for epoch in 0L .. 5L do
                    let shown = [
                        for k in 3L * epoch .. 3L * epoch + 2L do
                            yield! batch k
                    ]

                    Expect.equal (List.sort shown) [ 0..11 ] $"epoch {epoch}"
            )

        testCase
            "epochs have orders of their own"
            (fun () ->
                let batch = Supervised.batches 4 key 12

                let order epoch = [
                    for k in 3L * epoch .. 3L * epoch + 2L do
                        yield! batch k
                ]

                let orders = [ for epoch in 0L .. 19L -> order epoch ]
                Expect.equal (List.distinct orders).Length 20 "no order twice"
                Expect.notEqual (order 0L) [ 0..11 ] "shuffled from the first epoch on"
            )

        testCase
            "batch k depends on key and k alone"
            (fun () ->
                let forwards = [
                    let batch = Supervised.batches 5 key 12 in for k in 0L .. 9L -> batch k
                ]

                let backwards =
                    [
                        let batch = Supervised.batches 5 key 12 in
                        for k in 0L .. 9L -> batch (9L - k)
                    ]
                    |> List.rev

                Expect.equal backwards forwards "asked in any order"
                let other = Supervised.batches 5 (Key.ofSeed 42L) 12
                Expect.notEqual [ for k in 0L .. 9L -> other k ] forwards "another key"
            )

        testCase
            "what is left over sits out one epoch, anyone as often"
            (fun () ->
                let batch = Supervised.batches 5 key 12
                let times = Array.zeroCreate 12

                for epoch in 0L .. 599L do
                    let shown = Array.append (batch (2L * epoch)) (batch (2L * epoch + 1L))
                    Expect.hasLength (Array.distinct shown) 10 "ten different ones"

                    for i in shown do
                        times[i] <- times[i] + 1

                // Binomial (600, 10/12): 500 ± 9.
                Expect.all times (fun t -> abs (t - 500) < 46) "within five deviations"
            )

        testCase
            "the mean of an epoch's gradients is the gradient of the whole"
            (fun () ->
                let objective = Supervised.miniBatches 4 key (Supervised.penalized 0.3 task)
                let whole = Derivatives.grad objective.Function point

                for epoch in 0L .. 1L do
                    let gradients = [
                        for k in 3L * epoch .. 3L * epoch + 2L ->
                            Derivatives.grad (objective.FunctionAt k) point
                    ]

                    Expect.notEqual
                        (gradients[0].ToArray())
                        (gradients[1].ToArray())
                        "batches differ"

                    Near.expectTensor
                        1e-14
                        whole
                        (List.reduce (+) gradients / 3.0)
                        $"epoch {epoch}"
            )

        testCase
            "the objective says what it is"
            (fun () ->
                let objective = Supervised.miniBatches 4 key task
                Expect.isTrue objective.IsStochastic "stochastic"
                Expect.equal objective.Share (1.0 / 3.0) "share"
                Expect.equal (ValueOption.get objective.Layout).Length model.Layout.Length "layout"
                Expect.equal (Supervised.stepsPerEpoch 5 data) 2 "steps"

                Near.expectNumber
                    1e-15
                    ((Supervised.loss task data point).ToScalar())
                    ((objective.Function point).ToScalar())
                    "whole"
            )

        testCase
            "a size that does not fit is refused"
            (fun () ->
                for size in [ 0; -1; 13 ] do
                    Near.raises<ArgumentOutOfRangeException>
                        [ string size ]
                        (fun () -> Supervised.miniBatches size key task |> ignore)
            )
    ]

let private gaussNewtonOf (objective: Objective) (k: int64) : Tensor =
    let c = ValueOption.get objective.Composition
    Curvature.gaussNewton (c.OutputsAt k) (c.LossAt k) point

let private objectives =
    testList "objectives" [
        testCase
            "the full batch is the mean loss, the same for every step"
            (fun () ->
                let objective = Supervised.fullBatch task

                let expected =
                    (Loss.mean task.Loss (model.Apply point data.Inputs) data.Targets).ToScalar()

                Expect.isFalse objective.IsStochastic "deterministic"
                Expect.equal objective.Share 1.0 "all data"
                Near.expectNumber 0.0 expected ((objective.Function point).ToScalar()) "function"

                Near.expectNumber
                    0.0
                    expected
                    ((objective.FunctionAt 7L point).ToScalar())
                    "step 7"
            )

        for penalty in [ 0.0; 0.7 ] do
            testCase
                $"outputs and loss make up the function, penalty {penalty}"
                (fun () ->
                    let task = Supervised.penalized penalty task

                    for objective in
                        [ Supervised.fullBatch task; Supervised.miniBatches 5 key task ] do
                        let c = ValueOption.get objective.Composition

                        for k in 0L .. 4L do
                            let whole = (objective.FunctionAt k point).ToScalar()
                            let composed = (c.LossAt k (c.OutputsAt k point)).ToScalar()
                            Near.expectNumber 1e-14 whole composed $"step {k}"
                )

        testCase
            "the penalty adds ½ λ |x|² to the value and λ to the Gauss-Newton diagonal"
            (fun () ->
                let plain, penalized =
                    Supervised.fullBatch task, Supervised.fullBatch (Supervised.penalized 0.7 task)

                let square = (Tensor.dot point point).ToScalar()
                let added = (penalized.Function point - plain.Function point).ToScalar()
                Near.expectNumber 1e-13 (0.35 * square) added "value"

                Near.expectTensor
                    1e-13
                    (gaussNewtonOf plain 0L + 0.7 * Tensor.identity point.Length)
                    (gaussNewtonOf penalized 0L)
                    "Gauss-Newton"

                Near.raises<ArgumentOutOfRangeException>
                    [ "penalty" ]
                    (fun () -> Supervised.penalized -1.0 task |> ignore)
            )

        testCase
            "for a linear model Gauss-Newton is the Hessian"
            (fun () ->
                let linear = Mlp.create { Mlp.defaults with Inputs = 4; Outputs = 3 }

                let objective =
                    Supervised.fullBatch (Supervised.create linear Loss.softmaxCrossEntropy data)

                let c = ValueOption.get objective.Composition
                let x = Tensor.normal (Key.fold 2L key) [ 15 ]
                let hessian = Derivatives.hessian objective.Function x

                Near.expectTensor
                    1e-13
                    hessian
                    (Curvature.gaussNewton (c.OutputsAt 0L) (c.LossAt 0L) x)
                    "equal"
            )

        testCase
            "single precision is the same up to its rounding"
            (fun () ->
                let single = Supervised.create model task.Loss (DataSet.cast DType.Float32 data)
                let objective = Supervised.miniBatches 4 key single

                let gradient =
                    Derivatives.grad (objective.FunctionAt 1L) (Tensor.cast DType.Float32 point)

                Expect.equal gradient.DType DType.Float32 "type"

                let exact =
                    Derivatives.grad ((Supervised.miniBatches 4 key task).FunctionAt 1L) point

                Near.expectArray 1e-5 (exact.ToArray()) (gradient.ToArray()) "gradient"
            )

        testCase
            "what does not fit is refused"
            (fun () ->
                let five = Mlp.create { Mlp.defaults with Inputs = 5; Outputs = 3 }
                let two = Mlp.create { Mlp.defaults with Inputs = 4; Outputs = 2 }

                let refused fragments model loss =
                    Near.raises<ArgumentException>
                        fragments
                        (fun () -> Supervised.create model loss data |> ignore)

                refused [ "5 inputs"; "has 4" ] five Loss.softmaxCrossEntropy
                refused [ "from 0 to 1" ] two Loss.softmaxCrossEntropy
                refused [ "3 numbers" ] model Loss.squaredError
            )
    ]

let private assessment =
    testList "assess" [
        testCase
            "adds up the chunks of a large set"
            (fun () ->
                let digits = Datasets.digits ()
                let model = Mlp.create (Mlp.parse Activation.Tanh "64-5-10")

                let task =
                    Supervised.create model Loss.softmaxCrossEntropy digits
                    |> Supervised.penalized 2.0

                let start = model.Initialize key
                let found = Supervised.assess task digits start
                let outputs = model.Apply start digits.Inputs

                Near.expectNumber
                    1e-13
                    ((Loss.mean task.Loss outputs digits.Targets).ToScalar())
                    found.Loss
                    "loss without penalty"

                Near.expectNumber
                    1e-13
                    (Classification.accuracy outputs digits.Targets)
                    (ValueOption.get found.Accuracy)
                    "accuracy"
            )

        testCase
            "numbers have no accuracy"
            (fun () ->
                let numbers = DataSet.ofNumbers (Tensor.normal key [ 5; 4 ]) (Tensor.range 5)
                let linear = Mlp.create { Mlp.defaults with Inputs = 4 }
                let task = Supervised.create linear Loss.squaredError numbers
                let found = Supervised.assess task numbers (Tensor.zeros [ 5 ])
                Near.expectNumber 1e-15 3.0 found.Loss "½ (0 + 1 + 4 + 9 + 16) / 5"
                Expect.isTrue (ValueOption.isNone found.Accuracy) "none"
            )
    ]

[<Tests>]
let supervised = testList "Supervised" [ batching; objectives; assessment ]
