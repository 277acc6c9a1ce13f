namespace Optim.Laws

open System
open Optim

/// Whole steps of elementwise methods, where an engine has them.
[<RequireQualifiedAccess>]
module internal WholeStepLaws =

    /// A step and the vectors it is taken on: the point, the gradient, and what the method remembers.
    [<NoComparison>]
    type private Case = {
        Step: WholeStep
        DType: DType
        IsView: bool
        Vectors: float[][]
    }

    let private text (case: Case) : string =
        let form = if case.IsView then "reversed views" else "vectors"
        $"%A{case.Step} on {form} of {case.Vectors[0].Length} {case.DType} elements"

    // The formulas of Adam and AdamW, element by element.
    let private adam (n: AdamNumbers) (vectors: float[][]) : float[][] =
        let next =
            Array.init
                vectors[0].Length
                (fun i ->
                    let x, gradient, mean, square =
                        vectors[0][i], vectors[1][i], vectors[2][i], vectors[3][i]

                    let decay = n.WeightDecay
                    let g = if n.IsDecoupled then gradient else gradient + decay * x
                    let start = if n.IsDecoupled then x - n.Rate * decay * x else x
                    let m = n.Decay1 * mean + (1.0 - n.Decay1) * g
                    let v = n.Decay2 * square + (1.0 - n.Decay2) * g * g
                    let correctedMean = m / (1.0 - Math.Pow(n.Decay1, float n.Step))
                    let correctedSquare = v / (1.0 - Math.Pow(n.Decay2, float n.Step))
                    let move = n.Rate * correctedMean / (sqrt correctedSquare + n.Epsilon)
                    struct (start - move, m, v)
                )

        [|
            next |> Array.map (fun (struct (x, _, _)) -> x)
            next |> Array.map (fun (struct (_, m, _)) -> m)
            next |> Array.map (fun (struct (_, _, v)) -> v)
        |]

    // The formulas of gradient descent with and without momentum.
    let private sgd (n: SgdNumbers) (vectors: float[][]) : float[][] =
        let g = Array.map2 (fun x g -> g + n.WeightDecay * x) vectors[0] vectors[1]

        if n.Momentum = 0.0 then
            [| Array.map2 (fun x g -> x - n.Rate * g) vectors[0] g |]
        else
            let b = Array.map2 (fun b g -> n.Momentum * b + g) vectors[2] g

            let move =
                if n.IsNesterov then
                    Array.map2 (fun g b -> g + n.Momentum * b) g b
                else
                    b

            [| Array.map2 (fun x m -> x - n.Rate * m) vectors[0] move; b |]

    let private expected (case: Case) : float[][] =
        match case.Step with
        | WholeStep.Adam numbers -> adam numbers case.Vectors
        | WholeStep.Sgd numbers -> sgd numbers case.Vectors

    let private steps: WholeStep list =
        let adam: AdamNumbers = {
            Rate = 0.01
            Decay1 = 0.9
            Decay2 = 0.999
            Epsilon = 1e-8
            WeightDecay = 0.0
            IsDecoupled = false
            Step = 1L
        }

        let sgd: SgdNumbers = {
            Rate = 0.1
            Momentum = 0.0
            IsNesterov = false
            WeightDecay = 0.0
        }

        [
            WholeStep.Adam adam
            WholeStep.Adam { adam with Step = 1000L; WeightDecay = 0.1 }
            WholeStep.Adam { adam with Step = 7L; WeightDecay = 0.1; IsDecoupled = true }
            WholeStep.Adam { adam with Decay1 = 0.0; Epsilon = 0.25 }
            WholeStep.Sgd sgd
            WholeStep.Sgd { sgd with WeightDecay = 0.5 }
            WholeStep.Sgd { sgd with Momentum = 0.9 }
            WholeStep.Sgd { sgd with Momentum = 0.9; IsNesterov = true; WeightDecay = 0.5 }
        ]

    let private vectorsOf (seed: uint64) (length: int) (step: WholeStep) : float[][] =
        let random = Random(int seed)
        // Multiples of 1/32 between −2 and 2: they and their squares are exact in both types.
        let vector () =
            Array.init length (fun _ -> float (random.Next(-64, 65)) / 32.0)

        match step with
        | WholeStep.Adam _ -> [|
            vector ()
            vector ()
            vector ()
            vector () |> Array.map (fun v -> v * v / 4.0)
          |]
        | WholeStep.Sgd numbers when numbers.Momentum = 0.0 -> [| vector (); vector () |]
        | WholeStep.Sgd _ -> [| vector (); vector (); vector () |]

    let private tensorOf (engine: Engine) (case: Case) (values: float[]) : Tensor =
        let upload (values: float[]) =
            engine.Cast(case.DType, engine.OfArray(Shape.Of values.Length, values))

        if case.IsView && values.Length > 0 then
            let last = values.Length - 1
            let back = [| { Start = last; Step = -1; Count = values.Length } |]
            engine.Slice(back, upload (Array.rev values))
        else
            upload values

    let private examine (engine: Engine) (case: Case) : string voption =
        let inputs = case.Vectors |> Array.map (tensorOf engine case)

        match engine.WholeStep(case.Step, inputs) with
        | null -> ValueNone
        | results ->
            let expected = expected case
            let unit = if case.DType = DType.Float64 then 2.3e-16 else 1.2e-7

            let difference (kind: string) (expected: float[]) (seen: Tensor) : string voption =
                let seen = seen.ToArray()

                let off =
                    Array.tryFindIndex
                        (fun i ->
                            abs (seen[i] - expected[i]) > 16.0 * unit * max 1.0 (abs expected[i])
                        )
                        [| 0 .. expected.Length - 1 |]

                match off with
                | Some i -> ValueSome $"{kind}, element {i}: {seen[i]:R}, expected {expected[i]:R}"
                | None -> ValueNone

            let changed =
                Array.zip case.Vectors inputs
                |> Array.tryFindIndex (fun (values, x) -> x.ToArray() <> values)

            match changed with
            | Some i -> ValueSome $"the step changed its operand number {i}"
            | None when results.Length <> expected.Length ->
                ValueSome $"{results.Length} results, expected {expected.Length}"
            | None ->
                Array.zip expected results
                |> Array.indexed
                |> Array.tryPick (fun (i, (expected, seen)) ->
                    match difference $"result {i}" expected seen with
                    | ValueSome detail -> Some detail
                    | ValueNone -> None
                )
                |> ValueOption.ofOption

    /// The laws of whole steps.
    let laws (settings: EngineLawSettings) : EngineLaw list =
        let cases = [
            for dtype in [ DType.Float64; DType.Float32 ] do
                for isView in [ false; true ] do
                    for length in [ 0; 1; 5; 1000 ] do
                        for step in steps do
                            {
                                Step = step
                                DType = dtype
                                IsView = isView
                                Vectors = vectorsOf (settings.Seed + uint64 length) length step
                            }
        ]

        [
            EngineLaw.ofCases
                EngineFamily.Elementwise
                "WholeStep"
                "A step of Adam or SGD as one operation is the step by its formulas within 16 units of the last place, and changes no operand."
                text
                cases
                examine
        ]
