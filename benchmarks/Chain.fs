namespace Optim.Benchmarks

open Optim
open Optim.Core

/// Rosenbrock's function, chained: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², as tensors and as loops written by hand.
[<RequireQualifiedAccess>]
module Chain =

    /// The library's own problem with n variables.
    let problem (n: int) : Problem =
        Problems.find "rosenbrock" (ValueSome n)

    /// The usual start: −1.2, 1, −1.2, 1, …
    let start (n: int) : float[] =
        Array.init n (fun i -> if i % 2 = 0 then -1.2 else 1.0)

    /// The value.
    let value (x: float[]) : float =
        let mutable sum = 0.0

        for i in 0 .. x.Length - 2 do
            let a = x[i + 1] - x[i] * x[i]
            let b = 1.0 - x[i]
            sum <- sum + 100.0 * a * a + b * b

        sum

    /// The value; the gradient into g.
    let valueAndGradient (x: float[]) (g: float[]) : float =
        let mutable sum = 0.0
        g[0] <- 0.0

        for i in 0 .. x.Length - 2 do
            let a = x[i + 1] - x[i] * x[i]
            let b = 1.0 - x[i]
            sum <- sum + 100.0 * a * a + b * b
            g[i] <- g[i] - 400.0 * a * x[i] - 2.0 * b
            g[i + 1] <- 200.0 * a

        sum

    /// The product of the Hessian with v into h.
    let product (x: float[]) (v: float[]) (h: float[]) : unit =
        h[0] <- 0.0

        for i in 0 .. x.Length - 2 do
            let diagonal = 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0
            h[i] <- h[i] + diagonal * v[i] - 400.0 * x[i] * v[i + 1]
            h[i + 1] <- 200.0 * v[i + 1] - 400.0 * x[i] * v[i]
