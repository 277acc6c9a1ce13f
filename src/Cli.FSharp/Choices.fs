namespace Optim.Cli

open System
open Optim.Core

/// A method chosen on the command line.
[<NoComparison; NoEquality>]
type ChosenMethod = {
    /// Its row in the catalogue.
    Info: MethodInfo
    /// The knobs that were set.
    Settings: Map<string, float>
    /// The method with these settings.
    Method: Method
}

/// Choices by name.
[<RequireQualifiedAccess>]
module Choices =

    let private orMisuse (make: unit -> 'T) : 'T =
        try
            make ()
        with :? ArgumentException as error ->
            Misuse.refuse (Misuse.ofArgument error)

    /// The method, as "lbfgs" or with knobs as "sgd:rate=0.1:weight-decay=1e-4". presets: knobs that the context sets
    /// when nobody else does.
    let method (presets: Map<string, float>) (text: string) : ChosenMethod =
        let parts = text.Split(':', 2)
        let info = orMisuse (fun () -> Catalogue.find (parts[0].Trim().ToLowerInvariant()))

        let given =
            if parts.Length = 2 then
                Numbers.assignments $"method {info.Name}" ':' parts[1]
            else
                []

        let has (name: string) =
            info.Knobs |> List.exists (fun knob -> knob.Name = name)

        let usable = presets |> Map.filter (fun name _ -> has name)

        let settings =
            given |> List.fold (fun map (name, value) -> Map.add name value map) usable

        { Info = info; Settings = settings; Method = orMisuse (fun () -> info.Create settings) }

    /// The knobs that were set, in words.
    let settingsText (chosen: ChosenMethod) : string =
        chosen.Settings
        |> Map.toSeq
        |> Seq.map (fun (name, value) -> $"{name} {value}")
        |> String.concat ", "

    /// A classical problem.
    let problem (name: string) (dimension: int voption) : Problem =
        orMisuse (fun () -> Problems.find name dimension)

    /// A data set that comes with the program.
    let dataSet (name: string) : DataSet = orMisuse (fun () -> Datasets.load name)

    /// A network that fits a data set, from the sizes of its layers.
    let model (data: DataSet) (text: string) : Model =
        let options = orMisuse (fun () -> Mlp.parse Activation.Tanh text)

        if options.Inputs <> DataSet.inputs data || options.Outputs <> DataSet.outputs data then
            let fitting = $"{DataSet.inputs data}-…-{DataSet.outputs data}"
            Misuse.refuse $"the model {text} does not fit {data.Name}, expected {fitting}"

        orMisuse (fun () -> Mlp.create options)
