namespace Optim.Core

open System
open Optim
open Optim.Compiled

/// f = loss ∘ outputs, for methods that use the Gauss-Newton matrix Jᵀ H J with the Jacobian J of the outputs and the
/// Hessian H of the loss.
[<NoComparison; NoEquality>]
type Composition = {
    /// From the point to the outputs, on the data of a step.
    OutputsAt: int64 -> Tensor -> Tensor
    /// From the outputs to the value, on the data of a step.
    LossAt: int64 -> Tensor -> Tensor
}

/// A function of a vector (n), to be minimized, and what is known of it.
[<NoComparison; NoEquality>]
type Objective = {
    /// The name in reports.
    Name: string
    /// The function itself: a vector (n) to one number.
    Function: Tensor -> Tensor
    /// What a method sees of it after k accepted steps: the function itself, or its estimate on mini-batch k. Depends on
    /// nothing but k.
    FunctionAt: int64 -> Tensor -> Tensor
    /// Whether steps see different functions.
    IsStochastic: bool
    /// The part of the data that one evaluation of FunctionAt uses: above 0, at most 1.
    Share: float
    /// The division of the function, where it is known.
    Composition: Composition voption
    /// The names of the parts of the point, where they are known.
    Layout: Layout voption
    /// How the function is computed at arrays of n numbers without garbage, where that is known; a fresh one at each call.
    /// It must agree with Function. Solvers use it for Float64 points of the managed engine. Objective.compile makes it.
    Arrays: (int -> ArrayFunction) voption
}

/// Objectives from functions.
[<RequireQualifiedAccess>]
module Objective =

    /// The objective of a deterministic function of a vector. It is computed on the engine on which the point lies; tensors
    /// that f holds come there by Tensor.alongside.
    let named (name: string) (f: Tensor -> Tensor) : Objective =
        ArgumentNullException.ThrowIfNull name

        {
            Name = name
            Function = f
            FunctionAt = (fun _ -> f)
            IsStochastic = false
            Share = 1.0
            Composition = ValueNone
            Layout = ValueNone
            Arrays = ValueNone
        }

    /// The objective of a deterministic function of a vector.
    let ofFunction (f: Tensor -> Tensor) : Objective = named "function" f

    /// The objective loss (outputs x), whose Gauss-Newton matrix is known.
    let composed (name: string) (outputs: Tensor -> Tensor) (loss: Tensor -> Tensor) : Objective = {
        named name (outputs >> loss) with
            Composition = ValueSome { OutputsAt = (fun _ -> outputs); LossAt = (fun _ -> loss) }
    }

    /// ½ Σ rᵢ(x)² for residuals r: vectors (n) to (m).
    let leastSquares (name: string) (residuals: Tensor -> Tensor) : Objective =
        composed name residuals (fun r -> 0.5 * Tensor.sum (Tensor.square r))

    /// An objective that steps see through samples. share: the part of the data in one sample, above 0, at most 1.
    let sampled
        (name: string)
        (share: float)
        (f: Tensor -> Tensor)
        (at: int64 -> Tensor -> Tensor)
        : Objective =
        Check.positive (nameof share) share
        Check.within (nameof share) 0.0 1.0 share

        { named name f with FunctionAt = at; IsStochastic = true; Share = share }

    /// factor · f. factor: finite, above 0.
    let scaled (factor: float) (objective: Objective) : Objective =
        Check.positive (nameof factor) factor

        {
            objective with
                Function = (fun x -> factor * objective.Function x)
                FunctionAt = (fun k x -> factor * objective.FunctionAt k x)
                Arrays =
                    objective.Arrays
                    |> ValueOption.map (fun arrays -> arrays >> ArrayFunctions.scaled factor)
                Composition =
                    objective.Composition
                    |> ValueOption.map (fun c -> {
                        c with
                            LossAt = (fun k z -> factor * c.LossAt k z)
                    })
        }

    /// The objective computed by compiled programs: value, gradient, Hessian products and Hessian are recorded when they are
    /// first asked for at points of a length, and from then on run as fused loops, in this run and in later ones. Results
    /// differ from uncompiled ones by rounding only. Points of other types than Float64 or of other engines than the managed
    /// one, and Gauss-Newton products, stay uncompiled. Cost: milliseconds for each of the four, tens of them in a process that compiles for the first time.
    /// What the function captures is read once and kept; the first evaluations of a run are compared with uncompiled ones.
    /// Errors: ArgumentException for an objective on mini-batches, whose function changes from step to step. Solvers throw
    /// InvalidOperationException when the function reads a number of a value that depends on the point, or when it turns
    /// out to depend on something besides the point.
    let compile (objective: Objective) : Objective =
        if objective.IsStochastic then
            let message =
                $"the objective {objective.Name} shows each step another sample, so that every step would have to be compiled "
                + "anew; compile an objective on all data, or leave this one uncompiled"

            raise (ArgumentException(message, nameof objective))

        {
            objective with
                Arrays = ValueSome(ArrayFunctions.compiled objective.Name objective.Function)
        }

    /// From this many numbers on compiling pays within one run. Measured in fresh processes, where compiling costs most:
    /// a whole run of L-BFGS down the chain of Rosenbrock's function costs 0.63 s of processor time eager and 0.78 s compiled
    /// at n = 100, 0.66 and 0.65 s at n = 200, 0.83 and 0.68 s at n = 400, 1.8 and 0.8 s at n = 1000.
    [<Literal>]
    let private PaysFrom = 200

    /// The objective compiled if its points have so many numbers that it pays within one run, and is not on mini-batches;
    /// else as it is. Formulas and classical problems are made so; `eager` undoes it. length: that of the points.
    let compileWherePays (length: int) (objective: Objective) : Objective =
        if length >= PaysFrom && not objective.IsStochastic then
            compile objective
        else
            objective

    /// The objective computed operation by operation, whether it was compiled or not.
    let eager (objective: Objective) : Objective = { objective with Arrays = ValueNone }

    /// Whether it is computed by compiled programs where it can be.
    let isCompiled (objective: Objective) : bool = objective.Arrays.IsSome
