module Optim.CoreTests.Engines.MoveTests

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Optim
open Optim.Core
open Optim.Core.Compile
open Optim.Core.Derivatives
open Optim.Testing
open Optim.CoreTests.Engines.Mirrors

let private vector = Tensor.ofArray [| 0.3; -1.2; 2.5 |]
let private square = Tensor.ofRows [ [ 4.0; 1.0 ]; [ 1.0; 3.0 ] ]
let private whole = Tensor.indices [ 2; 0; 1 ]

[<Tests>]
let moving =
    testList "Moving between engines" [
        for name, x in
            [
                "Float64", vector
                "Float32", Tensor.cast DType.Float32 vector
                "Int64", whole
                "Bool", Tensor.greater vector (Tensor.zerosLike vector)
                "a scalar", Tensor.scalar 7.0
                "nothing", Tensor.zeros [ 0; 3 ]
                "no number", Tensor.ofArray [| nan; infinity; -0.0 |]
            ] do
            testCase
                $"{name} arrives as it left, and comes back"
                (fun () ->
                    let moved = there x
                    same name x moved
                    same name (Tensor.moveTo Engines.managed moved) moved
                )

        testCase
            "a tensor that is there already is itself"
            (fun () ->
                Expect.isTrue
                    (obj.ReferenceEquals(Tensor.moveTo Engines.managed vector, vector))
                    "managed"

                let moved = there vector
                Expect.isTrue (obj.ReferenceEquals(there moved, moved)) "mirror"
            )

        testCase
            "createOn makes tensors where it is told to"
            (fun () ->
                let values = [| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 |]

                same
                    "matrix"
                    (Tensor.create [ 2; 3 ] values)
                    (Tensor.createOn mirror [ 2; 3 ] values)

                refused<ShapeException>
                    [ "6 elements"; "expected 4" ]
                    (fun () -> Tensor.createOn mirror [ 2; 2 ] values |> ignore)
            )

        testCase
            "whole numbers and truth values move without derivative"
            (fun () ->
                let f (x: Tensor) =
                    let positive =
                        Tensor.greater x (Tensor.zerosLike x) |> there |> Tensor.cast DType.Float64

                    let steps = Tensor.cast DType.Int64 x |> there |> Tensor.cast DType.Float64
                    Tensor.sum (Tensor.moveTo x.Engine (positive + steps) + x * x)

                let g = grad f vector
                Expect.equal (g.ToArray()) [| 0.6; -2.4; 5.0 |] "gradient"
                Expect.equal ((snd (jvp f vector vector)).ToScalar()) (2.0 * 7.78) "along x"
            )

        testCase
            "derivatives of functions that move are those of functions that do not"
            (fun () ->
                let still (x: Tensor) =
                    Tensor.sum (exp (sin x) * x) + Tensor.dot x x * x[0]

                let moving (x: Tensor) =
                    let y = Tensor.moveTo x.Engine (exp (there (sin x)))

                    Tensor.moveTo Engines.managed (Tensor.sum (there (y * x)))
                    + Tensor.dot x x * x[0]

                let bits (x: Tensor) =
                    x.ToArray() |> Array.map BitConverter.DoubleToInt64Bits

                let equal name (f: (Tensor -> Tensor) -> Tensor) =
                    Expect.equal (bits (f moving)) (bits (f still)) name

                equal "grad" (fun f -> grad f vector)
                equal "hessian" (fun f -> hessian f vector)
                equal "jacobian of grad" (fun f -> jacobian (grad f) vector)
                equal "jvp of hessian" (fun f -> snd (jvp (hessian f) vector vector))
                equal "vmap of grad" (fun f -> vmap (grad f) (Shaping.stack 0 [ vector; -vector ]))
                equal "laplacian" (fun f -> laplacian f vector)
            )

        testCase
            "a Jacobian from one engine to another has its rows where the pull-back ends"
            (fun () ->
                let f (x: Tensor) = exp (there x)
                let expected = Linalg.ofDiagonal (exp vector)
                same "forward" expected (jacobianForward f vector)
                Expect.equal ((jacobianReverse f vector).ToArray()) (expected.ToArray()) "reverse"
            )
    ]

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private forgotten () : WeakReference * WeakReference =
    let constant = Tensor.ofArray (Array.init 1000 float)
    let copy = Tensor.alongside (there vector) constant
    WeakReference constant, WeakReference copy

