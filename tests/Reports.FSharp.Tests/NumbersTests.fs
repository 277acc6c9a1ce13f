module Optim.ReportsTests.NumbersTests

open Expecto
open Optim.Reports

let private same name (cases: (string * string) list) =
    testCase
        name
        (fun () ->
            for actual, expected in cases do
                Expect.equal actual expected name
        )

[<Tests>]
let numbers =
    testList "Numbers" [
        same "significant digits, thousands set apart, powers of ten where they are shorter" [
            Numbers.significant 3 0.0, "0"
            Numbers.significant 3 0.01234, "0.0123"
            Numbers.significant 3 1.0, "1.00"
            Numbers.significant 3 12.345, "12.3"
            Numbers.significant 3 12345.6, "12,346"
            Numbers.significant 3 1.5e6, "1.50e6"
            Numbers.significant 3 1.234e-9, "1.23e-9"
            Numbers.significant 3 -0.5, "-0.500"
            Numbers.significant 3 nan, "none"
        ]
        same "rounding up to the next power of ten does not add a digit" [
            Numbers.significant 3 9.996, "10.0"
            Numbers.significant 3 0.0009999, "0.00100"
            Numbers.significant 3 999999.0, "1.00e6"
        ]
        same "a loss that is not finite has diverged" [
            Numbers.loss 0.5, "0.500"
            Numbers.loss nan, "diverged"
            Numbers.loss infinity, "diverged"
        ]
        same "a target has no zeros at its end" [
            Numbers.target 0.0250, "0.025"
            Numbers.target 3.0, "3"
            Numbers.target 1e-8, "1e-8"
            Numbers.target 0.0, "0"
            Numbers.target -0.5, "-0.5"
        ]
        same "percent" [ Numbers.percent 0.9722, "97.2%"; Numbers.percent -infinity, "diverged" ]
        same "bytes" [
            Numbers.bytes 512.0, "512 B"
            Numbers.bytes 21_520_000.0, "21.5 MB"
            Numbers.bytes 1.2e9, "1.20 GB"
        ]
        same "steps are whole where they are" [
            Numbers.steps 1204.0, "1,204"
            Numbers.steps 12.5, "12.5"
            Numbers.steps infinity, "none"
        ]
        same "words" [
            Numbers.conjunction [ "a" ], "a"
            Numbers.conjunction [ "a"; "b" ], "a and b"
            Numbers.conjunction [ "a"; "b"; "c" ], "a, b and c"
            Numbers.count 1 "run", "1 run"
            Numbers.count 1200 "run", "1,200 runs"
        ]
    ]
