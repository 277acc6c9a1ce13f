module Optim.CliTests.EngineTests

open System
open System.IO
open Expecto
open Optim.Torch
open Optim.CliTests.Running

/// The test where there is a libtorch; elsewhere it is skipped by name.
let private torchCase (name: string) (body: unit -> unit) : Test =
    match Torch.tryEngine () with
    | Ok _ -> testCase name body
    | Error _ -> ptestCase $"{name} (needs libtorch)" body

/// Of each run of a comparison its method and the loss after each of the first 20 steps.
let private losses (ran: Ran) : (string * float list) list = [
    for run in ((json ran).GetProperty "runs").EnumerateArray() do
        text "method" run,
        [
            for point in (run.GetProperty "curve").EnumerateArray() do
                if (point.GetProperty "step").GetInt64() <= 20L then
                    (point.GetProperty "loss").GetDouble()
        ]
]

/// Saddle-free Newton computes a Hessian at each step: the network is small.
let private compareDigits (engine: string) : Ran =
    run [
        "compare"
        "digits"
        "--model"
        "64-4-10"
        "--seeds"
        "1"
        "--max-steps"
        "20"
        "--seconds"
        "3600"
        "--engine"
        engine
        "--json"
    ]

[<Tests>]
let choosing =
    testList "--engine" [
        testCase "an unknown engine is misuse, with the nearest and all that there are"
        <| fun () ->
            for command in
                [
                    [ "minimize"; "x^2"; "--start"; "x=1" ]
                    [ "train"; "digits" ]
                    [ "compare"; "digits" ]
                ] do
                misuse (command @ [ "--engine"; "tortch" ]) [
                    "tortch"
                    "did you mean torch?"
                    "managed"
                    "cuda"
                ]

            misuse [ "compare"; "digits"; "--engine"; "cuda:x" ] [ "cuda:x" ]
            misuse [ "compare"; "digits"; "--engine"; "cuda:-1" ] [ "cuda:-1" ]

        testCase "compiled programs and libtorch exclude each other"
        <| fun () ->
            misuse [ "minimize"; "x^2"; "--start"; "x=1"; "--engine"; "torch"; "--compile" ] [
                "--compile"
                "--engine managed"
            ]

        testCase "misuse is told before a library is looked for"
        <| fun () ->
            misuse [ "train"; "digitz"; "--engine"; "cuda:77" ] [ "digits" ]
            misuse [ "minimize"; "rosenbrok"; "--engine"; "cuda:77" ] [ "rosenbrock" ]

        testCase "the managed engine is the usual one and says so"
        <| fun () ->
            let result = json (run [ "minimize"; "x^2"; "--start"; "x=1"; "--json" ])
            Expect.equal (text "engine" result) "managed" "engine"
            Expect.equal (text "device" result) "cpu" "device"
            Expect.isFalse (fst (result.TryGetProperty "libtorch")) "no library"
            Expect.isFalse (fst (result.TryGetProperty "crossingsPerStep")) "no calls"

        testCase "a graphics processor that is not there ends 1 with one sentence"
        <| fun () ->
            let ran = run [ "minimize"; "x^2"; "--start"; "x=1"; "--engine"; "cuda:77" ]
            Expect.equal ran.Code 1 "exit code"
            Expect.equal ran.Output "" "no data"
            Expect.isNotEmpty (ran.Talk.Trim()) "a reason"

        testCase "gpu-check looks at libtorch only"
        <| fun () -> misuse [ "gpu-check"; "--engine"; "managed" ] [ "cuda"; "torch" ]
    ]

[<Tests>]
let onTorch =
    testList "--engine torch" [
        torchCase "compare digits: the first 20 steps of each method have the managed run's losses"
        <| fun () ->
            let managed, torch = compareDigits "managed", compareDigits "torch"
            Expect.equal torch.Code 0 torch.Talk
            let expected, actual = losses managed, losses torch
            Expect.equal (List.map fst actual) (List.map fst expected) "methods"

            for (method, expected), (_, actual) in List.zip expected actual do
                Expect.equal actual.Length expected.Length $"steps of {method}"
                Expect.equal expected.Length 21 $"the start and 20 steps of {method}"

                for step, (e, a) in List.indexed (List.zip expected actual) do
                    Expect.isLessThanOrEqual
                        (abs (a - e))
                        1e-6
                        $"{method}, loss after step {step}: {a} near {e}"

        torchCase "results say engine, device, version and calls"
        <| fun () ->
            let result = json (run [ "minimize"; "rosenbrock"; "--engine"; "torch"; "--json" ])

            Expect.equal (text "outcome" result) "Converged" "outcome"
            Expect.equal (text "engine" result) "torch" "engine"
            Expect.equal (text "device" result) "torch" "device"
            Expect.isNotEmpty (text "libtorch" result) "version"
            Expect.isGreaterThan ((result.GetProperty "crossingsPerStep").GetDouble()) 1.0 "calls"
            let words = (run [ "minimize"; "rosenbrock"; "--engine"; "torch" ]).Output
            Expect.stringContains words "computed by libtorch" "the text"

        torchCase "train on libtorch learns as the managed engine does"
        <| fun () ->
            let on (engine: string) =
                json (
                    run [
                        "train"
                        "breast-cancer"
                        "--model"
                        "30-4-2"
                        "--epochs"
                        "3"
                        "--engine"
                        engine
                        "--json"
                    ]
                )

            let loss (engine: string) =
                ((on engine).GetProperty "trainLoss").GetDouble()

            Expect.floatClose Accuracy.medium (loss "torch") (loss "managed") "training loss"

        torchCase "the report says what computed"
        <| fun () ->
            let folder = Directory.CreateTempSubdirectory "optim-engine"

            try
                let page = Path.Combine(folder.FullName, "report.html")

                let ran =
                    run [
                        "compare"
                        "rosenbrock"
                        "--methods"
                        "lbfgs"
                        "--seeds"
                        "1"
                        "--max-steps"
                        "5"
                        "--engine"
                        "torch"
                        "--report"
                        page
                    ]

                Expect.equal ran.Code 0 ran.Talk
                let html = File.ReadAllText page
                Expect.stringContains html "libtorch 2." "the page"
                Expect.stringContains html "calls into libtorch a step" "the page"
            finally
                folder.Delete true

        torchCase "gpu-check passes on the processor"
        <| fun () ->
            let ran = run [ "gpu-check"; "--engine"; "torch"; "--no-timings"; "--json" ]
            let result = json ran
            let checks = List.ofSeq ((result.GetProperty "checks").EnumerateArray())

            let faults = [
                for check in checks do
                    for fault in (check.GetProperty "faults").EnumerateArray() do
                        fault.ToString()
            ]

            Expect.equal faults [] "what is wrong"
            Expect.equal ran.Code 0 "exit code"
            Expect.isTrue ((result.GetProperty "passed").GetBoolean()) "passed"

            let parts = checks |> List.map (text "part") |> List.distinct

            Expect.equal parts [ "self-test"; "laws of engines"; "laws of methods" ] "parts"
    ]
