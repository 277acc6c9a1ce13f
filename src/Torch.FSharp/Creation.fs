namespace Optim.Torch

#nowarn "9" "51" // memory on the stack for libtorch's arguments, and addresses of elements

open System
open System.Runtime.InteropServices
open System.Threading
open Microsoft.FSharp.NativeInterop
open Optim

/// A number as a tensor without axes.
[<Sealed>]
type internal Constant(device: TorchDevice, dtype: DType, value: float, tensor: TorchTensor) =
    member _.Tensor: TorchTensor = tensor

    /// Whether it is this number, bit by bit, on this device.
    member _.Is(otherDevice: TorchDevice, otherType: DType, other: float) : bool =
        BitConverter.DoubleToInt64Bits value = BitConverter.DoubleToInt64Bits other
        && dtype = otherType
        && Object.ReferenceEquals(device, otherDevice)

/// Tensors from numbers, and numbers from tensors.
[<RequireQualifiedAccess>]
module internal Creation =

    // Sizes and row-by-row strides for libtorch, in memory for 2 · rank numbers.
    let private describe (shape: Shape) (numbers: nativeptr<int64>) : unit =
        let dims = shape.Dims
        let mutable step = 1L

        for i in dims.Length - 1 .. -1 .. 0 do
            NativePtr.set numbers i (int64 dims[i])
            NativePtr.set numbers (dims.Length + i) step
            step <- step * int64 (max 1 dims[i])

    // The handle of a native tensor without values, row by row.
    let private emptyHandle (device: TorchDevice) (shape: Shape) (dtype: DType) : nativeint =
        let rank = shape.Rank
        let numbers = NativePtr.stackalloc<int64>(2 * rank + 1)
        describe shape numbers
        let handle = NativePtr.stackalloc<nativeint> 1

        Dispatch.attempt
            "empty"
            device
            (fun () -> shape.ToString())
            (fun () ->
                Native.aoti_torch_empty_strided (
                    int64 rank,
                    numbers,
                    NativePtr.add numbers rank,
                    TorchDevice.CodeOf dtype,
                    device.Code,
                    device.Index,
                    handle
                )
            )

        NativePtr.read handle

    /// A tensor for results, row by row; what it holds is undefined.
    let empty (device: TorchDevice) (shape: Shape) (dtype: DType) : TorchTensor =
        Results.wrapRows device dtype shape (emptyHandle device shape dtype)

    /// The address of the first element, for tensors on the processor. Leave the storage when done.
    let enter (x: TorchTensor) : nativeint =
        let handle = x.Storage.TryEnter()

        if handle = 0n then
            raise (Optim.Primitives.Concrete.recycled x.Shape)

        let mutable address = 0n
        Native.aoti_torch_get_data_ptr (handle, &&address) |> ignore
        Crossings.Add 1
        address + nativeint x.Offset * nativeint x.DType.Size

    /// Calls `work` with a native tensor on the processor over the elements of an array, row by row.
    let private overArray
        (values: Array)
        (shape: Shape)
        (dtype: DType)
        (work: nativeint -> int)
        : int =
        let pinned = GCHandle.Alloc(values, GCHandleType.Pinned)

        try
            let rank = shape.Rank
            let numbers = NativePtr.stackalloc<int64>(2 * rank + 1)
            describe shape numbers
            let mutable handle = 0n

            let code =
                Native.aoti_torch_create_tensor_from_blob (
                    pinned.AddrOfPinnedObject(),
                    int64 rank,
                    numbers,
                    NativePtr.add numbers rank,
                    0L,
                    TorchDevice.CodeOf dtype,
                    0,
                    0,
                    &&handle
                )

            Crossings.Add 2

            if code <> 0 then
                code
            else
                try
                    work handle
                finally
                    Native.aoti_torch_delete_tensor_object handle |> ignore
        finally
            pinned.Free()

    let private fill<'T when 'T: struct> (values: 'T[]) (target: TorchTensor) : unit =
        let address = enter target
        values.AsSpan().CopyTo(Span<'T>(address.ToPointer(), values.Length))
        target.Storage.Leave()

    let private copied
        (device: TorchDevice)
        (shape: Shape)
        (dtype: DType)
        (values: 'T[])
        : TorchTensor =
        let y = empty device shape dtype

        if device.IsCuda then
            Dispatch.attempt
                "OfArray"
                device
                (fun () -> shape.ToString())
                (fun () ->
                    overArray
                        values
                        shape
                        dtype
                        (fun source ->
                            let target = y.Borrow()
                            let code = Native.aoti_torch_copy_ (target, source, 0)
                            y.GiveBack target
                            code
                        )
                )
        else
            fill values y

        y

    /// A tensor of a copy of the array. Errors: another length than the shape's, another element type than the four.
    let ofArray (device: TorchDevice) (shape: Shape) (values: Array) : TorchTensor =
        if values.Length <> shape.Length then
            let message =
                $"OfArray: got {values.Length} elements for shape {shape}, expected {shape.Length}"

            raise (ShapeException(message, nameof values))

        match values with
        | :? (float[]) as v -> copied device shape DType.Float64 v
        | :? (float32[]) as v -> copied device shape DType.Float32 v
        | :? (int64[]) as v -> copied device shape DType.Int64 v
        | :? (bool[]) as v -> copied device shape DType.Bool v
        | other ->
            let message =
                $"OfArray: expected an array of float, float32, int64 or bool, got {other.GetType()}"

            raise (ArgumentException(message, nameof values))

    // A number without axes that no scope takes back.
    let private lasting (device: TorchDevice) (dtype: DType) (value: float) : TorchTensor =
        let scope = Scope.Current device
        Scope.Enter(device, null)

        try
            match dtype with
            | DType.Float64 -> copied device Shape.Scalar dtype [| value |]
            | DType.Float32 -> copied device Shape.Scalar dtype [| float32 value |]
            | DType.Int64 -> copied device Shape.Scalar dtype [| int64 value |]
            | DType.Bool -> copied device Shape.Scalar dtype [| value <> 0.0 |]
        finally
            Scope.Enter(device, scope)

    // Numbers of late, each in one of the places of the group that its bits give.
    [<Literal>]
    let private Groups = 512

    [<Literal>]
    let private GroupSize = 4

    let private recent: (Constant | null)[] = Array.zeroCreate (Groups * GroupSize)

    // A free place of a group, or one that the number's bits choose.
    let private placeIn (group: int) (mixed: int64) : int =
        let mutable place = 0

        while place < GroupSize && not (isNull recent[group + place]) do
            place <- place + 1

        if place < GroupSize then
            group + place
        else
            group + (int mixed &&& (GroupSize - 1))

    /// A number as a tensor without axes. Made once for numbers that come again and again.
    let constant (device: TorchDevice) (dtype: DType) (value: float) : TorchTensor =
        let bits = BitConverter.DoubleToInt64Bits value + int64 (TorchDevice.CodeOf dtype)
        let mixed = (bits ^^^ (bits >>> 32)) * 0x9E3779B97F4A7C15L
        let group = GroupSize * (int (mixed >>> 32) &&& (Groups - 1))
        let mutable found: TorchTensor | null = null

        for place in group .. group + GroupSize - 1 do
            match Volatile.Read &recent[place] with
            | null -> ()
            | known ->
                if known.Is(device, dtype, value) then
                    found <- known.Tensor

        match found with
        | null ->
            let fresh = lasting device dtype value
            Volatile.Write(&recent[placeIn group mixed], Constant(device, dtype, value, fresh))
            fresh
        | known -> known

    /// Whether x lies in the memory of a constant, which tensors all over the process share.
    let isConstant (x: TorchTensor) : bool =
        recent
        |> Array.exists (fun known ->
            match known with
            | null -> false
            | known -> Object.ReferenceEquals(known.Tensor.Storage, x.Storage)
        )

    /// A tensor filled with one number: a view of a constant, which costs no memory.
    /// Errors: a number that is not whole for Int64.
    let full (device: TorchDevice) (shape: Shape) (dtype: DType) (value: float) : TorchTensor =
        if dtype = DType.Int64 && Math.Floor value <> value then
            let message = $"Full: expected a whole number for Int64, got {value}"
            raise (ArgumentException(message, nameof value))

        let one = constant device dtype value

        if shape.Rank = 0 then
            one
        else
            let strides = Strides.normal shape (Array.zeroCreate shape.Rank)
            TorchTensor(one.Storage, 0, strides, false, shape, dtype, device)

    /// Writes the elements of `source`, which broadcasts, over those of `target`, which nobody else may have seen yet.
    let write (target: TorchTensor) (source: TorchTensor) : unit =
        let from = source.Borrow()
        let into = target.Borrow()

        try
            Dispatch.attempt
                "copy_"
                source.Place
                (fun () -> Dispatch.shapes [ target; source ])
                (fun () -> Native.aoti_torch_copy_ (into, from, 0))
        finally
            source.GiveBack from
            target.GiveBack into

    /// Writes zeros over a tensor that nobody else may have seen yet.
    let clear (target: TorchTensor) : unit =
        let into = target.Borrow()

        try
            Dispatch.attempt
                "zero_"
                target.Place
                (fun () -> Dispatch.shapes [ target ])
                (fun () -> Native.aoti_torch_zero_ into)
        finally
            target.GiveBack into

    /// A copy, row by row.
    let copy (x: TorchTensor) : TorchTensor =
        let y = empty x.Place x.Shape x.DType
        write y x
        y

    /// x row by row: x itself, or a copy.
    let rows (x: TorchTensor) : TorchTensor = if x.IsRowMajor then x else copy x

    let private readInto (x: TorchTensor) (target: 'T[]) : 'T[] =
        if x.Length > 0 then
            if x.IsRowMajor && not x.Place.IsCuda then
                let address = enter x
                Span<'T>(address.ToPointer(), x.Length).CopyTo(target.AsSpan())
                x.Storage.Leave()
            else
                Dispatch.attempt
                    "ToArray"
                    x.Place
                    (fun () -> x.Shape.ToString())
                    (fun () ->
                        overArray
                            target
                            x.Shape
                            x.DType
                            (fun handle ->
                                let source = x.Borrow()
                                let code = Native.aoti_torch_copy_ (handle, source, 0)
                                x.GiveBack source
                                code
                            )
                    )

        target

    /// A fresh array of the elements, row by row.
    let toArray (x: TorchTensor) : Array =
        match x.DType with
        | DType.Float64 -> readInto x (Array.zeroCreate<float> x.Length)
        | DType.Float32 -> readInto x (Array.zeroCreate<float32> x.Length)
        | DType.Int64 -> readInto x (Array.zeroCreate<int64> x.Length)
        | DType.Bool -> readInto x (Array.zeroCreate<bool> x.Length)

    /// The first element. Errors: there is none.
    let read (x: TorchTensor) : float =
        if x.Length = 0 then
            raise (
                ShapeException($"Read: a tensor of shape {x.Shape} has no first element", nameof x)
            )

        if x.Place.IsCuda then
            let first =
                TorchTensor(x.Storage, x.Offset, null, false, Shape.Scalar, x.DType, x.Place)

            let value = NativePtr.stackalloc<float> 1
            let handle = first.Borrow()

            try
                Dispatch.attempt
                    "item"
                    x.Place
                    (fun () -> "()")
                    (fun () -> Native.aoti_torch_item_float64 (handle, value))
            finally
                first.GiveBack handle

            NativePtr.read value
        else
            let address = (enter x).ToPointer()

            let value =
                match x.DType with
                | DType.Float64 -> Span<float>(address, 1)[0]
                | DType.Float32 -> float (Span<float32>(address, 1)[0])
                | DType.Int64 -> float (Span<int64>(address, 1)[0])
                | DType.Bool -> if Span<bool>(address, 1)[0] then 1.0 else 0.0

            x.Storage.Leave()
            value
