(**
---
title: Write your own method
category: How to
categoryindex: 3
index: 1
---
# Write your own method

A method is two pure functions: `init` makes the first state, `step` goes from a point and a state to the next ones. What it
wants to know of the objective it asks the oracle; the loop counts the answers, keeps the budget, keeps the best point, saves
the state, and decides when it is over. So a method is short, and this page has one in 40 lines.

Build once (`dotnet build -c Release`); then this page runs as it is:
`dotnet fsi docs/how-to/write-your-own-method.fsx` from the repository's root.
*)
#r "../../src/Laws.FSharp/bin/Release/net10.0/Optim.Core.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/FsCheck.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/Expecto.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/Optim.Laws.dll"

open Optim
open Optim.Core
open Optim.Laws

(**
## The method

The "bold driver" follows the negative gradient. After a step that lowered the value it dares a rate a fifth larger; after one
that did not, it stays where it was and halves the rate. All that it remembers is in its state: a record of tensors and numbers,
so that every run can be saved and resumed. (`Evaluation` is a point with its value and gradient.)
*)
type BoldState = { Current: Evaluation; Rate: float }

let init (oracle: Oracle) (point: Tensor) : BoldState =
    let at = oracle.Evaluate point

    // A first move of length 1, so that the objective's scale does not matter.
    { Current = at; Rate = 1.0 / (if at.GradientNorm > 0.0 then at.GradientNorm else 1.0) }

let step (oracle: Oracle) (point: Tensor) (state: BoldState) : Step<BoldState> =
    let at = state.Current
    let move = state.Rate * at.GradientNorm
    let size = 1.0 + (Tensor.norm point).ToScalar()

    if at.GradientNorm = 0.0 then
        Step.stuck point "the gradient is zero" state
    elif not (move > 1e-16 * size) then
        Step.stuck point "no rate lowers the value" state
    else
        let next = oracle.Evaluate(point - state.Rate * at.Gradient)
        let fell = next.Value <= at.Value - 1e-4 * move * at.GradientNorm

        if fell && System.Double.IsFinite next.GradientNorm then
            Step.moved next.Point move { Current = next; Rate = 1.2 * state.Rate }
        else
            Step.rejected point move { state with Rate = 0.5 * state.Rate }

let boldDriver: Method = Method.create "bold-driver" init step

(**
It runs like any other method:
*)
let bowl =
    Objective.ofFunction (fun x -> Tensor.square (x[0] - 3.0) + 10.0 * Tensor.square (x[1] + 1.0))

let result = Solver.minimize boldDriver bowl (Tensor.ofArray [| 0.0; 0.0 |])
printfn "%s" (SolveResult.text result)
(*** include-output ***)

(**
## The laws

`Optim.Laws` holds any method to what every method must do: never a false `Converged`, never an exception for numeric trouble,
never over budget, the same run from the same seed, a resumed run equal to an uninterrupted one, and so on; and to whatever the
method claims of itself. Here the claim is that no accepted step raises the value.
*)
let claims = { Claims.none with IsMonotone = true }
let accepted = Laws.runClaiming claims boldDriver
printfn "%O" accepted
(*** include-output ***)

(**
In a test project the same is one line of an Expecto tree: `Laws.forMethodClaiming claims boldDriver`.

## A broken variant

This one goes through a cycle of rates, and counts its steps in a variable of its own instead of in the state. It looks harmless, and
even minimizes the bowl. But a step is then no function of its arguments: two runs disturb each other, and a resumed run is not the
run that was interrupted.
*)
let secretive: Method =
    let count = ref 0

    let step (oracle: Oracle) (point: Tensor) (at: Evaluation) : Step<Evaluation> =
        count.Value <- count.Value + 1
        let rate = 0.08 / float (1 + count.Value % 3)
        let next = oracle.Evaluate(point - rate * at.Gradient)

        if next.Value < at.Value && System.Double.IsFinite next.GradientNorm then
            Step.moved next.Point rate next
        else
            Step.rejected point rate at

    Method.create "secretive" (fun oracle point -> oracle.Evaluate point) step

printfn "%s" (SolveResult.text (Solver.minimize secretive bowl (Tensor.ofArray [| 0.0; 0.0 |])))
let refused = Laws.run secretive
printfn "%O" refused
(*** include-output ***)

(**
Each broken law comes with the simplest case that shows it, as an F# program to paste into a script.

The page checks itself: it fails when the laws refuse the method, or accept the broken one.
*)
if not accepted.IsLawful || refused.IsLawful || result.Outcome <> Outcome.Converged then
    exit 1

(**
## In C#

The same two functions, with a positional record or a tuple as the state:

    [lang=csharp]
    Method boldDriver = Method.Custom(
        "bold-driver",
        (oracle, point) => 0.1,
        (oracle, point, rate) =>
        {
            Tensor next = point - rate * oracle.Gradient(point);
            return oracle.Value(next) < oracle.Value(point)
                ? Step<double>.Moved(next, 1.2 * rate, rate)
                : Step<double>.Rejected(point, 0.5 * rate, rate);
        });

To add a method to Optim itself, see the five places in CONTRIBUTING.md.
*)
