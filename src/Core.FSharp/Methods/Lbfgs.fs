namespace Optim.Core

open Optim
open Optim.Descents
open Optim.Methods

/// Options of L-BFGS.
[<NoComparison; NoEquality>]
type LbfgsOptions = {
    /// How many pairs of moves and gradient changes are remembered: 1 or more. Default 10.
    History: int
    /// How far to go. Default: strong Wolfe with c₂ = 0.9.
    Search: Search
}

/// L-BFGS: quasi-Newton with the curvature of the last moves only.
/// Source: Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4 and 7.5.
/// Differs: pairs of too little curvature (yᵀ s ≤ 1e-10 |s| |y|) are left out.
/// Cost a step: 1 value and gradient, 4 History points of arithmetic. Memory: 2 History + 4 points, in place 7 more.
[<RequireQualifiedAccess>]
module Lbfgs =

    /// History 10, strong Wolfe.
    let defaults: LbfgsOptions = { History = 10; Search = StrongWolfe.create StrongWolfe.defaults }

    /// The method with these options. Errors: ArgumentOutOfRangeException for a history below 1.
    let create (options: LbfgsOptions) : Method =
        Check.atLeast (nameof options.History) 1 options.History

        LineSearch.create "lbfgs" (QuasiNewton.limitedMemory options.History) options.Search
        |> LineSearchInPlace.attach
            (fun length -> LbfgsInPlace(length, options.History))
            options.Search
