namespace Optim.Core

open Optim
open Optim.Descents
open Optim.Methods

/// Options of BFGS.
[<NoComparison; NoEquality>]
type BfgsOptions = {
    /// How far to go. Default: strong Wolfe with c₂ = 0.9.
    Search: Search
}

/// BFGS: quasi-Newton with a dense approximation of the inverse Hessian.
/// Source: Nocedal & Wright 2006, Algorithm 6.1. Differs: updates of too little curvature are left out.
/// Cost a step: 1 value and gradient, 8 n² of arithmetic. Memory: n² + 4 points.
[<RequireQualifiedAccess>]
module Bfgs =

    /// Strong Wolfe.
    let defaults: BfgsOptions = { Search = StrongWolfe.create StrongWolfe.defaults }

    /// The method with these options.
    let create (options: BfgsOptions) : Method =
        LineSearch.create "bfgs" QuasiNewton.dense options.Search
        |> LineSearchInPlace.attach (fun length -> BfgsInPlace length) options.Search
