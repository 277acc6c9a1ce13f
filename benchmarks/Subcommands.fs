namespace Optim.Benchmarks

open Optim.Benchmarks.Sections

/// How many threads a part of a section has.
[<RequireQualifiedAccess>]
type Threads =
    | One
    | All

/// A subcommand.
[<NoComparison; NoEquality>]
type Subcommand = {
    Name: string
    /// What it measures.
    Summary: string
    /// Each is measured in a process of its own, with a fresh heap.
    Parts: Threads list
    Measure: unit -> Section
}

/// All subcommands, in the order of `all`.
[<RequireQualifiedAccess>]
module Subcommands =

    /// The list.
    let all: Subcommand list = [
        {
            Name = "rosenbrock"
            Summary =
                "value, gradient and Hessian product of Rosenbrock's function, n = 2 to 100000"
            Parts = [ Threads.All ]
            Measure = Rosenbrock.measure
        }
        {
            Name = "lbfgs"
            Summary = "time and bytes for an iteration of L-BFGS, n = 2 and 10000"
            Parts = [ Threads.All ]
            Measure = Lbfgs.measure
        }
        {
            Name = "hessian"
            Summary = "exact Hessians of networks with 870 and 2950 parameters"
            Parts = [ Threads.One; Threads.All ]
            Measure = Hessian.measure
        }
        {
            Name = "gradients"
            Summary = "gradient, Hessian product and per-example gradients of networks"
            Parts = [ Threads.One ]
            Measure = Gradients.measure
        }
        {
            Name = "gemm"
            Summary = "matrix products beside the peak of the machine"
            Parts = [ Threads.One; Threads.All ]
            Measure = Gemm.measure
        }
        {
            Name = "memory"
            Summary = "resident memory over a million steps"
            Parts = [ Threads.All ]
            Measure = Memory.measure
        }
    ]
