namespace Optim.Torch

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices

/// dlopen.
type internal OpenLibrary = delegate of path: nativeint * flags: int -> nativeint

/// dlerror.
type internal LastLoadError = delegate of unit -> nativeint

/// mallopt.
type internal SetAllocator = delegate of parameter: int * value: int -> int

/// The loader of the running system, and what else is asked of its C library.
[<RequireQualifiedAccess>]
module internal SystemLoader =

    /// The C function of this name in the first of the libraries that has it.
    let private systemFunction<'D when 'D :> Delegate and 'D: not struct and 'D: not null>
        (libraries: string list)
        (name: string)
        : 'D option =
        libraries
        |> List.tryPick (fun library ->
            match NativeLibrary.TryLoad library with
            | true, handle ->
                match NativeLibrary.TryGetExport(handle, name) with
                | true, address -> Some(Marshal.GetDelegateForFunctionPointer<'D> address)
                | false, _ -> None
            | false, _ -> None
        )

    let private linuxLibraries = [ "libc.so.6"; "libdl.so.2" ]

    // Of .NET's long message, the system's own words are the last line.
    let private reason (e: exn) : string =
        e.Message.Trim().Split('\n') |> Array.last

    let private loadAlone (file: string) : Result<nativeint, string> =
        try
            Ok(NativeLibrary.Load file)
        with
        | :? DllNotFoundException as e -> Error(reason e)
        | :? BadImageFormatException as e -> Error(reason e)

    // RTLD_NOW | RTLD_GLOBAL of Linux.
    let private nowAndGlobal = 0x102

    let private loadShared (file: string) : Result<nativeint, string> =
        match
            systemFunction<OpenLibrary> linuxLibraries "dlopen",
            systemFunction<LastLoadError> linuxLibraries "dlerror"
        with
        | Some load, Some lastError ->
            let path = Marshal.StringToCoTaskMemUTF8 file

            try
                match load.Invoke(path, nowAndGlobal) with
                | 0n -> Error(string (Marshal.PtrToStringUTF8(lastError.Invoke())))
                | handle -> Ok handle
            finally
                Marshal.FreeCoTaskMem path
        | _ -> loadAlone file

    /// What the running system loads libraries with.
    let loader: Loader = {
        new Loader with
            member _.Load(file, shared) =
                if shared && Platform.current = TargetSystem.Linux then
                    loadShared file
                else
                    loadAlone file

            member _.Free handle = NativeLibrary.Free handle
    }

    // glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
    let private trimThreshold = -1
    let private mapThreshold = -3

    /// Tells glibc to keep freed blocks up to 1 GiB for the next ones instead of mapping each block above 32 MiB
    /// anew, which costs a page fault for every 4 KiB of a result. For the whole process. True when it took the
    /// wish; other C libraries have no such setting.
    let keepLargeBlocks () : bool =
        match Platform.current with
        | TargetSystem.Linux ->
            match systemFunction<SetAllocator> [ "libc.so.6" ] "mallopt" with
            | Some set ->
                let limit = 1 <<< 30
                set.Invoke(mapThreshold, limit) = 1 && set.Invoke(trimThreshold, limit) = 1
            | None -> false
        | TargetSystem.Windows
        | TargetSystem.MacOs -> false

    /// The names of the files in a folder; none when it is not there or may not be read.
    let filesIn (folder: string) : string list =
        try
            [
                for file in Directory.EnumerateFiles folder do
                    string (Path.GetFileName file)
            ]
        with
        | :? IOException
        | :? UnauthorizedAccessException -> []

    /// The full paths of the files of NVIDIA's Python packages beside a PyTorch whose libraries lie in this folder.
    let companionsOf (folder: string) : string list =
        let packages = Path.GetFullPath(Path.Combine(folder, "..", "..", "nvidia"))

        try
            [
                for package in List<string>(Directory.EnumerateDirectories packages) do
                    let libraries = Path.Combine(package, "lib")

                    for file in filesIn libraries do
                        Path.Combine(libraries, file)
            ]
        with
        | :? IOException
        | :? UnauthorizedAccessException -> []
