namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Gradients and exact Hessians of networks on each engine.
[<RequireQualifiedAccess>]
module EngineDerivatives =

    /// The network of about 3,000 parameters whose Hessian is to be no slower than functorch's.
    let private large = "64-32-20-10"

    let private contests: Contest list = [
        for sizes in Digits.all do
            let count = (Digits.task sizes).Start.Length

            {
                Family = "gradient"
                Size = count
                Prepare =
                    fun engine ->
                        let task = Digits.taskOn engine sizes
                        fun () -> snd (Derivatives.valueAndGrad task.Loss task.Start)
            }

            {
                Family = "Hessian"
                Size = count
                Prepare =
                    fun engine ->
                        let task = Digits.taskOn engine sizes
                        fun () -> Derivatives.hessian task.Loss task.Start
            }
    ]

    let private effort (contest: Contest) : Effort =
        if contest.Family = "Hessian" then
            { Contest.quick with Batches = 5; Total = 8.0 }
        else
            Contest.quick

    /// The table, and the aim for the larger Hessian.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let peer = Python.measure "torch" "engine_derivatives.py" threads

        let rows =
            contests
            |> List.map (fun contest -> Contest.row (effort contest) 1e-3 1e-10 peer contest)

        {
            Name = "engines"
            Tables = [
                {
                    Title =
                        $"Tanh networks on {Digits.Batch} digits, n parameters, double precision, threads: {threads}"
                    Unit = "ms"
                    Rows = rows
                    Notes = [
                        "PyTorch, Hessian: the best of functorch.hessian, vmap(jvp(grad)) and autograd.functional.hessian(vectorize=True)"
                    ]
                }
            ]
            Bars = [
                let last = List.last rows

                match Cell.value "torch" last, Cell.value "PyTorch" last with
                | Some own, Some rival ->
                    Bar.atMost
                        $"torch, Hessian of {large}, against PyTorch's best"
                        "of its time"
                        1.0
                        (own / rival)
                | _ -> ()
            ]
        }
