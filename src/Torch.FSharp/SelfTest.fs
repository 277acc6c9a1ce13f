namespace Optim.Torch

open System
open System.Diagnostics
open Optim

/// What the self-test found of one family of operations.
type SelfTestRow = {
    /// The family, as "reductions".
    Family: string
    /// Whether all of its results were the known ones.
    Passed: bool
    /// The first result that was not, or the engine's own message; "" when all were.
    Message: string
    /// How long the family took, in milliseconds; the first time with all that is prepared on first use.
    Milliseconds: float
}

/// Each operation of an engine once, on numbers whose results are known. PyTorch promises the C functions of
/// libtorch for years, but not the arguments of the operations that are called by name: a version that changed one
/// must be noticed before it computes something else.
[<RequireQualifiedAccess>]
module internal SelfTest =

    /// One result: what it is of, the known numbers row by row, and the tensor.
    type private Check = string * float list * Tensor

    let private numbers (dims: int list) (values: float list) (engine: Engine) : Tensor =
        engine.OfArray(Shape.Of(Array.ofList dims), Array.ofList values)

    let private positions (values: int64 list) (engine: Engine) : Tensor =
        engine.OfArray(Shape.Of values.Length, Array.ofList values)

    let private truths (values: bool list) (engine: Engine) : Tensor =
        engine.OfArray(Shape.Of values.Length, Array.ofList values)

    let private creation (engine: Engine) : Check list = [
        "OfArray Float64", [ 1.5; -2.0 ], numbers [ 2 ] [ 1.5; -2.0 ] engine
        "OfArray Float32", [ 1.5; -2.0 ], engine.OfArray(Shape.Of 2, [| 1.5f; -2.0f |])
        "OfArray Int64", [ 3.0; -4.0 ], positions [ 3L; -4L ] engine
        "OfArray Bool", [ 1.0; 0.0 ], truths [ true; false ] engine
        "Full", [ 2.5; 2.5 ], engine.Full(Shape.Of 2, DType.Float64, 2.5)
        "Read",
        [ 7.0 ],
        engine.Full(Shape.Scalar, DType.Float64, engine.Read(numbers [ 1 ] [ 7.0 ] engine))
    ]

    let private conversion (engine: Engine) : Check list =
        let x = numbers [ 3 ] [ 0.0; 1.0; 2.0 ] engine

        [
            for dtype in [ DType.Float64; DType.Float32; DType.Int64 ] do
                $"Cast {dtype}", [ 0.0; 1.0; 2.0 ], engine.Cast(dtype, x)
            "Cast Bool", [ 0.0; 1.0; 1.0 ], engine.Cast(DType.Bool, x)
        ]

    // At x = 0.5, of special functions by their closed forms there.
    let private unaryAtHalf: (Unary * float) list =
        let x = 0.5

        [
            Unary.Exp, exp x
            Unary.Expm1, exp x - 1.0
            Unary.Log, log x
            Unary.Log1p, log 1.5
            Unary.Sqrt, sqrt x
            Unary.Square, 0.25
            Unary.Reciprocal, 2.0
            Unary.Power 3.0, 0.125
            Unary.Abs, 0.5
            Unary.Sign, 1.0
            Unary.Floor, 0.0
            Unary.Ceiling, 1.0
            Unary.Round, 0.0
            Unary.Sin, sin x
            Unary.Cos, cos x
            Unary.Tan, tan x
            Unary.Asin, Math.PI / 6.0
            Unary.Acos, Math.PI / 3.0
            Unary.Atan, atan x
            Unary.Sinh, sinh x
            Unary.Cosh, cosh x
            Unary.Tanh, tanh x
            Unary.Asinh, Math.Asinh x
            Unary.Atanh, Math.Atanh x
            Unary.Sigmoid, 1.0 / (1.0 + exp -x)
            Unary.Softplus, log (1.0 + exp x)
            Unary.Relu, 0.5
            Unary.Erf, 0.5204998778130465
            Unary.Erfc, 0.4795001221869535
            Unary.LogGamma, 0.5 * log Math.PI
            // −γ − 2 log 2, π² / 2 and −14 ζ(3).
            Unary.Polygamma 0, -1.9635100260214235
            Unary.Polygamma 1, Math.PI * Math.PI / 2.0
            Unary.Polygamma 2, -16.82879664423432
        ]

    let private unary (engine: Engine) : Check list =
        let half = numbers [ 1 ] [ 0.5 ] engine
        let ends = numbers [ 3 ] [ nan; infinity; 1.0 ] engine

        [
            for kind, known in unaryAtHalf do
                $"{kind}", [ known ], engine.Unary(kind, half)
            "Acosh", [ Math.Acosh 2.0 ], engine.Unary(Unary.Acosh, numbers [ 1 ] [ 2.0 ] engine)
            "IsNaN", [ 1.0; 0.0; 0.0 ], engine.Unary(Unary.IsNaN, ends)
            "IsFinite", [ 0.0; 0.0; 1.0 ], engine.Unary(Unary.IsFinite, ends)
            "Not", [ 0.0; 1.0 ], engine.Unary(Unary.Not, truths [ true; false ] engine)
            "Affine", [ 4.0 ], engine.Affine(2.0, 3.0, half)
        ]

    let private binary (engine: Engine) : Check list =
        let a = numbers [ 2; 1 ] [ 2.0; -3.0 ] engine
        let b = numbers [ 2 ] [ 4.0; 0.5 ] engine
        let slope = numbers [ 2; 1 ] [ 0.5; -3.0 ] engine
        let n = positions [ 7L; -2L ] engine
        let of2 kind = engine.Binary(kind, a, b)

        [
            "Add", [ 6.0; 2.5; 1.0; -2.5 ], of2 Binary.Add
            "Subtract", [ -2.0; 1.5; -7.0; -3.5 ], of2 Binary.Subtract
            "Multiply", [ 8.0; 1.0; -12.0; -1.5 ], of2 Binary.Multiply
            "Divide", [ 0.5; 4.0; -0.75; -6.0 ], of2 Binary.Divide
            "Power", [ 16.0; sqrt 2.0; 81.0; nan ], of2 Binary.Power
            "Atan2",
            [ atan2 2.0 4.0; atan2 2.0 0.5; atan2 -3.0 4.0; atan2 -3.0 0.5 ],
            of2 Binary.Atan2
            "Maximum", [ 4.0; 2.0; 4.0; 0.5 ], of2 Binary.Maximum
            "Minimum", [ 2.0; 0.5; -3.0; -3.0 ], of2 Binary.Minimum
            "TanhGradient",
            [ 3.0; 0.375; -32.0; -4.0 ],
            engine.Binary(Binary.TanhGradient, slope, b)
            "SigmoidGradient",
            [ 1.0; 0.125; -48.0; -6.0 ],
            engine.Binary(Binary.SigmoidGradient, slope, b)
            "ReluGradient", [ 4.0; 0.5; 0.0; 0.0 ], engine.Binary(Binary.ReluGradient, slope, b)
            "Add Int64", [ 14.0; -4.0 ], engine.Binary(Binary.Add, n, n)
            "Subtract Int64", [ 0.0; 0.0 ], engine.Binary(Binary.Subtract, n, n)
            "Multiply Int64", [ 49.0; 4.0 ], engine.Binary(Binary.Multiply, n, n)
        ]

    let private comparison (engine: Engine) : Check list =
        let a = numbers [ 3 ] [ 1.0; 2.0; nan ] engine
        let b = numbers [ 1 ] [ 2.0 ] engine

        [
            for kind, known in
                [
                    Comparison.Equal, [ 0.0; 1.0; 0.0 ]
                    Comparison.NotEqual, [ 1.0; 0.0; 1.0 ]
                    Comparison.Less, [ 1.0; 0.0; 0.0 ]
                    Comparison.LessEqual, [ 1.0; 1.0; 0.0 ]
                    Comparison.Greater, [ 0.0; 0.0; 0.0 ]
                    Comparison.GreaterEqual, [ 0.0; 1.0; 0.0 ]
                ] do
                $"{kind}", known, engine.Compare(kind, a, b)
            "Where", [ 1.0; 2.0; 2.0 ], engine.Where(truths [ true; false; false ] engine, a, b)
        ]

    let private reduction (engine: Engine) : Check list =
        let x = numbers [ 2; 3 ] [ 1.0; 2.0; 3.0; -4.0; 5.0; 6.0 ] engine

        [
            "Sum", [ 6.0; 7.0 ], engine.Reduce(Reduction.Sum, [| 1 |], false, x)
            "Sum of all", [ 13.0 ], engine.Reduce(Reduction.Sum, [| 0; 1 |], true, x)
            "Product", [ -4.0; 10.0; 18.0 ], engine.Reduce(Reduction.Product, [| 0 |], false, x)
            "Maximum", [ 3.0; 6.0 ], engine.Reduce(Reduction.Maximum, [| 1 |], true, x)
            "Minimum", [ -4.0; 2.0; 3.0 ], engine.Reduce(Reduction.Minimum, [| 0 |], false, x)
            "LogSumExp",
            [ log (exp 1.0 + exp 2.0 + exp 3.0); log (exp -4.0 + exp 5.0 + exp 6.0) ],
            engine.Reduce(Reduction.LogSumExp, [| 1 |], false, x)
            "CumulativeSum", [ 1.0; 3.0; 6.0; -4.0; 1.0; 7.0 ], engine.CumulativeSum(1, false, x)
            "CumulativeSum reversed",
            [ 6.0; 5.0; 3.0; 7.0; 11.0; 6.0 ],
            engine.CumulativeSum(1, true, x)
            "ArgReduce largest", [ 2.0; 2.0 ], engine.ArgReduce(true, 1, x)
            "ArgReduce smallest", [ 1.0; 0.0; 0.0 ], engine.ArgReduce(false, 0, x)
        ]

    let private product (engine: Engine) : Check list =
        let a = numbers [ 2; 2 ] [ 1.0; 2.0; 3.0; 4.0 ] engine
        let b = numbers [ 2; 2 ] [ 5.0; 6.0; 7.0; 8.0 ] engine
        let batch = numbers [ 2; 1; 2 ] [ 1.0; 2.0; 3.0; 4.0 ] engine

        [
            "MatMul", [ 19.0; 22.0; 43.0; 50.0 ], engine.MatMul(false, false, a, b)
            "MatMul of the first transposed",
            [ 26.0; 30.0; 38.0; 44.0 ],
            engine.MatMul(true, false, a, b)
            "MatMul of the second transposed",
            [ 17.0; 23.0; 39.0; 53.0 ],
            engine.MatMul(false, true, a, b)
            "MatMul of a batch", [ 19.0; 22.0; 43.0; 50.0 ], engine.MatMul(false, false, batch, b)
        ]

    let private movement (engine: Engine) : Check list =
        let x = numbers [ 2; 3 ] [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ] engine

        let range start step count = { Start = start; Step = step; Count = count }

        [
            "Reshape",
            [ 1.0; 3.0; 5.0; 2.0; 4.0; 6.0 ],
            engine.Permute([| 1; 0 |], engine.Reshape(Shape.Of(3, 2), x))
            "Permute", [ 1.0; 4.0; 2.0; 5.0; 3.0; 6.0 ], engine.Permute([| 1; 0 |], x)
            "Expand",
            [ 1.0; 1.0; 2.0; 2.0 ],
            engine.Expand(Shape.Of(2, 2), numbers [ 2; 1 ] [ 1.0; 2.0 ] engine)
            "Slice", [ 1.0; 3.0 ], engine.Slice([| range 0 1 1; range 0 2 2 |], x)
            "Slice backwards", [ 6.0; 5.0; 4.0 ], engine.Slice([| range 1 1 1; range 2 -1 3 |], x)
            "Assemble",
            [ 1.0; 2.0; 3.0; 0.0; 11.0; 7.0; 9.0; 0.0 ],
            engine.Assemble(
                Shape.Of(2, 4),
                [| [| range 0 1 2; range 0 1 3 |]; [| range 1 1 1; range 0 1 3 |] |],
                [| x; numbers [ 1; 3 ] [ 7.0; 2.0; 3.0 ] engine |]
            )
        ]

    let private selection (engine: Engine) : Check list =
        let x = numbers [ 2; 2 ] [ 1.0; 2.0; 3.0; 4.0 ] engine
        let twice = positions [ 1L; 1L ] engine
        let places = engine.Reshape(Shape.Of(2, 2), positions [ 1L; 0L; 0L; 0L ] engine)

        [
            "IndexSelect", [ 3.0; 4.0; 3.0; 4.0 ], engine.IndexSelect(0, x, twice)
            "IndexAdd", [ 0.0; 0.0; 4.0; 6.0 ], engine.IndexAdd(0, 2, x, twice)
            "Gather", [ 2.0; 1.0; 3.0; 3.0 ], engine.Gather(1, x, places)
            "ScatterAdd", [ 2.0; 1.0; 7.0; 0.0 ], engine.ScatterAdd(1, 2, x, places)
        ]

    let private factorization (engine: Engine) : Check list =
        let a = numbers [ 2; 2 ] [ 1.0; 2.0; 3.0; 4.0 ] engine
        let lower = numbers [ 2; 2 ] [ 2.0; 9.0; 1.0; 4.0 ] engine
        let symmetric = numbers [ 2; 2 ] [ 2.0; 9.0; 1.0; 2.0 ] engine
        let eigen = engine.SymmetricEigen symmetric
        let r = sqrt 0.5

        [
            "Cholesky",
            [ 2.0; 0.0; 1.0; 2.0 ],
            engine.Cholesky(numbers [ 2; 2 ] [ 4.0; 9.0; 2.0; 5.0 ] engine)
            "Cholesky of an indefinite matrix",
            [ nan; nan; nan; nan ],
            engine.Cholesky(numbers [ 2; 2 ] [ 1.0; 2.0; 2.0; 1.0 ] engine)
            "Solve", [ 1.0; 2.0 ], engine.Solve(a, numbers [ 2; 1 ] [ 5.0; 11.0 ] engine)
            "TriangularSolve",
            [ 1.0; 2.0 ],
            engine.TriangularSolve(
                Triangle.Lower,
                false,
                false,
                lower,
                numbers [ 2; 1 ] [ 2.0; 9.0 ] engine
            )
            "TriangularSolve transposed",
            [ 3.0; 2.0 ],
            engine.TriangularSolve(
                Triangle.Lower,
                true,
                false,
                lower,
                numbers [ 2; 1 ] [ 8.0; 8.0 ] engine
            )
            "Qr", [ 0.6; 0.8; 5.0 ], engine.Qr(numbers [ 2; 1 ] [ 3.0; 4.0 ] engine)
            // The signs of eigenvectors are free: their absolute values.
            "SymmetricEigen", [ 1.0; 3.0; r; r; r; r ], engine.Unary(Unary.Abs, eigen)
            "LogDeterminant", [ -1.0; log 2.0 ], engine.LogDeterminant a
        ]

    // An engine need not have them.
    let private wholeStep (engine: Engine) : Check list =
        let vector value = numbers [ 1 ] [ value ] engine

        let adam =
            WholeStep.Adam {
                Rate = 0.1
                Decay1 = 0.5
                Decay2 = 0.75
                Epsilon = 0.0
                WeightDecay = 0.0
                IsDecoupled = false
                Step = 1L
            }

        let sgd =
            WholeStep.Sgd {
                Rate = 0.1
                Momentum = 0.5
                IsNesterov = false
                WeightDecay = 0.0
            }

        [
            match engine.WholeStep(adam, [| vector 1.0; vector 2.0; vector 0.5; vector 0.25 |]) with
            | null -> ()
            | results ->
                "Adam's point", [ 1.0 - 0.25 / sqrt 4.75 ], results[0]
                "Adam's mean", [ 1.25 ], results[1]
                "Adam's square", [ 1.1875 ], results[2]
            match engine.WholeStep(sgd, [| vector 1.0; vector 2.0; vector 3.0 |]) with
            | null -> ()
            | results ->
                "Sgd's point", [ 0.65 ], results[0]
                "Sgd's velocity", [ 3.5 ], results[1]
        ]

    let private families: (string * (Engine -> Check list)) list = [
        "creation", creation
        "conversion", conversion
        "functions of one tensor", unary
        "functions of two tensors", binary
        "comparison and choice", comparison
        "reductions", reduction
        "products", product
        "movement", movement
        "selection", selection
        "factorizations", factorization
        "whole steps", wholeStep
    ]

    let private asFloats (values: Array) : float[] =
        match values with
        | :? (float[]) as v -> v
        | :? (float32[]) as v -> Array.map float v
        | :? (int64[]) as v -> Array.map float v
        | :? (bool[]) as v -> Array.map (fun t -> if t then 1.0 else 0.0) v
        | other -> invalidOp $"an engine gave an array of {other.GetType()}"

    // Wide enough for any library's special functions; a changed argument misses by far more.
    let private tolerance = 1e-10

    let private agree (known: float) (got: float) =
        (Double.IsNaN known && Double.IsNaN got)
        || known = got
        || abs (known - got) <= tolerance * (1.0 + abs known)

    let private text (values: float seq) = String.Join(", ", values)

    // "" when the result is the known one.
    let private mismatch (engine: Engine) ((name, known, result): Check) : string =
        let got = asFloats (engine.ToArray result)

        if got.Length = known.Length && Seq.forall2 agree known got then
            ""
        else
            $"{name} gave {text got} where {text known} is right"

    /// Runs one family. Of what fails, the first message.
    let private runFamily (engine: Engine) (name: string, checks: Engine -> Check list) =
        let watch = Stopwatch.StartNew()

        let message =
            try
                checks engine
                |> Seq.map (mismatch engine)
                |> Seq.tryFind (fun message -> message <> "")
                |> Option.defaultValue ""
            with
            | :? EngineException as e -> $"{e.Operation}: {e.Detail}"
            | :? DllNotFoundException as e -> e.Message
            | :? EntryPointNotFoundException as e -> e.Message

        {
            Family = name
            Passed = (message = "")
            Message = message
            Milliseconds = watch.Elapsed.TotalMilliseconds
        }

    /// Runs every family on an engine, whichever; the rows in a fixed order.
    let run (engine: Engine) : SelfTestRow list = List.map (runFamily engine) families

    /// Errors: EngineException SelfTest, which names the families whose results are wrong and the library's version.
    let demand (engine: Engine) (version: Version) : unit =
        match run engine |> List.filter (fun row -> not row.Passed) with
        | [] -> ()
        | failed ->
            let all =
                failed
                |> List.map (fun row -> $"{row.Family} ({row.Message})")
                |> String.concat "; "

            raise (
                Failures.error
                    "SelfTest"
                    "none"
                    engine.Device
                    $"libtorch {version} computes something else than the versions that this engine was written for: {all}"
                    0
            )
