module Optim.TorchTests.FailuresTests

open System
open System.Runtime.InteropServices
open System.Text
open Expecto
open Optim.Torch
open Optim.TorchTests.Testing

#nowarn "9" "51" // the functions of the C interface take addresses

/// A new float64 vector without values; its handle, or 0 and the code when it cannot be.
let private vector (length: int64) : struct (nativeint * int) =
    let mutable size = length
    let mutable stride = 1L
    let mutable handle = 0n

    let code =
        Native.aoti_torch_empty_strided (
            1L,
            &&size,
            &&stride,
            Native.aoti_torch_dtype_float64 (),
            Native.aoti_torch_device_type_cpu (),
            -1,
            &&handle
        )

    struct ((if code = 0 then handle else 0n), code)

let private free (handle: nativeint) =
    Native.aoti_torch_delete_tensor_object handle |> ignore<int>

/// The code of adding vectors of two lengths.
let private add (m: int64) (n: int64) : int =
    let struct (a, _) = vector m
    let struct (b, _) = vector n
    let mutable sum = 0n
    let code = Native.aoti_torch_cpu_add_Tensor (a, b, 1.0, &&sum)
    free a
    free b

    if code = 0 then
        free sum

    code

/// The code of an operation that is not there.
let private unknown () : int =
    let text (s: string) =
        Array.append (Encoding.UTF8.GetBytes s) [| 0uy |]

    use name = fixed (text "aten::no_such_operation")
    use overload = fixed (text "")
    let mutable slot = 0UL
    Native.torch_call_dispatcher (name, overload, &&slot, 0x020A_0000_0000_0000UL)

let private silent () =
    match Failures.source () with
    | MessageSource.Silent -> true
    | MessageSource.Asked _
    | MessageSource.Overheard -> false

let private sizes (m: int64) (n: int64) =
    $"The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton dimension 0"

/// aoti_torch_warn.
type private Warn =
    delegate of place: nativeint * file: nativeint * line: uint32 * message: nativeint -> unit

/// What a process does that must leave its error stream with two lines: a warning that libtorch writes, and ours.
let speak () : int =
    let found = Library.load ()
    let code = add 3L 4L
    let text (s: string) = Marshal.StringToCoTaskMemUTF8 s

    let warn =
        NativeLibrary.GetExport(found.Handle, "aoti_torch_warn")
        |> Marshal.GetDelegateForFunctionPointer<Warn>

    warn.Invoke(text "speak", text "FailuresTests.fs", 1u, text "theirs")
    eprintfn "ours"
    code

