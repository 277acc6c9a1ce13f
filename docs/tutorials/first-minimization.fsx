(**
---
title: Your first minimization
category: Tutorials
categoryindex: 2
index: 1
---
# Your first minimization

Build once with `dotnet build -c Release`. Then a script needs one reference.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open Optim
open Optim.Core

(**
## An objective

An objective is a function from a vector to a number, made of tensor operations. Rosenbrock's function has a curved valley with its
minimum at (1, 1):
*)
let rosenbrock =
    Objective.ofFunction (fun x ->
        Tensor.square (1.0 - x[0]) + 100.0 * Tensor.square (x[1] - Tensor.square x[0])
    )

let start = Tensor.ofArray [| -1.2; 1.0 |]

(**
## A method

A method is a value. Its options are a record with defaults; change what you like.
*)
let method = Lbfgs.create { Lbfgs.defaults with History = 5 }
let result = Solver.minimize method rosenbrock start
printfn "%s" (SolveResult.text result)
printfn "%A" (result.Point.ToArray())
(*** include-output ***)

(**
## Another method

Exchanging it is exchanging one word. These two ask for products with the Hessian and for the whole Hessian; the objective stays as
it is, because all derivatives come from the function itself.
*)
for other in
    [
        NewtonCg.create NewtonCg.defaults
        SaddleFreeNewton.create SaddleFreeNewton.defaults
    ] do
    printfn "%s: %s" other.Name (SolveResult.text (Solver.minimize other rosenbrock start))
(*** include-output ***)

(**
## Derivatives for themselves

`grad`, `hessian`, `jvp`, `vmap` and their kin are plain functions from functions to functions. They nest in any order, to any
depth.
*)
let f (x: Tensor) =
    Tensor.sum (Tensor.sin x * Tensor.square x)

let x = Tensor.ofArray [| 0.5; 2.0 |]
printfn "gradient %A" ((Derivatives.grad f x).ToArray())
printfn "Hessian  %A" ((Derivatives.hessian f x).ToArray())
printfn "third    %A" ((Derivatives.grad (fun x -> Derivatives.laplacian f x) x).ToArray())
(*** include-output ***)

(**
## What the result says

The outcome and its reason, the best point, counts of everything that was asked, and a trace of the steps.
*)
for report in result.Trace |> List.truncate 3 do
    printfn $"step {report.Step}: value {report.Value:g4}, gradient norm {report.GradientNorm:g3}"
(*** include-output ***)

let distance =
    (Tensor.norm (result.Point - Tensor.ofArray [| 1.0; 1.0 |])).ToScalar()

if result.Outcome <> Outcome.Converged || distance > 1e-6 then
    exit 1

(**
Next: [a network on the digits](training-on-digits.fsx), [choosing a method](../choosing-a-method.md).
*)
