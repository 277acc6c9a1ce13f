/// The `optim` command.
module Optim.Cli.Program

#nowarn "3265" // GetValue is declared to give null, which it never does for numbers and truth values.

open System
open System.CommandLine
open Optim
open Optim.Core

let private option (name: string) (description: string) (value: 'T) : Option<'T> =
    Option<'T>(name, Description = description, DefaultValueFactory = fun _ -> value)

let private optional (name: string) (description: string) : Option<string | null> =
    Option<string | null>(name, Description = description)

let private argument (name: string) (description: string) : Argument<string> =
    Argument<string>(name, Description = description)

let private asJson () : Option<bool> =
    option "--json" "Print JSON instead of text." false

/// --compile and --no-compile, and what they come to.
let private compiling () : Symbol list * (ParseResult -> Compiling) =
    let always =
        option
            "--compile"
            "Compile the objective, however small; mini-batches never are. Default: where it pays within one run."
            false

    let never =
        option "--no-compile" "Compute the objective operation by operation, however large." false

    [ always; never ],
    fun result -> Choices.compiling (result.GetValue always) (result.GetValue never)

/// --engine, and what it comes to.
let private engine
    (description: string)
    (usual: string)
    : Option<string> * (ParseResult -> EngineName) =
    let option = option "--engine" description usual

    option,
    fun result ->
        result.GetValue option
        |> Option.ofObj
        |> Option.defaultValue ""
        |> ChosenEngine.parse

/// --engine of commands that compute.
let private computing () : Option<string> * (ParseResult -> EngineName) =
    engine
        "What computes: managed (this library's own code), torch (libtorch on the processor), cuda or cuda:1 (libtorch on a graphics processor)."
        "managed"

let private given (result: ParseResult) (value: Option<string | null>) : string option =
    result.GetValue value |> Option.ofObj

let private whole (name: string) (text: string option) : int option =
    text
    |> Option.map (fun text ->
        match Int32.TryParse text with
        | true, n -> n
        | false, _ -> Misuse.refuse $"{name}: \"{text}\" is no whole number"
    )

let private text (result: ParseResult) (value: Option<string>) : string =
    match result.GetValue value with
    | null -> ""
    | t -> t

let private word (result: ParseResult) (value: Argument<string>) : string =
    match result.GetValue value with
    | null -> ""
    | t -> t

let private command
    (name: string)
    (description: string)
    (symbols: Symbol list)
    (act: ParseResult -> int)
    : Command =
    let command = Command(name, description)

    for symbol in symbols do
        match symbol with
        | :? Argument as a -> command.Arguments.Add a
        | :? Option as o -> command.Options.Add o
        | other -> invalidOp $"{other.Name} is neither an argument nor an option"

    command.SetAction(Func<ParseResult, int> act)
    command

let private methods () : Command =
    let json = asJson ()

    command
        "methods"
        "List the optimization methods and their knobs."
        [ json ]
        (fun r -> Lists.methods (r.GetValue json))

let private problems () : Command =
    let json = asJson ()

    command
        "problems"
        "List the classical problems and the data sets."
        [ json ]
        (fun r -> Lists.problems (r.GetValue json))

let private minimize () : Command =
    let target =
        argument
            "formula-or-problem"
            "A formula such as \"100*(y-x^2)^2+(1-x)^2\", or the name of a problem (see optim problems)."

    let method =
        option "--method" "The method, with knobs if you like: lbfgs, or sgd:rate=0.01." "lbfgs"

    let start =
        optional "--start" "Where to begin: x=-1.2,y=1 for a formula, numbers for a problem."

    let dim = optional "--dim" "The number of variables of a problem."

    let steps =
        Option<Nullable<int64>>(
            "--max-steps",
            Description =
                "The most steps. Default: 10000, or 10 for each variable where that is more."
        )

    let tolerance =
        option "--tolerance" "The gradient norm to reach, relative to that at the start." 1e-9

    let seed = option "--seed" "Where all chance comes from." 0L
    let compilers, compiling = compiling ()
    let engineOption, engine = computing ()
    let json = asJson ()

    command
        "minimize"
        "Minimize a formula or a classical problem."
        ([ target; method; start; dim; steps; tolerance; seed ]
         @ compilers
         @ [ engineOption; json ])
        (fun r ->
            Minimize.run {
                Target = word r target
                Method = text r method
                Start = given r start
                Dimension = whole "--dim" (given r dim)
                MaxSteps = Option.ofNullable (r.GetValue steps)
                Tolerance = r.GetValue tolerance
                Seed = r.GetValue seed
                Compiling = ChosenEngine.compiling (engine r) (compiling r)
                Engine = engine r
                IsJson = r.GetValue json
            }
        )

let private train () : Command =
    let data =
        argument "dataset" "The name of a data set: digits, breast-cancer, diabetes."

    let model = optional "--model" "Sizes of the layers, as 64-32-10."

    let method =
        option "--method" "The method, with knobs if you like: adam, or sgd:rate=0.1." "adam"

    let epochs =
        option "--epochs" "Passes over the training data; for methods on the whole data, steps." 20

    let batch =
        optional
            "--batch"
            "Examples in a mini-batch; 0 for all at once. Default: 64 where the method suits it."

    let seed = option "--seed" "Where all chance comes from." 0L
    let compilers, compiling = compiling ()
    let engineOption, engine = computing ()
    let json = asJson ()

    command
        "train"
        "Train a network on a data set."
        ([ data; model; method; epochs; batch; seed ]
         @ compilers
         @ [ engineOption; json ])
        (fun r ->
            Train.run {
                DataSet = word r data
                Model = given r model
                Method = text r method
                Epochs = r.GetValue epochs
                Batch = whole "--batch" (given r batch)
                Seed = r.GetValue seed
                Compiling = ChosenEngine.compiling (engine r) (compiling r)
                Engine = engine r
                IsJson = r.GetValue json
            }
        )

let private compare () : Command =
    let target =
        argument
            "dataset-or-problem"
            "A data set (digits, …) or a classical problem (see optim problems)."

    let methods =
        option
            "--methods"
            "Methods separated by commas, each with knobs if you like."
            Compare.defaultMethods

    let seeds = option "--seeds" "How many seeds." 3
    let model = optional "--model" "Sizes of the layers, as 64-10-10."
    let dim = optional "--dim" "The number of variables of a problem."
    let batch = optional "--batch" "Examples in a mini-batch; 0 for all at once."
    let seconds = option "--seconds" "The time of each run." 10.0

    let steps =
        Option<Nullable<int64>>(
            "--max-steps",
            Description = "The most steps of each run. Default: as many as there is time for."
        )

    let report = optional "--report" "Write one self-contained HTML page to this file."
    let compilers, compiling = compiling ()
    let engineOption, engine = computing ()
    let json = asJson ()

    command
        "compare"
        "Compare methods on a data set or a problem."
        ([ target; methods; seeds; model; dim; batch; seconds; steps; report ]
         @ compilers
         @ [ engineOption; json ])
        (fun r ->
            Compare.run {
                Target = word r target
                Methods = text r methods
                Seeds = r.GetValue seeds
                Model = given r model
                Dimension = whole "--dim" (given r dim)
                Batch = whole "--batch" (given r batch)
                Seconds = r.GetValue seconds
                MaxSteps = Option.ofNullable (r.GetValue steps)
                Report = given r report
                Compiling = ChosenEngine.compiling (engine r) (compiling r)
                Engine = engine r
                IsJson = r.GetValue json
            }
        )

let private gpuCheck () : Command =

    let engineOption, engine =
        engine
            "What is looked at: cuda or cuda:1 (libtorch on a graphics processor), torch (libtorch on the processor)."
            "cuda"

    let untimed = option "--no-timings" "Only look whether it is right." false
    let json = asJson ()

    command
        "gpu-check"
        "Look whether libtorch computes on this machine as it should, and how fast."
        [ engineOption; untimed; json ]
        (fun r ->
            GpuCheck.run {
                Engine = engine r
                Times = not (r.GetValue untimed)
                IsJson = r.GetValue json
            }
        )

let private root () : RootCommand =
    let root = RootCommand "Minimize functions, train networks, compare optimizers."

    for command in [ methods (); problems (); minimize (); train (); compare (); gpuCheck () ] do
        root.Subcommands.Add command

    root

/// Exit code: 0 converged or done, 1 not, 2 misuse.
[<EntryPoint>]
let main (arguments: string[]) : int =
    let parsed = (root ()).Parse arguments

    if parsed.Errors.Count > 0 then
        for error in parsed.Errors do
            Talk.say error.Message

        Talk.say "see optim --help"
        2
    else
        try
            parsed.Invoke(InvocationConfiguration(EnableDefaultExceptionHandler = false))
        with
        | :? Misuse as misuse ->
            Talk.say misuse.Message
            2
        | :? EngineException as error ->
            Talk.say (ChosenEngine.complaint error)
            1
