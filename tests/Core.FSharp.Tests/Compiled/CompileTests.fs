module Optim.CoreTests.CompileTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Core.Compile
open Optim.Core.Derivatives
open Optim.Managed
open Optim.Primitives

let private engine = ManagedEngine.Instance :> Engine

/// The chained function of Rosenbrock.
let internal rosenbrock (x: Tensor) : Tensor =
    let n = x.Length
    let a, b = x[.. n - 2], x[1..]
    Tensor.sum (100.0 * Tensor.square (b - Tensor.square a) + Tensor.square (1.0 - a))

let private point (n: int) : Tensor =
    Tensor.ofArray (Array.init n (fun i -> -1.2 + 0.37 * float (i % 9)))

let private near (message: string) (expected: Tensor) (actual: Tensor) : unit =
    Expect.equal actual.Shape expected.Shape message
    let e, a = expected.ToArray(), actual.ToArray()
    let scale = 1e-12 * (1.0 + Array.max (Array.map abs e))

    Array.iteri2
        (fun i (u: float) v ->
            Expect.isTrue (u = v || abs (u - v) <= scale) $"{message}: {i}: {v}, expected {u}"
        )
        e
        a

let private refusal (action: unit -> unit) : string =
    try
        action ()
        failtest "expected a refusal"
    with :? InvalidOperationException as e ->
        e.Message

let private refusals =
    let branch (x: Tensor) : Tensor =
        if float (Tensor.sum x) > 0.0 then sin x else cos x

    let names (message: string) (parts: string list) =
        for part in parts do
            Expect.stringContains message part "the message"

    testList "refusals" [
        testCase
            "a choice by a number is refused, with the operation and the way out"
            (fun () ->
                let message = refusal (fun () -> compile branch (point 3) |> ignore)
                names message [ "compile"; "a result of sum"; "Tensor.where" ]
            )

        testCase
            "so is one inside a derivative"
            (fun () ->
                let f = compile (grad (branch >> Tensor.sum))
                names (refusal (fun () -> f (point 3) |> ignore)) [ "a result of sum"; "where" ]
            )

        testCase
            "reading an input is refused"
            (fun () ->
                let f = compile (fun x -> Tensor.ofArray (x.ToArray()))
                names (refusal (fun () -> f (point 3) |> ignore)) [ "input 0"; "(3)" ]
            )

        testCase
            "a value that escapes is refused when it is used"
            (fun () ->
                let mutable kept = point 1

                let f =
                    compile (fun x ->
                        kept <- sin x
                        kept
                    )

                f (point 3) |> ignore
                names (refusal (fun () -> kept + 1.0 |> ignore)) [ "escaped" ]
            )

        testCase
            "a value of an outer derivative must be an argument"
            (fun () ->
                let c = point 3

                let outer (a: Tensor) = compile (fun x -> Tensor.sum (x * a)) c

                names (refusal (fun () -> grad outer (point 3) |> ignore)) [ "argument" ]
                let returned (a: Tensor) = Tensor.sum (compile (fun _ -> a) c)
                names (refusal (fun () -> grad returned (point 3) |> ignore)) [ "argument" ]
            )

        testCase
            "so must what a function with rules of its own depends on"
            (fun () ->
                let f (x: Tensor) =
                    let inner = Custom.withVjp (fun y -> x * y) (fun _ _ ct -> ct)
                    inner (sin x)

                names (refusal (fun () -> compile f (point 3) |> ignore)) [
                    "custom rules"
                    "argument"
                ]
            )

        testCase
            "no input at all is refused"
            (fun () ->
                let f = compileMany (fun _ -> [||])
                Expect.throwsT<ArgumentException> (fun () -> f.Invoke [||] |> ignore) "inputs"
            )

        testCase
            "the function's own errors come through, and nothing is kept"
            (fun () ->
                let f = compileMany (fun x -> [| x[0] + point 3 |])

                Expect.throwsT<ShapeException>
                    (fun () -> f.Invoke [| point 4 |] |> ignore)
                    "shapes"

                Expect.equal f.Description "" "no program"
                near "other shapes" (point 3 + point 3) (f.Invoke([| point 3 |])[0])
            )
    ]

