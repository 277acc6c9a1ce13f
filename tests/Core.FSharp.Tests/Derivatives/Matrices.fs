/// Linear algebra: one row each.
module Optim.CoreTests.Derivatives.Matrices

open Optim
open Optim.Core
open Optim.Primitives
open Optim.CoreTests.Derivatives.Numbers
open Optim.CoreTests.Derivatives.Rules

let private numbers (seed: int) (shape: int list) : Tensor =
    tensor shape (noise seed (List.fold (*) 1 shape))

/// Well-conditioned square matrices.
let private regular (shape: int list) : Tensor =
    let n = List.last shape
    numbers 3 shape + 2.5 * Tensor.identity n

/// Symmetric positive definite matrices with distinct eigenvalues.
let private definite (shape: int list) : Tensor =
    let x = regular shape

    Tensor.matmul x (Shaping.transpose x)
    + Linalg.ofDiagonal (Tensor.range (List.last shape))

let private both (struct (a: Tensor, b: Tensor)) : Tensor =
    Shaping.concat 0 [ Shaping.flatten a; Shaping.flatten b ]

let private triangles: Case list = [
    for triangle in [ Triangle.Lower; Triangle.Upper ] do
        for transposed in [ false; true ] do
            let solve = Linalg.solveTriangular triangle transposed
            let name = $"solveTriangular %A{triangle} {transposed}"

            yield!
                pairOf
                    name
                    [ "Linalg.solveTriangular" ]
                    solve
                    (regular [ 3; 3 ])
                    (numbers 4 [ 3; 2 ])

            yield! pairOf name [] solve (regular [ 3; 3 ]) (numbers 4 [ 3 ])
            yield! pairOf name [] solve (regular [ 3; 3 ]) (numbers 4 [ 2; 3; 2 ])
            yield! pairOf name [] solve (regular [ 2; 3; 3 ]) (numbers 4 [ 2; 3; 1 ])

            let solve a b =
                TriangularSolve.Apply(triangle, transposed, true, a, b)

            yield!
                pairOf (name + ", unit diagonal") [] solve (regular [ 3; 3 ]) (numbers 4 [ 3; 2 ])
]

let private systems: Case list = [
    for a, b in
        [
            [ 3; 3 ], [ 3 ]
            [ 3; 3 ], [ 3; 2 ]
            [ 2; 3; 3 ], [ 2; 3; 2 ]
            [ 2; 3; 3 ], [ 3; 2 ]
            [ 3; 3 ], [ 2; 3; 1 ]
        ] do
        yield! pairOf "solve" [ "Linalg.solve" ] Linalg.solve (regular a) (numbers 5 b)

    for b in [ [ 3 ]; [ 3; 2 ] ] do
        yield!
            pairOf
                "solveCholesky"
                [ "Linalg.solveCholesky" ]
                Linalg.solveCholesky
                (regular [ 3; 3 ])
                (numbers 5 b)
]

let private factors: Case list = [
    for shape in [ [ 1; 1 ]; [ 3; 3 ]; [ 2; 3; 3 ] ] do
        case $"cholesky %A{shape}" [ "Linalg.cholesky" ] Linalg.cholesky (definite shape)
        case $"inverse %A{shape}" [ "Linalg.inverse" ] Linalg.inverse (regular shape)
        case $"determinant %A{shape}" [ "Linalg.determinant" ] Linalg.determinant (regular shape)

        case
            $"logDeterminant %A{shape}"
            [ "Linalg.logDeterminant" ]
            (Linalg.logDeterminant >> both)
            (regular shape)

        case
            $"eigenvalues %A{shape}"
            []
            (fun a -> let struct (w, _) = Linalg.symmetricEigen a in w)
            (definite shape)

        case
            $"symmetricEigen %A{shape}"
            [ "Linalg.symmetricEigen" ]
            (Linalg.symmetricEigen >> both)
            (definite shape)

    for shape in [ [ 3; 3 ]; [ 4; 3 ]; [ 2; 4; 2 ] ] do
        let tall = numbers 6 shape + Linalg.upper 0 (Tensor.full shape 1.5)
        case $"qr %A{shape}" [ "Linalg.qr" ] (Linalg.qr >> both) tall
]

let private diagonals: Case list = [
    let wide = numbers 7 [ 2; 3; 4 ]

    for offset in [ 0; 1; -1; 3; -2; 9 ] do
        case $"diagonal {offset}" [ "Linalg.diagonal" ] (Linalg.diagonal offset) wide
        case $"lower {offset}" [ "Linalg.lower" ] (Linalg.lower offset) wide
        case $"upper {offset}" [ "Linalg.upper" ] (Linalg.upper offset) wide

    case "trace" [ "Linalg.trace" ] Linalg.trace wide
    case "ofDiagonal" [ "Linalg.ofDiagonal" ] Linalg.ofDiagonal (numbers 8 [ 2; 3 ])
]

let cases: Case list =
    triangles
    @ systems
    @ factors
    @ diagonals
    @ (factors |> List.filter (fun c -> c.Name.EndsWith "[3; 3]") |> List.map single)
