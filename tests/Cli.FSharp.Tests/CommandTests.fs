module Optim.CliTests.CommandTests

open System
open System.IO
open Expecto
open Optim.Core
open Optim.CliTests.Running

let private rosenbrock = "100*(y-x^2)^2+(1-x)^2"

let private near (expected: float list) (tolerance: float) (actual: float list) =
    Expect.equal actual.Length expected.Length "length of the point"

    for e, a in List.zip expected actual do
        Expect.isLessThanOrEqual (abs (a - e)) tolerance $"{a} near {e}"

/// The methods that search along a line.
let private lineSearches = [ "gradient-descent"; "bfgs"; "lbfgs"; "newton" ]

[<Tests>]
let minimizing =
    testList "optim minimize" [
        for factor in [ ""; "1e-8*"; "1e8*" ] do
            testCase $"Rosenbrock {factor} by saddle-free Newton"
            <| fun () ->
                let ran =
                    run [
                        "minimize"
                        $"{factor}({rosenbrock})"
                        "--start"
                        "x=-1.2,y=1"
                        "--method"
                        "saddle-free-newton"
                        "--json"
                    ]

                let result = json ran
                Expect.equal ran.Code 0 "exit code"
                Expect.equal (text "outcome" result) "Converged" "outcome"
                near [ 1.0; 1.0 ] 1e-8 (numbers "point" result)
                let evaluations = result.GetProperty "evaluations"

                for kind in [ "values"; "gradients"; "products" ] do
                    Expect.isGreaterThan ((evaluations.GetProperty kind).GetInt64()) 0L kind

                Expect.isGreaterThan ((result.GetProperty "seconds").GetDouble()) 0.0 "seconds"

        testCase "a saddle: saddle-free Newton leaves it, the textbook's Newton stays and says so"
        <| fun () ->
            let on (method: string) =
                run [
                    "minimize"
                    "x^2-y^2+y^4/4"
                    "--start"
                    "x=1,y=0"
                    "--method"
                    method
                    "--json"
                ]

            let left = json (on "saddle-free-newton")
            Expect.equal (text "outcome" left) "Converged" "outcome"
            near [ 0.0; sqrt 2.0 ] 1e-7 (numbers "point" left |> List.map abs)
            let stays = on "newton-pure"
            Expect.equal stays.Code 1 "exit code"
            near [ 0.0; 0.0 ] 1e-7 (numbers "point" (json stays))
            Expect.stringContains (text "reason" (json stays)) "saddle" "reason"

        testCase "no method claims to have converged on x³"
        <| fun () ->
            for info in Catalogue.all do
                let ran =
                    run [
                        "minimize"
                        "x^3"
                        "--start"
                        "x=-1"
                        "--method"
                        info.Name
                        "--max-steps"
                        "500"
                        "--json"
                    ]

                Expect.equal ran.Code 1 $"exit code of {info.Name}"
                Expect.notEqual (text "outcome" (json ran)) "Converged" info.Name

        for method in lineSearches do
            testCase $"x − log x + y − log y by {method}"
            <| fun () ->
                let ran =
                    run [
                        "minimize"
                        "x-log(x)+y-log(y)"
                        "--start"
                        "x=50,y=20"
                        "--method"
                        method
                        "--json"
                    ]

                Expect.equal ran.Code 0 "exit code"
                near [ 1.0; 1.0 ] 1e-6 (numbers "point" (json ran))

        testCase "text for people"
        <| fun () ->
            let ran = run [ "minimize"; "(x-3)^2"; "--start"; "x=1" ]
            Expect.equal ran.Code 0 "exit code"
            Expect.stringContains ran.Output "Converged: gradient norm" "outcome and reason"
            Expect.stringContains ran.Output "x = 3" "point"

        testCase "problems by name and dimension"
        <| fun () ->
            let ran = run [ "minimize"; "rosenbrock"; "--dim"; "10"; "--json" ]
            Expect.equal ran.Code 0 "exit code"
            near (List.replicate 10 1.0) 1e-6 (numbers "point" (json ran))
            let other = run [ "minimize"; "beale"; "--start"; "2.5,0.4"; "--json" ]
            near [ 3.0; 0.5 ] 1e-6 (numbers "point" (json other))

        testCase "the path: large problems are compiled, small ones are not, and the flags decide"
        <| fun () ->
            let path (arguments: string list) =
                text "path" (json (run ("minimize" :: arguments @ [ "--json" ])))

            let small = [ "x^2"; "--start"; "x=1" ]
            let large = [ "rosenbrock"; "--dim"; "300" ]
            Expect.equal (path small) "eager" "a formula"
            Expect.equal (path (small @ [ "--compile" ])) "compiled" "a formula, forced"
            Expect.equal (path large) "compiled" "a large problem"
            Expect.equal (path (large @ [ "--no-compile" ])) "eager" "a large problem, forbidden"
            let words = (run ("minimize" :: small @ [ "--compile" ])).Output
            Expect.stringContains words "lbfgs, compiled: " "the text"

        testCase "a long chain ends converged, at the same point compiled and eager"
        <| fun () ->
            let chain (more: string list) =
                json (
                    run (
                        [ "minimize"; "rosenbrock"; "--dim"; "2000"; "--method"; "lbfgs"; "--json" ]
                        @ more
                    )
                )

            let compiled, eager = chain [], chain [ "--no-compile" ]
            Expect.equal (text "outcome" compiled) "Converged" "outcome"
            Expect.isGreaterThan ((compiled.GetProperty "steps").GetInt64()) 10_000L "steps"
            near (numbers "point" eager) 1e-5 (numbers "point" compiled)

        testCase "a formula compiles to the same minimum by every method"
        <| fun () ->
            for info in Catalogue.all do
                let on (more: string list) =
                    json (
                        run (
                            [
                                "minimize"
                                rosenbrock
                                "--start"
                                "x=-0.5,y=0.5"
                                "--max-steps"
                                "30"
                                "--method"
                                info.Name
                                "--json"
                            ]
                            @ more
                        )
                    )

                let eager, compiled = on [ "--no-compile" ], on [ "--compile" ]
                Expect.equal (text "path" compiled) "compiled" info.Name
                Expect.equal (text "outcome" compiled) (text "outcome" eager) info.Name
                near (numbers "point" eager) 1e-6 (numbers "point" compiled)

        testCase "knobs change the method"
        <| fun () ->
            let steps (method: string) =
                let result =
                    json (run [ "minimize"; "x^2"; "--start"; "x=1"; "--method"; method; "--json" ])

                (result.GetProperty "steps").GetInt64()

            Expect.isLessThan
                (steps "sgd:rate=0.4")
                (steps "sgd:rate=0.05")
                "a larger rate needs fewer steps"

        testCase "misuse ends with 2 and says what was expected"
        <| fun () ->
            misuse [ "minimize"; "100*(y-x^2"; "--start"; "x=1" ] [ "column 11"; "^" ]

            misuse [ "minimize"; "x^2"; "--start"; "x=1"; "--method"; "adamm" ] [
                "adam"
                "lbfgs"
                "saddle-free-newton"
            ]

            misuse [ "minimize"; "x^2" ] [ "--start x=1" ]
            misuse [ "minimize"; "x*y"; "--start"; "x=1" ] [ "y" ]
            misuse [ "minimize"; "x^2"; "--start"; "x=1,z=2" ] [ "z" ]
            misuse [ "minimize"; "x^2"; "--start"; "x=one" ] [ "one" ]
            misuse [ "minimize"; "rosenbrok" ] [ "rosenbrock" ]
            misuse [ "minimize"; "rosenbrock"; "--start"; "1" ] [ "2" ]
            misuse [ "minimize"; "x^2"; "--start"; "x=1"; "--method"; "sgd:speed=3" ] [ "rate" ]
            misuse [ "minimize"; "x^2"; "--start"; "x=1"; "--method"; "sgd:rate=-3" ] [ "-3" ]

            misuse [ "minimize"; "x^2"; "--start"; "x=1"; "--compile"; "--no-compile" ] [
                "--compile"
                "exclude"
            ]

            misuse [ "no-such-command" ] [ "no-such-command" ]
            misuse [] []
    ]

