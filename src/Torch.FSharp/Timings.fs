namespace Optim.Torch

open System
open System.Diagnostics
open Optim
open Optim.Core

/// A task that engines are timed at.
[<NoComparison; NoEquality>]
type TimedTask = {
    /// What is done, with its size.
    Name: string
    /// The type of the numbers.
    DType: DType
    /// Whether the managed engine does it in seconds, so that it can stand beside.
    SuitsManaged: bool
    /// How far engines may differ, relative to the largest number of the result.
    Tolerance: float
    /// From an engine to the task on it, with all that it needs already there.
    Prepare: Engine -> (unit -> Tensor)
}

/// How an engine did a task.
type Timing = {
    /// The task's name.
    Task: string
    /// The type of its numbers, as "float64".
    Type: string
    /// The best time of a few, in seconds.
    Seconds: float
    /// That of the managed engine; none where it would take too long.
    ManagedSeconds: float voption
    /// Calls into libtorch for the task once.
    Crossings: int64
    /// The bytes that the engine's tensors held when it was done; 0 on the managed engine, whose tensors are .NET's.
    Held: int64
    /// The largest difference from the managed engine's result, relative to its largest number; none where it did not run.
    Difference: float voption
    /// Whether the result is finite, and the difference within the task's tolerance.
    IsRight: bool
}

