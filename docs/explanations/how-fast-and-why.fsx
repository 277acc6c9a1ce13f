(**
---
title: How fast, and why
category: Explanations
categoryindex: 4
index: 7
---
# How fast, and why

An objective can be computed in two ways. *Eager*: operation by operation, each giving a new tensor; a gradient of Rosenbrock's
function takes some twenty of them. *Compiled*: the operations are recorded once, simplified, and run from then on as a few loops
over plain arrays. `Objective.compile` is the one word.
*)
#r "../../src/Core.FSharp/bin/Release/net10.0/Optim.Core.dll"

open Optim
open Optim.Core

let valley (x: Tensor) : Tensor =
    let before, after = x[.. x.Length - 2], x[1..]

    Tensor.sum (
        100.0 * Tensor.square (after - Tensor.square before)
        + Tensor.square (1.0 - before)
    )

let start = Tensor.ofSeq [ for i in 0..499 -> if i % 2 = 0 then -1.2 else 1.0 ]
let eager = Objective.named "valley" valley
let compiled = Objective.compile eager
let method = Lbfgs.create Lbfgs.defaults
let first = Solver.minimize method eager start
let second = Solver.minimize method compiled start

printfn "%s" (SolveResult.text first)
printfn "%s" (SolveResult.text second)
(*** include-output ***)

(**
Both runs end at the same point, to within what the stop rule leaves open. The line of the second says *compiled*; so do
`SolveResult.Path`, `optim … --json` (`"path"`), and the facts of a comparison's report. A path is chosen before the first evaluation
and kept to the end of the run, so a run that is saved and resumed is bit by bit the run that was not.

## How much

Rosenbrock's chain, for one evaluation. The ratios say how many times as much the others take as the compiled program:

| | compiled | eager | C# by hand, plain | C# by hand, AVX-512 |
| --- | ---: | ---: | ---: | ---: |
| value and gradient, n = 2 | 0.0065 us | 353x | 0.56x | 0.60x |
| value and gradient, n = 1000 | 0.195 us | 30x | 6.4x | 0.63x |
| value and gradient, n = 100,000 | 22.8 us | 31x | 5.5x | 0.78x |
| Hessian product, n = 2 | 0.0064 us | 701x | 0.55x | 0.60x |
| Hessian product, n = 1000 | 0.239 us | 52x | 7.8x | 0.77x |
| Hessian product, n = 100,000 | 31.0 us | 62x | 6.1x | 0.90x |
| L-BFGS down the chain until the gradient is below 1e-6, n = 10,000: 57,000 steps | 2.1 s | 11x | | |

(24 November 2026, AMD EPYC with AVX-512, 2 cores, nothing else running on the machine, but guests of its host, .NET 10.0.12; medians of one run, `benchmarks/RESULTS-compiled.md`.)
SciPy takes 30 s for the last row; the best of our runs took 1.8 s. There the evaluation is 2 microseconds of a step of 30: the
rest goes into ten pairs of vectors, which are kept in single precision and read twice a step. At two variables a loop written by
hand stays ahead: what is left is the call itself and the check of its arguments. Beyond, a program that was found by recording is
faster than plain C#, and 1.1 to 1.6 times as slow as what a person writes with vector intrinsics.

Rivals, spreads and garbage are in the tables of `benchmarks/`; `dotnet run --project benchmarks -c Release -- compiled` measures
all of it anew on your machine. Measure single runs of the command with `dotnet run --no-build`: where it has to build first, `dotnet run`
keeps a processor busy for some seconds beside the run, which then takes a tenth longer.

## Why it is faster

1. **Nothing is recorded twice.** An eager gradient builds the graph of operations at every evaluation, on the way forth, and walks
   it on the way back. At two variables that is nearly all the time there is.
2. **Loops are fused.** Eager, each operation reads its operands from memory and writes its result there. Compiled, a chain of
   operations and the sums at its end are one loop in 512-bit vectors; what lies between them never leaves the registers. From a few
   thousand variables on, that is what counts.
3. **The derivative is a program, too.** What is recorded is value *and* gradient, or the Hessian product, after all rules of
   differentiation have been applied. Common parts are computed once, what nobody uses is dropped, and constants are folded.
4. **No garbage.** Buffers are planned when the program is made. Methods with a twin in place (gradient descent, BFGS, L-BFGS,
   Newton, Newton-CG) then do their own algebra in memory that they keep, and a step allocates nothing. Adam, SGD and
   saddle-free Newton use the same programs and allocate their points as before.

## When it does not pay

Compiling costs milliseconds for a program, and tens of them for the first one in a process, because the compiler itself
has to be compiled. An eager evaluation at two variables costs a microsecond or two. So a short run of a small problem is over before
it would be compiled:

| L-BFGS down the valley, whole process | eager | compiled |
| --- | ---: | ---: |
| 100 variables | 0.63 s | 0.78 s |
| 200 variables | 0.66 s | 0.65 s |
| 400 variables | 0.83 s | 0.68 s |

(Processor time, November 2026, two cores that others used as well.) Therefore the default goes by size: problems that ship and formulas are compiled from 200
variables on, and `Objective.compileWherePays` does that for a function of yours. Say `Objective.compile` for a small one that is
minimized many times: its programs are compiled once for each number of variables and serve every later run, on any thread.
`Objective.eager` and `optim minimize --no-compile` leave it out.

Networks are not compiled by default. Nearly all their time goes into matrix products, which are the same code on both paths: measured on
64-10-10-10 with 256 examples, compiled is 10 % slower, and on 784-256-128-10 it is level. Mini-batches cannot be compiled: every step sees
other data, which would be another program.

## What is baked in, and what is refused

The function is called once, and what it did is what will be done. So it must do the same for every point:

- **Reading a number is refused.** `x[0].ToScalar() > 0.0` would choose a branch once and for ever. The message names the value and
  the way out: choose between tensors with `Tensor.where`.
- **What it captures is read once.** Data in a closure is a constant of the program. After a change of the data, compile again.
- **Chance is drawn once.** A function that draws its own noise is not a function of its argument.

The last two cannot be seen while recording. So each run compares its first three evaluations of each kind with eager ones
(of a Hessian, a product), and ends with an error where they differ by more than rounding. Every certificate of `Converged` is computed
eagerly, too, so a wrong program could not certify itself. Many members at once share one comparison, of the first one's value and
gradient at its start; their certificates are evaluated by the program, except those of more than 32 variables whose curvature is examined. *)
let target = ref (Tensor.ofArray [| 1.0; 2.0 |])

