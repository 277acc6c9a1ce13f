module Optim.CliTests.Running

open System
open System.IO
open System.Text.Json
open Expecto
open Optim.Cli

/// What a command did.
type Ran = { Code: int; Output: string; Talk: string }

let private gate = obj ()

/// Runs the command in this process with both streams caught. One at a time: the streams are the process's.
let run (arguments: string list) : Ran =
    lock
        gate
        (fun () ->
            let out, error = Console.Out, Console.Error
            use caughtOut = new StringWriter()
            use caughtError = new StringWriter()

            try
                Console.SetOut caughtOut
                Console.SetError caughtError
                let code = Program.main (Array.ofList arguments)

                { Code = code; Output = caughtOut.ToString(); Talk = caughtError.ToString() }
            finally
                Console.SetOut out
                Console.SetError error
        )

/// The command's output as JSON.
let json (ran: Ran) : JsonElement =
    JsonDocument.Parse(ran.Output).RootElement

/// A text of the document.
let text (name: string) (element: JsonElement) : string =
    match (element.GetProperty name).GetString() with
    | null -> ""
    | t -> t

/// Numbers of the document.
let numbers (name: string) (element: JsonElement) : float list = [
    for item in (element.GetProperty name).EnumerateArray() -> item.GetDouble()
]

/// The command refuses these arguments: it ends with 2, prints no data, and its message has these parts.
let misuse (arguments: string list) (parts: string list) : unit =
    let ran = run arguments
    Expect.equal ran.Code 2 $"exit code of {arguments}"
    Expect.equal ran.Output "" "no data"

    for part in parts do
        Expect.stringContains ran.Talk part "the message"
