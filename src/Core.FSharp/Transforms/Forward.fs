namespace Optim.Transforms

open Optim
open Optim.Primitives

/// A value with its tangent: forward differentiation.
[<Sealed>]
type internal Forward(primal: Tensor, tangent: Tensor, level: Level) =
    inherit Operand(level.Number, primal.Shape, primal.DType, primal.Engine)

    member _.Primal: Tensor = primal
    member _.Tangent: Tensor = tangent
    override _.Concrete = primal.Concrete

    /// The value, wrapped only if it has a tangent.
    static member private Of(primal: Tensor, tangent: Tensor | null, level: Level) : Tensor =
        match tangent with
        | null -> primal
        | t -> Forward(primal, t, level)

    member private _.PrimalOf(x: Tensor) : Tensor =
        match x with
        | :? Forward as f when f.Level = level.Number -> f.Primal
        | _ -> x

    member private _.TangentOf(x: Tensor) : Tensor | null =
        match x with
        | :? Forward as f when f.Level = level.Number -> f.Tangent
        | _ -> null

    override this.Bind1(operation, x) =
        level.CheckOpen operation.Name
        let px = this.PrimalOf x
        let y = Tensor.Bind(operation, px)

        match this.TangentOf x with
        | null -> y
        | t -> Forward.Of(y, operation.Jvp(px, y, t), level)

    override this.Bind2(operation, a, b) =
        level.CheckOpen operation.Name
        let pa, pb = this.PrimalOf a, this.PrimalOf b
        let y = Tensor.Bind(operation, pa, pb)
        Forward.Of(y, operation.Jvp(pa, pb, y, this.TangentOf a, this.TangentOf b), level)

    override this.BindN(operation, inputs) =
        level.CheckOpen operation.Name
        let primals = Array.map this.PrimalOf inputs
        let y = Tensor.Bind(operation, primals)
        Forward.Of(y, operation.Jvp(primals, y, Array.map this.TangentOf inputs), level)

    /// f x and its directional derivative along v; a null derivative stands for zero.
    static member Run(f: Tensor -> Tensor, x: Tensor, v: Tensor) : struct (Tensor * Tensor | null) =
        let level = Level.Next()

        try
            match f (Forward(x, v, level)) with
            | :? Forward as y when y.Level = level.Number -> struct (y.Primal, y.Tangent)
            | y -> struct (y, null)
        finally
            level.Close()