/// A few tasks of the kind that an optimizer gives an engine, timed: a first look at a machine, no benchmark.
[<RequireQualifiedAccess>]
module Timings =

    let private numbers (dtype: DType) (engine: Engine) (seed: int64) (shape: int list) : Tensor =
        Tensor.normal (Key.ofSeed seed) shape
        |> Tensor.cast dtype
        |> Tensor.moveTo engine

    let private product (n: int) (dtype: DType) (engine: Engine) : unit -> Tensor =
        let a, b = numbers dtype engine 1L [ n; n ], numbers dtype engine 2L [ n; n ]
        fun () -> Tensor.matmul a b

    let private elementwise (n: int) (dtype: DType) (engine: Engine) : unit -> Tensor =
        let x = numbers dtype engine 1L [ n ]
        fun () -> Tensor.exp -x * x + x

    /// The loss of a tanh network on 256 digits, and its first parameters.
    let private network
        (sizes: string)
        (dtype: DType)
        (engine: Engine)
        : struct ((Tensor -> Tensor) * Tensor) =
        let model = Mlp.create (Mlp.parse Activation.Tanh sizes)

        let data =
            Datasets.load "digits"
            |> DataSet.range 0 256
            |> DataSet.cast dtype
            |> DataSet.moveTo engine

        let task = Supervised.create model Loss.softmaxCrossEntropy data

        let start =
            model.Initialize(Key.ofSeed 1L) |> Tensor.cast dtype |> Tensor.moveTo engine

        struct ((Supervised.fullBatch task).Function, start)

    let private gradient (sizes: string) (dtype: DType) (engine: Engine) : unit -> Tensor =
        let struct (loss, start) = network sizes dtype engine
        fun () -> Derivatives.grad loss start

    let private hessian (sizes: string) (dtype: DType) (engine: Engine) : unit -> Tensor =
        let struct (loss, start) = network sizes dtype engine
        fun () -> Derivatives.hessian loss start

    /// The move of saddle-free Newton, V (|Λ| + λ)⁻¹ Vᵀ g, from a Hessian and a gradient that are known.
    /// λ: a hundredth of the largest |eigenvalue|.
    let private saddleFree (sizes: string) (dtype: DType) (engine: Engine) : unit -> Tensor =
        let struct (loss, start) = network sizes dtype engine
        let h, g = Derivatives.hessian loss start, Derivatives.grad loss start

        fun () ->
            let struct (values, vectors) = Linalg.symmetricEigen h
            let size = Tensor.abs values
            let along = Tensor.matmul (Shaping.transpose vectors) g
            Tensor.matmul vectors (along / (size + 0.01 * Tensor.max size))

    let private small, private middle, private large =
        "64-10-10-10", "64-32-20-10", "64-56-20-10"

    let private parameters (sizes: string) : int =
        (Mlp.create (Mlp.parse Activation.Tanh sizes)).Layout.Length

    /// The tasks that suit a device, in double and in single precision; larger ones for a graphics processor.
    let tasks (device: Device) : TimedTask list =
        let isCuda = device <> Device.Cpu && device <> Device.Torch

        [
            for dtype in [ DType.Float64; DType.Float32 ] do
                let task suitsManaged name prepare : TimedTask = {
                    Name = name
                    DType = dtype
                    SuitsManaged = suitsManaged
                    Tolerance = if dtype = DType.Float64 then 1e-9 else 2e-3
                    Prepare = prepare dtype
                }

                let matrices (n: int) =
                    task (n <= 1024) $"product of matrices of order {n}" (product n)

                let hessian (suitsManaged: bool) (sizes: string) =
                    task
                        suitsManaged
                        $"exact Hessian of {parameters sizes} parameters"
                        (hessian sizes)

                let step (suitsManaged: bool) (sizes: string) =
                    task
                        suitsManaged
                        $"saddle-free Newton's move from a Hessian of order {parameters sizes}"
                        (saddleFree sizes)

                matrices 1024

                if isCuda then
                    matrices 4096

                task true "exp(-x) x + x of 1000000 numbers" (elementwise 1_000_000)
                task true $"gradient of {parameters middle} parameters" (gradient middle)
                hessian true middle

                if isCuda then
                    hessian false large

                step true small
                step false middle

                if isCuda then
                    step false large
        ]

    /// Seconds until the result is there, and the result.
    let private once (work: unit -> Tensor) : struct (float * Tensor) =
        let clock = Stopwatch.StartNew()
        let result = work ()
        // A graphics processor works on until somebody reads.
        result.Engine.Read result |> ignore
        struct (clock.Elapsed.TotalSeconds, result)

    /// The best time, and the last result: at least twice (the first time is slower), up to five times within a second.
    let private best (work: unit -> Tensor) : struct (float * Tensor) =
        let clock = Stopwatch.StartNew()
        let struct (first, result) = once work
        let mutable fastest, last, count = first, result, 1

        while (count < 2 && first < 5.0) || (count < 5 && clock.Elapsed.TotalSeconds < 1.0) do
            let struct (seconds, result) = once work
            fastest <- min fastest seconds
            last <- result
            count <- count + 1

        struct (fastest, last)

    let private largest (values: float[]) : float =
        values
        |> Array.fold (fun most v -> if abs v > most || Double.IsNaN v then abs v else most) 0.0

    /// Does a task on an engine, and on the managed one where that does not take long.
    let measure (engine: Engine) (task: TimedTask) : Timing =
        let work = task.Prepare engine
        let struct (seconds, result) = best work
        let before = Torch.crossings ()
        work () |> ignore
        let crossings = Torch.crossings () - before
        let values = result.ToArray()

        let beside =
            if task.SuitsManaged && engine.Device <> Device.Cpu then
                let struct (seconds, expected) = best (task.Prepare Engines.managed)
                let expected = expected.ToArray()

                let difference = largest (Array.map2 (-) values expected) / largest expected

                ValueSome struct (seconds, difference)
            else
                ValueNone

        let difference =
            beside |> ValueOption.map (fun struct (_, difference) -> difference)

        {
            Task = task.Name
            Type = task.DType.ToString().ToLowerInvariant()
            Seconds = seconds
            ManagedSeconds = beside |> ValueOption.map (fun struct (seconds, _) -> seconds)
            Crossings = crossings
            Held = if engine.Device = Device.Cpu then 0L else Torch.held engine
            Difference = difference
            IsRight =
                Array.forall Double.IsFinite values
                && (
                    match difference with
                    | ValueSome d -> d <= task.Tolerance
                    | ValueNone -> true
                )
        }
