(**
---
title: Save and resume a run
category: How to
categoryindex: 3
index: 2
---
# Save and resume a run

A run between two steps is a value, `Run`: the point, the method's state, the counts, the best point so far. It can be kept,
taken up again, and written to a file, for every method, yours included. A resumed run is bit by bit the run that was never
interrupted.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open System.IO
open Optim
open Optim.Core

let problem = Problems.find "rosenbrock" (ValueSome 10)
let method = Lbfgs.create Lbfgs.defaults

(**
## Some steps now, the others later

`Solver.startFor` takes some steps and gives back the run and the result as it stands; `Solver.resume` goes on until the end.
*)
let run, soFar =
    Solver.startFor 20L SolveOptions.defaults method problem.Objective problem.Start

printfn "%s" (SolveResult.text soFar)
(*** include-output ***)

(**
## Through a file

`Checkpoint.save` writes the whole run: to a temporary file first, which then takes the old one's place, so that a crash leaves
either the old file or the new one. `Checkpoint.load` needs the same method, because the file holds the state but no code.
*)
let path = Path.Combine(Path.GetTempPath(), $"optim-{System.Guid.NewGuid()}.run")

Checkpoint.save path method run
let loaded = Checkpoint.load path method

let resumed = Solver.resume SolveOptions.defaults method problem.Objective loaded

printfn "%s" (SolveResult.text resumed)
(*** include-output ***)

(**
The same as if it had never been interrupted:
*)
let whole = Solver.minimize method problem.Objective problem.Start
let isSame = whole.Point.ToArray() = resumed.Point.ToArray()
printfn $"the same point, to the last bit: {isSame}"
(*** include-output ***)

(**
## Every so many steps

With `Save` in the options the loop saves by itself.
*)
let options = { SolveOptions.defaults with Save = ValueSome { Path = path; Every = 10L } }

Solver.minimizeWith options method problem.Objective problem.Start |> ignore

(**
## A damaged file

A file ends with the SHA-256 of everything before. One that was cut short or changed is refused by name, never half understood.
*)
let bytes = File.ReadAllBytes path
bytes[bytes.Length / 2] <- bytes[bytes.Length / 2] ^^^ 1uy
File.WriteAllBytes(path, bytes)

let isRefused =
    try
        Checkpoint.load path method |> ignore
        false
    with :? CheckpointException as refusal ->
        printfn "refused: %s" refusal.Detail
        true

(*** include-output ***)
File.Delete path

if not isSame || not isRefused then
    exit 1

(**
The format is documented with the type: `Optim.Core.Checkpoint`. Times are part of a run, so a budget of time counts on where it
stopped.

In C#, `Checkpoint = CheckpointPlan.To(path)` in the options saves, and `Solver.Resume` goes on; the
[tutorial](../tutorials/training-on-digits-csharp.md) has an example.
*)
