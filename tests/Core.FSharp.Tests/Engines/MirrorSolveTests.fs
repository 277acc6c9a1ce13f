/// Problems, models, methods and checkpoints on a second engine: the digits of the managed engine's pure path.
module Optim.CoreTests.Engines.MirrorSolveTests

open System
open System.IO
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests
open Optim.CoreTests.Rigs
open Optim.CoreTests.Engines.Mirrors

[<Literal>]
let private Steps = 6L

let private options: SolveOptions = { timeless with StopRules = [] }

/// All numbers of a run: its points, its reports and the method's state.
let private numbers (method: Method) (run: Run) : string =
    use stream = new MemoryStream()
    Checkpoint.write stream method run
    Convert.ToHexString(stream.ToArray())

let private sameRun (method: Method) (here: Run, a: SolveResult) (other: Run, b: SolveResult) =
    same "point" here.Point other.Point
    Expect.equal other.Steps here.Steps "steps"
    Expect.equal b.Reason a.Reason "reason"
    Expect.equal b.Path EvaluationPath.Eager "path"
    Expect.equal (numbers method other) (numbers method here) "all that a checkpoint holds"

let private problems: Problem list =
    Problems.all |> List.map (fun family -> family.Create family.DefaultDimension)

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

/// Objectives of models, made for the data of a task.
let private supervised: (string * (Supervised -> Objective)) list = [
    "full batch", Supervised.fullBatch
    "mini-batches", Supervised.miniBatches 8 (Key.ofSeed 5L)
]

let private startOf (task: Supervised) : Tensor = task.Model.Initialize(Key.ofSeed 6L)

[<Tests>]
let solving =
    testList "Solving on a second engine" [
        for problem in problems do
            for method in methods do
                settled
                    $"{problem.Name}, {method.Name}"
                    (fun () ->
                        let run (p: Problem) =
                            Solver.startFor Steps options method p.Objective p.Start

                        sameRun method (run problem) (run (Problem.moveTo mirror problem))
                    )

        for name, data in [ "classes", data; "numbers", numeric ] do
            for kind, objective in supervised do
                for method in methods do
                    settled
                        $"a model of {name}, {kind}, {method.Name}"
                        (fun () ->
                            let task = task data
                            let start = startOf task

                            sameRun
                                method
                                (Solver.startFor Steps options method (objective task) start)
                                (Solver.startFor
                                    Steps
                                    options
                                    method
                                    (objective (Supervised.moveTo mirror task))
                                    (there start))
                        )

        settled
            "to the end, with its certificate"
            (fun () ->
                let problem = Problems.find "rosenbrock" (ValueSome 40)
                let method = Lbfgs.create Lbfgs.defaults
                let here = Solver.minimizeWith timeless method problem.Objective problem.Start

                let other =
                    Solver.minimizeWith timeless method problem.Objective (there problem.Start)

                same "point" here.Point other.Point
                Expect.equal other.Outcome Outcome.Converged "outcome"
                Expect.equal (string other.Certificate) (string here.Certificate) "certificate"
            )

        settled
            "a compiled objective is computed uncompiled there, and says so"
            (fun () ->
                let problem = Problems.find "rosenbrock" (ValueSome 300)
                Expect.isTrue (Objective.isCompiled problem.Objective) "compiled"
                let method = Lbfgs.create Lbfgs.defaults
                let solve = Solver.startFor Steps options method
                let _, compiled = solve problem.Objective problem.Start
                Expect.equal compiled.Path EvaluationPath.Compiled "here"

                sameRun
                    method
                    (solve (Objective.eager problem.Objective) problem.Start)
                    (solve problem.Objective (there problem.Start))
            )

        testCase
            "data elsewhere than the point is refused"
            (fun () ->
                let task = task data

                refused<ArgumentException>
                    [ "matmul"; "on cpu"; "on mirror"; "Tensor.moveTo" ]
                    (fun () ->
                        Solver.minimize
                            (Lbfgs.create Lbfgs.defaults)
                            (Supervised.fullBatch task)
                            (there (startOf task))
                        |> ignore
                    )
            )

        testCase
            "a method that leaves the engine is refused"
            (fun () ->
                let leaving =
                    Method.create
                        "leaving"
                        (fun _ _ -> ())
                        (fun oracle x () -> Step.moved (there (x - oracle.Gradient x)) 1.0 ())

                refused<ArgumentException>
                    [ "method"; "mirror"; "cpu" ]
                    (fun () ->
                        Solver.minimize leaving problems.Head.Objective problems.Head.Start
                        |> ignore
                    )
            )
    ]

