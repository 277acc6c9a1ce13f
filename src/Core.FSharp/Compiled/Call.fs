namespace Optim.Compiled

open System
open Optim
open Optim.Managed
open Optim.Primitives

/// A primitive made ready for operands of fixed shapes and element types on the managed engine. It writes its result where
/// it is told to. One call may be used by many threads at once.
[<AbstractClass>]
type internal Call() =

    /// Operand i is contiguous in inputs[i] from offsets[i] on; the result is written to `output` from position `at` on and
    /// overlaps no operand.
    abstract Run: inputs: Array[] * offsets: int[] * output: Array * at: int -> unit

/// Evaluates and copies: for whatever has no form of its own. Allocates what the primitive allocates, in a scope.
[<Sealed>]
type internal EvaluatedCall(primitive: obj, inputs: struct (Shape * DType)[], length: int) =
    inherit Call()

    let engine = ManagedEngine.Instance :> Engine

    override _.Run(arrays, offsets, output, at) =
        let operand i : Tensor =
            let struct (shape, dtype) = inputs[i]
            Raw(arrays[i], offsets[i], shape, dtype, engine)

        use _ = engine.OpenScope()

        let result = Graph.evaluate primitive (Array.init inputs.Length operand)

        match result with
        | :? Raw as raw -> Array.Copy((raw.Storage :?> Array), raw.Offset, output, at, length)
        | other -> invalidOp $"a primitive gave a tensor of level {other.Level}"

/// Calls of primitives. Without garbage are elementwise functions, and those that move, choose, fold and multiply matrices,
/// apart from small arrays of lengths and strides where operands broadcast along several axes or three axes or more are
/// moved, from `where`, and from what .NET allocates to share large work among threads. Factorizations and a
/// user's own operations allocate what they do eagerly.
[<RequireQualifiedAccess>]
module internal Call =

    let private positions (indices: Array) : int64[] = indices :?> int64[]

    /// The call of a primitive for operands and a result of these shapes and element types.
    let prepare
        (operation: Operation)
        (primitive: obj)
        (inputs: struct (Shape * DType)[])
        (output: struct (Shape * DType))
        : Call =
        let struct (shape, _) = output

        let dims (i: int) : int[] =
            let struct (shape, _) = inputs[i]
            shape.Dims

        let evaluated () : Call =
            EvaluatedCall(primitive, inputs, shape.Length)

        let reduced (kind: Reduction) (axes: int[]) : Call =
            let dims = dims 0

            {
                new Call() with
                    member _.Run(x, from, y, at) =
                        Shaping.reduceInto kind axes dims x[0] from[0] y at
            }

        let pair (work: DType -> Shape -> Shape -> PairWork) : Call =
            let struct (a, dtype), struct (b, _) = inputs[0], inputs[1]
            let work = work dtype a b

            {
                new Call() with
                    member _.Run(x, from, y, at) =
                        work.Run(x[0], from[0], x[1], from[1], y, at)
            }

        if shape.Length = 0 then
            evaluated ()
        else
            match operation with
            | Operation.Affine(scale, shift) -> {
                new Call() with
                    member _.Run(x, from, y, at) =
                        Elementwise.affineInto scale shift x[0] from[0] y at shape.Length
              }
            | Operation.Unary kind -> {
                new Call() with
                    member _.Run(x, from, y, at) =
                        Elementwise.unaryInto kind x[0] from[0] y at shape.Length
              }
            | Operation.Cast _ -> {
                new Call() with
                    member _.Run(x, from, y, at) =
                        Casting.castInto x[0] from[0] y at shape.Length
              }
            | Operation.Binary kind -> pair (Elementwise.binaryInto kind)
            | Operation.Compare kind -> pair (Elementwise.compareInto kind)
            | Operation.Where ->
                let struct (condition, _), struct (a, _), struct (b, _) =
                    inputs[0], inputs[1], inputs[2]

                let walk = Elementwise.chooseWalk condition a b

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Elementwise.chooseInto walk x[0] x[1] x[2] from y at
                }
            | Operation.MatMul(transposeA, transposeB) ->
                let struct (shapeA, dtype), struct (shapeB, _) = inputs[0], inputs[1]

                if dtype.IsFloating then
                    let product = Product(transposeA, transposeB, shapeA, shapeB)

                    {
                        new Call() with
                            member _.Run(x, from, y, at) =
                                product.Run(x[0], from[0], x[1], from[1], y, at)
                    }
                else
                    evaluated ()
            | Operation.Sum(axes, _) -> reduced Reduction.Sum axes
            | Operation.Reduce(kind, axes, _) -> reduced kind axes
            | Operation.CumulativeSum(axis, reversed) ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Shaping.cumulativeSumInto axis reversed dims x[0] from[0] y at
                }
            | Operation.ArgReduce(largest, axis) ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Shaping.argReduceInto largest axis dims x[0] from[0] y at
                }
            | Operation.Permute axes ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Shaping.permuteInto axes dims x[0] from[0] y at
                }
            | Operation.Expand target ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Shaping.expandInto target.Dims dims x[0] from[0] y at
                }
            | Operation.Slice ranges ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Shaping.sliceInto ranges dims x[0] from[0] y at
                }
            | Operation.Reshape target ->
                let length = target.Length

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            Array.Copy(x[0], from[0], y, at, length)
                }
            | Operation.Assemble(target, ranges) -> {
                new Call() with
                    member _.Run(x, from, y, at) =
                        Shaping.assembleInto target.Dims ranges x from y at
              }
            | Operation.IndexSelect axis ->
                let dims = dims 0
                let struct (list, _) = inputs[1]
                let count = list.Length

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            let list = positions x[1]
                            Choosing.indexSelectInto axis dims x[0] from[0] list from[1] count y at
                }
            | Operation.Gather axis ->
                let dims, shape = dims 0, dims 1

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            let list = positions x[1]
                            Choosing.gatherInto axis dims x[0] from[0] list from[1] shape y at
                }
            | Operation.IndexAdd(axis, length) ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            let list = positions x[1]
                            Choosing.indexAddInto axis length dims x[0] from[0] list from[1] y at
                }
            | Operation.ScatterAdd(axis, length) ->
                let dims = dims 0

                {
                    new Call() with
                        member _.Run(x, from, y, at) =
                            let list = positions x[1]
                            Choosing.scatterAddInto axis length dims x[0] from[0] list from[1] y at
                }
            | Operation.Cholesky
            | Operation.Solve
            | Operation.TriangularSolve _
            | Operation.Qr
            | Operation.SymmetricEigen
            | Operation.LogDeterminant
            | Operation.Opaque _ -> evaluated ()
