(**
---
title: A network on the digits
category: Tutorials
categoryindex: 2
index: 3
---
# A network on the digits

1,797 images of handwritten digits, 8 × 8 pixels each, come with the library. We train a small network on them, twice: with Adam on
mini-batches and with L-BFGS on all of the data at once.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open Optim
open Optim.Core

(**
## Data, model, task

All chance comes from a key. Everything below gives the same numbers each time.
*)
let key = Key.ofSeed 1L
let train, test = Datasets.trainAndTest key (Datasets.digits ())
let model = Mlp.create (Mlp.parse Activation.Tanh "64-10-10")
let task = Supervised.create model Loss.softmaxCrossEntropy train
let start = model.Initialize(Key.fold 1L key)
printfn $"{DataSet.count train} examples to learn from, {model.Layout.Length} parameters"
(*** include-output ***)

let tell (name: string) (result: SolveResult) : float =
    let seen = Supervised.assess task train result.Point
    let unseen = Supervised.assess task test result.Point
    let accuracy = ValueOption.defaultValue 0.0 unseen.Accuracy
    printfn $"{name}: training loss {seen.Loss:g3}, test accuracy {100.0 * accuracy:f1} %%"
    accuracy

(**
## Adam on mini-batches

A step sees 64 examples, so its cost is a fraction of a gradient.
*)
let perEpoch = int64 (Supervised.stepsPerEpoch 64 train)

let batches = Supervised.miniBatches 64 (Key.fold 2L key) task
let adam = Adam.create { Adam.defaults with Rate = Schedule.Constant 0.01 }

let steps (count: int64) = { SolveOptions.defaults with Budget = Budget.steps count }

let byAdam =
    tell "Adam, 10 epochs" (Solver.minimizeWith (steps (10L * perEpoch)) adam batches start)
(*** include-output ***)

(**
## L-BFGS on the whole data

The network is small and the data fit into memory, so noise can be avoided altogether, and curvature pays.
*)
let whole = Supervised.fullBatch task

let byLbfgs =
    tell
        "L-BFGS, 60 steps"
        (Solver.minimizeWith (steps 60L) (Lbfgs.create Lbfgs.defaults) whole start)
(*** include-output ***)

(**
A penalty on the weights (`Supervised.penalized 1e-4 task`) keeps L-BFGS from driving the training loss to zero for nothing.

The same from the command line, for several methods and seeds, with a report:

    dotnet run --project src/Cli.FSharp -c Release -- compare digits --report report.html
*)
if byAdam < 0.9 || byLbfgs < 0.85 then
    exit 1
