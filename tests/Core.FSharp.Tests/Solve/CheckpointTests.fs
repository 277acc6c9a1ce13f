module Optim.CoreTests.CheckpointTests

open System
open System.IO
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private chained = Problems.find "rosenbrock" (ValueSome 6)

let private begun (steps: int64) (method: Method) : Run =
    fst (Solver.startFor steps timeless method chained.Objective chained.Start)

let private toBytes (method: Method) (run: Run) : byte[] =
    use stream = new MemoryStream()
    Checkpoint.write stream method run
    stream.ToArray()

let private ofBytes (method: Method) (bytes: byte[]) : Run =
    use stream = new MemoryStream(bytes)
    Checkpoint.read stream method

let private refused (method: Method) (bytes: byte[]) (message: string) : CheckpointException =
    try
        ofBytes method bytes |> ignore
        failtest $"{message}: was accepted"
    with :? CheckpointException as refusal ->
        refusal

/// Runs a test with the path of a file in a folder of its own.
let private inFolder (test: string -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory "optim-checkpoint"

    try
        test (Path.Combine(folder.FullName, "run.checkpoint"))
    finally
        folder.Delete true

type private Mood =
    | Calm
    | Wild of strength: float * names: string list

[<NoComparison; NoEquality>]
type private Odd = {
    Real: float
    Negative: float
    Strange: float
    Big: int64
    Small: int
    Yes: bool
    Name: string
    Mood: Mood
    Key: Key
    Single: Tensor
    Whole: Tensor
    Truths: Tensor
    Double: Tensor
    Scalar: Tensor
    Matrix: Tensor
    Pair: struct (float * Tensor)[]
    Maybe: Tensor voption
}

let private strangeBits = 0x7FF8000000ABCDEFL

let private oddState: Odd = {
    Real = Math.PI
    Negative = -0.0
    Strange = BitConverter.Int64BitsToDouble strangeBits
    Big = Int64.MinValue
    Small = Int32.MaxValue
    Yes = true
    Name = "ünïcödé \" \\ \n"
    Mood = Wild(-infinity, [ "a"; "" ])
    Key = Key.ofSeed 7L
    Single = Tensor.create [ 3 ] [| 1.1f; -0.0f; BitConverter.Int32BitsToSingle 0x7FC00123 |]
    Whole = Tensor.create [ 2; 2 ] [| Int64.MaxValue; -1L; 0L; 5L |]
    Truths = Tensor.create [ 3 ] [| true; false; true |]
    Double =
        Tensor.ofArray [|
            Double.Epsilon
            -0.0
            nan
            infinity
            BitConverter.Int64BitsToDouble strangeBits
        |]
    Scalar = Tensor.scalar 2.5
    Matrix = Tensor.ofRows [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
    Pair = [| struct (1.0, Tensor.scalar 1.0) |]
    Maybe = ValueNone
}

let private oddMethod: Method =
    Method.create
        "odd"
        (fun _ _ -> oddState)
        (fun oracle point state -> Step.moved (point - 1e-3 * oracle.Gradient point) 1e-3 state)

let private elements (x: Tensor) : string =
    match x.Engine.ToArray x with
    | :? (float[]) as v -> v |> Array.map BitConverter.DoubleToInt64Bits |> sprintf "%A"
    | :? (float32[]) as v -> v |> Array.map BitConverter.SingleToInt32Bits |> sprintf "%A"
    | other -> sprintf "%A" other

let private sameTensor (a: Tensor) (b: Tensor) (name: string) : unit =
    Expect.equal a.DType b.DType $"{name}: element type"
    Expect.equal (a.Shape.ToArray()) (b.Shape.ToArray()) $"{name}: shape"
    Expect.equal (elements a) (elements b) $"{name}: bits"

let private isSameReal (a: float) (b: float) (name: string) : unit =
    Expect.equal (BitConverter.DoubleToInt64Bits a) (BitConverter.DoubleToInt64Bits b) name

/// What a positional record of C# looks like from here.
type CSharpState(count: int, velocity: Tensor, rate: float32, pause: TimeSpan) =
    member _.Count = count
    member _.Velocity = velocity
    member _.Rate = rate
    member _.Pause = pause
    /// No parameter of the constructor.
    member _.Twice = 2 * count

[<Tests>]
let files =
    testList "Checkpoint" [
        for method in methods do
            testCase
                $"{method.Name}: what is read is what was written"
                (fun () ->
                    let run = begun 9L method
                    let bytes = toBytes method run
                    let again = ofBytes method bytes
                    Expect.equal (toBytes method again) bytes "written again, byte for byte"
                    Expect.equal (bits again.Point) (bits run.Point) "point"
                    Expect.equal again.Evaluations run.Evaluations "evaluations"
                    Expect.equal again.Trace run.Trace "trace"

                    Expect.equal
                        (again.Steps, again.Moves)
                        (run.Steps, run.Moves)
                        "steps and moves"
                )

            testCase
                $"{method.Name}: an interrupted run is the uninterrupted one, bit by bit"
                (fun () ->
                    for before in [ 1L; 8L; 15L ] do
                        let resumed, resumedResult =
                            begun before method
                            |> toBytes method
                            |> ofBytes method
                            |> Solver.resumeFor (30L - before) timeless method chained.Objective

                        let whole, wholeResult =
                            Solver.startFor 30L timeless method chained.Objective chained.Start

                        Expect.equal (bits resumed.Point) (bits whole.Point) "point"
                        Expect.equal resumed.Evaluations whole.Evaluations "evaluations"
                        Expect.equal resumed.Trace whole.Trace "trace"

                        Expect.equal
                            (bits resumedResult.Point)
                            (bits wholeResult.Point)
                            "best point"

                        Expect.equal resumedResult.Outcome wholeResult.Outcome "outcome"
                        Expect.equal (toBytes method resumed) (toBytes method whole) "everything"
                )

        testCase
            "a run with chance and rejected steps on mini-batches goes on as if nothing had happened"
            (fun () ->
                let at (k: int64) (x: Tensor) =
                    let noise = Tensor.normal (Key.fold k (Key.ofSeed 3L)) [ 6 ]
                    chained.Objective.Function x + Tensor.dot noise x

                let objective = Objective.sampled "noisy" 0.1 chained.Objective.Function at

                for name in [ "lbfgs"; "newton-cg"; "adam" ] do
                    let method = Catalogue.create name Map.empty

                    for before in 1L .. 12L do
                        let first, _ =
                            Solver.startFor before timeless method objective chained.Start

                        let resumed, _ =
                            first
                            |> toBytes method
                            |> ofBytes method
                            |> Solver.resumeFor (20L - before) timeless method objective

                        let whole, _ = Solver.startFor 20L timeless method objective chained.Start

                        Expect.equal
                            (toBytes method resumed)
                            (toBytes method whole)
                            $"{name} after {before}"
            )

        testCase
            "every kind of value in a state comes back with the same bits"
            (fun () ->
                let run = begun 2L oddMethod

                match (ofBytes oddMethod (toBytes oddMethod run)).State with
                | :? Odd as s ->
                    let o = oddState
                    isSameReal s.Real o.Real "a real number"
                    isSameReal s.Negative o.Negative "minus zero"
                    isSameReal s.Strange o.Strange "a NaN with a payload"

                    Expect.equal
                        (s.Big, s.Small, s.Yes, s.Name)
                        (o.Big, o.Small, o.Yes, o.Name)
                        "plain values"

                    Expect.equal s.Mood o.Mood "a union"
                    Expect.equal (s.Key.First, s.Key.Second) (o.Key.First, o.Key.Second) "a key"
                    sameTensor s.Single o.Single "Float32"
                    sameTensor s.Whole o.Whole "Int64"
                    sameTensor s.Truths o.Truths "Bool"
                    sameTensor s.Double o.Double "Float64"
                    sameTensor s.Scalar o.Scalar "a scalar"
                    sameTensor s.Matrix o.Matrix "a matrix"
                    let struct (number, tensor) = s.Pair[0]
                    isSameReal number 1.0 "in a tuple in an array"
                    sameTensor tensor (Tensor.scalar 1.0) "a tensor in a tuple in an array"
                    Expect.isTrue s.Maybe.IsNone "nothing"
                | _ -> failtest "the state has another type"
            )

        testCase
            "states of C# records, and a state that cannot be saved is refused by the name of its field"
            (fun () ->
                let state = CSharpState(3, Tensor.ofArray [| 1.0; -0.0 |], 0.1f, TimeSpan 12345L)

                let step (oracle: Oracle) point state =
                    Step.moved (point - 1e-3 * oracle.Gradient point) 1e-3 state

                let method = Method.create "csharp" (fun _ _ -> state) step

                match (ofBytes method (toBytes method (begun 2L method))).State with
                | :? CSharpState as s ->
                    Expect.equal (s.Count, s.Rate, s.Pause) (3, 0.1f, TimeSpan 12345L) "numbers"
                    sameTensor s.Velocity state.Velocity "tensor"
                | _ -> failtest "the state has another type"

                let closed =
                    Method.create "closed" (fun _ _ -> {| Count = 1; Random = Random 1 |}) step

                try
                    begun 1L closed |> ignore
                    failtest "was accepted"
                with :? ArgumentException as e ->
                    Expect.stringContains e.Message "Random" "the field"
            )

        testCase
            "a single changed bit anywhere is refused"
            (fun () ->
                let method = Lbfgs.create Lbfgs.defaults
                let bytes = toBytes method (begun 9L method)
                let draws = Random.integers (Key.ofSeed 5L) 0L (int64 (8 * bytes.Length)) 400

                for draw in draws do
                    let damaged = Array.copy bytes
                    let at = int (draw / 8L)
                    damaged[at] <- damaged[at] ^^^ (1uy <<< int (draw % 8L))
                    refused method damaged $"bit {draw}" |> ignore
            )

        testCase
            "a file cut short anywhere is refused, as is one with more behind it"
            (fun () ->
                let method = Sgd.create Sgd.defaults
                let bytes = toBytes method (begun 2L method)

                for kept in 0 .. bytes.Length - 1 do
                    refused method bytes[.. kept - 1] $"the first {kept} bytes" |> ignore

                refused method (Array.append bytes [| 0uy |]) "one byte more" |> ignore
            )

        testCase
            "a refusal names the file and the cause"
            (fun () ->
                inFolder (fun path ->
                    let adam = Adam.create Adam.defaults
                    let other = Bfgs.create Bfgs.defaults

                    let refusal (content: byte[]) (method: Method) : string =
                        File.WriteAllBytes(path, content)

                        try
                            Checkpoint.load path method |> ignore
                            failtest "was accepted"
                        with :? CheckpointException as e ->
                            Expect.equal e.File path "the file"
                            Expect.stringContains e.Message path "the message names the file"
                            e.Detail

                    let bytes = toBytes adam (begun 3L adam)

                    Expect.stringContains
                        (refusal "hello, world"B adam)
                        "no checkpoint"
                        "a foreign file"

                    let newer = Array.copy bytes
                    newer[8] <- 2uy
                    Expect.stringContains (refusal newer adam) "version is 2" "a newer format"
                    let damaged = Array.copy bytes
                    damaged[100] <- damaged[100] ^^^ 1uy
                    Expect.stringContains (refusal damaged adam) "damaged" "a damaged file"
                    let wrong = refusal bytes other
                    Expect.stringContains wrong "adam" "the method of the file"
                    Expect.stringContains wrong "bfgs" "the method that was asked for"
                    let impostor = Method.rename "adam" other
                    Expect.stringContains (refusal bytes impostor) "does not fit" "another state"
                )
            )

        testCase
            "a missing file is the file system's to report"
            (fun () ->
                inFolder (fun path ->
                    Expect.throwsT<FileNotFoundException>
                        (fun () -> Checkpoint.load path (Adam.create Adam.defaults) |> ignore)
                        "no file"
                )
            )

        testCase
            "saving replaces the file as a whole, and a failed save leaves it as it was"
            (fun () ->
                inFolder (fun path ->
                    let adam = Adam.create Adam.defaults
                    Checkpoint.save path adam (begun 3L adam)
                    Checkpoint.save path adam (begun 5L adam)
                    Expect.equal (Checkpoint.load path adam).Steps 5L "the second save"
                    let foreign = begun 2L oddMethod

                    Expect.throws
                        (fun () -> Checkpoint.save path adam foreign)
                        "a state that is not Adam's"

                    Expect.equal (Checkpoint.load path adam).Steps 5L "still the second save"

                    let folder =
                        Path.GetDirectoryName path |> Option.ofObj |> Option.defaultValue "."

                    Expect.equal
                        (Directory.GetFileSystemEntries folder)
                        [| path |]
                        "nothing else is left"
                )
            )

        testCase
            "a run saves itself as often as it is told to"
            (fun () ->
                inFolder (fun path ->
                    let method = Lbfgs.create Lbfgs.defaults

                    let saving = { timeless with Save = ValueSome { Path = path; Every = 4L } }

                    let _, result =
                        Solver.startFor 11L saving method chained.Objective chained.Start

                    let saved = Checkpoint.load path method
                    Expect.equal saved.Steps 8L "the last multiple of 4"
                    let _, resumed = Solver.resumeFor 3L timeless method chained.Objective saved
                    Expect.equal (bits resumed.Point) (bits result.Point) "the same best point"
                    Expect.equal resumed.Trace result.Trace "the same trace"

                    Expect.throwsT<ArgumentOutOfRangeException>
                        (fun () ->
                            let never = {
                                saving with
                                    Save = ValueSome { Path = path; Every = 0L }
                            }

                            Solver.minimizeWith never method chained.Objective chained.Start
                            |> ignore
                        )
                        "every 0 steps"
                )
            )

        testCase
            "a run that has ended ends again"
            (fun () ->
                let method = Newton.create Newton.defaults

                let ended, result =
                    Solver.startFor 1000L timeless method chained.Objective chained.Start

                Expect.equal result.Outcome Outcome.Converged "it converges"
                let again, second = Solver.resumeFor 10L timeless method chained.Objective ended
                Expect.equal second.Outcome Outcome.Converged "still"
                Expect.equal again.Steps ended.Steps "without another step"
            )
    ]
