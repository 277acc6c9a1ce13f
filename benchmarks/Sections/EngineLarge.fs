namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Results above 32 MB, which the system's allocator would fetch from the system and give back each time.
[<RequireQualifiedAccess>]
module EngineLarge =

    /// The first is below 32 MB and above what caches hold.
    let private megabytes: int list = [ 24; 40; 80; 160 ]

    let private elements (megabytes: int) : int = megabytes * 125_000

    let private row (peer: Peer) (size: int) : Row =
        let n = elements size
        let name = $"x y, a result of {size} MB"

        let work (engine: Engine) : unit -> unit =
            let x = Tensor.full [ n ] 1.5 |> Tensor.moveTo engine
            Contest.recycled engine (fun () -> x * x)

        let samples =
            Contest.contenders
            |> List.map (fun (_, engine) -> work engine)
            |> Measure.together { Contest.quick with Total = 0.8 }

        let rate = Cell.rate 1e9 (float (8 * n))

        {
            Name = name
            Cells = [
                match Contest.torch with
                | Ok _ -> ()
                | Error _ -> Contest.absent
                yield! List.map2 (fun (who, _) -> rate who) Contest.contenders samples
                Python.cell (fun seconds -> float (8 * n) / seconds / 1e9) name "PyTorch" peer
            ]
        }

    /// The rate of the engine's best batch.
    let private best (row: Row) : float option =
        row.Cells
        |> List.tryFind (fun cell -> cell.Contender = "torch")
        |> Option.bind _.Best

    /// The table, and the aim that large results are as fast for a byte as small ones.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let peer = Python.measure "torch" "engine_large.py" threads
        let rows = megabytes |> List.map (row peer)

        {
            Name = "engines"
            Tables = [
                {
                    Title = $"Large results, double precision, threads: {threads}"
                    Unit = "GB/s"
                    Rows = rows
                    Notes = [ "bytes of the result; as much is read" ]
                }
            ]
            Bars = [
                match best rows.Head with
                | Some small ->
                    for row in rows.Tail do
                        match best row with
                        | Some large ->
                            Bar.atLeast
                                $"torch, {row.Name}, against {megabytes.Head} MB, best batches"
                                "of its rate"
                                0.8
                                (large / small)
                        | None -> ()
                | None -> ()
            ]
        }
