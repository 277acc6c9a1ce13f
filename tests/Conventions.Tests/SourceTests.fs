/// Conventions that the text of the files shows.
module Optim.ConventionsTests.SourceTests

open System.Text.RegularExpressions
open Expecto
open Optim.ConventionsTests

let private matches (pattern: string) : string -> bool =
    let regex = Regex(pattern, RegexOptions.CultureInvariant)
    regex.IsMatch

// Written so that these lines do not match themselves.
let private hosts =
    @"(?i)nuget[.]org|npmjs[.](org|com)|deb[.]debian[.]org|nodesour[c]e[.]com|pypi[.]org"

let private machinePaths = @"(^|[^A-Za-z0-9_.])/(work|farm|root|tmp/[a-z])"

let private foreignWords =
    @"(?i)\b(clau[d]e|anthro[p]ic|chat[g]pt|co[p]ilot|llm agen[t]|sub[a]gent|coding agen[t])\b"

let private longest = 500

[<Tests>]
let sources =
    testList "Sources" [
        testCase
            "the repository's code is seen"
            (fun () ->
                Expect.isNonEmpty (Sources.code "src") "files below src"
                Expect.isNonEmpty (Sources.code "tests") "files below tests"
            )

        testCase
            "src never fails with a bare text"
            (fun () ->
                Sources.code "src"
                |> Sources.linesWhere (matches @"\bfailwithf?\b")
                |> Sources.expectNone
                    "ArgumentException for a caller's mistake, invalidOp for ours; never failwith"
            )

        testCase
            "nothing is left to do"
            (fun () ->
                Sources.code "src" @ Sources.code "benchmarks"
                |> Sources.linesWhere (matches @"\b(TO[D]O|FIX[M]E|TB[D]|NotImplemente[d]\w*)\b")
                |> Sources.expectNone "finish it, or write an issue"
            )

        testCase
            "no file is too long"
            (fun () ->
                [
                    for file in
                        Sources.code "src" @ Sources.code "tests" @ Sources.code "benchmarks" do
                        if file.Lines.Length > longest then
                            $"{file.Path}: {file.Lines.Length} lines"
                ]
                |> Sources.expectNone $"a file has at most {longest} lines"
            )

        testCase
            "nothing names a package feed"
            (fun () ->
                Sources.all.Value
                |> Sources.linesWhere (matches hosts)
                |> Sources.expectNone "packages come from %NUGET_FEED%"
            )

        testCase
            "nothing names a path of one machine"
            (fun () ->
                Sources.all.Value
                |> Sources.linesWhere (matches machinePaths)
                |> Sources.expectNone "paths are relative to the repository"
            )

        testCase
            "files speak of the project only"
            (fun () ->
                Sources.all.Value
                |> Sources.linesWhere (matches foreignWords)
                |> Sources.expectNone "no word about how a text came to be"
            )

        testCase
            "the core has no clock, console, chance or environment of its own"
            (fun () ->
                Sources.code "src/Core.FSharp"
                |> Sources.linesWhere (
                    matches
                        @"(\bnew |System\.)Random\(|\bRandom\(\)|\b(DateTime(Offset)?\.(Now|UtcNow)|Console\.|e?printfn?\b|GetEnvironmentVariable)"
                )
                |> Sources.expectNone
                    "time is a TimeProvider, chance a key, text is returned, settings are arguments"
            )
    ]
