/// Engines with one deliberate fault each.
module internal Optim.LawsTests.BrokenEngines

open System
open System.Threading
open Optim
open Optim.Primitives
open Optim.LawsTests.Alterations

let private inKeeping: (string * string * (unit -> Engine)) list = [
    "Abs writes over its operand",
    "inputs never change",
    fun () ->
        unary (fun inner kind x ->
            match x with
            | :? Raw as raw when kind = Unary.Abs ->
                match raw.Storage with
                | :? (float[]) as values ->
                    for i in raw.Offset .. raw.Offset + raw.Length - 1 do
                        values[i] <- abs values[i]
                | _ -> ()

                ValueSome(inner.Affine(1.0, 0.0, x))
            | _ -> ValueNone
        )

    "threads share a scratch",
    "many threads give the same numbers",
    fun () ->
        let mutable scratch: Tensor voption = ValueNone

        {
            new Altered() with
                override e.Cast(dtype, x) = e.Inner.Cast(dtype, x)

                override e.Unary(kind, x) =
                    scratch <- ValueSome(e.Inner.Unary(kind, x))
                    Thread.Sleep 1
                    scratch.Value
        }

    "whole numbers go through floating point",
    "Int64 arithmetic wraps around",
    fun () ->
        binary (fun inner kind a b ->
            only
                (a.DType = DType.Int64 && kind = Binary.Add)
                (fun () ->
                    let wide x = inner.Cast(DType.Float64, x)
                    inner.Cast(DType.Int64, inner.Binary(kind, wide a, wide b))
                )
        )

    "single precision is cut, not rounded",
    "Cast",
    fun () -> {
        new Altered() with
            override e.Cast(dtype, x) =
                let y = e.Inner.Cast(dtype, x)

                if x.DType = DType.Float64 && dtype = DType.Float32 then
                    let cut (v: float) =
                        let near = float32 v

                        if abs (float near) > abs v then
                            MathF.BitDecrement(abs near) * float32 (sign v)
                        else
                            near

                    e.Inner.OfArray(
                        x.Shape,
                        numbers x
                        |> Array.map (fun v -> if Double.IsFinite v then cut v else float32 v)
                    )
                else
                    y
    }

    "the array stays the tensor's",
    "OfArray copies, and ToArray gives a fresh array",
    fun () -> {
        new Altered() with
            override e.OfArray(shape, values) =
                match values with
                | :? (float[]) as v when v.Length = shape.Length ->
                    Raw(v, 0, shape, DType.Float64, e.Inner)
                | _ -> e.Inner.OfArray(shape, values)
    }

    "Read reads the last element",
    "Read",
    fun () -> {
        new Altered() with
            override e.Read x = Array.last (numbers x)
    }

    "parts at one place replace each other",
    "IndexAdd",
    fun () -> {
        new Altered() with
            override e.IndexAdd(axis, length, x, indices) =
                if axis = 0 && x.Rank = 1 then
                    let y = Array.zeroCreate<float> length
                    numbers indices |> Array.iteri (fun i k -> y[int k] <- (numbers x)[i])
                    e.Inner.Cast(x.DType, e.Inner.OfArray(Shape.Of length, y))
                else
                    e.Inner.IndexAdd(axis, length, x, indices)
    }

    "an index outside is clamped",
    "an index outside the axis is an EngineException",
    fun () -> {
        new Altered() with
            override e.IndexSelect(axis, x, indices) =
                let most = float (x.Shape[axis] - 1)
                let inside = like e.Inner indices (Array.map (fun k -> max 0.0 (min most k)))
                e.Inner.IndexSelect(axis, x, inside)
    }

    "an error spoils the next call",
    "errors leave the engine working",
    fun () ->
        let mutable isSpoiled = false

        {
            new Altered() with
                override e.MatMul(transposeA, transposeB, a, b) =
                    isSpoiled <- true
                    e.Inner.MatMul(transposeA, transposeB, a, b)

                override e.Unary(kind, x) =
                    let y = e.Inner.Unary(kind, x)

                    if isSpoiled then
                        isSpoiled <- false
                        e.Inner.Full(y.Shape, y.DType, 0.0)
                    else
                        y
        }

    "a whole step stays where it is",
    "WholeStep",
    fun () -> {
        new Altered() with
            override _.WholeStep(_, tensors) = [| tensors[0]; yield! tensors[2..] |]
    }

    "Keep does nothing",
    "what is kept outlives its scope",
    fun () -> scopes (fun e -> scopeOf (e.Inner.OpenScope()) (fun _ _ -> ()) _.IsEmpty)

    "views are not kept",
    "kept views live",
    fun () ->
        let keep (scope: EngineScope) (x: Tensor) =
            match x with
            | :? Raw as raw when raw.Offset > 0 -> ()
            | other -> scope.Keep other

        scopes (fun e -> scopeOf (e.Inner.OpenScope()) keep _.IsEmpty)

    "scopes take nothing back",
    "what nobody kept is an error when used",
    fun () ->
        scopes (fun e ->
            let scope = e.Inner.OpenScope()
            scope.KeepAll()
            scope
        )

    "every scope says that it is empty",
    "IsEmpty",
    fun () ->
        scopes (fun e ->
            scopeOf (e.Inner.OpenScope()) (fun scope x -> scope.Keep x) (fun _ -> true)
        )

    "Lasting lends what the scope takes back",
    "Detach and Lasting",
    fun () -> {
        new Altered() with
            override e.Detach() =
                let inner = e.Inner.Detach()

                {
                    new EngineDetachment with
                        member _.Lasting x = x
                        member _.Dispose() = inner.Dispose()
                }
    }

    "memory is given out before it is cleared",
    "memory used again never shows through",
    fun () ->
        let mutable kept: float[] = [||]

        {
            new Altered() with
                override e.Binary(kind, a, b) =
                    let y = e.Inner.Binary(kind, a, b)

                    if y.DType = DType.Float64 && y.Length = kept.Length then
                        e.Inner.OfArray(y.Shape, kept)
                    else
                        kept <- numbers y
                        y
        }

    "the cotangent of products is a little off",
    "gradient",
    fun () -> {
        new AlteredDeeply() with
            override e.Binary(kind, a, b) =
                let y = e.Inner.Binary(kind, a, b)

                if kind = Binary.Multiply then
                    e.Inner.Affine(1.0 + 1e-7, 0.0, y)
                else
                    y
    }

    "sums lose their last digits",
    "values agree with the managed engine's",
    fun () -> {
        new AlteredDeeply() with
            override e.Reduce(kind, axes, keep, x) =
                let y = e.Inner.Reduce(kind, axes, keep, x)

                if kind = Reduction.Sum then
                    e.Inner.Affine(1.0 + 1e-11, 0.0, y)
                else
                    y
    }

    "the derivative of relu is 1 everywhere",
    "gradients through every operation",
    fun () -> {
        new AlteredDeeply() with
            override e.Binary(kind, a, b) =
                if kind = Binary.ReluGradient then
                    e.Inner.Binary(
                        Binary.Add,
                        e.Inner.Binary(Binary.Multiply, a, e.Inner.Full(a.Shape, a.DType, 0.0)),
                        b
                    )
                else
                    e.Inner.Binary(kind, a, b)
    }

    "batched products forget a flag",
    "vmap",
    fun () -> {
        new AlteredDeeply() with
            override e.MatMul(transposeA, transposeB, a, b) =
                let isBatched = a.Rank > 2 || b.Rank > 2
                let y = e.Inner.MatMul(transposeA, transposeB, a, b)
                if isBatched then e.Inner.Affine(1.0 + 1e-6, 0.0, y) else y
    }
]

/// The fault, the law that must find it, and the engine.
let all: (string * string * (unit -> Engine)) list =
    BrokenOperations.all @ inKeeping