[<Tests>]
let tests =
    testList "failures" [
        testCase "the first line that means something is found in every kind of message"
        <| fun () ->
            for message, line in
                [
                    "[E1124 11:59:01.254 shim_common.cpp:1] Exception in aoti_torch: a must match b\nException raised from f at x.cpp:1 (most recent call first):\nframe #0\n",
                    "a must match b"
                    "a must match b", "a must match b"
                    "\n  first\nsecond\n", "first"
                    "Exception in aoti_torch: [enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory\n",
                    "DefaultCPUAllocator: can't allocate memory"
                    "[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.",
                    "data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."
                    "Exception in aoti_torch: \nException raised from f", "libtorch gave no reason"
                    "", "libtorch gave no reason"
                ] do
                Expect.equal (Failures.firstLine message) line message

        testCase "a library that hands its messages out is asked"
        <| fun () ->
            let borrowed = Marshal.StringToCoTaskMemUTF8 "a must match b\nmore"

            for address, line in
                [
                    borrowed, "a must match b"
                    0n, "libtorch refused the call and gave no reason"
                ] do
                let source = MessageSource.Asked(LastMessage(fun () -> address))
                Expect.equal (Failures.read source) line "the first line"

            Marshal.FreeCoTaskMem borrowed

        testCase "want of memory is recognized on the processor and on CUDA, and nothing else is"
        <| fun () ->
            for detail in
                [
                    "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes. Error code 12 (Cannot allocate memory)"
                    "data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."
                    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 7.79 GiB"
                    "CUDA error: out of memory"
                ] do
                Expect.isTrue (Failures.isOutOfMemory detail) detail

            for detail in [ sizes 3L 4L; "Found no NVIDIA driver on your system"; "" ] do
                Expect.isFalse (Failures.isOutOfMemory detail) detail

        testCase
            "numbers are blamed for what they can cause, not for want of memory or of a library"
        <| fun () ->
            for detail in
                [
                    "linalg.eigh: (Batch element 1): The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues (error code: 2)."
                    "linalg.eigh: The algorithm failed to converge because the input matrix contained non-finite values."
                    "cusolver error: CUSOLVER_STATUS_INVALID_VALUE, when calling `cusolverDnXsyevd`. This error may appear if the input matrix contains NaN. "
                ] do
                Expect.isTrue (Failures.mayBeNumbers detail) detail
                Expect.isFalse (Failures.mayBeMemory detail) detail

            for detail in
                [
                    "CUDA out of memory. Tried to allocate 20.00 GiB."
                    "Error in dlopen: libtorch_cuda_linalg.so: cannot open shared object file"
                    "CUDA error: an illegal memory access was encountered"
                ] do
                Expect.isFalse (Failures.mayBeNumbers detail) detail

            let unknown = Failures.read MessageSource.Silent
            Expect.isTrue (Failures.mayBeNumbers unknown) "numbers, for no known reason"
            Expect.isTrue (Failures.mayBeMemory unknown) "memory, for no known reason"

        testCase "only reports of failed calls are taken off the error stream"
        <| fun () ->
            let isReport (text: string) =
                ErrorStream.IsReport(ReadOnlySpan(Encoding.UTF8.GetBytes text))

            Expect.isTrue
                (isReport "[E1124 11:59:01.254 shim_common.cpp:1] Exception in aoti_torch: no")
                "a report"

            for text in
                [
                    "[W1124 11:59:01.254 x.cpp:1] Warning: Exception in aoti_torch: no"
                    "Exception in aoti_torch: no"
                    "[E1124 11:59:01.254 x.cpp:1] something else"
                    "[E"
                    ""
                ] do
                Expect.isFalse (isReport text) text

        onLibrary
            "shapes that do not fit: libtorch's own sentence, and the process goes on"
            (fun _ ->
                Expect.equal (add 3L 4L) 1 "refused"

                Expect.equal
                    (Failures.detail ())
                    (if silent () then
                         "libtorch refused the call and gave no reason"
                     else
                         sizes 3L 4L)
                    "the sentence"

                Expect.equal
                    (Failures.detail ())
                    "libtorch refused the call and gave no reason"
                    "each is told once"

                Expect.equal (add 5L 5L) 0 "goes on"
            )

        onLibrary
            "a tensor of 8e15 bytes: want of memory, and the process goes on"
            (fun _ ->
                let struct (_, code) = vector 1_000_000_000_000_000L
                Expect.equal code 1 "refused"
                let detail = Failures.detail ()
                Expect.isTrue (silent () || Failures.isOutOfMemory detail) detail
                Expect.equal (add 5L 5L) 0 "goes on"
            )

        onLibrary
            "an operation that is not there: its name, and the process goes on"
            (fun _ ->
                Expect.equal (unknown ()) 1 "refused"
                let detail = Failures.detail ()
                Expect.isTrue (silent () || detail.Contains "no_such_operation") detail
                Expect.equal (add 5L 5L) 0 "goes on"
            )

        onLibrary
            "each of eight threads hears its own failures"
            (fun _ ->
                let wrong =
                    Array.Parallel.init
                        8
                        (fun thread ->
                            Seq.init
                                20
                                (fun i ->
                                    let m, n = int64 (2 + thread), int64 (100 + i)
                                    let code = add m n
                                    code = 1 && (silent () || Failures.detail () = sizes m n)
                                )
                            |> Seq.filter not
                            |> Seq.length
                        )

                Expect.equal (Array.sum wrong) 0 "all heard"
            )

        onLibrary
            "a handled failure leaves nothing on the process's error stream, which still works"
            (fun _ ->
                let run = runAgain "--speak" "" ""
                Expect.equal run.Code 1 "the code of the failed call"

                let lines = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)

                Expect.hasLength lines 2 "two lines"
                Expect.stringContains lines[0] "theirs" "libtorch's warning"
                Expect.equal (lines[1].Trim()) "ours" "ours"
            )
    ]
