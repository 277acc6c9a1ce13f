namespace Optim.Compiled

open System
open System.Collections.Generic
open System.Reflection
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Optim

/// The methods of Lanes for one element type, by name.
[<Sealed>]
type internal Vocabulary private (lanes: Type, vector: Type, size: int) =
    let methods = Dictionary<string, MethodInfo>()

    do
        let flags = BindingFlags.Static ||| BindingFlags.Public ||| BindingFlags.NonPublic

        for m in lanes.GetMethods flags do
            methods[m.Name] <- m

    /// 64 bytes of zeros and 64 bytes of ones, which never move.
    static let lastLanes: byte[] =
        let bytes = GC.AllocateArray<byte>(128, true)
        Array.Fill(bytes, 255uy, 64, 64)
        bytes

    static let doubles =
        Vocabulary(typeof<Lanes<float>>, typeof<Vector512<float>>, sizeof<float>)

    static let singles =
        Vocabulary(typeof<Lanes<float32>>, typeof<Vector512<float32>>, sizeof<float32>)

    /// That of a floating-point type.
    static member Of(dtype: DType) : Vocabulary =
        if dtype = DType.Float32 then singles else doubles

    /// The type of a vector.
    member _.Vector: Type = vector

    /// The bytes of an element.
    member _.Size: int = size

    /// The address of a vector of truth values: false in the first `count` lanes, true in the others.
    member _.LastLanes(count: int) : nativeint =
        Marshal.UnsafeAddrOfPinnedArrayElement(lastLanes, 64 - count * size)

    /// A method.
    member _.Method(name: string) : MethodInfo =
        match methods.TryGetValue name with
        | true, m -> m
        | false, _ -> invalidOp $"the vocabulary of loops has no {name}"
