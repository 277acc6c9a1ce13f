namespace Optim.Laws

open System
open Optim

/// Tensors in scopes, and what is wrong with them afterwards.
module internal ScopeProbes =

    /// Large enough for every engine's book-keeping.
    let n = 4096

    /// Of memory of its own: what Full gives may be one number that many tensors share.
    let filled (engine: Engine) (value: float) : Tensor =
        engine.OfArray(Shape.Of n, Array.create n value)

    /// What is wrong when the tensor does not hold this number everywhere.
    let holds (engine: Engine) (what: string) (value: float) (x: Tensor) : string voption =
        try
            let seen = (Plain.ofTensor engine x).Numbers

            match Array.tryFind (fun v -> v <> value) seen with
            | Some other -> ValueSome $"{what} holds {other}, expected {value}"
            | None -> ValueNone
        with
        | :? InvalidOperationException as error ->
            ValueSome $"{what} was taken back: {error.Message}"
        | :? EngineException as error -> ValueSome $"{what} was taken back: {error.Message}"

    /// What is wrong when a use of the tensor throws nothing.
    let isGone (what: string) (use': unit -> unit) : string voption =
        try
            use' ()
            ValueSome $"{what} threw nothing, though nobody kept the tensor"
        with
        | :? InvalidOperationException
        | :? EngineException -> ValueNone

    /// Work in a scope of its own.
    let within (engine: Engine) (work: EngineScope -> 'T) : 'T =
        use scope = engine.OpenScope()
        work scope

    /// A law about scopes.
    let law (name: string) (statement: string) situations : EngineLaw =
        EngineLaw.ofSituations EngineFamily.Scopes name statement situations
