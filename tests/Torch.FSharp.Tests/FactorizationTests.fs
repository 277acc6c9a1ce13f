module Optim.TorchTests.FactorizationTests

open System
open Expecto
open Optim
open Optim.TorchTests.Testing
open Optim.TorchTests.Twins

let private product (engine: Engine) ta tb (a: Tensor) (b: Tensor) : Tensor =
    engine.MatMul(ta, tb, a, b)

let private leads: list<int list> = [ []; [ 3 ]; [ 2; 2 ]; [ 0 ] ]

/// Positive definite matrices.
let private positive (lead: int list) (n: int) : Array =
    let count = size lead
    let x = numbers 3 (count * n * n)

    Array.init
        (count * n * n)
        (fun place ->
            let matrix, i, j = place / (n * n), place / n % n, place % n
            let at i k = x[matrix * n * n + i * n + k]
            let dot = Seq.sum (seq { for k in 0 .. n - 1 -> at i k * at j k })
            if i = j then dot + 1.0 else dot
        )

let private tolerance (dtype: DType) : float =
    if dtype = DType.Float64 then 1e-10 else 1e-3

let private typed (dtype: DType) (values: Array) : Array =
    if dtype = DType.Float32 then
        Array.map float32 (values :?> float[])
    else
        values

[<Tests>]
let tests =
    testList "Torch factorizations" [
        torchCase "Cholesky, solutions, determinants"
        <| fun () ->
            for dtype in [ DType.Float64; DType.Float32 ] do
                for lead in leads do
                    for n in [ 0; 1; 2; 5 ] do
                        let a = lead @ [ n; n ], typed dtype (positive lead n)
                        let label = $"{lead} {n} {dtype}"

                        agree
                            (tolerance dtype)
                            $"Cholesky {label}"
                            [ a ]
                            (fun engine x -> engine.Cholesky x[0])

                        agree
                            (tolerance dtype)
                            $"determinant {label}"
                            [ a ]
                            (fun engine x -> engine.LogDeterminant x[0])

                        for r in [ 0; 1; 3; n ] do
                            let b = lead @ [ n; r ], values dtype 4 (size lead * n * r)

                            agree
                                (tolerance dtype)
                                $"solve {label} {r}"
                                [ a; b ]
                                (fun engine x -> engine.Solve(x[0], x[1]))

                            for triangle in [ Triangle.Lower; Triangle.Upper ] do
                                for transposed in [ true; false ] do
                                    for isUnit in [ true; false ] do
                                        // A triangle with a large diagonal, and garbage in the other one.
                                        let t =
                                            Array.init
                                                (size lead * n * n)
                                                (fun place ->
                                                    let i, j = place / n % n, place % n

                                                    let isInside =
                                                        if triangle = Triangle.Lower then
                                                            i >= j
                                                        else
                                                            i <= j

                                                    if i = j then
                                                        (if isUnit then nan else 2.0 + float i)
                                                    elif isInside then
                                                        0.3 * Math.Sin(float place)
                                                    else
                                                        nan
                                                )

                                        agree
                                            (tolerance dtype)
                                            $"{triangle} {transposed} {isUnit} {label} {r}"
                                            [ lead @ [ n; n ], typed dtype t; b ]
                                            (fun engine x ->
                                                engine.TriangularSolve(
                                                    triangle,
                                                    transposed,
                                                    isUnit,
                                                    x[0],
                                                    x[1]
                                                )
                                            )

        torchCase "what cannot be factored"
        <| fun () ->
            let indefinite = Array.append [| 1.0; 2.0; 2.0; 1.0 |] [| 4.0; nan; 0.0; 9.0 |]

            agree
                1e-14
                "Cholesky reads the lower triangle, and is NaN where it fails"
                [ [ 2; 2; 2 ], indefinite ]
                (fun engine x -> engine.Cholesky x[0])

            agree
                0.0
                "Cholesky of NaN"
                [ [ 2; 2 ], [| nan; 0.0; 0.0; 1.0 |] ]
                (fun engine x -> engine.Cholesky x[0])

            agree
                0.0
                "Cholesky of NaN below"
                [ [ 2; 2 ], [| 1.0; 0.0; nan; 1.0 |] ]
                (fun engine x -> engine.Cholesky x[0])

            agree
                0.0
                "singular"
                [ [ 2; 2 ], [| 1.0; 2.0; 2.0; 4.0 |] ]
                (fun engine x -> engine.LogDeterminant x[0])

            agree 0.0 "whole numbers" [ [ 1; 1 ], [| 1L |] ] (fun engine x -> engine.Cholesky x[0])

            let x =
                torch()
                    .Solve(
                        torch().OfArray(Shape.Of(1, 1), [| 0.0 |]),
                        torch().OfArray(Shape.Of(1, 1), [| 1.0 |])
                    )

            Expect.isFalse (Double.IsFinite(x.ToScalar())) "no solution"

            let y =
                torch()
                    .Solve(
                        torch().OfArray(Shape.Of(2, 2), [| 1.0; 2.0; 2.0; 4.0 |]),
                        torch().OfArray(Shape.Of(2, 1), [| 1.0; 1.0 |])
                    )

            Expect.isFalse (Array.forall Double.IsFinite (y.ToArray())) "no solution"

            let values =
                Array.concat [
                    [| 2.0; 0.0; 0.0; 3.0 |]
                    [| nan; 1.0; 1.0; 2.0 |]
                    [| 1.0; 5.0; 0.0; 1.0 |]
                ]

            let e =
                (torch().SymmetricEigen(torch().OfArray(Shape.Of(3, 2, 2), values))).ToArray()

            Expect.equal e[..1] [| 2.0; 3.0 |] "eigenvalues beside a matrix that fails"
            Expect.isTrue (Array.forall Double.IsNaN e[6..11]) "NaN where it fails"
            Expect.equal e[12..13] [| 1.0; 1.0 |] "only the lower triangle is read"

        torchCase "orthogonal factors"
        <| fun () ->
            let torch = torch ()

            for dtype in [ DType.Float64; DType.Float32 ] do
                for lead in leads do
                    for m, n in [ 1, 1; 3, 2; 4, 4; 6, 3; 2, 3; 5, 0; 0, 0 ] do
                        let a = lead @ [ m; n ], values dtype 7 (size lead * m * n)

                        agree
                            (tolerance dtype)
                            $"QR {lead} {m} {n} {dtype}"
                            [ a ]
                            (fun engine x -> engine.Qr x[0])

                    for n in [ 0; 1; 2; 5 ] do
                        let values = typed dtype (positive lead n)

                        for form in forms do
                            let a = lay torch form (lead @ [ n; n ]) values
                            let e = torch.SymmetricEigen a
                            honest "eigen" e

                            Expect.equal
                                e.Shape
                                (Shape.Of(Array.ofList (lead @ [ n + 1; n ])))
                                "shape"

                            if e.Length > 0 then
                                let part start count =
                                    let whole = [|
                                        for length in lead ->
                                            { Start = 0; Step = 1; Count = length }
                                    |]

                                    torch.Slice(
                                        Array.append whole [|
                                            { Start = start; Step = 1; Count = count }
                                            { Start = 0; Step = 1; Count = n }
                                        |],
                                        e
                                    )

                                let w, v = part 0 1, part 1 n

                                let back =
                                    product torch false true (torch.Binary(Binary.Multiply, v, w)) v

                                close
                                    (tolerance dtype)
                                    "V W Vᵀ"
                                    (lay managed Rows (lead @ [ n; n ]) values)
                                    (torch.Reshape(a.Shape, back))

                                let ordered = w.ToArray() |> Array.chunkBySize n

                                Expect.isTrue
                                    (ordered |> Array.forall (fun w -> w = Array.sort w))
                                    "ascending"

        torchCase "a diagonal of R is 0 or more"
        <| fun () ->
            let a = torch().OfArray(Shape.Of(2, 2), [| -1.0; 2.0; -1.0; -3.0 |])
            let r = (torch().Qr a).ToArray()[4..]
            Expect.isTrue (r[0] > 0.0 && r[3] > 0.0 && r[2] = 0.0) "R"
    ]
