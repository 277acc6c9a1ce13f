namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks
open Optim.Benchmarks.Twins

/// Rosenbrock's function compiled, beside loops that a person wrote in C#: one at a time, and eight at a time.
[<RequireQualifiedAccess>]
module CompiledRosenbrock =

    let private sizes = [ 2; 1000; 100000 ]

    /// One computation at n variables.
    [<NoComparison; NoEquality>]
    type private Task = {
        /// As in the rivals' scripts: "n = 2, value and gradient".
        Name: string
        Contenders: (string * Result<unit -> unit, string>) list
    }

    let private compiledName, tensorsName = "Optim compiled", "compiled tensors"
    let private eagerName = "Optim eager"
    let private plainName, vectorName = "C# plain", "C# AVX-512"

    /// As in a step of the solver: buffers come from the pool and go back to it.
    let private recycled (x: Tensor) (work: Tensor -> unit) : Result<unit -> unit, string> =
        Ok(fun () -> Memory.recycling x (fun () -> Seq.empty) (fun () -> work x))

    let private ifVector (work: unit -> unit) : Result<unit -> unit, string> =
        if VectorRosenbrock.IsSupported then
            Ok work
        else
            Error "no AVX-512"

    let private gradientTask (n: int) : Task =
        let x, g = Chain.start n, Array.zeroCreate n
        let point, f = Tensor.ofArray x, (Chain.eager n).Function
        let own = Chain.arrays n
        let tensors = Compile.compilePair (Derivatives.valueAndGrad f)

        {
            Name = $"n = {n}, value and gradient"
            Contenders = [
                compiledName, Ok(fun () -> own.ValueAndGradient(x, g) |> ignore)
                tensorsName, recycled point (tensors >> ignore)
                eagerName, recycled point (Derivatives.valueAndGrad f >> ignore)
                plainName, Ok(fun () -> PlainRosenbrock.ValueAndGradient(x, g) |> ignore)
                vectorName, ifVector (fun () -> VectorRosenbrock.ValueAndGradient(x, g) |> ignore)
            ]
        }

    let private productTask (n: int) : Task =
        let x, v, h = Chain.start n, Array.create n 0.5, Array.zeroCreate n
        let point, direction = Tensor.ofArray x, Tensor.ofArray v
        let f, own = (Chain.eager n).Function, Chain.arrays n
        let tensors = Compile.compile2 (Derivatives.hvp f)

        {
            Name = $"n = {n}, Hessian product"
            Contenders = [
                compiledName, Ok(fun () -> own.HessianProduct(x, v, h))
                tensorsName, recycled point (fun x -> tensors x direction |> ignore)
                eagerName, recycled point (fun x -> Derivatives.hvp f x direction |> ignore)
                plainName, Ok(fun () -> PlainRosenbrock.HessianProduct(x, v, h))
                vectorName, ifVector (fun () -> VectorRosenbrockProduct.HessianProduct(x, v, h))
            ]
        }

    /// Ends the run when a contender computes something else than the eager derivatives, at a random point.
    let private verify (n: int) : unit =
        let x = Random.normal (Key.ofSeed 1L) n
        let v = Random.normal (Key.ofSeed 2L) n
        let f = (Chain.eager n).Function
        let value, gradient = Derivatives.valueAndGrad f (Tensor.ofArray x)
        let product = Derivatives.hvp f (Tensor.ofArray x) (Tensor.ofArray v)

        let agrees (who: string) (expected: float[]) (actual: float[]) : unit =
            let scale = expected |> Array.map abs |> Array.max
            let difference = Array.map2 (fun a b -> abs (a - b)) expected actual |> Array.max

            if not (difference <= 1e-12 * scale) then
                invalidOp
                    $"{who}, n = {n}: differs from the eager result by {difference} of {scale}"

        let check (who: string) (f: float[] -> float[] -> float) (h: float[] -> unit) : unit =
            let g, p = Array.zeroCreate n, Array.zeroCreate n
            agrees $"{who}, value" [| value.ToScalar() |] [| f x g |]
            agrees $"{who}, gradient" (gradient.ToArray()) g
            h p
            agrees $"{who}, Hessian product" (product.ToArray()) p

        check
            plainName
            (fun x g -> PlainRosenbrock.ValueAndGradient(x, g))
            (fun h -> PlainRosenbrock.HessianProduct(x, v, h))

        if VectorRosenbrock.IsSupported then
            check
                vectorName
                (fun x g -> VectorRosenbrock.ValueAndGradient(x, g))
                (fun h -> VectorRosenbrockProduct.HessianProduct(x, v, h))

        let own = Chain.arrays n

        check
            compiledName
            (fun x g -> own.ValueAndGradient(x, g))
            (fun h -> own.HessianProduct(x, v, h))

    /// A row for each task; all their batches take turns.
    let private rows (peers: (string * Peer) list) (tasks: Task list) : Row list =
        let works = [
            for task in tasks do
                for name, work in task.Contenders do
                    match work with
                    | Ok work -> (task.Name, name), work
                    | Error _ -> ()
        ]

        let samples =
            Measure.together Measure.usual (List.map snd works)
            |> List.zip (List.map fst works)
            |> Map.ofList

        let cell (task: Task) (name: string, work: Result<unit -> unit, string>) : Cell =
            match work with
            | Ok _ -> Cell.time 1e-6 name samples[(task.Name, name)]
            | Error why -> Cell.missing name why

        let peer (task: Task) (name: string, peer: Peer) : Cell =
            Python.cell (fun seconds -> seconds / 1e-6) task.Name name peer

        [
            for task in tasks do
                {
                    Name = task.Name
                    Cells = List.map (cell task) task.Contenders @ List.map (peer task) peers
                }
        ]

    /// A contender's best batch; not a number where it has none.
    let private timeOf (contender: string) (row: Row) : float =
        row.Cells
        |> List.tryFind (fun cell -> cell.Contender = contender)
        |> Option.bind _.Best
        |> Option.defaultValue nan

    let private limits = [ 2, 0.02; 1000, 0.4; 100000, 60.0 ]

    let private gradientBars (row: Row, (n: int, limit: float)) : Bar list =
        let own = timeOf compiledName row

        [
            Bar.atMost $"compiled Rosenbrock {row.Name}" "us" limit own
            Bar.atMost
                $"compiled Rosenbrock {row.Name} / AVX-512 by hand"
                ""
                2.0
                (own / timeOf vectorName row)
            if n >= 1000 then
                Bar.atMost
                    $"compiled Rosenbrock {row.Name} / plain C# by hand"
                    ""
                    1.0
                    (own / timeOf plainName row)
        ]

    let private productBar (n: int, gradient: Row, product: Row) : Bar =
        Bar.atMost
            $"compiled Rosenbrock n = {n}, Hessian product / value and gradient"
            ""
            1.8
            (timeOf compiledName product / timeOf compiledName gradient)

    /// Both tables and their aims.
    let measure () : Section =
        List.iter verify sizes
        let threads = Environment.ProcessorCount

        let peers = [
            "torch.autograd", Python.measure "torch" "torch_rosenbrock.py" threads
            "JAX", Python.measure "jax" "jax_rosenbrock.py" threads
        ]

        let gradients, products =
            sizes
            |> List.map (fun n ->
                match rows peers [ gradientTask n; productTask n ] with
                | [ gradient; product ] -> gradient, product
                | other -> invalidOp $"two tasks have {other.Length} rows"
            )
            |> List.unzip

        {
            Name = "compiled"
            Tables = [
                {
                    Title = $"Chained Rosenbrock, compiled, threads: {threads}"
                    Unit = "us"
                    Rows = gradients @ products
                    Notes = [
                        "compiled: at arrays, as the solver calls it; tensors: the public Compile, in a scope"
                        "the C# loops hold derivatives found by a person; AVX-512: one pass, eight numbers at a time"
                        "all agree with the eager derivatives to 1e-12 here, or this run would have ended"
                        "eager: inside a scope as in a step of the solver; torch: Hessian products by double backward"
                        "the table has medians, the aims compare best batches; the batches of a size took turns"
                    ]
                }
            ]
            Bars =
                (List.zip gradients limits |> List.collect gradientBars)
                @ (List.zip3 sizes gradients products |> List.map productBar)
        }
