namespace Optim.Compiled

open System
open System.Runtime.CompilerServices
open Optim.Managed

/// Which program computes a graph, decided in one place.
[<RequireQualifiedAccess>]
module internal Programs =

    /// Graphs of more nodes are not fused: building their loops would take too long.
    let private mostNodes = 4000

    let private isManaged (graph: Graph) : bool =
        Object.ReferenceEquals(graph.Engine, ManagedEngine.Instance)

    /// The program that computes the graph call by call.
    let replay (graph: Graph) : Program =
        if isManaged graph then
            ReplayProgram graph
        else
            EvaluatedProgram graph

    /// The fastest program for the graph.
    let ofGraph (graph: Graph) : Program =
        if
            isManaged graph
            && graph.Nodes.Length <= mostNodes
            && RuntimeFeature.IsDynamicCodeSupported
        then
            FusedProgram graph
        else
            replay graph
