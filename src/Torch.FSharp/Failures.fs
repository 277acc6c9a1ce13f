namespace Optim.Torch

open System
open System.Runtime.InteropServices
open Optim

/// torch_exception_get_what_without_backtrace: borrowed text, of this thread's last failed call.
type internal LastMessage = delegate of unit -> nativeint

/// How the messages of failed calls come out of the loaded library.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal MessageSource =
    /// Nothing is loaded, or this library keeps them to itself.
    | Silent
    /// It hands them out when asked (libtorch 2.13 and newer).
    | Asked of LastMessage
    /// It writes them to std::cerr, where they are kept.
    | Overheard

/// What failed calls of libtorch become.
[<RequireQualifiedAccess>]
module internal Failures =

    [<Sealed>]
    type private Holder() =
        member val Source = MessageSource.Silent with get, set

    let private holder = Holder()

    /// How the messages of failed calls come out.
    let source () : MessageSource = holder.Source

    /// Called once, by the loading of the library.
    let listen (source: MessageSource) : unit = holder.Source <- source

    let private after (mark: string) (text: string) =
        match text.IndexOf(mark, StringComparison.Ordinal) with
        | -1 -> text
        | i -> text.Substring(i + mark.Length)

    let private upTo (mark: string) (text: string) =
        match text.IndexOf(mark, StringComparison.Ordinal) with
        | -1 -> text
        | i -> text.Substring(0, i)

    /// The first line that means something to the caller, of a message as libtorch writes it: without the place in
    /// its log, without the frames of its stack.
    let firstLine (message: string) : string =
        let lines =
            (message |> after "Exception in aoti_torch: " |> upTo "Exception raised from ")
                .Split(
                    '\n',
                    StringSplitOptions.TrimEntries ||| StringSplitOptions.RemoveEmptyEntries
                )

        if lines.Length = 0 then
            "libtorch gave no reason"
        elif lines[0].StartsWith("[enforce fail at", StringComparison.Ordinal) then
            lines[0] |> after "] " |> after "err == 0. "
        else
            lines[0]

    // What is said where libtorch says nothing.
    let private noReason = "libtorch refused the call and gave no reason"

    /// What a source says of this thread's last failed call, in one line.
    let read (source: MessageSource) : string =
        let message =
            match source with
            | MessageSource.Silent -> null
            | MessageSource.Asked ask -> Marshal.PtrToStringUTF8(ask.Invoke())
            | MessageSource.Overheard -> ErrorStream.Take()

        match message with
        | null -> noReason
        | text -> firstLine text

    /// What this thread's last failed call said, once. Ask right after the call.
    let detail () : string = read holder.Source

    // How the allocators of the processor (two kinds) and of CUDA say it.
    let private signsOfNoMemory = [ "not enough memory"; "DefaultCPUAllocator"; "out of memory" ]

    let private says (signs: string list) (detail: string) : bool =
        signs
        |> List.exists (fun sign -> detail.Contains(sign, StringComparison.OrdinalIgnoreCase))

    /// Whether a detail says that the device had no memory left for a result.
    let isOutOfMemory (detail: string) : bool = says signsOfNoMemory detail

    // LAPACK's codes as libtorch words them, and what cuSOLVER answers to NaN.
    let private signsOfNumbers = [ "failed to converge"; "matrix contains" ]

    /// Whether the numbers may be what made a call fail, by its detail: so also where libtorch gives no reasons.
    let mayBeNumbers (detail: string) : bool =
        detail = noReason || says signsOfNumbers detail

    /// Whether memory may be what a call wanted, by its detail: so also where libtorch gives no reasons.
    let mayBeMemory (detail: string) : bool =
        detail = noReason || isOutOfMemory detail

    /// The exception of a failed call, with its detail.
    let error
        (operation: string)
        (shapes: string)
        (device: Device)
        (detail: string)
        (code: int)
        : EngineException =
        EngineException(operation, shapes, device.Name, detail, code, null)
