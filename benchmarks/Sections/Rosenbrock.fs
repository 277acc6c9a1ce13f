namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks
open Optim.Benchmarks.Twins

/// Value, gradient and Hessian product of Rosenbrock's function, small to large: what each operation costs besides its
/// arithmetic.
[<RequireQualifiedAccess>]
module Rosenbrock =

    let private microseconds = Cell.time 1e-6

    /// The work inside a scope that recycles all it allocated, as inside a step of the solver.
    let private recycled (x: Tensor) (work: unit -> unit) : unit =
        Memory.recycling x (fun () -> Seq.empty) work

    let private row
        (n: int)
        (task: string)
        (own: Tensor -> unit)
        (hand: (unit -> unit))
        (torch: Peer)
        (scipy: Peer)
        : Row =
        let x = Tensor.ofArray (Chain.start n)
        let name = $"n = {n}, {task}"

        let peer (p: Peer) contender =
            Python.cell (fun seconds -> seconds / 1e-6) name contender p

        {
            Name = name
            Cells = [
                microseconds "Optim" (Measure.time Measure.usual (fun () -> own x))
                microseconds
                    "Optim recycled"
                    (Measure.time Measure.usual (fun () -> recycled x (fun () -> own x)))
                microseconds "C# loop by hand" (Measure.time Measure.usual hand)
                peer torch "torch.autograd"
                peer scipy "SciPy by hand"
            ]
        }

    let private rows (torch: Peer) (scipy: Peer) (n: int) : Row list =
        let f = (Chain.problem n).Objective.Function
        let xs = Chain.start n
        let v, g = Array.create n 0.5, Array.zeroCreate n
        let direction = Tensor.ofArray v
        let mutable sink = 0.0

        let result = [
            row
                n
                "value"
                (fun x -> sink <- (f x).ToScalar())
                (fun () -> sink <- PlainRosenbrock.Value xs)
                torch
                scipy
            row
                n
                "value and gradient"
                (fun x -> sink <- (fst (Derivatives.valueAndGrad f x)).ToScalar())
                (fun () -> sink <- PlainRosenbrock.ValueAndGradient(xs, g))
                torch
                scipy
            row
                n
                "Hessian product"
                (fun x -> Derivatives.hvp f x direction |> ignore)
                (fun () -> PlainRosenbrock.HessianProduct(xs, v, g))
                torch
                scipy
        ]

        if Double.IsNaN sink then
            invalidOp "Rosenbrock's function has a value everywhere"

        result

    let private sizes = [ 2; 10; 1000; 100000 ]

    /// The table and the aim for n = 2.
    let measure () : Section =
        let threads = Environment.ProcessorCount
        let torch = Python.measure "torch" "torch_rosenbrock.py" threads
        let scipy = Python.measure "scipy" "scipy_rosenbrock.py" threads
        let rows = sizes |> List.collect (rows torch scipy)
        let small = rows |> List.find (fun row -> row.Name = "n = 2, value and gradient")

        {
            Name = "rosenbrock"
            Tables = [
                {
                    Title = "Rosenbrock's function, eager"
                    Unit = "us"
                    Rows = rows
                    Notes = [
                        "recycled: inside a scope as in a step of the solver, whose buffers go back to the pool"
                        "by hand: derivatives written by a person; the others find them"
                        "Math.NET Numerics only has finite differences here, which is no rival"
                    ]
                }
            ]
            Bars =
                Cell.value "Optim" small
                |> Option.map (Bar.atMost "Rosenbrock n = 2, value and gradient, eager" "us" 1.5)
                |> Option.toList
        }
