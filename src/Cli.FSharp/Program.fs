/// The `optim` command.
module Optim.Cli.Program

/// Exit code: 0 done, 1 not converged, 2 misuse.
[<EntryPoint>]
let main (arguments: string[]) : int =
    match arguments with
    | [| "--name" |] ->
        System.Console.Out.WriteLine "Optim"
        0
    | _ ->
        System.Console.Error.WriteLine "expected: optim --name"
        2
