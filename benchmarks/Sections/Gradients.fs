namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// What derivatives of a network cost beside its value, and gradients of every example beside that of the batch.
[<RequireQualifiedAccess>]
module Gradients =

    let private recycled (x: Tensor) (work: unit -> Tensor) : unit =
        Memory.recycling x (fun () -> Seq.empty) (fun () -> work () |> ignore)

    let private parts: (string * (DigitsTask -> Tensor)) list = [
        "value", (fun task -> task.Loss task.Start)
        "gradient", (fun task -> Derivatives.grad task.Loss task.Start)
        "Hessian product", (fun task -> Derivatives.hvp task.Loss task.Start task.Start)
        "per-example gradients",
        (fun task ->
            Curvature.perExampleGradients task.ExampleLoss task.Start task.Inputs task.Targets
        )
    ]

    let private row
        (torch: Peer)
        (sizes: string)
        (task: DigitsTask)
        (part: string)
        (work: DigitsTask -> Tensor)
        : Row =
        let peer contender =
            Python.cell (fun s -> s / 1e-6) $"{sizes}, {part}" contender torch

        {
            Name = $"{task.Name}, {part}"
            Cells = [
                Cell.time
                    1e-6
                    "Optim"
                    (Measure.time
                        Measure.usual
                        (fun () -> recycled task.Start (fun () -> work task)))
                peer "torch.autograd"
                peer "functorch"
            ]
        }

    /// The two ratios of one network, from the rows in the order of `parts`.
    let private bars (sizes: string) (rows: Row list) : Bar list =
        match rows |> List.map (Cell.value "Optim") with
        | Some value :: Some gradient :: Some product :: _ -> [
            Bar.atMost $"{sizes}: gradient / value" "" 4.0 (gradient / value)
            Bar.atMost $"{sizes}: Hessian product / gradient" "" 2.5 (product / gradient)
          ]
        | _ -> []

    /// The table and the aims for the ratios.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let torch = Python.measure "torch" "torch_gradients.py" threads

        let measured = [
            for sizes in Digits.all do
                let task = Digits.task sizes
                sizes, parts |> List.map (fun (part, work) -> row torch sizes task part work)
        ]

        {
            Name = "gradients"
            Tables = [
                {
                    Title =
                        $"Derivatives of a tanh network, batch {Digits.Batch}, threads: {threads}"
                    Unit = "us"
                    Rows = measured |> List.collect snd
                    Notes = [ "gradient: with the value; Hessian product: forward over reverse" ]
                }
            ]
            Bars = measured |> List.collect (fun (sizes, rows) -> bars sizes rows)
        }
