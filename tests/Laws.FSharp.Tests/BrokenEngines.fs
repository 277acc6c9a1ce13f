/// Engines with one deliberate fault each.
module internal Optim.LawsTests.BrokenEngines

open System
open System.Threading
open Optim
open Optim.Managed
open Optim.Primitives

let private numbers (x: Tensor) : float[] = x.ToArray()

/// A tensor like x with other numbers.
let private like (inner: Engine) (x: Tensor) (change: float[] -> float[]) : Tensor =
    inner.Cast(x.DType, inner.OfArray(x.Shape, change (numbers x)))

/// A scope with another way to keep.
let private scopeOf
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

let private unary (change: Engine -> Unary -> Tensor -> Tensor voption) : Engine = {
    new Altered() with
        override e.Unary(kind, x) =
            change e.Inner kind x
            |> ValueOption.defaultWith (fun () -> e.Inner.Unary(kind, x))
}

let private binary (change: Engine -> Binary -> Tensor -> Tensor -> Tensor voption) : Engine = {
    new Altered() with
        override e.Binary(kind, a, b) =
            change e.Inner kind a b
            |> ValueOption.defaultWith (fun () -> e.Inner.Binary(kind, a, b))
}

let private only (condition: bool) (result: unit -> Tensor) : Tensor voption =
    if condition then ValueSome(result ()) else ValueNone

let private scopes (change: Altered -> EngineScope) : Engine = {
    new Altered() with
        override e.OpenScope() = change e
}

