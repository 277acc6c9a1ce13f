namespace Optim

open System

/// A caller's mistake about the shape of a tensor. The message names what was expected and what came.
[<Sealed>]
type ShapeException(message: string, parameterName: string) =
    inherit ArgumentException(message, parameterName)

/// A failure of an engine (the code that computes on a device), with the operation, the shapes and the device.
[<Sealed>]
type EngineException
    (operation: string, shapes: string, device: string, detail: string, code: int, cause: exn | null)
    =
    inherit
        Exception($"{operation} on {device} with shapes {shapes}: {detail} (code {code})", cause)

    /// The name of the operation that failed.
    member _.Operation: string = operation

    /// The shapes of its operands, as text.
    member _.Shapes: string = shapes

    /// The device on which it ran.
    member _.Device: string = device

    /// The engine's own message.
    member _.Detail: string = detail

    /// The engine's own code; 0 where it has none.
    member _.Code: int = code

/// A checkpoint that cannot be used: damaged, cut short, of a newer format, of another method, or no checkpoint at all.
[<Sealed>]
type CheckpointException(file: string, detail: string, cause: exn | null) =
    inherit Exception($"{file}: {detail}", cause)

    /// The file, or "the stream".
    member _.File: string = file

    /// What is wrong with it.
    member _.Detail: string = detail
