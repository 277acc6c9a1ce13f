module Optim.CliTests.FormulaTests

open System
open Expecto
open FsCheck
open Optim
open Optim.Core
open Optim.Cli

let private parsed (text: string) : Expression =
    match Formula.parse text with
    | Ok expression -> expression
    | Error message -> failtest message

let private value (text: string) (variables: (string * float) list) : float =
    let f = Formula.toFunction (List.map fst variables) (parsed text)
    (f (Tensor.ofSeq (List.map snd variables))).ToScalar()

let private close (text: string) (expected: float) (variables: (string * float) list) =
    Expect.floatClose Accuracy.veryHigh (value text variables) expected text

[<Tests>]
let formulas =
    testList "Formula" [
        testCase "notation"
        <| fun () ->
            close "-x^2" -9.0 [ "x", 3.0 ]
            close "2^3^2" 512.0 [ "x", 0.0 ]
            close "2^-1*x" 0.5 [ "x", 1.0 ]
            close "x-1-2" 0.0 [ "x", 3.0 ]
            close "8/x/2" 2.0 [ "x", 2.0 ]
            close "1.5e-3*x" 3e-3 [ "x", 2.0 ]
            close " ( x + y ) * 2 " 10.0 [ "x", 2.0; "y", 3.0 ]
            close "+x--1" 4.0 [ "x", 3.0 ]
            close "2*pi*x" (2.0 * Math.PI) [ "x", 1.0 ]
            close "x_1 + x2" 5.0 [ "x_1", 2.0; "x2", 3.0 ]
            close "100*(y-x^2)^2+(1-x)^2" 24.2 [ "x", -1.2; "y", 1.0 ]

        testCase "a variable named e hides the constant"
        <| fun () -> close "e+1" 3.0 [ "e", 2.0 ]

        testCase "functions"
        <| fun () ->
            let x = 0.7

            for name, f in
                [
                    "exp", exp
                    "log", log
                    "ln", log
                    "sqrt", sqrt
                    "sin", sin
                    "cos", cos
                    "tan", tan
                    "asin", asin
                    "acos", acos
                    "atan", atan
                    "sinh", sinh
                    "cosh", cosh
                    "tanh", tanh
                    "abs", abs
                    "square", (fun t -> t * t)
                    "sigmoid", (fun t -> 1.0 / (1.0 + exp -t))
                    "softplus", (fun t -> log (1.0 + exp t))
                    "relu", max 0.0
                    "log1p", (fun t -> log (1.0 + t))
                    "expm1", (fun t -> exp t - 1.0)
                ] do
                close $"{name}(x)" (f x) [ "x", x ]
                // A known argument takes another way.
                close $"x + {name}(0.7)" (x + f 0.7) [ "x", x ]

            close "max(x,y,4)" 4.0 [ "x", 1.0; "y", 3.0 ]
            close "min(x,y)" 1.0 [ "x", 1.0; "y", 3.0 ]
            close "atan2(y,x)" (atan2 3.0 1.0) [ "x", 1.0; "y", 3.0 ]
            close "pow(x,y)" 8.0 [ "x", 2.0; "y", 3.0 ]
            close "2^x" 8.0 [ "x", 3.0 ]
            close "x^y" 8.0 [ "x", 2.0; "y", 3.0 ]

        testProperty "derivatives are those of the function"
        <| fun (NormalFloat a) (NormalFloat b) ->
            let x, y = tanh a, 1.5 + tanh b

            let f =
                Formula.toFunction [ "x"; "y" ] (parsed "exp(x*y)/y - 3*x^3 + log(y)*sin(x)")

            let g = (Derivatives.grad f (Tensor.ofArray [| x; y |])).ToArray()
            let byX = exp (x * y) - 9.0 * x * x + log y * cos x
            let byY = exp (x * y) * (x * y - 1.0) / (y * y) + sin x / y
            Expect.floatClose Accuracy.high g[0] byX "by x"
            Expect.floatClose Accuracy.high g[1] byY "by y"

        testCase "variables in order of appearance, without constants"
        <| fun () ->
            Expect.equal
                (Formula.variables (parsed "y*x + pi*e + max(z, x)"))
                [ "y"; "x"; "z" ]
                "variables"

        testCase "mistakes point at their column"
        <| fun () ->
            for text, column in
                [
                    "100*(y-x^2", 11
                    "x+*y", 3
                    "2x", 2
                    "x)", 2
                    "sin x", 5
                    "max(x,)", 7
                    "1..2", 3
                ] do
                match Formula.parse text with
                | Ok expression -> failtest $"{text} was read as {expression}"
                | Error message ->
                    Expect.stringContains message $"column {column}:" text
                    Expect.stringContains message "^" "an arrow"

        testCase "an empty formula is refused"
        <| fun () -> Expect.equal (Formula.parse "  ") (Error "the formula is empty") "message"

        testCase "unknown names and wrong counts of arguments are refused"
        <| fun () ->
            let refused (text: string) (part: string) =
                let message =
                    try
                        value text [ "x", 1.0 ] |> ignore
                        "nothing was refused"
                    with :? ArgumentException as e ->
                        e.Message

                Expect.stringContains message part text

            refused "foo(x)" "foo"
            refused "sin(x,x)" "1 argument"
            refused "atan2(x)" "2 arguments"
            refused "x+q" "q"
    ]
