module Optim.CoreTests.InPlaceTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs
open Optim.CoreTests.Arrays

let private solveBoth
    (options: SolveOptions)
    (method: Method)
    (objective: Objective)
    (start: Tensor)
    : SolveResult * SolveResult =
    let eager = { objective with Arrays = ValueNone }

    let arrays =
        if ValueOption.isSome objective.Arrays then
            objective
        else
            inPlace objective

    let plain = Solver.minimizeWith options method eager start
    let placed = Solver.minimizeWith options method arrays start
    Expect.equal plain.Path EvaluationPath.Eager "the pure path"

    if placed.Steps > 0L then
        Expect.equal placed.Path EvaluationPath.Compiled "the path in place"

    plain, placed

/// The reason without its numbers.
let private kind (reason: Reason) : string =
    match reason with
    | Reason.GradientSmall _ -> "gradient"
    | Reason.TargetReached _ -> "target"
    | Reason.Spent(resource, limit) -> $"{resource} {limit}"
    | Reason.Paused _ -> "paused"
    | Reason.Requested -> "requested"
    | Reason.SaddlePoint _ -> "saddle"
    | Reason.NoProgress detail -> detail
    | Reason.StartNotFinite _ -> "start"
    | Reason.NotFinite _ -> "not finite"
    | Reason.Unbounded _ -> "unbounded"

/// Two numbers agree, relative to their size; two that are not finite are the same.
let private near (tolerance: float) (actual: float) (expected: float) (message: string) : unit =
    if Double.IsFinite expected then
        close (tolerance * (1.0 + abs expected)) actual expected message
    else
        Expect.equal (string actual) (string expected) message

/// Steps, counts, sizes and values of two runs are the same, up to rounding.
let private sameTrace
    (tolerance: float)
    (a: SolveResult)
    (b: SolveResult)
    (message: string)
    : unit =
    Expect.equal b.Trace.Length a.Trace.Length $"{message}: reports"

    for x, y in List.zip a.Trace b.Trace do
        let at = $"{message}, step {x.Step}"
        Expect.equal (y.Step, y.Accepted) (x.Step, x.Accepted) at
        Expect.equal y.Evaluations x.Evaluations $"{at}: evaluations"
        near tolerance y.Value x.Value $"{at}: value"
        near tolerance y.StepSize x.StepSize $"{at}: size"

let private firstSteps =
    testList "In place: first steps" [
        for method in twins do
            testCase
                method.Name
                (fun () ->
                    // Then ill-conditioned problems have amplified rounding: Newton's Hessians, the products of Newton-CG.
                    let options = { timeless with Budget = Budget.steps 4L; StopRules = [] }

                    for family in Problems.all do
                        let p = family.Create family.DefaultDimension
                        let a, b = solveBoth options method p.Objective p.Start
                        sameTrace 1e-9 a b p.Name

                        Expect.isTrue
                            (isNear 1e-9 a.Point b.Point)
                            $"{p.Name}: {a.Point.ToArray()} and {b.Point.ToArray()}"

                        Expect.equal (kind b.Reason) (kind a.Reason) p.Name
                )
    ]

let private lengths =
    testList "In place: lengths" [
        for method in twins do
            for n in [ 1; 2; 3; 7; 8; 9; 17; 40 ] do
                testCase
                    $"{method.Name}, {n} variables"
                    (fun () ->
                        let options = { timeless with Budget = Budget.steps 8L; StopRules = [] }
                        let a, b = solveBoth options method chain (chainStart n)
                        sameTrace 1e-8 a b "chain"
                        Expect.isTrue (isNear 1e-8 a.Point b.Point) "point"
                    )

        for n in [ 127; 128; 1023; 1024; 1031; 10_000 ] do
            for history in [ 1; 2; 3; 10 ] do
                for pairType in [ DType.Float32; DType.Float64 ] do
                    testCase
                        $"lbfgs, {n} variables, {history} pairs of {pairType}"
                        (fun () ->
                            let options = {
                                timeless with
                                    Budget = Budget.steps 10L
                                    StopRules = []
                            }

                            let method =
                                Lbfgs.create {
                                    Lbfgs.defaults with
                                        History = history
                                        PairType = pairType
                                }

                            let a, b = solveBoth options method chain (chainStart n)
                            sameTrace 1e-9 a b "chain"
                            Expect.isTrue (isNear 1e-9 a.Point b.Point) "point"
                        )

        for n in [ 2; 200 ] do
            for exponent in [ 150; -150 ] do
                testCase
                    $"lbfgs, {n} variables: values times 2^{exponent} change no bit of the path"
                    (fun () ->
                        let f (x: Tensor) =
                            Math.ScaleB(1.0, exponent) * chain.Function x

                        let scaled = inPlace (Objective.named "scaled" f)
                        let plain = inPlace (Objective.named "plain" chain.Function)
                        let method = Lbfgs.create Lbfgs.defaults
                        let options = { timeless with Budget = Budget.steps 30L; StopRules = [] }

                        for usual, other in
                            [ plain, scaled; Objective.eager plain, Objective.eager scaled ] do
                            let a = Solver.minimizeWith options method usual (chainStart n)
                            let b = Solver.minimizeWith options method other (chainStart n)
                            Expect.equal b.Steps 30L "steps"
                            Expect.equal (bits b.Point) (bits a.Point) "point"
                    )
    ]