let private results =
    testList "results" [
        testCase
            "an input, a constant, and one value twice"
            (fun () ->
                let c = point 3

                let f (x: Tensor[]) : Tensor[] =
                    let y = sin x[0]
                    [| x[1]; y; c; y; Shaping.reshape [ 1; 3 ] y; x[0][1..] |]

                let g = compileMany f

                for i in 1..3 do
                    let inputs = [| float i * point 3; float i + point 2 |]
                    Array.iter2 (near "output") (f inputs) (g.Invoke inputs)
            )

        testCase
            "no output shares memory with an input or a constant"
            (fun () ->
                let c = point 3
                let f = compileMany (fun x -> [| x[0]; c |])
                let x = point 3
                let outputs = f.Invoke [| x |]

                let storage (t: Tensor) =
                    match t with
                    | :? Raw as raw -> raw.Storage
                    | _ -> failtest "concrete"

                Expect.isFalse (obj.ReferenceEquals(storage outputs[0], storage x)) "input"
                Expect.isFalse (obj.ReferenceEquals(storage outputs[1], storage c)) "constant"
            )

        testCase
            "each combination of shapes and element types has a program of its own"
            (fun () ->
                let f = compileMany (fun x -> [| Tensor.square x[0] + x[1] |])

                for n in [ 3; 5; 3 ] do
                    near
                        "Float64"
                        (Tensor.square (point n) + 2.0)
                        (f.Invoke([| point n; Tensor.full [ 1 ] 2.0 |])[0])

                let single (x: Tensor) = Tensor.cast DType.Float32 x
                let y = f.Invoke([| single (point 3); single (Tensor.full [ 1 ] 2.0) |])[0]
                Expect.equal y.DType DType.Float32 "single precision"
                Expect.equal (f.Description.Split '\n').Length 3 f.Description
                Expect.isGreaterThan f.CompileTime TimeSpan.Zero "time"
            )

        testCase
            "the whole family of derivatives"
            (fun () ->
                let x, v = point 7, 0.1 * point 7
                near "value" (rosenbrock x) (compile rosenbrock x)
                near "gradient" (grad rosenbrock x) (compile (grad rosenbrock) x)
                near "product" (hvp rosenbrock x v) (compile2 (hvp rosenbrock) x v)
                near "Hessian" (hessian rosenbrock x) (compile (hessian rosenbrock) x)
                let y, gradient = compilePair (valueAndGrad rosenbrock) x
                near "value of the pair" (rosenbrock x) y
                near "gradient of the pair" (grad rosenbrock x) gradient
                let batch = Tensor.ofRows [ for i in 1..4 -> (float i * x).ToArray() ]

                near
                    "batch"
                    (vmap (grad rosenbrock) batch)
                    (compile (vmap (grad rosenbrock)) batch)
            )

        testCase
            "inside other transforms the function itself is called"
            (fun () ->
                let x = point 5
                let f = compile rosenbrock
                near "gradient" (grad rosenbrock x) (grad f x)
                near "product" (hvp rosenbrock x x) (hvp f x x)
                let batch = Tensor.ofRows [ x.ToArray(); (2.0 * x).ToArray() ]
                near "batch" (vmap rosenbrock batch) (vmap f batch)
                let both = compile (fun x -> compile sin x + cos x)
                near "compiled in compiled" (sin x + cos x) (both x)
            )

        testCase
            "factorizations, positions and whole numbers"
            (fun () ->
                let matrix (x: Tensor) =
                    let a = Shaping.reshape [ 3; 3 ] x
                    Tensor.matmul a (Shaping.transpose a) + 2.0 * Tensor.identity 3

                let f (x: Tensor) : Tensor =
                    let a = matrix x
                    let solved = Linalg.solve a (Tensor.identity 3)
                    let l = Linalg.cholesky a
                    let highest = Tensor.argMax 1 a
                    let rows = Shaping.indexSelect 0 highest a

                    let count =
                        Tensor.cast DType.Float64 (Tensor.maximum highest (highest + highest))

                    Tensor.sum solved
                    + Tensor.sum l
                    + Tensor.sum (Tensor.square rows)
                    + Tensor.sum count

                let x = point 9
                near "value" (f x) (compile f x)
                near "gradient" (grad f x) (compile (grad f) x)
            )

        testCase
            "rules of the user's own"
            (fun () ->
                // The loop reads numbers, but its own argument's: it is one operation.
                let root (x: Tensor) : Tensor =
                    let mutable y = Tensor.zerosLike x

                    while float (Tensor.max (Tensor.abs (y * y * y + y - x))) > 1e-13 do
                        y <- y - (y * y * y + y - x) / (3.0 * y * y + 1.0)

                    y

                let f = Custom.withVjp root (fun _ y ct -> ct / (3.0 * y * y + 1.0)) >> Tensor.sum

                let compiled = compile (grad f)

                for i in 1..3 do
                    let x = float i * point 4
                    near "gradient" (grad f x) (compiled x)
            )

        testCase
            "a function that computes in parallel"
            (fun () ->
                let f (x: Tensor) : Tensor =
                    [| 1..50 |]
                    |> Array.Parallel.map (fun i -> sin (float i * x))
                    |> Array.reduce (+)

                let graph = Recorder.record (fun x -> [| f x[0] |]) [| point 3 |]

                graph.Nodes
                |> Array.iteri (fun i node ->
                    for input in Graph.inputsOf node do
                        Expect.isLessThan input i "a node comes after those it is made of"
                )

                near "value" (f (point 3)) (compile f (point 3))
            )
    ]

