namespace Optim.Benchmarks

open Optim
open Optim.Core

/// Rosenbrock's function, chained: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)².
[<RequireQualifiedAccess>]
module Chain =

    /// The library's own problem with n variables.
    let problem (n: int) : Problem =
        Problems.find "rosenbrock" (ValueSome n)

    /// The usual start: −1.2, 1, −1.2, 1, …
    let start (n: int) : float[] =
        Array.init n (fun i -> if i % 2 = 0 then -1.2 else 1.0)

    /// The problem's function without anything compiled.
    let eager (n: int) : Objective = { (problem n).Objective with Arrays = ValueNone }

    /// The problem's function as the solver computes it, where it is compiled.
    let compiled (n: int) : ArrayFunction voption =
        (problem n).Objective.Arrays |> ValueOption.map (fun create -> create n)
