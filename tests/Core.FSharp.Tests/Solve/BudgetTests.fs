module Optim.CoreTests.BudgetTests

open System
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

/// So flat that the rates that methods have by default do not diverge.
let private chained =
    let p = Problems.find "rosenbrock" (ValueSome 4)
    { p with Objective = Objective.scaled 1e-3 p.Objective }

let private runWith (budget: Budget) (method: Method) : SolveResult * int64 =
    let objective, calls = counted chained.Objective

    let result =
        Solver.minimizeWith { timeless with Budget = budget } method objective chained.Start

    result, calls ()

/// What the budget of this kind and size allows is never exceeded, by the run's own count and by the objective's.
let private holds
    (kind: string)
    (limits: int list)
    (budget: int -> Budget)
    (used: Evaluations -> float)
    : Test list = [
    for method in methods do
        testCase
            $"{method.Name} keeps to a budget of {kind}"
            (fun () ->
                for limit in limits do
                    let result, calls = runWith (budget limit) method

                    Expect.isLessThanOrEqual
                        (used result.Evaluations)
                        (float limit)
                        $"{kind}, limit {limit}"

                    let e = result.Evaluations

                    Expect.isLessThanOrEqual
                        calls
                        (e.Values + e.Gradients + e.Products)
                        "calls behind the run's back"

                    Expect.notEqual
                        result.Outcome
                        Outcome.Failed
                        $"limit {limit} ended as {SolveResult.text result}"

                    if limit > 0 && kind <> "products" then
                        Expect.isTrue (Double.IsFinite result.Value) "a best point is known"
            )
]

let private limits = [ 1; 2; 3; 7; 20 ]

[<Tests>]
let budgets =
    testList "Budgets" [
        yield!
            holds
                "values"
                limits
                (fun n -> { Budget.unlimited with Values = int64 n; Steps = 500L })
                (fun e -> float e.Values)

        yield!
            holds
                "gradients"
                limits
                (fun n -> { Budget.unlimited with Gradients = int64 n; Steps = 500L })
                (fun e -> float e.Gradients)

        yield!
            holds
                "gradient equivalents"
                limits
                (fun n -> { Budget.unlimited with GradientEquivalents = float n; Steps = 500L })
                (fun e -> e.GradientEquivalents)

        for name in [ "newton"; "newton-pure"; "newton-cg"; "saddle-free-newton" ] do
            testCase
                $"{name} keeps to a budget of products"
                (fun () ->
                    for limit in [ 0; 1; 4; 9; 30 ] do
                        let budget = { Budget.unlimited with Products = int64 limit; Steps = 500L }
                        let result, _ = runWith budget (Catalogue.create name Map.empty)

                        Expect.isLessThanOrEqual
                            result.Evaluations.Products
                            (int64 limit)
                            $"limit {limit}"

                        Expect.equal result.Outcome Outcome.BudgetSpent $"limit {limit}"
                )

        for method in methods do
            testCase
                $"{method.Name} keeps to a budget of steps"
                (fun () ->
                    for limit in [ 0L; 1L; 5L ] do
                        let result, _ = runWith (Budget.steps limit) method
                        Expect.equal result.Steps limit "steps"
                        Expect.equal result.Outcome Outcome.BudgetSpent "outcome"

                        Expect.stringContains
                            (Reason.text result.Reason)
                            "steps"
                            "the reason says which"
                )

        testCase
            "nothing is asked when nothing is allowed"
            (fun () ->
                let result, calls =
                    runWith { Budget.unlimited with Values = 0L } (Lbfgs.create Lbfgs.defaults)

                Expect.equal calls 0L "calls"
                Expect.equal result.Outcome Outcome.BudgetSpent "outcome"
                Expect.equal (bits result.Point) (bits chained.Start) "the start is all there is"
            )

        testCase
            "time is a hard limit"
            (fun () ->
                let clock = StepClock(TimeSpan.FromSeconds 1.0)

                let options = {
                    SolveOptions.defaults with
                        Clock = clock
                        StopRules = []
                        Budget = { Budget.unlimited with Time = TimeSpan.FromSeconds 30.0 }
                }

                let result =
                    Solver.minimizeWith
                        options
                        (Sgd.create Sgd.defaults)
                        (problem "booth").Objective
                        (problem "booth").Start

                Expect.equal result.Outcome Outcome.BudgetSpent "outcome"
                Expect.stringContains (Reason.text result.Reason) "time" "reason"
                Expect.isGreaterThan result.Steps 0L "it got somewhere"
            )

        testCase
            "a method that asks nothing is ended by time"
            (fun () ->
                let idle =
                    Method.create
                        "idle"
                        (fun _ _ -> 0)
                        (fun _ point n -> Step.rejected point 0.0 (n + 1))

                let options = {
                    SolveOptions.defaults with
                        Clock = StepClock(TimeSpan.FromSeconds 1.0)
                        Budget = { Budget.unlimited with Time = TimeSpan.FromSeconds 30.0 }
                }

                let result = Solver.minimizeWith options idle chained.Objective chained.Start
                Expect.equal result.Outcome Outcome.BudgetSpent "outcome"
            )

        testCase
            "the time of observers is not counted"
            (fun () ->
                let clock = StepClock TimeSpan.Zero

                let options = {
                    SolveOptions.defaults with
                        Clock = clock
                        Observe = fun _ _ -> clock.Advance(TimeSpan.FromHours 1.0)
                        Budget = { Budget.steps 5L with Time = TimeSpan.FromMinutes 1.0 }
                }

                let result =
                    Solver.minimizeWith
                        options
                        (Sgd.create { Sgd.defaults with Rate = Schedule.Constant 1e-4 })
                        chained.Objective
                        chained.Start

                Expect.equal result.Steps 5L "all steps were made"
                Expect.equal result.Elapsed TimeSpan.Zero "no time passed"
            )

        testCase
            "a token abandons the run at the next evaluation"
            (fun () ->
                for method in methods do
                    use source = new CancellationTokenSource()
                    let calls = ref 0

                    let f (x: Tensor) =
                        calls.Value <- calls.Value + 1

                        if calls.Value = 3 then
                            source.Cancel()

                        chained.Objective.Function x

                    let options = { timeless with Cancellation = source.Token }

                    Expect.throwsT<OperationCanceledException>
                        (fun () ->
                            Solver.minimizeWith
                                options
                                method
                                (Objective.ofFunction f)
                                chained.Start
                            |> ignore
                        )
                        method.Name

                    Expect.equal calls.Value 3 $"{method.Name} asks nothing more"
            )

        testCase
            "large points survive a step that the budget cuts short"
            (fun () ->
                // Above the size from which memory is recycled.
                let large = Problems.find "rosenbrock" (ValueSome 2000)

                for method in
                    [
                        Lbfgs.create Lbfgs.defaults
                        NewtonCg.create NewtonCg.defaults
                        GradientDescent.create GradientDescent.defaults
                    ] do
                    for limit in 2L .. 12L do
                        let budget = { Budget.unlimited with Gradients = limit }

                        let result =
                            Solver.minimizeWith
                                { timeless with Budget = budget }
                                method
                                large.Objective
                                large.Start

                        let value = (large.Objective.Function result.Point).ToScalar()

                        // The value may come from a compiled program, which rounds otherwise.
                        close
                            (1e-12 * abs value)
                            value
                            result.Value
                            $"{method.Name}, limit {limit}: the best point is whole"
            )
    ]
