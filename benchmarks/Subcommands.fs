namespace Optim.Benchmarks

open Optim.Benchmarks.Sections

/// How many threads a part of a section has.
[<RequireQualifiedAccess>]
type Threads =
    | One
    | All

/// How the garbage of a part is collected.
[<RequireQualifiedAccess>]
type Collector =
    | Workstation
    | Server

/// What one process measures: with a fresh heap, and nothing compiled yet.
[<NoComparison; NoEquality>]
type Part = { Threads: Threads; Collector: Collector; Measure: unit -> Section }

/// A subcommand.
[<NoComparison; NoEquality>]
type Subcommand = {
    Name: string
    /// What it measures.
    Summary: string
    /// In the order in which they are measured.
    Parts: Part list
}

/// All subcommands, in the order of `all`.
[<RequireQualifiedAccess>]
module Subcommands =

    let private full (measure: unit -> Section) : Part = {
        Threads = Threads.All
        Collector = Collector.Workstation
        Measure = measure
    }

    let private one (measure: unit -> Section) : Part = { full measure with Threads = Threads.One }

    let private served (measure: unit -> Section) : Part = {
        full measure with
            Collector = Collector.Server
    }

    /// The list.
    let all: Subcommand list = [
        {
            Name = "rosenbrock"
            Summary =
                "value, gradient and Hessian product of Rosenbrock's function, n = 2 to 100000"
            Parts = [ full Rosenbrock.measure ]
        }
        {
            Name = "lbfgs"
            Summary = "time and bytes for an iteration of L-BFGS, n = 2 and 10000"
            Parts = [ full Lbfgs.measure ]
        }
        {
            Name = "compiled"
            Summary = "compiled objectives beside loops written by hand, and solvers that use them"
            Parts = [
                one CompiledRosenbrock.measure
                one CompileTime.measure
                full Lbfgs.measure
                full LongValley.measure
                full CompiledFits.measure
                one CompiledNetworks.measure
                full CompiledNetworks.measure
            ]
        }
        {
            Name = "hessian"
            Summary = "exact Hessians of networks with 870 and 2950 parameters"
            Parts = [ one Hessian.measure; full Hessian.measure ]
        }
        {
            Name = "gradients"
            Summary = "gradient, Hessian product and per-example gradients of networks"
            Parts = [ one Gradients.measure ]
        }
        {
            Name = "gemm"
            Summary = "matrix products beside the peak of the machine"
            Parts = [ one Gemm.measure; full Gemm.measure ]
        }
        {
            Name = "engines"
            Summary = "the managed engine, libtorch's and PyTorch over sizes, and where they cross"
            Parts = [
                full EngineOperations.measure
                full EngineOverhead.measure
                full EngineDerivatives.measure
                full EngineTraining.measure
                full EngineFactorizations.measure
                full EngineLarge.measure
                full EngineCrossings.measure
                full EngineMemory.measure
                served EngineMemory.measure
            ]
        }
        {
            Name = "cuda"
            Summary = "libtorch's engine on a graphics processor beside PyTorch on the same one"
            Parts = [ full EngineCuda.measure ]
        }
        {
            Name = "memory"
            Summary = "resident memory over a million steps"
            Parts = [ full Memory.measure ]
        }
    ]
