module Optim.ReportsTests.TextTests

open System
open Expecto
open Optim.Reports
open Optim.ReportsTests.Samples

let private linesOf (text: string) = text.Split '\n' |> List.ofArray

[<Tests>]
let text =
    testList "Text" [
        testCase
            "a table has its names to the left and its numbers to the right"
            (fun () ->
                Expect.equal
                    (Text.table [ "name"; "loss"; "n" ] [
                        [ "Adam"; "0.5"; "12" ]
                        [ "é"; "10.25"; "3" ]
                    ])
                    [ "name   loss   n"; "---------------"; "Adam    0.5  12"; "é     10.25   3" ]
                    "table"
            )
        testCase
            "no line is longer than 110 columns"
            (fun () ->
                for line in linesOf (Report.text digits) do
                    Expect.isLessThanOrEqual line.Length 110 line
            )
        testCase
            "nor with long names, large numbers and all endings at once"
            (fun () ->
                let long (own: Run) = {
                    own with
                        Method = own.Method + " with a very long name indeed"
                        PeakMemory = own.PeakMemory |> Option.map ((*) 100L)
                        Curve =
                            own.Curve
                            |> List.map (fun at -> {
                                at with
                                    Step = at.Step * 1000
                                    Loss = 1e-9 * at.Loss
                            })
                }

                let ends index (own: Run) =
                    let outcomes = [
                        RunOutcome.Converged
                        RunOutcome.BudgetSpent
                        RunOutcome.Failed
                    ]

                    { own with Outcome = outcomes[index % 3] }

                let own = { digits with Runs = digits.Runs |> List.map long |> List.mapi ends }

                let tables =
                    linesOf (Report.text own)
                    |> List.takeWhile (fun line -> not (line.StartsWith '*'))

                for line in tables do
                    Expect.isLessThanOrEqual line.Length 110 line
            )
        testCase
            "every method has its line in both tables, all lines of a table end in the same column"
            (fun () ->
                let lines = linesOf (Report.text digits)

                for own in
                    [ "SGD with momentum"; "Adam"; "L-BFGS"; "Newton-CG"; "Saddle-free Newton" ] do
                    let rows = lines |> List.filter (fun line -> line.StartsWith(own + "  "))
                    Expect.equal rows.Length 2 own

                let rule = lines |> List.findIndex (fun line -> line.StartsWith "---")
                let rows = lines |> List.skip (rule + 1) |> List.take 5

                Expect.equal
                    (rows |> List.map _.Length |> List.distinct)
                    [ lines[rule].Length ]
                    "widths"
            )
        testCase
            "winners have a star, diverged runs are in the table"
            (fun () ->
                let lines = linesOf (Report.text digits)

                let row name =
                    lines |> List.find (fun line -> line.StartsWith(name + "  "))

                Expect.stringContains (row "Saddle-free Newton") "* " "lowest loss"
                Expect.isFalse ((row "Adam").Contains '*') "wins nothing"
                Expect.stringContains (row "SGD with momentum") "1 diverged" "shown"
                Expect.stringContains (row "SGD with momentum") "..diverged" "in the range"
            )
        testCase
            "a hostile name cannot break a line"
            (fun () ->
                let own = run "a\nb\u001b[31m" 1L [ point 0 0.0 0.0 1.0 ]
                let text = Report.text (comparison [ own ])
                Expect.stringContains text "a b [31m" "control characters are blanks"
                Expect.isFalse (text.Contains '\u001b') "no escape sequence"
            )
        testCase
            "a performance profile"
            (fun () ->
                let costs = [ [ 1.0; 2.0 ]; [ 6.0; 2.0 ]; [ 7.0; nan ] ]

                Expect.equal
                    (Profile.compute [ 1.0; 3.0 ] [ "Adam"; "Sgd" ] costs |> Report.profileText)
                    (String.concat "\n" [
                        "Problems solved within a factor of the best method's cost"
                        "method  x1.00   x3.00  solved"
                        "-----------------------------"
                        "Adam    66.7%  100.0%  100.0%"
                        "Sgd     33.3%   66.7%   66.7%"
                        ""
                    ])
                    "table"
            )
        testCase
            "wrapping keeps all words and the width"
            (fun () ->
                let words = String.Join(" ", List.replicate 50 "word")
                let lines = Text.wrap 40 "  " words
                Expect.isTrue (lines |> List.forall (fun line -> line.Length <= 40)) "width"

                Expect.equal
                    (lines |> List.sumBy (fun line -> line.Trim().Split(' ').Length))
                    50
                    "words"
            )
    ]
