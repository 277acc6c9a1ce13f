namespace Optim.Torch

open System
open System.IO
open System.Runtime.InteropServices
open Optim

/// at::set_num_threads.
type internal SetThreads = delegate of count: int -> unit

/// at::globalContext.
type internal GlobalContext = delegate of unit -> nativeint

/// at::Context::setDeterministicAlgorithms.
type internal SetDeterministic = delegate of context: nativeint * on: byte * warnOnly: byte -> unit

/// A loaded libtorch.
[<NoComparison; NoEquality>]
type internal Loaded = {
    Place: Place
    /// The loaded file.
    Path: string
    Version: Version
    Handle: nativeint
    /// Whether glibc was told to keep large blocks.
    KeepsLargeBlocks: bool
    /// at::set_num_threads, where it is exported.
    SetThreads: SetThreads option
    /// Deterministic algorithms on or off, where the two functions for it are exported.
    SetDeterministic: (bool -> unit) option
}

/// The one copy of libtorch in this process.
[<RequireQualifiedAccess>]
module internal Library =

    /// major << 56 | minor << 48 | patch << 40, as a version.
    let versionOf (code: uint64) : Version =
        let part shift = int ((code >>> shift) &&& 0xFFUL)
        Version(part 56, part 48, part 40)

    let private export (handle: nativeint) (name: string) : nativeint voption =
        match NativeLibrary.TryGetExport(handle, name) with
        | true, address -> ValueSome address
        | false, _ -> ValueNone

    let private optional<'D when 'D :> Delegate and 'D: not struct and 'D: not null>
        (handle: nativeint)
        (name: string)
        : 'D option =
        match export handle name with
        | ValueSome address -> Some(Marshal.GetDelegateForFunctionPointer<'D> address)
        | ValueNone -> None

    /// How this library tells why a call failed; else it is silenced, so that handled errors do not fill the
    /// process's error stream.
    let private listenTo (system: TargetSystem) (folder: string) (handle: nativeint) =
        match optional<LastMessage> handle Platform.lastMessage with
        | Some ask -> MessageSource.Asked ask
        | None when system = TargetSystem.Linux && ErrorStream.Listen(export handle) ->
            MessageSource.Overheard
        | None ->
            match NativeLibrary.TryLoad(Path.Combine(folder, Platform.fileOf system "c10")) with
            | true, c10 ->
                match export c10 (Platform.logLevel system) with
                | ValueSome level -> Marshal.WriteInt32(level, 3)
                | ValueNone -> ()
            | false, _ -> ()

            MessageSource.Silent

    /// Errors: EngineException LoadLibrary for a version that is too old; 0.0 stands for one that does not say.
    let demandVersion (s: Surroundings) (place: Place) (version: Version) : unit =
        if version < Search.oldest then
            let name =
                if version.Major = 0 then
                    "too old to say its version"
                else
                    $"version {version}"

            Search.fail (
                $"the libtorch in {place.Folder} (found by {place.Origin}) is {name}; 2.10 or newer is needed. "
                + $"It cannot be unloaded: start the program anew with a newer one. {Search.remedies s}"
            )

    /// What was loaded, made ready for use. Errors: EngineException LoadLibrary for a version that is too old.
    let private describe (s: Surroundings) (place: Place) (handle: nativeint) : Loaded =
        let version =
            match export handle "aoti_torch_abi_version" with
            | ValueSome _ -> versionOf (Native.aoti_torch_abi_version ())
            | ValueNone -> Version(0, 0)

        demandVersion s place version

        Failures.listen (listenTo s.System place.Folder handle)

        {
            Place = place
            Path = Path.Combine(place.Folder, Platform.processorLibrary s.System)
            Version = version
            Handle = handle
            KeepsLargeBlocks = SystemLoader.keepLargeBlocks ()
            SetThreads = optional<SetThreads> handle (Platform.setThreads s.System)
            SetDeterministic =
                match
                    optional<GlobalContext> handle (Platform.globalContext s.System),
                    optional<SetDeterministic> handle (Platform.setDeterministic s.System)
                with
                | Some context, Some set ->
                    Some(fun on -> set.Invoke(context.Invoke(), (if on then 1uy else 0uy), 0uy))
                | _ -> None
        }

    /// What this process has loaded, and the names that the externs ask for.
    [<Sealed>]
    type private Session() as session =
        let gate = obj ()

        [<VolatileField>]
        let mutable loaded: Loaded option = None

        do
            NativeLibrary.SetDllImportResolver(
                typeof<Loaded>.Assembly,
                DllImportResolver(fun name _ _ ->
                    match name with
                    | "torch_cpu" -> session.Processor
                    | "torch_cuda" -> session.Cuda
                    | _ -> 0n
                )
            )

        member val Processor = 0n with get, set
        member val Cuda = 0n with get, set
        /// Why no libtorch can be loaded into this process any more; "" while one can.
        member val Refusal = "" with get, set
        member _.Gate: obj = gate

        member _.Loaded
            with get () = loaded
            and set value = loaded <- value

    let private session = Session()

    let private loadOnce () : Loaded =
        if session.Refusal <> "" then
            Search.fail session.Refusal

        let s = Search.surroundings ()
        let place, handle = Search.search SystemLoader.loader s
        session.Processor <- handle

        try
            let found = describe s place handle
            session.Loaded <- Some found
            found
        with :? EngineException as e ->
            // Two copies in one process would share half of their libraries: this one stays, unused.
            session.Refusal <- e.Detail
            reraise ()

    /// The loaded library; the first call finds and loads it. Any thread may call it.
    /// A search that found nothing is made anew by the next call, so that a package that was restored or a variable
    /// that was set since then counts (a search costs less than a millisecond). A library that is too old
    /// stays in the process and is refused for good.
    /// Errors: EngineException LoadLibrary, with every place that was looked at and what can be done.
    let load () : Loaded =
        match session.Loaded with
        | Some found -> found
        | None ->
            lock
                session.Gate
                (fun () ->
                    match session.Loaded with
                    | Some found -> found
                    | None -> loadOnce ()
                )

    /// The loaded library; None before the first load. Loads nothing.
    let current () : Loaded option = session.Loaded

    /// Under the same lock as `load`: the handle of the library for CUDA devices, from `open` the first time.
    let cudaHandle (openIt: Loaded -> nativeint) : nativeint =
        let found = load ()

        lock
            session.Gate
            (fun () ->
                if session.Cuda = 0n then
                    session.Cuda <- openIt found

                session.Cuda
            )
