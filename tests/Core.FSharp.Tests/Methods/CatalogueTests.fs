module Optim.CoreTests.CatalogueTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private complaint (action: unit -> unit) : string =
    try
        action ()
        failtest "was accepted"
    with :? ArgumentException as e ->
        e.Message

[<Tests>]
let catalogue =
    testList "Catalogue" [
        testCase
            "the first methods are all there"
            (fun () ->
                for name in
                    [
                        "gradient-descent"
                        "sgd"
                        "momentum"
                        "nesterov"
                        "adam"
                        "adamw"
                        "bfgs"
                        "lbfgs"
                        "newton"
                        "newton-pure"
                        "newton-cg"
                        "saddle-free-newton"
                    ] do
                    Expect.contains Catalogue.names name name
            )

        testCase
            "a method's row has the method's own name and says everything"
            (fun () ->
                for info in Catalogue.all do
                    Expect.equal (info.Create Map.empty).Name info.Name "name"

                    for text in
                        [
                            info.Title
                            info.Asks
                            info.CostPerStep
                            info.Memory
                            info.Source
                            info.Family.ToString()
                        ] do
                        Expect.isNotEmpty text info.Name

                    for knob in info.Knobs do
                        Expect.isNotEmpty knob.Range $"{info.Name}, {knob.Name}"
                        Expect.isNotEmpty knob.Meaning $"{info.Name}, {knob.Name}"
                        Expect.equal (knob.Name.ToLowerInvariant()) knob.Name "kebab-case"
            )

        testCase
            "names and knobs are unique"
            (fun () ->
                Expect.equal (List.distinct Catalogue.names) Catalogue.names "names"

                for info in Catalogue.all do
                    let knobs = info.Knobs |> List.map (fun k -> k.Name)
                    Expect.equal (List.distinct knobs) knobs info.Name
            )

        testCase
            "setting a knob to its default changes nothing"
            (fun () ->
                let p = problem "beale"

                for info in Catalogue.all do
                    let defaults =
                        info.Knobs |> List.map (fun k -> k.Name, k.Default) |> Map.ofList

                    let plain = path 15L timeless (info.Create Map.empty) p.Objective p.Start
                    let explicit = path 15L timeless (info.Create defaults) p.Objective p.Start
                    Expect.equal (List.map bits explicit) (List.map bits plain) info.Name
            )

        testCase
            "the catalogue's defaults are the methods' own"
            (fun () ->
                let p = problem "beale"

                for name, own in
                    [
                        "gradient-descent", GradientDescent.create GradientDescent.defaults
                        "sgd", Sgd.create Sgd.defaults
                        "adam", Adam.create Adam.defaults
                        "adamw", AdamW.create AdamW.defaults
                        "bfgs", Bfgs.create Bfgs.defaults
                        "lbfgs", Lbfgs.create Lbfgs.defaults
                        "newton", Newton.create Newton.defaults
                        "newton-cg", NewtonCg.create NewtonCg.defaults
                        "saddle-free-newton", SaddleFreeNewton.create SaddleFreeNewton.defaults
                    ] do
                    let plain = path 15L timeless own p.Objective p.Start

                    let named =
                        path 15L timeless (Catalogue.create name Map.empty) p.Objective p.Start

                    Expect.equal (List.map bits named) (List.map bits plain) name
            )

        testCase
            "every knob but a bound has an effect"
            (fun () ->
                let p = problem "beale"

                for name, knob, value in
                    [
                        "gradient-descent", "shrink", 0.2
                        "gradient-descent", "decrease", 0.4
                        "sgd", "rate", 0.001
                        "sgd", "weight-decay", 0.1
                        "momentum", "momentum", 0.5
                        "nesterov", "momentum", 0.5
                        "adam", "decay1", 0.5
                        "adam", "decay2", 0.5
                        "adam", "epsilon", 1.0
                        "adamw", "weight-decay", 0.5
                        "bfgs", "curvature", 0.05
                        "lbfgs", "history", 1.0
                        "lbfgs", "single", 0.0
                        "newton", "modification", 1.0
                        "newton-cg", "radius", 0.1
                        "newton-cg", "max-products", 1.0
                        "saddle-free-newton", "fixed", 1.0
                    ] do
                    let plain =
                        path 15L timeless (Catalogue.create name Map.empty) p.Objective p.Start

                    let other =
                        path
                            15L
                            timeless
                            (Catalogue.create name (Map [ knob, value ]))
                            p.Objective
                            p.Start

                    Expect.notEqual (List.map bits other) (List.map bits plain) $"{name}, {knob}"
            )

        testCase
            "an unknown method is answered with the nearest and all names"
            (fun () ->
                let message = complaint (fun () -> Catalogue.find "saddle-fre-newton" |> ignore)
                Expect.stringContains message "did you mean saddle-free-newton?" "nearest"

                for name in Catalogue.names do
                    Expect.stringContains message name "all names"

                Expect.stringContains
                    (complaint (fun () -> Catalogue.find "LBFGS" |> ignore))
                    "did you mean lbfgs?"
                    "case"
            )

        testCase
            "an unknown knob is answered with the method's knobs"
            (fun () ->
                let message =
                    complaint (fun () ->
                        Catalogue.create "lbfgs" (Map [ "histroy", 5.0 ]) |> ignore
                    )

                Expect.stringContains message "did you mean history?" "nearest"
                Expect.stringContains message "curvature" "the others"

                let none =
                    complaint (fun () ->
                        Catalogue.create "newton-pure" (Map [ "rate", 1.0 ]) |> ignore
                    )

                Expect.stringContains none "there are none" "no knobs"
            )

        testCase
            "numbers outside a knob's range are refused"
            (fun () ->
                for name, knob, value in
                    [
                        "sgd", "rate", 0.0
                        "sgd", "rate", nan
                        "momentum", "momentum", 0.0
                        "momentum", "momentum", 1.0
                        "adam", "decay1", -0.1
                        "lbfgs", "history", 2.5
                        "lbfgs", "history", 0.0
                        "lbfgs", "single", 0.5
                        "lbfgs", "curvature", 1.0
                        "newton", "modification", 3.0
                        "newton-cg", "gauss-newton", 0.5
                        "newton-cg", "max-products", nan
                        "saddle-free-newton", "damping", -1.0
                    ] do
                    let message =
                        complaint (fun () -> Catalogue.create name (Map [ knob, value ]) |> ignore)

                    Expect.isNotEmpty message $"{name}, {knob} = {value}"
            )
    ]
