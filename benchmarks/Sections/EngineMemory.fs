namespace Optim.Benchmarks.Sections

open System
open System.Diagnostics
open System.Runtime
open Optim
open Optim.Core
open Optim.Benchmarks

/// Whether memory stays flat over a million operations on libtorch's engine.
[<RequireQualifiedAccess>]
module EngineMemory =

    [<Literal>]
    let private Operations = 1_000_000

    /// How results are used.
    [<NoComparison; NoEquality>]
    type private Use = { Name: string; Run: Engine -> Tensor -> int -> unit }

    let private uses: Use list = [
        {
            Name = "dropped, left to the collector"
            Run =
                fun _ x count ->
                    for _ in 1..count do
                        x * x |> ignore
        }
        {
            Name = "within scopes of 100, as in steps of a solver"
            Run =
                fun engine x count ->
                    let hundred =
                        Contest.recycled
                            engine
                            (fun () ->
                                for _ in 1..99 do
                                    x * x |> ignore

                                x * x
                            )

                    for _ in 1 .. count / 100 do
                        hundred ()
        }
    ]

    let private watch (engine: Engine) (length: int) (use': Use) : Row * float =
        let x = Tensor.full [ length ] 1.5 |> Tensor.moveTo engine
        let clock = Stopwatch.StartNew()
        use'.Run engine x (Operations / 10)
        let first = Machine.residentMemory ()
        use'.Run engine x (4 * Operations / 10)
        let middle = Machine.residentMemory ()
        use'.Run engine x (5 * Operations / 10)
        let last = Machine.residentMemory ()

        {
            Row.Name = $"{length} numbers, {use'.Name}"
            Cells = [
                Cell.number "first tenth" first
                Cell.number "middle" middle
                Cell.number "end" last
                Cell.number "ns / operation" (clock.Elapsed.TotalSeconds / float Operations / 1e-9)
            ]
        },
        last - middle

    /// The table of one kind of collector, and the aim.
    let measure () : Section =
        let collector = if GCSettings.IsServerGC then "server" else "workstation"

        let watched =
            match Contest.torch with
            | Error _ -> []
            | Ok engine ->
                List.allPairs [ 10; 1_000 ] uses
                |> List.map (fun (length, use') -> watch engine length use')

        {
            Name = "engines"
            Tables = [
                {
                    Title =
                        $"Resident memory over a million operations x x on libtorch, {collector} collector"
                    Unit = "MiB"
                    Rows = List.map fst watched
                    Notes = [
                        if watched.IsEmpty then
                            "no libtorch"
                    ]
                }
            ]
            Bars = [
                for row, growth in watched do
                    Bar.atMost
                        $"{collector} collector, {row.Name}: growth over the second half"
                        "MiB"
                        8.0
                        growth
            ]
        }
