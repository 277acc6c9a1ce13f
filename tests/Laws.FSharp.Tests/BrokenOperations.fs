/// Engines with one deliberate fault in an operation each.
module internal Optim.LawsTests.BrokenOperations

open System
open Optim
open Optim.LawsTests.Alterations

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
]
