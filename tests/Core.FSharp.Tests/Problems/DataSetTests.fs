module Optim.CoreTests.DataSetTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private key: Key = Key.ofSeed 31L

/// 10 examples of class 0 and 20 of class 1; input 0 of an example is its number.
let private numbered: DataSet =
    let inputs = Tensor.ofRows [ for i in 0..29 -> [ float i; 2.0; float (i * i) ] ]
    DataSet.ofClasses [ "few"; "many" ] inputs [ for i in 0..29 -> if i % 3 = 0 then 0 else 1 ]

let private ids (data: DataSet) : int list =
    (Shaping.slice 1 0 1 1 data.Inputs).ToArray() |> Array.map int |> List.ofArray

let private embedded =
    testList "embedded data" [
        testCase
            "digits are the 1,797 images of the source"
            (fun () ->
                let data = Datasets.digits ()
                Expect.equal data.Inputs.Shape (Shape.Of(1797, 64)) "inputs"
                Expect.equal (DataSet.outputs data) 10 "classes"
                Expect.equal data.Classes [ for c in 0..9 -> string c ] "names of classes"
                Expect.equal data.InputNames.Length 64 "names of inputs"

                Expect.equal
                    (DataSet.classCounts data)
                    [ 178; 182; 177; 183; 181; 182; 181; 179; 174; 180 ]
                    "examples of each class"

                let pixels = data.Inputs.ToArray() |> Array.map (fun x -> 16.0 * x)

                Expect.all
                    pixels
                    (fun p -> p = Math.Round p && p >= 0.0 && p <= 16.0)
                    "counts of 0 to 16"

                Expect.equal (Array.sum pixels) 561_718.0 "sum"

                // Σ row · column · count, both from 1: the order matters.
                let weighted =
                    pixels
                    |> Array.mapi (fun at p -> int64 (at / 64 + 1) * int64 (at % 64 + 1) * int64 p)

                Expect.equal (Array.sum weighted) 16_337_198_609L "checksum"

                Expect.equal
                    (data.Targets[0].ToScalar(), data.Targets[1].ToScalar())
                    (0.0, 1.0)
                    "first classes"
            )

        testCase
            "breast-cancer is the 569 biopsies of the source"
            (fun () ->
                let data = Datasets.breastCancer ()
                Expect.equal data.Inputs.Shape (Shape.Of(569, 30)) "inputs"
                Expect.equal data.Classes [ "malignant"; "benign" ] "names of classes"
                Expect.equal (DataSet.classCounts data) [ 212; 357 ] "examples of each class"
                Expect.equal data.InputNames[0] "mean radius" "first name"
                Expect.equal data.InputNames[29] "worst fractal dimension" "last name"
                let means = (Tensor.meanOver [ 0 ] data.Inputs).ToArray()
                Near.expectNumber 1e-12 14.127291739894563 means[0] "mean radius"
                Near.expectNumber 1e-12 0.08394581722319855 means[29] "worst fractal dimension"
                Expect.equal (data.Targets[0].ToScalar()) 0.0 "the first is malignant"
            )

        testCase
            "diabetes is the 442 patients of the source"
            (fun () ->
                let data = Datasets.diabetes ()
                Expect.equal data.Inputs.Shape (Shape.Of(442, 10)) "inputs"
                Expect.equal data.Targets.Shape (Shape.Of(442, 1)) "targets"
                Expect.equal (DataSet.outputs data) 1 "one number"
                Expect.isEmpty data.Classes "no classes"
                Expect.equal ((Tensor.sum data.Targets).ToScalar()) 67_243.0 "sum of targets"
                let sums = (Tensor.sumOver [ 0 ] data.Inputs).ToArray()
                Near.expectNumber 1e-12 21_445.0 sums[0] "ages"
                Near.expectNumber 1e-12 2_051.5036 sums[8] "s5"
                Expect.equal (List.item 2 data.InputNames) "bmi" "names"
            )

        testCase
            "every name loads its data, and an unknown one lists them"
            (fun () ->
                Expect.equal Datasets.names [ "digits"; "breast-cancer"; "diabetes" ] "names"

                for name in Datasets.names do
                    Expect.equal (Datasets.load name).Name name "its own name"

                Near.raises<ArgumentException>
                    [ "\"mnist\""; "digits, breast-cancer, diabetes" ]
                    (fun () -> Datasets.load "mnist" |> ignore)
            )

        testCase
            "training and test parts are ready for a network"
            (fun () ->
                let train, test = Datasets.trainAndTest key (Datasets.digits ())
                Expect.equal (DataSet.count train + DataSet.count test) 1797 "no example lost"

                Expect.equal
                    (DataSet.classCounts test)
                    [ 36; 36; 35; 37; 36; 36; 36; 36; 35; 36 ]
                    "a fifth of each"

                Expect.equal ((Tensor.max train.Inputs).ToScalar()) 1.0 "pixels stay"

                let train, test = Datasets.trainAndTest key (Datasets.diabetes ())

                Near.expectTensor
                    1e-13
                    (Tensor.zeros [ 10 ])
                    (Tensor.meanOver [ 0 ] train.Inputs)
                    "train means"

                Near.expectNumber
                    1e-13
                    1.0
                    ((Tensor.mean (Tensor.square train.Targets)).ToScalar())
                    "target variance"

                let testMean = (Tensor.mean test.Targets).ToScalar()

                Expect.isGreaterThan
                    (abs testMean)
                    1e-6
                    "the test part is in the units of the training part"

                Expect.isLessThan (abs testMean) 0.5 "of which it is not far"
            )
    ]

