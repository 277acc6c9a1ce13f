namespace Optim.Torch

open System.Runtime.InteropServices

/// The functions of libtorch's C interface that the engine calls, as they are declared there.
/// Each gives 0 when it succeeded, unless its comment says otherwise.
[<RequireQualifiedAccess>]
module internal Native =

    /// major << 56 | minor << 48 | patch << 40.
    [<DllImport("torch_cpu")>]
    extern uint64 aoti_torch_abi_version()
