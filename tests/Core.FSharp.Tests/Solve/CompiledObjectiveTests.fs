/// Compiled objectives in runs: the same answers as uncompiled ones, honest guards, the path in the result.
module Optim.CoreTests.CompiledObjectiveTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private rosenbrock (x: Tensor) : Tensor =
    let before, after = x[.. x.Length - 2], x[1..]

    Tensor.sum (
        100.0 * Tensor.square (after - Tensor.square before)
        + Tensor.square (1.0 - before)
    )

let private start = Tensor.ofArray [| -1.2; 1.0; -1.2; 1.0 |]
let private plain = Objective.named "rosenbrock" rosenbrock

let private steps (count: int64) : SolveOptions = {
    SolveOptions.defaults with
        Budget = Budget.steps count
}

let private near (what: string) (expected: Tensor) (actual: Tensor) : unit =
    let size = max 1.0 ((Tensor.max (Tensor.abs expected)).ToScalar())
    let distance = (Tensor.max (Tensor.abs (actual - expected))).ToScalar()
    Expect.isLessThanOrEqual distance (1e-12 * size) what

/// An oracle without limits.
let private oracle (objective: Objective) : Oracle =
    Oracle(
        objective,
        Budget.unlimited,
        Key.ofSeed 0L,
        (fun () -> TimeSpan.Zero),
        Threading.CancellationToken.None
    )

let private refused (parts: string list) (work: unit -> unit) : unit =
    let error =
        Expect.throwsC
            work
            (fun error ->
                match error with
                | :? InvalidOperationException
                | :? ArgumentException -> error
                | other -> failtest $"{other}"
            )

    for part in parts do
        Expect.stringContains error.Message part "the message"

[<Tests>]
let answers =
    testList "Compiled answers" [
        testCase "every problem that ships compiles, and answers as before"
        <| fun () ->
            for name in Problems.names do
                let problem = Problems.find name ValueNone
                let eager = oracle (Objective.eager problem.Objective)
                let compiled = oracle (Objective.compile problem.Objective)
                let x = problem.Start
                let v = Tensor.normal (Key.ofSeed 3L) [ x.Length ]
                let a, b = eager.Evaluate x, compiled.Evaluate x
                near $"{name}: value" (Tensor.scalar a.Value) (Tensor.scalar b.Value)
                near $"{name}: gradient" a.Gradient b.Gradient
                near $"{name}: product" (eager.HessianProducts x v) (compiled.HessianProducts x v)
                near $"{name}: Hessian" (eager.Hessian x) (compiled.Hessian x)
                let y = x + 0.01

                near
                    $"{name}: alone"
                    (Tensor.scalar (eager.Value y))
                    (Tensor.scalar (compiled.Value y))

                Expect.equal compiled.Evaluations eager.Evaluations $"{name}: what was counted"
                Expect.isTrue compiled.UsesArrays $"{name}: by arrays"

        testCase "a map of Hessian products belongs to its point"
        <| fun () ->
            let compiled = oracle (Objective.compile plain)
            let v = Tensor.ofArray [| 1.0; -1.0; 0.5; 2.0 |]
            let first = compiled.HessianProducts start
            let second = compiled.HessianProducts(start + 1.0)
            near "second" (Derivatives.hvp rosenbrock (start + 1.0) v) (second v)
            near "first" (Derivatives.hvp rosenbrock start v) (first v)

        testCase "a part of a larger tensor is a point like any other"
        <| fun () ->
            let compiled = oracle (Objective.compile plain)
            let part = (Tensor.ofArray [| 9.0; -1.2; 1.0; -1.2; 1.0; 9.0 |])[1..4]
            near "gradient" (Derivatives.grad rosenbrock start) (compiled.Gradient part)

        testCase "Float32 points stay uncompiled"
        <| fun () ->
            let compiled = oracle (Objective.compile plain)
            let x = Tensor.cast DType.Float32 start
            Expect.equal (compiled.Gradient x).DType DType.Float32 "type"
            Expect.isFalse compiled.UsesArrays "eager"

        testCase "scaled objectives stay compiled"
        <| fun () ->
            let scaled = Objective.scaled 3.0 (Objective.compile plain)
            Expect.isTrue (Objective.isCompiled scaled) "compiled"
            let compiled, eager = oracle scaled, oracle (Objective.scaled 3.0 plain)
            let v = Tensor.ofArray [| 1.0; -1.0; 0.5; 2.0 |]
            let value = Tensor.scalar (eager.Value start)
            near "value" value (Tensor.scalar (compiled.Value start))
            near "gradient" (eager.Gradient start) (compiled.Gradient start)
            near "product" (eager.HessianProducts start v) (compiled.HessianProducts start v)
            near "Hessian" (eager.Hessian start) (compiled.Hessian start)
            Expect.isTrue compiled.UsesArrays "by arrays"
    ]

