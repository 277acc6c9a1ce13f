/// Elementwise functions: one row each.
module Optim.CoreTests.Derivatives.Elementwise

open Optim
open Optim.Core
open Optim.Primitives
open Optim.CoreTests.Derivatives.Numbers
open Optim.CoreTests.Derivatives.Rules

let private plain = tensor [ 2; 3 ] [ 0.7; -0.4; 1.3; -1.1; 0.25; 2.1 ]
let private positive = abs plain
let private inside = tensor [ 2; 3 ] [ 0.7; -0.4; 0.3; -0.6; 0.25; 0.5 ]
let private aboveOne = positive + 1.0

let private unary (name: string) (f: Tensor -> Tensor) (point: Tensor) : Case =
    case name [ $"Tensor.{name}" ] f point

let private functions: Case list = [
    unary "exp" Tensor.exp plain
    unary "expm1" Tensor.expm1 plain
    unary "log" Tensor.log positive
    unary "log1p" Tensor.log1p positive
    unary "sqrt" Tensor.sqrt positive
    unary "square" Tensor.square plain
    unary "reciprocal" Tensor.reciprocal positive
    unary "abs" Tensor.abs plain
    unary "sign" Tensor.sign plain
    unary "floor" Tensor.floor plain
    unary "ceiling" Tensor.ceiling plain
    unary "round" Tensor.round plain
    unary "sin" Tensor.sin plain
    unary "cos" Tensor.cos plain
    unary "tan" Tensor.tan inside
    unary "asin" Tensor.asin inside
    unary "acos" Tensor.acos inside
    unary "atan" Tensor.atan plain
    unary "sinh" Tensor.sinh plain
    unary "cosh" Tensor.cosh plain
    unary "tanh" Tensor.tanh plain
    unary "asinh" Tensor.asinh plain
    unary "acosh" Tensor.acosh aboveOne
    unary "atanh" Tensor.atanh inside
    unary "sigmoid" Tensor.sigmoid plain
    unary "softplus" Tensor.softplus plain
    unary "relu" Tensor.relu plain
    unary "erf" Tensor.erf plain
    unary "erfc" Tensor.erfc plain
    unary "logGamma" Tensor.logGamma aboveOne
    unary "digamma" Tensor.digamma aboveOne
    unary "elu" Tensor.elu plain
    unary "silu" Tensor.silu plain
    unary "gelu" Tensor.gelu plain
    case "power 3" [ "Tensor.power" ] (Tensor.power 3.0) plain
    case "power 1" [] (Tensor.power 1.0) plain
    case "power 0" [] (Tensor.power 0.0) plain
    case "power 2.5" [] (Tensor.power 2.5) positive
    case "power −2" [] (Tensor.power -2.0) (tensor [ 2; 3 ] [ 0.9; -0.8; 1.3; -1.1; 0.75; 2.1 ])
    case "polygamma 1" [ "Tensor.polygamma" ] (Tensor.polygamma 1) aboveOne
    case "leakyRelu" [ "Tensor.leakyRelu" ] (Tensor.leakyRelu 0.1) plain
    case "clamp" [ "Tensor.clamp" ] (Tensor.clamp -0.5 1.0) plain
]

/// Arithmetic with plain numbers, and the operators' names for other languages.
let private operators: Case list = [
    case "x + 2" [] (fun x -> x + 2.0) plain
    case "2 + x" [] (fun x -> 2.0 + x) plain
    case "x − 2" [] (fun x -> x - 2.0) plain
    case "2 − x" [] (fun x -> 2.0 - x) plain
    case "3 x" [] (fun x -> 3.0 * x) plain
    case "x / 3" [] (fun x -> x / 3.0) plain
    case "3 / x" [] (fun x -> 3.0 / x) plain
    case "−x" [ "op_UnaryNegation"; "Negate" ] (fun x -> -x + Tensor.Negate x) plain
    case "x x" [] (fun x -> x * x) plain
    case "x ** 2" [ "Pow" ] (fun x -> x ** 2.0) plain
    case
        "F#'s own names"
        [
            "Abs"
            "Exp"
            "Log"
            "Sqrt"
            "Sin"
            "Cos"
            "Tan"
            "Asin"
            "Acos"
            "Atan"
            "Sinh"
            "Cosh"
            "Tanh"
        ]
        (fun x ->
            abs x + exp x * log (x + 2.0) + sqrt (x + 2.0) * sin x - cos x * tan x
            + asin (0.3 * x) * acos (0.3 * x)
            + atan x * sinh x
            + cosh x * tanh x
        )
        plain
    case "floor and ceiling" [ "Floor"; "Ceiling" ] (fun x -> x * floor x * ceil x) plain
    case
        "a condition on x"
        []
        (fun x -> Tensor.where (Tensor.greater x (Tensor.sin x)) (x * x) (exp x))
        plain
    case
        "casts there and back"
        [ "Tensor.cast" ]
        (Tensor.cast DType.Float64)
        (Tensor.cast DType.Float32 plain)
    |> fun c -> { c with Tolerance = 5e-3 }
]

