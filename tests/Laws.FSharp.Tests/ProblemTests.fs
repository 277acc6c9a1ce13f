/// The problems are what they say they are.
module Optim.LawsTests.ProblemTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core
open Optim.Laws

let private families: (string * Arbitrary<ProblemCase>) list = [
    "quadratics", ProblemGenerators.quadratic 1e6
    "saddles", ProblemGenerators.saddle false
    "saddles from their manifold", ProblemGenerators.saddle true
    "Rosenbrock functions", ProblemGenerators.rosenbrock
    "logistic regressions", ProblemGenerators.logistic
    "networks", ProblemGenerators.network
    "barriers", ProblemGenerators.barrier
    "unbounded functions", ProblemGenerators.unbounded
    "samples", ProblemGenerators.stochastic
    "scaled functions", ProblemGenerators.scaled ProblemGenerators.smooth
    "moved functions", ProblemGenerators.moved Coordinates.Affine ProblemGenerators.smooth
]

let private sample (count: int) (cases: Arbitrary<ProblemCase>) : ProblemCase seq =
    Arb.toGen cases |> Gen.sampleWithSeed (Rnd 5UL) 50 count |> Seq.ofArray

/// A point near the start, where derivatives are compared.
let private near (problem: LawProblem) : float[] =
    problem.Start.ToArray()
    |> Array.mapi (fun i x -> x * 1.01 + 0.003 * float (i + 1))

let private relative (expected: float[]) (actual: float[]) : float =
    let size = Array.map2 (fun a b -> max (abs a) (abs b)) expected actual |> Array.max

    (Array.map2 (fun a b -> abs (a - b)) expected actual |> Array.max)
    / max size Double.Epsilon

[<Tests>]
let formulas =
    testList "Formulas" [
        for name, cases in families do
            testCase
                $"{name}: the hand-written value and gradient are the function's"
                (fun () ->
                    for case in sample 8 cases do
                        let problem = LawProblem.ofCase case
                        let x = near problem

                        let value, gradient =
                            Derivatives.valueAndGrad problem.Objective.Function (Tensor.ofArray x)

                        let values = relative [| problem.ValueAt x |] [| value.ToScalar() |]
                        Expect.isLessThan values 1e-9 $"{case}: value"
                        let gradients = relative (problem.GradientAt x) (gradient.ToArray())
                        Expect.isLessThan gradients 1e-9 $"{case}: gradient"
                )

            testCase
                $"{name}: the hand-written gradient is that of its value"
                (fun () ->
                    for case in sample 4 cases do
                        let problem = LawProblem.ofCase case
                        let x = near problem

                        let differences =
                            x
                            |> Array.mapi (fun i xi ->
                                let h = 1e-6 * max 1.0 (abs xi)

                                let at (t: float) =
                                    problem.ValueAt(Array.updateAt i (xi + t) x)

                                (at h - at -h) / (2.0 * h)
                            )

                        Expect.isLessThan
                            (relative (problem.GradientAt x) differences)
                            1e-4
                            $"{case}: differences"
                )

            testCase
                $"{name}: simpler cases are of the family, and there is a simplest"
                (fun () ->
                    let kind (case: ProblemCase) = (case.Source.Split '(')[0]

                    for case in sample 4 cases do
                        for simpler in ProblemGenerators.shrink case do
                            Expect.equal (kind simpler) (kind case) "family"
                            LawProblem.ofCase simpler |> ignore

                        let rec descend (case: ProblemCase) (depth: int) =
                            match Seq.tryHead (ProblemGenerators.shrink case) with
                            | Some simpler when depth < 200 -> descend simpler (depth + 1)
                            | Some _ -> failtestNoStack $"{case} is still not the simplest"
                            | None -> ()

                        descend case 0
                )
    ]

