module Optim.CoreTests.DerivedTests

open System
open Expecto
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.CompileTests

let private start (n: int) : float[] =
    Array.init n (fun i -> -1.2 + 0.37 * float (i % 9))

let private near (message: string) (expected: Tensor) (actual: float[]) : unit =
    let e = expected.ToArray()
    let scale = 1e-12 * (1.0 + Array.max (Array.map abs e))

    Array.iteri2
        (fun i (u: float) v ->
            Expect.isTrue (abs (u - v) <= scale) $"{message}: {i}: {v}, expected {u}"
        )
        e
        actual

/// The bytes that so many calls allocate on this thread, once they are warm.
let private garbage (calls: int) (call: unit -> unit) : int64 =
    for _ in 1..200 do
        call ()

    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..calls do
        call ()

    GC.GetAllocatedBytesForCurrentThread() - before

[<Tests>]
let derived =
    testList "Functions at arrays" [
        for n in [ 2; 5; 64; 65; 100; 128 ] do
            testCase
                $"all derivatives of {n} numbers"
                (fun () ->
                    let f = Derived.arrays rosenbrock n
                    Expect.equal f.Length n "length"

                    for i in 1..2 do
                        let x = start n |> Array.map (fun v -> v / float i)
                        let v = start n |> Array.rev
                        let at, along = Tensor.ofArray x, Tensor.ofArray v
                        near "value" (rosenbrock at) [| f.Value x |]
                        let gradient = Array.zeroCreate n

                        near "value with gradient" (rosenbrock at) [|
                            f.ValueAndGradient(x, gradient)
                        |]

                        near "gradient" (grad rosenbrock at) gradient
                        let product = Array.zeroCreate n
                        f.HessianProduct(x, v, product)
                        near "product" (hvp rosenbrock at along) product
                        let matrix = Array.zeroCreate (n * n)
                        f.Hessian(x, matrix)
                        near "Hessian" (hessian rosenbrock at) matrix
                )

        testCase
            "wrong lengths are refused by name"
            (fun () ->
                let f = Derived.arrays rosenbrock 4
                let short: float[] = Array.zeroCreate 3
                let whole: float[] = Array.zeroCreate 4

                let refuses (parameter: string) (call: unit -> unit) =
                    try
                        call ()
                        failtest "expected a refusal"
                    with :? ArgumentException as e ->
                        Expect.stringContains e.Message parameter "parameter"
                        Expect.stringContains e.Message "expected" "numbers"

                refuses "x has 3 numbers" (fun () -> f.Value short |> ignore)
                refuses "gradient has 3" (fun () -> f.ValueAndGradient(whole, short) |> ignore)
                refuses "v has 3" (fun () -> f.HessianProduct(whole, short, whole))
                refuses "hessian has 4" (fun () -> f.Hessian(whole, whole))
            )

        testCase
            "no call makes garbage"
            (fun () ->
                for n in [ 2; 10; 1000 ] do
                    let f = Derived.arrays rosenbrock n
                    let x, v = start n, start n
                    let gradient: float[] = Array.zeroCreate n
                    let matrix: float[] = if n > 100 then [||] else Array.zeroCreate (n * n)
                    let calls = 2000

                    let clean name call =
                        Expect.equal (garbage calls call) 0L $"{name}, n = {n}"

                    clean "value" (fun () -> f.Value x |> ignore)

                    clean
                        "value and gradient"
                        (fun () -> f.ValueAndGradient(x, gradient) |> ignore)

                    clean "product" (fun () -> f.HessianProduct(x, v, gradient))

                    if n <= 100 then
                        clean "Hessian" (fun () -> f.Hessian(x, matrix))
            )

        testCase
            "nor does a program that goes call by call"
            (fun () ->
                let n = 1000

                let graph =
                    Recorder.record
                        (fun x ->
                            let y, gradient = valueAndGrad rosenbrock x[0]
                            [| y; gradient |]
                        )
                        [| Tensor.ofArray (start n) |]

                let session = (Programs.replay (Simplify.run graph)).NewSession()
                let inputs: Array[] = [| start n |]
                let outputs: Array[] = [| Array.zeroCreate<float> 1; Array.zeroCreate<float> n |]
                let offsets = [| 0 |]

                Expect.equal
                    (garbage 2000 (fun () -> session.Run(inputs, offsets, outputs)))
                    0L
                    "bytes"
            )

        testCase
            "inputs may begin anywhere in their arrays"
            (fun () ->
                let n = 50
                let x = start (n + 13)
                let part = Tensor.ofArray x[7 .. n + 6]

                let graph =
                    Recorder.record (fun x -> [| grad rosenbrock x[0]; x[0]; x[0][3..] |]) [|
                        part
                    |]

                for program in [ Programs.replay graph; Programs.ofGraph (Simplify.run graph) ] do
                    let outputs: Array[] = [|
                        Array.zeroCreate<float> n
                        Array.zeroCreate<float> n
                        Array.zeroCreate<float>(n - 3)
                    |]

                    program.NewSession().Run([| x |], [| 7 |], outputs)
                    near "gradient" (grad rosenbrock part) (outputs[0] :?> float[])
                    near "input" part (outputs[1] :?> float[])
                    near "part" part[3..] (outputs[2] :?> float[])
            )

        testCase
            "many inputs of several types, one of them unused, may begin anywhere"
            (fun () ->
                let n = 40
                let single = Tensor.cast DType.Float32 (Tensor.ofArray (start n))
                let other = Tensor.ofArray (start n) * 0.5
                let mask = Tensor.greater other (Tensor.scalar 0.0)

                let f (x: Tensor[]) : Tensor[] = [|
                    Tensor.where x[2] (Tensor.cast DType.Float64 x[0]) (x[1] * x[1])
                    2.0 * x[0]
                |]

                let inputs = [| single; other; mask; other |]
                let graph = Recorder.record f inputs
                let expected = f inputs

                for program in [ Programs.replay graph; Programs.ofGraph (Simplify.run graph) ] do
                    let offsets = [| 5; 0; 3; 1 |]

                    let arrays =
                        Array.map2
                            (fun (x: Tensor) offset ->
                                let longer = Arrays.create x.DType (offset + n)
                                Array.Copy(x.Engine.ToArray x, 0, longer, offset, n)
                                longer
                            )
                            inputs
                            offsets

                    let outputs: Array[] = [|
                        Array.zeroCreate<float> n
                        Array.zeroCreate<float32> n
                    |]

                    program.NewSession().Run(arrays, offsets, outputs)
                    near "chosen" expected[0] (outputs[0] :?> float[])
                    near "doubled" expected[1] (Array.map float (outputs[1] :?> float32[]))
            )

        testCase
            "several users share the programs"
            (fun () ->
                let programs = DerivedPrograms(rosenbrock, 6)

                let one, two =
                    DerivedArrays(programs, null) :> ArrayFunction,
                    DerivedArrays(programs, null) :> ArrayFunction

                let x = start 6
                Expect.equal (one.Value x) (two.Value x) "value"
                Expect.isNotNull (box programs.Value.Known) "compiled"
                Expect.isNull (box programs.Product.Known) "not needed so far"
            )
    ]
