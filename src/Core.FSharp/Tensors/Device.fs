namespace Optim

open System
open System.Runtime.InteropServices

/// Where a tensor's elements lie and are computed on. Two devices are equal when their names are.
[<Sealed>]
type Device internal (name: string) =

    /// The processor of this machine, with this library's own code.
    static member Cpu: Device = Device "cpu"

    /// The processor of this machine, through libtorch.
    static member Torch: Device = Device "torch"

    /// The graphics processor with this index, counted from 0, through libtorch; the first when none is given.
    /// Errors: ArgumentOutOfRangeException for an index below 0.
    static member Cuda([<Optional; DefaultParameterValue(0)>] index: int) : Device =
        if index < 0 then
            raise (ArgumentOutOfRangeException(nameof index, index, "a device index is 0 or more"))

        Device $"cuda:{index}"

    /// "cpu", "torch", "cuda:0", …
    member _.Name: string = name

    /// The name.
    override _.ToString() = name

    /// Equality of names.
    override _.Equals(other: obj | null) =
        match other with
        | :? Device as d -> d.Name = name
        | _ -> false

    /// The hash of the name.
    override _.GetHashCode() =
        name.GetHashCode(StringComparison.Ordinal)

    interface IEquatable<Device> with
        member _.Equals(other: Device | null) =
            match other with
            | null -> false
            | d -> d.Name = name
