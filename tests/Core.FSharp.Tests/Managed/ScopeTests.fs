module Optim.CoreTests.ScopeTests

open System
open System.Threading.Tasks
open Expecto
open Optim
open Optim.Managed
open Optim.CoreTests.Plain

// Large enough for the pool.
let private n = 2000

let private large () : Tensor =
    engine.Full(Shape.Of n, DType.Float64, 1.0)

let private throwsWhenUsed (x: Tensor) (message: string) : unit =
    Expect.throwsT<InvalidOperationException>
        (fun () -> engine.Unary(Unary.Exp, x) |> ignore)
        message

[<Tests>]
let scopes =
    testList "Managed scopes" [
        testCase
            "what is kept survives, what is not throws on use"
            (fun () ->
                let scope = engine.OpenScope()
                let a = large ()
                let b = a + a
                let c = b * a
                scope.Keep c
                scope.Dispose()
                throwsWhenUsed a "a was not kept"
                throwsWhenUsed b "b was not kept"

                Expect.throwsT<InvalidOperationException>
                    (fun () -> b.ToArray() |> ignore)
                    "not even reading"

                Expect.allEqual (c.ToArray()) 2.0 "c was kept"
            )

        testCase
            "what was there before stays"
            (fun () ->
                let a = large ()

                using (engine.OpenScope()) (fun _ -> a + a |> ignore)

                Expect.allEqual (a.ToArray()) 1.0 "the operand is untouched"
            )

        testCase
            "keeping a view keeps its memory, and what else lies there"
            (fun () ->
                let scope = engine.OpenScope()
                let a = large ()
                let view = engine.Reshape(Shape.Of(2, n / 2), a)

                let row =
                    engine.Slice(
                        [|
                            { Start = 1; Step = 1; Count = 1 }
                            { Start = 0; Step = 1; Count = n / 2 }
                        |],
                        view
                    )

                let other = large ()
                let unkept = engine.Reshape(Shape.Of(2, n / 2), other)
                scope.Keep row
                scope.Dispose()
                Expect.allEqual (row.ToArray()) 1.0 "the view"
                Expect.allEqual (a.ToArray()) 1.0 "its memory"
                throwsWhenUsed unkept "a view of memory that was not kept"
            )

        testCase
            "kept tensors pass to the enclosing scope"
            (fun () ->
                let outer = engine.OpenScope()
                let inner = engine.OpenScope()
                let a = large ()
                let b = large ()
                inner.Keep a
                inner.Keep b
                inner.Dispose()
                Expect.allEqual (a.ToArray()) 1.0 "kept by the inner scope"
                outer.Keep b
                outer.Dispose()
                throwsWhenUsed a "the outer scope did not keep it"
                Expect.allEqual (b.ToArray()) 1.0 "kept by both"
            )

        testCase
            "keeping all"
            (fun () ->
                let scope = engine.OpenScope()
                Expect.isTrue scope.IsEmpty "nothing yet"
                let a = large ()
                Expect.isFalse scope.IsEmpty "one tensor"
                scope.KeepAll()
                scope.Dispose()
                Expect.allEqual (a.ToArray()) 1.0 "kept"
            )

        testCase
            "closing an outer scope closes the inner ones; closing twice does nothing"
            (fun () ->
                let outer = engine.OpenScope()
                let inner = engine.OpenScope()
                let a = large ()
                outer.Dispose()
                throwsWhenUsed a "the forgotten inner scope was closed"
                inner.Dispose()
                outer.Dispose()
                let b = large ()
                Expect.allEqual (b.ToArray()) 1.0 "outside of all scopes"
            )

        testCase
            "memory is used again, and never shows through"
            (fun () ->
                for turn in 1..50 do
                    use _ = engine.OpenScope()
                    let a = engine.Full(Shape.Of n, DType.Float64, float turn)
                    let zeros = engine.Full(Shape.Of n, DType.Float64, 0.0)
                    let sum = a + zeros
                    Expect.allEqual (sum.ToArray()) (float turn) "the sum"

                    let spread =
                        engine.Assemble(
                            Shape.Of(2 * n),
                            [| [| { Start = n; Step = 1; Count = n } |] |],
                            [| a |]
                        )

                    let values = spread.ToArray()
                    Expect.allEqual values[.. n - 1] 0.0 "zeros where no piece lies"
                    Expect.allEqual values[n..] (float turn) "the piece"
            )

        testCase
            "a steady state allocates nothing that grows with the tensors"
            (fun () ->
                let length = 20_000

                let step (x: Tensor) : unit =
                    use _ = engine.OpenScope()
                    let y = engine.Unary(Unary.Tanh, x) * x + x
                    engine.Reduce(Reduction.Sum, [| 0 |], false, y) |> ignore

                let x = engine.OfArray(Shape.Of length, numbers 1 length)

                for _ in 1..20 do
                    step x

                let before = GC.GetAllocatedBytesForCurrentThread()

                for _ in 1..10_000 do
                    step x

                let perStep = (GC.GetAllocatedBytesForCurrentThread() - before) / 10_000L
                // One vector alone has 160 000 bytes.
                Expect.isLessThan perStep 2_500L $"{perStep} bytes a step"
            )

        testCase
            "each thread has its own scopes"
            (fun () ->
                let failures =
                    Array.init
                        8
                        (fun worker ->
                            Task.Run(fun () ->
                                let mutable bad = 0

                                for turn in 1..200 do
                                    use scope = engine.OpenScope()
                                    let value = float (worker * 1000 + turn)
                                    let a = engine.Full(Shape.Of n, DType.Float64, value)
                                    let b = a + a
                                    let c = b - a

                                    if c.ToArray() |> Array.exists (fun v -> v <> value) then
                                        bad <- bad + 1

                                    scope.Keep c

                                bad
                            )
                        )

                Expect.equal
                    (Task.WhenAll(failures).GetAwaiter().GetResult() |> Array.sum)
                    0
                    "no thread saw another's numbers"
            )

        testCase
            "a pool holds no more than it may, and never gives an array to two"
            (fun () ->
                let retention = Retention(1_000_000L)
                let pool = Pool<float>(retention)
                let arrays = Array.init 10 (fun _ -> pool.Rent 16_384)
                Expect.isTrue (arrays |> Array.forall (fun a -> a.Length = 16_384)) "powers of two"
                arrays |> Array.iter pool.Return
                Expect.isLessThanOrEqual retention.Held 1_000_000L "the limit"
                Expect.equal retention.Held (7L * 131_072L) "as much as fits"
                let again = Array.init 10 (fun _ -> pool.Rent 10_000)

                Expect.equal
                    (again
                     |> Array.distinctBy System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode
                     |> Array.length)
                    10
                    "distinct"

                Expect.equal retention.Held 0L "all given out"
                let odd = Array.zeroCreate<float> 1000
                pool.Return odd
                Expect.equal retention.Held 0L "not one of the pool's lengths"

                let owners = Array.zeroCreate<int> 8

                Parallel.For(
                    0,
                    8,
                    fun worker ->
                        for _ in 1..2000 do
                            let a = pool.Rent 64
                            a[0] <- float worker
                            a[63] <- float worker

                            if a[0] <> float worker || a[63] <> float worker then
                                owners[worker] <- owners[worker] + 1

                            pool.Return a
                )
                |> ignore

                Expect.equal (Array.sum owners) 0 "no array was in two hands"
            )

        testCase
            "rented lengths"
            (fun () ->
                let pool = Pool<int64>(Retention(0L))

                for wanted, given in
                    [ 1, 1; 2, 2; 3, 4; 4, 4; 5, 8; 1000, 1024; 1024, 1024; 1025, 2048 ] do
                    Expect.equal (pool.Rent wanted).Length given $"{wanted}"
            )
    ]
