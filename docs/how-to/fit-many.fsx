(**
---
title: Fit many data sets at once
category: How to
categoryindex: 3
index: 5
---
# Fit many data sets at once

One model, thousands of measurements; or one function, many starts. `Solver.minimizeMany` and `Solver.fitMany` solve all *members*
side by side: the objective is recorded once for a block of members and compiled, every member follows its own path of the same method,
and a member that ends makes room for the next. Each has its own outcome.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open System
open Optim
open Optim.Core

(**
The model sees the parameters of one member and the member's own part of each data tensor (members along axis 0). What it
captures, here the times, is common to all.
*)
let times = Tensor.ofSeq [ for j in 0..49 -> 0.1 * float j ]

let model (p: Tensor) : Tensor =
    p[0] * Tensor.exp (-p[1] * times) + p[2]

let random = Random 1
let count = 2000

let truth =
    Tensor.create [ count; 3 ] [|
        for _ in 1..count do
            1.0 + 2.0 * random.NextDouble()
            0.3 + 1.2 * random.NextDouble()
            random.NextDouble()
    |]

let noise =
    Tensor.create [ count; 50 ] [| for _ in 1 .. 50 * count -> 0.02 * random.NextDouble() - 0.01 |]

let measured = Derivatives.vmap model truth + noise
let starts = Tensor.onesLike truth

let fits = Solver.fitMany (fun p data -> model p - data[0]) [ measured ] starts

printfn "%d converged of %d" (fits.CountOf Outcome.Converged) fits.Count
printfn "the first: %O, %s" fits[0].Point (Reason.text fits[0].Reason)
(*** include-output ***)

if fits.CountOf Outcome.Converged < count then
    exit 1

(**
The result is kept by columns (`Points`, `Values`, `Outcomes`, `Steps`, …); `fits[i]` gives all of one member.

## The same as solving each alone

A member's counts, stop rules and certificate are those of a run of its own, and so is its result, up to rounding:
*)
let objective = ManyObjective.leastSquares "decay" (fun p data -> model p - data[0])
let method = Bfgs.create Bfgs.defaults
let many = Solver.minimizeMany method objective [ measured ] starts
let alone = Solver.minimize method (objective.Of(7, [| measured |])) starts[7]
let difference = (Tensor.norm (many[7].Point - alone.Point)).ToScalar()

printfn "steps %d and %d" many[7].Steps alone.Steps
(*** include-output ***)

if difference > 1e-8 then
    exit 1

(**
A `ManyObjective` keeps what was compiled for it: use the same one for further data of the same shape.

## What to know

* `fitMany` takes BFGS, which also comes home from afar. From starts near the answer `newton` is faster for a few parameters: 100,000
  such fits of 50 points from a guess out of their data took 1.9 µs of processor time each with Newton's method, 4.2 µs with BFGS.
* The method must have a form in place: `lbfgs`, `bfgs`, `newton` and the others that a refused method's message lists.
* The function is recorded and batched, so it must not branch on numbers; choose with `Tensor.where`. Points are Float64.
* Budgets hold for each member, but `Budget.Time` for all together. Nothing is traced, observed or saved.
* Results do not depend on the number of processors, nor on which other members are solved together; how many there are decides the
  size of the blocks and so changes rounding, nothing else.
* What the function captures must stay as it was when the objective was first used, and nothing may be drawn by chance. At every call the
  compiled value and gradient at the first member's start are compared with the function's own; a difference beyond rounding is an error.
* A certificate of `Converged` is a second evaluation at the end. Up to 32 parameters, and wherever `ExaminesCurvature` is
  off, the compiled program makes it, for which nothing but that comparison vouches; for longer points the uncompiled function does.
* Where searches along lines have come down to rounding, a member's run and the single run may part: the sums are added in another order.
* Long points work too; a block then has fewer members. One program serves a whole block, so a few members that take very many
  steps are slow company: give a budget of steps.

In C#: `Solver.FitMany` and `Solver.MinimizeMany` with a `ManyObjective`.
*)