let private answers =
    testList "In place: answers" [
        for name in [ "lbfgs"; "bfgs"; "newton"; "newton-cg" ] do
            testCase
                name
                (fun () ->
                    let method = Catalogue.create name Map.empty

                    for family in Problems.all do
                        let p = family.Create family.DefaultDimension
                        let a, b = solveBoth timeless method p.Objective p.Start
                        let texts = $"{p.Name}: {SolveResult.text a} and {SolveResult.text b}"
                        Expect.equal b.Outcome a.Outcome texts

                        if a.Outcome = Outcome.Converged then
                            near 1e-8 b.Value a.Value texts
                            Expect.isTrue (ValueOption.isSome b.Certificate) "certificate"
                )
    ]

/// The limits of all kinds that end a run within some steps.
let private limits: Budget list = [
    for n in 0L .. 14L do
        { Budget.unlimited with Steps = n }
        { Budget.unlimited with Values = n; Steps = 100L }
        { Budget.unlimited with Gradients = n; Steps = 100L }
        { Budget.unlimited with Products = n; Steps = 100L }
        { Budget.unlimited with GradientEquivalents = float n; Steps = 100L }
]

let private budgets =
    testList "In place: budgets" [
        for method in twins do
            testCase
                $"{method.Name} is refused at the same question"
                (fun () ->
                    for budget in limits do
                        let options = { timeless with Budget = budget; StopRules = [] }
                        let a, b = solveBoth options method chain (chainStart 2)
                        let name = $"{budget}"

                        if a.Steps <= 20L then
                            Expect.equal (kind b.Reason) (kind a.Reason) name
                            Expect.equal b.Evaluations a.Evaluations name
                            Expect.equal b.Steps a.Steps name
                            near 1e-8 b.Value a.Value name
                )

            testCase
                $"{method.Name} goes on after a step that was cut short"
                (fun () ->
                    for n in 1L .. 12L do
                        let cut = {
                            timeless with
                                StopRules = []
                                Budget = { Budget.unlimited with Values = n; Products = 2L * n }
                        }

                        let start = chainStart 2
                        let run, first = Solver.startFor 8L cut method chain start
                        let free = { timeless with StopRules = [] }

                        let _, result = Solver.resumeFor (8L - run.Steps) free method chain run

                        let _, whole = Solver.startFor 8L free method chain start

                        Expect.equal
                            (bits result.Point)
                            (bits whole.Point)
                            $"{SolveResult.text first}"

                        Expect.equal result.Steps whole.Steps "steps"
                )
    ]

let private endings: (string * (Tensor -> Tensor) * float list) list = [
    "no lower bound", (fun x -> -(Tensor.sum x)), [ 0.0; 1.0 ]
    "a hill", (fun x -> -(Tensor.sum (Tensor.square x))), [ 1.0; 2.0 ]
    "x^3", (fun x -> Tensor.sum (x * x * x)), [ -1.0 ]
    "a barrier", (fun x -> Tensor.sum (x - Tensor.log x)), [ 50.0; 20.0 ]
    "no value at the start", (fun x -> Tensor.sum (x - Tensor.log x)), [ -1.0; 1.0 ]
    "a saddle",
    (fun x -> Tensor.square x[0] - Tensor.square x[1] + Tensor.power 4.0 x[1] / 4.0),
    [ 1.0; 0.0 ]
    "flat", (fun x -> 0.0 * Tensor.sum x + 3.0), [ 1.0; 2.0 ]
    "an edge", (fun x -> Tensor.sum (Tensor.sqrt x)), [ 1.0; 2.0 ]
    "steep", (fun x -> Tensor.sum (Tensor.power 4.0 x)), [ 100.0; 0.5 ]
    "a plateau", (fun x -> 1.0 - Tensor.exp (-(Tensor.sum (Tensor.square x)))), [ 0.5; 0.3 ]
    "a kink", (fun x -> Tensor.sum (Tensor.abs x)), [ 1.0; -0.3 ]
]

