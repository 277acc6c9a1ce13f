/// Tests that need libtorch: on a machine without it they are skipped by name, and one line says why.
module Optim.TorchTests.Testing

open System
open System.Diagnostics
open System.Reflection
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

/// A test of the engine on the processor.
let onTorch (name: string) (body: Engine -> unit) : Test =
    onLibrary name (fun _ -> body (Torch.engine ()))

/// As `testCase`, for a test that finds the engine itself.
let torchCase (name: string) (body: unit -> unit) : Test = onLibrary name (fun _ -> body ())

/// What a process did.
type Child = { Code: int; Output: string; Errors: string }

/// Runs this program again, as a process of its own, with one argument and one more environment variable ("" for
/// none).
let runAgain (argument: string) (variable: string) (value: string) : Child =
    let itself = string Environment.ProcessPath

    let start =
        ProcessStartInfo(itself, RedirectStandardOutput = true, RedirectStandardError = true)

    // Started as `dotnet X.dll`, or by its own executable.
    if IO.Path.GetFileNameWithoutExtension itself = "dotnet" then
        start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location)

    start.ArgumentList.Add argument

    if variable <> "" then
        start.Environment[variable] <- value

    use child = nonNull (Process.Start start)
    let errors = child.StandardError.ReadToEndAsync()
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()

    { Code = child.ExitCode; Output = output; Errors = errors.Result }
