namespace Optim.Core

open System
open Optim
open Optim.Descents
open Optim.Methods

/// Options of L-BFGS.
[<NoComparison; NoEquality>]
type LbfgsOptions = {
    /// How many pairs of moves and gradient changes are remembered: 1 or more. Default 10.
    History: int
    /// The precision in which the pairs are kept: DType.Float64, or DType.Float32 for half of the memory and of the time that
    /// they cost, by which their curvature is known to 7 digits. All sums are of the point's own precision. Points of Float32
    /// have pairs of Float32. Default DType.Float32.
    PairType: DType
    /// How far to go. Default: strong Wolfe with c₂ = 0.9.
    Search: Search
}

/// L-BFGS: quasi-Newton with the curvature of the last moves only.
/// Source: Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4 and 7.5.
/// Differs: pairs of too little curvature (yᵀ s ≤ 1e-10 |s| |y|) are left out; pairs are rounded to single precision.
/// Cost a step: 1 value and gradient, 4 History points of arithmetic. Memory: History + 4 points, in place 7 more; pairs in double precision take twice
/// as much.
[<RequireQualifiedAccess>]
module Lbfgs =

    /// History 10, strong Wolfe.
    let defaults: LbfgsOptions = {
        History = 10
        PairType = DType.Float32
        Search = StrongWolfe.create StrongWolfe.defaults
    }

    /// Pairs of shorter vectors stay in the first cache, where both loops are faster on the vectors themselves.
    [<Literal>]
    let private Few = 128

    /// The method with these options. Errors: ArgumentOutOfRangeException for a history below 1, ArgumentException for a
    /// type of pairs without fractions.
    let create (options: LbfgsOptions) : Method =
        Check.atLeast (nameof options.History) 1 options.History

        if not options.PairType.IsFloating then
            raise (
                ArgumentException(
                    $"PairType is {options.PairType}, expected Float32 or Float64",
                    nameof options.PairType
                )
            )

        let descent (length: int) : DescentInPlace<LbfgsMemory> =
            if options.PairType = DType.Float32 && length >= Few then
                LbfgsByProducts(length, options.History)
            else
                LbfgsInPlace(length, options.PairType, options.History)

        LineSearch.create
            "lbfgs"
            (QuasiNewton.limitedMemory options.PairType options.History)
            options.Search
        |> LineSearchInPlace.attach descent options.Search
