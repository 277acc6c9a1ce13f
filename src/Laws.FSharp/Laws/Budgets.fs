namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim.Core

/// A limit as printable data.
[<RequireQualifiedAccess>]
type internal Limit =
    | Steps of int64
    | Values of int64
    | Gradients of int64
    | Products of int64
    | GradientEquivalents of float

    member limit.Budget: Budget =
        match limit with
        | Limit.Steps most -> { Budget.standard with Steps = most }
        | Limit.Values most -> { Budget.standard with Steps = 300L; Values = most }
        | Limit.Gradients most -> { Budget.standard with Steps = 300L; Gradients = most }
        | Limit.Products most -> { Budget.standard with Steps = 100L; Products = most }
        | Limit.GradientEquivalents most -> {
            Budget.standard with
                Steps = 300L
                GradientEquivalents = most
          }

    member limit.Source: string =
        match limit with
        | Limit.Steps most -> $"{{ Budget.standard with Steps = {most}L }}"
        | Limit.Values most -> $"{{ Budget.standard with Steps = 300L; Values = {most}L }}"
        | Limit.Gradients most -> $"{{ Budget.standard with Steps = 300L; Gradients = {most}L }}"
        | Limit.Products most -> $"{{ Budget.standard with Steps = 100L; Products = {most}L }}"
        | Limit.GradientEquivalents most ->
            $"{{ Budget.standard with Steps = 300L; GradientEquivalents = {Source.ofFloat most} }}"

/// A limited run as printable data.
[<NoComparison>]
type internal LimitedTrial = { Case: ProblemCase; Limit: Limit }

/// Hard limits and true counts.
[<RequireQualifiedAccess>]
module Budgets =

    let private limits: Gen<Limit> =
        let count (most: int) = Gen.choose (0, most) |> Gen.map int64

        Gen.oneof [
            Gen.map Limit.Steps (count 20)
            Gen.map Limit.Values (count 30)
            Gen.map Limit.Gradients (count 30)
            Gen.map Limit.Products (count 60)
            Gen.map (fun (n: int64) -> Limit.GradientEquivalents(float n / 3.0)) (count 90)
        ]

    let private limitedTrials
        (limits: Gen<Limit>)
        (cases: Arbitrary<ProblemCase>)
        : Arbitrary<LimitedTrial> =
        let trials =
            Gen.map2 (fun case limit -> { Case = case; Limit = limit }) (Arb.toGen cases) limits

        let shrink (trial: LimitedTrial) : LimitedTrial seq =
            ProblemGenerators.shrink trial.Case
            |> Seq.map (fun case -> { trial with Case = case })

        Arb.fromGenShrink (trials, shrink)

    let private program (trial: LimitedTrial) : string =
        Snippet.withProblem trial.Case [
            "let calls = ref 0"
            "let counted f x ="
            "    calls.Value <- calls.Value + 1"
            "    f x"
            "let objective = {"
            "    problem.Objective with"
            "        Function = counted problem.Objective.Function"
            "        FunctionAt = fun k -> counted (problem.Objective.FunctionAt k)"
            "}"
            $"let options = {{ SolveOptions.defaults with Budget = {trial.Limit.Source} }}"
            "let result = Solver.minimizeWith options method objective problem.Start"
            "printfn \"%s\" (SolveResult.text result)"
            "printfn \"the function itself was called %d times\" calls.Value"
        ]

    let private record (settings: LawSettings) (method: Method) (trial: LimitedTrial) : Recording =
        let options = { SolveOptions.defaults with Budget = trial.Limit.Budget }
        Trial.recordWith options method (Law.problem settings trial.Case)

    let private overspent (limit: Limit) (recording: Recording) : string voption =
        let counts, budget = recording.Result.Evaluations, limit.Budget

        let within (what: string) (count: int64) (most: int64) =
            Law.expect (count <= most) (fun () -> $"{count} {what}, the budget was {most}")

        Law.firstOf [
            within "steps" recording.Result.Steps budget.Steps
            within "steps seen" (int64 recording.Stops.Length) budget.Steps
            within "values" counts.Values budget.Values
            within "gradients" counts.Gradients budget.Gradients
            within "products" counts.Products budget.Products
            within "calls of the function with plain numbers" recording.Plain budget.Values
            Law.expect
                (counts.GradientEquivalents <= budget.GradientEquivalents)
                (fun () ->
                    $"a cost of {counts.GradientEquivalents} gradients, the budget was {budget.GradientEquivalents}"
                )
        ]

    let private staysWithinBudget (settings: LawSettings) : Law = {
        Name = "never over budget"
        Statement =
            "Steps, values, gradients, products and their cost stay at or below the budget, whichever is limited."
        Check =
            fun method ->
                Law.forAll
                    { settings with Cases = 2 * settings.Cases }
                    (limitedTrials limits (Law.cases settings ProblemGenerators.any))
                    program
                    (fun trial -> overspent trial.Limit (record settings method trial))
    }

    /// One call with plain numbers is a value; one call from inside a derivative is a gradient, products of the Hessian
    /// after a gradient, or a Hessian of n products. Without products every call is known: a gradient counts a value too, but
    /// for the one that a refused product may leave behind, and which a compiled objective does not compute.
    let private miscounted (problem: LawProblem) (recording: Recording) : string voption =
        let counts = recording.Result.Evaluations
        let plain, differentiated = recording.Plain, recording.Differentiated
        let calls = plain + differentiated
        let n = int64 problem.Start.Length

        let said =
            $"the counts say {counts.Values} values, {counts.Gradients} gradients, {counts.Products} products"

        let seen =
            $"the function was called {plain} times with plain numbers and {differentiated} times inside derivatives"

        let isPossible =
            plain <= counts.Values
            && counts.Values <= calls
            && differentiated <= counts.Gradients + counts.Products / n

        let unused = if Objective.isCompiled problem.Objective then 1L else 0L

        let isExact =
            differentiated <= counts.Gradients
            && counts.Gradients <= differentiated + unused
            && calls <= counts.Values + 1L

        Law.expect (isPossible && (counts.Products > 0L || isExact)) (fun () -> $"{said}; {seen}")

    let private countsTruly (settings: LawSettings) : Law = {
        Name = "counts are true"
        Statement =
            "The counts of values, gradients and products agree with the calls that the function itself has seen."
        Check =
            fun method ->
                let limits = Gen.elements [ Limit.Steps 30L; Limit.Products 0L; Limit.Products 40L ]

                Law.forAll
                    { settings with Cases = 2 * settings.Cases }
                    (limitedTrials limits (Law.cases settings ProblemGenerators.any))
                    program
                    (fun trial ->
                        miscounted (Law.problem settings trial.Case) (record settings method trial)
                    )
    }

    /// The laws of this family.
    let laws (settings: LawSettings) : Law list = [
        staysWithinBudget settings
        countsTruly settings
    ]
