namespace Optim.Torch

#nowarn "9" "51" // memory on the stack for libtorch's arguments

open System
open Microsoft.FSharp.NativeInterop
open Optim
open Optim.Primitives

/// The least and the largest of a tensor of indices.
[<Sealed>]
type internal IndexBounds(least: int64, largest: int64) =
    member _.Least: int64 = least
    member _.Largest: int64 = largest

/// A concrete tensor of libtorch: elements of a storage from an offset on, with strides. A view is such an object and
/// nothing else: libtorch learns of it when an operation reads it.
/// isWhole: the storage's own native tensor has this very shape and strides.
[<Sealed>]
type internal TorchTensor
    (
        storage: Storage,
        offset: int,
        strides: int[] | null,
        isWhole: bool,
        shape: Shape,
        dtype: DType,
        device: TorchDevice
    ) =
    inherit Operand(0L, shape, dtype, device.Engine)

    /// The memory that it shares with others.
    member _.Storage: Storage = storage

    /// The position of the first element, in elements after that of the storage's own tensor.
    member _.Offset: int = offset

    /// Null: row by row without gaps.
    member _.Strides: int[] | null = strides

    /// Where it lies.
    member _.Place: TorchDevice = device

    /// Whether the elements lie row by row without gaps.
    member _.IsRowMajor: bool = isNull strides

    /// The least and the largest element of indices, once somebody has looked.
    member val Bounds: IndexBounds | null = null with get, set

    // A new native view of a handle.
    member private _.ViewOf(handle: nativeint) : nativeint =
        let rank = shape.Rank
        let dims = shape.Dims
        let numbers = NativePtr.stackalloc<int64>(2 * rank + 1)
        let steps = NativePtr.add numbers rank

        match strides with
        | null ->
            let mutable step = 1L

            for i in rank - 1 .. -1 .. 0 do
                NativePtr.set numbers i (int64 dims[i])
                NativePtr.set steps i step
                step <- step * int64 dims[i]
        | s ->
            for i in 0 .. rank - 1 do
                NativePtr.set numbers i (int64 dims[i])
                NativePtr.set steps i (int64 s[i])

        let mutable view = 0n

        if
            Native.aoti_torch__reinterpret_tensor (
                handle,
                int64 rank,
                numbers,
                steps,
                int64 offset,
                &&view
            )
            <> 0
        then
            invalidOp $"libtorch refused a view of shape {shape} at offset {offset}"

        Crossings.Add 1
        view

    /// Errors: InvalidOperationException when recycled. For operations that would hold other operands' handles by then.
    member _.Check() : unit =
        if storage.IsReleased then
            raise (Concrete.recycled shape)

    /// A handle that the caller owns, for calls that take theirs over. Errors: InvalidOperationException when recycled.
    member this.Own() : nativeint =
        let handle = storage.TryEnter()

        if handle = 0n then
            raise (Concrete.recycled shape)

        let mutable owned = 0n

        if isWhole then
            Native.aoti_torch_new_tensor_handle (handle, &&owned) |> ignore
            Crossings.Add 1
        else
            owned <- this.ViewOf handle

        storage.Leave()
        owned

    /// A handle for one call that only reads it. GiveBack must follow. Errors: as Own.
    member this.Borrow() : nativeint =
        let handle = storage.TryEnter()

        if handle = 0n then
            raise (Concrete.recycled shape)

        if isWhole then
            handle
        else
            let view = this.ViewOf handle
            storage.Leave()
            view

    /// Ends a Borrow.
    member _.GiveBack(handle: nativeint) : unit =
        if isWhole then
            storage.Leave()
        else
            Native.aoti_torch_delete_tensor_object handle |> ignore
            Crossings.Add 1

    override x.Concrete = x

    override _.Bind1(operation, x) = operation.Eval x
    override _.Bind2(operation, a, b) = operation.Eval(a, b)
    override _.BindN(operation, inputs) = operation.Eval inputs

    /// Shape and type, and the elements when they are few.
    override x.ToString() = Concrete.text x
