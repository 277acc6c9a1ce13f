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

/// Calls of primitives.
[<RequireQualifiedAccess>]
module internal Call =

    /// The call of a primitive for operands and a result of these shapes and element types.
    let prepare
        (_operation: Operation)
        (primitive: obj)
        (inputs: struct (Shape * DType)[])
        (output: struct (Shape * DType))
        : Call =
        let struct (shape, _) = output
        EvaluatedCall(primitive, inputs, shape.Length)
