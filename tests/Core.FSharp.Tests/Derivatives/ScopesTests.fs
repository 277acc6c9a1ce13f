/// Memory scopes inside and around transforms.
module Optim.CoreTests.Derivatives.ScopesTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Managed
open Optim.Transforms
open Optim.CoreTests.Derivatives.Numbers

// Large enough for pooled buffers.
let private x = tensor [ 4000 ] (noise 1 4000)

let private plain (x: Tensor) : Tensor =
    Tensor.sum (Tensor.tanh (x * x) * exp (0.1 * x))

/// The same with all intermediate values in a scope of their own.
let private scoped (x: Tensor) : Tensor = Memory.keeping x (fun () -> plain x)

let private hasNoScope () : bool = isNull Scope.Current

let private bitwise (what: string) (expected: Tensor) (actual: Tensor) : unit =
    Expect.equal (actual.ToArray()) (expected.ToArray()) what

let private poison () : unit =
    // What was given back is handed out and overwritten.
    use scope = x.Engine.OpenScope()
    let mutable y = x

    for _ in 1..20 do
        y <- y * 0.0 + 1e9

    scope.KeepAll()

let private layers (w: Tensor) : Tensor =
    let data = tensor [ 32; 10 ] (noise 2 320)
    let hidden = Tensor.tanh (Tensor.matmul data (Shaping.reshape [ 10; 14 ] w[..139]))
    Tensor.sum (Tensor.square (Tensor.matmul hidden w[140..]))

let private weights = tensor [ 154 ] (noise 3 154)

[<Tests>]
let scopes =
    testList "Scopes and transforms" [
        testCase
            "a scope inside a function does not change its derivatives"
            (fun () ->
                let v = tensor [ 4000 ] (noise 4 4000)
                let expected = grad plain x, hvp plain x v
                let g = grad scoped x
                poison ()
                bitwise "gradient" (fst expected) g
                let h = hvp scoped x v
                poison ()
                bitwise "Hessian product" (snd expected) h
                let xs = Shaping.stack 0 [ x; v ]
                let b = vmap (grad scoped) xs
                poison ()
                bitwise "batched" (vmap (grad plain) xs) b
                Expect.isTrue (hasNoScope ()) "no scope is left"
            )

        testCase
            "a scope around derivatives keeps what is returned"
            (fun () ->
                let g = Memory.keeping x (fun () -> grad plain x)
                poison ()
                bitwise "gradient" (grad plain x) g

                let y, g =
                    Memory.recycling x (fun (y, g) -> [ y; g ]) (fun () -> valueAndGrad scoped x)

                poison ()
                bitwise "value" (plain x) y
                bitwise "gradient" (grad plain x) g
                let h = Memory.keeping weights (fun () -> hessian layers weights)
                poison ()
                bitwise "Hessian" (hessian layers weights) h
            )

        testCase
            "what a scope recycled throws instead of giving other numbers"
            (fun () ->
                let leaked = ref x

                Memory.keeping
                    x
                    (fun () ->
                        leaked.Value <- exp x
                        Tensor.sum leaked.Value
                    )
                |> ignore

                Expect.throwsT<InvalidOperationException>
                    (fun () -> leaked.Value + 1.0 |> ignore)
                    "use"
            )

        testCase
            "a pull-back kept in the result's place fails loudly, kept whole it works"
            (fun () ->
                let pull: (Tensor -> Tensor) ref = ref id

                Memory.keeping
                    x
                    (fun () ->
                        let y, p = vjp plain x
                        pull.Value <- p
                        y
                    )
                |> ignore

                poison ()

                Expect.throwsT<InvalidOperationException>
                    (fun () -> pull.Value(Tensor.scalar 1.0) |> ignore)
                    "its values were recycled"
            )

        testCase
            "batches of a Hessian on several threads give the same bits as one after the other"
            (fun () ->
                let n = weights.Length
                let _, product = gradAndHvp layers weights
                let identity = Tensor.identity n
                // The largest value is the hidden layer, or what multiplies it: 32 · 14.
                let size = Chunks.size 448
                Expect.isGreaterThan (n / size) 1 "more than one batch"

                let parts = [
                    for start in 0..size .. n - 1 do
                        vmap product identity[start .. min n (start + size) - 1]
                ]

                let sequential = Shaping.concat 0 parts

                for _ in 1..3 do
                    bitwise "Hessian" sequential (hessian layers weights)

                Expect.isTrue (hasNoScope ()) "no scope is left"
            )

        testCase
            "Hessians on several threads at once"
            (fun () ->
                let expected = (hessian layers weights).ToArray()
                let results = Array.zeroCreate<float[]> 4

                Tasks.Parallel.For(0, 4, fun i -> results[i] <- (hessian layers weights).ToArray())
                |> ignore

                for r in results do
                    Expect.equal r expected "the same bits"
            )

        testCase
            "an exception inside leaves no scope open"
            (fun () ->
                let failing (x: Tensor) : Tensor =
                    Memory.keeping
                        x
                        (fun () ->
                            exp x |> ignore
                            raise (TimeoutException())
                        )

                for run in
                    [
                        (fun () -> failing x)
                        (fun () -> grad failing x)
                        (fun () -> vmap failing (Shaping.unsqueeze 0 x))
                        (fun () -> hessian failing weights)
                    ] do
                    Expect.throwsT<TimeoutException>
                        (fun () -> run () |> ignore)
                        "the function's own error"

                    Expect.isTrue (hasNoScope ()) "no scope is left"
            )

        testCase
            "an error in a later batch is the function's own"
            (fun () ->
                let calls = ref 0

                let failing (x: Tensor) : Tensor =
                    if Interlocked.Increment(&calls.contents) > 2 then
                        raise (TimeoutException())

                    x * x

                // One call for each of the three batches of 64 columns.
                Expect.throwsT<TimeoutException>
                    (fun () -> jacobianForward failing weights |> ignore)
                    "the error itself"

                Expect.isTrue (hasNoScope ()) "no scope is left"
            )
    ]