let moving =
    Objective.named "moving" (fun x -> Tensor.sum (Tensor.square (x - target.Value)))
    |> Objective.compile

let origin = Tensor.ofArray [| 0.0; 0.0 |]
let before = Solver.minimize method moving origin
target.Value <- Tensor.ofArray [| 3.0; 4.0 |]

let refusal =
    try
        Solver.minimize method moving origin |> SolveResult.text
    with :? System.InvalidOperationException as error ->
        error.Message

printfn "%s" refusal
(*** include-output ***)

(**
Float32 points and products of the Gauss-Newton matrix are computed eagerly on either path. Results of the two paths differ in the last digits,
because sums are added up in another order; so two runs may take a step more or less, and end within the same tolerance.

## Any function of tensors

`Compile.compile` makes a function of tensors from one, for use outside of the solver: `Compile.compile (grad f)`,
`Compile.compile2 (hvp f)`, `Compile.compile (vmap f)`. It is recorded anew for each combination of shapes.
*)
let gradient = Compile.compile (Derivatives.grad valley)
let difference = gradient start - Derivatives.grad valley start

if
    not first.Outcome.IsConverged
    || second.Path <> EvaluationPath.Compiled
    || (Tensor.max (Tensor.abs (second.Point - first.Point))).ToScalar() > 1e-4
    || (Tensor.max (Tensor.abs difference)).ToScalar() > 1e-10
    || not before.Outcome.IsConverged
    || not (refusal.Contains "moving")
then
    exit 1
