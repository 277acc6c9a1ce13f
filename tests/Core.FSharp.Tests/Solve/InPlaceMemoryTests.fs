module Optim.CoreTests.InPlaceMemoryTests

open System
open System.IO
open Expecto
open Optim
open Optim.Contract
open Optim.Core
open Optim.CoreTests.Rigs
open Optim.CoreTests.Arrays

let private toBytes (method: Method) (run: Run) : byte[] =
    use stream = new MemoryStream()
    Checkpoint.write stream method run
    stream.ToArray()

let private ofBytes (method: Method) (bytes: byte[]) : Run =
    use stream = new MemoryStream(bytes)
    Checkpoint.read stream method

let private interruptions =
    testList "interruptions" [
        for method in twins do
            testCase
                $"{method.Name}: an interrupted run is the uninterrupted one, bit by bit"
                (fun () ->
                    let long = if method.Name.StartsWith "lbfgs" then [ 150; 1100 ] else []

                    for n in [ 2; 6; 30 ] @ long do
                        let start = chainStart n

                        let whole, wholeResult = Solver.startFor 40L timeless method chain start

                        for before in [ 0L; 1L; 2L; 7L; 16L; 33L ] do
                            let resumed, resumedResult =
                                fst (Solver.startFor before timeless method chain start)
                                |> toBytes method
                                |> ofBytes method
                                |> Solver.resumeFor (40L - before) timeless method chain

                            Expect.equal
                                (toBytes method resumed)
                                (toBytes method whole)
                                $"n = {n}, after {before} steps"

                            Expect.equal
                                (bits resumedResult.Point)
                                (bits wholeResult.Point)
                                "best point"
                )

            testCase
                $"{method.Name}: the pure path goes on where this one stopped"
                (fun () ->
                    let eager = { chain with Arrays = ValueNone }
                    let options = { timeless with StopRules = [] }
                    let start = chainStart 3
                    let run, _ = Solver.startFor 5L options method chain start
                    let mixed, _ = Solver.resumeFor 5L options method eager run
                    let plain, _ = Solver.startFor 10L options method eager start
                    Expect.isTrue (isNear 1e-8 mixed.Point plain.Point) "point"
                    Expect.equal mixed.Evaluations plain.Evaluations "evaluations"
                )

        testCase
            "saves are made on the way, and each can be resumed"
            (fun () ->
                let folder = Directory.CreateTempSubdirectory "optim-in-place"

                try
                    let path = Path.Combine(folder.FullName, "run.checkpoint")
                    let method = Lbfgs.create Lbfgs.defaults
                    let plan = ValueSome { Path = path; Every = 7L }
                    let options = { timeless with StopRules = [] }
                    let saving = { options with Save = plan; Budget = Budget.steps 20L }
                    let start = chainStart 5
                    let whole = Solver.minimizeWith saving method chain start
                    let saved = Checkpoint.load path method
                    Expect.equal saved.Steps 14L "the last save"
                    let rest = { options with Budget = Budget.steps 20L }
                    let resumed = Solver.resume rest method chain saved
                    Expect.equal (bits resumed.Point) (bits whole.Point) "point"
                    Expect.equal resumed.Trace whole.Trace "trace"
                finally
                    folder.Delete true
            )
    ]

/// Notes at each value or gradient how much this thread has allocated so far.
type private Metered(inner: ArrayFunction, readings: int64[]) =
    let mutable count = 0

    let read () =
        readings[count % readings.Length] <- GC.GetAllocatedBytesForCurrentThread()
        count <- count + 1

    interface ArrayFunction with
        member _.Length = inner.Length

        member _.Value(x) =
            read ()
            inner.Value x

        member _.ValueAndGradient(x, gradient) =
            read ()
            inner.ValueAndGradient(x, gradient)

        member _.HessianProduct(x, v, product) = inner.HessianProduct(x, v, product)
        member _.Hessian(x, hessian) = inner.Hessian(x, hessian)

/// How much was allocated by each evaluation of a run, counted from its first one.
let private readings (method: Method) (n: int) (steps: int64) : int64 list =
    let readings = Array.zeroCreate 1000

    let objective = {
        chain with
            Arrays = ValueSome(fun n -> Metered(Chain n, readings) :> ArrayFunction)
    }

    let options = { timeless with TraceEvery = 0L; StopRules = [] }
    Solver.startFor steps options method objective (chainStart n) |> ignore

    [
        for reading in readings |> Seq.takeWhile (fun reading -> reading > 0L) ->
            reading - readings[0]
    ]

