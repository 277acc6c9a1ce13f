namespace Optim.Torch

open System
open System.IO

/// One file to load.
type internal LoadStep = {
    /// Its full path.
    File: string
    /// Whether libraries that are loaded later may find its symbols (dlopen's RTLD_GLOBAL).
    Shared: bool
    /// Whether the plan fails when it cannot be loaded.
    Needed: bool
}

/// Loads one file and gives its handle, or says why not; and lets go of one.
type internal Loader =
    abstract Load: file: string * shared: bool -> Result<nativeint, string>
    abstract Free: handle: nativeint -> unit

/// Which files of a libtorch are loaded, and in which order, computed from what lies in its folder.
[<RequireQualifiedAccess>]
module internal LoadPlan =

    let private step folder shared needed name = {
        File = Path.Combine(folder, name)
        Shared = shared
        Needed = needed
    }

    /// The steps to the processor's operations, the library itself last. `files`: the names in the folder.
    /// Linux finds what the library depends on beside it. A CUDA build first shares the symbols of
    /// libtorch_global_deps, as PyTorch does. On macOS the shipped library names its companions by paths of the
    /// machine that built it: they must be there before it.
    let processor (system: TargetSystem) (folder: string) (files: string list) : LoadStep list =
        let present names =
            names |> List.filter (fun name -> List.contains name files)

        let before =
            match system with
            | TargetSystem.Linux when List.contains (Platform.cudaLibrary system) files ->
                present [ "libtorch_global_deps.so" ] |> List.map (step folder true false)
            | TargetSystem.Linux -> []
            | TargetSystem.Windows ->
                present [ "libiomp5md.dll"; "c10.dll" ] |> List.map (step folder false false)
            | TargetSystem.MacOs ->
                present [ "libomp.dylib"; "libc10.dylib" ] |> List.map (step folder false false)

        before @ [ step folder false true (Platform.processorLibrary system) ]

    /// The steps from there to the operations of CUDA devices. Error: the folder holds no CUDA build.
    let cuda
        (system: TargetSystem)
        (folder: string)
        (files: string list)
        : Result<LoadStep list, string> =
        let library = Platform.cudaLibrary system

        if List.contains library files then
            Ok [
                step folder false true (Platform.fileOf system "c10_cuda")
                step folder false true library
            ]
        else
            Error $"the libtorch in {folder} is a build without CUDA (it has no {library})"

    // In PyTorch's own order: a library stands after those that it looks for by name. cublasLt before cublas, which
    // would else take the system's.
    let private companionNames = [
        "libcublasLt"
        "libcublas"
        "libcudnn"
        "libnvrtc"
        "libnvrtc-builtins"
        "libcudart"
        "libcupti"
        "libcufft"
        "libcurand"
        "libnvJitLink"
        "libcusparse"
        "libcusparseLt"
        "libcusolver"
        "libnccl"
        "libnvshmem_host"
        "libcufile"
        "libnvToolsExt"
    ]

    /// The libraries of NVIDIA's own Python packages, in the order in which they can be loaded one by one. `files`:
    /// full paths.
    /// They are loaded when a library of libtorch could not find them itself.
    let companions (files: string list) : LoadStep list =
        companionNames
        |> List.collect (fun name ->
            files
            |> List.filter (fun file ->
                let leaf = string (Path.GetFileName file)

                leaf.StartsWith(name + ".so.", StringComparison.Ordinal)
                && Char.IsAsciiDigit leaf[leaf.Length - 1]
            )
            |> List.sort
        )
        |> List.map (fun file -> { File = file; Shared = true; Needed = false })

    /// Takes the steps in their order; gives the handle of the last one, which must be needed.
    /// Error: what the loader said of the first needed file that it could not load; what was loaded is let go again.
    let follow (loader: Loader) (steps: LoadStep list) : Result<nativeint, string> =
        let rec go (held: nativeint list) (rest: LoadStep list) =
            match rest with
            | [] -> Ok(List.head held)
            | next :: later ->
                match loader.Load(next.File, next.Shared) with
                | Ok handle -> go (handle :: held) later
                | Error _ when not next.Needed -> go held later
                | Error message ->
                    held |> List.iter loader.Free
                    Error message

        go [] steps

    /// As `follow`, and once more after the companions were loaded when that failed.
    let followWith
        (loader: Loader)
        (companions: LoadStep list)
        (steps: LoadStep list)
        : Result<nativeint, string> =
        match follow loader steps with
        | Error _ when not companions.IsEmpty ->
            for companion in companions do
                loader.Load(companion.File, companion.Shared)
                |> ignore<Result<nativeint, string>>

            follow loader steps
        | other -> other
