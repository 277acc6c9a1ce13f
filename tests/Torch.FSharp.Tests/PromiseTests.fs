/// What the engine promises of failures: each is an EngineException that names operation, shapes and device, and the
/// process goes on.
module Optim.TorchTests.PromiseTests

open System
open System.IO
open System.Runtime.InteropServices
open Expecto
open Optim
open Optim.Core
open Optim.Torch
open Optim.TorchTests.Testing

#nowarn "9" "51" // the functions of the C interface take addresses

[<DllImport("libc", SetLastError = true)>]
extern int private setrlimit(int resource, uint64* limits)

let private addressSpace = 9

/// The bytes of address space that this process has taken.
let private taken () : uint64 =
    let pages = (File.ReadAllText "/proc/self/statm").Split(' ')[0]
    UInt64.Parse pages * uint64 Environment.SystemPageSize

let private goesOn (engine: Engine) =
    let x = engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |])
    engine.Read(engine.Reduce(Reduction.Sum, [| 0 |], false, x)) = 3.0

/// What a process does that may take one more gigabyte: it asks for a result of eight, says what it was told, and
/// goes on.
let exhaust () : int =
    let engine = Torch.engine ()
    let column = engine.OfArray(Shape.Of(32768, 1), Array.zeroCreate<float> 32768)
    let row = engine.Reshape(Shape.Of(1, 32768), column)
    let limits = NativeInterop.NativePtr.stackalloc<uint64> 2
    let limit = taken () + (1UL <<< 30)
    NativeInterop.NativePtr.set limits 0 limit
    NativeInterop.NativePtr.set limits 1 limit

    if setrlimit (addressSpace, limits) <> 0 then
        3
    else
        try
            engine.Binary(Binary.Add, column, row) |> ignore<Tensor>
            2
        with :? EngineException as e ->
            printfn "%s" e.Message
            if goesOn engine then 0 else 1

/// What a process does whose OPTIM_LIBTORCH leads nowhere: it says what it was told, computes without libtorch, and
/// with it once the variable is gone.
let missing () : int =
    match Torch.tryEngine () with
    | Ok _ -> 2
    | Error said ->
        printfn "%s" said
        let without = goesOn Engines.managed
        Environment.SetEnvironmentVariable("OPTIM_LIBTORCH", null)
        if without && goesOn (Torch.engine ()) then 0 else 1

[<Tests>]
let tests =
    testList "promise" [
        onTorch
            "shapes that do not fit"
            (fun engine ->
                let a = engine.OfArray(Shape.Of(2, 2), [| 1.0; 0.0; 0.0; 1.0 |])
                let b = engine.OfArray(Shape.Of(3, 1), [| 1.0; 2.0; 3.0 |])

                let e =
                    Expect.throwsC (fun () -> engine.Solve(a, b) |> ignore<Tensor>) id
                    :?> EngineException

                Expect.equal (e.Shapes, e.Device) ("(2, 2) and (3, 1)", "torch") e.Message
                Expect.stringContains e.Operation "solve" "operation"
                Expect.isTrue (goesOn engine) "goes on"
            )

        onTorch
            "a result that no memory holds"
            (fun _ ->
                if RuntimeInformation.IsOSPlatform OSPlatform.Linux then
                    let run = runAgain "--exhaust" "" ""
                    Expect.equal run.Code 0 (run.Output + run.Errors)

                    Expect.stringStarts
                        run.Output
                        "add on torch with shapes (32768, 1) and (1, 32768): DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes"
                        "the message"
            )

        onTorch
            "a library that is not there"
            (fun engine ->
                let empty = Directory.CreateTempSubdirectory "optim-torch-"

                try
                    let run = runAgain "--missing" "OPTIM_LIBTORCH" empty.FullName
                    Expect.equal run.Code 0 (run.Output + run.Errors)

                    Expect.stringStarts
                        run.Output
                        $"LoadLibrary on torch with shapes none: no usable libtorch was found. Looked at: OPTIM_LIBTORCH, {empty.FullName}: no "
                        "the message"
                finally
                    empty.Delete()

                Expect.isTrue (goesOn engine) "goes on"
            )
    ]