let private garbage =
    testSequenced
    <| testList "garbage" [
        for method in twins do
            // The eigendecomposition has arrays of its own, and matrices of 10,000 rows are too large for a test.
            let isSpectral = method.Name.EndsWith "absolute" || method.Name.EndsWith "floor"
            let hasMatrix = method.Name.StartsWith "bfgs" || isSpectral

            let hasMatrix =
                hasMatrix || method.Name = "newton" || method.Name.StartsWith "newton,"

            for n in [ 1; 2; 17; 10_000 ] do
                if not isSpectral && (n < 100 || not hasMatrix) then
                    testCase
                        $"{method.Name}, {n} variables: steady steps allocate nothing"
                        (fun () ->
                            // The first moves fill the memory of pairs.
                            let steps = if n = 1 then 5L else 30L

                            let settled _ : int64 list =
                                let seen = readings method n steps
                                seen |> List.skip (seen.Length / 2)

                            // A collection that another test causes moves the count once; garbage of steps shows each time.
                            let attempts = Seq.init 3 settled |> Seq.cache
                            let isSteady (bytes: int64 list) = bytes |> List.forall ((=) bytes[0])

                            Expect.isGreaterThan (Seq.head attempts).Length 1 "evaluations"
                            Expect.isTrue (Seq.exists isSteady attempts) $"{List.ofSeq attempts}"
                        )
    ]

let private workspaces =
    testList "workspaces" [
        for method in twins do
            testCase
                $"{method.Name}: a workspace that restarts is as good as new"
                (fun () ->
                    let f = Chain 5 :> ArrayFunction

                    match method.Twin with
                    | ValueNone -> failtest "no twin"
                    | ValueSome twin ->
                        let enter (workspace: Workspace) (x: float[]) =
                            let at = workspace.Current
                            Array.Copy(x, at.Point, x.Length)
                            at.Value <- f.ValueAndGradient(at.Point, at.Gradient)
                            at.GradientNorm <- length (Tensor.ofArray at.Gradient)
                            workspace.Restart()

                        let step (workspace: Workspace) =
                            let mutable ask = workspace.Begin()

                            while ask <> Ask.Nothing do
                                workspace.Answer(ask, f)
                                ask <- workspace.Tell()

                        let used, fresh = twin 5, twin 5
                        enter used [| 3.0; -2.0; 0.5; 1.0; 0.0 |]

                        for _ in 1..25 do
                            step used

                        let start = (chainStart 5).ToArray()
                        enter used start
                        enter fresh start

                        for i in 1..25 do
                            step used
                            step fresh

                            Expect.equal
                                used.Current.Point
                                fresh.Current.Point
                                $"point after {i} steps"

                            Expect.equal
                                (used.Accepted, used.StepSize)
                                (fresh.Accepted, fresh.StepSize)
                                "step"

                        Expect.throwsT<InvalidOperationException>
                            (fun () -> fresh.Tell() |> ignore)
                            "an answer to no question"
                )

        testCase
            "runs that need tensors or samples stay on the pure path"
            (fun () ->
                let lbfgs = Lbfgs.create Lbfgs.defaults

                let path method objective start =
                    (Solver.minimizeWith
                        { timeless with Budget = Budget.steps 5L }
                        method
                        objective
                        start)
                        .Path

                Expect.equal (path lbfgs chain (chainStart 3)) EvaluationPath.Compiled "a twin"
                let single = Tensor.cast DType.Float32 (chainStart 3)
                Expect.equal (path lbfgs chain single) EvaluationPath.Eager "Float32"
                let sampled = Objective.sampled "s" 1.0 chain.Function (fun _ -> chain.Function)
                let sampled = { sampled with Arrays = chain.Arrays }
                Expect.equal (path lbfgs sampled (chainStart 3)) EvaluationPath.Eager "samples"
            )
    ]

[<Tests>]
let inPlaceMemory =
    testList "In place: memory" [ interruptions; garbage; workspaces ]