/// The fault, the law that must find it, and the engine.
let all: (string * string * (unit -> Engine)) list = [
    "the maximum drops NaN",
    "Maximum",
    fun () ->
        binary (fun inner kind a b ->
            only
                (kind = Binary.Maximum && a.DType <> DType.Bool)
                (fun () -> inner.Where(inner.Compare(Comparison.Greater, a, b), a, b))
        )

    "every reduction over nothing is 0",
    "Reduce over no elements",
    fun () -> {
        new Altered() with
            override e.Reduce(kind, axes, keep, x) =
                let y = e.Inner.Reduce(kind, axes, keep, x)

                if x.Length = 0 then
                    e.Inner.Full(y.Shape, y.DType, 0.0)
                else
                    y
    }

    "logsumexp overflows",
    "Reduce LogSumExp",
    fun () -> {
        new Altered() with
            override e.Reduce(kind, axes, keep, x) =
                if kind = Reduction.LogSumExp then
                    let sums =
                        e.Inner.Reduce(Reduction.Sum, axes, keep, e.Inner.Unary(Unary.Exp, x))

                    e.Inner.Unary(Unary.Log, sums)
                else
                    e.Inner.Reduce(kind, axes, keep, x)
    }

    "the sum depends on how often it was asked",
    "the same call gives the same bits",
    fun () ->
        let mutable calls = 0

        {
            new Altered() with
                override e.Reduce(kind, axes, keep, x) =
                    let y = e.Inner.Reduce(kind, axes, keep, x)

                    if kind = Reduction.Sum && y.DType = DType.Float64 then
                        calls <- calls + 1
                        e.Inner.Affine(1.0 + 1e-16 * float (2 * (calls % 3)), 0.0, y)
                    else
                        y
        }

    "backward ranges begin one too late",
    "Slice",
    fun () -> {
        new Altered() with
            override e.Slice(ranges, x) =
                let moved =
                    ranges
                    |> Array.mapi (fun axis r ->
                        if r.Step < 0 && r.Count > 0 && r.Start + 1 < x.Shape[axis] then
                            { r with Start = r.Start + 1 }
                        else
                            r
                    )

                e.Inner.Slice(moved, x)
    }

    "the last of the largest is found",
    "ArgReduce finds the first",
    fun () -> {
        new Altered() with
            override e.ArgReduce(largest, axis, x) =
                let ranges =
                    x.Shape.ToArray() |> Array.map (fun n -> { Start = 0; Step = 1; Count = n })

                let n = x.Shape[axis]
                ranges[axis] <- { Start = max 0 (n - 1); Step = -1; Count = n }
                let back = e.Inner.ArgReduce(largest, axis, e.Inner.Slice(ranges, x))
                e.Inner.Affine(-1.0, float (n - 1), back)
    }

    "Cholesky gives zeros where it fails",
    "Cholesky of what is not positive definite is NaN",
    fun () -> {
        new Altered() with
            override e.Cholesky a =
                let l = e.Inner.Cholesky a
                like e.Inner l (Array.map (fun v -> if Double.IsNaN v then 0.0 else v))
    }

    "eigenvalues come in descending order",
    "SymmetricEigen",
    fun () -> {
        new Altered() with
            override e.SymmetricEigen a =
                let y = e.Inner.SymmetricEigen a

                let ranges =
                    y.Shape.ToArray() |> Array.map (fun n -> { Start = 0; Step = 1; Count = n })

                let n = y.Shape[y.Rank - 1]
                ranges[y.Rank - 1] <- { Start = max 0 (n - 1); Step = -1; Count = n }
                e.Inner.Slice(ranges, y)
    }

    "Q and R have other signs",
    "Qr",
    fun () -> {
        new Altered() with
            override e.Qr a = e.Inner.Affine(-1.0, 0.0, e.Inner.Qr a)
    }

    "a unit diagonal is read",
    "TriangularSolve",
    fun () -> {
        new Altered() with
            override e.TriangularSolve(triangle, transposed, _, a, b) =
                e.Inner.TriangularSolve(triangle, transposed, false, a, b)
    }

    "the flag of b is forgotten for square matrices",
    "MatMul with all transposes",
    fun () -> {
        new Altered() with
            override e.MatMul(transposeA, transposeB, a, b) =
                let isSquare = b.Shape[b.Rank - 1] = b.Shape[b.Rank - 2]
                e.Inner.MatMul(transposeA, transposeB && not isSquare, a, b)
    }

    "a repeated row is read as a column",
    "Expand",
    fun () -> {
        new Altered() with
            override e.Expand(shape, x) =
                let last = shape.Rank - 1

                if x.Length = shape[last] && x.Length > 1 && x.Length < shape.Length then
                    let repeated =
                        numbers x |> Array.collect (Array.replicate (shape.Length / x.Length))

                    e.Inner.Cast(x.DType, e.Inner.OfArray(shape, repeated))
                else
                    e.Inner.Expand(shape, x)
    }

    "a choice is computed with a product",
    "Where",
    fun () -> {
        new Altered() with
            override e.Where(condition, a, b) =
                if a.DType.IsFloating then
                    let weight = e.Inner.Cast(a.DType, condition)
                    let rest = e.Inner.Affine(-1.0, 1.0, weight)
                    let left = e.Inner.Binary(Binary.Multiply, weight, a)
                    e.Inner.Binary(Binary.Add, left, e.Inner.Binary(Binary.Multiply, rest, b))
                else
                    e.Inner.Where(condition, a, b)
    }

    "NaN equals NaN",
    "Equal",
    fun () -> {
        new Altered() with
            override e.Compare(kind, a, b) =
                let y = e.Inner.Compare(kind, a, b)

                if kind = Comparison.Equal && a.DType.IsFloating then
                    let bad x = e.Inner.Unary(Unary.IsNaN, x)
                    e.Inner.Binary(Binary.Maximum, y, e.Inner.Binary(Binary.Minimum, bad a, bad b))
                else
                    y
    }

    "halves are rounded away from 0",
    "Round",
    fun () ->
        unary (fun inner kind x ->
            only
                (kind = Unary.Round && x.DType.IsFloating)
                (fun () ->
                    like
                        inner
                        x
                        (Array.map (fun v -> Math.Round(v, MidpointRounding.AwayFromZero)))
                )
        )

    "the sign of NaN is 0",
    "Sign",
    fun () ->
        unary (fun inner kind x ->
            only
                (kind = Unary.Sign && x.DType.IsFloating)
                (fun () ->
                    like
                        inner
                        x
                        (Array.map (fun v -> if Double.IsNaN v then 0.0 else float (sign v)))
                )
        )

    "softplus overflows",
    "Softplus",
    fun () ->
        unary (fun inner kind x ->
            only
                (kind = Unary.Softplus)
                (fun () ->
                    inner.Unary(Unary.Log, inner.Affine(1.0, 1.0, inner.Unary(Unary.Exp, x)))
                )
        )

    "the exponential is of single precision",
    "Exp",
    fun () ->
        unary (fun inner kind x ->
            only
                (kind = Unary.Exp && x.DType = DType.Float64)
                (fun () ->
                    inner.Cast(
                        DType.Float64,
                        inner.Unary(Unary.Exp, inner.Cast(DType.Float32, x))
                    )
                )
        )

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
