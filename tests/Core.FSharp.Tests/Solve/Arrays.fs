/// Array functions for the tests of methods in place.
module Optim.CoreTests.Arrays

open System
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

/// Any function of a vector at arrays, by eager tensors.
type EagerArrays(f: Tensor -> Tensor, length: int) =
    let copy (x: Tensor) (target: float[]) = x.CopyTo(target.AsSpan())

    interface ArrayFunction with
        member _.Length = length
        member _.Value(x) = (f (Tensor.ofArray x)).ToScalar()

        member _.ValueAndGradient(x, gradient) =
            let value, slope = Derivatives.valueAndGrad f (Tensor.ofArray x)
            copy slope gradient
            value.ToScalar()

        member _.HessianProduct(x, v, product) =
            copy (Derivatives.hvp f (Tensor.ofArray x) (Tensor.ofArray v)) product

        member _.Hessian(x, hessian) =
            copy (Derivatives.hessian f (Tensor.ofArray x)) hessian

/// The objective, computed at arrays: runs with methods that have a twin take place in memory.
let inPlace (objective: Objective) : Objective = {
    objective with
        Arrays = ValueSome(fun length -> EagerArrays(objective.Function, length) :> ArrayFunction)
}

/// Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² by hand, without garbage; for one variable ½ s² + ¼ s⁴ with s = x − 1.
type Chain(length: int) =
    let curvature (x: float[]) (i: int) =
        1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0

    let bowl (s: float) = 0.5 * s * s + 0.25 * s * s * s * s

    interface ArrayFunction with
        member _.Length = length

        member chain.Value(x) =
            let mutable total = 0.0

            for i in 0 .. length - 2 do
                let bend, rest = x[i + 1] - x[i] * x[i], 1.0 - x[i]
                total <- total + 100.0 * bend * bend + rest * rest

            if length = 1 then bowl (x[0] - 1.0) else total

        member _.ValueAndGradient(x, gradient) =
            if length = 1 then
                let s = x[0] - 1.0
                gradient[0] <- s + s * s * s
                bowl s
            else
                let mutable total = 0.0
                let mutable carried = 0.0

                for i in 0 .. length - 2 do
                    let bend, rest = x[i + 1] - x[i] * x[i], 1.0 - x[i]
                    total <- total + 100.0 * bend * bend + rest * rest
                    gradient[i] <- carried - 400.0 * bend * x[i] - 2.0 * rest
                    carried <- 200.0 * bend

                gradient[length - 1] <- carried
                total

        member _.HessianProduct(x, v, product) =
            Array.Clear product

            if length = 1 then
                product[0] <- (1.0 + 3.0 * (x[0] - 1.0) * (x[0] - 1.0)) * v[0]

            for i in 0 .. length - 2 do
                product[i] <- product[i] + curvature x i * v[i] - 400.0 * x[i] * v[i + 1]
                product[i + 1] <- product[i + 1] + 200.0 * v[i + 1] - 400.0 * x[i] * v[i]

        member _.Hessian(x, hessian) =
            Array.Clear hessian

            if length = 1 then
                hessian[0] <- 1.0 + 3.0 * (x[0] - 1.0) * (x[0] - 1.0)

            for i in 0 .. length - 2 do
                let at = i * length + i
                hessian[at] <- hessian[at] + curvature x i
                hessian[at + 1] <- -400.0 * x[i]
                hessian[at + length] <- -400.0 * x[i]
                hessian[at + length + 1] <- hessian[at + length + 1] + 200.0

/// The same by tensors, and by hand at arrays.
let chain: Objective =
    let f (x: Tensor) =
        if x.Length = 1 then
            let s = x - 1.0
            Tensor.sum (0.5 * Tensor.square s + 0.25 * Tensor.power 4.0 s)
        else
            let n = x.Length
            let head = x[.. n - 2]
            let bends = x[1..] - Tensor.square head

            100.0 * Tensor.sum (Tensor.square bends)
            + Tensor.sum (Tensor.square (1.0 - head))

    {
        Objective.named "chain" f with
            Arrays = ValueSome(fun length -> Chain length :> ArrayFunction)
    }

/// The usual start of the chain.
let chainStart (length: int) : Tensor =
    Tensor.ofArray (Array.init length (fun i -> if i % 2 = 0 then -1.2 else 1.0))

/// All methods with an in-place twin, with every kind of search.
let twins: Method list =
    let named (name: string) (method: Method) = Method.rename name method
    let wolfe = StrongWolfe.create StrongWolfe.defaults
    let armijo = Armijo.create Armijo.defaults

    [
        GradientDescent.create GradientDescent.defaults
        GradientDescent.create { Search = wolfe }
        |> named "gradient-descent, strong Wolfe"
        GradientDescent.create { Search = FixedSize.create 1e-3 }
        |> named "gradient-descent, fixed"
        GradientDescent.create { Search = FixedSize.scheduled (Schedule.Inverse(1e-3, 0.1)) }
        |> named "gradient-descent, schedule"
        Lbfgs.create Lbfgs.defaults
        Lbfgs.create { Lbfgs.defaults with PairType = DType.Float64 }
        |> named "lbfgs, pairs in double precision"
        Lbfgs.create { Lbfgs.defaults with History = 2; Search = armijo }
        |> named "lbfgs, 2 pairs, Armijo"
        Bfgs.create Bfgs.defaults
        Bfgs.create { Search = armijo } |> named "bfgs, Armijo"
        Newton.create Newton.defaults
        Newton.create { Newton.defaults with Search = wolfe }
        |> named "newton, strong Wolfe"
        Newton.create { Newton.defaults with Search = FixedSize.create 1.0 }
        |> named "newton, fixed"
        Newton.create { Newton.defaults with Modification = HessianModification.Absolute }
        |> named "newton, absolute"
        Newton.create { Newton.defaults with Modification = HessianModification.Floor }
        |> named "newton, floor"
        NewtonCg.create NewtonCg.defaults
        NewtonCg.create { NewtonCg.defaults with InitialRadius = 1e-2; MaxProducts = 2 }
        |> named "newton-cg, small"
    ]

/// Two points agree, relative to their length.
let isNear (tolerance: float) (a: Tensor) (b: Tensor) : bool =
    distance a b <= tolerance * (1.0 + length a)
