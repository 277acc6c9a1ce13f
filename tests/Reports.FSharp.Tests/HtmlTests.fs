module Optim.ReportsTests.HtmlTests

open System
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open FsCheck
open FsCheck.FSharp
open Optim.Reports
open Optim.ReportsTests.Samples

let private page = lazy (Report.html digits)

/// The text between the script tags of the data.
let private dataOf (html: string) =
    let found =
        Regex.Match(html, "<script type=\"application/json\" id=\"data\">(.*?)</script>")

    found.Groups[1].Value

/// The page's markup as XML, which demands that every element is closed and every attribute quoted.
let private markupOf (html: string) =
    Regex.Replace(html, "(?s)<(script|style)[^>]*>.*?</\\1>|<!doctype html>", "")
    |> fun markup -> Regex.Replace(markup, "<(meta|link|br)([^>]*)>", "<$1$2/>")
    |> fun markup -> XDocument.Parse(markup, LoadOptions.PreserveWhitespace)

let private elements (name: string) (document: XDocument) =
    document.Descendants(XName.Get name) |> List.ofSeq

let private hostile =
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;"

let private withName name (own: Comparison) =
    let runs =
        own.Runs
        |> List.map (fun run ->
            if run.Method = "Adam" then
                { run with Method = name; Options = name; Reason = name }
            else
                run
        )

    {
        own with
            Title = name
            Subtitle = name
            Facts = [ { Name = name; Value = name } ]
            Measures = { own.Measures with Loss = name }
            Runs = runs
    }

/// A comparison of anything: losses of all sizes and none, curves of any length.
let private anything =
    let loss =
        Gen.elements [
            1.0
            0.5
            0.25
            1e-300
            1e300
            5e-324
            0.0
            -1.0
            -1e300
            nan
            infinity
            -infinity
        ]

    let ownRun =
        gen {
            let! method = Gen.elements [ "a"; "b"; "c" ]
            let! seed = Gen.choose (1, 3)
            let! length = Gen.choose (0, 5)
            let! losses = Gen.listOfLength length loss
            let! stride = Gen.elements [ 0.0; 1e-9; 1.0; 1e9 ]
            let! accuracy = Gen.elements [ None; Some 0.5; Some nan; Some 1.0 ]

            let! outcome =
                Gen.elements [
                    RunOutcome.Converged
                    RunOutcome.BudgetSpent
                    RunOutcome.Stopped
                    RunOutcome.Failed
                ]

            let curve =
                losses
                |> List.mapi (fun index loss -> {
                    point index (stride * float index) (float index) loss with
                        TestAccuracy = accuracy
                })

            return { run method (int64 seed) curve with Outcome = outcome }
        }

    gen {
        let! count = Gen.choose (1, 6)
        let! runs = Gen.listOfLength count ownRun
        return comparison runs
    }
    |> Arb.fromGen

let private inFolder action =
    let folder = Directory.CreateTempSubdirectory("optim-report")

    try
        action folder.FullName
    finally
        folder.Delete(recursive = true)

let private offline =
    testList "loads nothing" [
        testCase
            "no address of another place"
            (fun () ->
                for text in [ "http:"; "https:"; "ws:"; "wss:"; "ftp:"; "file:" ] do
                    Expect.isFalse (page.Value.Contains text) text
            )
        testCase
            "no way to load: no source, import, request"
            (fun () ->
                for text in
                    [ "src="; "@import"; "import("; "fetch("; "XMLHttpRequest"; "sendBeacon" ] do
                    Expect.isFalse (page.Value.Contains text) text
            )
        testCase
            "every url is a place in the page itself"
            (fun () ->
                let places = Regex.Matches(page.Value, @"url\((.)") |> Seq.map _.Groups[1].Value
                Expect.equal (List.ofSeq places |> List.distinct) [ "#" ] "clip paths"
            )
        testCase
            "every link is empty data"
            (fun () ->
                let links = Regex.Matches(page.Value, "href=\"([^\"]*)\"") |> List.ofSeq

                Expect.equal
                    (links |> List.map (fun link -> link.Groups[1].Value))
                    [ "data:," ]
                    "links"
            )
        testCase
            "the browser is told so, too"
            (fun () -> Expect.stringContains page.Value "default-src 'none'" "policy")
        testCase
            "the charts' license is in the page"
            (fun () ->
                Expect.stringContains page.Value "Copyright (c) 2022 Leon Sorokin" "copyright"
                Expect.stringContains page.Value "THE SOFTWARE IS PROVIDED \"AS IS\"" "terms"
            )
    ]

