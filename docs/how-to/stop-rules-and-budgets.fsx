(**
---
title: Stop rules and budgets
category: How to
categoryindex: 3
index: 4
---
# Stop rules and budgets

A *stop rule* says when a run may end before its time; a *budget* is a hard limit that is never exceeded. How a run ended is
data: an `Outcome` and a reason in words, never an exception.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open Optim
open Optim.Core

let problem = Problems.find "rosenbrock" ValueNone

let solve (options: SolveOptions) : SolveResult =
    let result =
        Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) problem.Objective problem.Start

    printfn "%s" (SolveResult.text result)
    result

(**
## Stop rules

| rule | holds when | ends as |
|---|---|---|
| `GradientBelow(absolute, relative)` | the gradient's norm is at most `absolute`, or `relative` times that at the start | `Converged` |
| `ValueBelow target` | the value is at most the target | `Stopped` |
| `ValueSettled(relative, moves)` | so many moves in a row hardly changed the value | `Stopped`: a small change is no proof |
| `WhenRequested token` | somebody asked for an end; the step is finished | `Stopped` |

The default is `GradientBelow(0.0, 1e-9)`. It is relative, so multiplying the objective by 1e-12 or 1e12 changes nothing.

`Converged` is more than a test that held once: value and gradient are evaluated again, of the whole data, and the curvature is
examined. At a saddle the run ends as `Stopped` and says so. The evidence is in `Certificate`.
*)
let byGradient =
    solve { SolveOptions.defaults with StopRules = [ StopRule.GradientBelow(1e-6, 0.0) ] }

let byTarget =
    solve { SolveOptions.defaults with StopRules = [ StopRule.ValueBelow 0.1 ] }
(*** include-output ***)

(**
## Budgets

Each limit is for itself; a method that would exceed one is cut off in the middle of its step, and the best point so far is the
result. `GradientEquivalents` counts everything in gradients of the whole data: a value alone a third, a Hessian product two.
*)
let byGradients =
    solve { SolveOptions.defaults with Budget = { Budget.unlimited with Gradients = 12L } }

let byTime =
    solve {
        SolveOptions.defaults with
            Budget = { Budget.unlimited with Steps = 5L; Time = System.TimeSpan.FromMinutes 1.0 }
    }
(*** include-output ***)

(**
## Two ways to end a run from outside

`Cancellation` in the options *abandons* the run: the next evaluation throws `OperationCanceledException`, and there is no
result. `StopRule.WhenRequested` *finishes the step* and gives back the best point as `Stopped`.
*)
let outcomes = [
    for result in [ byGradient; byTarget; byGradients; byTime ] do
        result.Outcome
]

if
    outcomes
    <> [ Outcome.Converged; Outcome.Stopped; Outcome.BudgetSpent; Outcome.BudgetSpent ]
then
    exit 1

if byGradients.Evaluations.Gradients > 12L || byTime.Steps > 5L then
    exit 1
