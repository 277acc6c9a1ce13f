/// Tests that need libtorch: on a machine without it they are skipped by name, and one line says why.
module Optim.TorchTests.Testing

open System
open Expecto
open Optim
open Optim.Torch

/// Why there is no libtorch here; "" when there is one.
let private missing: Lazy<string> =
    lazy
        (try
            Library.load () |> ignore<Loaded>
            ""
         with :? EngineException as e ->
             printfn "Tests of the torch engine are skipped: %s" e.Message
             e.Detail)

/// A test that runs when libtorch can be loaded, and is listed as ignored when not.
let internal onLibrary (name: string) (body: Loaded -> unit) : Test =
    match missing.Value with
    | "" -> testCase name (fun () -> body (Library.load ()))
    | _ -> ptestCase $"{name} (needs libtorch)" ignore