let private left = tensor [ 2; 3 ] [ 0.7; 1.4; 1.3; 0.9; 0.35; 2.1 ]

/// Right operands with a shape that broadcasts against (2, 3), none within 0.05 of an element of `left` above or below.
let private rights: Tensor list = [
    tensor [ 2; 3 ] [ 1.1; 0.8; 1.7; 0.55; 1.6; 0.45 ]
    tensor [ 3 ] [ 1.1; 0.8; 1.7 ]
    tensor [ 2; 1 ] [ 1.1; 0.8 ]
    tensor [] [ 1.1 ]
    tensor [ 2; 1; 1 ] [ 1.1; 0.8 ]
]

let private kinds (kind: Binary) : Tensor -> Tensor -> Tensor =
    fun a b -> Elementwise2.Apply(kind, a, b)

let private pairs: Case list = [
    for name, covers, f in
        [
            "+", [ "op_Addition"; "Add" ], (fun (a: Tensor) (b: Tensor) -> a + b)
            "−", [ "op_Subtraction"; "Subtract" ], (fun a b -> a - b)
            "·", [ "op_Multiply"; "Multiply" ], (fun a b -> a * b)
            "/", [ "op_Division"; "Divide" ], (fun a b -> a / b)
            "pow", [ "Tensor.pow" ], Tensor.pow
            "atan2", [ "Tensor.atan2"; "Atan2" ], Tensor.atan2
            "maximum", [ "Tensor.maximum" ], Tensor.maximum
            "minimum", [ "Tensor.minimum" ], Tensor.minimum
            "tanhGradient", [], kinds Binary.TanhGradient
            "sigmoidGradient", [], kinds Binary.SigmoidGradient
            "reluGradient", [], (fun a b -> kinds Binary.ReluGradient (a - 1.0) b)
        ] do
        for right in rights do
            yield! pairOf name covers f left right

        yield! pairOf name [] f (tensor [ 1; 3 ] [ 0.7; 1.4; 2.1 ]) (tensor [ 2; 1 ] [ 1.1; 0.8 ])
        yield! pairOf name [] f (tensor [] [ 0.95 ]) (tensor [ 2 ] [ 1.1; 0.8 ])
]

let private mask =
    Tensor.create [ 2; 3 ] [| true; false; true; false; false; true |]

/// where with a constant condition, on the engine of the operands.
let private where (condition: Tensor) (a: Tensor) (b: Tensor) : Tensor =
    Tensor.where (Tensor.alongside a condition) a b

let private choices: Case list = [
    for right in rights do
        yield! pairOf "where" [ "Tensor.where" ] (where mask) left right

    yield!
        pairOf
            "where, broadcast condition"
            []
            (where (Tensor.create [ 3 ] [| true; false; true |]))
            left
            rights[0]

    yield!
        pairOf
            "where, condition wider than both"
            []
            (where mask)
            (tensor [ 3 ] [ 0.7; 1.4; 1.3 ])
            (tensor [ 2; 1 ] [ 1.1; 0.8 ])

    yield!
        pairOf
            "where, condition from both"
            []
            (fun a b -> Tensor.where (Tensor.lessEqual a b) (a * b) (a - b))
            left
            rights[2]
]

let cases: Case list =
    functions
    @ operators
    @ pairs
    @ choices
    @ (functions |> List.map single)
    @ (pairs |> List.filter (fun c -> c.Name.EndsWith "(2, 3) (3)") |> List.map single)