[<Tests>]
let learning =
    testList "Models on a second engine" [
        settled
            "exact Hessian, Gauss-Newton matrix and gradients of single examples"
            (fun () ->
                let results (data: DataSet) (x: Tensor) = [
                    let task = { task numeric with Data = data }
                    let objective = Supervised.fullBatch task
                    Derivatives.hessian objective.Function x

                    match objective.Composition with
                    | ValueSome c -> Curvature.gaussNewton (c.OutputsAt 0L) (c.LossAt 0L) x
                    | ValueNone -> failtest "no composition"

                    Curvature.perExampleGradients
                        (fun p input target ->
                            task.Loss.PerExample (task.Model.Apply p input) target
                        )
                        x
                        data.Inputs
                        data.Targets
                ]

                let x = startOf (task numeric)

                List.iter2
                    (same "matrix")
                    (results numeric x)
                    (results (DataSet.moveTo mirror numeric) (there x))
            )

        settled
            "assessing, standardizing and dividing data"
            (fun () ->
                let units = Standardization.fit data
                let moved = DataSet.moveTo mirror data
                let movedUnits = Standardization.fit moved
                same "means" units.InputMeans movedUnits.InputMeans
                same "deviations of classes" units.TargetDeviations movedUnits.TargetDeviations

                let here, other =
                    Standardization.apply units data, Standardization.apply movedUnits moved

                same "inputs" here.Inputs other.Inputs
                same "classes" here.Targets other.Targets
                let again = Standardization.moveTo mirror units

                same
                    "outputs"
                    (Standardization.restore units data.Inputs)
                    (Standardization.restore again moved.Inputs)

                let train, test = DataSet.split 0.25 (Key.ofSeed 1L) data
                let movedTrain, movedTest = DataSet.split 0.25 (Key.ofSeed 1L) moved
                same "training inputs" train.Inputs movedTrain.Inputs
                same "test classes" test.Targets movedTest.Targets
                let task = task data
                let x = startOf task

                Expect.equal
                    (Supervised.assess (Supervised.moveTo mirror task) movedTest (there x))
                    (Supervised.assess task test x)
                    "assessment"

                same "one hot" (Tensor.oneHot 3 data.Targets) (Tensor.oneHot 3 moved.Targets)

                let own = DataSet.ofClasses data.Classes moved.Inputs [ for i in 0..23 -> i % 3 ]
                same "classes made there" data.Targets own.Targets

                refused<ArgumentException>
                    [ "Targets"; "cpu"; "mirror" ]
                    (fun () -> DataSet.ofNumbers moved.Inputs data.Inputs |> ignore)
            )

        testCase
            "derivatives are checked where the point lies"
            (fun () ->
                let f (x: Tensor) = Tensor.sum (exp x * x)
                let x = there (Tensor.ofArray [| 0.3; 0.7 |])
                Expect.isEmpty (GradientCheck.checkGradients f x).Mistakes "gradient"
                Expect.isEmpty (GradientCheck.checkHessianProduct f x x).Mistakes "product"
            )
    ]

[<Tests>]
let checkpoints =
    testList "Checkpoints between engines" [
        for method in methods do
            for kind, from, target in
                [
                    "to the mirror", Engines.managed, mirror
                    "from the mirror", mirror, Engines.managed
                ] do
                for name, objective in supervised do
                    settled
                        $"{method.Name} goes on {kind}, {name}"
                        (fun () ->
                            let on (engine: Engine) =
                                objective (Supervised.moveTo engine (task data))

                            let start = Tensor.moveTo from (startOf (task data))

                            let whole, _ =
                                Solver.startFor (2L * Steps) options method (on from) start

                            let half, _ = Solver.startFor Steps options method (on from) start
                            use stream = new MemoryStream()
                            Checkpoint.write stream method half
                            stream.Position <- 0L
                            let loaded = Checkpoint.read stream method
                            Expect.equal loaded.Point.Device Device.Cpu "a file's run"
                            let moved = Run.moveTo target method loaded
                            Expect.equal moved.Point.Device target.Device "the moved run"

                            let resumed, _ =
                                Solver.resumeFor Steps options method (on target) moved

                            Expect.equal resumed.Point.Device target.Device "where it went on"

                            Expect.equal
                                (numbers method resumed)
                                (numbers method whole)
                                "all numbers"
                        )

        testCase
            "what was one tensor is one after moving"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                let problem = problems.Head
                let run, _ = Solver.startFor 4L options method problem.Objective problem.Start
                let moved = Run.moveTo mirror method run

                match moved.Last with
                | ValueSome last ->
                    Expect.isTrue (obj.ReferenceEquals(last.Point, moved.Point)) "last point"
                | ValueNone -> failtest "nothing was evaluated"

                Expect.equal (numbers method moved) (numbers method run) "numbers"
            )

        testCase
            "a run resumes in place when it comes back to the managed engine"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                let problem = Problems.find "rosenbrock" (ValueSome 300)
                let on = Solver.startFor Steps options method problem.Objective

                let run, result = on (there problem.Start)
                Expect.equal result.Path EvaluationPath.Eager "there"
                let back = Run.moveTo Engines.managed method run

                let resumed, result = Solver.resumeFor Steps options method problem.Objective back

                Expect.equal result.Path EvaluationPath.Compiled "back"

                let whole, _ =
                    Solver.startFor (2L * Steps) options method problem.Objective problem.Start

                Expect.isLessThan (distance resumed.Point whole.Point) 1e-9 "the same way"
            )

        settled
            "a run that may not look at its start moves, too"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                let problem = problems.Head
                let none = { options with Budget = { Budget.unlimited with Gradients = 0L } }
                let run, _ = Solver.startFor 1L none method problem.Objective problem.Start
                let moved = Run.moveTo mirror method run

                let resumed, _ = Solver.resumeFor Steps options method problem.Objective moved

                let whole, _ = Solver.startFor Steps options method problem.Objective problem.Start

                same "point" whole.Point resumed.Point
            )

        testCase
            "a run on the wrong engine is refused with the way out"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                let objective = Supervised.fullBatch (task data)
                let run, _ = Solver.startFor 2L options method objective (startOf (task data))
                let elsewhere = Supervised.fullBatch (Supervised.moveTo mirror (task data))

                refused<ArgumentException>
                    [ "on cpu"; "on mirror"; "Tensor.moveTo" ]
                    (fun () -> Solver.resume options method elsewhere run |> ignore)
            )
    ]
