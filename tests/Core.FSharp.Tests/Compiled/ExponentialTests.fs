module Optim.CoreTests.ExponentialTests

open System
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Expecto
open Optim.Compiled

/// The exponential of written-out loops, where the processor has what it needs.
let private exponential (x: float) : float =
    if Avx512F.IsSupported then
        ShortExponential.Of(Vector512.Create x)[5]
    else
        Math.Exp x

[<Tests>]
let exponentials =
    testList "Exponential of loops" [
        testCase
            "is within 1 unit in the last place over its whole range"
            (fun () ->
                let random = Random 3

                for _ in 1..100_000 do
                    let x = -745.0 + 1454.0 * random.NextDouble()
                    let expected = Math.Exp x
                    let unit = Math.BitIncrement expected - expected
                    Expect.isLessThanOrEqual (abs (exponential x - expected)) unit $"e^{x}"
            )

        testCase
            "is right at the ends of its range and beyond"
            (fun () ->
                for x in
                    [
                        0.0
                        -0.0
                        709.78
                        709.79
                        1e300
                        infinity
                        -745.1
                        -745.2
                        -1e300
                        -infinity
                        1e-300
                    ] do
                    Expect.equal (exponential x) (Math.Exp x) $"e^{x}"

                Expect.isTrue (Double.IsNaN(exponential nan)) "NaN"
            )
    ]
