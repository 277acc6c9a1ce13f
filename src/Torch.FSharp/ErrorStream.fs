namespace Optim.Torch

open System
open System.Runtime.InteropServices
open System.Text

#nowarn "9" // native memory is read and written here

/// streambuf::xsputn of C++: writes `length` bytes, gives how many it wrote.
type internal WriteText =
    delegate of buffer: nativeint * text: nativeint * length: nativeint -> nativeint

/// basic_ios::rdbuf of C++: the buffer that a stream writes to.
type internal BufferOf = delegate of stream: nativeint -> nativeint

/// The message of the last failed call of each thread. libtorch before 2.13 only writes it to std::cerr. On Linux,
/// that stream's buffer gets a table of virtual functions in which the one that writes is ours: it keeps what
/// libtorch says of failed calls, and passes everything else on. Nothing of this is under a promise, so it is done
/// only where each piece is found exactly as expected.
[<AbstractClass; Sealed>]
type internal ErrorStream private () =

    [<ThreadStatic; DefaultValue>]
    static val mutable private last: string | null

    /// What this thread's last failed call said, once; null when nothing was said.
    static member Take() : string | null =
        let message = ErrorStream.last
        ErrorStream.last <- null
        message

    static member private Start = "[E"B
    static member private Mark = "Exception in aoti_torch: "B

    /// Whether a text is libtorch's report of a failed call.
    static member internal IsReport(text: ReadOnlySpan<byte>) : bool =
        text.StartsWith(ReadOnlySpan<byte> ErrorStream.Start)
        && text.Slice(0, min text.Length 400).IndexOf(ReadOnlySpan<byte> ErrorStream.Mark)
           >= 0

    /// Begins to keep reports. `find`: the address of a symbol as libtorch sees it. False, and nothing changed, when
    /// the stream is not as this code knows it.
    static member Listen(find: string -> nativeint voption) : bool =
        match
            find "_ZSt4cerr",
            find "_ZNKSt9basic_iosIcSt11char_traitsIcEE5rdbufEv",
            find "_ZN9__gnu_cxx18stdio_sync_filebufIcSt11char_traitsIcEE6xsputnEPKcl"
        with
        | ValueSome stream, ValueSome bufferOf, ValueSome write ->
            let word = sizeof<nativeint>
            // The stream's virtual base, where the buffer is known, lies at the offset in the third word before its
            // table.
            let table = Marshal.ReadIntPtr stream
            let basis = stream + Marshal.ReadIntPtr(table, -3 * word)
            let buffer = Marshal.GetDelegateForFunctionPointer<BufferOf>(bufferOf).Invoke basis
            let virtuals = Marshal.ReadIntPtr buffer
            // Two words before the table, then 14 functions; the writing one is the thirteenth.
            let before, functions, place = 2, 14, 12

            if Marshal.ReadIntPtr(virtuals, place * word) <> write then
                false
            else
                let original = Marshal.GetDelegateForFunctionPointer<WriteText> write

                let keep =
                    WriteText(fun self text length ->
                        let bytes = ReadOnlySpan<byte>(text.ToPointer(), int length)

                        if ErrorStream.IsReport bytes then
                            ErrorStream.last <- Encoding.UTF8.GetString bytes
                            length
                        else
                            original.Invoke(self, text, length)
                    )

                // Both live as long as the process.
                GCHandle.Alloc keep |> ignore<GCHandle>
                let copy = Marshal.AllocHGlobal((before + functions) * word)

                for i in 0 .. before + functions - 1 do
                    Marshal.WriteIntPtr(
                        copy,
                        i * word,
                        Marshal.ReadIntPtr(virtuals, (i - before) * word)
                    )

                Marshal.WriteIntPtr(
                    copy,
                    (before + place) * word,
                    Marshal.GetFunctionPointerForDelegate keep
                )

                Marshal.WriteIntPtr(buffer, copy + nativeint (before * word))
                // Native code may still write when managed code can no longer run.
                AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
                    Marshal.WriteIntPtr(buffer, virtuals)
                )

                true
        | _ -> false
