namespace Optim.Benchmarks.Sections

open System
open System.Diagnostics
open System.Globalization
open Optim
open Optim.Core
open Optim.Torch
open Optim.Benchmarks

/// The tasks of `optim gpu-check` on a graphics processor, beside PyTorch on the same one.
[<RequireQualifiedAccess>]
module EngineCuda =

    /// The tasks that are to be no slower than PyTorch's.
    let private isAim (task: TimedTask) : bool =
        task.Name.Contains("4990", StringComparison.Ordinal)

    /// MiB of the device's memory in use, by all programs.
    let private used () : float =
        let start =
            ProcessStartInfo(
                "nvidia-smi",
                [ "--query-gpu=memory.used"; "--format=csv,noheader,nounits"; "--id=0" ],
                RedirectStandardOutput = true
            )

        match Process.Start start |> Option.ofObj with
        | None -> nan
        | Some child ->
            use child = child
            let text = child.StandardOutput.ReadToEnd()
            child.WaitForExit()
            Double.Parse(text.Trim(), CultureInfo.InvariantCulture)

    let private typed (task: TimedTask) : string =
        $"{task.Name}, {task.DType.ToString().ToLowerInvariant()}"

    let private row (engine: Engine) (peer: Peer) (task: TimedTask) : TimedTask * Row =
        let timing = Timings.measure engine task

        if not timing.IsRight then
            invalidOp $"{typed task}: the result is wrong"

        task,
        {
            Name = typed task
            Cells = [
                Cell.number "torch" (timing.Seconds / 1e-3)
                Python.cell (fun seconds -> seconds / 1e-3) (typed task) "PyTorch" peer
                match timing.ManagedSeconds with
                | ValueSome seconds -> Cell.number "managed" (seconds / 1e-3)
                | ValueNone -> Cell.missing "managed" "too slow"
                Cell.number "calls" (float timing.Crossings)
            ]
        }

    let private ratio (row: Row) : float option =
        match Cell.value "torch" row, Cell.value "PyTorch" row with
        | Some own, Some rival -> Some(own / rival)
        | _ -> None

    let private onDevice (engine: Engine) : Section =
        let peer = Python.measure "torch" "engine_cuda.py" Environment.ProcessorCount
        let tasks = Timings.tasks engine.Device
        // The self-test has been run: what the libraries take for themselves is in use by now. So it is in the rival's script.
        let before = used ()

        // First, so that nothing else has asked for memory.
        let hessian =
            tasks
            |> List.find (fun task ->
                isAim task && task.Name.StartsWith("exact", StringComparison.Ordinal)
            )

        hessian.Prepare engine () |> ignore

        let memory = {
            Name = $"the device's memory in use after: {typed hessian}"
            Cells = [
                Cell.number "torch" (used () - before)
                Python.cell id "memory" "PyTorch" peer
            ]
        }

        let rows = tasks |> List.map (row engine peer)

        {
            Name = "cuda"
            Tables = [
                {
                    Title = $"Tasks on {engine.Device}"
                    Unit = "ms"
                    Rows = List.map snd rows
                    Notes = [
                        "the best of a few, until the first number is read; PyTorch, Hessian: the fastest of three ways"
                    ]
                }
                {
                    Title = "Memory"
                    Unit = "MiB"
                    Rows = [ memory ]
                    Notes = [ "as nvidia-smi tells, beyond what was in use before" ]
                }
            ]
            Bars = [
                for task, row in rows do
                    if isAim task then
                        match ratio row with
                        | Some ratio ->
                            Bar.atMost $"{row.Name}, against PyTorch" "of its time" 1.0 ratio
                        | None -> ()
                match ratio memory with
                | Some ratio -> Bar.atMost "memory, against PyTorch" "of its memory" 1.2 ratio
                | None -> ()
            ]
        }

    /// The tables and their aims; a line that says why where there is no such device.
    let measure () : Section =
        try
            onDevice (Torch.cuda 0)
        with :? EngineException as error -> {
            Name = "cuda"
            Tables = [
                {
                    Title = "Tasks on a graphics processor"
                    Unit = ""
                    Rows = [ { Name = "none"; Cells = [ Contest.absent ] } ]
                    Notes = [ error.Detail ]
                }
            ]
            Bars = []
        }
