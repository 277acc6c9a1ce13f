namespace Optim.Compiled

open System
open Optim.Managed

/// Which program computes a graph, decided in one place.
[<RequireQualifiedAccess>]
module internal Programs =

    /// The program that computes the graph call by call.
    let replay (graph: Graph) : Program =
        if Object.ReferenceEquals(graph.Engine, ManagedEngine.Instance) then
            ReplayProgram graph
        else
            EvaluatedProgram graph

    /// The fastest program for the graph.
    let ofGraph (graph: Graph) : Program = replay graph
