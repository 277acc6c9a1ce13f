/// Measures the library beside its rivals.
module Optim.Benchmarks.Program

[<EntryPoint>]
let main (arguments: string[]) : int =
    match arguments with
    | [| "all" |] ->
        System.Console.Out.WriteLine "Optim"
        0
    | _ ->
        System.Console.Error.WriteLine "expected: all"
        2
