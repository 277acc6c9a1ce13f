namespace Optim.Compiled

open System
open Optim

/// Turns a function into a graph by calling it once.
[<RequireQualifiedAccess>]
module internal Recorder =

    /// What f does with inputs of these shapes and element types. The inputs are concrete, one or more, and of one engine;
    /// their numbers do not matter, except to what f computes from constants alone. An output may be an input, a
    /// constant, or occur twice. Nothing that the graph holds belongs to a scope of this thread.
    /// Errors: InvalidOperationException when f reads a number of a value that depends on the inputs, or depends on a value
    /// that is being differentiated or batched besides its inputs. ArgumentException for inputs or
    /// results on different engines.
    let record (f: Tensor[] -> Tensor[]) (inputs: Tensor[]) : Graph =
        if inputs.Length = 0 then
            raise (ArgumentException("compile: expected one input or more", nameof inputs))

        for x in inputs do
            Check.sameDevice (nameof inputs) inputs[0] x

        let engine = inputs[0].Engine
        use detachment = engine.Detach()
        // The values on the way go back to the engine; large ones would keep the garbage collector busy.
        use scope = engine.OpenScope()
        let recording = Recording(engine, detachment, scope)

        try
            let ids = inputs |> Array.mapi (fun i x -> recording.Input(i, x))

            let traced =
                Array.map2
                    (fun (x: Tensor) id -> Traced(x, id, $"input {id}", recording) :> Tensor)
                    inputs
                    ids

            let outputs = f traced

            for y in outputs do
                Check.sameDevice "result" inputs[0] y

            recording.Finish(
                inputs.Length,
                outputs |> Array.map (fun y -> Traced.IdOf(recording, y))
            )
        finally
            recording.Level.Close()
