(**
---
title: Check an engine
category: How to
categoryindex: 3
index: 6
---
# Check an engine

An engine is what computes on tensors: `Optim.Engine`, an interface with one member for each operation. `EngineLaws` says what
every engine must do: each operation on numbers of every size, NaN and infinities among them, on all element types and on
views, against plain formulas in double precision; and what holds for all operations together, such as scopes, threads and
derivatives. The same laws are the tests of the managed engine and of the one on libtorch, and `optim gpu-check` prints their
report.
*)
#r "../../src/Laws.FSharp/bin/Release/net10.0/Optim.Core.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/FsCheck.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/Expecto.dll"
#r "../../src/Laws.FSharp/bin/Release/net10.0/Optim.Laws.dll"

open Optim
open Optim.Core
open Optim.Laws

let lawful = EngineLaws.report EngineLaws.quick Engines.managed
printfn "%O" lawful
(*** include-output ***)

(**
`EngineLaws.quick` looks at three cases of each law for each element type, `EngineLaws.all` at twelve. Cases are generated, and
the seed fixes them: the same settings give the same report.

## An engine with a fault

Here is the managed engine with a maximum that forgets what NaN means: it takes a where a > b, else b. Everything else is
handed on.
*)
let inner = Engines.managed

let forgetful = {
    new Engine with
        member _.Name = "forgetful"
        member _.Device = inner.Device

        member _.Binary(kind, a, b) =
            if kind = Binary.Maximum && a.DType.IsFloating then
                inner.Where(inner.Compare(Comparison.Greater, a, b), a, b)
            else
                inner.Binary(kind, a, b)

        member _.Full(shape, dtype, value) = inner.Full(shape, dtype, value)
        member _.OfArray(shape, values) = inner.OfArray(shape, values)
        member _.ToArray x = inner.ToArray x
        member _.Read x = inner.Read x
        member _.Unary(kind, x) = inner.Unary(kind, x)
        member _.Affine(scale, shift, x) = inner.Affine(scale, shift, x)
        member _.Compare(kind, a, b) = inner.Compare(kind, a, b)
        member _.Where(condition, a, b) = inner.Where(condition, a, b)
        member _.Cast(dtype, x) = inner.Cast(dtype, x)
        member _.Reduce(kind, axes, keep, x) = inner.Reduce(kind, axes, keep, x)
        member _.CumulativeSum(axis, reversed, x) = inner.CumulativeSum(axis, reversed, x)
        member _.ArgReduce(largest, axis, x) = inner.ArgReduce(largest, axis, x)

        member _.MatMul(transposeA, transposeB, a, b) =
            inner.MatMul(transposeA, transposeB, a, b)

        member _.Reshape(shape, x) = inner.Reshape(shape, x)
        member _.Permute(axes, x) = inner.Permute(axes, x)
        member _.Expand(shape, x) = inner.Expand(shape, x)
        member _.Slice(ranges, x) = inner.Slice(ranges, x)
        member _.Assemble(shape, ranges, pieces) = inner.Assemble(shape, ranges, pieces)
        member _.IndexSelect(axis, x, indices) = inner.IndexSelect(axis, x, indices)

        member _.IndexAdd(axis, length, x, indices) =
            inner.IndexAdd(axis, length, x, indices)

        member _.Gather(axis, x, indices) = inner.Gather(axis, x, indices)

        member _.ScatterAdd(axis, length, x, indices) =
            inner.ScatterAdd(axis, length, x, indices)

        member _.Cholesky a = inner.Cholesky a
        member _.Solve(a, b) = inner.Solve(a, b)

        member _.TriangularSolve(triangle, transposed, unit, a, b) =
            inner.TriangularSolve(triangle, transposed, unit, a, b)

        member _.Qr a = inner.Qr a
        member _.SymmetricEigen a = inner.SymmetricEigen a
        member _.LogDeterminant a = inner.LogDeterminant a
        member _.WholeStep(step, tensors) = inner.WholeStep(step, tensors)
        member _.OpenScope() = inner.OpenScope()
        member _.Detach() = inner.Detach()
}

let faulty =
    EngineLaws.report [ EngineLaws.find "Maximum"; EngineLaws.find "Minimum" ] forgetful

printfn "%O" faulty
(*** include-output ***)

(**
The report names the law, the case, and the first element that is wrong with the numbers that went into it.

## As tests

`EngineLaws.forEngine engine` is the same as Expecto tests, one for each law. The laws of methods run on an engine too: their
problems start there, and their constants follow.
*)
let settings = { LawSettings.defaults with Cases = 3; Engine = Engines.managed }
let newton = Laws.runOn settings Claims.none (Newton.create Newton.defaults)
printfn "%O" newton
(*** include-output ***)

if not lawful.IsLawful || faulty.IsLawful || not newton.IsLawful then
    exit 1
