namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// What one operation on a handful of numbers costs on each engine.
[<RequireQualifiedAccess>]
module EngineOverhead =

    [<Literal>]
    let private Length = 10

    /// A scope is opened and closed once for so many operations, as in a step of a solver.
    [<Literal>]
    let private InScope = 100

    let private operations: (string * (Engine -> unit -> Tensor)) list =
        let vector (seed: int64) (engine: Engine) : Tensor =
            Tensor.createOn
                engine
                [ Length ]
                (Random.uniform (Key.ofSeed seed) Length |> Array.map ((+) 0.1))

        let ofOne (apply: Tensor -> Tensor) (engine: Engine) : unit -> Tensor =
            let x = vector 1L engine
            fun () -> apply x

        let ofTwo (apply: Tensor -> Tensor -> Tensor) (engine: Engine) : unit -> Tensor =
            let x, y = vector 1L engine, vector 2L engine
            fun () -> apply x y

        let ofMatrix (apply: Tensor -> Tensor) : Engine -> unit -> Tensor =
            vector 1L >> Shaping.reshape [ 2; 5 ] >> (fun a () -> apply a)

        let ofIndices (apply: Tensor -> Tensor -> Tensor) (engine: Engine) : unit -> Tensor =
            let indices =
                Tensor.createOn
                    engine
                    [ Length ]
                    (Array.init Length (fun i -> int64 (Length - 1 - i)))

            let x = vector 1L engine
            fun () -> apply indices x

        [
            "x + y", ofTwo (+)
            "x y", ofTwo (*)
            "2 x + 1", ofOne (fun x -> 2.0 * x + 1.0)
            "exp x", ofOne Tensor.exp
            "x > y", ofTwo Tensor.greater
            "where",
            (fun engine ->
                let x, y = vector 1L engine, vector 2L engine
                let condition = Tensor.greater x y
                fun () -> Tensor.where condition x y
            )
            "maximum", ofTwo Tensor.maximum
            "float32 of x", ofOne (Tensor.cast DType.Float32)
            "sum of x", ofOne Tensor.sum
            "largest of x", ofOne Tensor.max
            "position of the largest", ofOne (Tensor.argMax 0)
            "running sum", ofOne (Tensor.cumsum 0)
            "(2, 5) (5, 2)",
            (fun engine ->
                let a = Shaping.reshape [ 2; 5 ] (vector 1L engine)
                let b = Shaping.reshape [ 5; 2 ] (vector 2L engine)
                fun () -> Tensor.matmul a b
            )
            "transpose", ofMatrix Shaping.transpose
            "reshape", ofMatrix Shaping.flatten
            "slice", ofOne (Shaping.slice 0 2 6 1)
            "expand", ofOne (Shaping.expand [ 4; Length ])
            "concat", ofTwo (fun x y -> Shaping.concat 0 [ x; y ])
            "index select", ofIndices (Shaping.indexSelect 0)
            "gather", ofIndices (Shaping.gather 0)
            "zeros", ofOne Tensor.zerosLike
        ]

    let private many (work: unit -> Tensor) () : Tensor =
        for _ in 2..InScope do
            work () |> ignore

        work ()

    let private row (peer: Peer) (name: string, prepare: Engine -> unit -> Tensor) : Row =
        let nanoseconds = 1e-9

        let samples =
            Contest.contenders
            |> List.map (fun (_, engine) -> Contest.recycled engine (many (prepare engine)))
            |> Measure.together Contest.quick
            |> List.map (Sample.part InScope)

        {
            Name = name
            Cells = [
                match Contest.torch with
                | Ok _ -> ()
                | Error _ -> Contest.absent
                yield!
                    List.map2 (fun (who, _) -> Cell.time nanoseconds who) Contest.contenders samples
                Python.cell (fun seconds -> seconds / nanoseconds) name "PyTorch" peer
            ]
        }

    /// The table, and the aim for each operation.
    let measure () : Section =
        let peer = Python.measure "torch" "engine_overhead.py" Environment.ProcessorCount
        let rows = operations |> List.map (row peer)

        {
            Name = "engines"
            Tables = [
                {
                    Title = $"One operation on {Length} numbers"
                    Unit = "ns"
                    Rows = rows
                    Notes = [
                        $"{InScope} in a scope, as in a step of a solver; PyTorch with its own Python"
                    ]
                }
            ]
            Bars = [
                for row in rows do
                    match Cell.value "torch" row with
                    | Some time ->
                        Bar.atMost $"torch, {row.Name}, {Length} numbers" "ns" 1000.0 time
                    | None -> ()
            ]
        }
