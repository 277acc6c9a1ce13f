/// Every law catches the fault that it is there for.
module Optim.LawsTests.TeethTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Laws
open Optim.LawsTests

let private everything: Claims = {
    IsMonotone = true
    EscapesSaddles = true
    IsScaleInvariant = true
    IsTranslationInvariant = true
    IsRotationEquivariant = true
    IsAffineInvariant = true
    ConvergesGlobally = true
    SuitsMiniBatches = true
    OnQuadratics = QuadraticClaim.OneMove
}

let private steepest () : Method =
    GradientDescent.create GradientDescent.defaults

let private atRate (rate: float) () : Method =
    Sgd.create { Sgd.defaults with Rate = Schedule.Constant rate }

let private adam () : Method =
    Adam.create { Adam.defaults with Rate = Schedule.Constant 0.05 }

let private adamW () : Method =
    AdamW.create { AdamW.defaults with Rate = Schedule.Constant 0.05; WeightDecay = 0.1 }

/// The law that must fail, what the method claims, and the method.
let private faults: (string * Claims * (unit -> Method)) list = [
    "no accepted step raises the value", { Claims.none with IsMonotone = true }, Faulty.uphill
    "counts are true", Claims.none, Faulty.spendthrift
    "counts are true", Claims.none, Faulty.smuggler
    "never over budget", Claims.none, Faulty.spendthrift
    "never over time", Claims.none, Faulty.spendthrift
    "a step is a function of its state", Claims.none, Faulty.secretive
    "resumed is uninterrupted", Claims.none, Faulty.secretive
    "the same seed gives the same run", Claims.none, Faulty.moody
    "runs do not disturb each other", Claims.none, Faulty.hoarder
    "finite numbers lead to finite points", Claims.none, Faulty.dizzy
    "finite numbers lead to finite points", Claims.none, Faulty.growing
    "single precision stays single", Claims.none, Faulty.coarse
    "never an exception for numeric trouble", Claims.none, Faulty.fragile
    "wrong derivatives do no harm", Claims.none, Faulty.trusting
    "a cancelled run ends at once", Claims.none, Faulty.spendthrift
    "a saved run comes back", Claims.none, Faulty.unsavable
    "a saved run comes back", Claims.none, Faulty.possessive
    "as fast on quadratics as claimed",
    { Claims.none with OnQuadratics = QuadraticClaim.OneMove },
    Faulty.mistaken

    "as fast on quadratics as claimed",
    { Claims.none with OnQuadratics = QuadraticClaim.Reduces(1e-6, 400L, 10.0) },
    Faulty.content

    "as fast on quadratics as claimed",
    { Claims.none with OnQuadratics = QuadraticClaim.Linear(0.8, 10.0) },
    atRate 0.1

    "as fast on quadratics as claimed",
    { Claims.none with OnQuadratics = QuadraticClaim.FiniteTermination },
    steepest

    "saddles are left", { Claims.none with EscapesSaddles = true }, steepest
    "smooth problems are solved from afar",
    { Claims.none with ConvergesGlobally = true },
    atRate 0.01
    "samples lead to the whole", { Claims.none with SuitsMiniBatches = true }, Faulty.idle
    "scaling the problem changes nothing", { Claims.none with IsScaleInvariant = true }, atRate 0.5
    "shifting the problem shifts the path",
    { Claims.none with IsTranslationInvariant = true },
    adamW
    "rotating the problem rotates the path", { Claims.none with IsRotationEquivariant = true }, adam
    "any coordinates give the same path", { Claims.none with IsAffineInvariant = true }, steepest
]

/// Laws that the loop obeys whatever a method does; they are tried on made-up results below.
let private lawsOfTheLoop: string list = [
    "never a false Converged"
    "the best point is kept"
    "a requested end comes after the step"
]

let private lawNamed (name: string) (claims: Claims) : Law =
    Laws.forClaims LawSettings.defaults claims
    |> List.find (fun law -> law.Name = name)

[<Tests>]
let teeth =
    testList "Teeth" [
        for name, claims, make in faults do
            let method = make ()

            testCase
                $"{method.Name} is caught: {name}"
                (fun () ->
                    match (lawNamed name claims).Check method with
                    | LawVerdict.Holds cases ->
                        failtestNoStack $"{method.Name} passed {cases} cases"
                    | LawVerdict.Broken counterexample ->
                        Expect.isNonEmpty counterexample.Detail "what is wrong"

                        Expect.stringContains
                            counterexample.Program
                            "let counterexample (method: Method) ="
                            "a function"

                        Expect.stringContains
                            counterexample.Program
                            "ProblemCase."
                            "of a printed problem"
                )

        testCase
            "every law has a fault that it catches"
            (fun () ->
                let names = Laws.forClaims LawSettings.defaults everything |> List.map _.Name
                let caught = faults |> List.map (fun (name, _, _) -> name)

                let unproven =
                    names
                    |> List.filter (fun name -> not (List.contains name (caught @ lawsOfTheLoop)))

                Expect.isEmpty unproven "laws without a fault"
            )

        testCase
            "the names and statements of laws are distinct"
            (fun () ->
                let laws = Laws.forClaims LawSettings.defaults everything
                Expect.equal (List.distinct (laws |> List.map _.Name)).Length laws.Length "names"

                Expect.equal
                    (List.distinct (laws |> List.map _.Statement)).Length
                    laws.Length
                    "statements"
            )
    ]

