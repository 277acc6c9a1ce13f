namespace Optim.Torch

#nowarn "9" "51" // memory on the stack for libtorch's arguments

open System
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Optim

/// An operation of libtorch by its name and overload, as text that its dispatcher reads. Made once for the process.
[<Sealed>]
type internal Operator(name: string, overload: string) =
    let nameText = Marshal.StringToCoTaskMemUTF8("aten::" + name)
    let overloadText = Marshal.StringToCoTaskMemUTF8 overload

    /// The name, without a space before it.
    member _.Name: string = name

    /// The full name, ending with 0.
    member _.NameText: nativeptr<byte> = NativePtr.ofNativeInt nameText

    /// The overload's name, ending with 0.
    member _.OverloadText: nativeptr<byte> = NativePtr.ofNativeInt overloadText

/// Arguments of libtorch's dispatcher: a 64-bit number each. The dispatcher takes over whatever they own.
[<RequireQualifiedAccess>]
module internal Slot =

    /// A tensor.
    let inline tensor (x: TorchTensor) : uint64 = uint64 (x.Own())

    /// A whole number, or a code.
    let inline int (value: int) : uint64 = uint64 (int64 value)

    /// A truth value.
    let inline flag (value: bool) : uint64 = if value then 1UL else 0UL

    /// An argument that is left out.
    [<Literal>]
    let None = 0UL

    /// An optional argument that is there. libtorch frees the box.
    let some (slot: uint64) : uint64 =
        let box = NativeMemory.Alloc 8un
        NativePtr.write (NativePtr.ofVoidPtr<uint64> box) slot
        uint64 (NativePtr.toNativeInt (NativePtr.ofVoidPtr<uint64> box))

    /// A list of slots.
    let list (slots: ReadOnlySpan<uint64>) : uint64 =
        let mutable list = 0n
        Native.torch_new_list_reserve_size (unativeint slots.Length, &&list) |> ignore

        for slot in slots do
            Native.torch_list_push_back (list, slot) |> ignore

        Crossings.Add(slots.Length + 1)
        uint64 list

    /// A list of whole numbers.
    let ints (values: int[]) : uint64 =
        let mutable list = 0n
        Native.torch_new_list_reserve_size (unativeint values.Length, &&list) |> ignore

        for value in values do
            Native.torch_list_push_back (list, int value) |> ignore

        Crossings.Add(values.Length + 1)
        uint64 list

    /// A text. libtorch 2.10 loses 48 bytes with each: not for what is called often.
    let text (value: string) : uint64 =
        let bytes = Text.Encoding.UTF8.GetBytes value
        use data = fixed bytes
        let mutable text = 0n
        Native.torch_new_string_handle (data, unativeint bytes.Length, &&text) |> ignore
        Crossings.Add 1
        uint64 text

/// Calls into libtorch with their errors. What fails for want of memory, or for no known reason, is tried once more after
/// unused memory was given back.
[<RequireQualifiedAccess>]
module internal Dispatch =

    /// The version of libtorch that the calls were written for.
    [<Literal>]
    let Version = 0x020A_0000_0000_0000UL

    /// The shapes of operands, for messages.
    let shapes (inputs: TorchTensor list) : string =
        String.Join(" and ", inputs |> List.map (fun x -> x.Shape.ToString()))

    /// Runs a call. Errors: EngineException; for want of memory only after unused memory was given back in vain.
    let inline attempt
        (name: string)
        (device: TorchDevice)
        ([<InlineIfLambda>] inputs: unit -> string)
        ([<InlineIfLambda>] call: unit -> int)
        : unit =
        Crossings.Add 1

        let code = call ()

        if code <> 0 then
            let detail = Failures.detail ()

            if Failures.mayBeMemory detail then
                device.Budget.Reclaim()
                Crossings.Add 1
                let code = call ()

                if code <> 0 then
                    raise (Failures.error name (inputs ()) device.Device (Failures.detail ()) code)
            else
                raise (Failures.error name (inputs ()) device.Device detail code)

    /// Calls an operation on slots that `fill` writes; the results take their places.
    let inline call
        (operator: Operator)
        (device: TorchDevice)
        ([<InlineIfLambda>] inputs: unit -> string)
        (slots: nativeptr<uint64>)
        ([<InlineIfLambda>] fill: nativeptr<uint64> -> unit)
        : unit =
        attempt
            operator.Name
            device
            inputs
            (fun () ->
                fill slots

                Native.torch_call_dispatcher (
                    operator.NameText,
                    operator.OverloadText,
                    slots,
                    Version
                )
            )

    /// The result, as a handle, of an operation of one tensor.
    let one (operator: Operator) (x: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 1

        call
            operator
            x.Place
            (fun () -> shapes [ x ])
            slots
            (fun slots -> NativePtr.write slots (Slot.tensor x))

        nativeint (NativePtr.read slots)

    /// The result, as a handle, of an operation of two tensors.
    let two (operator: Operator) (a: TorchTensor) (b: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 2
        b.Check()

        call
            operator
            a.Place
            (fun () -> shapes [ a; b ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor a)
                NativePtr.set slots 1 (Slot.tensor b)
            )

        nativeint (NativePtr.read slots)

    /// The result, as a handle, of an operation of three tensors.
    let three (operator: Operator) (a: TorchTensor) (b: TorchTensor) (c: TorchTensor) : nativeint =
        let slots = NativePtr.stackalloc<uint64> 3
        b.Check()
        c.Check()

        call
            operator
            a.Place
            (fun () -> shapes [ a; b; c ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor a)
                NativePtr.set slots 1 (Slot.tensor b)
                NativePtr.set slots 2 (Slot.tensor c)
            )

        nativeint (NativePtr.read slots)
