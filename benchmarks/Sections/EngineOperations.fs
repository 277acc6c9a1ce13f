namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Operations of growing size on each engine, and from which size on libtorch pays.
[<RequireQualifiedAccess>]
module EngineOperations =

    let private numbers (seed: int64) (count: int) : float[] =
        Random.uniform (Key.ofSeed seed) count |> Array.map (fun u -> 2.0 * u - 1.0)

    let private vector (engine: Engine) (seed: int64) (n: int) : Tensor =
        Tensor.createOn engine [ n ] (numbers seed n)

    let private powers: int list = [ 10; 100; 1_000; 10_000; 100_000; 1_000_000 ]

    let private sized
        (family: string)
        (sizes: int list)
        (prepare: int -> Engine -> unit -> Tensor)
        =
        sizes |> List.map (fun n -> { Family = family; Size = n; Prepare = prepare n })

    let private contests: Contest list =
        List.concat [
            sized
                "x y"
                powers
                (fun n engine ->
                    let x, y = vector engine 1L n, vector engine 2L n
                    fun () -> x * y
                )
            sized
                "exp(-x) x + x"
                powers
                (fun n engine ->
                    let x = vector engine 1L n
                    fun () -> Tensor.exp -x * x + x
                )
            sized
                "sum of x"
                powers
                (fun n engine ->
                    let x = vector engine 1L n
                    fun () -> Tensor.sum x
                )
            sized
                "softmax of rows of 100"
                (List.filter (fun n -> n >= 100) powers)
                (fun n engine ->
                    let x = Tensor.createOn engine [ n / 100; 100 ] (numbers 1L n)
                    fun () -> Tensor.softmax 1 x
                )
            sized
                "product of matrices"
                [ 4; 16; 64; 256; 1024 ]
                (fun n engine ->
                    let a = Tensor.createOn engine [ n; n ] (numbers 1L (n * n))
                    let b = Tensor.createOn engine [ n; n ] (numbers 2L (n * n))
                    fun () -> Tensor.matmul a b
                )
            sized
                "Rosenbrock, value and gradient"
                [ 10; 1_000; 100_000 ]
                (fun n engine ->
                    let f = (Chain.eager n).Function
                    let x = Tensor.createOn engine [ n ] (Chain.start n)
                    fun () -> snd (Derivatives.valueAndGrad f x)
                )
        ]

    /// The tables: the times, and where the engines cross.
    let measure () : Section =
        let peer = Python.measure "torch" "engine_operations.py" Environment.ProcessorCount

        let rows =
            contests
            |> List.map (fun contest -> contest, Contest.row Contest.quick 1e-6 1e-12 peer contest)

        {
            Name = "engines"
            Tables = [
                {
                    Title = $"Operations, double precision, threads: {Environment.ProcessorCount}"
                    Unit = "us"
                    Rows = List.map snd rows
                    Notes = [
                        "managed and torch: this library's engines, their results given back as within a step; PyTorch: Python"
                        "Rosenbrock: operation by operation on both engines; compiled, the managed one is much faster"
                    ]
                }
                {
                    Title = "The size from which on libtorch is the faster engine"
                    Unit = ""
                    Rows = Contest.crossover rows
                    Notes = [ "elements; for products of matrices their order" ]
                }
            ]
            Bars = []
        }
