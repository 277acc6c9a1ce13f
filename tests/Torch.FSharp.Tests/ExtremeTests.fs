/// Sizes, places and uses that ordinary tests do not reach.
module Optim.TorchTests.ExtremeTests

open System
open System.Runtime.InteropServices
open System.Threading
open Expecto
open Optim
open Optim.Core
open Optim.Torch
open Optim.TorchTests.Testing

#nowarn "9" "51" // memory of our own, and the functions of the C interface take addresses

/// Memory that the system fills with zeros only where somebody looks, freed with this object.
[<Sealed>]
type private Reserve(bytes: int64) =
    let address = Marshal.AllocHGlobal(nativeint bytes)
    member _.Address: nativeint = address
    override _.Finalize() = Marshal.FreeHGlobal address

/// The message of what work throws on a thread with a stack of 256 KiB; "" when it ends well.
let private onSmallStack (work: unit -> unit) : string =
    let message = ref ""

    let thread =
        Thread(
            (fun () ->
                try
                    work ()
                with e ->
                    message.Value <- e.Message
            ),
            256 * 1024
        )

    thread.Start()
    thread.Join()
    message.Value

[<Tests>]
let tests =
    testSequenced
    <| testList "extremes" [
        onTorch
            "elements more than 2 GiB behind the first are read and handed out"
            (fun engine ->
                let length = 300_000_000
                let reserve = Reserve(8L * int64 length)
                let last = reserve.Address + nativeint (8L * int64 (length - 2))
                Marshal.Copy([| 5.0; 7.0 |], 0, last, 2)

                let x = Torch.ofMemory engine reserve DType.Float64 [ length ] reserve.Address

                let ends = engine.Slice([| { Start = length - 2; Step = 1; Count = 2 } |], x)

                Expect.equal (engine.Read ends) 5.0 "the first"
                Expect.equal (ends.ToArray()) [| 5.0; 7.0 |] "both"
                use memory = Torch.toMemory ends
                Expect.equal memory.Address last "where they are"
            )

        onTorch
            "a hundred thousand parts are joined on a small stack"
            (fun engine ->
                let count = 100_000
                let one = engine.OfArray(Shape.Of 1, [| 3.0 |])
                let at i = [| { Start = i; Step = 1; Count = 1 } |]

                let failure =
                    onSmallStack (fun () ->
                        let y =
                            engine.Assemble(
                                Shape.Of count,
                                Array.init count at,
                                Array.replicate count one
                            )

                        Expect.allEqual (y.ToArray()) 3.0 "joined"
                    )

                Expect.equal failure "" "no error"
            )

        onTorch
            "whoever changes a handle's tensor of one number changes no other"
            (fun engine ->
                for shape in [ Shape.Scalar; Shape.Of 4 ] do
                    let handle = Torch.toHandle (engine.Full(shape, DType.Float64, 0.625))
                    let mutable address = 0n
                    Expect.equal (Native.aoti_torch_get_data_ptr (handle, &&address)) 0 "address"
                    Marshal.Copy([| -1.0 |], 0, address, 1)
                    Native.aoti_torch_delete_tensor_object handle |> ignore<int>

                    Expect.allEqual
                        (engine.Full(Shape.Of 2, DType.Float64, 0.625).ToArray())
                        0.625
                        "the same number again"
            )

        onTorch
            "neighbors too far apart for our strides are refused"
            (fun _ ->
                let mutable size = 2L
                let mutable stride = 1L <<< 32
                let mutable element = 0.0
                let mutable handle = 0n

                Expect.equal
                    (Native.aoti_torch_create_tensor_from_blob (
                        NativeInterop.NativePtr.toNativeInt &&element,
                        1L,
                        &&size,
                        &&stride,
                        0L,
                        7,
                        0,
                        -1,
                        &&handle
                    ))
                    0
                    "made"

                let error =
                    Expect.throwsC
                        (fun () -> Torch.ofHandle handle |> ignore<Tensor>)
                        (fun e -> e.Message)

                Expect.stringContains error "4294967296 elements apart" "why"
                Native.aoti_torch_delete_tensor_object handle |> ignore<int>
            )

        onTorch
            "a step along a recycled gradient is refused"
            (fun engine ->
                let vector () =
                    engine.OfArray(Shape.Of 3, [| 1.0; 2.0; 3.0 |])

                let scope = engine.OpenScope()
                let gradient = vector ()
                scope.Dispose()

                let sgd =
                    WholeStep.Sgd {
                        Rate = 0.1
                        Momentum = 0.0
                        IsNesterov = false
                        WeightDecay = 0.0
                    }

                Expect.throwsT<InvalidOperationException>
                    (fun () -> engine.WholeStep(sgd, [| vector (); gradient |]) |> ignore)
                    "recycled"
            )

        onLibrary
            "a CUDA device beyond libtorch's numbers is not taken for another one"
            (fun _ ->
                let error = Expect.throwsC (fun () -> Cuda.probe 256) (fun e -> e.Message)
                Expect.stringContains error "counts devices from 0 to 127" "why"
            )
    ]
