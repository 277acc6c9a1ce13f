module Optim.CoreTests.NetworkTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private key: Key = Key.ofSeed 11L

let private small: Model =
    Mlp.create { Mlp.defaults with Inputs = 3; Hidden = [ 4 ]; Outputs = 2 }

/// 4 · 3 + 4 + 2 · 4 + 2 numbers without any symmetry.
let private point: Tensor = Tensor.normal (Key.fold 1L key) [ small.Layout.Length ]
let private inputs: Tensor = Tensor.normal (Key.fold 2L key) [ 5; 3 ]

/// The same network, number by number.
let private byHand (p: float[]) (x: float[]) : float[] =
    let hidden =
        Array.init
            4
            (fun j -> tanh (Seq.sum (seq { for i in 0..2 -> x[i] * p[4 * i + j] }) + p[12 + j]))

    Array.init
        2
        (fun k -> Seq.sum (seq { for j in 0..3 -> hidden[j] * p[16 + 2 * j + k] }) + p[24 + k])

let private activations =
    testList "Activation" [
        let closed: (Activation * (float -> float)) list = [
            Activation.Identity, id
            Activation.Relu, (fun z -> max z 0.0)
            Activation.LeakyRelu 0.2, (fun z -> if z > 0.0 then z else 0.2 * z)
            Activation.Elu, (fun z -> if z > 0.0 then z else exp z - 1.0)
            Activation.Silu, (fun z -> z / (1.0 + exp -z))
            Activation.Softplus, (fun z -> log (1.0 + exp z))
            Activation.Sigmoid, (fun z -> 1.0 / (1.0 + exp -z))
            Activation.Tanh, tanh
        ]

        for activation, f in closed do
            testCase
                $"{Activation.name activation} is its formula"
                (fun () ->
                    let z = [| -3.0; -0.7; -1e-3; 0.4; 1.0; 5.0 |]
                    let actual = Activation.apply activation (Tensor.ofArray z)
                    Near.expectArray 1e-14 (Array.map f z) (actual.ToArray()) "values"
                )

        testCase
            "gelu is z Φ(z)"
            (fun () ->
                let actual = Activation.apply Activation.Gelu (Tensor.ofArray [| 1.0; -1.0; 0.0 |])

                Near.expectArray
                    1e-14
                    [| 0.8413447460685429; -0.15865525393145705; 0.0 |]
                    (actual.ToArray())
                    "the normal distribution function at 1 is 0.8413447460685429"
            )

        testCase
            "names and activations belong together"
            (fun () ->
                for activation in Activation.all do
                    Expect.equal
                        (Activation.parse (Activation.name activation))
                        activation
                        "round trip"

                Expect.equal (Activation.parse "ReLU") Activation.Relu "capitals do not matter"
            )

        testCase
            "an unknown name lists the known ones"
            (fun () ->
                Near.raises<ArgumentException>
                    [ "\"swoosh\""; "leaky-relu"; "softplus" ]
                    (fun () -> Activation.parse "swoosh" |> ignore)
            )
    ]

let private initializations =
    testList "Initialization" [
        for kind, variance in
            [
                Initialization.GlorotUniform, 2.0 / 300.0
                Initialization.GlorotNormal, 2.0 / 300.0
                Initialization.HeUniform, 2.0 / 200.0
                Initialization.HeNormal, 2.0 / 200.0
                Initialization.LecunUniform, 1.0 / 200.0
                Initialization.LecunNormal, 1.0 / 200.0
            ] do
            testCase
                $"{kind} has mean 0 and its variance"
                (fun () ->
                    let w = Initialization.draw 200 100 kind key
                    Expect.hasLength w 20_000 "count"
                    // The variance of a sample of 20,000 has relative deviation 1 % (normal) or 0.6 % (uniform).
                    let sample = Array.averageBy (fun x -> x * x) w
                    Expect.isLessThan (abs (sample / variance - 1.0)) 0.05 "variance"

                    Expect.isLessThan
                        (abs (Array.average w))
                        (5.0 * sqrt (variance / 20_000.0))
                        "mean"

                    let isUniform =
                        match kind with
                        | Initialization.GlorotUniform
                        | Initialization.HeUniform
                        | Initialization.LecunUniform -> true
                        | Initialization.Zeros
                        | Initialization.GlorotNormal
                        | Initialization.HeNormal
                        | Initialization.LecunNormal -> false

                    let largest = w |> Array.map abs |> Array.max
                    let bound = sqrt (3.0 * variance)

                    if isUniform then
                        Expect.isLessThanOrEqual largest bound "a uniform weight has a bound"
                        Expect.isGreaterThan largest (0.99 * bound) "and comes near it"
                    else
                        Expect.isGreaterThan largest bound "a normal weight goes further"
                )

        testCase
            "zeros are zeros"
            (fun () ->
                Expect.equal
                    (Initialization.draw 2 3 Initialization.Zeros key)
                    (Array.zeroCreate 6)
                    "6"
            )

        testCase
            "a model begins with drawn weights and biases of 0, from the key alone"
            (fun () ->
                let start = small.Initialize key
                let blocks = Model.parameters small start |> Map.ofList
                Expect.all (blocks["layer1.bias"].ToArray()) ((=) 0.0) "bias 1"
                Expect.all (blocks["layer2.bias"].ToArray()) ((=) 0.0) "bias 2"
                Expect.all (blocks["layer1.weight"].ToArray()) ((<>) 0.0) "weight 1"
                Expect.equal (start.ToArray()) ((small.Initialize key).ToArray()) "same key"
                let other = small.Initialize(Key.ofSeed 12L)
                Expect.notEqual (start.ToArray()) (other.ToArray()) "another key"

                let first = blocks["layer1.weight"].ToArray()[..7]
                Expect.notEqual first (blocks["layer2.weight"].ToArray()) "layers draw apart"
            )
    ]

