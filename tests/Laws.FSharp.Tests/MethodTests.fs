module Optim.LawsTests.MethodTests

open Expecto
open Optim.Core
open Optim.Laws
open Optim.LawsTests

[<Tests>]
let catalogued =
    testList "Catalogued" [
        for claims, method in Subjects.catalogued do
            Laws.forMethodClaiming claims method

        testCase
            "every method of the catalogue is here"
            (fun () ->
                let tested = Subjects.catalogued |> List.map (fun (_, method) -> method.Name)
                Expect.equal tested Catalogue.names "methods under law"
            )

        testCase
            "the catalogue's traits are the claims under law"
            (fun () ->
                for claims, method in Subjects.catalogued do
                    let traits = (Catalogue.find method.Name).Traits

                    Expect.equal
                        (claims.IsMonotone,
                         claims.EscapesSaddles,
                         claims.IsScaleInvariant,
                         claims.IsRotationEquivariant,
                         claims.SuitsMiniBatches)
                        (traits.IsMonotone,
                         traits.EscapesSaddles,
                         traits.IsScaleInvariant,
                         traits.IsRotationInvariant,
                         traits.SuitsMiniBatches)
                        $"{method.Name}: monotone, escapes saddles, scale, rotation, mini-batches"
            )
    ]

[<Tests>]
let compiled =
    testList "Compiled" [
        for claims, method in Subjects.catalogued do
            Laws.forMethodCompiled claims method
    ]

[<Tests>]
let varied =
    testList "Varied" [
        for claims, method in Subjects.varied do
            Laws.forMethodClaiming claims method
    ]

[<Tests>]
let inPlace =
    testList "In place" [
        for claims, method in Subjects.catalogued @ Subjects.varied do
            match Twins.ofMethod method with
            | ValueSome twin -> Laws.forMethodClaiming claims twin
            | ValueNone -> ()
    ]