let private memory =
    let n = 2000

    testList "memory" [
        testCase
            "constants of a scope outlive it, from before the recording and from within"
            (fun () ->
                let scope = engine.OpenScope()
                let c = 2.0 * Tensor.ofArray (Array.init n float)

                let f =
                    compile (fun x ->
                        let d = c + 1.0
                        x * c - d
                    )

                let x = Tensor.ofArray (Array.init n (fun i -> sin (float i)))
                f x |> ignore
                scope.Dispose()

                // Whatever the scope gave back is used again.
                using
                    (engine.OpenScope())
                    (fun _ ->
                        for _ in 1..10 do
                            engine.Full(Shape.Of n, DType.Float64, 7.0) |> ignore
                    )

                let y = (f (Tensor.ofArray (Array.init n (fun i -> sin (float i))))).ToArray()

                for i in 0 .. n - 1 do
                    let c = 2.0 * float i

                    Expect.floatClose
                        Accuracy.high
                        y[i]
                        (sin (float i) * c - (c + 1.0))
                        $"element {i}"
            )

        testCase
            "results belong to the scope in which they are asked for"
            (fun () ->
                let f = compile (fun x -> x + 1.0)
                let scope = engine.OpenScope()
                let kept, lost = f (point n), f (point n)
                scope.Keep kept
                scope.Dispose()
                near "kept" (point n + 1.0) kept

                Expect.throwsT<InvalidOperationException>
                    (fun () -> lost.ToArray() |> ignore)
                    "lost"
            )

        testCase
            "after a detachment the scope notes again"
            (fun () ->
                let scope = engine.OpenScope()

                let free =
                    use _ = engine.Detach()
                    point n + 1.0

                let noted = point n + 1.0
                scope.Dispose()
                near "made outside" (point n + 1.0) free

                Expect.throwsT<InvalidOperationException>
                    (fun () -> noted.ToArray() |> ignore)
                    "noted"
            )

        testCase
            "threads that meet compile one program"
            (fun () ->
                use both = new Barrier 2

                let f (inputs: Tensor[]) : Tensor[] =
                    both.SignalAndWait(TimeSpan.FromSeconds 10.0) |> ignore
                    [| sin inputs[0] |]

                let compiled = compileMany f

                let start () =
                    Task.Run(fun () -> compiled.Invoke [| point 3 |] |> ignore)

                let all = [| start (); start () |]
                Task.WaitAll all
                Expect.equal (compiled.Description.Split '\n').Length 1 compiled.Description
            )

        testCase
            "a caller who holds the function's lock does not stop compiling"
            (fun () ->
                // One object, so that the lock is on what was compiled.
                let f: Tensor[] -> Tensor[] = Array.map sin
                let compiled = compileMany f
                let run () = compiled.Invoke [| point 3 |] |> ignore
                let ended = lock f (fun () -> (Task.Run run).Wait(TimeSpan.FromSeconds 20.0))
                Expect.isTrue ended "compiled meanwhile"
            )

        testCase
            "the guard tells infinities and NaN apart"
            (fun () ->
                let compare (eager: float) (compiled: float) : unit =
                    let f (_: Tensor) = Tensor.scalar eager
                    Guard("compile", "", "odd", f, 2).Value([| 1.0; 2.0 |], compiled)

                for same in [ infinity; -infinity; nan ] do
                    compare same same

                for eager, compiled in [ -infinity, infinity; nan, infinity; infinity, nan ] do
                    let message = refusal (fun () -> compare eager compiled)
                    Expect.stringContains message "odd" $"{compiled} is not {eager}"
            )

        testCase
            "many threads call one function"
            (fun () ->
                let f = compilePair (valueAndGrad rosenbrock)
                let inputs = Array.init 16 (fun i -> 0.1 * float i + point 300)
                let expected = inputs |> Array.map (fun x -> (grad rosenbrock x).ToArray())

                Parallel.For(
                    0,
                    400,
                    fun i ->
                        let _, gradient = f inputs[i % 16]
                        let e, a = expected[i % 16], gradient.ToArray()

                        if Array.exists2 (fun u v -> abs (u - v) > 1e-10 * (1.0 + abs u)) e a then
                            failtest $"call {i} got another one's result"
                )
                |> ignore
            )
    ]

[<Tests>]
let compiling = testList "Compile" [ refusals; results; memory ]
