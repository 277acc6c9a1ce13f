namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim

/// Numbers go in and come out as they are.
[<RequireQualifiedAccess>]
module internal CreationLaws =

    let private operands (dtype: DType) : Gen<Operand> =
        gen {
            let! dims = EngineGenerators.shapes
            return! EngineGenerators.operand dtype (EngineGenerators.wild dtype) dims
        }

    let private comesBack (settings: EngineLawSettings) : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Creation
            "OfArray and ToArray"
            "What goes in by OfArray comes out by ToArray, bit by bit, with its type and shape, in an array of the fitting type."
            Operand.text
            (List.map operands EngineGenerators.every)
            (fun engine operand ->
                Operand.on engine operand
                |> Plain.ofTensor engine
                |> Plain.difference operand.Plain
            )

    let private copies (settings: EngineLawSettings) : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Creation
            "OfArray copies, and ToArray gives a fresh array"
            "Changing the array after OfArray, or the one that ToArray gave, changes no tensor."
            Operand.text
            (List.map operands EngineGenerators.every)
            (fun engine operand ->
                let given = Plain.toArray operand.Plain
                let x = engine.OfArray(Shape.Of operand.Plain.Dims, given)
                Array.Clear given
                Array.Clear(engine.ToArray x)
                Plain.difference operand.Plain (Plain.ofTensor engine x)
            )

    let private reads (settings: EngineLawSettings) : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Creation
            "Read"
            "Read gives the first element, of views too; truth values as 0 and 1."
            Operand.text
            (EngineGenerators.every
             |> List.map (operands >> Gen.where (fun o -> o.Plain.Numbers.Length > 0)))
            (fun engine operand ->
                let expected = operand.Plain.Numbers[0]
                let seen = engine.Read(Operand.on engine operand)

                Law.expect
                    (Plain.isSame expected seen)
                    (fun () -> $"Read gave {seen:R}, expected {expected:R}")
            )

    let private fills (settings: EngineLawSettings) : EngineLaw =
        let fill (dtype: DType) : Gen<OperationCase> =
            gen {
                let! dims = EngineGenerators.shapes
                let! number = EngineGenerators.wild dtype
                let value = Plain.round dtype number

                return
                    OperationCase.ofExact
                        $"Full {Shape.Of dims} {dtype} {value:R}"
                        []
                        (fun engine _ -> engine.Full(Shape.Of dims, dtype, number))
                        (Plain.init dtype dims (fun _ -> value))
            }

        EngineLaw.forAll
            settings
            EngineFamily.Creation
            "Full"
            "Full fills a tensor of any shape and type with one number, rounded to the type."
            OperationCase.text
            (List.map fill EngineGenerators.every)
            OperationCase.examine

    let private wholes: EngineLaw =
        let values = [| Int64.MinValue; Int64.MaxValue; 9007199254740993L; -1L; 0L; 1L |]

        EngineLaw.ofSituations
            EngineFamily.Creation
            "Int64 elements keep all their digits"
            "Int64 elements beyond 2⁵³ come back unchanged, also from views."
            [
                "OfArray",
                fun engine ->
                    let x = engine.OfArray(Shape.Of 6, values)
                    let seen = engine.ToArray x :?> int64[]
                    Law.expect (seen = values) (fun () -> $"{seen} came back from {values}")

                "Slice",
                fun engine ->
                    let x = engine.OfArray(Shape.Of 6, values)
                    let y = engine.Slice([| { Start = 5; Step = -1; Count = 6 } |], x)
                    let seen = engine.ToArray y :?> int64[]
                    Law.expect (seen = Array.rev values) (fun () -> $"{seen} came back reversed")
            ]

    let private names: EngineLaw =
        EngineLaw.ofSituations
            EngineFamily.Creation
            "tensors lie on their engine's device"
            "A tensor of an engine says the engine's device, and the engine has a name."
            [
                "OfArray",
                fun engine ->
                    let x = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])

                    Law.expect
                        (x.Device = engine.Device && engine.Name <> "")
                        (fun () -> $"the tensor is on {x.Device}, the engine on {engine.Device}")

                "a result",
                fun engine ->
                    let x = engine.Full(Shape.Of 2, DType.Float64, 2.0)
                    let y = engine.Unary(Unary.Exp, x)

                    Law.expect
                        (y.Device = engine.Device)
                        (fun () -> $"the result is on {y.Device}, the engine on {engine.Device}")
            ]

    let private refuses: EngineLaw =
        let refused (engine: Engine) (shape: Shape) (values: Array) : string voption =
            try
                engine.OfArray(shape, values) |> ignore
                ValueSome "nothing was thrown, expected an ArgumentException"
            with :? ArgumentException ->
                ValueNone

        EngineLaw.ofSituations
            EngineFamily.Creation
            "OfArray refuses what does not fit"
            "An array of another length than the shape's, or of other elements, is an ArgumentException."
            [
                "3 elements for shape (2)",
                fun engine -> refused engine (Shape.Of 2) [| 1.0; 2.0; 3.0 |]
                "1 element for shape (2)", fun engine -> refused engine (Shape.Of 2) [| 1.0 |]
                "an array of strings", fun engine -> refused engine (Shape.Of 1) [| "1" |]
            ]

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        comesBack settings
        copies settings
        reads settings
        fills settings
        wholes
        names
        refuses
    ]
