namespace Optim.Testing

open System
open System.IO

/// Where the repository's files are, seen from a running test program.
type Repository =
    /// The folder that holds Optim.sln, found upwards from the program.
    static member Root: string =
        let rec up (folder: DirectoryInfo | null) =
            match folder with
            | null -> invalidOp $"no Optim.sln above {AppContext.BaseDirectory}"
            | found when File.Exists(Path.Combine(found.FullName, "Optim.sln")) -> found.FullName
            | below -> up below.Parent

        up (DirectoryInfo AppContext.BaseDirectory)

    /// The full path of a file or folder, given in parts from the repository's root.
    static member Path([<ParamArray>] parts: string[]) : string =
        Path.Combine [| Repository.Root; yield! parts |]
