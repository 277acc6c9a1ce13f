namespace Optim.Testing

open System
open System.IO
open Expecto

/// The entry point that all test programs share, in F# and in C#.
type TestMain =
    /// Runs every test of the calling program's assembly; the last line is `N passed, N failed, N skipped`.
    /// Before it stand the names of the tests that were skipped. The last line also goes to the file that OPTIM_TEST_COUNTS
    /// names, where `dotnet test` sums them. Exit code: 0 when all passed.
    static member Run(argv: string[]) : int =
        let mutable skipped: string list = []
        let mutable closing = "0 passed, 1 failed, 0 skipped" // no summary at all: the run itself broke

        let keep (summary: Impl.TestRunSummary) =
            let bad =
                List.length summary.failed
                + List.length summary.errored
                + List.length summary.timedOut

            skipped <- [
                for test, _ in summary.ignored do
                    String.Join(".", test.name)
            ]

            closing <-
                $"{List.length summary.passed} passed, {bad} failed, {List.length summary.ignored} skipped"

        let arguments: CLIArguments list = [
            Append_Summary_Handler(SummaryHandler keep)
            No_Spinner
            Colours 0
        ]

        let assembly =
            match Reflection.Assembly.GetEntryAssembly() with
            | null -> invalidOp "a test program has an entry assembly"
            | entry -> entry

        let code = runTestsInAssemblyWithCLIArgs arguments argv

        match Environment.GetEnvironmentVariable "OPTIM_TEST_COUNTS" with
        | null
        | "" -> ()
        | path ->
            match Path.GetDirectoryName path with
            | null
            | "" -> ()
            | folder -> Directory.CreateDirectory folder |> ignore

            File.WriteAllText(path, closing + "\n")

        for name in skipped do
            printf "\nskipped: %s" name

        printf "\n%s: %s\n" (string (assembly.GetName().Name)) closing
        code
