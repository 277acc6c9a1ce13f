namespace Optim.Reports

open System
open System.IO
open System.Text.Json.Nodes

/// The fixed parts of the page: styles, scripts and the data that the scripts draw.
[<RequireQualifiedAccess>]
module internal Page =

    let private asset (name: string) : string =
        match typeof<Comparison>.Assembly.GetManifestResourceStream name with
        | null -> invalidOp (sprintf "the assembly holds no resource named %s" name)
        | stream ->
            use reader = new StreamReader(stream)
            reader.ReadToEnd()

    let private colorCount = 8

    /// One color for each method, everywhere; from the ninth on the colors return with dashed lines.
    let private methodStyles (count: int) =
        [
            for index in 0 .. count - 1 do
                let dash = if index < colorCount then "none" else "6 3"
                $".m{index}{{--c:var(--c{index % colorCount});--dash:{dash}}}"
                $".off-m{index} svg .m{index}{{display:none}}"

                if index >= colorCount then
                    $".key.m{index}{{background:repeating-linear-gradient(90deg,var(--c) 0 4px,transparent 4px 7px)}}"
        ]
        |> String.concat "\n"

    /// All styles of the page. methods: how many.
    let styles (methods: int) : string =
        String.Join("\n", asset "uPlot.min.css", asset "page.css", methodStyles methods)

    /// All scripts of the page, with the license of what is not ours.
    let scripts () : string =
        let library = asset "uPlot.iife.min.js"
        // The first line is a comment with the project's address; name and license say the same without a link.
        let code = library.Substring(library.IndexOf('\n') + 1)
        let license = (asset "uPlot.LICENSE").Replace("*/", "* /")
        String.Join("\n", "/*! uPlot 1.6.32", license.Trim(), "*/", code, asset "page.js")

    /// Six digits are more than a screen can show.
    let private short (value: float) : JsonNode | null =
        let culture = Globalization.CultureInfo.InvariantCulture
        JsonValue.Create(Double.Parse(value.ToString("G6", culture), culture))

    let private numbers (values: float array) : JsonNode = JsonArray(Array.map short values)

    let private object (fields: (string * (JsonNode | null)) list) : JsonNode =
        let node = JsonObject()

        for name, value in fields do
            node.Add(name, value)

        node

    let private text (value: string) : JsonNode | null = JsonValue.Create value
    let private flag (value: bool) : JsonNode = JsonValue.Create value
    let private list (values: (JsonNode | null) list) : JsonNode = JsonArray(List.toArray values)

    let private endName (ending: LineEnd) =
        match ending with
        | LineEnd.Converged -> "converged"
        | LineEnd.Stopped -> "stopped"
        | LineEnd.BudgetSpent -> "spent"
        | LineEnd.Failed -> "failed"

    let private line (own: Line) =
        object [
            "method", JsonValue.Create own.Method
            "x", numbers own.X
            "y", numbers own.Median
            if own.HasBand then
                "low", numbers own.Low
                "high", numbers own.High
            match own.End with
            | Some(x, y, ending) ->
                "end", object [ "x", short x; "y", short y; "how", text (endName ending) ]
            | None -> ()
            "strays",
            list [
                for stray in own.Strays ->
                    let xs, ys = Array.unzip stray
                    object [ "x", numbers xs; "y", numbers ys ]
            ]
        ]

    let private panel (isGain: bool) (own: Panel) =
        object [
            "id", text own.Id
            "axis", text own.Axis
            "xName", text own.XName
            "isLogX", flag own.IsLogX
            "isLogY", flag own.IsLogY
            "isPercent", flag own.IsPercent
            "isGain", flag isGain
            "x", numbers [| own.XLow; own.XHigh |]
            "y", numbers [| own.YLow; own.YHigh |]
            match own.Target with
            | Some target -> "target", short target
            | None -> ()
            "lines", list (List.map line own.Lines)
        ]

    /// What the scripts draw, as JSON that is safe inside a script element: the writer escapes &lt;, &gt; and &amp;.
    let data (summary: Summary) (rows: PanelRow list) : string =
        let content =
            object [
                "methods", list [ for own in summary.Methods -> text own.Method ]
                "panels",
                list [
                    for row in rows do
                        for own in row.Panels -> panel own.IsPercent own
                ]
            ]

        content.ToJsonString()
