namespace Optim.Torch

#nowarn "9" "51" // memory that others own, and addresses of locals for libtorch's results

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading
open Microsoft.FSharp.NativeInterop
open Optim

/// The elements of a tensor in memory, row by row, for reading. They stay where they are until Dispose, also when
/// the tensor is recycled meanwhile. Never write there: other tensors may share the memory.
[<Sealed>]
type TorchMemory internal (tensor: TorchTensor, address: nativeint) =
    let mutable isHeld = 1

    let demand () =
        ObjectDisposedException.ThrowIf((Volatile.Read &isHeld = 0), typeof<TorchMemory>)

    /// The address of the first element. Errors: ObjectDisposedException after Dispose.
    member _.Address: nativeint =
        demand ()
        address

    /// The lengths of the axes.
    member _.Shape: Shape = tensor.Shape

    /// The type of the elements.
    member _.DType: DType = tensor.DType

    /// The elements; do not use them after Dispose. Errors: ArgumentException for a type that is not the elements'
    /// (float, float32, int64, bool); ObjectDisposedException after Dispose.
    member _.Span<'T when 'T: struct>() : ReadOnlySpan<'T> =
        demand ()

        let expected =
            match tensor.DType with
            | DType.Float64 -> typeof<float>
            | DType.Float32 -> typeof<float32>
            | DType.Int64 -> typeof<int64>
            | DType.Bool -> typeof<bool>

        if typeof<'T> <> expected then
            let message =
                $"expected the element type {expected.Name} of a {tensor.DType} tensor, got {typeof<'T>.Name}"

            raise (ArgumentException message)

        ReadOnlySpan<'T>(address.ToPointer(), tensor.Length)

    interface IDisposable with
        member _.Dispose() =
            if Interlocked.Exchange(&isHeld, 0) = 1 then
                tensor.Storage.Leave()

/// Keeps an array where it is as long as this object lives.
[<Sealed>]
type internal Pin(values: Array) =
    let pin = GCHandle.Alloc(values, GCHandleType.Pinned)

    /// Where the first element is.
    member _.Address: nativeint = pin.AddrOfPinnedObject()

    override _.Finalize() = pin.Free()

