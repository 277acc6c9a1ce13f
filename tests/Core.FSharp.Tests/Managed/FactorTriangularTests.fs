module Optim.CoreTests.FactorTriangularTests

open System
open Expecto
open Optim
open Optim.Managed
open Optim.CoreTests

let private forms = [
    for triangle in [ Triangle.Lower; Triangle.Upper ] do
        for transposed in [ false; true ] do
            for unit in [ false; true ] do
                { Triangle = triangle; IsTransposed = transposed; IsUnit = unit }
]

/// A well-conditioned stored matrix whose unread entries are NaN, and the matrix op(T) that it stands for.
let private system (form: TriangularForm) (n: int) : struct (float[] * PlainMatrix) =
    let g = PlainMatrix.random 11 n n
    let inside i j = if form.IsLower then j < i else j > i
    let small = 0.5 / float (max 1 n)

    let entry i j =
        if inside i j then small * g[i, j] else 0.0

    let stored =
        PlainMatrix.init
            n
            n
            (fun i j ->
                if i = j then
                    (if form.IsUnit then nan else 2.0 + g[i, i] * g[i, i])
                elif inside i j then
                    entry i j
                else
                    nan
            )

    let full =
        PlainMatrix.init
            n
            n
            (fun i j ->
                if i = j then
                    (if form.IsUnit then 1.0 else stored[i, i])
                else
                    entry i j
            )

    struct (stored.Entries,
            (if form.IsTransposed then
                 PlainMatrix.transpose full
             else
                 full))

let private solves (form: TriangularForm) (n: int) (r: int) : unit =
    let struct (stored, matrix) = system form n
    let expected = PlainMatrix.random 12 n r
    let b = Guarded.embed (PlainMatrix.multiply matrix expected).Entries

    FactorTriangular.solve
        form
        (struct (n, r))
        (struct (Guarded.embed stored, Guarded.Offset))
        (struct (b, Guarded.Offset))

    PlainMatrix.expectClose
        1e-12
        (PlainMatrix.ofArray n r (Guarded.extract b))
        expected
        $"{form.Triangle} %b{form.IsTransposed} %b{form.IsUnit} n = %d{n}, r = %d{r}"

[<Tests>]
let tests =
    testList "FactorTriangular" [
        for form in forms do
            testCase
                $"solves, reading its triangle only: {form.Triangle}, transposed %b{form.IsTransposed}, unit %b{form.IsUnit}"
                (fun () ->
                    for n in [ 0; 1; 2; 7; 63; 64; 65; 150 ] do
                        for r in [ 0; 1; 3; 4; 19 ] do
                            solves form n r

                    solves form 70 300
                )

        testCase
            "a zero on the diagonal gives non-finite numbers, not an exception"
            (fun () ->
                for r in [ 1; 5 ] do
                    let b = Array.create (2 * r) 1.0

                    FactorTriangular.solve
                        { Triangle = Triangle.Lower; IsTransposed = false; IsUnit = false }
                        (struct (2, r))
                        (struct ([| 0.0; 0.0; 1.0; 1.0 |], 0))
                        (struct (b, 0))

                    for x in b do
                        Expect.isFalse (Double.IsFinite x) "1 / 0 and what follows from it"
            )
    ]
