namespace Optim.Compiled

open System
open System.Threading
open Optim
open Optim.Core
open Optim.Managed
open Optim.Primitives

/// A program with one session in reserve, so that threads which come one after the other share its buffers.
[<Sealed>]
type internal SharedProgram(program: Program) =
    let mutable spare: Session | null = null

    /// The program.
    member _.Program: Program = program

    /// Runs it with a session that no other thread uses.
    member _.Run(inputs: Array[], offsets: int[], outputs: Array[]) : unit =
        let session =
            match Interlocked.Exchange(&spare, null) with
            | null -> program.NewSession()
            | idle -> idle

        session.Run(inputs, offsets, outputs)
        Volatile.Write(&spare, session)

/// What a function became for inputs of one engine and one combination of shapes and element types.
[<Sealed>]
type internal Specialization(inputs: Tensor[], program: Program, time: TimeSpan) =
    let shared = SharedProgram program
    let graph = program.Graph
    let kinds = inputs |> Array.map (fun x -> struct (x.Shape, x.DType))
    let outputs = graph.Outputs |> Array.map (fun node -> graph.Nodes[node])

    /// Records, simplifies and compiles.
    static member Of(f: Tensor[] -> Tensor[], inputs: Tensor[]) : Specialization =
        let start = TimeProvider.System.GetTimestamp()
        use _ = inputs[0].Engine.Detach()
        let program = Recorder.record f inputs |> Simplify.run |> Programs.ofGraph
        Specialization(inputs, program, TimeProvider.System.GetElapsedTime start)

    /// The program.
    member _.Program: Program = program

    /// How long recording and compiling took.
    member _.Time: TimeSpan = time

    /// The shapes and element types of the inputs.
    member _.Inputs: struct (Shape * DType)[] = kinds

    /// Whether it is for inputs like these.
    member _.Fits(actual: Tensor[]) : bool =
        let mutable fits = actual.Length = kinds.Length
        let mutable i = 0

        while fits && i < kinds.Length do
            let struct (shape, dtype) = kinds[i]
            let x = actual[i]

            fits <-
                Object.ReferenceEquals(x.Engine, graph.Engine)
                && x.DType = dtype
                && shape.SameAs x.Shape

            i <- i + 1

        fits

    member private _.RunManaged(actual: Tensor[]) : Tensor[] =
        let raw (x: Tensor) : Raw =
            match x with
            | :? Raw as raw -> raw
            | other -> invalidOp $"a compiled function got a tensor of level {other.Level}"

        let raws = Array.map raw actual

        let results =
            outputs
            |> Array.map (fun node -> Creation.empty graph.Engine node.Shape node.DType)

        let arrays (tensors: Raw[]) =
            tensors |> Array.map (fun x -> x.Storage :?> Array)

        shared.Run(arrays raws, raws |> Array.map (fun x -> x.Offset), arrays results)
        results |> Array.map (fun y -> y :> Tensor)

    /// On the tensors of the engine, which never leave it.
    member private _.RunElsewhere(actual: Tensor[]) : Tensor[] =
        Memory.recycling
            actual[0]
            (fun results -> results)
            (fun () -> Evaluation.outputs graph actual)

    /// The outputs for concrete inputs that fit.
    member this.Run(actual: Tensor[]) : Tensor[] =
        if Object.ReferenceEquals(graph.Engine, ManagedEngine.Instance) then
            this.RunManaged actual
        else
            this.RunElsewhere actual
