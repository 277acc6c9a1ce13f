namespace Optim.Cli

open System
open Optim.Core

/// `optim methods` and `optim problems`: what there is.
[<RequireQualifiedAccess>]
module Lists =

    let private truth (name: string) (holds: bool) : string * Json.Value =
        name, Json.Value.Truth holds

    let private methodJson (info: MethodInfo) : Json.Value =
        let text (name: string) (value: string) = name, Json.Value.Text value
        let t = info.Traits

        Json.Value.Fields [
            text "name" info.Name
            text "title" info.Title
            text "family" (string info.Family)
            text "asks" info.Asks
            text "costPerStep" info.CostPerStep
            text "memory" info.Memory
            text "source" info.Source
            truth "isMonotone" t.IsMonotone
            truth "escapesSaddles" t.EscapesSaddles
            truth "suitsMiniBatches" t.SuitsMiniBatches
            "knobs",
            Json.Value.List [
                for knob in info.Knobs ->
                    Json.Value.Fields [
                        text "name" knob.Name
                        "default", Json.Value.Number knob.Default
                        text "range" knob.Range
                        text "meaning" knob.Meaning
                    ]
            ]
        ]

    let private methodLines (info: MethodInfo) : string list = [
        $"{info.Name}: {info.Title} ({info.Family})"
        $"    asks for {info.Asks}; a step costs {info.CostPerStep}; memory {info.Memory}"
        $"    source: {info.Source}"
        for knob in info.Knobs do
            $"    {knob.Name} = {knob.Default} ({knob.Range}): {knob.Meaning}"
    ]

    /// The methods, as text or JSON.
    let methods (asJson: bool) : int =
        let text =
            if asJson then
                Json.text (Json.Value.List [ for info in Catalogue.all -> methodJson info ])
            else
                Catalogue.all |> List.collect methodLines |> String.concat "\n"

        Console.Out.WriteLine text
        0

    let private problemJson (family: ProblemFamily) : Json.Value =
        Json.Value.Fields [
            "name", Json.Value.Text family.Name
            "title", Json.Value.Text family.Title
            "dimensions", Json.Value.Text(string family.Dimensions)
            "defaultDimension", Json.Value.Whole(int64 family.DefaultDimension)
            "source", Json.Value.Text family.Source
        ]

    /// The problems and data sets, as text or JSON.
    let problems (asJson: bool) : int =
        let text =
            if asJson then
                Json.text (
                    Json.Value.Fields [
                        "problems",
                        Json.Value.List [ for family in Problems.all -> problemJson family ]
                        "datasets",
                        Json.Value.List [ for name in Datasets.names -> Json.Value.Text name ]
                    ]
                )
            else
                let line (family: ProblemFamily) =
                    $"{family.Name}: {family.Title}; dimension {family.Dimensions} (default {family.DefaultDimension}); {family.Source}"

                let sets = String.concat ", " Datasets.names

                String.concat
                    "\n"
                    (List.map line Problems.all @ [ ""; $"data sets for train and compare: {sets}" ])

        Console.Out.WriteLine text
        0