let private content =
    testList "content" [
        testCase
            "the markup is well formed and has one main heading"
            (fun () ->
                let headings = markupOf page.Value |> elements "h1"
                Expect.equal (headings |> List.map _.Value) [ digits.Title ] "h1"
            )
        testCase
            "verdict, warnings and facts are there word by word"
            (fun () ->
                let text = (markupOf page.Value |> elements "html").Head.Value
                let verdict = Verdict.ofSummary digits.Measures (Summary.ofComparison digits)

                for sentence in verdict.Headline :: verdict.Findings @ verdict.Warnings do
                    Expect.stringContains text sentence "sentence"

                for fact in digits.Facts do
                    Expect.stringContains text fact.Value fact.Name
            )
        testCase
            "the tables hold every method's numbers"
            (fun () ->
                let cells =
                    markupOf page.Value |> elements "td" |> List.map _.Value |> String.concat "\n"

                for own in (Summary.ofComparison digits).Methods do
                    for expected in
                        [
                            Numbers.loss own.FinalLoss.Median
                            Numbers.loss own.FinalLoss.Low
                            + " to "
                            + Numbers.loss own.FinalLoss.High
                            Numbers.loss own.BestLoss.Median
                            Numbers.percent own.FinalTestAccuracy.Value.Median
                            Numbers.percent own.BestTestAccuracy.Value.Median
                            Verdict.format Measure.Steps own.Efforts.Head.Steps.Median
                            Verdict.format Measure.Seconds own.Efforts.Head.Seconds.Median
                            Verdict.format
                                Measure.GradientEquivalents
                                own.Efforts.Head.GradientEquivalents.Median
                            Numbers.steps own.Steps.Median
                            Numbers.seconds own.Seconds.Median
                            Numbers.significant 3 own.GradientEquivalents.Median
                            Numbers.bytes own.PeakMemory.Value.Median
                        ] do
                        Expect.stringContains cells expected own.Method
            )
        testCase
            "every run has its line, its seed, its counts and its reason"
            (fun () ->
                let rows = markupOf page.Value |> elements "tr" |> List.map _.Value

                for own in digits.Runs do
                    let isIts (row: string) =
                        row.Contains own.Method
                        && row.Contains own.Reason
                        && row.Contains(Numbers.whole own.Evaluations.Gradients)
                        && row.Contains(Numbers.whole own.Evaluations.Products)

                    Expect.exists rows isIts (sprintf "%s %d" own.Method own.Seed)
            )
        testCase
            "the diverged run says so"
            (fun () ->
                let cells = markupOf page.Value |> elements "td" |> List.map _.Value

                Expect.exists
                    cells
                    (fun cell -> cell.StartsWith "diverged (failed)")
                    "in its own line"
            )
        testCase
            "one picture a chart, described, and one place for its interactive twin"
            (fun () ->
                let document = markupOf page.Value
                Expect.equal (elements "figure" document).Length 12 "4 measures by 3 axes"
                let pictures = elements "svg" document
                Expect.equal pictures.Length 12 "pictures"

                for picture in pictures do
                    let description =
                        picture.Attributes(XName.Get "aria-label")
                        |> Seq.map _.Value
                        |> String.concat ""

                    Expect.stringContains description "Saddle-free Newton" "what it shows"
            )
        testCase
            "several targets have a table of their own"
            (fun () ->
                let html = Report.html { digits with Targets = [ 0.5; 0.05 ] }
                Expect.stringContains html "What each target took" "heading"
                Expect.isFalse (page.Value.Contains "What each target took") "not for one"
            )
    ]