let private options: SolveOptions = { SolveOptions.defaults with Budget = Budget.steps 100L }

let private solve (case: ProblemCase) : LawProblem * SolveResult =
    let problem = LawProblem.ofCase case

    problem,
    Solver.minimizeWith options (Newton.create Newton.defaults) problem.Objective problem.Start

let private certificate: Certificate = {
    Value = 0.0
    GradientNorm = 0.0
    Tolerance = 1.0
    SmallestCurvature = ValueNone
}

/// A result that says Converged at any point.
let private claimedAt (point: float[]) (result: SolveResult) : SolveResult = {
    result with
        Outcome = Outcome.Converged
        Certificate = ValueSome certificate
        Point = Tensor.ofArray point
}

let private isFalse (problem: LawProblem) (result: SolveResult) : bool =
    ValueOption.isSome (Honesty.falseConvergence problem result)

[<Tests>]
let honesty =
    testList "Honesty" [
        testCase
            "a true Converged is believed"
            (fun () ->
                let problem, result = solve (ProblemCase.Quadratic([ 1.0; 0.1 ], 3L))
                Expect.equal result.Outcome Outcome.Converged "the run"
                Expect.isFalse (isFalse problem result) "nothing false"
            )

        testCase
            "Converged beside the minimum is false"
            (fun () ->
                let problem, result = solve (ProblemCase.Quadratic([ 1.0; 0.1 ], 3L))
                let beside = result.Point.ToArray() |> Array.map (fun x -> x + 1e-5)
                Expect.isTrue (isFalse problem (claimedAt beside result)) "a gradient of 1e-5"
            )

        testCase
            "Converged at a saddle is false, at a minimum beside it true"
            (fun () ->
                let problem, result = solve (ProblemCase.Saddle([ 1.0; -0.5 ], 0L, false))
                Expect.isTrue (isFalse problem (claimedAt [| 0.0; 0.0 |] result)) "at the saddle"
                Expect.isFalse (isFalse problem (claimedAt [| 0.0; 1.0 |] result)) "at a minimum"
            )

        testCase
            "Converged at infinity, or where there is no number, is false"
            (fun () ->
                let problem, result = solve (ProblemCase.Barrier [ 2.0 ])
                Expect.isTrue (isFalse problem (claimedAt [| -1.0 |] result)) "NaN"
                Expect.isTrue (isFalse problem (claimedAt [| infinity |] result)) "infinity"
            )

        testCase
            "Converged needs a certificate, and only Converged has one"
            (fun () ->
                let problem, result = solve (ProblemCase.Quadratic([ 1.0 ], 3L))
                Expect.isTrue (isFalse problem { result with Certificate = ValueNone }) "none"

                Expect.isTrue
                    (isFalse problem { result with Outcome = Outcome.Stopped })
                    "Stopped with one"

                let generous = { certificate with GradientNorm = 1.0 }

                Expect.isTrue
                    (isFalse problem { result with Certificate = ValueSome generous })
                    "a large gradient in it"
            )
    ]

/// A run that was watched, with its result and stops changed.
let private doctored (change: Recording -> Recording) : string voption =
    let problem = LawProblem.ofCase (ProblemCase.Rosenbrock(2, 10.0))
    let few = { options with Budget = Budget.steps 5L }
    Honesty.notBest problem (change (Trial.recordWith few (steepest ()) problem))

[<Tests>]
let loop =
    testList "Loop" [
        testCase
            "a true best point is believed"
            (fun () -> Expect.equal (doctored id) ValueNone "nothing false")

        testCase
            "a lower value on the way is noticed"
            (fun () ->
                let lower (stop: Stop) = { stop with Report = { stop.Report with Value = -1.0 } }
                let change (r: Recording) = { r with Stops = List.map lower r.Stops }
                Expect.isTrue (ValueOption.isSome (doctored change)) "a step saw −1"
            )

        testCase
            "a point with another value is noticed"
            (fun () ->
                let elsewhere (r: SolveResult) = { r with Point = r.Point + 0.1 }
                let change (r: Recording) = { r with Result = elsewhere r.Result }

                Expect.isTrue
                    (ValueOption.isSome (doctored change))
                    "the value belongs to another point"
            )

        testCase
            "a run that goes on after a request is noticed"
            (fun () ->
                let _, result = solve (ProblemCase.Rosenbrock(2, 10.0))
                let late = { result with Steps = 7L }
                Expect.isTrue (ValueOption.isSome (Interruptions.late 6L late)) "a step more"
                let spent = { result with Steps = 6L; Outcome = Outcome.BudgetSpent }
                Expect.isTrue (ValueOption.isSome (Interruptions.late 6L spent)) "the budget spent"
                Expect.equal (Interruptions.late 6L { result with Steps = 6L }) ValueNone "on time"
            )
    ]