let private models =
    testList "Model" [
        testCase
            "the layout names the blocks of 64-32-10 in order"
            (fun () ->
                let model = Mlp.create (Mlp.parse Activation.Tanh "64-32-10")

                let blocks =
                    model.Layout.Blocks |> List.map (fun b -> b.Name, b.Offset, string b.Shape)

                Expect.equal
                    blocks
                    [
                        "layer1.weight", 0, "(64, 32)"
                        "layer1.bias", 2048, "(32)"
                        "layer2.weight", 2080, "(32, 10)"
                        "layer2.bias", 2400, "(10)"
                    ]
                    "blocks"

                Expect.equal model.Layout.Length 2410 "64 · 32 + 32 + 32 · 10 + 10"
                Expect.equal model.Name "64-32-10 tanh" "name"
                Expect.equal (model.Inputs, model.Outputs) (64, 10) "sizes"
            )

        testCase
            "a network is what it is number by number"
            (fun () ->
                let outputs = small.Apply point inputs
                Expect.equal outputs.Shape (Shape.Of(5, 2)) "shape"

                for i in 0..4 do
                    let expected = byHand (point.ToArray()) (inputs[i].ToArray())
                    Near.expectArray 1e-14 expected (outputs[i].ToArray()) $"example {i}"
            )

        testCase
            "one example gives its row of the batch"
            (fun () ->
                let outputs = small.Apply point inputs
                Near.expectTensor 1e-14 outputs[3] (small.Apply point inputs[3]) "row 3"
            )

        testCase
            "the order of examples is the order of outputs"
            (fun () ->
                let order = [ 4; 2; 0; 1; 3 ]
                let shuffled = Shaping.indexSelect 0 (Tensor.indices order) inputs

                let expected =
                    Shaping.indexSelect 0 (Tensor.indices order) (small.Apply point inputs)

                Near.expectTensor 1e-14 expected (small.Apply point shuffled) "permuted"
            )

        testCase
            "hidden units may change places"
            (fun () ->
                let p = point.ToArray()
                let order = [| 2; 0; 3; 1 |]

                let moved =
                    Array.init
                        p.Length
                        (fun at ->
                            if at < 12 then p[4 * (at / 4) + order[at % 4]]
                            elif at < 16 then p[12 + order[at - 12]]
                            elif at < 24 then p[16 + 2 * order[(at - 16) / 2] + at % 2]
                            else p[at]
                        )

                Expect.notEqual moved p "another point"

                Near.expectTensor
                    1e-13
                    (small.Apply point inputs)
                    (small.Apply (Tensor.ofArray moved) inputs)
                    "the same function"
            )

        testCase
            "many points at once are a loop over points"
            (fun () ->
                let points = Tensor.normal (Key.fold 3L key) [ 3; small.Layout.Length ]
                let all = Derivatives.vmap (fun p -> small.Apply p inputs) points

                for i in 0..2 do
                    Near.expectTensor 1e-14 (small.Apply points[i] inputs) all[i] $"point {i}"
            )

        testCase
            "layers without activation are one matrix"
            (fun () ->
                let model =
                    Mlp.create {
                        Mlp.defaults with
                            Inputs = 3
                            Hidden = [ 4; 5 ]
                            Outputs = 2
                            Activation = Activation.Identity
                    }

                let start = model.Initialize key
                let w = Model.parameters model start |> Map.ofList

                let product =
                    Tensor.matmul
                        (Tensor.matmul w["layer1.weight"] w["layer2.weight"])
                        w["layer3.weight"]

                Near.expectTensor
                    1e-14
                    (Tensor.matmul inputs product)
                    (model.Apply start inputs)
                    "x W₁ W₂ W₃"
            )

        testCase
            "a softmax layer gives probabilities"
            (fun () ->
                let model =
                    Model.sequential "probabilities" [
                        Layer.dense Initialization.GlorotNormal 3 4
                        Layer.softmax 4
                    ]

                let p = (model.Apply (Tensor.normal key [ 16 ]) inputs)
                Expect.all (p.ToArray()) (fun x -> x > 0.0 && x < 1.0) "between 0 and 1"
                Near.expectTensor 1e-14 (Tensor.ones [ 5 ]) (Tensor.sumOver [ 1 ] p) "sums"
                Expect.equal (List.length model.Layout.Blocks) 2 "softmax has no parameters"
            )

        testCase
            "layers that do not fit are refused"
            (fun () ->
                Near.raises<ArgumentException>
                    [ "takes 5"; "gives 4" ]
                    (fun () ->
                        Model.sequential "bad" [
                            Layer.dense Initialization.Zeros 3 4
                            Layer.dense Initialization.Zeros 5 2
                        ]
                        |> ignore
                    )

                Near.raises<ArgumentException>
                    [ "one layer" ]
                    (fun () -> Model.sequential "bad" [] |> ignore)
            )

        testCase
            "points and inputs of another size are refused"
            (fun () ->
                Near.raises<ShapeException>
                    [ "(25)"; "(26)" ]
                    (fun () -> small.Apply (Tensor.zeros [ 25 ]) inputs |> ignore)

                Near.raises<ShapeException>
                    [ "(5, 2)"; "3 numbers" ]
                    (fun () -> small.Apply point (Tensor.zeros [ 5; 2 ]) |> ignore)
            )

        testCase
            "texts describe networks"
            (fun () ->
                let options = Mlp.parse Activation.Relu "64-32-16-10"
                Expect.equal options.Hidden [ 32; 16 ] "hidden"
                Expect.equal (options.Inputs, options.Outputs) (64, 10) "ends"
                Expect.equal options.Initialization Initialization.HeNormal "suited to relu"
                Expect.isEmpty (Mlp.parse Activation.Tanh "3-1").Hidden "linear"
            )

        for text in [ ""; "64"; "64-x-10"; "64-0-10"; "64--10"; "64-3.5-10"; "-3-4" ] do
            testCase
                $"\"{text}\" describes no network"
                (fun () ->
                    Near.raises<ArgumentException>
                        [ $"\"{text}\""; "64-32-10" ]
                        (fun () -> Mlp.parse Activation.Tanh text |> ignore)
                )
    ]

