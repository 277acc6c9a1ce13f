namespace Optim.Torch

open System
open System.IO
open System.Runtime.InteropServices
open Optim

/// What the search for libtorch goes by: the only place where the engine reads environment variables.
type internal Surroundings = {
    System: TargetSystem
    Identifier: string
    /// OPTIM_LIBTORCH; "" when it is not set.
    Variable: string
    /// The runtime configuration's Optim.LibTorchPath; "" when it is not set.
    Configured: string
    /// The folder of the running program.
    Application: string
    /// The folder of NuGet's packages.
    Packages: string
}

/// A folder that the search looks at.
type internal Place = {
    /// How the search came to it.
    Origin: string
    Folder: string
}

/// The search for libtorch.
[<RequireQualifiedAccess>]
module internal Search =

    /// The oldest version that works: the first with lists and strings in the dispatcher's slots.
    let oldest: Version = Version(2, 10)

    /// What the search goes by, now.
    let surroundings () : Surroundings =
        let variable name =
            match Environment.GetEnvironmentVariable name with
            | null -> ""
            | value -> value.Trim()

        let home = Environment.GetFolderPath Environment.SpecialFolder.UserProfile

        {
            System = Platform.current
            Identifier = Platform.identifier Platform.current RuntimeInformation.ProcessArchitecture
            Variable = variable "OPTIM_LIBTORCH"
            Configured =
                match AppContext.GetData "Optim.LibTorchPath" with
                | :? string as path -> path
                | _ -> ""
            Application = AppContext.BaseDirectory
            Packages =
                match variable "NUGET_PACKAGES" with
                | "" -> Path.Combine(home, ".nuget", "packages")
                | folder -> folder
        }

    let private packageName (s: Surroundings) = $"libtorch-cpu-{s.Identifier}"

    /// The versions of the package in NuGet's folder that are new enough, newest first.
    let private packageVersions (folder: string) : string list =
        try
            [
                for path in Directory.EnumerateDirectories folder do
                    match Version.TryParse(Path.GetFileName path) with
                    | true, version when version >= oldest -> version, path
                    | _ -> ()
            ]
            |> List.sortByDescending fst
            |> List.map snd
        with
        | :? IOException
        | :? UnauthorizedAccessException -> []

    /// The folders to look at, in their order. A set OPTIM_LIBTORCH is the only one: a wish that cannot be met is
    /// said, not passed over.
    /// It may name the folder of the libraries, or one that has them in `lib`, as PyTorch's and libtorch's own
    /// folders.
    let places (s: Surroundings) : Place list =
        let native folder =
            Path.Combine(folder, "runtimes", s.Identifier, "native")

        if s.Variable <> "" then
            let folder = Path.GetFullPath s.Variable

            [
                { Origin = "OPTIM_LIBTORCH"; Folder = folder }
                { Origin = "OPTIM_LIBTORCH"; Folder = Path.Combine(folder, "lib") }
            ]
        else
            let package = Path.Combine(s.Packages, packageName s)

            let packaged =
                match packageVersions package with
                | [] -> [ package ]
                | versions -> List.map native versions

            [
                if s.Configured <> "" then
                    {
                        Origin = "the runtime configuration's Optim.LibTorchPath"
                        Folder = s.Configured
                    }
                { Origin = "the program's folder"; Folder = s.Application }
                { Origin = "the program's folder"; Folder = native s.Application }
                for folder in packaged do
                    { Origin = "NuGet's packages"; Folder = folder }
            ]

    /// What the caller can do when there is no libtorch.
    let remedies (s: Surroundings) : string =
        let package =
            $"restore the NuGet package {packageName s} (2.10.0 or newer) into {s.Packages}"

        let installation =
            "set OPTIM_LIBTORCH to the folder torch/lib of a PyTorch installation, 2.10 or newer "
            + "(python3 -c \"import os, torch; print(os.path.join(torch.__path__[0], 'lib'))\")"

        if s.Variable = "" then
            $"Either {package}, or {installation}."
        else
            $"Either unset OPTIM_LIBTORCH and {package}, or {installation}."

    /// EngineException LoadLibrary.
    let fail (detail: string) =
        raise (Failures.error "LoadLibrary" "none" Device.Torch detail 0)

    let private notFound (s: Surroundings) (findings: (Place * string) list) =
        let lines =
            [
                if s.Variable = "" then
                    "OPTIM_LIBTORCH is not set"

                    if s.Configured = "" then
                        "the runtime configuration has no Optim.LibTorchPath"
                for place, finding in findings do
                    $"{place.Origin}, {place.Folder}: {finding}"
            ]
            |> String.concat "; "

        $"no usable libtorch was found. Looked at: {lines}. {remedies s}"

    /// What is in a place: the handle of the library that was loaded from there, or what is missing.
    let tryPlace (loader: Loader) (s: Surroundings) (place: Place) : Result<nativeint, string> =
        if not (Directory.Exists place.Folder) then
            Error "no such folder"
        else
            let files = SystemLoader.filesIn place.Folder
            let library = Platform.processorLibrary s.System

            if not (List.contains library files) then
                Error $"no {library}"
            else
                LoadPlan.processor s.System place.Folder files
                |> LoadPlan.followWith
                    loader
                    (LoadPlan.companions (SystemLoader.companionsOf place.Folder))
                |> Result.mapError (fun message -> $"{library} could not be loaded ({message})")

    /// The first place with a library that can be loaded, and its handle. Errors: EngineException LoadLibrary, which
    /// lists the places.
    let search (loader: Loader) (s: Surroundings) : Place * nativeint =
        let rec go findings rest =
            match rest with
            | [] -> fail (notFound s (List.rev findings))
            | place :: later ->
                match tryPlace loader s place with
                | Ok handle -> place, handle
                | Error finding -> go ((place, finding) :: findings) later

        go [] (places s)
