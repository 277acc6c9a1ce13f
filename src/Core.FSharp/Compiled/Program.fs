namespace Optim.Compiled

open System
open Optim

/// One thread's use of a program: its buffers.
[<AbstractClass>]
type internal Session() =

    /// Computes the outputs from the inputs, all as arrays (float[], float32[], int64[] or bool[]) in row-major order, each
    /// from its offset on. Outputs are written from position 0; none may be the array of an input. Allocates nothing in
    /// the steady state. The session must not be used by two threads at once.
    abstract Run: inputs: Array[] * offsets: int[] * outputs: Array[] -> unit

    /// The program as loops on three arrays of Float64; null where it is not that.
    abstract ForThree: ThreeArrays | null

    default _.ForThree = null

/// A graph made ready to run again and again.
[<AbstractClass>]
type internal Program(graph: Graph) =

    /// What it computes.
    member _.Graph: Graph = graph

    /// What it consists of, in one line for people: "2 fused loops over 1 buffer, 1 matrix product".
    abstract Description: string

    /// Buffers for one thread.
    abstract NewSession: unit -> Session
