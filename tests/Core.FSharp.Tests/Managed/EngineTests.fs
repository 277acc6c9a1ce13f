module Optim.CoreTests.EngineTests

open System
open Expecto
open Optim
open Optim.CoreTests.Plain

let private size (shape: int list) : int = List.fold (*) 1 shape

let private span start count : AxisRange = { Start = start; Step = 1; Count = count }

/// op(a) op(b) for one matrix each, from offsets, by the definition.
let private product ta tb m n k (a: float[]) ao (b: float[]) bo : float[] =
    let at (x: float[]) from transposed rows columns i j =
        if transposed then
            x[from + j * rows + i]
        else
            x[from + i * columns + j]

    Array.init
        (m * n)
        (fun place ->
            let i, j = place / n, place % n
            Seq.sum (seq { for l in 0 .. k - 1 -> at a ao ta m k i l * at b bo tb k n l j })
        )

let private identity n : float[] =
    Array.init (n * n) (fun i -> if i % (n + 1) = 0 then 1.0 else 0.0)

let private positive seed n : float[] =
    let a = numbers seed (n * n)
    Array.map2 (+) (product false true n n n a 0 a 0) (identity n)

let private close (message: string) (expected: float[]) (actual: float[]) : unit =
    Expect.equal actual.Length expected.Length $"{message}: length"

    for i in 0 .. expected.Length - 1 do
        Expect.isTrue
            (Math.Abs(actual[i] - expected[i]) <= 1e-10 * (1.0 + Math.Abs expected[i]))
            $"{message} at {i}: got {actual[i]}, expected {expected[i]}"

// Leading axes of two operands.
let private leads: list<int list * int list> = [
    [], []
    [ 3 ], [ 3 ]
    [ 3 ], []
    [], [ 3 ]
    [ 2; 1 ], [ 3 ]
    [ 2; 3 ], [ 2; 1 ]
    [ 1 ], [ 4 ]
    [ 0 ], []
]

