namespace Optim.Benchmarks.Sections

open System.Diagnostics
open Optim
open Optim.Core
open Optim.Benchmarks

/// How long it takes until a function is compiled and has run once. It must be measured in a fresh process: the compiler
/// itself is compiled when the process compiles for the first time.
[<RequireQualifiedAccess>]
module CompileTime =

    [<Literal>]
    let private Length = 1000

    /// A network with five dense layers.
    [<Literal>]
    let private Sizes = "64-32-32-32-32-10"

    let private effort = { Measure.usual with Batch = 0.001; Batches = 41 }

    /// Compiles afresh at each call.
    let private gradient (n: int) : unit -> unit =
        let x, g = Chain.start n, Array.zeroCreate n
        fun () -> (Chain.arrays n).ValueAndGradient(x, g) |> ignore

    let private product (n: int) : unit -> unit =
        let x, v, h = Chain.start n, Array.create n 0.5, Array.zeroCreate n
        fun () -> (Chain.arrays n).HessianProduct(x, v, h)

    let private network (sizes: string) : unit -> unit =
        let task = Digits.task sizes
        fun () -> Compile.compile (Derivatives.grad task.Loss) task.Start |> ignore

    let private milliseconds (work: unit -> unit) : float =
        let clock = Stopwatch.StartNew()
        work ()
        clock.Elapsed.TotalMilliseconds

    /// The table and its aims.
    let measure () : Section =
        let rosenbrock = gradient Length
        let first = milliseconds rosenbrock

        let warm (name: string) (work: unit -> unit) : Row = {
            Name = name
            Cells = [ Cell.time 1e-3 "Optim compiled" (Measure.time effort work) ]
        }

        let rows = [
            warm $"Rosenbrock n = {Length}, value and gradient" rosenbrock
            warm $"Rosenbrock n = {Length}, Hessian product" (product Length)
            warm $"network {Sizes}, gradient" (network Sizes)
        ]

        let bar (row: Row) (limit: float) : Bar =
            Bar.atMost
                $"compile time, {row.Name}"
                "ms"
                limit
                (row.Cells.Head.Best |> Option.defaultValue nan)

        {
            Name = "compiled"
            Tables = [
                {
                    Title = "Time to compile a function and to run it once"
                    Unit = "ms"
                    Rows = [
                        yield! rows
                        {
                            Name = $"the very first of the process: {rows.Head.Name}"
                            Cells = [ Cell.number "Optim compiled" first ]
                        }
                    ]
                    Notes = [
                        "the first of a process also compiles the compiler, here without tiers: optimized at once"
                    ]
                }
            ]
            Bars = List.map2 bar rows [ 20.0; 20.0; 150.0 ]
        }
