namespace Optim.Torch

#nowarn "9" "51" // addresses of locals for libtorch's results

open System
open System.Collections.Concurrent
open System.Globalization
open Optim
open Optim.Core

/// The libtorch that this process computes with.
type TorchLibrary = {
    /// The loaded file.
    Path: string
    /// How the search came to its folder: "OPTIM_LIBTORCH", "NuGet's packages", …
    Origin: string
    /// 2.10 or newer.
    Version: Version
    /// How many threads one operation may use.
    Threads: int
    /// Whether its folder holds the library for CUDA devices.
    HasCuda: bool
    /// Whether exceptions carry libtorch's own words for what failed.
    HasMessages: bool
}

/// Tensors on libtorch, PyTorch's library: on the processor (device "torch") and on CUDA devices ("cuda:0", …).
/// `Tensor.moveTo (Torch.engine ()) x` moves a tensor there; what is computed from it stays there.
///
/// The library is searched in this order: the folder in the environment variable OPTIM_LIBTORCH (as a PyTorch
/// installation's torch/lib; when it is set, nothing else is tried), Optim.LibTorchPath of the runtime
/// configuration, the program's folder and its runtimes/…/native, NuGet's packages. It must be 2.10 or newer. It is
/// loaded once, by the first call that needs it; a search that found nothing is made anew by the next call. Every
/// function may be called from any thread.
[<RequireQualifiedAccess>]
module Torch =

    let private make (device: TorchDevice) : TorchEngine =
        let engine = TorchEngine.On device
        SelfTest.demand engine (Library.load ()).Version
        engine

    // One engine for each device, made when it is first asked for: under a lock, and not kept when that fails.
    let private engines = ConcurrentDictionary<int, TorchEngine>()

    let private engineAt (index: int) (ready: unit -> unit) (device: unit -> TorchDevice) =
        match engines.TryGetValue index with
        | true, engine -> engine
        | false, _ ->
            lock
                engines
                (fun () ->
                    match engines.TryGetValue index with
                    | true, engine -> engine
                    | false, _ ->
                        ready ()
                        let engine = make (device ())
                        engines[index] <- engine
                        engine
                )

    let private processor () : TorchEngine =
        engineAt -1 (fun () -> Library.load () |> ignore<Loaded>) TorchDevice.Processor

    let private graphics (index: int) : TorchEngine =
        engineAt index (fun () -> Cuda.load index) (fun () -> TorchDevice.Cuda index)

    /// libtorch on the processor. The first call loads the library and tests each operation once.
    /// Errors: EngineException LoadLibrary, with every place that was looked at and what can be done;
    /// EngineException SelfTest when this version of libtorch computes something else than expected.
    let engine () : Engine = processor ()

    /// libtorch on the CUDA device with this index, counted from 0.
    /// Errors: as `engine`; EngineException LoadLibrary in one sentence for a libtorch without CUDA, for a machine
    /// without a driver, and for a device that is not there; ArgumentOutOfRangeException for a negative index.
    let cuda (index: int) : Engine =
        ArgumentOutOfRangeException.ThrowIfNegative index
        graphics index

    /// libtorch on the processor, or why there is none.
    let tryEngine () : Result<Engine, string> =
        try
            Ok(engine ())
        with :? EngineException as e ->
            Error e.Message

    let private cudaIndex (device: Device) : int voption =
        let prefix = "cuda:"

        if device.Name.StartsWith(prefix, StringComparison.Ordinal) then
            match
                Int32.TryParse(
                    device.Name.AsSpan prefix.Length,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture
                )
            with
            | true, index -> ValueSome index
            | false, _ -> ValueNone
        else
            ValueNone

    /// The engine of a device: the managed one for Device.Cpu. Errors: as `engine` and `cuda`; ArgumentException for
    /// a device of another engine.
    let engineFor (device: Device) : Engine =
        ArgumentNullException.ThrowIfNull device

        if device = Device.Cpu then
            Engines.managed
        elif device = Device.Torch then
            engine ()
        else
            match cudaIndex device with
            | ValueSome index -> cuda index
            | ValueNone ->
                let message = $"expected cpu, torch or cuda:0, cuda:1 …, got {device}"
                raise (ArgumentException(message, nameof device))

    let private threadsNow () : int =
        let mutable count = 0u

        match Native.torch_get_num_threads (&&count) with
        | 0 -> int count
        | code -> raise (Failures.error "threads" "none" Device.Torch (Failures.detail ()) code)

    /// The library in use; loads it if need be. Errors: as `engine`, without the self-test.
    let library () : TorchLibrary =
        let found = Library.load ()
        let cudaFile = Platform.cudaLibrary Platform.current

        {
            Path = found.Path
            Origin = found.Place.Origin
            Version = found.Version
            Threads = threadsNow ()
            HasCuda = List.contains cudaFile (SystemLoader.filesIn found.Place.Folder)
            HasMessages =
                match Failures.source () with
                | MessageSource.Silent -> false
                | MessageSource.Asked _
                | MessageSource.Overheard -> true
        }

    /// Calls each family of operations of an engine on numbers whose results are known: what the first use of
    /// `engine` does, with a row for each family. Works on any engine.
    let selfTest (engine: Engine) : SelfTestRow list = SelfTest.run engine

    /// How many calls into libtorch this process has made so far, of all engines and threads.
    let crossings () : int64 = Crossings.Total

    let private placeOf (engine: Engine) : TorchDevice =
        match engine with
        | :? TorchEngine as own -> own.Place
        | other ->
            let message = $"expected an engine of libtorch, got {other.Name} on {other.Device}"
            raise (ArgumentException(message, nameof engine))

    let private ownTensor (x: Tensor) : TorchTensor =
        match x with
        | :? TorchTensor as own -> own
        | other when other.Level <> 0L ->
            let message =
                "expected a tensor without derivatives being taken of it: only numbers can be shared"

            raise (ArgumentException(message, nameof x))
        | other ->
            let message =
                $"expected a tensor of libtorch, got one on {other.Device}; Tensor.moveTo moves it"

            raise (ArgumentException(message, nameof x))

    /// The bytes of tensors on the engine's device above which memory that nobody holds any more is looked for. It
    /// grows with what is held for good. Errors: ArgumentException for an engine that is not libtorch's.
    let budget (engine: Engine) : int64 = (placeOf engine).Budget.Limit

    /// The bytes that tensors on the engine's device hold now, also those that nobody refers to and that were not
    /// looked for yet.
    /// Errors: as `budget`.
    let held (engine: Engine) : int64 = (placeOf engine).Budget.Held

    /// Sets the least budget, in bytes; 64 MiB at first. A small one costs time, a large one memory.
    /// Errors: as `budget`; ArgumentOutOfRangeException for less than 1.
    let setBudget (bytes: int64) (engine: Engine) : unit =
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1L)
        (placeOf engine).Budget.Floor <- bytes

    /// How many threads one operation on the processor may use. Errors: as `library`.
    let threads () : int =
        Library.load () |> ignore<Loaded>
        threadsNow ()

    /// Sets how many threads one operation on the processor may use; for the whole process. One is best inside of
    /// loops that are parallel themselves. Sums may differ in their last bits with another number of threads.
    /// Errors: as `library`; ArgumentOutOfRangeException for less than 1; EngineException SetThreads when this
    /// libtorch does not offer it: then the environment variable OMP_NUM_THREADS, set before the program starts, is
    /// the way.
    let setThreads (count: int) : unit =
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1)

        match (Library.load ()).SetThreads with
        | Some set -> set.Invoke count
        | None ->
            let detail =
                "this libtorch does not offer it; set OMP_NUM_THREADS before the program starts"

            raise (Failures.error "SetThreads" "none" Device.Torch detail 0)

    /// Whether libtorch may only choose algorithms that give the same bits each time; off at first; for the whole
    /// process.
    /// On the processor the engine's operations give the same bits each time in any case, as long as `threads` and
    /// the machine stay the same.
    /// On CUDA, index sums and scatters are added in an order that differs from run to run while this is off; while
    /// it is on, an operation that libtorch has only in such a form is an EngineException, and matrix products also
    /// need the environment variable
    /// CUBLAS_WORKSPACE_CONFIG=:4096:8, set before the program starts.
    /// Errors: as `library`; EngineException SetDeterministic when this libtorch does not offer it.
    let setDeterministic (on: bool) : unit =
        match (Library.load ()).SetDeterministic with
        | Some set -> set on
        | None ->
            let detail = "this libtorch does not offer it"
            raise (Failures.error "SetDeterministic" "none" Device.Torch detail 0)

    /// A tensor over an array itself: no copy. The array (of float, float32, int64 or bool) stays where it is as
    /// long as the tensor and its views live. Tensors are immutable: change the array only when none of them is in
    /// use. On the processor only.
    /// Errors: as `engine`; ShapeException when the lengths differ; ArgumentException for another element type.
    let ofArray (shape: int seq) (values: Array) : Tensor =
        ArgumentNullException.ThrowIfNull values
        Exchange.ofArray (processor ()).Place (Shape.Of(Array.ofSeq shape)) values

    /// A tensor over native memory on the engine's device: no copy. The elements lie row by row from the address on.
    /// `owner` is whatever must live as long as the memory is used (an object whose finalizer frees it, or any
    /// object when it is never freed); the tensor and its views keep it alive. The memory must not be changed while
    /// one of them is in use.
    /// Errors: ArgumentException for an engine that is not libtorch's, and for address 0 when there are elements.
    let ofMemory
        (engine: Engine)
        (owner: obj)
        (dtype: DType)
        (shape: int seq)
        (address: nativeint)
        : Tensor =
        ArgumentNullException.ThrowIfNull owner
        let lengths = Shape.Of(Array.ofSeq shape)

        if address = 0n && lengths.Length > 0 then
            raise (ArgumentException("expected the address of the elements, got 0", nameof address))

        Exchange.ofMemory (placeOf engine) owner dtype lengths address

    /// The elements of a tensor of libtorch's on the processor, in memory, row by row: no copy, except of a view
    /// whose elements do not lie row by row. Dispose lets go of them.
    /// Errors: ArgumentException for a tensor of another engine, on a CUDA device, or of which derivatives are being
    /// taken.
    let toMemory (x: Tensor) : TorchMemory =
        let own = ownTensor x

        if own.Place.IsCuda then
            let message = $"expected a tensor on the processor, got one on {own.Device}"
            raise (ArgumentException(message, nameof x))

        Exchange.toMemory own

    /// A tensor that shares memory with another library's tensor in this process: no copy. `handle` is an
    /// at::Tensor*, as TorchSharp's
    /// `torch.Tensor.Handle`; it stays the caller's, and may be disposed while the tensor is in use. In-place
    /// changes on either side are seen on the other; derivatives do not cross.
    /// Both sides must have loaded the very same file of libtorch: point OPTIM_LIBTORCH at the folder that the other
    /// side loads from.
    /// A handle of anything else ends the process.
    /// Errors: as `engine` and `cuda`; ArgumentException for handle 0, an element type other than float64, float32,
    /// int64, bool, or another kind of device.
    let ofHandle (handle: nativeint) : Tensor =
        if handle = 0n then
            raise (ArgumentException("expected an at::Tensor*, got 0", nameof handle))

        Library.load () |> ignore<Loaded>
        let struct (kind, index) = Exchange.deviceOf handle

        if kind = Native.aoti_torch_device_type_cpu () then
            Exchange.ofHandle (processor ()).Place handle
        elif kind = Native.aoti_torch_device_type_cuda () then
            Exchange.ofHandle (graphics index).Place handle
        else
            let message =
                $"expected a tensor on the processor or a CUDA device, got libtorch's device number {kind}"

            raise (ArgumentException(message, nameof handle))

    /// A new at::Tensor* that shares the tensor's memory, for another library in this process, as TorchSharp's
    /// `torch.Tensor.UnsafeCreateTensor`, which takes it over; it lives until it is deleted there, however long x
    /// does. Never change it in place: x is immutable. Of a tensor over memory that is not libtorch's (`ofArray`,
    /// `ofMemory`) it is a copy, and of a tensor filled with one number.
    /// Errors: ArgumentException for a tensor of another engine, or of which derivatives are being taken.
    let toHandle (x: Tensor) : nativeint = Exchange.toHandle (ownTensor x)
