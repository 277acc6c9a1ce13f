namespace Optim.Cli

open System
open Optim
open Optim.Core
open Optim.Torch

/// What --engine names.
[<RequireQualifiedAccess>]
type EngineName =
    /// This library's own code, on the processor.
    | Managed
    /// libtorch on the processor.
    | Torch
    /// libtorch on the graphics processor with this index.
    | Cuda of index: int

/// The engine that a command computes with.
[<NoComparison; NoEquality>]
type ChosenEngine = {
    /// What computes.
    Engine: Engine
    /// The version of libtorch that does; none on the managed engine.
    Library: string option
    /// How often this program has called into libtorch so far.
    Crossings: unit -> int64
    /// The bytes that tensors hold outside of .NET's memory; 0 on the managed engine.
    Held: unit -> int64
}

/// Engines by name.
[<RequireQualifiedAccess>]
module ChosenEngine =

    /// The names that --engine takes.
    let names: string list = [ "managed"; "torch"; "cuda"; "cuda:1" ]

    /// The engine that a word names: "managed", "torch", "cuda" for the first graphics processor, "cuda:1" for the second.
    let parse (text: string) : EngineName =
        let text = text.Trim().ToLowerInvariant()

        match text, text.Split ':' with
        | "managed", _ -> EngineName.Managed
        | "torch", _ -> EngineName.Torch
        | "cuda", _ -> EngineName.Cuda 0
        | _, [| "cuda"; index |] when index <> "" && Seq.forall Char.IsAsciiDigit index ->
            match Int32.TryParse index with
            | true, index -> EngineName.Cuda index
            | false, _ -> Misuse.refuse $"--engine: no graphics processor has the number {index}"
        | _ -> Choices.orMisuse (fun () -> Knob.unknown "engine" text names)

    /// Whether the name is that of libtorch on some device.
    let isLibTorch (name: EngineName) : bool =
        match name with
        | EngineName.Managed -> false
        | EngineName.Torch
        | EngineName.Cuda _ -> true

    /// The engine, with its library loaded.
    /// Errors: EngineException where there is no libtorch, or no such graphics processor.
    let load (name: EngineName) : ChosenEngine =
        let onLibTorch (engine: Engine) : ChosenEngine = {
            Engine = engine
            Library = Some(string (Torch.library ()).Version)
            Crossings = Torch.crossings
            Held = fun () -> Torch.held engine
        }

        match name with
        | EngineName.Managed -> {
            Engine = Engines.managed
            Library = None
            Crossings = fun () -> 0L
            Held = fun () -> 0L
          }
        | EngineName.Torch -> onLibTorch (Torch.engine ())
        | EngineName.Cuda index -> onLibTorch (Torch.cuda index)

    /// The tensor, on this engine.
    let move (chosen: ChosenEngine) (x: Tensor) : Tensor = Tensor.moveTo chosen.Engine x

    /// How objectives are computed with the engine: compiled programs run on the managed one only.
    let compiling (name: EngineName) (compiling: Compiling) : Compiling =
        match compiling with
        | Compiling.Always when isLibTorch name ->
            Misuse.refuse "--compile works with --engine managed only; leave one of them out"
        | Compiling.WherePays when isLibTorch name -> Compiling.Never
        | Compiling.Always
        | Compiling.WherePays
        | Compiling.Never -> compiling

    /// What computes and where, in words.
    let text (chosen: ChosenEngine) : string =
        match chosen.Library with
        | None -> "the managed engine, on the processor"
        | Some version when chosen.Engine.Device = Device.Torch ->
            $"libtorch {version} on the processor"
        | Some version -> $"libtorch {version} on {chosen.Engine.Device}"

    /// Calls into libtorch for a step; none on the managed engine. crossings: in all steps.
    let crossingsPerStep (chosen: ChosenEngine) (crossings: int64) (steps: int64) : float option =
        match chosen.Library with
        | Some _ when steps > 0L -> Some(float crossings / float steps)
        | Some _
        | None -> None

    /// What results say of it: engine, device, and the library's version where there is one.
    let json (chosen: ChosenEngine) : (string * Json.Value) list = [
        "engine", Json.Value.Text chosen.Engine.Name
        "device", Json.Value.Text chosen.Engine.Device.Name
        match chosen.Library with
        | Some version -> "libtorch", Json.Value.Text version
        | None -> ()
    ]

    /// A line on engine and calls for people; none on the managed engine, which is the usual one.
    let line (chosen: ChosenEngine) (perStep: float option) : string list =
        match chosen.Library, perStep with
        | None, _ -> []
        | Some _, None -> [ $"computed by {text chosen}" ]
        | Some _, Some count -> [ $"computed by {text chosen}: {count:F0} calls a step" ]

    /// What results say of the calls into libtorch; nothing on the managed engine.
    let crossingsJson (perStep: float option) : (string * Json.Value) list = [
        match perStep with
        | Some count -> "crossingsPerStep", Json.Value.Number count
        | None -> ()
    ]

    /// What is said of a failure. One that found no library or device says so in its own sentences.
    let complaint (error: EngineException) : string =
        if error.Operation = "LoadLibrary" then
            error.Detail
        else
            error.Message
