namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Gradients of networks: what compiling saves where most of the time goes into products of matrices.
[<RequireQualifiedAccess>]
module CompiledNetworks =

    /// Sizes as in the rivals' script.
    let private networks: (string * (unit -> DigitsTask)) list = [
        "64-10-10-10", (fun () -> Digits.task "64-10-10-10")
        "784-256-128-10", (fun () -> Digits.drawn "784-256-128-10" 128)
    ]

    let private recycled (x: Tensor) (work: unit -> unit) () : unit =
        Memory.recycling x (fun () -> Seq.empty) work

    /// Ends the run when the compiled gradient is another one.
    let private verify (task: DigitsTask) (compiled: Tensor -> Tensor * Tensor) : unit =
        let _, expected = Derivatives.valueAndGrad task.Loss task.Start
        let _, actual = compiled task.Start
        let scale = (Tensor.max (Tensor.abs expected)).ToScalar()
        let difference = (Tensor.max (Tensor.abs (actual - expected))).ToScalar()

        if not (difference <= 1e-12 * scale) then
            invalidOp $"{task.Name}: the compiled gradient differs by {difference} of {scale}"

    let private row (torch: Peer) (sizes: string, create: unit -> DigitsTask) : Row =
        let task = create ()
        let eager = Derivatives.valueAndGrad task.Loss
        let compiled = Compile.compilePair eager
        verify task compiled

        let samples =
            Measure.together Measure.usual [
                recycled task.Start (fun () -> compiled task.Start |> ignore)
                recycled task.Start (fun () -> eager task.Start |> ignore)
            ]

        {
            Name = task.Name
            Cells = [
                yield! List.map2 (Cell.time 1e-6) [ "Optim compiled"; "Optim eager" ] samples
                Python.cell (fun seconds -> seconds / 1e-6) sizes "torch.autograd" torch
            ]
        }

    /// The table.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let torch = Python.measure "torch" "torch_networks.py" threads

        {
            Name = "compiled"
            Tables = [
                {
                    Title = $"Value and gradient of tanh networks, threads: {threads}"
                    Unit = "us"
                    Rows = List.map (row torch) networks
                    Notes = [ $"batches of {Digits.Batch} and 128 examples" ]
                }
            ]
            Bars = []
        }
