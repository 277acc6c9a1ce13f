/// Reductions and products: one row each.
module Optim.CoreTests.Derivatives.Folds

open Optim
open Optim.Core
open Optim.Primitives
open Optim.CoreTests.Derivatives.Numbers
open Optim.CoreTests.Derivatives.Rules

// Without ties.
let private cube =
    tensor [ 2; 3; 2 ] [ 0.7; -0.4; 1.3; -1.1; 0.25; 2.1; 0.9; -0.8; 1.6; 0.45; -1.5; 0.1 ]

let private reductions: Case list = [
    for name, f in
        [
            "sum", Tensor.sum
            "mean", Tensor.mean
            "prod", Tensor.prod
            "max", Tensor.max
            "min", Tensor.min
            "logSumExp", Tensor.logSumExp
            "norm", Tensor.norm
        ] do
        case name [ $"Tensor.{name}" ] f cube

    for name, f in
        [
            "sumOver", Tensor.sumOver
            "sumKeep", Tensor.sumKeep
            "meanOver", Tensor.meanOver
            "meanKeep", Tensor.meanKeep
            "prodOver", Tensor.prodOver
            "maxOver", Tensor.maxOver
            "maxKeep", Tensor.maxKeep
            "minOver", Tensor.minOver
            "logSumExpOver", Tensor.logSumExpOver
            "logSumExpKeep", Tensor.logSumExpKeep
            "normOver", Tensor.normOver
        ] do
        for axes in [ [ 0 ]; [ 1 ]; [ -1 ]; [ 2; 0 ]; [] ] do
            case $"{name} %A{axes}" [ $"Tensor.{name}" ] (fun x -> f axes x) cube

    for axis in [ 0; 1; 2 ] do
        case $"cumsum {axis}" [ "Tensor.cumsum" ] (Tensor.cumsum axis) cube
        case $"softmax {axis}" [ "Tensor.softmax" ] (Tensor.softmax axis) cube
        case $"logSoftmax {axis}" [ "Tensor.logSoftmax" ] (Tensor.logSoftmax axis) cube

    case "cumsum from the end" [] (fun x -> CumulativeSum.Apply(1, true, x)) cube
    case "max of few and many" [] (fun x -> Tensor.max x * Tensor.maxOver [ 1 ] x) cube
]

let private numbers (seed: int) (shape: int list) : Tensor =
    tensor shape (noise seed (List.fold (*) 1 shape))

let private products: Case list = [
    yield! pairOf "dot" [ "Tensor.dot" ] Tensor.dot (numbers 1 [ 3 ]) (numbers 2 [ 3 ])
    yield! pairOf "dot" [] Tensor.dot (numbers 1 [ 2; 3 ]) (numbers 2 [ 2; 3 ])
    yield! pairOf "outer" [ "Tensor.outer" ] Tensor.outer (numbers 1 [ 3 ]) (numbers 2 [ 2 ])
    case "dot with itself" [] (fun x -> Tensor.dot x x) (numbers 3 [ 4 ])
    case
        "matrix times its transpose"
        []
        (fun x -> MatMul.Apply(false, true, x, x))
        (numbers 3 [ 2; 3 ])

    for a, b in
        [
            [ 3 ], [ 3 ]
            [ 3 ], [ 3; 2 ]
            [ 2; 3 ], [ 3 ]
            [ 2; 3 ], [ 3; 4 ]
            [ 5; 2; 3 ], [ 3; 4 ]
            [ 2; 3 ], [ 5; 3; 4 ]
            [ 5; 2; 3 ], [ 5; 3; 4 ]
            [ 1; 2; 3 ], [ 5; 3; 4 ]
            [ 5; 1; 2; 3 ], [ 4; 3; 2 ]
            [ 3 ], [ 5; 3; 2 ]
            [ 5; 2; 3 ], [ 3 ]
        ] do
        yield! pairOf "matmul" [ "Tensor.matmul" ] Tensor.matmul (numbers 4 a) (numbers 5 b)

    for leadA, leadB in
        [ [], []; [ 2 ], []; [], [ 2 ]; [ 2 ], [ 2 ]; [ 1 ], [ 2 ]; [ 3; 1 ], [ 2 ] ] do
        for flipA in [ false; true ] do
            for flipB in [ false; true ] do
                let a = leadA @ (if flipA then [ 3; 2 ] else [ 2; 3 ])
                let b = leadB @ (if flipB then [ 4; 3 ] else [ 3; 4 ])
                let product a b = MatMul.Apply(flipA, flipB, a, b)

                yield!
                    pairOf
                        $"matmul, transposed {flipA} {flipB}"
                        []
                        product
                        (numbers 6 a)
                        (numbers 7 b)
]

let cases: Case list =
    reductions
    @ products
    @ (reductions
       |> List.filter (fun c -> not (c.Name.EndsWith "[]"))
       |> List.map single)
    @ (products
       |> List.filter (fun c -> c.Name = "matmul (5, 2, 3) (3, 4)" || c.Name = "dot (3) (3)")
       |> List.map single)
