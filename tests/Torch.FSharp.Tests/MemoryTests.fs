/// Who holds native memory, and for how long.
module Optim.TorchTests.MemoryTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Optim
open Optim.Torch
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

let private engine () : Engine = torch ()

let private large (value: float) : Tensor =
    engine().OfArray(Shape.Of 2000, Array.create 2000 value)

let private single () : Tensor = engine().OfArray(Shape.Of 1, [| 1.0 |])

let private all (value: float) (message: string) (x: Tensor) : unit =
    Expect.allEqual (x.ToArray()) value message

let private throwsWhenUsed (x: Tensor) (message: string) : unit =
    for work in
        [
            (fun () -> x.ToArray() |> ignore)
            (fun () -> x.Engine.Read x |> ignore)
            (fun () -> x.Engine.Unary(Unary.Exp, x) |> ignore)
            (fun () -> x.Engine.Binary(Binary.Add, x, x) |> ignore)
            (fun () -> x.Engine.Binary(Binary.Add, single (), x) |> ignore)
            (fun () -> x.Engine.Binary(Binary.Maximum, single (), x) |> ignore)
        ] do
        let error = Expect.throwsC work id

        Expect.isTrue
            (error :? InvalidOperationException && error.Message.Contains "was recycled")
            $"{message}: {error.Message}"

