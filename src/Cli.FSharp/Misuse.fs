namespace Optim.Cli

open System

/// A mistake in the command line. The message says what was expected; the program ends with 2.
[<Sealed>]
type Misuse(message: string) =
    inherit Exception(message)

/// Mistakes in the command line.
[<RequireQualifiedAccess>]
module Misuse =

    /// Ends the command with this message.
    let refuse (message: string) : 'T = raise (Misuse message)

    /// A caller's mistake that the library found is one of the command line: the message without .NET's parameter name.
    let ofArgument (error: ArgumentException) : string =
        let suffix = $" (Parameter '{error.ParamName}')"
        error.Message.Replace(suffix, "", StringComparison.Ordinal)