let private derivatives =
    testList "derivatives of networks" [
        for activation in Activation.all do
            testCase
                $"the gradient through {Activation.name activation} agrees with differences"
                (fun () ->
                    let model =
                        Mlp.create {
                            Inputs = 3
                            Hidden = [ 4; 3 ]
                            Outputs = 3
                            Activation = activation
                            Initialization = Initialization.GlorotNormal
                        }

                    let x = Tensor.normal (Key.fold 4L key) [ model.Layout.Length ]
                    let classes = Tensor.indices [ 0; 2; 1; 1; 0 ]

                    let f (p: Tensor) =
                        Loss.mean Loss.softmaxCrossEntropy (model.Apply p inputs) classes

                    let exact = (Derivatives.grad f x).ToArray()
                    Expect.exists exact (fun g -> abs g > 0.01) "a gradient worth the test"
                    // Differences of step 1e-5 are good to about 1e-10; a kink within 1e-5 is unlikely and not met here.
                    Near.expectArray 1e-8 (Near.gradient 1e-5 f x) exact "gradient"
                )

        testCase
            "Hessian products agree with differences of gradients"
            (fun () ->
                let targets = Tensor.normal (Key.fold 5L key) [ 5; 2 ]

                let f (p: Tensor) =
                    Loss.mean Loss.squaredError (small.Apply p inputs) targets

                let v = Tensor.normal (Key.fold 6L key) [ small.Layout.Length ]
                let h = 1e-5

                let differences =
                    (Derivatives.grad f (point + h * v) - Derivatives.grad f (point - h * v))
                    / (2.0 * h)

                Near.expectTensor 1e-7 differences (Derivatives.hvp f point v) "H v"
            )

        testCase
            "gradients of single examples are a loop, and their mean the gradient of the batch"
            (fun () ->
                let classes = Tensor.indices [ 0; 1; 1; 0; 1 ]
                let loss = Loss.softmaxCrossEntropy

                let one (p: Tensor) (x: Tensor) (t: Tensor) = Loss.mean loss (small.Apply p x) t

                let all = Curvature.perExampleGradients one point inputs classes
                Expect.equal all.Shape (Shape.Of(5, 26)) "one row an example"

                for i in 0..4 do
                    let single = Derivatives.grad (fun p -> one p inputs[i] classes[i]) point
                    Near.expectTensor 1e-13 single all[i] $"example {i}"

                let batch =
                    Derivatives.grad (fun p -> Loss.mean loss (small.Apply p inputs) classes) point

                Near.expectTensor 1e-13 batch (Tensor.meanOver [ 0 ] all) "mean"
            )
    ]

[<Tests>]
let networks =
    testList "Networks" [ activations; initializations; models; derivatives ]
