namespace Optim.Primitives

open System.Runtime.CompilerServices
open Optim

/// The same numbers on another engine. Linear; its transpose moves back.
[<Sealed>]
type internal Transfer(target: Engine) =
    inherit Primitive1("moveTo")

    /// x on the engine; x itself if it is there.
    static member Apply(target: Engine, x: Tensor) : Tensor =
        if obj.ReferenceEquals(x.Engine, target) then
            x
        else
            Tensor.Bind(Transfer target, x)

    override _.Eval x =
        target.OfArray(x.Shape, x.Engine.ToArray x)

    override _.Jvp(x, _, t) =
        if not x.DType.IsFloating then
            null
        else
            Transfer.Apply(target, t)

    override _.Vjp(x, _, ct) =
        if not x.DType.IsFloating then
            null
        else
            Transfer.Apply(x.Engine, ct)

    override _.Batch x = Transfer.Apply(target, x)

/// Copies of constants on other engines. A copy lives as long as its constant and its engine do, and is made outside of
/// the scopes of the thread, so that it outlives the step that asked first. Any thread may ask.
[<Sealed; AbstractClass>]
type internal Copies private () =
    static let known = ConditionalWeakTable<Tensor, ConditionalWeakTable<Engine, Tensor>>()

    static let make (constant: Tensor) (engine: Engine) : Tensor =
        use _ = engine.Detach()
        Transfer(engine).Eval constant

    /// The copy of a concrete constant on an engine; the same one each time.
    static member Of(constant: Tensor, engine: Engine) : Tensor =
        let copies = known.GetValue(constant, (fun _ -> ConditionalWeakTable()))
        copies.GetValue(engine, (fun engine -> make constant engine))
