/// Problems, models, methods and checkpoints on libtorch: what the managed engine's pure path does, but for rounding.
module Optim.TorchTests.SolvingTests

open System
open System.IO
open Expecto
open Optim
open Optim.Core
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

[<Literal>]
let private Steps = 5L

let private options: SolveOptions = { SolveOptions.defaults with StopRules = [] }

let private methods: Method list =
    Catalogue.all |> List.map (fun info -> info.Create Map.empty)

/// |actual − expected| ≤ tolerance · max(1, |expected|), where the expected numbers are finite.
let private close (tolerance: float) (what: string) (expected: Tensor) (actual: Tensor) : unit =
    Expect.equal actual.Device (torch ()).Device $"{what}: device"
    Expect.equal (string actual.Shape) (string expected.Shape) $"{what}: shape"

    Array.iter2
        (fun (e: float) (a: float) ->
            if not (abs (a - e) <= tolerance * max 1.0 (abs e) || e.Equals a) then
                failtest $"{what}: {a:R}, expected {e:R} to within {tolerance}"
        )
        (expected.ToArray())
        (actual.ToArray())

/// How far the managed engine comes from its own way when the start is off by a unit in the last place: what rounding that
/// differs may amount to on that way.
let private sensitivity (solve: Tensor -> Run) (start: Tensor) (point: Tensor) : float =
    // Elements that overflowed alike are not apart; one that overflowed alone is as far away as can be.
    let apart (a: float) (b: float) : float =
        if a.Equals b then
            0.0
        else
            let distance = abs (a - b)
            if Double.IsNaN distance then infinity else distance

    let farthest (sign: float) =
        let off = sign * 2e-16 * Tensor.maximum (Tensor.abs start) (Tensor.onesLike start)
        let signs = Tensor.rademacher (Key.ofSeed 1L) [ start.Length ]
        let other = (solve (start + off * signs)).Point

        Array.map2 apart (other.ToArray()) (point.ToArray()) |> Array.max

    max (farthest 1.0) (farthest -1.0)

/// The run from a start here and there is the same, but for rounding.
let private sameWay
    (here: Tensor -> Run * SolveResult)
    (there: Tensor -> Run * SolveResult)
    (start: Tensor)
    =
    let expected, a = here start
    let actual, b = there (Tensor.moveTo (torch ()) start)
    Expect.equal b.Path EvaluationPath.Eager "path"
    Expect.equal actual.Steps expected.Steps $"steps: {a.Reason} and {b.Reason}"
    let allowed = 1e-9 + 100.0 * sensitivity (here >> fst) start expected.Point
    close allowed "point" expected.Point actual.Point

let private data =
    let inputs = Tensor.normal (Key.ofSeed 3L) [ 24; 3 ]
    DataSet.ofClasses [ "a"; "b"; "c" ] inputs [ for i in 0..23 -> i % 3 ]

let private numeric =
    let inputs = Tensor.normal (Key.ofSeed 4L) [ 20; 3 ]
    DataSet.ofNumbers inputs (Tensor.square inputs |> Tensor.sumOver [ 1 ])

let private task (data: DataSet) : Supervised =
    let model =
        Mlp.create { Mlp.defaults with Inputs = 3; Hidden = [ 4 ]; Outputs = DataSet.outputs data }

    Supervised.create model (DataSet.loss data) data |> Supervised.penalized 0.01

let private supervised: (string * (Supervised -> Objective)) list = [
    "full batch", Supervised.fullBatch
    "mini-batches", Supervised.miniBatches 8 (Key.ofSeed 5L)
]

let private startOf (task: Supervised) : Tensor = task.Model.Initialize(Key.ofSeed 6L)

let private there (x: Tensor) : Tensor = Tensor.moveTo (torch ()) x