[<Tests>]
let runs =
    testList "Compiled runs" [
        for method in Rigs.methods do
            testCase $"{method.Name} takes the same steps, and says how"
            <| fun () ->
                let run objective =
                    Solver.minimizeWith (steps 20L) method objective start

                let eager, compiled = run plain, run (Objective.compile plain)
                Expect.equal eager.Path EvaluationPath.Eager "the eager path"
                Expect.equal compiled.Path EvaluationPath.Compiled "the compiled path"
                Expect.equal compiled.Steps eager.Steps "steps"
                Expect.equal compiled.Evaluations eager.Evaluations "evaluations"
                let distance = (Tensor.max (Tensor.abs (compiled.Point - eager.Point))).ToScalar()
                Expect.isLessThan distance 1e-7 "points"
                Expect.stringContains (SolveResult.text compiled) "compiled" "the text"
                Expect.isFalse ((SolveResult.text eager).Contains "compiled") "the eager text"

            testCase $"{method.Name} stops and goes on bit by bit"
            <| fun () ->
                let objective = Objective.compile plain
                let options = { Rigs.timeless with Budget = Budget.steps 12L }
                let whole = Solver.minimizeWith options method objective start
                let half, _ = Solver.startFor 5L options method objective start
                let again = Solver.resume options method objective half
                Expect.equal (Rigs.bits again.Point) (Rigs.bits whole.Point) "point"
                Expect.equal again.Evaluations whole.Evaluations "evaluations"
                Expect.equal again.Path EvaluationPath.Compiled "path"

        testCase "large problems compile by themselves, small ones do not, and eager undoes it"
        <| fun () ->
            let path (n: int) (change: Objective -> Objective) =
                let problem = Problems.find "rosenbrock" (ValueSome n)
                let method = Lbfgs.create Lbfgs.defaults

                (Solver.minimizeWith (steps 3L) method (change problem.Objective) problem.Start)
                    .Path

            Expect.equal (path 1000 id) EvaluationPath.Compiled "n = 1000"
            Expect.equal (path 10 id) EvaluationPath.Eager "n = 10"
            Expect.equal (path 1000 Objective.eager) EvaluationPath.Eager "n = 1000, eager"

        testCase "one objective serves many runs at once"
        <| fun () ->
            let objective = Objective.compile plain
            let method = Lbfgs.create Lbfgs.defaults
            let expected = Solver.minimize method objective start

            let results =
                Array.Parallel.init 8 (fun _ -> Solver.minimize method objective start)

            for result in results do
                Expect.equal (Rigs.bits result.Point) (Rigs.bits expected.Point) "point"

        testCase "who observes every third step sees every third step"
        <| fun () ->
            for objective in [ plain; Objective.compile plain ] do
                let seen = ref []

                let options = {
                    steps 10L with
                        Observe = fun report _ -> seen.Value <- report.Step :: seen.Value
                        ObserveEvery = 3L
                }

                Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) objective start
                |> ignore

                Expect.equal seen.Value [ 9L; 6L; 3L ] "steps seen"
    ]

