namespace Optim.Torch

open System
open Optim

/// A time outside of the scopes that the thread that began it has on a device. Those of a thread are nested.
[<Sealed>]
type internal Detachment
    private (device: TorchDevice, outer: Scope | null, before: Detachment | null) =
    let thread = Environment.CurrentManagedThreadId
    let mutable isOver = false

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: Detachment | null

    /// Begins one on this thread.
    static member Begin(device: TorchDevice) : Detachment =
        let detachment = new Detachment(device, Scope.Current device, Detachment.current)
        Detachment.current <- detachment
        Scope.Enter(device, null)
        detachment

    // Whether a scope that was open when this one or one around it began may recycle the storage.
    member private _.Holds(storage: Storage) : bool =
        let isHere =
            match outer with
            | null -> false
            | scope -> scope.Holds storage

        isHere
        || (
            match before with
            | null -> false
            | detachment -> detachment.Holds storage
        )

    interface EngineDetachment with
        member this.Lasting(x: Tensor) : Tensor =
            match x with
            | :? TorchTensor as torch when this.Holds torch.Storage -> Creation.copy torch
            | _ -> x

        member _.Dispose() : unit =
            if not isOver then
                if Environment.CurrentManagedThreadId <> thread then
                    invalidOp "a detachment ended on another thread than the one that began it"

                isOver <- true
                Detachment.current <- before
                Scope.Enter(device, outer)
