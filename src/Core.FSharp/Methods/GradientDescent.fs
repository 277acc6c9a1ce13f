namespace Optim.Core

open Optim
open Optim.Descents
open Optim.Methods

/// Options of gradient descent.
[<NoComparison; NoEquality>]
type GradientDescentOptions = {
    /// How far to go along −g. Default: Armijo backtracking.
    Search: Search
}

/// Gradient descent: x ← x − t g, with t from a line search or a schedule.
/// Source: Cauchy 1847; Nocedal & Wright 2006, section 3.3. Differs: none.
/// Cost a step: 1 gradient, and a value for each trial. Memory: 2 points.
[<RequireQualifiedAccess>]
module GradientDescent =

    /// With Armijo backtracking.
    let defaults: GradientDescentOptions = { Search = Armijo.create Armijo.defaults }

    /// The method with these options.
    let create (options: GradientDescentOptions) : Method =
        LineSearch.create "gradient-descent" SteepestDescent.descent options.Search
        |> LineSearchInPlace.attach (fun length -> SteepestInPlace length) options.Search
