module Optim.CoreTests.LossTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private key: Key = Key.ofSeed 21L
let private outputs: Tensor = 2.0 * Tensor.normal key [ 6; 4 ]
let private classes: int list = [ 3; 0; 2; 2; 1; 3 ]
let private targets: Tensor = Tensor.indices classes

/// exp z / Σ exp z, as written.
let private probabilities (z: float[]) : float[] =
    let total = z |> Array.sumBy exp
    z |> Array.map (fun x -> exp x / total)

let private softmax =
    testList "softmax cross-entropy" [
        let mean (z: Tensor) (t: Tensor) =
            (Loss.mean Loss.softmaxCrossEntropy z t).ToScalar()

        testCase
            "is the mean of −log of the probability of the class"
            (fun () ->
                let naive =
                    classes
                    |> List.mapi (fun i c -> outputs[i].ToArray() |> probabilities |> Array.item c)
                    |> List.map (fun p -> -(log p))
                    |> List.average

                Near.expectNumber 1e-14 naive (mean outputs targets) "naive"
            )

        testCase
            "is exact where exp overflows"
            (fun () ->
                let z = Tensor.ofRows [ [ 1000.0; 0.0 ]; [ -1000.0; 1000.0 ]; [ 5e4; 5e4 ] ]
                let each = Loss.softmaxCrossEntropy.PerExample z (Tensor.indices [ 1; 1; 0 ])
                Near.expectArray 1e-15 [| 1000.0; 0.0; log 2.0 |] (each.ToArray()) "1000, 0, log 2"

                let slope =
                    Derivatives.grad
                        (fun z ->
                            Loss.mean Loss.softmaxCrossEntropy z (Tensor.indices [ 1; 1; 0 ])
                        )
                        z

                Near.expectArray
                    1e-15
                    (Array.map (fun g -> g / 3.0) [| 1.0; -1.0; 0.0; 0.0; -0.5; 0.5 |])
                    (slope.ToArray())
                    "gradient"
            )

        testCase
            "equal outputs cost the logarithm of the number of classes"
            (fun () ->
                Near.expectNumber 1e-15 (log 4.0) (mean (Tensor.full [ 6; 4 ] 7.5) targets) "log 4"
            )

        testCase
            "does not change when all outputs of an example move together"
            (fun () ->
                let shift = Tensor.create [ 6; 1 ] [| 3.0; -8.0; 0.5; 100.0; -20.0; 1.0 |]

                Near.expectNumber
                    1e-13
                    (mean outputs targets)
                    (mean (outputs + shift) targets)
                    "shifted"
            )

        testCase
            "its gradient is (p − e) / N and its Hessian diag p − p pᵀ"
            (fun () ->
                let f (z: Tensor) =
                    Loss.mean Loss.softmaxCrossEntropy z targets

                let expected = [|
                    for i, c in List.indexed classes do
                        for j, p in Array.indexed (probabilities (outputs[i].ToArray())) do
                            (p - (if j = c then 1.0 else 0.0)) / 6.0
                |]

                Near.expectArray 1e-15 expected ((Derivatives.grad f outputs).ToArray()) "gradient"
                let z = outputs[2]

                let one (z: Tensor) =
                    Loss.mean Loss.softmaxCrossEntropy z targets[2]

                let p = probabilities (z.ToArray())

                let curvature = [|
                    for i in 0..3 do
                        for j in 0..3 -> (if i = j then p[i] else 0.0) - p[i] * p[j]
                |]

                Near.expectArray 1e-14 curvature ((Derivatives.hessian one z).ToArray()) "Hessian"
            )

        testCase
            "of two classes is the sigmoid cross-entropy of their difference"
            (fun () ->
                let z = Tensor.normal (Key.fold 1L key) [ 6; 1 ]
                let bits = Tensor.indices [ 1; 0; 0; 1; 1; 0 ]
                let pair = Shaping.concat 1 [ Tensor.zeros [ 6; 1 ]; z ]

                Near.expectNumber
                    1e-14
                    (mean pair bits)
                    ((Loss.mean Loss.sigmoidCrossEntropy z bits).ToScalar())
                    "softmax (0, z)"
            )

        testCase
            "wants a class below the number of outputs for each example"
            (fun () ->
                let check (targets: Tensor) () =
                    Loss.softmaxCrossEntropy.Check 4 targets

                check targets ()
                Near.raises<ArgumentException> [ "from 0 to 3" ] (check (Tensor.indices [ 0; 4 ]))
                Near.raises<ArgumentException> [ "from 0 to 3" ] (check (Tensor.indices [ -1 ]))
                Near.raises<ArgumentException> [ "Int64"; "Float64" ] (check (Tensor.zeros [ 3 ]))
            )
    ]

