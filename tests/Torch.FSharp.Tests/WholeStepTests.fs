/// Steps of whole methods by libtorch's fused kernels.
module Optim.TorchTests.WholeStepTests

open Expecto
open Optim
open Optim.Core
open Optim.Laws
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

// The point after some steps on a quadratic with the curvatures 1, 2, …, on an engine.
let private after (steps: int) (method: Method) (engine: Engine) : float[] =
    let start = Tensor.createOn engine [ 6 ] (numbers 3 6)

    let curvatures =
        Tensor.createOn engine [ 6 ] (Array.init 6 (fun i -> float (i + 1)))

    let objective =
        Objective.ofFunction (fun x -> Tensor.sum (curvatures * Tensor.square x))

    let options = { SolveOptions.defaults with StopRules = []; Budget = Budget.steps (int64 steps) }

    (Solver.minimizeWith options method objective start).Point.ToArray()

[<Tests>]
let tests =
    testList "whole steps" [
        onLibrary
            "libtorch has them, and they obey their law"
            (fun _ ->
                let law = EngineLaws.find "WholeStep"

                match law.Check(torch ()) with
                | EngineVerdict.Holds cases -> Expect.isGreaterThan cases 100 "cases"
                | EngineVerdict.Broken(case, detail) -> failtest $"{case}: {detail}"

                let x = Tensor.createOn (torch ()) [ 3 ] [| 1.0; 2.0; 3.0 |]

                let step =
                    WholeStep.Sgd {
                        Rate = 0.5
                        Momentum = 0.0
                        IsNesterov = false
                        WeightDecay = 0.0
                    }

                match (torch ()).WholeStep(step, [| x; x |]) with
                | null -> failtest "libtorch took no whole step"
                | results -> Expect.equal (results[0].ToArray()) [| 0.5; 1.0; 1.5 |] "point"
            )

        for name, method in
            [
                "adam", Adam.create { Adam.defaults with WeightDecay = 0.1 }
                "adamw", AdamW.create AdamW.defaults
                "sgd", Sgd.create Sgd.defaults
                "momentum", Sgd.create { Sgd.defaults with Momentum = 0.9; WeightDecay = 0.1 }
                "nesterov", Sgd.create { Sgd.defaults with Momentum = 0.9; Nesterov = true }
            ] do
            onLibrary
                $"fifty steps of {name} end where the managed engine's end"
                (fun _ ->
                    let here, there = after 50 method managed, after 50 method (torch ())

                    for i in 0..5 do
                        Expect.floatClose
                            { absolute = 1e-13; relative = 1e-12 }
                            there[i]
                            here[i]
                            $"element {i}"
                )
    ]
