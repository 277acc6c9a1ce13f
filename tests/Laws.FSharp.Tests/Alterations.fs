/// Small changes of the managed engine.
module internal Optim.LawsTests.Alterations

open Optim

/// The elements.
let numbers (x: Tensor) : float[] = x.ToArray()

/// A tensor like x with other numbers.
let like (inner: Engine) (x: Tensor) (change: float[] -> float[]) : Tensor =
    inner.Cast(x.DType, inner.OfArray(x.Shape, change (numbers x)))

/// A scope with another way to keep.
let scopeOf
    (inner: EngineScope)
    (keep: EngineScope -> Tensor -> unit)
    (isEmpty: EngineScope -> bool)
    = {
    new EngineScope with
        member _.IsEmpty = isEmpty inner
        member _.Keep x = keep inner x
        member _.KeepAll() = inner.KeepAll()
        member _.Dispose() = inner.Dispose()
}

/// Another function of one number, where there is one.
let unary (change: Engine -> Unary -> Tensor -> Tensor voption) : Engine = {
    new Altered() with
        override e.Unary(kind, x) =
            change e.Inner kind x
            |> ValueOption.defaultWith (fun () -> e.Inner.Unary(kind, x))
}

/// Another function of two numbers, where there is one.
let binary (change: Engine -> Binary -> Tensor -> Tensor -> Tensor voption) : Engine = {
    new Altered() with
        override e.Binary(kind, a, b) =
            change e.Inner kind a b
            |> ValueOption.defaultWith (fun () -> e.Inner.Binary(kind, a, b))
}

/// The result where the condition holds.
let only (condition: bool) (result: unit -> Tensor) : Tensor voption =
    if condition then ValueSome(result ()) else ValueNone

/// Other scopes.
let scopes (change: Altered -> EngineScope) : Engine = {
    new Altered() with
        override e.OpenScope() = change e
}
