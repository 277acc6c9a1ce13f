/// Functions that move elements: one row each.
module Optim.CoreTests.Derivatives.Moves

open Optim
open Optim.Core
open Optim.Testing
open Optim.CoreTests.Derivatives.Numbers
open Optim.CoreTests.Derivatives.Rules

let private cube = tensor [ 2; 3; 2 ] (noise 1 12)
let private row = tensor [ 5 ] (noise 2 5)
let private matrix = tensor [ 3; 4 ] (noise 3 12)

let private moves: Case list = [
    case "reshape" [ "Shaping.reshape" ] (Shaping.reshape [ 4; -1 ]) cube
    case "flatten" [ "Shaping.flatten" ] Shaping.flatten cube
    case "permute" [ "Shaping.permute" ] (Shaping.permute [ 2; 0; 1 ]) cube
    case "transpose" [ "Shaping.transpose" ] Shaping.transpose cube
    case "expand a new axis" [ "Shaping.expand" ] (Shaping.expand [ 2; 3; 4 ]) matrix
    case "expand an axis of 1" [] (Shaping.expand [ 5; 3 ]) (tensor [ 5; 1 ] (noise 2 5))
    case "expand a number" [] (Shaping.expand [ 2; 2 ]) (tensor [] [ 0.3 ])
    case "unsqueeze" [ "Shaping.unsqueeze" ] (Shaping.unsqueeze 1) matrix
    case "squeeze" [ "Shaping.squeeze" ] (Shaping.squeeze 1) (tensor [ 3; 1; 2 ] (noise 4 6))
    case "slice" [ "Shaping.slice" ] (Shaping.slice 1 1 2 1) matrix
    case "slice in steps" [] (Shaping.slice 1 0 2 2) matrix
    case "slice backwards" [] (Shaping.slice -1 3 2 -2) matrix
    case "slice nothing" [] (fun x -> Shaping.concat 0 [ Shaping.slice 0 2 0 1 x; x ]) row
    case "flip" [ "Shaping.flip" ] (Shaping.flip 1) cube
    case
        "concat"
        [ "Shaping.concat" ]
        (fun x -> Shaping.concat 1 [ x; Shaping.slice 1 1 2 1 x; x * x ])
        matrix
    case
        "concat with a constant"
        []
        (fun x -> Shaping.concat 0 [ x; Tensor.alongside x matrix; x ])
        matrix
    case "stack" [ "Shaping.stack" ] (fun x -> Shaping.stack 1 [ x; sin x ]) matrix
    case
        "split"
        [ "Shaping.split" ]
        (fun x -> Shaping.split 1 [ 1; 3 ] x |> List.map Tensor.sum |> List.reduce (*))
        matrix
    case "pad" [ "Shaping.pad" ] (Shaping.pad 1 2 1) matrix
    case "overlapping slices" [] (fun x -> x[1..] * x[..3]) row
    case
        "overlapping slices of steps"
        []
        (fun x -> Shaping.slice 0 0 3 2 x * Shaping.slice 0 4 3 -1 x)
        row
    case "a slice beside the whole" [] (fun x -> x[1..1] * x) row
    case "one position" [] (fun x -> x[1] * x[System.Index(1, true)]) matrix
    case "one element" [] (fun x -> x[1, 2] * x[0, 0]) matrix
    case "ranges" [] (fun x -> x[System.Range(System.Index 1, System.Index(1, true))] * x[2]) matrix
]

let private indices = Tensor.indices [ 2; 0; 2; 1 ]
let private grid = Tensor.create [ 3; 2 ] [| 1L; 0L; 1L; 3L; 2L; 0L |]

/// Indices 0 … 3 that depend on x, so that a batch has different ones for each member.
let private computed (x: Tensor) : Tensor =
    Tensor.cast DType.Int64 (Tensor.floor (Tensor.clamp 0.0 3.0 x))

/// f with constant indices, on the engine of the point.
let private by (indices: Tensor) (f: Tensor -> Tensor -> Tensor) (x: Tensor) : Tensor =
    f (Tensor.alongside x indices) x

