namespace Optim.Cli

open System
open System.Globalization

/// Numbers on the command line.
[<RequireQualifiedAccess>]
module Numbers =

    /// The number, written with a point and without separators. what: what it is, for the message.
    let parse (what: string) (text: string) : float =
        match Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, value -> value
        | false, _ -> Misuse.refuse $"{what}: \"{text}\" is no number"

    /// Names and numbers, as "x=-1.2,y=1".
    let assignments (what: string) (separator: char) (text: string) : (string * float) list =
        text.Split(
            separator,
            StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries
        )
        |> List.ofArray
        |> List.map (fun part ->
            match part.Split('=', 2, StringSplitOptions.TrimEntries) with
            | [| name; value |] when name <> "" -> name, parse $"{what} {name}" value
            | _ -> Misuse.refuse $"{what}: \"{part}\" is no assignment, expected NAME=NUMBER"
        )

    /// Numbers separated by commas, as "-1.2,1".
    let list (what: string) (text: string) : float list =
        text.Split(',', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
        |> List.ofArray
        |> List.map (parse what)