[<Tests>]
let constants =
    testList "Constants alongside" [
        testCase
            "the copy is made once for each engine"
            (fun () ->
                let other: Engine = MirrorEngine "another"
                let point = there vector
                let first = Tensor.alongside point whole
                same "copy" whole first
                Expect.isTrue (obj.ReferenceEquals(Tensor.alongside point whole, first)) "again"
                let second = Tensor.alongside (Tensor.moveTo other vector) whole
                Expect.equal second.Device.Name "another" "the other engine"
                Expect.isTrue (obj.ReferenceEquals(Tensor.alongside vector whole, whole)) "at home"
            )

        testCase
            "the copy outlives the step in which it was first asked for"
            (fun () ->
                let point = there vector
                let constant = Tensor.ofArray (Array.init 5000 float)

                let sum () =
                    Memory.keeping point (fun () -> Tensor.sum (Tensor.alongside point constant))

                let first = (sum ()).ToScalar()
                Expect.equal ((sum ()).ToScalar()) first "the second step"
                same "the copy itself" constant (Tensor.alongside point constant)

                let farther = Tensor.moveTo mirror (Tensor.ofArray (Array.init 5000 float))

                let sum () =
                    Memory.keeping vector (fun () -> Tensor.sum (Tensor.alongside vector farther))

                let first = (sum ()).ToScalar()
                // Other large tensors, which would get the copy's memory if a scope had taken it back.
                Memory.keeping vector (fun () -> Tensor.sum (Tensor.full [ 5000 ] 3.0))
                |> ignore

                Expect.equal ((sum ()).ToScalar()) first "on the managed engine"
            )

        testCase
            "many threads get one copy"
            (fun () ->
                let point = there vector
                let constant = Tensor.ofArray [| 1.0; 2.0 |]
                let copies = Array.zeroCreate<Tensor> 64

                Parallel.For(0, 64, fun i -> copies[i] <- Tensor.alongside point constant)
                |> ignore

                Expect.isTrue
                    (copies |> Array.forall (fun c -> obj.ReferenceEquals(c, copies[0])))
                    "one"
            )

        testCase
            "a copy dies with its constant"
            (fun () ->
                let constant, copy = forgotten ()

                for _ in 1..3 do
                    GC.Collect()
                    GC.WaitForPendingFinalizers()

                Expect.isFalse constant.IsAlive "constant"
                Expect.isFalse copy.IsAlive "copy"
            )
    ]

/// Operations of two or more tensors; the first argument is on the one engine, the second on the other.
let private mixed: (string * (Tensor -> Tensor -> Tensor) * Tensor * Tensor) list = [
    "Add", (fun a b -> a + b), vector, vector
    "Power", Tensor.pow, vector, vector
    "compare", Tensor.less, vector, vector
    "where", (fun a b -> Tensor.where (Tensor.less a a) a b), vector, vector
    "where (the condition)", (fun a b -> Tensor.where (Tensor.less a a) b b), vector, vector
    "matmul", Tensor.matmul, square, square
    "solve", Linalg.solve, square, square
    "triangularSolve", Linalg.solveTriangular Triangle.Upper false, square, square
    "assemble", (fun a b -> Shaping.concat 0 [ a; b ]), vector, vector
    "indexSelect", Shaping.indexSelect 0, whole, vector
    "indexAdd", Shaping.indexAdd 0 3, whole, vector
    "gather", Shaping.gather 0, whole, vector
    "scatterAdd", Shaping.scatterAdd 0 3, whole, vector
]

