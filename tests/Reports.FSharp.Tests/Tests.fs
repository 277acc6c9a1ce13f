module Optim.ReportsTests.HtmlTests

open Expecto
open Optim.Reports

[<Tests>]
let html =
    testList "Html" [
        testCase
            "escape leaves no markup"
            (fun () ->
                Expect.equal
                    (Html.escape "<b a='\"'>&")
                    "&lt;b a=&#39;&quot;&#39;&gt;&amp;"
                    "escaped"
            )
    ]