[<Tests>]
let problems =
    testList "Problems" [
        testCase
            "a quadratic has the spectrum it says"
            (fun () ->
                let spectrum = [ 1.0; 0.25; 0.001 ]
                let problem = LawProblem.ofCase (ProblemCase.Quadratic(spectrum, 11L))

                let struct (values, _) =
                    Linalg.symmetricEigen (
                        Derivatives.hessian problem.Objective.Function problem.Start
                    )

                let expected = spectrum |> List.sort |> Array.ofList
                Expect.isLessThan (relative expected (values.ToArray())) 1e-12 "eigenvalues"
            )

        testCase
            "curvatures are those of the exact Hessian"
            (fun () ->
                let problem = LawProblem.ofCase (ProblemCase.Rosenbrock(3, 10.0))
                let x = near problem
                let struct (smallest, largest) = LawProblem.curvatures problem x
                let hessian = Derivatives.hessian problem.Objective.Function (Tensor.ofArray x)
                let struct (values, _) = Linalg.symmetricEigen hessian
                let values = values.ToArray()
                let exact = [| Array.min values; values |> Array.map abs |> Array.max |]

                Expect.isLessThan
                    (relative exact [| smallest; largest |])
                    1e-6
                    "smallest and largest"
            )

        testCase
            "a saddle's start on the manifold leads to the saddle and nowhere else"
            (fun () ->
                let problem = LawProblem.ofCase (ProblemCase.Saddle([ 1.0; -0.5 ], 0L, true))
                let gradient = problem.GradientAt(problem.Start.ToArray())
                Expect.equal gradient[1] 0.0 "no way off"
                Expect.isGreaterThan gradient[0] 0.1 "a way to the saddle"
                let struct (smallest, _) = LawProblem.curvatures problem [| 0.0; 0.0 |]
                Expect.floatClose Accuracy.medium smallest -0.5 "the saddle's curvature"
            )

        testCase
            "a saddle's least value is at its minima"
            (fun () ->
                let problem = LawProblem.ofCase (ProblemCase.Saddle([ 1.0; -0.5; -2.0 ], 0L, true))
                let at = problem.ValueAt [| 0.0; 1.0; -1.0 |]
                Expect.equal (ValueSome at) problem.Least "the value at (0, 1, −1)"
            )

        testCase
            "samples add up to the whole"
            (fun () ->
                let problem = LawProblem.ofCase (ProblemCase.MiniBatches(4, 5, 3, 9L))
                let x = Tensor.ofArray [| 0.3; -0.2; 0.9 |]

                let parts =
                    List.init 4 (fun k -> (problem.Objective.FunctionAt (int64 k) x).ToScalar())

                Expect.floatClose
                    Accuracy.high
                    (List.average parts)
                    ((problem.Objective.Function x).ToScalar())
                    "mean"

                Expect.isGreaterThan (List.distinct parts).Length 1 "parts differ"
            )

        testCase
            "a wrong derivative leaves the value and multiplies gradient and curvature"
            (fun () ->
                let inner = ProblemCase.Rosenbrock(2, 10.0)
                let right = LawProblem.ofCase inner
                let wrong = LawProblem.ofCase (ProblemCase.WronglyDifferentiated(-0.1, inner))
                let x = right.Start
                let value, gradient = Derivatives.valueAndGrad wrong.Objective.Function x
                Expect.equal (value.ToScalar()) ((right.Objective.Function x).ToScalar()) "value"
                let expected = right.GradientAt(x.ToArray()) |> Array.map (fun g -> -0.1 * g)
                Expect.isLessThan (relative expected (gradient.ToArray())) 1e-12 "gradient"

                let hessian (p: LawProblem) =
                    (Derivatives.hessian p.Objective.Function x).ToArray()

                let expected = hessian right |> Array.map (fun h -> -0.1 * h)
                Expect.isLessThan (relative expected (hessian wrong)) 1e-12 "Hessian"
            )

        testCase
            "the gradient check flags every wrong derivative"
            (fun () ->
                for case in sample 12 ProblemGenerators.wronglyDifferentiated do
                    let problem = LawProblem.ofCase case
                    let x = Tensor.ofArray (near problem)
                    let report = GradientCheck.checkGradients problem.Objective.Function x
                    Expect.isFalse report.IsCorrect $"{case}"
                    Expect.isNonEmpty report.Mistakes $"{case}: mistakes"
            )

        testCase
            "the gradient check believes right derivatives"
            (fun () ->
                for case in sample 12 ProblemGenerators.smooth do
                    let problem = LawProblem.ofCase case
                    let x = Tensor.ofArray (near problem)
                    let report = GradientCheck.checkGradients problem.Objective.Function x
                    Expect.isTrue report.IsCorrect $"{case}: {report}"
            )

        testCase
            "coordinates come back"
            (fun () ->
                for coordinates in
                    [ Coordinates.Shifted 3L; Coordinates.Rotated 4L; Coordinates.Affine 5L ] do
                    let inner = LawProblem.ofCase (ProblemCase.Rosenbrock(3, 1.0))

                    let moved =
                        LawProblem.ofCase (
                            ProblemCase.Moved(coordinates, ProblemCase.Rosenbrock(3, 1.0))
                        )

                    let back = Coordinates.toOriginal coordinates (moved.Start.ToArray())

                    Expect.isLessThan
                        (relative (inner.Start.ToArray()) back)
                        1e-12
                        $"{coordinates}: the start"
            )

        testCase
            "cases print as F#"
            (fun () ->
                let case =
                    ProblemCase.Scaled(
                        1e-12,
                        ProblemCase.Moved(
                            Coordinates.Rotated 7L,
                            ProblemCase.Quadratic([ 1.0; 0.25 ], -3L)
                        )
                    )

                let expected =
                    "ProblemCase.Scaled(1E-12, ProblemCase.Moved(Coordinates.Rotated(7L), "
                    + "ProblemCase.Quadratic([ 1.0; 0.25 ], -3L)))"

                Expect.equal $"{case}" expected "source"
                let saddle = ProblemCase.Saddle([ 1.0; -2.0 ], 0L, true)
                Expect.equal $"{saddle}" "ProblemCase.Saddle([ 1.0; -2.0 ], 0L, true)" "source"
            )
    ]
