namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Steps of training a network in single precision on each engine.
[<RequireQualifiedAccess>]
module EngineTraining =

    let private sizes = "784-256-128-10"

    [<Literal>]
    let private Batch = 128

    /// So many steps in one run, so that what a run costs besides them does not count.
    [<Literal>]
    let private Steps = 50

    let private methods: (string * Method) list = [
        "SGD", Sgd.create { Sgd.defaults with Rate = Schedule.Constant 1e-3 }
        "Adam", Adam.create { Adam.defaults with Rate = Schedule.Constant 1e-4 }
    ]

    let private options: SolveOptions = {
        SolveOptions.defaults with
            Budget = Budget.steps (int64 Steps)
            StopRules = []
            TraceEvery = 0L
            ExaminesCurvature = false
    }

    /// A run of so many steps on an engine.
    let private run (method: Method) (engine: Engine) : unit -> Tensor =
        let objective, start = Digits.drawnOn engine DType.Float32 sizes Batch
        fun () -> (Solver.minimizeWith options method objective start).Point

    let private row (peer: Peer) (name: string, method: Method) : Row =
        let works = Contest.contenders |> List.map (fun (_, engine) -> run method engine)

        let results = works |> List.map (fun work -> work ())

        for other in results.Tail do
            Contest.verify name 1e-3 results.Head other

        let samples =
            works
            |> List.map (fun work () -> work () |> ignore)
            |> Measure.together { Contest.quick with Batches = 9; Total = 4.0 }
            |> List.map (Sample.part Steps)

        {
            Name = name
            Cells = [
                match Contest.torch with
                | Ok _ -> ()
                | Error _ -> Contest.absent
                yield! List.map2 (fun (who, _) -> Cell.time 1e-6 who) Contest.contenders samples
                Python.cell (fun seconds -> seconds / 1e-6) name "PyTorch" peer
            ]
        }

    /// The table, and the aims.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let peer = Python.measure "torch" "engine_training.py" threads
        let rows = methods |> List.map (row peer)

        {
            Name = "engines"
            Tables = [
                {
                    Title =
                        $"A step of training {sizes} (tanh), batch {Batch}, single precision, threads: {threads}"
                    Unit = "us"
                    Rows = rows
                    Notes = [
                        $"engines: a run of {Steps} steps by the solver, with all that its loop does; divided by the steps"
                        "PyTorch: forward, backward and torch.optim's step, with its tensors one by one or together (foreach), whichever is faster"
                    ]
                }
            ]
            Bars = [
                for row in rows do
                    match Cell.value "torch" row, Cell.value "PyTorch" row with
                    | Some own, Some rival ->
                        Bar.atMost
                            $"torch, step of {row.Name}, against PyTorch"
                            "of its time"
                            0.8
                            (own / rival)
                    | _ -> ()
            ]
        }