[<Tests>]
let engineTests =
    testList "Managed engine" [
        testCase
            "names and numbers in and out"
            (fun () ->
                Expect.equal engine.Name "managed" "name"
                Expect.equal engine.Device Device.Cpu "device"

                Expect.equal
                    (engine.Full(Shape.Of(2, 2), DType.Int64, 3.0) |> wholes)
                    [| 3L; 3L; 3L; 3L |]
                    "Full Int64"

                Expect.equal
                    (engine.Full(Shape.Of 2, DType.Bool, 1.0) |> truths)
                    [| true; true |]
                    "Full Bool"

                Expect.equal
                    (engine.Full(Shape.Scalar, DType.Float32, 0.1).ToScalar())
                    (float 0.1f)
                    "Full Float32"

                let source = [| 1.0; 2.0 |]
                let x = tensor [ 2 ] source
                source[0] <- 5.0
                Expect.equal (floats x) [| 1.0; 2.0 |] "a copy goes in"
                let outside = floats x
                outside[0] <- 7.0
                Expect.equal (floats x) [| 1.0; 2.0 |] "a copy comes out"
                Expect.equal (engine.Read(tensor [ 2 ] [| 4L; 5L |])) 4.0 "Read"

                Expect.throwsT<ShapeException>
                    (fun () -> tensor [ 3 ] [| 1.0 |] |> ignore)
                    "too few elements"

                Expect.throwsT<ArgumentException>
                    (fun () -> tensor [ 1 ] [| 1uy |] |> ignore)
                    "an unknown type"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.Full(Shape.Of 1, DType.Int64, 0.5) |> ignore)
                    "a fraction for Int64"
            )

        testCase
            "matrix products: flags, sizes, leading axes that broadcast"
            (fun () ->
                for leadA, leadB in leads do
                    for ta, tb in [ false, false; true, false; false, true; true, true ] do
                        for m, n, k in [ 2, 3, 4; 1, 5, 3; 3, 1, 2; 1, 1, 6; 2, 3, 0 ] do
                            let sa = leadA @ (if ta then [ k; m ] else [ m; k ])
                            let sb = leadB @ (if tb then [ n; k ] else [ k; n ])
                            let a, b = numbers 1 (size sa), numbers 2 (size sb)

                            let shapes =
                                [ leadA; leadB ]
                                |> List.map (fun lengths -> Shape.Of(Array.ofList lengths))

                            let lead = Shape.broadcast "test" shapes[0] shapes[1]

                            let expected =
                                Array.init
                                    lead.Length
                                    (fun i ->
                                        let pa, pb =
                                            position lead shapes[0] i, position lead shapes[1] i

                                        product ta tb m n k a (pa * m * k) b (pb * k * n)
                                    )
                                |> Array.concat

                            let y = engine.MatMul(ta, tb, tensor sa a, tensor sb b)
                            Expect.equal y.Shape (Shape(Array.append lead.Dims [| m; n |])) "shape"
                            close $"{sa} {ta} times {sb} {tb}" expected (floats y)
                            let single (v: float[]) = Array.map float32 v

                            let y32 =
                                engine.MatMul(ta, tb, tensor sa (single a), tensor sb (single b))

                            Expect.equal y32.DType DType.Float32 "Float32"

                            let worst =
                                Array.map2
                                    (fun (u: float) (v: float) -> Math.Abs(u - v))
                                    expected
                                    (floats y32)
                                |> Array.fold max 0.0

                            Expect.isLessThan worst 1e-4 "Float32"

                Expect.throwsT<ShapeException>
                    (fun () ->
                        engine.MatMul(
                            false,
                            false,
                            tensor [ 2; 3 ] (numbers 1 6),
                            tensor [ 2; 3 ] (numbers 1 6)
                        )
                        |> ignore
                    )
                    "3 against 2"

                Expect.throwsT<ArgumentException>
                    (fun () ->
                        engine.MatMul(
                            false,
                            false,
                            tensor [ 1; 1 ] [| 1L |],
                            tensor [ 1; 1 ] [| 1L |]
                        )
                        |> ignore
                    )
                    "whole numbers"
            )

        testCase
            "reshape, permute, expand, slice, assemble"
            (fun () ->
                let v = numbers 1 24
                let x = tensor [ 2; 3; 4 ] v
                Expect.equal (floats (engine.Reshape(Shape.Of(6, 4), x))) v "reshape"
                let p = engine.Permute([| 2; 0; 1 |], x)
                Expect.equal p.Shape (Shape.Of(4, 2, 3)) "permuted shape"
                let expected = Array.init 24 (fun i -> v[(i / 3 % 2) * 12 + (i % 3) * 4 + i / 6])
                Expect.equal (floats p) expected "permute"
                let e = engine.Expand(Shape.Of(2, 3, 2), tensor [ 3; 1 ] [| 1L; 2L; 3L |])

                Expect.equal
                    (wholes e)
                    [| 1L; 1L; 2L; 2L; 3L; 3L; 1L; 1L; 2L; 2L; 3L; 3L |]
                    "expand"

                let s =
                    engine.Slice(
                        [|
                            span 1 1
                            { Start = 2; Step = -1; Count = 3 }
                            { Start = 0; Step = 2; Count = 2 }
                        |],
                        x
                    )

                Expect.equal (floats s) [| v[20]; v[22]; v[16]; v[18]; v[12]; v[14] |] "slice"
                let rows = engine.Slice([| span 1 1; span 0 3; span 0 4 |], x)
                Expect.equal (floats rows) v[12..] "a range of the first axis"

                let gap =
                    engine.Slice([| { Start = 0; Step = 2; Count = 2 } |], tensor [ 4 ] v[..3])

                Expect.equal (floats gap) [| v[0]; v[2] |] "steps on the first axis"
                let none = engine.Slice([| span 4 0 |], tensor [ 4 ] v[..3])
                Expect.equal none.Length 0 "an empty range"

                let a =
                    engine.Assemble(
                        Shape.Of 5,
                        [| [| span 0 3 |]; [| span 2 2 |] |],
                        [| tensor [ 3 ] [| 1.0; 2.0; 3.0 |]; tensor [ 2 ] [| 10.0; 20.0 |] |]
                    )

                Expect.equal (floats a) [| 1.0; 2.0; 13.0; 20.0; 0.0 |] "assemble"

                let b =
                    engine.Assemble(
                        Shape.Of 3,
                        [| [| span 1 1 |] |],
                        [| tensor [ 1 ] [| true |] |]
                    )

                Expect.equal (truths b) [| false; true; false |] "assemble truth values"
            )

        testCase
            "reduce, running sums, positions"
            (fun () ->
                let v = numbers 3 12
                let x = tensor [ 3; 4 ] v
                let rows = engine.Reduce(Reduction.Sum, [| 1 |], true, x)
                Expect.equal rows.Shape (Shape.Of(3, 1)) "kept"

                close
                    "row sums"
                    (Array.init 3 (fun i -> Array.sum v[4 * i .. 4 * i + 3]))
                    (floats rows)

                let all = engine.Reduce(Reduction.Maximum, [| 0; 1 |], false, x)
                Expect.equal all.Shape Shape.Scalar "dropped"
                Expect.equal (all.ToScalar()) (Array.max v) "largest"
                let c = engine.CumulativeSum(1, true, tensor [ 2; 3 ] [| 1L; 2L; 3L; 4L; 5L; 6L |])
                Expect.equal (wholes c) [| 6L; 5L; 3L; 15L; 11L; 6L |] "running sums"

                let at =
                    engine.ArgReduce(false, 0, tensor [ 2; 3 ] [| 1.0; 5.0; 2.0; 0.0; 7.0; 2.0 |])

                Expect.equal (wholes at) [| 1L; 0L; 0L |] "positions of the smallest"

                let any =
                    engine.Reduce(
                        Reduction.Maximum,
                        [| 0 |],
                        false,
                        tensor [ 2; 2 ] [| true; false; false; false |]
                    )

                Expect.equal (truths any) [| true; false |] "any"
            )

        testCase
            "index select and add, gather, scatter add"
            (fun () ->
                let x = tensor [ 3; 2 ] [| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 |]
                let at = tensor [ 4 ] [| 2L; 0L; 2L; 1L |]
                let s = engine.IndexSelect(0, x, at)
                Expect.equal s.Shape (Shape.Of(4, 2)) "selected shape"
                Expect.equal (floats s) [| 5.0; 6.0; 1.0; 2.0; 5.0; 6.0; 3.0; 4.0 |] "select"
                let added = engine.IndexAdd(0, 3, s, at)
                Expect.equal (floats added) [| 1.0; 2.0; 3.0; 4.0; 10.0; 12.0 |] "add"
                let places = tensor [ 3; 1 ] [| 1L; 0L; 1L |]
                Expect.equal (floats (engine.Gather(1, x, places))) [| 2.0; 3.0; 6.0 |] "gather"

                let scattered =
                    engine.ScatterAdd(1, 3, tensor [ 3; 1 ] [| 7.0; 8.0; 9.0 |], places)

                Expect.equal
                    (floats scattered)
                    [| 0.0; 7.0; 0.0; 8.0; 0.0; 0.0; 0.0; 9.0; 0.0 |]
                    "scatter"

                Expect.throwsT<EngineException>
                    (fun () -> engine.IndexSelect(0, x, tensor [ 1 ] [| 3L |]) |> ignore)
                    "outside"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.IndexSelect(0, x, tensor [ 1 ] [| 0.0 |]) |> ignore)
                    "positions that are no whole numbers"
            )

        testCase
            "factorizations of stacks"
            (fun () ->
                let n, r = 4, 2
                let a = Array.append (positive 1 n) (positive 2 n)
                let b = numbers 3 (2 * n * r)
                let ta, tb = tensor [ 2; n; n ] a, tensor [ 2; n; r ] b

                let times transposed x y =
                    floats (engine.MatMul(false, transposed, x, y))

                let l = engine.Cholesky ta
                close "L Lᵀ" a (times true l l)
                let x = engine.Solve(ta, tb)
                close "a x = b" b (times false ta x)
                let t = engine.TriangularSolve(Triangle.Lower, true, false, l, tb)
                close "Lᵀ x = b" b (floats (engine.MatMul(true, false, l, t)))
                let det = floats (engine.LogDeterminant ta)
                let lv = floats l
                Expect.equal lv[1] 0.0 "zeros above the diagonal"
                let half = Seq.sum (seq { for i in 0 .. n - 1 -> Math.Log lv[i * (n + 1)] })
                close "determinant" [| 1.0; 2.0 * half |] det[..1]
                let eigen = engine.SymmetricEigen ta
                Expect.equal eigen.Shape (Shape.Of(2, n + 1, n)) "packed"
                let e = floats eigen
                let values = Array.append e[.. n - 1] e[(n + 1) * n .. (n + 1) * n + n - 1]
                let vectors = Array.append e[n .. (n + 1) * n - 1] e[(n + 2) * n ..]

                Expect.isTrue
                    (values[0] <= values[1] && values[n - 2] <= values[n - 1])
                    "ascending"

                let scaled = vectors |> Array.mapi (fun i v -> v * values[i / (n * n) * n + i % n])
                close "a V = V w" scaled (times false ta (tensor [ 2; n; n ] vectors))
            )

        testCase
            "QR, packed"
            (fun () ->
                let m, n = 5, 3
                let a = numbers 4 (2 * m * n)
                let packed = engine.Qr(tensor [ 2; m; n ] a)
                Expect.equal packed.Shape (Shape.Of(2, m + n, n)) "Q over R"
                let q = engine.Slice([| span 0 2; span 0 m; span 0 n |], packed)
                let upper = engine.Slice([| span 0 2; span m n; span 0 n |], packed)
                close "Q R" a (floats (engine.MatMul(false, false, q, upper)))

                close
                    "Qᵀ Q"
                    (Array.append (identity n) (identity n))
                    (floats (engine.MatMul(true, false, q, q)))

                let rv = floats upper
                Expect.equal rv[n] 0.0 "R is upper triangular"
                Expect.isGreaterThanOrEqual rv[0] 0.0 "its diagonal is 0 or more"
                let wide = numbers 5 (2 * 4)
                let p = engine.Qr(tensor [ 2; 4 ] wide)
                Expect.equal p.Shape (Shape.Of(4, 4)) "more columns than rows"
                let qw = engine.Slice([| span 0 2; span 0 2 |], p)
                let rw = engine.Slice([| span 2 2; span 0 4 |], p)
                close "Q R, wide" wide (floats (engine.MatMul(false, false, qw, rw)))
            )

        testCase
            "factorizations in Float32, and what fails"
            (fun () ->
                let a = positive 6 3
                let single = tensor [ 3; 3 ] (Array.map float32 a)
                let l = engine.Cholesky single
                Expect.equal l.DType DType.Float32 "the type stays"
                let back = floats (engine.MatMul(false, true, l, l))

                let worst =
                    Array.map2 (fun (u: float) (v: float) -> Math.Abs(u - v)) a back |> Array.max

                Expect.isLessThan worst 1e-4 "L Lᵀ in Float32"
                let indefinite = Array.append [| 1.0; 2.0; 2.0; 1.0 |] [| 4.0; 0.0; 0.0; 9.0 |]
                let c = floats (engine.Cholesky(tensor [ 2; 2; 2 ] indefinite))
                Expect.isTrue (Array.forall Double.IsNaN c[..3]) "not positive definite: all NaN"
                Expect.equal c[4..] [| 2.0; 0.0; 0.0; 3.0 |] "its neighbour is not touched"
                let det = floats (engine.LogDeterminant(tensor [ 2; 2 ] [| 1.0; 2.0; 2.0; 4.0 |]))
                Expect.equal det [| 0.0; -infinity |] "singular"
                let x = floats (engine.Solve(tensor [ 1; 1 ] [| 0.0 |], tensor [ 1; 1 ] [| 1.0 |]))
                Expect.isFalse (Double.IsFinite x[0]) "no solution"

                Expect.throwsT<ArgumentException>
                    (fun () -> engine.Cholesky(tensor [ 1; 1 ] [| 1L |]) |> ignore)
                    "whole numbers"

                let empty = engine.Cholesky(tensor [ 0; 2; 2 ] (Array.zeroCreate<float> 0))
                Expect.equal empty.Length 0 "an empty stack"
            )
    ]
