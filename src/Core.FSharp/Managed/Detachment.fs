namespace Optim.Managed

open System
open Optim
open Optim.Primitives

/// A time outside of the scopes of the thread that began it. Those of a thread are nested.
[<Sealed>]
type internal Detachment private (outer: Scope | null, before: Detachment | null) =
    let thread = Environment.CurrentManagedThreadId
    let mutable isOver = false

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: Detachment | null

    /// Begins one on this thread.
    static member Begin() : Detachment =
        let detachment = new Detachment(Scope.Current, Detachment.current)
        Detachment.current <- detachment
        Scope.Enter null
        detachment

    // Whether a scope that was open when this one or one around it began may recycle the storage.
    member private _.Holds(storage: obj) : bool =
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
            | :? Raw as raw when this.Holds raw.Storage ->
                Creation.ofArray x.Engine x.Shape (Creation.toArray raw)
            | _ -> x

        member _.Dispose() : unit =
            if not isOver then
                if Environment.CurrentManagedThreadId <> thread then
                    invalidOp "a detachment ended on another thread than the one that began it"

                isOver <- true
                Detachment.current <- before
                Scope.Enter outer