/// A constant on the engine of the point.
let private front (x: Tensor) : Tensor =
    let constant = Tensor.alongside x row
    constant[..3]

let private withOwnIndices (name: string) (f: Tensor -> Tensor -> Tensor) : Case =
    // The first row holds values, the second one positions.
    let point = tensor [ 2; 4 ] [ 0.3; -0.7; 1.1; 0.4; 0.5; 2.5; 1.5; 2.5 ]
    { case name [] (fun x -> f x[0] (computed x[1])) point with Spread = 0.9 }

let private chosen: Case list = [
    case "indexSelect" [ "Shaping.indexSelect" ] (by indices (Shaping.indexSelect 0)) matrix
    case "indexSelect on the last axis" [] (by indices (Shaping.indexSelect 1)) matrix
    case "indexAdd" [ "Shaping.indexAdd" ] (by indices (Shaping.indexAdd 1 3)) matrix
    case
        "indexAdd on the first axis"
        []
        (by (Tensor.indices [ 3; 1; 3 ]) (Shaping.indexAdd 0 4))
        matrix
    case "gather" [ "Shaping.gather" ] (by grid (Shaping.gather 1)) matrix
    case
        "scatterAdd"
        [ "Shaping.scatterAdd" ]
        (by grid (Shaping.scatterAdd 1 4))
        (tensor [ 3; 2 ] (noise 5 6))
    case
        "the element of argMax"
        []
        (fun x -> Shaping.gather 1 (Shaping.unsqueeze 1 (Tensor.argMax 1 x)) x)
        matrix
    case
        "the element of argMin"
        []
        (fun x -> x * Tensor.cast DType.Float64 (Shaping.unsqueeze 1 (Tensor.argMin 1 x)))
        matrix
    withOwnIndices "indexSelect with batched indices" (fun x i -> Shaping.indexSelect 0 i x)
    withOwnIndices "indexAdd with batched indices" (fun x i -> Shaping.indexAdd 0 4 i x)
    withOwnIndices "gather with batched indices" (fun x i -> Shaping.gather 0 i x)
    withOwnIndices "scatterAdd with batched indices" (fun x i -> Shaping.scatterAdd 0 4 i x)

    withOwnIndices
        "indexSelect of columns with batched indices"
        (fun x i -> Shaping.indexSelect 1 i (Shaping.stack 0 [ x; x * x ]))

    withOwnIndices
        "indexAdd of columns with batched indices"
        (fun x i -> Shaping.indexAdd 1 4 i (Shaping.stack 0 [ x; x * x ]))

    // Only the indices differ from member to member.
    withOwnIndices "indexSelect of a constant" (fun x i -> x * Shaping.indexSelect 0 i (front x))
    withOwnIndices "indexAdd of a constant" (fun x i -> x * Shaping.indexAdd 0 4 i (front x))
    withOwnIndices "gather of a constant" (fun x i -> x * Shaping.gather 0 i (front x))
    withOwnIndices "scatterAdd of a constant" (fun x i -> x * Shaping.scatterAdd 0 4 i (front x))
]

let private far: Engine = MirrorEngine "far"
let private farRow = Tensor.moveTo far row

let private between: Case list = [
    case
        "moveTo and back"
        [ "Tensor.moveTo" ]
        (fun x -> x * Tensor.moveTo x.Engine (exp (Tensor.moveTo far (sin x))))
        matrix
    case "moveTo" [] (fun x -> exp (Tensor.moveTo far (sin x))) cube
    case "alongside" [ "Tensor.alongside" ] (fun x -> x * x * Tensor.alongside x farRow) row
    case
        "alongside of what is no constant"
        []
        (fun x -> farRow * Tensor.alongside farRow (sin x))
        row
]

let cases: Case list =
    moves
    @ chosen
    @ between
    @ [
        for c in moves do
            if c.Name = "pad" || c.Name = "flip" || c.Name = "overlapping slices" then
                single c
    ]
    @ [
        for c in chosen do
            if c.Name = "gather" || c.Name = "indexAdd" || c.Name = "scatterAdd" then
                single c
    ]
