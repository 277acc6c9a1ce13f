namespace Optim.Core

open System
open Optim

/// Examples with what a model should answer.
[<NoComparison; NoEquality>]
type DataSet = {
    /// The name in reports.
    Name: string
    /// What is given: (examples, inputs), Float64 unless cast.
    Inputs: Tensor
    /// What is wanted: Int64 classes (examples), or numbers (examples, targets).
    Targets: Tensor
    /// The names of the classes, in the order of their numbers; empty where the targets are numbers.
    Classes: string list
    /// The names of the inputs; empty where they have none.
    InputNames: string list
    /// Where the data come from.
    Source: string
}

/// Parts and views of data sets.
[<RequireQualifiedAccess>]
module DataSet =

    let private checked' (data: DataSet) : DataSet =
        Check.rank (nameof data.Inputs) 2 data.Inputs
        Check.floating (nameof data.Inputs) data.Inputs
        Check.rankAtLeast (nameof data.Targets) 1 data.Targets
        Check.sameDevice (nameof data.Targets) data.Inputs data.Targets

        if data.Targets.Shape[0] <> data.Inputs.Shape[0] then
            let message =
                $"there are {data.Inputs.Shape[0]} inputs and {data.Targets.Shape[0]} targets"

            raise (ShapeException(message, nameof data.Targets))

        data

    /// Int64 indices on the engine of x.
    let private indicesAlong (x: Tensor) (values: int[]) : Tensor =
        Tensor.createOn x.Engine [ values.Length ] (Array.map int64 values)

    let private blank (inputs: Tensor) (targets: Tensor) : DataSet = {
        Name = "data"
        Inputs = inputs
        Targets = targets
        Classes = []
        InputNames = []
        Source = ""
    }

    /// Examples of classes. inputs: (examples, inputs); classes: the number of each example's class, from 0; names: the
    /// name of each class. Errors: ArgumentException when the counts differ or a class has no name.
    let ofClasses (names: string seq) (inputs: Tensor) (classes: int seq) : DataSet =
        let names, classes = List.ofSeq names, Array.ofSeq classes

        for c in classes do
            if c < 0 || c >= names.Length then
                let message = $"class {c} has no name; expected 0 to {names.Length - 1}"
                raise (ArgumentException(message, nameof classes))

        checked' { blank inputs (indicesAlong inputs classes) with Classes = names }

    /// Examples with numbers as targets. inputs: (examples, inputs); targets: (examples) or (examples, targets).
    /// Errors: ShapeException when the counts differ.
    let ofNumbers (inputs: Tensor) (targets: Tensor) : DataSet =
        let targets =
            if targets.Rank = 1 then
                Shaping.unsqueeze 1 targets
            else
                targets

        Check.rank (nameof targets) 2 targets
        checked' (blank inputs targets)

    /// The number of examples.
    let count (data: DataSet) : int = data.Inputs.Shape[0]

    /// The number of inputs of an example.
    let inputs (data: DataSet) : int = data.Inputs.Shape[1]

    /// How many outputs a model of the data has: one for each class, or one for each target number.
    let outputs (data: DataSet) : int =
        if data.Classes.IsEmpty then
            data.Targets.Shape[1]
        else
            data.Classes.Length

    /// The loss that suits the targets: softmax cross-entropy for classes, squared error for numbers.
    let loss (data: DataSet) : Loss =
        if data.Classes.IsEmpty then
            Loss.squaredError
        else
            Loss.softmaxCrossEntropy

    /// How many examples each class has; empty where the targets are numbers.
    let classCounts (data: DataSet) : int list =
        let classes =
            if data.Classes.IsEmpty then
                [||]
            else
                data.Targets.ToArray()

        data.Classes
        |> List.mapi (fun i _ -> classes |> Array.filter (fun c -> int c = i) |> Array.length)

    /// The examples at these positions, in their order. Errors: EngineException for a position outside.
    let select (positions: int seq) (data: DataSet) : DataSet =
        let positions = indicesAlong data.Inputs (Array.ofSeq positions)

        {
            data with
                Inputs = Shaping.indexSelect 0 positions data.Inputs
                Targets = Shaping.indexSelect 0 positions data.Targets
        }

    /// `length` examples from position `start` on. Errors: ArgumentOutOfRangeException when there are fewer.
    let range (start: int) (length: int) (data: DataSet) : DataSet = {
        data with
            Inputs = Shaping.slice 0 start length 1 data.Inputs
            Targets = Shaping.slice 0 start length 1 data.Targets
    }

    /// The data on an engine. Points of a model that learns from them must be there, too.
    let moveTo (engine: Engine) (data: DataSet) : DataSet = {
        data with
            Inputs = Tensor.moveTo engine data.Inputs
            Targets = Tensor.moveTo engine data.Targets
    }

    /// The data with inputs (and targets, if they are numbers) of another floating-point type.
    let cast (dtype: DType) (data: DataSet) : DataSet =
        if not dtype.IsFloating then
            raise (ArgumentException($"{dtype} is no floating-point type", nameof dtype))

        let targets = data.Targets

        {
            data with
                Inputs = Tensor.cast dtype data.Inputs
                Targets =
                    if targets.DType.IsFloating then
                        Tensor.cast dtype targets
                    else
                        targets
        }

    /// Two data sets that share no example: the first for training, the second with this part of the examples for tests.
    /// Examples of classes are divided class by class, so both have the same mixture up to rounding. Which examples go
    /// where depends on the key alone; each part keeps the order of the whole.
    /// part: above 0, below 1. Errors: ArgumentOutOfRangeException for another part.
    let split (part: float) (key: Key) (data: DataSet) : DataSet * DataSet =
        if not (part > 0.0 && part < 1.0) then
            raise (
                ArgumentOutOfRangeException(
                    nameof part,
                    part,
                    "expected a number above 0 and below 1"
                )
            )

        let groups =
            if data.Classes.IsEmpty then
                [ Array.init (count data) id ]
            else
                let classes = data.Targets.ToArray()

                data.Classes
                |> List.mapi (fun i _ -> [|
                    for at in 0 .. classes.Length - 1 do
                        if int classes[at] = i then
                            at
                |])

        let tests =
            groups
            |> List.mapi (fun i group ->
                let taken =
                    int (Math.Round(part * float group.Length, MidpointRounding.AwayFromZero))

                let order = Random.permutation (Key.fold (int64 i) key) group.Length
                Array.init taken (fun at -> group[order[at]])
            )
            |> Array.concat

        let isTest = Array.create (count data) false

        for at in tests do
            isTest[at] <- true

        let those (wanted: bool) = [
            for at in 0 .. isTest.Length - 1 do
                if isTest[at] = wanted then
                    at
        ]

        select (those false) data, select (those true) data
