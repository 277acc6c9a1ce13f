namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// A time outside of the scopes of the thread that began it.
[<Sealed>]
type internal Detachment private (outer: Scope | null) =
    let thread = Environment.CurrentManagedThreadId
    let mutable isOver = false

    /// Begins one on this thread.
    static member Begin() : Detachment =
        let detachment = new Detachment(Scope.Current)
        Scope.Enter null
        detachment

    interface EngineDetachment with
        member _.Lasting(x: Tensor) : Tensor =
            match outer, x with
            | null, _ -> x
            | scope, (:? Raw as raw) when scope.Holds raw.Storage ->
                Creation.ofArray x.Engine x.Shape (Creation.toArray raw)
            | _ -> x

        member _.Dispose() : unit =
            if not isOver then
                if Environment.CurrentManagedThreadId <> thread then
                    invalidOp "a detachment ended on another thread than the one that began it"

                isOver <- true
                Scope.Enter outer