let private sigmoid =
    testList "sigmoid cross-entropy" [
        testCase
            "is −t log p − (1 − t) log (1 − p), summed over outputs and averaged over examples"
            (fun () ->
                let t = Tensor.uniform (Key.fold 2L key) [ 6; 4 ]

                let naive =
                    Array.zip (outputs.ToArray()) (t.ToArray())
                    |> Array.sumBy (fun (z, t) ->
                        let p = 1.0 / (1.0 + exp -z)
                        -t * log p - (1.0 - t) * log (1.0 - p)
                    )

                Near.expectNumber
                    1e-13
                    (naive / 6.0)
                    ((Loss.mean Loss.sigmoidCrossEntropy outputs t).ToScalar())
                    "naive"
            )

        testCase
            "is exact where exp overflows"
            (fun () ->
                let z = Tensor.create [ 4; 1 ] [| 800.0; -800.0; 800.0; -800.0 |]
                let each = Loss.sigmoidCrossEntropy.PerExample z (Tensor.indices [ 0; 1; 1; 0 ])
                Near.expectArray 1e-15 [| 800.0; 800.0; 0.0; 0.0 |] (each.ToArray()) "800 or 0"
            )

        testCase
            "its Hessian is p (1 − p)"
            (fun () ->
                let f (z: Tensor) =
                    Loss.mean Loss.sigmoidCrossEntropy z (Tensor.ofArray [| 1.0; 0.0 |])

                let z = [| 0.3; -1.2 |]
                let p = z |> Array.map (fun x -> 1.0 / (1.0 + exp -x))

                Near.expectArray
                    1e-14
                    [| p[0] * (1.0 - p[0]); 0.0; 0.0; p[1] * (1.0 - p[1]) |]
                    ((Derivatives.hessian f (Tensor.ofArray z)).ToArray())
                    "Hessian"
            )

        testCase
            "wants probabilities in the outputs' shape"
            (fun () ->
                let check outputs (targets: Tensor) () =
                    Loss.sigmoidCrossEntropy.Check outputs targets

                check 1 (Tensor.indices [ 0; 1; 1 ]) ()
                check 2 (Tensor.full [ 3; 2 ] 0.5) ()
                Near.raises<ArgumentException> [ "2 numbers" ] (check 2 (Tensor.indices [ 0; 1 ]))
                Near.raises<ArgumentException> [ "0 to 1" ] (check 1 (Tensor.indices [ 0; 2 ]))
                Near.raises<ArgumentException> [ "0 to 1" ] (check 1 (Tensor.full [ 2; 1 ] nan))
            )
    ]

let private squared =
    testList "squared error" [
        testCase
            "is half the squared distance, averaged over examples"
            (fun () ->
                let z = Tensor.ofRows [ [ 1.0; 2.0 ]; [ 0.0; -1.0 ] ]
                let t = Tensor.ofRows [ [ 0.0; 4.0 ]; [ 3.0; -1.0 ] ]

                Near.expectNumber
                    0.0
                    3.5
                    ((Loss.mean Loss.squaredError z t).ToScalar())
                    "½ (1 + 4 + 9) / 2"

                let curvature =
                    Derivatives.hessian (fun z -> Loss.mean Loss.squaredError z t[0]) z[0]

                Near.expectTensor 1e-15 (Tensor.identity 2) curvature "Hessian"
            )

        testCase
            "takes one target for one output as it comes"
            (fun () ->
                let z = Tensor.create [ 3; 1 ] [| 1.0; 2.0; 3.0 |]
                let t = Tensor.ofArray [| 1.0; 0.0; 0.0 |]

                Near.expectNumber
                    1e-15
                    (6.5 / 3.0)
                    ((Loss.mean Loss.squaredError z t).ToScalar())
                    "½ (0 + 4 + 9) / 3"

                Near.raises<ArgumentException>
                    [ "2 numbers" ]
                    (fun () -> Loss.squaredError.Check 2 t)
            )
    ]

/// Σ over answers of their probability times the outer product of their gradient, averaged over examples.
let private bruteFisher
    (model: Model)
    (loss: Loss)
    (answers: Tensor -> (float * Tensor) list)
    (point: Tensor)
    (inputs: Tensor)
    : Tensor =
    let count = inputs.Shape[0]

    let terms = [
        for i in 0 .. count - 1 do
            let x = inputs[i]

            for probability, answer in answers (model.Apply point x) do
                let g = Derivatives.grad (fun p -> Loss.mean loss (model.Apply p x) answer) point
                probability / float count * Tensor.outer g g
    ]

    List.reduce (+) terms