[<Tests>]
let guards =
    testList "Compiled guards" [
        testCase "a function that reads numbers is refused"
        <| fun () ->
            let f (x: Tensor) =
                if x[0].ToScalar() > 0.0 then
                    Tensor.sum x
                else
                    -(Tensor.sum x)

            refused
                [ "reads"; "where"; "uncompiled" ]
                (fun () ->
                    Solver.minimize
                        (Lbfgs.create Lbfgs.defaults)
                        (Objective.compile (Objective.named "branching" f))
                        start
                    |> ignore
                )

        testCase "a function whose data change is refused, also in a later run"
        <| fun () ->
            let data = Tensor.ofArray [| 0.0; 1.0; 2.0; 3.0 |]
            let shift = ref data

            let f (x: Tensor) =
                Tensor.sum (Tensor.square (x - shift.Value))

            let objective = Objective.compile (Objective.named "moving" f)

            let run () =
                Solver.minimize (Lbfgs.create Lbfgs.defaults) objective start

            Expect.isTrue (run ()).Outcome.IsConverged "before the change"
            shift.Value <- 2.0 * data
            let words = [ "moving"; "compiled"; "uncompiled"; "argument"; "Objective.eager" ]
            refused words (run >> ignore)

        testCase "a Hessian that changed is refused where value and gradient are the same"
        <| fun () ->
            let curvature = ref 1.0

            // At the start value and gradient do not depend on the curvature.
            let f (x: Tensor) =
                Tensor.sum x + 0.5 * curvature.Value * Tensor.sum (Tensor.square (x - start))

            let objective = Objective.compile (Objective.named "bent" f)
            let method = Newton.create Newton.defaults
            Solver.minimizeWith (steps 1L) method objective start |> ignore
            curvature.Value <- 2.0
            let again = oracle objective
            refused [ "Hessian"; "bent" ] (fun () -> again.Hessian start |> ignore)
            let v = Tensor.ofArray [| 1.0; 0.0; 0.0; 0.0 |]

            refused
                [ "Hessian"; "bent" ]
                (fun () ->
                    let compiled = oracle (Objective.compile (Objective.named "bent" f))
                    compiled.HessianProducts start v |> ignore
                    curvature.Value <- 3.0
                    compiled.HessianProducts start v |> ignore
                )

        testCase "a function of chance is refused"
        <| fun () ->
            let count = ref 0L

            let f (x: Tensor) =
                count.Value <- count.Value + 1L
                let noise = Tensor.normal (Key.ofSeed count.Value) [ 4 ]
                Tensor.sum (Tensor.square (x + 1e-4 * noise))

            refused
                [ "noisy"; "chance" ]
                (fun () ->
                    let objective = Objective.compile (Objective.named "noisy" f)
                    Solver.minimize (Lbfgs.create Lbfgs.defaults) objective start |> ignore
                )

        testCase "rounding is no reason to refuse: a start at the solution, where all digits cancel"
        <| fun () ->
            let times = Tensor.ofArray [| for i in 1..40 -> 0.1 * float i |]

            let model (x: Tensor) =
                x[0] * Tensor.exp (-x[1] * times) + x[2]

            let solution = Tensor.ofArray [| 2.1; 0.7; 0.3 |]
            let data = model solution
            let objective = Objective.leastSquares "fit" (fun x -> model x - data)
            let nearby = solution * (1.0 + 3e-16)

            for start in [ solution; nearby ] do
                for method in Rigs.methods do
                    Solver.minimizeWith (steps 5L) method (Objective.compile objective) start
                    |> ignore

        testCase "an objective on mini-batches is refused, and left as it is where nobody asked"
        <| fun () ->
            let sampled = Objective.sampled "sampled" 0.5 rosenbrock (fun _ -> rosenbrock)
            refused [ "sampled"; "step" ] (fun () -> Objective.compile sampled |> ignore)

            Expect.isFalse
                (Objective.isCompiled (Objective.compileWherePays 5000 sampled))
                "as it is"

        testCase "a value of more than one number is the same mistake as uncompiled"
        <| fun () ->
            refused
                [ "number" ]
                (fun () ->
                    let objective = Objective.compile (Objective.named "two" (fun x -> x[0..1]))
                    Solver.minimize (Lbfgs.create Lbfgs.defaults) objective start |> ignore
                )
    ]
