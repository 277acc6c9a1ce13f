namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// Reading and adding up at positions that are data.
[<RequireQualifiedAccess>]
module internal SelectionLaws =

    let private operand (dtype: DType) (number: Gen<float>) (dims: int[]) : Gen<Operand> =
        EngineGenerators.operand dtype number dims

    /// Positions on an axis of this length, which is 1 or more.
    let private positions (length: int) (dims: int[]) : Gen<Operand> =
        operand DType.Int64 (Gen.choose (0, length - 1) |> Gen.map float) dims

    let private at (x: Operand) (index: int[]) : float =
        x.Plain.Numbers[Plain.ravel x.Plain.Dims index]

    let private shapeAndAxis: Gen<int[] * int> =
        gen {
            let! dims, axis = EngineGenerators.shapesWithAxis
            return Array.updateAt axis (max 1 dims[axis]) dims, axis
        }

    /// Zeros with another length on an axis, to which each element of x is added at a place.
    let private scattered (axis: int) (length: int) (x: Operand) (position: int[] -> int) : Plain =
        let dims = Array.updateAt axis length x.Plain.Dims
        let numbers = Array.zeroCreate<float>(Plain.length dims)

        for index in Plain.indices x.Plain.Dims do
            let i = Plain.ravel dims (Array.updateAt axis (position index) index)
            numbers[i] <- numbers[i] + at x index

        Plain.create x.Plain.Type dims numbers

    let private indexSelect (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims, axis = shapeAndAxis
            let! x = operand dtype (EngineGenerators.wild dtype) dims
            let! count = Gen.choose (0, 6)
            let! indices = positions dims[axis] [| count |]
            let chosen (k: int) = int indices.Plain.Numbers[k]

            return
                OperationCase.ofExact
                    $"IndexSelect on axis {axis}"
                    [ x; indices ]
                    (fun engine inputs -> engine.IndexSelect(axis, inputs[0], inputs[1]))
                    (Plain.init
                        dtype
                        (Array.updateAt axis count dims)
                        (fun index -> at x (Array.updateAt axis (chosen index[axis]) index)))
        }

    let private indexAdd (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims, axis = shapeAndAxis
            let! length = Gen.choose (1, 5)
            let! x = operand dtype EngineGenerators.whole dims
            let! indices = positions length [| dims[axis] |]

            return
                OperationCase.ofExact
                    $"IndexAdd to {length} positions on axis {axis}"
                    [ x; indices ]
                    (fun engine inputs -> engine.IndexAdd(axis, length, inputs[0], inputs[1]))
                    (scattered axis length x (fun index -> int indices.Plain.Numbers[index[axis]]))
        }

    let private gather (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims, axis = shapeAndAxis
            let! x = operand dtype (EngineGenerators.wild dtype) dims
            let! count = Gen.choose (0, 6)
            let! indices = positions dims[axis] (Array.updateAt axis count dims)

            return
                OperationCase.ofExact
                    $"Gather on axis {axis}"
                    [ x; indices ]
                    (fun engine inputs -> engine.Gather(axis, inputs[0], inputs[1]))
                    (Plain.init
                        dtype
                        indices.Plain.Dims
                        (fun index -> at x (Array.updateAt axis (int (at indices index)) index)))
        }

    let private scatterAdd (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims, axis = shapeAndAxis
            let! length = Gen.choose (1, 5)
            let! x = operand dtype EngineGenerators.whole dims
            let! indices = positions length dims

            return
                OperationCase.ofExact
                    $"ScatterAdd to {length} positions on axis {axis}"
                    [ x; indices ]
                    (fun engine inputs -> engine.ScatterAdd(axis, length, inputs[0], inputs[1]))
                    (scattered axis length x (fun index -> int (at indices index)))
        }

    /// One call of each selection.
    let cases (dtype: DType) : Gen<OperationCase> list = [
        indexSelect dtype
        indexAdd dtype
        gather dtype
        scatterAdd dtype
    ]

    let private law
        (settings: EngineLawSettings)
        (name: string)
        (statement: string)
        (cases: Gen<OperationCase> list)
        : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Selection
            name
            statement
            OperationCase.text
            cases
            OperationCase.examine

    let private outside: EngineLaw =
        let situation
            (name: string)
            (dtype: DType)
            (bad: int64)
            (call: Engine -> Tensor -> Tensor -> Tensor)
            =
            $"{name} with index {bad} on an axis of {dtype} with 3 positions",
            fun (engine: Engine) ->
                let x =
                    Plain.init dtype [| 3; 2 |] (fun index -> float index[0])
                    |> Plain.toTensor engine

                let flat = Shape.Of 3
                let wide = Shape.Of(3, 2)
                let isFlat = name = "IndexSelect" || name = "IndexAdd"

                let indices =
                    if isFlat then
                        engine.OfArray(flat, [| 0L; bad; 1L |])
                    else
                        engine.OfArray(wide, [| 0L; bad; 1L; 0L; 1L; 0L |])

                try
                    // An engine may find out only when the result is read.
                    let seen = call engine x indices |> engine.ToArray
                    ValueSome $"{seen.Length} elements came out, expected an EngineException"
                with :? EngineException as error ->
                    Law.expect
                        (error.Operation <> "" && error.Device <> "" && error.Shapes <> "")
                        (fun () ->
                            $"the exception does not say operation, shapes and device: {error.Message}"
                        )

        let calls: (string * (Engine -> Tensor -> Tensor -> Tensor)) list = [
            "IndexSelect", fun engine x i -> engine.IndexSelect(0, x, i)
            "IndexAdd", fun engine x i -> engine.IndexAdd(0, 3, x, i)
            "Gather", fun engine x i -> engine.Gather(0, x, i)
            "ScatterAdd", fun engine x i -> engine.ScatterAdd(0, 3, x, i)
        ]

        EngineLaw.ofSituations
            EngineFamily.Selection
            "an index outside the axis is an EngineException"
            "IndexSelect, IndexAdd, Gather and ScatterAdd with an index below 0 or beyond the axis throw an EngineException that names operation, shapes and device."
            [
                for name, call in calls do
                    for dtype in EngineGenerators.numeric do
                        for bad in [ 3L; -1L; 1_000_000_000_000L ] do
                            situation name dtype bad call
            ]

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        law
            settings
            "IndexSelect"
            "Part k of the result is the part of x at indices[k], exactly, in any order and repeatedly."
            (List.map indexSelect EngineGenerators.every)
        law
            settings
            "IndexAdd"
            "Part k of x is added at indices[k] to zeros; parts at one place add up."
            (List.map indexAdd EngineGenerators.numeric)
        law
            settings
            "Gather"
            "Each element is that of x at the same place but at its own index on the axis."
            (List.map gather EngineGenerators.every)
        law
            settings
            "ScatterAdd"
            "Each element of x is added to zeros at its own index on the axis."
            (List.map scatterAdd EngineGenerators.numeric)
        outside
    ]
