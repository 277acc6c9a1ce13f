module Optim.CoreTests.FirstOrderTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private sumOfSquares = Objective.ofFunction (Tensor.square >> Tensor.sum)

let private rate = Schedule.Constant 0.003

/// Values of Σ xᵢ² from (1, 2, 3) after steps 1, 2, …. Source: specification section 10.1, computed from the equations.
let private golden: (string * Method * float list) list = [
    "SGD",
    Sgd.create { Sgd.defaults with Rate = rate },
    [ 13.832504; 13.66701192; 13.50349979; 13.34194392; 13.1823209 ]

    "momentum",
    Sgd.create { Sgd.defaults with Rate = rate; Momentum = 0.9 },
    [ 13.832504; 13.51802912; 13.07805205; 12.53418665; 11.90752977 ]

    "Nesterov",
    Sgd.create { Sgd.defaults with Rate = rate; Momentum = 0.9; Nesterov = true },
    [ 13.68261944; 13.23976952; 12.69372657; 12.06601333; 11.37691835 ]

    "Adam",
    Adam.create { Adam.defaults with Rate = rate },
    [ 13.964027; 13.92810942; 13.89224818; 13.85644422; 13.82069845 ]

    "AdamW",
    AdamW.create { AdamW.defaults with Rate = rate },
    [ 13.96318809; 13.92643492; 13.88974142; 13.85310854; 13.8165372 ]
]

[<Tests>]
let firstOrder =
    testList "First-order methods" [
        for name, method, values in golden do
            testCase
                $"{name}: the golden trace"
                (fun () ->
                    values
                    |> List.iteri (fun i expected ->
                        let x =
                            after
                                (int64 i + 1L)
                                method
                                sumOfSquares
                                (Tensor.ofArray [| 1.0; 2.0; 3.0 |])

                        close 6e-9 (float (Tensor.sum (Tensor.square x))) expected $"step {i + 1}"
                    )
                )

        testCase
            "momentum 0 is plain gradient descent"
            (fun () ->
                let start = Tensor.ofArray [| 1.0; 2.0; 3.0 |]

                let plain =
                    after 7L (Sgd.create { Sgd.defaults with Rate = rate }) sumOfSquares start

                let fixedSize =
                    after
                        7L
                        (GradientDescent.create { Search = FixedSize.create 0.003 })
                        sumOfSquares
                        start

                Expect.equal
                    (bits plain)
                    (bits fixedSize)
                    "the same as gradient descent of fixed size"
            )

        testCase
            "the first step of Adam goes by the rate along each sign"
            (fun () ->
                let x =
                    after
                        1L
                        (Adam.create Adam.defaults)
                        sumOfSquares
                        (Tensor.ofArray [| 5.0; -1e-3; 100.0 |])

                let expected = [| 5.0 - 1e-3; -1e-3 + 1e-3; 100.0 - 1e-3 |]
                Array.iter2 (fun a e -> close 1e-8 a e "coordinate") (x.ToArray()) expected
            )

        testCase
            "weight decay: Adam adds it to the gradient, AdamW shrinks the point"
            (fun () ->
                let flat = Objective.ofFunction (fun x -> 0.0 * Tensor.sum x)
                let start = Tensor.ofArray [| 10.0 |]
                let options = { Adam.defaults with WeightDecay = 0.1 }
                // g = 0.1 · 10, so the first step is the rate; against x (1 − η λ).
                close 1e-9 (float (after 1L (Adam.create options) flat start)) (10.0 - 1e-3) "Adam"

                close
                    1e-14
                    (float (after 1L (AdamW.create options) flat start))
                    (10.0 * (1.0 - 1e-4))
                    "AdamW"

                let sgd = Sgd.create { Sgd.defaults with WeightDecay = 0.1 }
                close 1e-14 (float (after 1L sgd flat start)) (10.0 * (1.0 - 1e-3)) "SGD"
            )

        testCase
            "illegal options are refused"
            (fun () ->
                let refuse (make: unit -> Method) (message: string) =
                    try
                        make () |> ignore
                        failtest $"{message} was accepted"
                    with :? ArgumentException as e ->
                        Expect.isNotEmpty e.Message message

                refuse (fun () -> Sgd.create { Sgd.defaults with Momentum = 1.0 }) "momentum 1"

                refuse
                    (fun () -> Sgd.create { Sgd.defaults with Momentum = -0.1 })
                    "momentum below 0"

                refuse
                    (fun () -> Sgd.create { Sgd.defaults with Nesterov = true })
                    "Nesterov without momentum"

                refuse
                    (fun () -> Sgd.create { Sgd.defaults with WeightDecay = infinity })
                    "infinite decay"

                refuse (fun () -> Adam.create { Adam.defaults with Decay1 = 1.0 }) "decay 1"
                refuse (fun () -> Adam.create { Adam.defaults with Decay2 = nan }) "decay NaN"
                refuse (fun () -> AdamW.create { AdamW.defaults with Epsilon = 0.0 }) "epsilon 0"
                refuse (fun () -> Lbfgs.create { Lbfgs.defaults with History = 0 }) "history 0"

                refuse
                    (fun () -> NewtonCg.create { NewtonCg.defaults with InitialRadius = 0.0 })
                    "radius 0"

                refuse
                    (fun () -> NewtonCg.create { NewtonCg.defaults with AcceptAbove = 0.3 })
                    "accept above 0.3"

                refuse
                    (fun () -> SaddleFreeNewton.create { Damping = SaddleFreeDamping.Best [] })
                    "no dampings"

                refuse
                    (fun () -> SaddleFreeNewton.create { Damping = SaddleFreeDamping.Fixed -1.0 })
                    "damping below 0"
            )
    ]
