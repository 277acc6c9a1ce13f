namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim

/// Functions and comparisons of two numbers, and choices, with broadcasting.
[<RequireQualifiedAccess>]
module internal PairLaws =

    /// Operands that broadcast together, and the shape to which they do.
    let private broadcasting (operands: (DType * Gen<float>) list) : Gen<Operand list * int[]> =
        gen {
            let! whole = EngineGenerators.shapes
            let! parts = Gen.collectToList (fun _ -> EngineGenerators.parts whole) operands

            let! made =
                List.zip operands parts
                |> Gen.collectToList (fun ((dtype, number), dims) ->
                    EngineGenerators.operand dtype number dims
                )

            return made, List.reduce Plain.broadcast parts
        }

    let private at (x: Operand) (index: int[]) : float =
        x.Plain.Numbers[Plain.met x.Plain.Dims index]

    let private pair
        (call: string)
        (dtype: DType)
        (first: Gen<float>)
        (second: Gen<float>)
        (result: DType)
        (run: Engine -> Tensor -> Tensor -> Tensor)
        (closeness: float -> float -> Closeness)
        (truth: float -> float -> float)
        : Gen<OperationCase> =
        gen {
            let! operands, dims = broadcasting [ dtype, first; dtype, second ]
            let a, b = operands[0], operands[1]

            let inputs (i: int) =
                at a (Plain.unravel dims i), at b (Plain.unravel dims i)

            return
                OperationCase.ofTruth
                    call
                    operands
                    (fun engine inputs -> run engine inputs[0] inputs[1])
                    (fun i -> inputs i ||> closeness)
                    (fun i ->
                        let x, y = inputs i
                        $", of {x:R} and {y:R},"
                    )
                    (Plain.init result dims (fun index -> truth (at a index) (at b index)))
        }

    /// One call of a function of two numbers.
    let binaryCase (kind: Binary) (dtype: DType) : Gen<OperationCase> =
        let wild = EngineGenerators.wild dtype

        let second =
            if dtype = DType.Int64 && kind = Binary.Divide then
                Gen.where (fun x -> x <> 0.0) wild
            else
                wild

        // The results of tanh and the sigmoid are no larger.
        let first =
            match kind with
            | Binary.TanhGradient ->
                Gen.oneof [
                    EngineGenerators.between -1.0 1.0
                    Gen.elements [ nan; 0.0; -0.0; 1.0; -1.0; 1e-30 ]
                ]
            // Values of the sigmoid: outside of them the order of the factors decides where the product overflows.
            | Binary.SigmoidGradient ->
                Gen.oneof [
                    EngineGenerators.between 0.0 1.0
                    Gen.elements [ nan; 0.0; -0.0; 1.0; 1e-30 ]
                ]
            | Binary.Add
            | Binary.Subtract
            | Binary.Multiply
            | Binary.Divide
            | Binary.Power
            | Binary.Atan2
            | Binary.Maximum
            | Binary.Minimum
            | Binary.ReluGradient -> wild

        let quotient = dtype = DType.Int64 && kind = Binary.Divide

        pair
            (kind.ToString())
            dtype
            first
            second
            dtype
            (fun engine a b -> engine.Binary(kind, a, b))
            (if dtype.IsFloating then
                 Reference.binaryCloseness kind
             else
                 fun _ _ -> Closeness.Equal)
            (fun a b ->
                if quotient then
                    truncate (a / b)
                else
                    Reference.binary kind a b
            )

    let private types (kind: Binary) : DType list =
        match kind with
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide -> EngineGenerators.numeric
        | Binary.Maximum
        | Binary.Minimum -> EngineGenerators.every
        | Binary.Power
        | Binary.Atan2
        | Binary.TanhGradient
        | Binary.SigmoidGradient
        | Binary.ReluGradient -> EngineGenerators.floating

    let private binaries (settings: EngineLawSettings) : EngineLaw list =
        [
            Binary.Add, "is the rounded result of IEEE 754; Int64 is exact"
            Binary.Subtract, "is the rounded result of IEEE 754; Int64 is exact"
            Binary.Multiply, "is the rounded result of IEEE 754; Int64 is exact"
            Binary.Divide, "is the rounded result of IEEE 754; Int64 quotients are cut towards 0"
            Binary.Power, "is right to 4 units in the last place"
            Binary.Atan2, "is right to 4 units in the last place, in all quadrants"
            Binary.Maximum, "is the larger, NaN if either is, and or for truth values"
            Binary.Minimum, "is the smaller, NaN if either is, and and for truth values"
            Binary.TanhGradient, "is t (1 − y²) to 4 ε · |t| (1 + y²)"
            Binary.SigmoidGradient, "is t y (1 − y) to 4 ε · |t y| (1 + |y|)"
            Binary.ReluGradient, "is t where x > 0, else 0"
        ]
        |> List.map (fun (kind, statement) ->
            EngineLaw.forAll
                settings
                EngineFamily.Elementwise
                (kind.ToString())
                $"Binary {kind} with broadcasting {statement}."
                OperationCase.text
                (List.map (binaryCase kind) (types kind))
                OperationCase.examine
        )

    let private wraps: EngineLaw =
        let law (name: string) (kind: Binary) (a: int64) (b: int64) (expected: int64) =
            name,
            fun (engine: Engine) ->
                let one (v: int64) = engine.OfArray(Shape.Of 1, [| v |])
                let seen = (engine.ToArray(engine.Binary(kind, one a, one b)) :?> int64[])[0]
                Law.expect (seen = expected) (fun () -> $"it is {seen}, expected {expected}")

        EngineLaw.ofSituations
            EngineFamily.Elementwise
            "Int64 arithmetic wraps around"
            "Sums, differences and products of Int64 elements wrap around, without a detour through floating point."
            [
                law "Add" Binary.Add Int64.MaxValue 1L Int64.MinValue
                law "Subtract" Binary.Subtract Int64.MinValue 1L Int64.MaxValue
                law "Multiply" Binary.Multiply 3037000501L 3037000501L (3037000501L * 3037000501L)
                law "Add beyond 2⁵³" Binary.Add 9007199254740993L 2L 9007199254740995L
            ]

    let private where (settings: EngineLawSettings) : EngineLaw =
        let case (dtype: DType) : Gen<OperationCase> =
            gen {
                let wild = EngineGenerators.wild dtype
                let truths = DType.Bool, EngineGenerators.wild DType.Bool
                let! operands, dims = broadcasting [ truths; dtype, wild; dtype, wild ]
                let condition, a, b = operands[0], operands[1], operands[2]

                return
                    OperationCase.ofExact
                        "Where"
                        operands
                        (fun engine inputs -> engine.Where(inputs[0], inputs[1], inputs[2]))
                        (Plain.init
                            dtype
                            dims
                            (fun i -> if at condition i <> 0.0 then at a i else at b i))
            }

        EngineLaw.forAll
            settings
            EngineFamily.Elementwise
            "Where"
            "Where takes from a where the condition holds and from b elsewhere, all three broadcast, and nothing of the other side."
            OperationCase.text
            (List.map case EngineGenerators.every)
            OperationCase.examine

    let private comparisons (settings: EngineLawSettings) : EngineLaw list =
        [
            Comparison.Equal
            Comparison.NotEqual
            Comparison.Less
            Comparison.LessEqual
            Comparison.Greater
            Comparison.GreaterEqual
        ]
        |> List.map (fun kind ->
            let case (dtype: DType) =
                // Few different numbers, so that some are equal and some pairs are of NaN.
                let few =
                    if dtype.IsFloating then
                        [ 0.0; -0.0; 1.0; nan; infinity ]
                    else
                        [ 0.0; 1.0 ]

                let number = Gen.oneof [ Gen.elements few; EngineGenerators.wild dtype ]
                let exact _ _ = Closeness.Exact

                pair
                    (kind.ToString())
                    dtype
                    number
                    number
                    DType.Bool
                    (fun engine a b -> engine.Compare(kind, a, b))
                    exact
                    (fun a b -> if Reference.compare kind a b then 1.0 else 0.0)

            EngineLaw.forAll
                settings
                EngineFamily.Comparison
                (kind.ToString())
                $"Compare {kind} with broadcasting; no comparison with NaN holds but NotEqual; −0 equals 0."
                OperationCase.text
                (List.map case EngineGenerators.every)
                OperationCase.examine
        )

    /// The elementwise laws of two operands and more, and the laws of comparisons.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        yield! binaries settings
        wraps
        where settings
        yield! comparisons settings
    ]
