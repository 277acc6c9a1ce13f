namespace Optim.Contract

open System
open Optim
open Optim.Core
open Optim.Managed
open Optim.Primitives

/// The answers of an array function as tensors, for methods that compute with tensors. Points are concrete Float64 vectors
/// (n) of the managed engine. One thread at a time.
[<Sealed>]
type internal ArrayAnswers(f: ArrayFunction) =
    let n = f.Length
    let engine = ManagedEngine.Instance :> Engine
    let point: float[] = Array.zeroCreate n
    let vector: float[] = Array.zeroCreate n
    let result: float[] = Array.zeroCreate n

    let read (x: Tensor) (target: float[]) : unit =
        match x with
        | :? Raw as raw -> (raw.Storage :?> float[]).AsSpan(raw.Offset, n).CopyTo(target.AsSpan())
        | other -> invalidOp $"an array function got a tensor of level {other.Level}"

    /// The function.
    member _.Function: ArrayFunction = f

    /// f(x).
    member _.Value(x: Tensor) : float =
        read x point
        f.Value point

    /// f(x) and ∇f(x).
    member _.ValueAndGradient(x: Tensor) : struct (float * Tensor) =
        read x point
        let value = f.ValueAndGradient(point, result)
        struct (value, engine.OfArray(x.Shape, result))

    /// The map v ↦ H(x) v.
    member _.HessianProducts(x: Tensor) : Tensor -> Tensor =
        let at: float[] = Array.zeroCreate n
        read x at

        fun v ->
            read v vector
            f.HessianProduct(at, vector, result)
            engine.OfArray(x.Shape, result)

    /// H(x).
    member _.Hessian(x: Tensor) : Tensor =
        read x point
        let hessian: float[] = Array.zeroCreate (n * n)
        f.Hessian(point, hessian)
        engine.OfArray(Shape.Of(n, n), hessian)
