namespace Optim.Laws

open System
open System.Threading.Tasks
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core

/// The same answer whenever and wherever an operation is asked, and nothing changed by asking.
[<RequireQualifiedAccess>]
module internal ThreadLaws =

    /// One call of each kind of operation.
    let private everyOperation: Gen<OperationCase> list =
        let unary = List.collect snd ElementwiseLaws.kinds

        let binary = [
            Binary.Add
            Binary.Multiply
            Binary.Divide
            Binary.Power
            Binary.Maximum
            Binary.Minimum
            Binary.TanhGradient
        ]

        let reduction = [
            Reduction.Sum
            Reduction.Product
            Reduction.Maximum
            Reduction.Minimum
            Reduction.LogSumExp
        ]

        [
            for dtype in EngineGenerators.floating do
                yield! unary |> List.map (fun kind -> ElementwiseLaws.unaryCase kind dtype)
                yield! binary |> List.map (fun kind -> PairLaws.binaryCase kind dtype)
                yield! reduction |> List.map (fun kind -> ReductionLaws.reduceCase kind dtype)
                yield! MovementLaws.cases dtype
                yield! SelectionLaws.cases dtype
                yield! FactorizationLaws.cases dtype
                ProductLaws.matrixCase dtype
        ]

    let private few (settings: EngineLawSettings) (share: int) : EngineLawSettings = {
        settings with
            Cases = max 1 (settings.Cases / share)
    }

    let private isPure (settings: EngineLawSettings) : EngineLaw =
        EngineLaw.forAll
            (few settings 4)
            EngineFamily.Threads
            "inputs never change"
            "After an operation its operands hold the same bits as before."
            OperationCase.text
            everyOperation
            (fun engine case ->
                let inputs = case.Operands |> List.map (Operand.on engine)
                case.Run engine inputs |> engine.ToArray |> ignore

                List.zip case.Operands inputs
                |> Law.tryFirst (fun (operand, x) ->
                    Plain.difference operand.Plain (Plain.ofTensor engine x)
                    |> ValueOption.map (fun difference ->
                        $"the operand {Operand.text operand} changed: {difference}"
                    )
                )
            )

    let private isDeterministic (settings: EngineLawSettings) : EngineLaw =
        EngineLaw.forAll
            (few settings 4)
            EngineFamily.Threads
            "the same call gives the same bits"
            "The same operation on the same operands gives the same result twice, bit by bit."
            OperationCase.text
            everyOperation
            (fun engine case ->
                Plain.difference
                    (OperationCase.answer engine case)
                    (OperationCase.answer engine case)
                |> ValueOption.map (fun difference -> $"asked twice: {difference}")
            )

    /// Numbers without a pattern.
    let private numbers (count: int) : float[] =
        Array.init count (fun i -> Math.Sin(float (i * 7919 + 1)) * 3.0)

    let private large: (string * (Engine -> Tensor)) list =
        let vector (engine: Engine) =
            engine.OfArray(Shape.Of 100_000, numbers 100_000)

        let matrix (engine: Engine) =
            engine.OfArray(Shape.Of(120, 120), numbers 14_400)

        [
            "Reduce Sum of 100,000 numbers",
            fun engine -> engine.Reduce(Reduction.Sum, [| 0 |], false, vector engine)
            "Reduce LogSumExp of 100,000 numbers",
            fun engine -> engine.Reduce(Reduction.LogSumExp, [| 0 |], false, vector engine)
            "CumulativeSum of 100,000 numbers",
            fun engine -> engine.CumulativeSum(0, false, vector engine)
            "Exp of 100,000 numbers", fun engine -> engine.Unary(Unary.Exp, vector engine)
            "MatMul of (120, 120)",
            fun engine -> engine.MatMul(false, true, matrix engine, matrix engine)
            "SymmetricEigen of (120, 120)", fun engine -> engine.SymmetricEigen(matrix engine)
            "IndexAdd of 100,000 numbers to 7 positions",
            fun engine ->
                let places = Array.init 100_000 (fun i -> int64 (i % 7))
                engine.IndexAdd(0, 7, vector engine, engine.OfArray(Shape.Of 100_000, places))
            "ScatterAdd of 100,000 numbers to 7 positions",
            fun engine ->
                let places = Array.init 100_000 (fun i -> int64 (i * i % 7 + 6) % 7L)
                engine.ScatterAdd(0, 7, vector engine, engine.OfArray(Shape.Of 100_000, places))
        ]

    let private isDeterministicWhenLarge: EngineLaw =
        EngineLaw.ofSituations
            EngineFamily.Threads
            "the same large call gives the same bits"
            "Operations large enough for several threads give the same bits each time."
            [
                for name, call in large do
                    name,
                    fun engine ->
                        let once () = Plain.ofTensor engine (call engine)
                        let first = once ()

                        seq { 1..4 }
                        |> Law.tryFirst (fun turn ->
                            Plain.difference first (once ())
                            |> ValueOption.map (fun difference ->
                                $"in turn {turn + 1}: {difference}"
                            )
                        )
            ]

    let private manyThreads (settings: EngineLawSettings) : EngineLaw =
        // Every case, beginning with another one on each thread, each in a scope of its own.
        let work (engine: Engine) (expected: (OperationCase * Plain)[]) (number: int) =
            Task.Run(fun () ->
                let start = number * expected.Length / 8

                seq { 0 .. expected.Length - 1 }
                |> Law.tryFirst (fun i ->
                    let case, answer = expected[(start + i) % expected.Length]
                    use _ = engine.OpenScope()

                    Plain.difference answer (OperationCase.answer engine case)
                    |> ValueOption.map (fun difference ->
                        $"{OperationCase.text case}, on thread {number}: {difference}"
                    )
                )
            )

        EngineLaw.ofSituations
            EngineFamily.Threads
            "many threads give the same numbers"
            "Eight threads that compute different things at a time get the bits that one thread gets."
            [
                "every operation on 8 threads",
                fun engine ->
                    let one (number: int) (gen: Gen<OperationCase>) =
                        Gen.sampleWithSeed (Rnd(settings.Seed + uint64 number)) 50 1 gen

                    let expected =
                        everyOperation
                        |> List.mapi one
                        |> Array.concat
                        |> Array.map (fun case -> case, OperationCase.answer engine case)

                    let tasks = Array.init 8 (work engine expected)
                    Task.WaitAll(tasks |> Array.map (fun task -> task :> Task))
                    tasks |> Law.tryFirst _.Result
            ]

    let private ownScopes: EngineLaw =
        let worker (engine: Engine) (number: int) : string voption =
            seq { 1..40 }
            |> Law.tryFirst (fun turn ->
                use scope = engine.OpenScope()
                let value = float (number * 1000 + turn)
                let x = engine.Full(Shape.Of 2048, DType.Float64, value)
                let y = engine.Binary(Binary.Add, x, x)
                scope.Keep y
                let seen = engine.Read(engine.Reduce(Reduction.Sum, [| 0 |], false, y))

                Law.expect
                    (seen = 4096.0 * value)
                    (fun () -> $"thread {number} got {seen}, expected {4096.0 * value}")
            )

        EngineLaw.ofSituations
            EngineFamily.Threads
            "each thread has its own scopes"
            "Scopes of different threads neither take back nor keep each other's tensors."
            [
                "8 threads with 40 scopes each",
                fun engine ->
                    let tasks =
                        Array.init 8 (fun number -> Task.Run(fun () -> worker engine number))

                    Task.WaitAll(tasks |> Array.map (fun task -> task :> Task))
                    tasks |> Law.tryFirst _.Result
            ]

    let private goesOn: EngineLaw =
        let errors: (string * (Engine -> unit)) list = [
            "an index outside the axis",
            fun engine ->
                let x = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])

                engine.IndexSelect(0, x, engine.OfArray(Shape.Of 1, [| 9L |]))
                |> engine.ToArray
                |> ignore

            "the largest of no elements",
            fun engine ->
                let x = engine.OfArray(Shape.Of(0, 2), Array.zeroCreate<float> 0)
                engine.ArgReduce(true, 0, x) |> engine.ToArray |> ignore

            "shapes that do not broadcast",
            fun engine ->
                let x = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])
                let y = engine.OfArray(Shape.Of 3, [| 1.0; 2.0; 3.0 |])
                engine.Binary(Binary.Add, x, y) |> engine.ToArray |> ignore

            "matrices that do not fit",
            fun engine ->
                let x = engine.Full(Shape.Of(2, 3), DType.Float64, 1.0)
                engine.MatMul(false, false, x, x) |> engine.ToArray |> ignore

            "a function that truth values do not have",
            fun engine ->
                engine.Unary(Unary.Exp, engine.OfArray(Shape.Of 1, [| true |]))
                |> engine.ToArray
                |> ignore
        ]

        EngineLaw.ofSituations
            EngineFamily.Threads
            "errors leave the engine working"
            "A wrong call throws ArgumentException or EngineException, and the next right call gives its right result."
            [
                for name, wrong in errors do
                    name,
                    fun engine ->
                        let complaint =
                            try
                                wrong engine

                                ValueSome
                                    "nothing was thrown, expected ArgumentException or EngineException"
                            with
                            | :? ArgumentException
                            | :? EngineException -> ValueNone

                        let x = engine.OfArray(Shape.Of 2, [| 1.0; 4.0 |])
                        let seen = (Plain.ofTensor engine (engine.Unary(Unary.Sqrt, x))).Numbers

                        Law.firstOf [
                            complaint
                            Law.expect
                                (seen = [| 1.0; 2.0 |])
                                (fun () -> $"after it, √(1, 4) is {seen}")
                        ]
            ]

    let private staysApart: EngineLaw =
        let calls: (string * (Tensor -> Tensor -> Tensor)) list = [
            "a + b", fun a b -> a + b
            "a < b", Tensor.less
            "a b", fun a b -> Tensor.matmul (Shaping.reshape [ 1; 2 ] a) b
            "concat a b", fun a b -> Shaping.concat 0 [ a; b ]
        ]

        EngineLaw.ofSituations
            EngineFamily.Threads
            "tensors of another engine are refused"
            "An operation on tensors of this engine and of the managed one is an ArgumentException that names both devices."
            [
                for name, call in calls do
                    name,
                    fun engine ->
                        if Object.ReferenceEquals(engine, Engines.managed) then
                            ValueNone
                        else
                            let here = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])
                            let there = Tensor.ofArray [| 1.0; 2.0 |]

                            try
                                call here there |> ignore
                                ValueSome "nothing was thrown"
                            with :? ArgumentException as error ->
                                Law.expect
                                    (error.Message.Contains engine.Device.Name
                                     && error.Message.Contains Device.Cpu.Name)
                                    (fun () ->
                                        $"the message names not both devices: {error.Message}"
                                    )
            ]

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        isPure settings
        isDeterministic settings
        isDeterministicWhenLarge
        manyThreads settings
        ownScopes
        goesOn
        staysApart
    ]
