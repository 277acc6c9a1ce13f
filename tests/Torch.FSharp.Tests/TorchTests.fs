module Optim.TorchTests.TorchTests

open System
open System.IO
open Expecto
open Optim
open Optim.Core
open Optim.Torch
open Optim.TorchTests.Testing

[<Tests>]
let tests =
    testList "door" [
        testCase "the managed engine stands for the processor"
        <| fun () -> Expect.equal (Torch.engineFor Device.Cpu) Engines.managed "managed"

        onTorch
            "one engine for the process, whoever asks"
            (fun engine ->
                let all = Array.Parallel.init 8 (fun _ -> Torch.engine ())
                Expect.all all (fun one -> obj.ReferenceEquals(one, engine)) "one object"
                Expect.equal (Torch.engineFor Device.Torch) engine "by its device"
                Expect.equal (Expect.wantOk (Torch.tryEngine ()) "there is one") engine "tried"
                Expect.equal (engine.Name, engine.Device) ("torch", Device.Torch) "its names"
            )

        testCase "a CUDA device has an index from 0 on"
        <| fun () ->
            Expect.throwsT<ArgumentOutOfRangeException>
                (fun () -> Torch.cuda -1 |> ignore<Engine>)
                "-1"

        onTorch
            "cuda without CUDA is one clear sentence, and the engine on the processor goes on"
            (fun engine ->
                if not (Torch.library ()).HasCuda then
                    let e =
                        Expect.throwsC
                            (fun () -> Torch.engineFor (Device.Cuda 0) |> ignore<Engine>)
                            id
                        :?> EngineException

                    Expect.equal (e.Operation, e.Device) ("LoadLibrary", "cuda:0") "what failed"
                    Expect.stringContains e.Detail "is a build without CUDA" "why"

                Expect.equal
                    (engine.Read(engine.Full(Shape.Scalar, DType.Float64, 2.0)))
                    2.0
                    "goes on"
            )

        onTorch
            "the library says where it is from and what it can"
            (fun _ ->
                let library = Torch.library ()
                Expect.isTrue (File.Exists library.Path) library.Path
                Expect.isGreaterThanOrEqual library.Version (System.Version(2, 10)) "version"
                Expect.equal library.Threads (Torch.threads ()) "threads"
                Expect.isGreaterThan library.Threads 0 "some"
                Expect.isNotEmpty library.Origin "origin"
            )

        onTorch
            "the budget is at least what was set, and belongs to libtorch's engines"
            (fun engine ->
                let before = Torch.budget engine
                Torch.setBudget (before + 4096L) engine
                Expect.isGreaterThanOrEqual (Torch.budget engine) (before + 4096L) "raised"
                Expect.isGreaterThanOrEqual (Torch.held engine) 0L "held"

                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () -> Torch.setBudget 0L engine)
                    "none"

                Expect.throwsT<ArgumentException>
                    (fun () -> Torch.budget Engines.managed |> ignore<int64>)
                    "managed"
            )

        onTorch
            "calls into libtorch are counted"
            (fun engine ->
                let x = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])
                let before = Torch.crossings ()
                engine.Unary(Unary.Exp, x) |> ignore<Tensor>
                Expect.isGreaterThan (Torch.crossings ()) before "more"
            )

        onTorch
            "the processor gives the same bits each time"
            (fun engine ->
                let n = 100_000

                let x =
                    engine.OfArray(
                        Shape.Of n,
                        Array.init n (fun i -> float32 (Math.Sin(float i) * 1e3))
                    )

                let places =
                    engine.OfArray(Shape.Of n, Array.init n (fun i -> int64 (i * 7919 % 64)))

                let square = engine.Slice([| { Start = 0; Step = 1; Count = 90_000 } |], x)
                let square = engine.Reshape(Shape.Of(300, 300), square)

                let all () =
                    [
                        engine.IndexAdd(0, 64, x, places)
                        engine.Reduce(Reduction.Sum, [| 0 |], false, x)
                        engine.MatMul(false, true, square, square)
                    ]
                    |> List.map (fun y -> engine.ToArray y :?> float32[])

                let first = all ()

                for _ in 1..10 do
                    Expect.equal (all ()) first "the same bits"
            )

        testSequenced
        <| onTorch
            "threads and determinism are set for the process"
            (fun engine ->
                let before = Torch.threads ()

                try
                    Torch.setThreads 1
                    Expect.equal (Torch.threads ()) 1 "one"
                finally
                    Torch.setThreads before

                Expect.equal (Torch.threads ()) before "as before"

                Expect.throwsT<ArgumentOutOfRangeException> (fun () -> Torch.setThreads 0) "none"

                try
                    Torch.setDeterministic true
                    let x = engine.OfArray(Shape.Of 3, [| 1.0; 2.0; 3.0 |])
                    let twice = engine.OfArray(Shape.Of 3, [| 0L; 0L; 1L |])

                    Expect.equal
                        (engine.ToArray(engine.IndexAdd(0, 2, x, twice)) :?> float[])
                        [| 3.0; 3.0 |]
                        "works"
                finally
                    Torch.setDeterministic false
            )
    ]
