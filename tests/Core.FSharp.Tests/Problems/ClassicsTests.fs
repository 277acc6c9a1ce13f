module Optim.CoreTests.ClassicsTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private valueAt (p: Problem) (x: Tensor) : float = float (p.Objective.Function x)

/// Values at the start, from the literature. Source: specification section 10.3, Moré, Garbow & Hillstrom 1981.
let private starts: (string * float) list = [
    "rosenbrock", 24.2
    "beale", 14.203125
    "freudenstein-roth", 400.5
    "helical-valley", 2500.0
    "bard", 41.681696
    "kowalik-osborne", 5.3131723e-3
    "powell-singular", 215.0
    "brown-dennis", 7926693.3
    "jennrich-sampson", 4171.3062
    "wood", 19192.0
    "himmelblau", 170.0
    "booth", 104.0
]

let private minima: (string * float) list = [
    "rosenbrock", 0.0
    "beale", 0.0
    "freudenstein-roth", 0.0
    "helical-valley", 0.0
    "bard", 8.2148773e-3
    "kowalik-osborne", 3.0750560e-4
    "powell-singular", 0.0
    "brown-dennis", 85822.202
    "jennrich-sampson", 124.36218
    "wood", 0.0
    "misra1a", 0.12455138894
    "saddle", -1.0
    "strict-saddle", -0.25
    "log-barrier", 2.0
    "styblinski-tang", -78.33233140754284
    "offset-quadratic", 1e8
]

let private dimensions (family: ProblemFamily) : int list =
    match family.Dimensions with
    | ProblemDimensions.Only n -> [ n ]
    | ProblemDimensions.AtLeast n -> [ n; n + 1; n + 6 ]
    | ProblemDimensions.MultiplesOf n -> [ n; 3 * n ]

[<Tests>]
let classics =
    testList "Classical problems" [
        for name, expected in starts do
            testCase
                $"{name} has its known value at the start"
                (fun () ->
                    let p = problem name
                    close (1e-7 * expected) (valueAt p p.Start) expected "value"
                )

        for name, expected in minima do
            testCase
                $"{name} has its known minimum"
                (fun () -> close (1e-7 * abs expected) (problem name).Minimum expected "value")

        for family in Problems.all do
            testCase
                $"{family.Name}: the minimizers are minimizers, in every dimension"
                (fun () ->
                    for n in family.DefaultDimension :: dimensions family do
                        let p = family.Create n
                        Expect.equal p.Start.Length n "the start's length"
                        Expect.equal p.Name family.Name "name"
                        Expect.isNotEmpty p.Title "title"
                        Expect.isNotEmpty p.Source "source"
                        let steepest = length (Derivatives.grad p.Objective.Function p.Start)

                        for minimizer in p.Minimizers do
                            Expect.equal minimizer.Length n "the minimizer's length"

                            close
                                (1e-9 * (1.0 + abs p.Minimum))
                                (valueAt p minimizer)
                                p.Minimum
                                "value"

                        for minimizer in p.Minimizers @ p.LocalMinimizers do
                            let gradient = length (Derivatives.grad p.Objective.Function minimizer)

                            Expect.isLessThan
                                gradient
                                (1e-6 * steepest + 1e-9)
                                $"gradient, n = {n}"

                            let struct (values, _) =
                                Linalg.symmetricEigen (
                                    Derivatives.hessian p.Objective.Function minimizer
                                )

                            let smallest, largest = float values[0], float values[n - 1]
                            Expect.isGreaterThan smallest (-1e-9 * largest) $"curvature, n = {n}"
                )

        testCase
            "gradient and Hessian of Rosenbrock's function at the start"
            (fun () ->
                let p = problem "rosenbrock"
                let g = Derivatives.grad p.Objective.Function p.Start
                close 1e-10 (float g[0]) -215.6 "g0"
                close 1e-10 (float g[1]) -88.0 "g1"
                let h = Derivatives.hessian p.Objective.Function p.Start

                Array.iter2 (fun a e -> close 1e-9 a e "H") (h.ToArray()) [|
                    1330.0
                    480.0
                    480.0
                    200.0
                |]
            )

        testCase
            "the other minimum of Freudenstein and Roth"
            (fun () ->
                let p = problem "freudenstein-roth"
                close 1e-6 (valueAt p p.LocalMinimizers.Head) 48.984254 "value"
            )

        testCase
            "a quadratic has the eigenvalues it was made from"
            (fun () ->
                let eigenvalues = [| 0.5; 3.0; 7.0; 100.0 |]
                let p = Quadratics.ofSpectrum "mine" (Key.ofSeed 3L) 2.0 eigenvalues

                let struct (values, _) =
                    Linalg.symmetricEigen (Derivatives.hessian p.Objective.Function p.Start)

                Array.iter2
                    (fun a e -> close 1e-11 a e "eigenvalue")
                    (values.ToArray())
                    eigenvalues

                close 1e-14 (valueAt p (Tensor.ones [ 4 ])) 2.0 "offset"

                Expect.throwsT<ArgumentException>
                    (fun () -> Quadratics.ofSpectrum "none" (Key.ofSeed 3L) 0.0 [||] |> ignore)
                    "no eigenvalues"

                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () ->
                        Quadratics.ofSpectrum "flat" (Key.ofSeed 3L) 0.0 [| 0.0 |] |> ignore
                    )
                    "eigenvalue 0"
            )

        testCase
            "unknown names and impossible dimensions are refused in words"
            (fun () ->
                let complaint (action: unit -> Problem) =
                    try
                        action () |> ignore
                        failtest "was accepted"
                    with :? ArgumentException as e ->
                        e.Message

                let unknown = complaint (fun () -> Problems.find "rosenbrok" ValueNone)

                for name in Problems.names do
                    Expect.stringContains unknown name "all names"

                Expect.stringContains
                    (complaint (fun () -> Problems.find "powell-singular" (ValueSome 6)))
                    "multiples of 4"
                    "dimension"

                Expect.stringContains
                    (complaint (fun () -> Problems.find "wood" (ValueSome 5)))
                    "length 4, not 5"
                    "dimension"

                Expect.stringContains
                    (complaint (fun () -> Problems.find "rosenbrock" (ValueSome 1)))
                    "2 or more"
                    "dimension"
            )
    ]