let private splitting =
    testList "split" [
        testCase
            "divides every class, loses nothing, repeats nothing"
            (fun () ->
                let train, test = DataSet.split 0.2 key numbered
                Expect.equal (DataSet.classCounts test) [ 2; 4 ] "a fifth of each class"
                Expect.equal (DataSet.classCounts train) [ 8; 16 ] "the others"
                Expect.equal (List.sort (ids train @ ids test)) [ 0..29 ] "each example once"
                Expect.equal (ids train) (List.sort (ids train)) "in the order of the whole"

                for part in [ train; test ] do
                    for i, id in List.indexed (ids part) do
                        let c = if id % 3 = 0 then 0.0 else 1.0
                        Expect.equal (part.Targets[i].ToScalar()) c "targets go with their inputs"
            )

        testCase
            "depends on the key alone"
            (fun () ->
                let tests (key: Key) =
                    DataSet.split 0.2 key numbered |> snd |> ids

                Expect.equal (tests key) (tests key) "same key"
                Expect.notEqual (tests key) (tests (Key.ofSeed 32L)) "another key"
            )

        testCase
            "every example is as likely to be a test"
            (fun () ->
                let times = Array.zeroCreate 30

                for seed in 1L .. 500L do
                    for id in DataSet.split 0.2 (Key.ofSeed seed) numbered |> snd |> ids do
                        times[id] <- times[id] + 1

                // Binomial (500, 0.2): 100 ± 9.
                Expect.all times (fun t -> abs (t - 100) < 45) "within five deviations"
            )

        testCase
            "numbers as targets are divided too, and parts are checked"
            (fun () ->
                let data = DataSet.ofNumbers (Tensor.ones [ 10; 1 ]) (Tensor.range 10)
                let train, test = DataSet.split 0.3 key data
                let all = Array.append (train.Targets.ToArray()) (test.Targets.ToArray())
                Expect.equal (DataSet.count test) 3 "three tenths"
                Expect.equal (Array.sort all) [| 0.0 .. 9.0 |] "each once"

                for part in [ 0.0; 1.0; nan; -0.1 ] do
                    Near.raises<ArgumentOutOfRangeException>
                        [ "above 0" ]
                        (fun () -> DataSet.split part key data |> ignore)
            )
    ]

let private units =
    testList "Standardization" [
        testCase
            "gives mean 0 and variance 1, and leaves a constant input at 0"
            (fun () ->
                let data = Standardization.apply (Standardization.fit numbered) numbered

                Near.expectTensor
                    1e-14
                    (Tensor.zeros [ 3 ])
                    (Tensor.meanOver [ 0 ] data.Inputs)
                    "means"

                let squares = Tensor.meanOver [ 0 ] (Tensor.square data.Inputs)
                Near.expectArray 1e-14 [| 1.0; 0.0; 1.0 |] (squares.ToArray()) "variances"
                Expect.equal (data.Targets.ToArray()) (numbered.Targets.ToArray()) "classes stay"
            )

        testCase
            "a constant that has no exact binary form is still constant"
            (fun () ->
                let data = DataSet.ofNumbers (Tensor.full [ 7; 1 ] 0.1) (Tensor.range 7)
                let inputs = (Standardization.apply (Standardization.fit data) data).Inputs
                Expect.all (inputs.ToArray()) (fun x -> abs x < 1e-15) "zeros"
            )

        testCase
            "restore brings outputs back to the units of the targets"
            (fun () ->
                let data =
                    DataSet.ofNumbers
                        (Tensor.ones [ 4; 1 ])
                        (Tensor.ofArray [| 5.0; 7.0; 9.0; 30.0 |])

                let units = Standardization.fit data
                let there = Standardization.apply units data

                Near.expectTensor
                    1e-14
                    data.Targets
                    (Standardization.restore units there.Targets)
                    "back"
            )
    ]

let private parts =
    testList "parts" [
        testCase
            "select and range take examples with their targets"
            (fun () ->
                let some = DataSet.select [ 3; 29; 3 ] numbered
                Expect.equal (ids some) [ 3; 29; 3 ] "in the order asked for"
                Expect.equal (some.Targets.ToArray()) [| 0.0; 1.0; 0.0 |] "targets"
                let some = DataSet.range 4 3 numbered
                Expect.equal (ids some) [ 4; 5; 6 ] "a range"
                Expect.equal (some.Targets.ToArray()) [| 1.0; 1.0; 0.0 |] "targets"
            )

        testCase
            "another element type keeps classes"
            (fun () ->
                let data = DataSet.cast DType.Float32 numbered
                Expect.equal data.Inputs.DType DType.Float32 "inputs"
                Expect.equal data.Targets.DType DType.Int64 "classes"

                Near.raises<ArgumentException>
                    [ "Int64" ]
                    (fun () -> DataSet.cast DType.Int64 numbered |> ignore)
            )

        testCase
            "counts that differ and classes without names are refused"
            (fun () ->
                Near.raises<ArgumentException>
                    [ "class 2" ]
                    (fun () ->
                        DataSet.ofClasses [ "a"; "b" ] (Tensor.ones [ 2; 1 ]) [ 0; 2 ] |> ignore
                    )

                Near.raises<ShapeException>
                    [ "2 inputs"; "3 targets" ]
                    (fun () -> DataSet.ofNumbers (Tensor.ones [ 2; 1 ]) (Tensor.range 3) |> ignore)
            )

        testCase
            "the loss suits the targets"
            (fun () ->
                Expect.equal (DataSet.loss numbered).Name Loss.softmaxCrossEntropy.Name "classes"
                let numbers = DataSet.ofNumbers (Tensor.ones [ 2; 1 ]) (Tensor.range 2)
                Expect.equal (DataSet.loss numbers).Name Loss.squaredError.Name "numbers"
            )
    ]

[<Tests>]
let dataSets = testList "Data sets" [ embedded; splitting; units; parts ]
