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

/// Whether objectives are compiled; see Objective.compile.
[<RequireQualifiedAccess>]
type Compiling =
    /// Where it pays within one run, as the library decides.
    | WherePays
    /// Always, but for objectives on mini-batches.
    | Always
    /// Never.
    | Never

/// Choices by name.
[<RequireQualifiedAccess>]
module Choices =

    /// What it makes; a caller's mistake that the library finds in it is one of the command line.
    let orMisuse (make: unit -> 'T) : 'T =
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

    /// From --compile and --no-compile.
    let compiling (always: bool) (never: bool) : Compiling =
        match always, never with
        | true, true -> Misuse.refuse "--compile and --no-compile exclude each other"
        | true, false -> Compiling.Always
        | false, true -> Compiling.Never
        | false, false -> Compiling.WherePays

    /// The objective as it is to be computed. length: that of its points.
    let computed (compiling: Compiling) (length: int) (objective: Objective) : Objective =
        match compiling with
        | Compiling.WherePays when Objective.isCompiled objective -> objective
        | Compiling.WherePays -> Objective.compileWherePays length objective
        | Compiling.Always when objective.IsStochastic -> objective
        | Compiling.Always -> Objective.compile objective
        | Compiling.Never -> Objective.eager objective

    /// How a run computed its objective, in one word.
    let pathText (result: SolveResult) : string =
        match result.Path with
        | EvaluationPath.Eager -> "eager"
        | EvaluationPath.Compiled -> "compiled"

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
