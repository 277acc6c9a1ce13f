namespace Optim.Torch

#nowarn "9" "51" // addresses of locals for libtorch's results

open System
open Optim

/// libtorch's operations for CUDA devices: loaded when the first of them is asked for.
[<RequireQualifiedAccess>]
module internal Cuda =

    /// EngineException LoadLibrary for the device.
    let private fail (index: int) (detail: string) =
        raise (Failures.error "LoadLibrary" "none" (Device.Cuda index) detail 0)

    /// The handle of the library for CUDA devices in a folder whose library for the processor is loaded, or one
    /// sentence on why not.
    let openIn
        (loader: Loader)
        (system: TargetSystem)
        (folder: string)
        : Result<nativeint, string> =
        match LoadPlan.cuda system folder (SystemLoader.filesIn folder) with
        | Error missing ->
            Error(
                missing
                + "; set OPTIM_LIBTORCH to the folder torch/lib of a PyTorch installation with CUDA, or compute with the engine torch"
            )
        | Ok steps ->
            steps
            |> LoadPlan.followWith loader (LoadPlan.companions (SystemLoader.companionsOf folder))
            |> Result.mapError (fun message ->
                $"{Platform.cudaLibrary system} in {folder} could not be loaded ({message})"
            )

    /// Why a device cannot hold a tensor of one element; "" when it can.
    let private trouble (index: int) : string =
        let mutable handle = 0n
        let mutable one = 1L

        let code =
            Native.aoti_torch_empty_strided (
                1L,
                &&one,
                &&one,
                Native.aoti_torch_dtype_float32 (),
                Native.aoti_torch_device_type_cuda (),
                index,
                &&handle
            )

        if code = 0 then
            Native.aoti_torch_delete_tensor_object handle |> ignore<int>
            ""
        else
            Failures.detail ()

    // libtorch cuts a larger index to 8 bits and would take another device.
    let private largest = int SByte.MaxValue

    /// Errors: EngineException LoadLibrary when a device cannot hold a tensor of one element.
    let probe (index: int) : unit =
        if index > largest then
            fail index $"libtorch counts devices from 0 to {largest}"

        match trouble index with
        | "" -> ()
        | reason ->
            fail
                index
                $"libtorch is loaded, but it can use no device cuda:{index} ({reason.TrimEnd '.'})"

    /// Makes a device ready. Errors: EngineException LoadLibrary, in one sentence: no libtorch; one without CUDA;
    /// its libraries cannot be loaded; no driver or no such device.
    let load (index: int) : unit =
        let handle (found: Loaded) =
            match openIn SystemLoader.loader Platform.current found.Place.Folder with
            | Ok handle -> handle
            | Error sentence -> fail index sentence

        Library.cudaHandle handle |> ignore<nativeint>

        probe index
