namespace Optim.Compiled

open System.Collections.Concurrent
open Optim
open Optim.Core

/// Array functions from others.
[<RequireQualifiedAccess>]
module internal ArrayFunctions =

    let private remedy =
        "make what changes part of the argument, compile again after a change, or leave it uncompiled (Objective.eager)"

    /// f and its derivatives by compiled programs, guarded, each time with buffers of its own. The programs of each
    /// length are compiled once. name: for messages.
    let compiled (name: string) (f: Tensor -> Tensor) : int -> ArrayFunction =
        let known = ConcurrentDictionary<int, DerivedPrograms>()

        fun n ->
            let programs = known.GetOrAdd(n, (fun n -> DerivedPrograms(f, n)))
            DerivedArrays(programs, Guard("compile", remedy, name, f, n))

    let private scale (factor: float) (values: float[]) : unit =
        for i in 0 .. values.Length - 1 do
            values[i] <- factor * values[i]

    /// factor · f.
    let scaled (factor: float) (f: ArrayFunction) : ArrayFunction = {
        new ArrayFunction with
            member _.Length = f.Length
            member _.Value x = factor * f.Value x

            member _.ValueAndGradient(x, gradient) =
                let value = f.ValueAndGradient(x, gradient)
                scale factor gradient
                factor * value

            member _.HessianProduct(x, v, product) =
                f.HessianProduct(x, v, product)
                scale factor product

            member _.Hessian(x, hessian) =
                f.Hessian(x, hessian)
                scale factor hessian
    }