let private honest =
    testList "In place: honest endings" [
        for method in twins do
            testCase
                method.Name
                (fun () ->
                    let options = { timeless with Budget = Budget.steps 60L }

                    for name, f, start in endings do
                        let objective = Objective.ofFunction f
                        let a, b = solveBoth options method objective (Tensor.ofSeq start)
                        let texts = $"{name}: {SolveResult.text a} and {SolveResult.text b}"
                        Expect.equal b.Outcome a.Outcome texts
                        Expect.equal (kind b.Reason) (kind a.Reason) texts

                        // How fast a search grows that has no minimizer to aim at hangs on the last bit.
                        if kind a.Reason <> "unbounded" then
                            Expect.equal b.Steps a.Steps texts
                            Expect.equal b.Evaluations a.Evaluations texts
                            near 1e-8 b.Value a.Value texts
                )

        testCase
            "stop rules end both paths at the same step"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults

                for rules in
                    [
                        [ StopRule.ValueBelow 1.0 ]
                        [ StopRule.ValueSettled(0.9, 3) ]
                        [ StopRule.GradientBelow(1e-1, 0.0); StopRule.ValueSettled(1e-6, 2) ]
                        [ StopRule.GradientBelow(0.0, 1e-3); StopRule.ValueBelow 1e-3 ]
                    ] do
                    let options = { timeless with StopRules = rules }
                    let a, b = solveBoth options method chain (chainStart 2)
                    Expect.equal (kind b.Reason) (kind a.Reason) $"{rules}"
                    Expect.equal b.Steps a.Steps $"{rules}"
            )

        testCase
            "requests, tokens and observers are heard"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                use source = new CancellationTokenSource()
                let seen = ResizeArray<int64 * float[]>()

                let observe (report: StepReport) (point: Tensor) =
                    seen.Add(report.Step, point.ToArray())

                    if report.Step = 5L then
                        source.Cancel()

                let options = {
                    timeless with
                        Observe = observe
                        StopRules = [ StopRule.WhenRequested source.Token ]
                }

                let result = Solver.minimizeWith options method chain (chainStart 4)
                Expect.equal result.Reason Reason.Requested "reason"
                Expect.equal result.Steps 5L "steps"
                Expect.equal (List.ofSeq seen |> List.map fst) [ 1L .. 5L ] "observed"

                Expect.equal
                    (snd seen[4])
                    (result.Point.ToArray())
                    "the last accepted point is the best one here"

                use abandon = new CancellationTokenSource()

                let options = {
                    timeless with
                        Cancellation = abandon.Token
                        Observe =
                            fun report _ ->
                                if report.Step = 3L then
                                    abandon.Cancel()
                }

                Expect.throwsT<OperationCanceledException>
                    (fun () -> Solver.minimizeWith options method chain (chainStart 4) |> ignore)
                    "abandoned"
            )

        testCase
            "time is a hard limit"
            (fun () ->
                let options = {
                    SolveOptions.defaults with
                        Clock = StepClock(TimeSpan.FromSeconds 1.0)
                        StopRules = []
                        Budget = { Budget.unlimited with Time = TimeSpan.FromSeconds 30.0 }
                }

                let result =
                    Solver.minimizeWith options (Lbfgs.create Lbfgs.defaults) chain (chainStart 9)

                Expect.equal result.Outcome Outcome.BudgetSpent "outcome"
                Expect.stringContains (Reason.text result.Reason) "time" "reason"
                Expect.isGreaterThan result.Steps 0L "it got somewhere"
            )
    ]

[<Tests>]
let inPlaceRuns =
    testList "In place" [ firstSteps; lengths; answers; budgets; honest ]