/// Tensors that share memory with what is not ours, and the way back, without copies.
[<RequireQualifiedAccess>]
module internal Exchange =

    // Who must live as long as a storage does: libtorch 2.10 does not tell when it is done with memory that is not
    // its own.
    // Views share the storage of what they are views of, so they count.
    let private owners = ConditionalWeakTable<Storage, obj>()

    // What our engines do not own, they give away only as copies.
    let private isForeign (x: TorchTensor) : bool =
        let owned, _ = owners.TryGetValue x.Storage
        owned

    /// A tensor over memory of the device, row by row; `owner` lives as long as the tensor and its views.
    let ofMemory
        (device: TorchDevice)
        (owner: obj)
        (dtype: DType)
        (shape: Shape)
        (address: nativeint)
        : Tensor =
        let rank = shape.Rank
        let dims = shape.Dims
        let numbers = NativePtr.stackalloc<int64>(2 * rank + 1)
        let mutable step = 1L

        for i in rank - 1 .. -1 .. 0 do
            NativePtr.set numbers i (int64 dims[i])
            NativePtr.set numbers (rank + i) step
            step <- step * int64 (max 1 dims[i])

        let handle = NativePtr.stackalloc<nativeint> 1

        Dispatch.attempt
            "ofMemory"
            device
            (fun () -> shape.ToString())
            (fun () ->
                Native.aoti_torch_create_tensor_from_blob (
                    address,
                    int64 rank,
                    numbers,
                    NativePtr.add numbers rank,
                    0L,
                    TorchDevice.CodeOf dtype,
                    device.Code,
                    device.Index,
                    handle
                )
            )

        let storage = Results.hold device (NativePtr.read handle) 0L
        owners.Add(storage, owner)
        TorchTensor(storage, 0, null, true, shape, dtype, device)

    /// A tensor over an array, which stays where it is as long as the tensor and its views live.
    /// Errors: as Engine.OfArray.
    let ofArray (device: TorchDevice) (shape: Shape) (values: Array) : Tensor =
        if values.Length <> shape.Length then
            let message =
                $"got {values.Length} elements for shape {shape}, expected {shape.Length}"

            raise (ShapeException(message, nameof values))

        let dtype =
            match values with
            | :? (float[]) -> DType.Float64
            | :? (float32[]) -> DType.Float32
            | :? (int64[]) -> DType.Int64
            | :? (bool[]) -> DType.Bool
            | other ->
                let message =
                    $"expected an array of float, float32, int64 or bool, got {other.GetType()}"

                raise (ArgumentException(message, nameof values))

        let pin = Pin values
        ofMemory device pin dtype shape pin.Address

    /// The elements in memory.
    let toMemory (x: TorchTensor) : TorchMemory =
        let rows = Creation.rows x
        new TorchMemory(rows, Creation.enter rows)

    let private number (name: string) (read: unit -> int) =
        let code = read ()

        if code <> 0 then
            raise (Failures.error name "unknown" Device.Torch (Failures.detail ()) code)

    /// libtorch's numbers for the kind and the index of the device on which a handle's tensor lies.
    let deviceOf (handle: nativeint) : struct (int * int) =
        let mutable kind = 0
        let mutable index = 0
        number "ofHandle" (fun () -> Native.aoti_torch_get_device_type (handle, &&kind))
        number "ofHandle" (fun () -> Native.aoti_torch_get_device_index (handle, &&index))
        struct (kind, index)

    let private dtypeOf (handle: nativeint) : DType =
        let mutable code = 0
        number "ofHandle" (fun () -> Native.aoti_torch_get_dtype (handle, &&code))

        match
            [ DType.Float64; DType.Float32; DType.Int64; DType.Bool ]
            |> List.tryFind (fun dtype -> TorchDevice.CodeOf dtype = code)
        with
        | Some dtype -> dtype
        | None ->
            let message =
                $"expected a tensor of float64, float32, int64 or bool, got libtorch's element type number {code}"

            raise (ArgumentException(message, nameof handle))

    /// A tensor that shares its memory with the tensor of a handle, which stays the caller's. Its share in a graph
    /// of derivatives, if it has one, is left behind.
    let ofHandle (device: TorchDevice) (handle: nativeint) : Tensor =
        let dtype = dtypeOf handle
        let mutable rank = 0L
        let mutable sizes = 0n
        let mutable strides = 0n
        number "ofHandle" (fun () -> Native.aoti_torch_get_dim (handle, &&rank))
        number "ofHandle" (fun () -> Native.aoti_torch_get_sizes (handle, &&sizes))
        number "ofHandle" (fun () -> Native.aoti_torch_get_strides (handle, &&strides))
        let dims = Array.zeroCreate<int64>(int rank)
        ReadOnlySpan<int64>(sizes.ToPointer(), int rank).CopyTo(Span dims)
        let shape = Shape.Of(Array.map Checked.int dims)
        let steps = ReadOnlySpan<int64>(strides.ToPointer(), int rank)

        for axis in 0 .. int rank - 1 do
            if dims[axis] > 1L && steps[axis] > int64 Int32.MaxValue then
                let message =
                    $"neighbors along axis {axis} lie {steps[axis]} elements apart, expected at most {Int32.MaxValue}"

                raise (ArgumentException(message, nameof handle))

        let own = NativePtr.stackalloc<nativeint> 1

        Dispatch.attempt
            "ofHandle"
            device
            (fun () -> shape.ToString())
            (fun () ->
                Native.aoti_torch__reinterpret_tensor (
                    handle,
                    rank,
                    NativePtr.ofNativeInt sizes,
                    NativePtr.ofNativeInt strides,
                    0L,
                    own
                )
            )

        Results.wrap device dtype shape (NativePtr.read own)

    /// A handle of the tensor, which the caller owns. Of memory that is not libtorch's, a copy, and of a constant: whoever
    /// changed that in place would change the numbers of the whole process.
    let toHandle (x: TorchTensor) : nativeint =
        let own =
            if isForeign x || Creation.isConstant x then
                Creation.copy x
            else
                x

        own.Own()
