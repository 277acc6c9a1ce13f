module Optim.CoreTests.FactorProductTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Managed
open Optim.CoreTests

/// Windows inside wider arrays: `columns` of `columns + 3` are used.
let private window (m: PlainMatrix) : MatrixWindow =
    let stride = m.Columns + 3

    {
        Data = [|
            for i in 0 .. m.Rows do
                for j in 0 .. stride - 1 do
                    if i < m.Rows && j < m.Columns then m[i, j] else 1e6
        |]
        Offset = 0
        Stride = stride
    }

let private read (rows: int) (columns: int) (w: MatrixWindow) : PlainMatrix =
    PlainMatrix.init rows columns (fun i j -> w.Data[w.At(i, j)])

let private difference rows columns depth transposeA transposeB isLower =
    let a = PlainMatrix.random 1 rows depth
    let b = PlainMatrix.random 2 depth columns
    let c = PlainMatrix.random 3 rows columns
    let target = window c

    let operand (m: PlainMatrix) (transposed: bool) = {
        Window = window (if transposed then PlainMatrix.transpose m else m)
        IsTransposed = transposed
    }

    FactorProduct.subtract
        {
            Rows = rows
            Columns = columns
            Depth = depth
            IsLower = isLower
        }
        (operand a transposeA)
        (operand b transposeB)
        target

    let expected = PlainMatrix.add c (PlainMatrix.scale -1.0 (PlainMatrix.multiply a b))
    let actual = read rows columns target

    let kept (m: PlainMatrix) =
        PlainMatrix.init rows columns (fun i j -> if isLower && j > i then 0.0 else m[i, j])

    PlainMatrix.expectClose
        (1e-14 * float (depth + 1) * 10.0)
        (kept actual)
        (kept expected)
        $"%d{rows} × %d{columns} × %d{depth}"

    for i in 0 .. rows - 1 do
        for j in columns .. columns + 2 do
            Expect.equal target.Data[target.At(i, j)] 1e6 "columns beside the window stay"

[<Tests>]
let tests =
    testList "FactorProduct" [
        for transposeA in [ false; true ] do
            for transposeB in [ false; true ] do
                testCase
                    $"C − A B for all remainders of the tile, transposed %b{transposeA} %b{transposeB}"
                    (fun () ->
                        for rows in [ 0; 1; 3; 4; 5; 131 ] do
                            for columns in [ 0; 1; 15; 16; 17; 33 ] do
                                for depth in [ 0; 1; 7; 257 ] do
                                    difference rows columns depth transposeA transposeB false
                    )

        testCase
            "only the lower triangle is promised, and it is right"
            (fun () ->
                for n in [ 1; 4; 16; 17; 50; 150 ] do
                    difference n n 9 false true true
            )

        testCase
            "vector loops agree with plain sums for every length"
            (fun () ->
                for n in 0..70 do
                    let x = Random.normal (Key.ofSeed 5L) n
                    let y = Random.normal (Key.ofSeed 6L) n
                    let plain = Array.fold2 (fun s a b -> s + a * b) 0.0 x y
                    let dot = FactorVector.dot (x.AsSpan()) (y.AsSpan())
                    Expect.floatClose Accuracy.high dot plain "dot"
                    let z = Array.copy y
                    FactorVector.addScaled 0.5 (x.AsSpan()) (z.AsSpan())

                    for i in 0 .. n - 1 do
                        Expect.floatClose Accuracy.high z[i] (y[i] + 0.5 * x[i]) "y + x / 2"

                    FactorVector.scale 3.0 (z.AsSpan())
                    FactorVector.divide 3.0 (z.AsSpan())

                    for i in 0 .. n - 1 do
                        Expect.floatClose Accuracy.high z[i] (y[i] + 0.5 * x[i]) "times 3 over 3"

                    let size = FactorVector.largest (x.AsSpan())
                    Expect.equal size (Array.fold (fun m v -> max m (abs v)) 0.0 x) "largest"

                    for i in 0 .. n - 1 do
                        let broken = Array.copy x
                        broken[i] <- nan

                        Expect.isTrue
                            (Double.IsNaN(FactorVector.largest (broken.AsSpan())))
                            "NaN is the largest"
            )

        testCase
            "widening copies a part, exactly"
            (fun () ->
                let wide = FactorVector.widen [| 1.0f; 0.1f; -3.0f; 4.0f |] 1 2
                Expect.equal wide [| float 0.1f; -3.0 |] "two entries from the second on"
            )
    ]