let private fisher =
    testList "natural parameters" [
        let inputs = Tensor.normal (Key.fold 3L key) [ 3; 2 ]

        let modelOf (outputs: int) =
            Mlp.create { Mlp.defaults with Inputs = 2; Hidden = [ 2 ]; Outputs = outputs }

        let gaussNewton (model: Model) (loss: Loss) (targets: Tensor) (point: Tensor) =
            Curvature.gaussNewton
                (fun p -> model.Apply p inputs)
                (fun z -> Loss.mean loss z targets)
                point

        testCase
            "of softmax: Gauss-Newton is Fisher, by summing over all classes"
            (fun () ->
                let model = modelOf 3
                let point = Tensor.normal (Key.fold 4L key) [ model.Layout.Length ]

                let answers (z: Tensor) = [
                    for c, p in Array.indexed (probabilities (z.ToArray())) ->
                        p, (Tensor.indices [ c ])[0]
                ]

                Near.expectTensor
                    1e-13
                    (bruteFisher model Loss.softmaxCrossEntropy answers point inputs)
                    (gaussNewton model Loss.softmaxCrossEntropy (Tensor.indices [ 0; 2; 1 ]) point)
                    "Fisher"
            )

        testCase
            "of sigmoid: Gauss-Newton is Fisher, by summing over both events"
            (fun () ->
                let model = modelOf 1
                let point = Tensor.normal (Key.fold 5L key) [ model.Layout.Length ]

                let answers (z: Tensor) =
                    let p = 1.0 / (1.0 + exp -(z.ToScalar()))
                    [ p, Tensor.scalar 1.0; 1.0 - p, Tensor.scalar 0.0 ]

                Near.expectTensor
                    1e-13
                    (bruteFisher model Loss.sigmoidCrossEntropy answers point inputs)
                    (gaussNewton model Loss.sigmoidCrossEntropy (Tensor.indices [ 0; 1; 1 ]) point)
                    "Fisher"
            )

        testCase
            "of squared error: Gauss-Newton is Jᵀ J / N"
            (fun () ->
                let model = modelOf 2
                let point = Tensor.normal (Key.fold 6L key) [ model.Layout.Length ]
                let n = point.Length

                let j =
                    Derivatives.jacobian (fun p -> Shaping.flatten (model.Apply p inputs)) point
                    |> Shaping.reshape [ 6; n ]

                Near.expectTensor
                    1e-13
                    (Tensor.matmul (Shaping.transpose j) j / 3.0)
                    (gaussNewton model Loss.squaredError (Tensor.zeros [ 3; 2 ]) point)
                    "Jᵀ J / N"
            )
    ]

let private classification =
    testList "Classification" [
        let z =
            Tensor.ofRows [
                [ 1.0; 3.0; 2.0 ]
                [ 5.0; 5.0; 0.0 ]
                [ 0.0; 1.0; 2.0 ]
                [ 0.0; 1.0; 2.0 ]
            ]

        testCase
            "the first largest output is the class"
            (fun () ->
                Expect.equal
                    ((Classification.predicted z).ToArray())
                    [| 1.0; 0.0; 2.0; 2.0 |]
                    "classes"

                Expect.equal (Classification.predicted z).DType DType.Int64 "type"
                let signs = Classification.predicted (Tensor.create [ 3; 1 ] [| -1.0; 0.0; 2.0 |])
                Expect.equal (signs.ToArray()) [| 0.0; 0.0; 1.0 |] "one output decides by its sign"
            )

        testCase
            "accuracy and confusion count"
            (fun () ->
                let truth = Tensor.indices [ 1; 2; 2; 0 ]
                Expect.equal (Classification.accuracy z truth) 0.5 "2 of 4"

                Expect.equal
                    (Classification.confusion 3 z truth)
                    (array2D [ [ 0; 0; 1 ]; [ 0; 1; 0 ]; [ 1; 0; 1 ] ])
                    "row: true class, column: predicted"

                Near.raises<ShapeException>
                    [ "(3)"; "(4)" ]
                    (fun () -> Classification.accuracy z (Tensor.indices [ 0; 1; 2 ]) |> ignore)

                Near.raises<ArgumentException>
                    [ "class 3" ]
                    (fun () ->
                        Classification.confusion 3 z (Tensor.indices [ 1; 2; 3; 0 ]) |> ignore
                    )
            )
    ]

[<Tests>]
let losses = testList "Losses" [ softmax; sigmoid; squared; fisher; classification ]
