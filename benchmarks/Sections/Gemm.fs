namespace Optim.Benchmarks.Sections

open System
open MathNet.Numerics.LinearAlgebra
open Optim
open Optim.Core
open Optim.Benchmarks

/// Matrix products in double precision beside the peak of the machine.
[<RequireQualifiedAccess>]
module Gemm =

    /// (m, k) times (k, n). The narrow ones are what a network's layers and their derivatives ask for.
    let private shapes = [
        64, 64, 64
        256, 256, 256
        1024, 1024, 1024
        256, 64, 10
        10, 256, 64
        256, 10, 10
        1024, 1024, 1
        16, 4096, 16
    ]

    let private gigaflops (m: int, k: int, n: int) =
        Cell.rate 1e9 (2.0 * float m * float k * float n)

    /// Numbers between −1 and 1.
    let private numbers (seed: int64) (count: int) : float[] =
        Random.uniform (Key.ofSeed seed) count |> Array.map (fun u -> 2.0 * u - 1.0)

    let private row (numpy: Peer) (torch: Peer) (m: int, k: int, n: int) : Row =
        let name = $"({m}, {k}) ({k}, {n})"
        let left, right = numbers 1L (m * k), numbers 2L (k * n)
        let a, b = Tensor.create [ m; k ] left, Tensor.create [ k; n ] right

        let own () : unit =
            Memory.recycling a (fun () -> Seq.empty) (fun () -> Tensor.matmul a b |> ignore)

        let a2 = Matrix<float>.Build.Dense(m, k, fun i j -> left[i * k + j])
        let b2 = Matrix<float>.Build.Dense(k, n, fun i j -> right[i * n + j])
        let product = Matrix<float>.Build.Dense(m, n)

        {
            Name = name
            Cells = [
                gigaflops (m, k, n) "Optim" (Measure.time Measure.usual own)
                gigaflops
                    (m, k, n)
                    "Math.NET managed"
                    (Measure.time Measure.usual (fun () -> a2.Multiply(b2, product)))
                Python.cell id name "NumPy" numpy
                Python.cell id name "torch" torch
            ]
        }

    /// The table on as many processors as there are, with the aim for one: best batches of product and probe.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        MathNet.Numerics.Control.MaxDegreeOfParallelism <- threads
        let numpy = Python.measure "numpy" "numpy_gemm.py" threads
        let torch = Python.measure "torch" "torch_gemm.py" threads
        let probe, work = Machine.peak ()
        let rows = shapes |> List.map (row numpy torch)
        let again, _ = Machine.peak ()
        let peak = work / min probe.Best again.Best / 1e9

        let best (row: Row) : float =
            row.Cells.Head.Best |> Option.defaultValue nan

        {
            Name = "gemm"
            Tables = [
                {
                    Title =
                        $"Matrix products, double precision, threads: {threads}; fused multiply-adds on one core: "
                        + $"{Terminal.number peak} GFLOP/s"
                    Unit = "GFLOP/s"
                    Rows = rows
                    Notes = []
                }
            ]
            Bars =
                if threads = 1 then
                    [
                        for row in rows |> List.take 3 do
                            Bar.atLeast
                                $"{row.Name}, part of the peak, one thread, best batches"
                                ""
                                0.75
                                (best row / peak)
                    ]
                else
                    []
        }
