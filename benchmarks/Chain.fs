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

    /// The objective computed operation by operation.
    let eager (n: int) : Objective = Objective.eager (problem n).Objective

    /// The objective computed by compiled programs, which all its runs share.
    let compiled (n: int) : Objective = Objective.compile (problem n).Objective

    /// Value and derivatives at arrays, as a solver asks for them; compiled anew for each of these.
    let arrays (n: int) : ArrayFunction =
        match (compiled n).Arrays with
        | ValueSome create -> create n
        | ValueNone -> invalidOp "a compiled objective is computed at arrays"

    /// The compiled objective; `note` is told of each value with a gradient.
    let watched (n: int) (note: unit -> unit) : Objective =
        let watch (f: ArrayFunction) : ArrayFunction = {
            new ArrayFunction with
                member _.Length = f.Length
                member _.Value x = f.Value x

                member _.ValueAndGradient(x, gradient) =
                    note ()
                    f.ValueAndGradient(x, gradient)

                member _.HessianProduct(x, v, product) = f.HessianProduct(x, v, product)
                member _.Hessian(x, hessian) = f.Hessian(x, hessian)
        }

        let objective = compiled n

        {
            objective with
                Arrays = objective.Arrays |> ValueOption.map (fun create -> create >> watch)
        }

    /// The eager objective; `note` is told of each value.
    let watchedEager (n: int) (note: unit -> unit) : Objective =
        let f = (eager n).Function

        Objective.ofFunction (fun x ->
            note ()
            f x
        )