[<Tests>]
let solving =
    testList "Solving on libtorch" [
        for family in Problems.all do
            for method in methods do
                onLibrary
                    $"{family.Name}, {method.Name}"
                    (fun _ ->
                        let problem = family.Create family.DefaultDimension
                        let solve = Solver.startFor Steps options method problem.Objective
                        sameWay solve solve problem.Start
                    )

        for name, data in [ "classes", data; "numbers", numeric ] do
            for kind, objective in supervised do
                for method in methods do
                    onLibrary
                        $"a model of {name}, {kind}, {method.Name}"
                        (fun _ ->
                            let task = task data
                            let moved = Supervised.moveTo (torch ()) task

                            sameWay
                                (Solver.startFor Steps options method (objective task))
                                (Solver.startFor Steps options method (objective moved))
                                (startOf task)
                        )

        onLibrary
            "to the end, with its certificate"
            (fun _ ->
                let problem = Problems.find "rosenbrock" (ValueSome 40)
                let method = Lbfgs.create Lbfgs.defaults
                let result = Solver.minimize method problem.Objective (there problem.Start)
                Expect.equal result.Outcome Outcome.Converged (SolveResult.text result)
                close 1e-6 "minimizer" problem.Minimizers.Head result.Point
            )

        for method in methods do
            onLibrary
                $"{method.Name} goes on here and there"
                (fun _ ->
                    let on (engine: Engine) =
                        Supervised.miniBatches
                            8
                            (Key.ofSeed 5L)
                            (Supervised.moveTo engine (task data))

                    let run (engine: Engine) (run: Run) =
                        use stream = new MemoryStream()
                        Checkpoint.write stream method run
                        stream.Position <- 0L
                        let moved = Run.moveTo engine method (Checkpoint.read stream method)
                        fst (Solver.resumeFor Steps options method (on engine) moved)

                    let begin' (start: Tensor) =
                        fst (Solver.startFor Steps options method (on managed) start)

                    let start = startOf (task data)
                    let stay = begin' >> run managed >> run managed
                    let expected = stay start
                    let back = begin' start |> run (torch ()) |> run managed
                    Expect.equal back.Steps expected.Steps "steps"
                    let allowed = 1e-9 + 100.0 * sensitivity stay start expected.Point
                    close allowed "point" expected.Point (there back.Point)
                )
    ]

[<Tests>]
let moving =
    testList "Moving to libtorch" [
        onLibrary
            "derivatives of functions that move"
            (fun _ ->
                let x = Tensor.ofArray [| 0.3; -1.2; 2.5 |]
                let still (x: Tensor) = Tensor.sum (exp (sin x) * x)

                let moving (x: Tensor) =
                    Tensor.sum (Tensor.moveTo managed (exp (there (sin x))) * x)

                let agree what (f: (Tensor -> Tensor) -> Tensor) =
                    close 1e-12 what (f still) (there (f moving))

                agree "gradient" (fun f -> Derivatives.grad f x)
                agree "Hessian" (fun f -> Derivatives.hessian f x)

                agree
                    "batch"
                    (fun f -> Derivatives.vmap (Derivatives.grad f) (Shaping.stack 0 [ x; -x ]))
            )

        onLibrary
            "compiled functions stay there"
            (fun _ ->
                let weights = Tensor.ofArray [| 1.0; 2.0; 3.0 |]

                let f (x: Tensor) =
                    Tensor.sum (Tensor.alongside x weights * exp x * x)

                let x = Tensor.ofArray [| 0.3; -1.2; 2.5 |]

                let compiled =
                    Compile.compileMany (fun inputs -> [| Derivatives.grad f inputs[0] |])

                for _ in 1..3 do
                    let results = compiled.Invoke [| there x |]
                    close 1e-12 "gradient" (Derivatives.grad f x) results[0]

                Expect.stringContains compiled.Description "the engine torch" "description"
            )

        onLibrary
            "mixed engines are refused with the way out"
            (fun _ ->
                let x = Tensor.ofArray [| 0.3; -1.2; 2.5 |]

                Expect.throwsC
                    (fun () -> x + there x |> ignore)
                    (fun error ->
                        Expect.isTrue (error :? ArgumentException) (string error)

                        for word in [ "Add"; "(3) on cpu"; "(3) on torch"; "Tensor.moveTo" ] do
                            Expect.stringContains error.Message word "message"
                    )
            )
    ]
