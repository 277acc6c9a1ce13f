namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim

/// Reductions, running sums and positions of the largest.
[<RequireQualifiedAccess>]
module internal ReductionLaws =

    let private reducedDims (axes: int[]) (keep: bool) (dims: int[]) : int[] =
        dims
        |> Array.indexed
        |> Array.choose (fun (axis, n) ->
            match Array.contains axis axes, keep with
            | false, _ -> Some n
            | true, true -> Some 1
            | true, false -> None
        )

    /// The numbers that meet in each element of a reduction, in row-major order.
    let private groups (axes: int[]) (x: Plain) : float[][] =
        let kept = reducedDims axes true x.Dims
        let found = Array.init (Plain.length kept) (fun _ -> ResizeArray<float>())

        Plain.indices x.Dims
        |> Array.iteri (fun i index ->
            let at =
                index |> Array.mapi (fun axis k -> if Array.contains axis axes then 0 else k)

            found[Plain.ravel kept at].Add x.Numbers[i]
        )

        found |> Array.map _.ToArray()

    let private numbers (kind: Reduction) (dtype: DType) : Gen<float> =
        match kind, dtype with
        | (Reduction.Maximum | Reduction.Minimum), _
        | _, DType.Bool -> EngineGenerators.wild dtype
        // Products of many numbers must stay in range in every order.
        | Reduction.Product, DType.Int64 -> Gen.elements [ 1.0; -1.0; 1.0; 2.0; 0.0 ]
        | Reduction.Product, _ ->
            Gen.frequency [
                40, Gen.map (fun x -> 1.0 + x / 8.0) (EngineGenerators.between -1.0 1.0)
                1, Gen.elements [ nan; 0.0; -2.0 ]
            ]
        // Sums too: one sign of the largest numbers would decide by the order.
        | (Reduction.Sum | Reduction.LogSumExp), _ ->
            Gen.frequency [
                40, EngineGenerators.tame dtype
                4,
                (if dtype.IsFloating then
                     EngineGenerators.between -900.0 900.0
                 else
                     EngineGenerators.whole)
                1,
                (if dtype.IsFloating then
                     Gen.elements [ nan; infinity; -infinity ]
                 else
                     EngineGenerators.whole)
            ]

    let private caseOf
        (kind: Reduction)
        (dtype: DType)
        (dims: int[])
        (axes: int[])
        (keep: bool)
        (x: Operand)
        : OperationCase =
        let groups = groups axes x.Plain
        let inside = axes |> Array.map string |> String.concat ", "
        let result = reducedDims axes keep dims

        let closeness (i: int) =
            if dtype.IsFloating then
                Reference.reduceCloseness kind groups[i]
            else
                Closeness.Equal

        // Over no elements, the contract's numbers; whole numbers have no infinities.
        let truth (group: float[]) : float =
            match dtype, kind with
            | DType.Bool, (Reduction.Maximum | Reduction.Minimum) when group.Length = 0 ->
                if kind = Reduction.Minimum then 1.0 else 0.0
            | _ -> Reference.reduce kind group

        let kept = if keep then ", kept" else ""

        OperationCase.ofTruth
            $"Reduce {kind} over axes [{inside}]{kept},"
            [ x ]
            (fun engine inputs -> engine.Reduce(kind, axes, keep, inputs[0]))
            closeness
            (fun i ->
                let shown = groups[i] |> Array.truncate 12 |> Array.map (fun v -> $"{v:R}")
                let dots = if groups[i].Length > 12 then ", …" else ""
                let inside = String.concat ", " shown
                $", over {inside}{dots},"
            )
            (Plain.create dtype result (Array.map truth groups))

    /// One call of a reduction.
    let reduceCase (kind: Reduction) (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes

            // The largest of no whole numbers is not said.
            let dims = if dtype = DType.Int64 then Array.map (max 1) dims else dims

            let! axes = EngineGenerators.axes dims.Length
            let! keep = Gen.elements [ true; false ]
            let! x = EngineGenerators.operand dtype (numbers kind dtype) dims
            return caseOf kind dtype dims axes keep x
        }

    let private types (kind: Reduction) : DType list =
        match kind with
        | Reduction.Sum
        | Reduction.Product -> EngineGenerators.numeric
        | Reduction.Maximum
        | Reduction.Minimum -> EngineGenerators.every
        | Reduction.LogSumExp -> EngineGenerators.floating

    let private kinds: (Reduction * string) list = [
        Reduction.Sum,
        "adds to n ε Σ |x|; whole numbers exactly; NaN and infinities as IEEE 754 adds them"
        Reduction.Product, "multiplies to n ε of the product"
        Reduction.Maximum, "is the largest, NaN if any is, any for truth values"
        Reduction.Minimum, "is the smallest, NaN if any is, all for truth values"
        Reduction.LogSumExp, "is log Σ exp x to (n + 4) ε · max(1, |y|), without overflow"
    ]

    let private reductions (settings: EngineLawSettings) : EngineLaw list =
        kinds
        |> List.map (fun (kind, statement) ->
            EngineLaw.forAll
                settings
                EngineFamily.Reduction
                $"Reduce {kind}"
                $"Reduce {kind} over any axes, kept or dropped, {statement}."
                OperationCase.text
                (List.map (reduceCase kind) (types kind))
                OperationCase.examine
        )

    let private overNothing: EngineLaw =
        let cases = [
            for kind, _ in kinds do
                for dtype in types kind do
                    for dims, axes in
                        [ [| 0 |], [| 0 |]; [| 2; 0; 3 |], [| 1 |]; [| 0; 2 |], [| 0; 1 |] ] do
                        let isSaid =
                            dtype <> DType.Int64 || kind = Reduction.Sum || kind = Reduction.Product

                        if isSaid then
                            Operand.fresh (Plain.create dtype dims [||])
                            |> caseOf kind dtype dims axes false
        ]

        EngineLaw.ofCases
            EngineFamily.Reduction
            "Reduce over no elements"
            "Over no elements the results are 0, 1, −∞, ∞ and −∞; for truth values false and true."
            OperationCase.text
            cases
            OperationCase.examine

    let private cumulative (settings: EngineLawSettings) : EngineLaw =
        let case (dtype: DType) : Gen<OperationCase> =
            gen {
                let! dims, axis = EngineGenerators.shapesWithAxis
                let! reversed = Gen.elements [ true; false ]
                let! x = EngineGenerators.operand dtype (numbers Reduction.Sum dtype) dims

                let summed (index: int[]) : float[] =
                    let places =
                        if reversed then
                            [| dims[axis] - 1 .. -1 .. index[axis] |]
                        else
                            [| 0 .. index[axis] |]

                    places
                    |> Array.map (fun k ->
                        x.Plain.Numbers[Plain.ravel dims (Array.updateAt axis k index)]
                    )

                let parts = Plain.indices dims |> Array.map summed
                let way = if reversed then ", reversed," else ""

                return
                    OperationCase.ofTruth
                        $"CumulativeSum along axis {axis}{way}"
                        [ x ]
                        (fun engine inputs -> engine.CumulativeSum(axis, reversed, inputs[0]))
                        (fun i ->
                            if dtype.IsFloating then
                                Reference.reduceCloseness Reduction.Sum parts[i]
                            else
                                Closeness.Equal
                        )
                        (fun _ -> "")
                        (Plain.create dtype dims (Array.map (Reference.reduce Reduction.Sum) parts))
            }

        EngineLaw.forAll
            settings
            EngineFamily.Reduction
            "CumulativeSum"
            "Element k is the sum of the elements up to k, that one included, from the end when reversed, to n ε Σ |x|."
            OperationCase.text
            (List.map case EngineGenerators.numeric)
            OperationCase.examine

    let private firstOf (largest: bool) (xs: float[]) : int =
        match Array.tryFindIndex Double.IsNaN xs with
        | Some i -> i
        | None ->
            let best = if largest then Array.max xs else Array.min xs
            Array.findIndex (fun x -> x = best) xs

    let private positions (settings: EngineLawSettings) : EngineLaw =
        let case (dtype: DType) : Gen<OperationCase> =
            gen {
                let! dims, axis = EngineGenerators.shapesWithAxis
                let dims = Array.updateAt axis (max 1 dims[axis]) dims
                let! largest = Gen.elements [ true; false ]
                // Few different numbers, so that some are equal.
                let! x =
                    EngineGenerators.operand
                        dtype
                        (Gen.frequency [
                            6, Gen.elements [ 0.0; 1.0 ]
                            1, EngineGenerators.wild dtype
                        ])
                        dims

                let groups = groups [| axis |] x.Plain
                let found = groups |> Array.map (firstOf largest >> float)
                let wanted = if largest then "largest" else "smallest"

                return
                    OperationCase.ofExact
                        $"ArgReduce of the {wanted} along axis {axis}"
                        [ x ]
                        (fun engine inputs -> engine.ArgReduce(largest, axis, inputs[0]))
                        (Plain.create DType.Int64 (reducedDims [| axis |] false dims) found)
            }

        EngineLaw.forAll
            settings
            EngineFamily.Reduction
            "ArgReduce finds the first"
            "The position is that of the first NaN where there is one, else of the first largest (smallest) element, as Int64."
            OperationCase.text
            (List.map case EngineGenerators.every)
            OperationCase.examine

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        yield! reductions settings
        overNothing
        cumulative settings
        positions settings
    ]