[<Tests>]
let lists =
    testList "optim methods and problems" [
        testCase "methods"
        <| fun () ->
            let ran = run [ "methods"; "--json" ]
            Expect.equal ran.Code 0 "exit code"
            let names = [ for item in (json ran).EnumerateArray() -> text "name" item ]
            Expect.equal names Catalogue.names "names"
            let plain = run [ "methods" ]

            for name in names do
                Expect.stringContains plain.Output name "text"

        testCase "problems"
        <| fun () ->
            let ran = run [ "problems"; "--json" ]

            let names = [
                for item in ((json ran).GetProperty "problems").EnumerateArray() -> text "name" item
            ]

            Expect.equal names Problems.names "names"
            Expect.stringContains (run [ "problems" ]).Output "digits" "data sets"
    ]

[<Tests>]
let trainingAndComparing =
    testList "optim train and compare" [
        testCase "train"
        <| fun () ->
            let ran =
                run [
                    "train"
                    "breast-cancer"
                    "--model"
                    "30-4-2"
                    "--epochs"
                    "5"
                    "--seed"
                    "1"
                    "--json"
                ]

            Expect.equal ran.Code 0 "exit code"
            let result = json ran

            Expect.isGreaterThan
                ((result.GetProperty "testAccuracy").GetDouble())
                0.85
                "test accuracy"

            Expect.equal
                ((result.GetProperty "curve").GetArrayLength())
                6
                "the start and five epochs"

            let again =
                json (
                    run [
                        "train"
                        "breast-cancer"
                        "--model"
                        "30-4-2"
                        "--epochs"
                        "5"
                        "--seed"
                        "1"
                        "--json"
                    ]
                )

            Expect.equal
                ((again.GetProperty "trainLoss").GetDouble())
                ((result.GetProperty "trainLoss").GetDouble())
                "the same seed gives the same run"

        testCase "networks compile where they see all examples"
        <| fun () ->
            let path (method: string) =
                let ran =
                    run [
                        "train"
                        "breast-cancer"
                        "--model"
                        "30-4-2"
                        "--epochs"
                        "2"
                        "--method"
                        method
                        "--compile"
                        "--json"
                    ]

                text "path" (json ran)

            Expect.equal (path "lbfgs") "compiled" "all examples"
            Expect.equal (path "adam") "eager" "mini-batches"

        testCase "train says what was wrong"
        <| fun () ->
            misuse [ "train"; "digitz" ] [ "digits" ]
            misuse [ "train"; "digits"; "--model"; "10-10" ] [ "64" ]
            misuse [ "train"; "digits"; "--model"; "64-x-10" ] [ "x" ]
            misuse [ "train"; "digits"; "--batch"; "-1" ] [ "-1" ]
            misuse [ "train"; "digits"; "--epochs"; "0" ] [ "--epochs" ]

        testCase "compare writes tables, JSON and a report"
        <| fun () ->
            let folder = Directory.CreateTempSubdirectory "optim-compare"

            try
                let page = Path.Combine(folder.FullName, "report.html")

                let arguments = [
                    "compare"
                    "rosenbrock"
                    "--methods"
                    "adam:rate=0.05,lbfgs,newton"
                    "--seeds"
                    "2"
                    "--seconds"
                    "0.3"
                ]

                let ran = run (arguments @ [ "--report"; page ])
                Expect.equal ran.Code 0 "exit code"

                for part in [ "adam"; "lbfgs"; "newton"; "wins" ] do
                    Expect.stringContains ran.Output part "table"

                let html = File.ReadAllText page
                Expect.stringContains html "<html" "a page"
                Expect.isFalse (html.Contains "src=\"http") "nothing is loaded"
                let runs = (json (run (arguments @ [ "--json" ]))).GetProperty "runs"
                Expect.equal (runs.GetArrayLength()) 6 "three methods from two seeds"

                for run in runs.EnumerateArray() do
                    Expect.equal (text "path" run) "eager" "the path"

                let compiled = json (run (arguments @ [ "--json"; "--compile" ]))

                for run in (compiled.GetProperty "runs").EnumerateArray() do
                    Expect.equal (text "path" run) "compiled" "the path, forced"

                Expect.stringContains html "objective computed" "the page says how"
            finally
                folder.Delete true

        testCase "compare says what was wrong"
        <| fun () ->
            misuse [ "compare"; "nothing" ] [ "digits"; "rosenbrock" ]
            misuse [ "compare"; "rosenbrock"; "--seeds"; "0" ] [ "--seeds" ]
            misuse [ "compare"; "rosenbrock"; "--methods"; "lbfgs,foo" ] [ "foo" ]

            misuse [
                "compare"
                "rosenbrock"
                "--report"
                Path.Combine("no-such-folder", "r.html")
            ] [ "folder" ]
    ]
