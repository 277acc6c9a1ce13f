namespace Optim.Benchmarks

open System
open System.Diagnostics
open System.IO
open System.Text.Json

/// What a rival's script measured.
type Peer = {
    /// Name and version; empty where it is not installed.
    Library: string
    /// Times in seconds, or rates in the row's own unit, by row and contender.
    Values: Map<string * string, float>
    /// Why all or some have no value, by row and contender.
    Missing: Map<string * string, string>
    /// Why there is nothing at all; else empty.
    Failure: string
}

/// Rivals that live in Python: scripts in Peers, run by an interpreter that has the module. Nothing is installed.
[<RequireQualifiedAccess>]
module Python =

    let private absent (why: string) : Peer = {
        Library = ""
        Values = Map.empty
        Missing = Map.empty
        Failure = why
    }

    /// Every python3 of the search path, and the system's own.
    let private interpreters () : string list =
        let path =
            Environment.GetEnvironmentVariable "PATH"
            |> Option.ofObj
            |> Option.defaultValue ""

        let folders = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)

        [ yield! folders; "/usr/bin" ]
        |> List.map (fun folder -> Path.Combine(folder, "python3"))
        |> List.filter File.Exists
        |> List.distinct

    /// Settings that fix OpenBLAS to old kernels on some machines would make the rivals slower than they are.
    let private slowing = [ "OPENBLAS_CORETYPE"; "OPENBLAS_L2_SIZE" ]

    let private counting = [ "OMP_NUM_THREADS"; "OPENBLAS_NUM_THREADS"; "MKL_NUM_THREADS" ]

    /// Exit code, standard output and standard error; none when it does not start or does not end in time.
    let private run
        (interpreter: string)
        (threads: int)
        (limit: TimeSpan)
        (arguments: string list)
        : (int * string * string) option =
        let start =
            ProcessStartInfo(
                interpreter,
                arguments,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        for name in slowing do
            start.Environment.Remove name |> ignore

        for name in counting do
            start.Environment[name] <- string threads

        match Process.Start start |> Option.ofObj with
        | None -> None
        | Some child ->
            use child = child
            let output = child.StandardOutput.ReadToEndAsync()
            let errors = child.StandardError.ReadToEndAsync()

            if child.WaitForExit limit then
                Some(child.ExitCode, output.Result, errors.Result)
            else
                child.Kill true
                None

    /// The first interpreter that has the module.
    let private having (modul: string) : string option =
        let question =
            $"import importlib.util, sys; sys.exit(importlib.util.find_spec('{modul}') is None)"

        interpreters ()
        |> List.tryFind (fun interpreter ->
            match run interpreter 1 (TimeSpan.FromSeconds 30.0) [ "-c"; question ] with
            | Some(0, _, _) -> true
            | _ -> false
        )

    let private read (json: string) : Peer =
        use document = JsonDocument.Parse json

        let text (e: JsonElement) (name: string) : string =
            e.GetProperty(name).GetString() |> string

        let entries = [
            for e in document.RootElement.GetProperty("results").EnumerateArray() do
                let key = text e "row", text e "contender"
                let found, value = e.TryGetProperty "value"

                if found then
                    Choice1Of2(key, value.GetDouble())
                else
                    Choice2Of2(key, text e "missing")
        ]

        {
            Library = text document.RootElement "library"
            Values =
                entries
                |> List.choose (
                    function
                    | Choice1Of2 entry -> Some entry
                    | Choice2Of2 _ -> None
                )
                |> Map.ofList
            Missing =
                entries
                |> List.choose (
                    function
                    | Choice2Of2 entry -> Some entry
                    | Choice1Of2 _ -> None
                )
                |> Map.ofList
            Failure = ""
        }

    let private lastLine (text: string) : string =
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        |> Array.tryLast
        |> Option.defaultValue "no message"

    /// What a script in Peers measured with a module on so many threads.
    let measure (modul: string) (script: string) (threads: int) : Peer =
        match having modul with
        | None -> absent "not installed"
        | Some interpreter ->
            let file = Path.Combine(AppContext.BaseDirectory, "Peers", script)

            match run interpreter threads (TimeSpan.FromMinutes 3.0) [ file ] with
            | Some(0, output, _) -> read output
            | Some(_, _, errors) ->
                Console.Error.WriteLine $"{script}: {lastLine errors}"
                absent "failed"
            | None -> absent "too slow"

    /// Names and versions of the rivals that are there.
    let versions () : string list = [
        for modul in [ "numpy"; "scipy"; "torch" ] do
            match having modul with
            | None -> $"{modul} not installed"
            | Some interpreter ->
                let question = $"import {modul}; print({modul}.__version__)"

                match run interpreter 1 (TimeSpan.FromSeconds 60.0) [ "-c"; question ] with
                | Some(0, version, _) -> $"{modul} {version.Trim()}"
                | _ -> $"{modul} failed"
    ]

    /// A contender's cell. convert: from the script's number to the table's.
    let cell (convert: float -> float) (row: string) (contender: string) (peer: Peer) : Cell =
        match peer.Values.TryFind(row, contender), peer.Missing.TryFind(row, contender) with
        | Some value, _ -> Cell.number contender (convert value)
        | None, Some why -> Cell.missing contender why
        | None, None -> Cell.missing contender (if peer.Failure = "" then "" else peer.Failure)