[<Tests>]
let mixing =
    testList "Mixed engines" [
        for name, f, a, b in mixed do
            testCase
                $"{name} names itself, the shapes, the devices and the way out"
                (fun () ->
                    let operation = name.Split(' ')[0]

                    let words = [
                        operation
                        $"{a.Shape} on cpu"
                        $"{b.Shape} on mirror"
                        "Tensor.moveTo"
                    ]

                    refused<ArgumentException> words (fun () -> f a (there b) |> ignore)

                    refused<ArgumentException>
                        [ operation; "on cpu"; "on mirror" ]
                        (fun () -> f (there a) b |> ignore)

                    if a.DType.IsFloating then
                        refused<ArgumentException>
                            (operation :: "Tensor.moveTo" :: [])
                            (fun () ->
                                grad
                                    (fun a ->
                                        Tensor.sum (Tensor.cast DType.Float64 (f a (there b)))
                                    )
                                    a
                                |> ignore
                            )

                        refused<ArgumentException>
                            [ operation; "Tensor.moveTo" ]
                            (fun () ->
                                vmap (fun a -> f a (there b)) (Shaping.stack 0 [ a; a ]) |> ignore
                            )
                )

        testCase
            "an engine refuses a foreign tensor given to it directly"
            (fun () ->
                refused<ArgumentException>
                    [ "managed"; "(3)"; "mirror"; "Tensor.moveTo" ]
                    (fun () -> Engines.managed.Unary(Unary.Exp, there vector) |> ignore)

                refused<ArgumentException>
                    [ "mirror"; "(3)"; "cpu" ]
                    (fun () -> mirror.Unary(Unary.Exp, vector) |> ignore)
            )

        testCase
            "directions and cotangents must lie where the point does"
            (fun () ->
                refused<ArgumentException>
                    [ "v of shape (3)"; "mirror"; "cpu" ]
                    (fun () -> jvp id vector (there vector) |> ignore)

                refused<ArgumentException>
                    [ "cotangent of shape (3)"; "mirror" ]
                    (fun () -> (snd (vjp sin vector)) (there vector) |> ignore)
            )

        testCase
            "many members at once are refused at the door"
            (fun () ->
                let starts = Tensor.ofRows [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
                let objective = ManyObjective.ofFunction (fun x -> Tensor.sum (x * x))

                refused<ArgumentException>
                    [ "starts"; "mirror"; "Tensor.moveTo Engines.managed"; "Solver.minimize" ]
                    (fun () ->
                        Solver.minimizeMany
                            (Bfgs.create Bfgs.defaults)
                            objective
                            []
                            (there starts)
                        |> ignore
                    )

                refused<ArgumentException>
                    [ "data[0]"; "mirror" ]
                    (fun () ->
                        Solver.fitMany (fun x d -> x - d[0]) [ there starts ] starts |> ignore
                    )
            )
    ]

[<Tests>]
let compiling =
    testList "Compiled functions and engines" [
        testCase
            "a function that moves its argument is refused"
            (fun () ->
                let f = compile (fun x -> Tensor.moveTo x.Engine (exp (there (sin x))))

                refused<InvalidOperationException>
                    [ "compile"; "a result of Sin"; "(3)"; "cpu"; "uncompiled" ]
                    (fun () -> f vector |> ignore)

                let inside =
                    compile (grad (fun x -> Tensor.sum (Tensor.moveTo x.Engine (there x))))

                refused<InvalidOperationException>
                    [ "compile"; "another device" ]
                    (fun () -> inside vector |> ignore)
            )

        testCase
            "a result or an input on another engine is refused"
            (fun () ->
                let elsewhere = there vector

                refused<ArgumentException>
                    [ "result"; "mirror"; "cpu" ]
                    (fun () -> compile (fun _ -> elsewhere) vector |> ignore)

                refused<ArgumentException>
                    [ "inputs"; "mirror"; "cpu" ]
                    (fun () -> compile2 (fun x _ -> x) vector elsewhere |> ignore)

                refused<ArgumentException>
                    [ "Add"; "mirror"; "cpu" ]
                    (fun () -> compile (fun x -> x + elsewhere) vector |> ignore)
            )

        testCase
            "a custom function may move inside"
            (fun () ->
                let inner (x: Tensor) = Tensor.moveTo x.Engine (exp (there x))
                let f = Custom.withVjp inner (fun _ y ct -> y * ct) >> Tensor.sum
                Expect.equal ((compile f vector).ToScalar()) ((f vector).ToScalar()) "value"
                Expect.equal ((grad f vector).ToArray()) ((exp vector).ToArray()) "gradient"
            )

        testCase
            "a function of another engine's tensors is computed there"
            (fun () ->
                let weights = Tensor.ofArray [| 1.0; 2.0; 3.0 |]

                let f (x: Tensor) =
                    Tensor.sum (Tensor.alongside x weights * exp x * x)

                let own = MirrorEngine "own"
                let x = Tensor.moveTo own vector
                let compiled = compileMany (fun inputs -> [| grad f inputs[0]; inputs[0] |])
                let results = compiled.Invoke [| x |]
                Expect.equal results[0].Device.Name "own" "device"
                Expect.equal (results[0].ToArray()) ((grad f x).ToArray()) "gradient"
                Expect.isTrue (obj.ReferenceEquals(results[1], x)) "an input that is returned"
                Expect.stringContains compiled.Description "the engine own" "description"
                let before = own.Calls
                let again = (compiled.Invoke [| x |])[0]
                Expect.equal (again.ToArray()) (results[0].ToArray()) "again"
                Expect.isGreaterThan own.Calls before "computed there"
                let here = compiled.Invoke [| vector |]
                Expect.equal here[0].Device Device.Cpu "and here"
            )
    ]
