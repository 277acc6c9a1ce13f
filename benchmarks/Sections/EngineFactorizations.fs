namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Factorizations of growing order on each engine.
[<RequireQualifiedAccess>]
module EngineFactorizations =

    /// A symmetric positive definite matrix of this order.
    let private definite (engine: Engine) (n: int) : Tensor =
        let a = Tensor.normal (Key.ofSeed 1L) [ n; n ]

        Tensor.matmul a (Shaping.transpose a) / float n + Tensor.identity n
        |> Tensor.moveTo engine

    let private orders: int list = [ 10; 50; 200; 600 ]

    let private sized (family: string) (apply: Tensor -> Tensor) : Contest list =
        orders
        |> List.map (fun n -> {
            Family = family
            Size = n
            Prepare =
                fun engine ->
                    let a = definite engine n
                    fun () -> apply a
        })

    let private contests: Contest list =
        let eigenvalues (a: Tensor) : Tensor =
            let struct (values, _) = Linalg.symmetricEigen a
            values

        List.concat [
            sized "Cholesky" Linalg.cholesky
            sized "solve, one right side" (fun a -> Linalg.solve a (Shaping.slice 1 0 1 1 a))
            sized "symmetric eigenvectors" eigenvalues
        ]

    /// The tables: the times, and where the engines cross.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let peer = Python.measure "torch" "engine_factorizations.py" threads

        let rows =
            contests
            |> List.map (fun contest -> contest, Contest.row Contest.quick 1e-6 1e-9 peer contest)

        {
            Name = "engines"
            Tables = [
                {
                    Title = $"Factorizations of order n, double precision, threads: {threads}"
                    Unit = "us"
                    Rows = List.map snd rows
                    Notes = []
                }
                {
                    Title = "The order from which on libtorch is the faster engine"
                    Unit = ""
                    Rows = Contest.crossover rows
                    Notes = []
                }
            ]
            Bars = []
        }
