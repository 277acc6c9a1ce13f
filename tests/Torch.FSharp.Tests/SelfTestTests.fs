module Optim.TorchTests.SelfTestTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Torch
open Optim.TorchTests.Testing

/// An engine that answers one method with a wrong number, and one with an error.
let private spoiled (engine: Engine) : Engine = {
    new Engine with
        member _.Name = engine.Name
        member _.Device = engine.Device
        member _.Full(shape, dtype, value) = engine.Full(shape, dtype, value)
        member _.OfArray(shape, values) = engine.OfArray(shape, values)
        member _.ToArray x = engine.ToArray x
        member _.Read x = engine.Read x
        member _.Unary(kind, x) = engine.Unary(kind, x)
        member _.Affine(scale, shift, x) = engine.Affine(scale, shift, x)
        member _.Binary(kind, a, b) = engine.Binary(kind, a, b)
        member _.Compare(kind, a, b) = engine.Compare(kind, a, b)
        member _.Where(condition, a, b) = engine.Where(condition, a, b)
        member _.Cast(dtype, x) = engine.Cast(dtype, x)
        member _.Reduce(kind, axes, keep, x) = engine.Reduce(kind, axes, keep, x)

        // Wrong: it always runs forwards.
        member _.CumulativeSum(axis, _, x) = engine.CumulativeSum(axis, false, x)
        member _.ArgReduce(largest, axis, x) = engine.ArgReduce(largest, axis, x)

        member _.MatMul(_, _, _, _) =
            raise (
                EngineException("mm", "(2, 2) and (2, 2)", "torch", "no such operation", 1, null)
            )

        member _.Reshape(shape, x) = engine.Reshape(shape, x)
        member _.Permute(axes, x) = engine.Permute(axes, x)
        member _.Expand(shape, x) = engine.Expand(shape, x)
        member _.Slice(ranges, x) = engine.Slice(ranges, x)
        member _.Assemble(shape, ranges, pieces) = engine.Assemble(shape, ranges, pieces)
        member _.IndexSelect(axis, x, indices) = engine.IndexSelect(axis, x, indices)

        member _.IndexAdd(axis, length, x, indices) =
            engine.IndexAdd(axis, length, x, indices)

        member _.Gather(axis, x, indices) = engine.Gather(axis, x, indices)

        member _.ScatterAdd(axis, length, x, indices) =
            engine.ScatterAdd(axis, length, x, indices)

        member _.Cholesky a = engine.Cholesky a
        member _.Solve(a, b) = engine.Solve(a, b)

        member _.TriangularSolve(triangle, transposed, unit, a, b) =
            engine.TriangularSolve(triangle, transposed, unit, a, b)

        member _.Qr a = engine.Qr a
        member _.SymmetricEigen a = engine.SymmetricEigen a
        member _.LogDeterminant a = engine.LogDeterminant a
        member _.WholeStep(step, tensors) = engine.WholeStep(step, tensors)
        member _.OpenScope() = engine.OpenScope()
        member _.Detach() = engine.Detach()
}

let private passes (engine: Engine) =
    for row in Torch.selfTest engine do
        Expect.equal (row.Passed, row.Message) (true, "") row.Family

[<Tests>]
let tests =
    testList "self-test" [
        testCase "the managed engine gives every known result"
        <| fun () -> passes Engines.managed

        onTorch "libtorch gives every known result" passes

        testCase "a wrong result and an error are told with their families"
        <| fun () ->
            let failed =
                Torch.selfTest (spoiled Engines.managed)
                |> List.filter (fun row -> not row.Passed)
                |> List.map (fun row -> row.Family, row.Message)

            Expect.equal
                failed
                [
                    "reductions",
                    "CumulativeSum reversed gave 1, 3, 6, -4, 1, 7 where 6, 5, 3, 7, 11, 6 is right"
                    "products", "mm: no such operation"
                ]
                "two families"

        testCase "an engine that fails is refused with the library's version"
        <| fun () ->
            let e =
                Expect.throwsC
                    (fun () -> SelfTest.demand (spoiled Engines.managed) (System.Version(2, 99)))
                    id
                :?> EngineException

            Expect.equal e.Operation "SelfTest" "operation"

            Expect.stringStarts
                e.Detail
                "libtorch 2.99 computes something else than the versions that this engine was written for: reductions (CumulativeSum reversed gave"
                "detail"
    ]
