module Optim.TorchTests.ExchangeTests

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Expecto
open Optim
open Optim.Core
open Optim.Torch
open Optim.TorchTests.Testing

#nowarn "9" "51" // memory of our own, and the functions of the C interface take addresses

/// How many handles and views refer to the native tensor behind a handle: at::Tensor* points to the address of an
/// object whose second word counts.
let private references (handle: nativeint) : int =
    Marshal.ReadInt32(Marshal.ReadIntPtr handle, 8)

let private dataOf (handle: nativeint) : nativeint =
    let mutable address = 0n
    Expect.equal (Native.aoti_torch_get_data_ptr (handle, &&address)) 0 "data"
    address

let private free (handle: nativeint) =
    Expect.equal (Native.aoti_torch_delete_tensor_object handle) 0 "freed"

/// A tensor that belongs to somebody else: (2, 3) of the numbers 0 to 5, column by column.
let private foreign () : nativeint =
    let sizes = NativeInterop.NativePtr.stackalloc<int64> 2
    let strides = NativeInterop.NativePtr.stackalloc<int64> 2
    NativeInterop.NativePtr.set sizes 0 2L
    NativeInterop.NativePtr.set sizes 1 3L
    NativeInterop.NativePtr.set strides 0 1L
    NativeInterop.NativePtr.set strides 1 2L
    let mutable handle = 0n
    Expect.equal (Native.aoti_torch_empty_strided (2L, sizes, strides, 7, 0, -1, &&handle)) 0 "made"
    Marshal.Copy([| 0.0; 1.0; 2.0; 3.0; 4.0; 5.0 |], 0, dataOf handle, 6)
    handle

let private floats (x: Tensor) : float[] =
    match (Engines.ofTensor x).ToArray x with
    | :? (float[]) as values -> values
    | other -> failtest $"expected float[], got {other.GetType()}"

/// Collects until nothing that is unreachable is left.
let private collect () =
    for _ in 1..5 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

/// A tensor over a new array, and a weak reference to the array.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private overArray () : struct (Tensor * WeakReference) =
    let values = [| 1.0; 2.0; 3.0; 4.0 |]
    let weak = WeakReference values
    struct (Torch.ofArray [ 2; 2 ] values, weak)

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private secondRow (x: Tensor) : Tensor =
    (Engines.ofTensor x)
        .Slice([| { Start = 1; Step = 1; Count = 1 }; { Start = 0; Step = 1; Count = 2 } |], x)

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private viewOfArray () : struct (Tensor * WeakReference) =
    let struct (x, weak) = overArray ()
    struct (secondRow x, weak)

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private droppedArray () : WeakReference =
    let struct (_, weak) = overArray ()
    weak

let private arrays =
    testList "arrays" [
        onTorch
            "a tensor over an array sees what is written there"
            (fun engine ->
                let values = [| 1.0; 2.0; 3.0 |]
                let x = Torch.ofArray [ 3 ] values
                Expect.equal (Engines.ofTensor x) engine "engine"
                Expect.equal (floats (x * 2.0)) [| 2.0; 4.0; 6.0 |] "computes"
                values[1] <- 20.0
                Expect.equal (floats x) [| 1.0; 20.0; 3.0 |] "no copy"
            )

        onTorch
            "arrays of every element type, and of no elements"
            (fun _ ->
                Expect.equal (Torch.ofArray [ 2 ] [| 1.5f; 2.5f |]).DType DType.Float32 "float32"
                Expect.equal (Torch.ofArray [ 2 ] [| 1L; 2L |]).DType DType.Int64 "int64"
                Expect.equal (Torch.ofArray [ 2 ] [| true; false |]).DType DType.Bool "bool"
                Expect.equal (floats (Torch.ofArray [ 0; 3 ] Array.empty<float>)) [||] "none"
                Expect.equal (floats (Torch.ofArray [] [| 7.0 |])) [| 7.0 |] "no axes"
            )

        onTorch
            "an array lives as long as a view of its tensor does, and no longer"
            (fun _ ->
                let struct (row, weak) = viewOfArray ()
                collect ()
                Expect.isTrue weak.IsAlive "held by the view"
                Expect.equal (floats row) [| 3.0; 4.0 |] "where it was"
                GC.KeepAlive row
                let dropped = droppedArray ()
                collect ()
                Expect.isFalse dropped.IsAlive "let go"
            )

        onTorch
            "arrays that fit no shape or have no element type are refused"
            (fun _ ->
                Expect.throwsT<ShapeException>
                    (fun () -> Torch.ofArray [ 2; 2 ] [| 1.0 |] |> ignore<Tensor>)
                    "lengths"

                Expect.throwsT<ArgumentException>
                    (fun () -> Torch.ofArray [ 1 ] [| 1 |] |> ignore<Tensor>)
                    "int"
            )
    ]

/// Native memory that is filled with 0 when nobody owns it any more.
[<Sealed>]
type private Block(values: float[]) =
    let address = Marshal.AllocHGlobal(8 * values.Length)
    do Marshal.Copy(values, 0, address, values.Length)
    member _.Address = address
    override _.Finalize() = Marshal.FreeHGlobal address

[<MethodImpl(MethodImplOptions.NoInlining)>]
let private overBlock (engine: Engine) : struct (Tensor * WeakReference) =
    let block = Block [| 1.0; 2.0; 3.0; 4.0 |]
    let x = Torch.ofMemory engine block DType.Float64 [ 2; 2 ] block.Address
    struct (x, WeakReference block)