/// The result of work on a thread of its own.
let private elsewhere (work: unit -> 'T) : 'T =
    let task = Task.Factory.StartNew(work, TaskCreationOptions.LongRunning)
    (task :> IAsyncResult).AsyncWaitHandle.WaitOne() |> ignore
    task.GetAwaiter().GetResult()

/// What the budget says while nothing else computes.
let private held () : int64 =
    device().Budget.Reclaim()
    device().Budget.Held

[<Tests>]
let tests =
    testSequenced
    <| testList "Torch memory" [
        torchCase "what a scope takes back throws, views of it too, and what is kept stays"
        <| fun () ->
            let scope = engine().OpenScope()
            let a = large 1.0
            let b = a + a
            let view = b.[10..20]
            let c = engine().Reshape(Shape.Of(20, 100), a * b)
            scope.Keep c.[3]
            scope.Dispose()
            throwsWhenUsed a "an array"
            throwsWhenUsed b "a sum"
            throwsWhenUsed view.[2..4] "a view of a view"
            all 2.0 "what a kept view lies in" c
            Expect.throwsT<InvalidOperationException> (fun () -> scope.Keep c) "the scope is closed"

        torchCase "kept tensors pass to the enclosing scope, detached work to none"
        <| fun () ->
            let outer = engine().OpenScope()
            let inner = engine().OpenScope()
            let a, b = large 1.0, large 2.0
            inner.Keep a
            inner.Keep b

            let lasting, free =
                use detached = engine().Detach()
                detached.Lasting a, large 4.0

            inner.Dispose()
            all 1.0 "kept by the inner scope" a
            outer.Keep b
            outer.Dispose()
            throwsWhenUsed a "the outer scope did not keep it"
            all 2.0 "kept by both" b
            all 1.0 "a copy that lasts" lasting
            all 4.0 "made outside of the scopes" free

        torchCase "scopes are of one thread; forgotten inner ones end first"
        <| fun () ->
            let outer = engine().OpenScope()
            let inner = engine().OpenScope()
            let a = large 1.0

            Expect.throwsT<InvalidOperationException>
                (fun () -> elsewhere (fun () -> outer.Dispose()))
                "another thread"

            let other = elsewhere (fun () -> large 3.0)
            outer.Dispose()
            inner.Dispose()
            throwsWhenUsed a "of the forgotten scope"
            all 3.0 "made on another thread" other

        torchCase "a scope gives all bytes back at once"
        <| fun () ->
            let before = held ()

            using
                (engine().OpenScope())
                (fun _ ->
                    let mutable x = large 1.0

                    for _ in 1..100 do
                        x <- engine().Binary(Binary.ReluGradient, x, x) * 0.5
                        x <- engine().Cast(DType.Float64, engine().Cast(DType.Int64, x))

                    x.ToArray() |> ignore
                )

            // Without the collector's help. A few constants may stay.
            let after = device().Budget.Held
            Expect.isLessThan (after - before) 20_000L "bytes held after the scope"

        torchCase "intermediate values of composite operations go back without a scope"
        <| fun () ->
            let x = large 1.0
            let m = engine().OfArray(Shape.Of(40, 40), numbers 1 1600)
            held () |> ignore

            for work in
                [
                    fun () -> engine().Binary(Binary.ReluGradient, x, x)
                    fun () -> engine().Cast(DType.Int64, x)
                    fun () -> engine().Unary(Unary.Sign, x)
                    fun () -> engine().Cholesky m
                    fun () -> engine().SymmetricEigen m
                ] do
                work () |> ignore
                let before = device().Budget.Held
                let y = work ()
                let kept = device().Budget.Held - before
                let own = int64 (y.Length * y.DType.Size) + 512L
                Expect.isLessThanOrEqual kept own $"{y.Shape}"

        torchCase "dropped results stay below the budget"
        <| fun () ->
            let budget = device().Budget
            let floor = budget.Floor
            held () |> ignore

            try
                budget.Floor <- 8_000_000L

                for bytes in [ 800; 80_000; 2_000_000 ] do
                    let x = engine().OfArray(Shape.Of(bytes / 8), numbers 1 (bytes / 8))
                    let mutable peak = 0L

                    for _ in 1 .. max 100 (100_000_000 / bytes) do
                        x * x |> ignore
                        peak <- max peak budget.Held

                    Expect.isGreaterThan budget.Looks 0L "the collector was asked"
                    Expect.isLessThan peak 40_000_000L $"bytes at once, of {bytes} each"
            finally
                budget.Floor <- floor

        torchCase "the collector never frees what a call reads"
        <| fun () ->
            let stop = new CancellationTokenSource()

            // Collections all the time.
            let collector =
                Task.Run(fun () ->
                    while not stop.IsCancellationRequested do
                        GC.Collect 0
                        Thread.Yield() |> ignore
                )

            let wrong =
                Array.init
                    3
                    (fun worker ->
                        Task.Run(fun () ->
                            let mutable bad = 0

                            for turn in 1..400 do
                                let value = float (worker * 1000 + turn)

                                // The operand of each call is garbage while the call runs.
                                let x = engine().OfArray(Shape.Of 500, Array.create 500 value)
                                let y = x.[100..400] * 2.0 + 1.0 - value
                                let z = engine().Unary(Unary.Abs, engine().Permute([| 0 |], y))

                                if Array.exists (fun v -> v <> value + 1.0) (z.ToArray()) then
                                    bad <- bad + 1

                            bad
                        )
                    )

            let total = Task.WhenAll(wrong).GetAwaiter().GetResult() |> Array.sum
            stop.Cancel()
            collector.GetAwaiter().GetResult()
            Expect.equal total 0 "wrong results"

        torchCase "a storage released while others read it ends with the last of them"
        <| fun () ->
            for _ in 1..50 do
                let scope = engine().OpenScope()
                let x = large 5.0
                use start = new ManualResetEventSlim(false)

                let readers =
                    Array.init
                        3
                        (fun _ ->
                            Task.Run(fun () ->
                                start.Wait()
                                let mutable bad = 0
                                let mutable goesOn = true

                                while goesOn do
                                    try
                                        let y = engine().Binary(Binary.Multiply, x, x)

                                        if (y.ToArray()) |> Array.exists (fun v -> v <> 25.0) then
                                            bad <- bad + 1
                                    with :? InvalidOperationException ->
                                        goesOn <- false

                                bad
                            )
                        )

                start.Set()
                Thread.Yield() |> ignore
                scope.Dispose()
                let bad = Task.WhenAll(readers).GetAwaiter().GetResult() |> Array.sum
                Expect.equal bad 0 "other numbers"
                Expect.equal (device().Budget.Held >= 0L) true "bytes"

        torchCase
            "libtorch's refusals are exceptions with operation, shapes and device, and leave nothing behind"
        <| fun () ->
            let a = engine().OfArray(Shape.Of(2, 3), numbers 1 6) :?> TorchTensor
            let b = engine().OfArray(Shape.Of(4), numbers 1 4) :?> TorchTensor
            let before = device().Budget.Held

            let error =
                Expect.throwsC
                    (fun () -> Dispatch.two Operators.divide a b |> ignore)
                    (fun e -> e :?> EngineException)

            Expect.equal error.Operation "div" "operation"
            Expect.equal error.Shapes "(2, 3) and (4)" "shapes"
            Expect.equal error.Device "torch" "device"
            Expect.stringContains error.Detail "must match" "libtorch's own words"
            Expect.isLessThanOrEqual (device().Budget.Held) before "bytes"

            Expect.throwsT<EngineException>
                (fun () -> Direct.add a b 1.0 |> ignore)
                "around the dispatcher"
    ]
