(**
---
title: Check derivatives
category: How to
categoryindex: 3
index: 3
---
# Check derivatives

Derivatives of functions made of tensor operations are right by construction. What can be wrong is a rule of your own
(`Custom`), or a function with a kink where you did not expect one. `GradientCheck.checkGradients` compares the gradient with
extrapolated differences of values and says which component is wrong, and how.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open Optim
open Optim.Core

let x = Tensor.ofArray [| 0.3; -1.2; 2.0 |]

let report =
    GradientCheck.checkGradients (fun x -> Tensor.sum (Tensor.tanh x * x)) x

printfn "%O" report
(*** include-output ***)

(**
## A rule of your own

`Custom.withVjp f rule` gives `f` the rule that pulls a cotangent `ct` of `y = f x` back to `x`. Here is log(1 + eˣ) with its
right rule, and with one that forgot half of it:
*)
let value (x: Tensor) = Tensor.log (1.0 + Tensor.exp x)
let right = Custom.withVjp value (fun x _ ct -> ct * Tensor.sigmoid x)
let wrong = Custom.withVjp value (fun x _ ct -> ct * Tensor.sigmoid x / 2.0)

let reportRight = GradientCheck.checkGradients (fun x -> Tensor.sum (right x)) x
let reportWrong = GradientCheck.checkGradients (fun x -> Tensor.sum (wrong x)) x
printfn "%O" reportRight
printfn "%O" reportWrong
(*** include-output ***)

if not report.IsCorrect || not reportRight.IsCorrect || reportWrong.IsCorrect then
    exit 1

(**
Second derivatives come from the rule itself, since rules are made of tensor operations and are differentiated like everything
else; `GradientCheck.checkHessianProduct f x v` compares them with differences of the gradient. Choose a point without kinks
nearby: components where the differences give no usable number are listed as undecided.
*)