let private data =
    testList "data" [
        testCase
            "is JSON, every line as long as its places"
            (fun () ->
                use document = JsonDocument.Parse(dataOf page.Value)
                let root = document.RootElement
                let methods = root.GetProperty "methods"
                Expect.equal (methods.GetArrayLength()) 5 "methods"
                let panels = root.GetProperty("panels").EnumerateArray() |> List.ofSeq
                Expect.equal panels.Length 12 "panels"

                for panel in panels do
                    for line in panel.GetProperty("lines").EnumerateArray() do
                        let lengths =
                            [ "x"; "y"; "low"; "high" ]
                            |> List.map (fun name -> line.GetProperty(name).GetArrayLength())

                        Expect.equal (List.distinct lengths).Length 1 "lengths"
            )
        testCase
            "belongs to the figures of the page"
            (fun () ->
                use document = JsonDocument.Parse(dataOf page.Value)

                for panel in document.RootElement.GetProperty("panels").EnumerateArray() do
                    let id = panel.GetProperty("id").GetString()

                    Expect.stringContains
                        page.Value
                        (sprintf "<figure data-panel=\"%s\"" id)
                        "figure"
            )
    ]

let private escaping =
    testList "escaping" [
        testCase
            "a hostile name, title, fact or reason stays text"
            (fun () ->
                let html = Report.html (withName hostile digits)
                Expect.isFalse (html.Contains "<img") "no element of its own"
                Expect.equal (Regex.Matches(html, "<script").Count) 2 "our scripts only"
                Expect.equal (Regex.Matches(html, "</script").Count) 2 "closed once each"
                let document = markupOf html
                Expect.equal (elements "h1" document).Head.Value hostile "read back"
            )
        testCase
            "and comes back whole from the JSON"
            (fun () ->
                use document = JsonDocument.Parse(dataOf (Report.html (withName hostile digits)))
                let names = document.RootElement.GetProperty("methods").EnumerateArray()
                Expect.contains [ for name in names -> name.GetString() ] hostile "name"
            )
    ]

let private robust =
    testList "anything" [
        testProperty
            "any comparison gives a well-formed page, valid data and text"
            (Prop.forAll
                anything
                (fun own ->
                    let html = Report.html own
                    use document = JsonDocument.Parse(dataOf html)
                    let methods = document.RootElement.GetProperty("methods").GetArrayLength()
                    let rows = markupOf html |> elements "tr" |> List.length

                    methods = (own.Runs |> List.distinctBy _.Method |> List.length)
                    && rows > own.Runs.Length
                    && not (html.Contains "NaN\"" || html.Contains "∞")
                    && (Report.text own).Contains "Where they ended"
                ))
    ]

let private writing =
    testList "write" [
        testCase
            "writes the page and leaves nothing else"
            (fun () ->
                inFolder (fun folder ->
                    let path = Path.Combine(folder, "report.html")
                    File.WriteAllText(path, "old")
                    Report.write path digits
                    Expect.isTrue (File.ReadAllText path = page.Value) "the page"
                    Expect.equal (Directory.GetFiles folder) [| path |] "nothing else"
                )
            )
        testCase
            "a mistake leaves the old file as it was"
            (fun () ->
                inFolder (fun folder ->
                    let path = Path.Combine(folder, "report.html")
                    File.WriteAllText(path, "old")

                    Expect.throwsT<ArgumentException>
                        (fun () -> Report.write path (comparison []))
                        "no runs"

                    Expect.equal (File.ReadAllText path) "old" "untouched"
                )
            )
        testCase
            "a folder that is not there is an IOException"
            (fun () ->
                inFolder (fun folder ->
                    let path = Path.Combine(folder, "absent", "report.html")

                    Expect.throwsT<DirectoryNotFoundException>
                        (fun () -> Report.write path digits)
                        "absent folder"
                )
            )
    ]

[<Tests>]
let html = testList "Html" [ offline; content; data; escaping; robust; writing ]
