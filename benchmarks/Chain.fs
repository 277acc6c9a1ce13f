namespace Optim.Benchmarks

open Optim
open Optim.Core
open Optim.Compiled

/// Rosenbrock's function, chained: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)².
[<RequireQualifiedAccess>]
module Chain =

    /// The library's own problem with n variables.
    let problem (n: int) : Problem =
        Problems.find "rosenbrock" (ValueSome n)

    /// The usual start: −1.2, 1, −1.2, 1, …
    let start (n: int) : float[] =
        Array.init n (fun i -> if i % 2 = 0 then -1.2 else 1.0)

    /// The function of a problem.
    let private functionOf (n: int) : Tensor -> Tensor = (problem n).Objective.Function

    /// The objective whose function is called as it is.
    let eager (n: int) : Objective = { (problem n).Objective with Arrays = ValueNone }

    /// Value and derivatives at arrays, compiled.
    let compiled (n: int) : ArrayFunction = Derived.arrays (functionOf n) n

    /// The objective whose function is compiled for the solver, once for all its runs.
    let compiledObjective (n: int) : Objective =
        let programs = DerivedPrograms(functionOf n, n)

        { (problem n).Objective with Arrays = ValueSome(fun _ -> DerivedArrays programs) }
