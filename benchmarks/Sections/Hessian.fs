namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Exact Hessians of small networks.
[<RequireQualifiedAccess>]
module Hessian =

    let private milliseconds = Cell.time 1e-3

    let private rivals = [ "functorch"; "torch.autograd"; "torch.autograd vectorized" ]

    let private row (torch: Peer) (sizes: string) : Row =
        let task = Digits.task sizes

        let hessian () : unit =
            Derivatives.hessian task.Loss task.Start |> ignore

        {
            Name = task.Name
            Cells = [
                milliseconds "Optim" (Measure.time Measure.long hessian)
                for rival in rivals do
                    Python.cell (fun s -> s / 1e-3) sizes rival torch
            ]
        }

    /// The table on as many processors as there are, with the aim for one.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let torch = Python.measure "torch" "torch_hessian.py" 1
        let rows = Digits.all |> List.map (row torch)

        {
            Name = "hessian"
            Tables = [
                {
                    Title =
                        $"Exact Hessian of a tanh network, batch {Digits.Batch}, threads: {threads}"
                    Unit = "ms"
                    Rows = rows
                    Notes = []
                }
            ]
            Bars =
                if threads = 1 then
                    Cell.value "Optim" rows.Head
                    |> Option.map (Bar.atMost "Hessian of 870 parameters, one thread" "ms" 80.0)
                    |> Option.toList
                else
                    []
        }
