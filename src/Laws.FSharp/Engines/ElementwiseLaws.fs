namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// Functions of single numbers and of pairs.
[<RequireQualifiedAccess>]
module internal ElementwiseLaws =

    /// All kinds for floating-point numbers, one law's together.
    let kinds: (string * Unary list) list =
        let powers = [ 2.0; 3.0; -1.0; 1.0; 0.0; 0.5; -0.5; -2.0; 1.7; -3.0 ]

        [
            for kind in
                [
                    Unary.Exp
                    Unary.Expm1
                    Unary.Log
                    Unary.Log1p
                    Unary.Sqrt
                    Unary.Square
                    Unary.Reciprocal
                    Unary.Abs
                    Unary.Sign
                    Unary.Floor
                    Unary.Ceiling
                    Unary.Round
                    Unary.Sin
                    Unary.Cos
                    Unary.Tan
                    Unary.Asin
                    Unary.Acos
                    Unary.Atan
                    Unary.Sinh
                    Unary.Cosh
                    Unary.Tanh
                    Unary.Asinh
                    Unary.Acosh
                    Unary.Atanh
                    Unary.Sigmoid
                    Unary.Softplus
                    Unary.Relu
                    Unary.Erf
                    Unary.Erfc
                    Unary.LogGamma
                    Unary.IsNaN
                    Unary.IsFinite
                ] do
                kind.ToString(), [ kind ]

            "Power to a constant", List.map Unary.Power powers
            "Polygamma", List.map Unary.Polygamma [ 0; 1; 2 ]
        ]

    /// Where a function is interesting, beside numbers of every size.
    let private numbers (kind: Unary) (dtype: DType) : Gen<float> =
        let near (low: float) (high: float) =
            Gen.frequency [ 3, EngineGenerators.between low high; 1, EngineGenerators.wild dtype ]

        match kind with
        | Unary.Asin
        | Unary.Acos
        | Unary.Atanh -> near -1.2 1.2
        | Unary.Log
        | Unary.Acosh -> near 0.0 4.0
        | Unary.Log1p
        | Unary.Expm1 ->
            Gen.oneof [ EngineGenerators.between -1e-3 1e-3; EngineGenerators.wild dtype ]
        | Unary.Round when dtype.IsFloating ->
            Gen.oneof [
                Gen.map (fun k -> k + 0.5) EngineGenerators.whole
                EngineGenerators.wild dtype
            ]
        | Unary.Erf
        | Unary.Erfc -> near -6.0 27.0
        | Unary.LogGamma -> near -6.0 30.0
        // Its poles have no agreed value, and near them the result has no digits.
        | Unary.Polygamma _ ->
            EngineGenerators.between -4.0 40.0
            |> Gen.where (fun x -> x > 0.05 || abs (x - round x) > 0.05)
        | Unary.Exp
        | Unary.Sqrt
        | Unary.Square
        | Unary.Reciprocal
        | Unary.Power _
        | Unary.Abs
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Relu
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> EngineGenerators.wild dtype

    let private resultType (kind: Unary) (dtype: DType) : DType =
        match kind with
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> DType.Bool
        | _ -> dtype

    let private describe (kind: Unary) : string =
        match kind with
        | Unary.Power exponent -> $"Power {exponent}"
        | Unary.Polygamma order -> $"Polygamma {order}"
        | other -> other.ToString()

    /// One call of a function of one number.
    let unaryCase (kind: Unary) (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes
            let! x = EngineGenerators.operand dtype (numbers kind dtype) dims

            return
                OperationCase.ofTruth
                    (describe kind)
                    [ x ]
                    (fun engine inputs -> engine.Unary(kind, inputs[0]))
                    (fun _ -> Reference.unaryCloseness kind)
                    (fun i -> $", of {x.Plain.Numbers[i]:R},")
                    (Plain.create
                        (resultType kind dtype)
                        dims
                        (Array.map (Reference.unary kind dtype) x.Plain.Numbers))
        }

    let private unaries
        (settings: EngineLawSettings)
        (name: string, kinds: Unary list)
        : EngineLaw =
        let closeness =
            match Reference.unaryCloseness kinds.Head with
            | Closeness.Exact -> "to the last bit"
            | Closeness.Equal -> "exactly, but for the sign of zero"
            | Closeness.Ulps count -> $"to {count} units in the last place"
            | Closeness.UlpsOrUnderflow count ->
                $"to {count} units in the last place, below the normal numbers to the smallest of them"
            | Closeness.Epsilons(count, scale)
            | Closeness.EpsilonsOrUnderflow(count, scale) -> $"to {count} ε · max(|y|, {scale})"

        EngineLaw.forAll
            settings
            EngineFamily.Elementwise
            name
            $"Unary {name} of numbers of every size, NaN and infinities among them, is right {closeness}."
            OperationCase.text
            [
                for kind in kinds do
                    for dtype in EngineGenerators.floating do
                        unaryCase kind dtype
            ]
            OperationCase.examine

    let private wholes (settings: EngineLawSettings) : EngineLaw =
        let whole = [
            Unary.Square
            Unary.Abs
            Unary.Sign
            Unary.Relu
            Unary.Floor
            Unary.Ceiling
            Unary.Round
            Unary.IsNaN
            Unary.IsFinite
        ]

        EngineLaw.forAll
            { settings with Cases = max 1 (settings.Cases / 3) }
            EngineFamily.Elementwise
            "Unary of whole numbers and truth values"
            "Square, Abs, Sign, Relu and the roundings of Int64 elements are Int64 and exact; Not turns truth values around."
            OperationCase.text
            (unaryCase Unary.Not DType.Bool
             :: List.map (fun kind -> unaryCase kind DType.Int64) whole)
            OperationCase.examine

    let private affine (settings: EngineLawSettings) : EngineLaw =
        let case (dtype: DType) : Gen<OperationCase> =
            gen {
                let! dims = EngineGenerators.shapes
                let! x = EngineGenerators.operand dtype (EngineGenerators.wild dtype) dims
                let factor = EngineGenerators.tame dtype
                let! scale = Gen.oneof [ factor; Gen.elements [ 0.0; 1.0; -1.0; 2.0 ] ]
                let! shift = Gen.oneof [ factor; Gen.constant 0.0 ]
                let held = Plain.round dtype
                let s, t = held scale, held shift

                // With a fused multiplication and addition or without one.
                let closeness (i: int) =
                    Closeness.Epsilons(2.0, abs (s * x.Plain.Numbers[i]) + abs t)

                return
                    OperationCase.ofTruth
                        $"Affine {scale} x + {shift}"
                        [ x ]
                        (fun engine inputs -> engine.Affine(scale, shift, inputs[0]))
                        closeness
                        (fun i -> $", of {x.Plain.Numbers[i]:R},")
                        (Plain.create dtype dims (x.Plain.Numbers |> Array.map (fun v -> s * v + t)))
            }

        EngineLaw.forAll
            settings
            EngineFamily.Elementwise
            "Affine"
            "Affine is scale · x + shift to 2 ε · (|scale · x| + |shift|)."
            OperationCase.text
            (List.map case EngineGenerators.numeric)
            OperationCase.examine

    let private cast (settings: EngineLawSettings) : EngineLaw =
        let convert (target: DType) (x: float) : float =
            match target with
            | DType.Float64
            | DType.Float32 -> Plain.round target x
            | DType.Int64 -> truncate x
            | DType.Bool -> if x <> 0.0 then 1.0 else 0.0

        let case (source: DType) (target: DType) : Gen<OperationCase> =
            gen {
                let! dims = EngineGenerators.shapes

                // What is no whole number of 64 bits has no agreed one.
                let number =
                    if target = DType.Int64 then
                        EngineGenerators.tame source
                    else
                        EngineGenerators.wild source

                let! x = EngineGenerators.operand source number dims

                return
                    OperationCase.ofExact
                        $"Cast to {target}"
                        [ x ]
                        (fun engine inputs -> engine.Cast(target, inputs[0]))
                        (Plain.create target dims (Array.map (convert target) x.Plain.Numbers))
            }

        EngineLaw.forAll
            { settings with Cases = max 1 (settings.Cases / 3) }
            EngineFamily.Elementwise
            "Cast"
            "Cast rounds to the nearest, cuts towards 0 for Int64, asks whether a number differs from 0 for Bool (NaN does)."
            OperationCase.text
            (List.allPairs EngineGenerators.every EngineGenerators.every
             |> List.map (fun (a, b) -> case a b))
            OperationCase.examine

    /// The laws of this family that concern one operand.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        yield! List.map (unaries settings) kinds
        wholes settings
        affine settings
        cast settings
    ]
