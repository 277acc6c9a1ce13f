namespace Optim.Torch

open System.Runtime.InteropServices

/// The operating systems that libtorch is built for.
[<RequireQualifiedAccess>]
type internal TargetSystem =
    | Linux
    | Windows
    | MacOs

/// The names that differ from system to system: files of libtorch, and C++ functions by their mangled names.
/// The C++ functions are under no promise of PyTorch's; the engine works without each of them.
[<RequireQualifiedAccess>]
module internal Platform =

    /// The system that this program runs on.
    let current: TargetSystem =
        if RuntimeInformation.IsOSPlatform OSPlatform.Windows then
            TargetSystem.Windows
        elif RuntimeInformation.IsOSPlatform OSPlatform.OSX then
            TargetSystem.MacOs
        else
            TargetSystem.Linux

    /// The name by which NuGet packages call the system and the processor, as linux-x64.
    let identifier (system: TargetSystem) (processor: Architecture) : string =
        let prefix =
            match system with
            | TargetSystem.Linux -> "linux"
            | TargetSystem.Windows -> "win"
            | TargetSystem.MacOs -> "osx"

        $"{prefix}-{processor.ToString().ToLowerInvariant()}"

    /// The file of a library that PyTorch's sources call by this name.
    let fileOf (system: TargetSystem) (name: string) : string =
        match system with
        | TargetSystem.Linux -> $"lib{name}.so"
        | TargetSystem.Windows -> $"{name}.dll"
        | TargetSystem.MacOs -> $"lib{name}.dylib"

    /// The library with the tensors, the dispatcher and all operations for the processor.
    let processorLibrary (system: TargetSystem) : string = fileOf system "torch_cpu"

    /// The library with the operations for CUDA devices.
    let cudaLibrary (system: TargetSystem) : string = fileOf system "torch_cuda"

    /// The least severity of messages that libtorch prints: an int that c10 exports.
    let logLevel (system: TargetSystem) : string =
        match system with
        | TargetSystem.Linux
        | TargetSystem.MacOs -> "FLAGS_caffe2_log_level"
        | TargetSystem.Windows -> "?FLAGS_caffe2_log_level@@3HA"

    /// void at::set_num_threads(int).
    let setThreads (system: TargetSystem) : string =
        match system with
        | TargetSystem.Linux
        | TargetSystem.MacOs -> "_ZN2at15set_num_threadsEi"
        | TargetSystem.Windows -> "?set_num_threads@at@@YAXH@Z"

    /// at::Context& at::globalContext().
    let globalContext (system: TargetSystem) : string =
        match system with
        | TargetSystem.Linux
        | TargetSystem.MacOs -> "_ZN2at13globalContextEv"
        | TargetSystem.Windows -> "?globalContext@at@@YAAEAVContext@1@XZ"

    /// void at::Context::setDeterministicAlgorithms(bool, bool).
    let setDeterministic (system: TargetSystem) : string =
        match system with
        | TargetSystem.Linux
        | TargetSystem.MacOs -> "_ZN2at7Context26setDeterministicAlgorithmsEbb"
        | TargetSystem.Windows -> "?setDeterministicAlgorithms@Context@at@@QEAAX_N0@Z"

    /// const char* torch_exception_get_what_without_backtrace(), from libtorch 2.13.
    let lastMessage: string = "torch_exception_get_what_without_backtrace"
