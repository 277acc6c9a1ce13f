namespace Optim.Cli

open System
open System.Diagnostics
open Spectre.Console

/// What is said to a person while a command works: on standard error, so that standard output holds nothing but data.
[<RequireQualifiedAccess>]
module Talk =

    /// A line for the reader.
    let say (text: string) : unit = Console.Error.WriteLine text

    /// Runs work that tells how far it is (from 0 to 1, with a few words): a bar on a terminal, else a line now and then.
    let working (title: string) (work: (float -> string -> unit) -> 'T) : 'T =
        if Console.IsErrorRedirected then
            let clock = Stopwatch.StartNew()
            let mutable next = TimeSpan.FromSeconds 2.0

            work (fun part words ->
                if clock.Elapsed >= next then
                    next <- clock.Elapsed + TimeSpan.FromSeconds 5.0
                    say $"{title}: {Math.Floor(100.0 * part):F0} %%, {words}"
            )
        else
            let terminal =
                AnsiConsole.Create(AnsiConsoleSettings(Out = AnsiConsoleOutput Console.Error))

            terminal
                .Progress()
                .AutoClear(true)
                .Columns(
                    TaskDescriptionColumn(),
                    ProgressBarColumn(),
                    PercentageColumn(),
                    RemainingTimeColumn()
                )
                .Start(fun context ->
                    let bar = context.AddTask(Markup.Escape title, true, 1.0)

                    work (fun part words ->
                        bar.Value <- part
                        bar.Description <- Markup.Escape $"{title}  {words}"
                    )
                )