let private memory =
    testList "memory" [
        onTorch
            "native memory is kept by its tensor"
            (fun engine ->
                let struct (x, weak) = overBlock engine
                collect ()
                Expect.isTrue weak.IsAlive "kept"
                Expect.equal (floats (x + 1.0)) [| 2.0; 3.0; 4.0; 5.0 |] "computes"
                GC.KeepAlive x
            )

        onTorch
            "address 0 and other engines are refused"
            (fun engine ->
                Expect.throwsT<ArgumentException>
                    (fun () ->
                        Torch.ofMemory engine (obj ()) DType.Float64 [ 1 ] 0n |> ignore<Tensor>
                    )
                    "0"

                Expect.throwsT<ArgumentException>
                    (fun () ->
                        Torch.ofMemory Engines.managed (obj ()) DType.Float64 [ 1 ] 8n
                        |> ignore<Tensor>
                    )
                    "managed"
            )

        onTorch
            "the elements are read where they lie"
            (fun engine ->
                let values = [| 1.0; 2.0; 3.0; 4.0 |]
                let x = Torch.ofArray [ 2; 2 ] values
                let pin = GCHandle.Alloc(values, GCHandleType.Pinned)
                use view = Torch.toMemory (secondRow x)
                Expect.equal view.Address (pin.AddrOfPinnedObject() + 16n) "the very place"
                Expect.equal (view.Span<float>().ToArray()) [| 3.0; 4.0 |] "the elements"

                Expect.equal
                    (view.Shape, view.DType)
                    (Shape.Of(1, 2), DType.Float64)
                    "what they are"

                pin.Free()
                use turned = Torch.toMemory (engine.Permute([| 1; 0 |], x))
                Expect.equal (turned.Span<float>().ToArray()) [| 1.0; 3.0; 2.0; 4.0 |] "row by row"

                Expect.throwsT<ArgumentException>
                    (fun () -> turned.Span<float32>().Length |> ignore<int>)
                    "another type"
            )

        onTorch
            "elements stay while they are held, though the tensor is recycled"
            (fun engine ->
                let scope = engine.OpenScope()
                let x = engine.OfArray(Shape.Of 2, [| 5.0; 6.0 |])
                let view = Torch.toMemory x
                scope.Dispose()
                Expect.throws (fun () -> engine.ToArray x |> ignore<Array>) "recycled"
                Expect.equal (view.Span<float>().ToArray()) [| 5.0; 6.0 |] "still there"
                (view :> IDisposable).Dispose()

                Expect.throwsT<ObjectDisposedException>
                    (fun () -> view.Address |> ignore<nativeint>)
                    "let go"
            )

        onTorch
            "other tensors have no memory to show"
            (fun _ ->
                Expect.throwsT<ArgumentException>
                    (fun () -> Torch.toMemory (Tensor.scalar 1.0) |> ignore<TorchMemory>)
                    "managed"
            )
    ]

let private handles =
    testList "handles" [
        onTorch
            "a tensor of somebody else's handle shares its memory, and outlives it"
            (fun engine ->
                let handle = foreign ()
                let x = Torch.ofHandle handle
                Expect.equal (Engines.ofTensor x) engine "engine"
                Expect.equal x.Shape (Shape.Of(2, 3)) "shape"
                Expect.equal (floats x) [| 0.0; 2.0; 4.0; 1.0; 3.0; 5.0 |] "by its strides"
                Marshal.WriteInt64(dataOf handle, BitConverter.DoubleToInt64Bits 9.0)
                Expect.equal (Array.head (floats x)) 9.0 "shared"
                Expect.equal (references handle) 1 "the handle is still its owner's alone"
                free handle
                Expect.equal (floats (x + 0.0)) [| 9.0; 2.0; 4.0; 1.0; 3.0; 5.0 |] "lives on"
            )

        onTorch
            "a handle that is given away shares the memory, and lives on its own"
            (fun engine ->
                let x = engine.OfArray(Shape.Of 3, [| 1.0; 2.0; 3.0 |])
                let handle = Torch.toHandle x
                use view = Torch.toMemory x
                Expect.equal (dataOf handle) view.Address "the same memory"
                let again = Torch.ofHandle handle
                Expect.equal (floats again) [| 1.0; 2.0; 3.0 |] "there and back"
                free handle
                Expect.equal (floats x) [| 1.0; 2.0; 3.0 |] "ours is untouched"
            )

        onTorch
            "each handle that is given away is one reference"
            (fun engine ->
                let x = engine.OfArray(Shape.Of 3, [| 1.0; 2.0; 3.0 |])
                let first = Torch.toHandle x
                let before = references first
                let second = Torch.toHandle x
                Expect.equal (references first) (before + 1) "one more"
                free second
                Expect.equal (references first) before "one less"
                free first
                GC.KeepAlive x
            )

        onTorch
            "of an array that is not libtorch's, the handle is a copy"
            (fun _ ->
                let values = [| 1.0; 2.0 |]
                let handle = Torch.toHandle (Torch.ofArray [ 2 ] values)
                values[0] <- 100.0
                let copied = Torch.ofHandle handle
                Expect.equal (floats copied) [| 1.0; 2.0 |] "as it was"
                free handle
            )

        onTorch
            "handle 0 and element types that we have not are refused"
            (fun _ ->
                Expect.throwsT<ArgumentException>
                    (fun () -> Torch.ofHandle 0n |> ignore<Tensor>)
                    "0"

                let mutable size = 1L
                let mutable handle = 0n

                Expect.equal
                    (Native.aoti_torch_empty_strided (1L, &&size, &&size, 3, 0, -1, &&handle))
                    0
                    "int32"

                Expect.throwsT<ArgumentException>
                    (fun () -> Torch.ofHandle handle |> ignore<Tensor>)
                    "int32"

                free handle
            )
    ]

[<Tests>]
let tests = testList "exchange" [ arrays; memory; handles ]
