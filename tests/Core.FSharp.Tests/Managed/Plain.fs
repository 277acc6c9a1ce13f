/// The slow and plain way to compute what the managed engine computes fast.
module Optim.CoreTests.Plain

open System
open Expecto
open Optim
open Optim.Managed

let engine: Engine = ManagedEngine.Instance

let tensor (shape: int list) (values: Array) : Tensor =
    engine.OfArray(Shape.Of(Array.ofList shape), values)

let floats (x: Tensor) : float[] = x.ToArray()

let truths (x: Tensor) : bool[] = engine.ToArray x :?> bool[]

let wholes (x: Tensor) : int64[] = engine.ToArray x :?> int64[]

/// Numbers from −3 to 3 that depend on the seed and the position only.
let numbers (seed: int) (n: int) : float[] =
    Array.init n (fun i -> Math.Sin(float (i * 7919 + seed * 104729 + 1)) * 3.0)

/// The position in an operand of shape `part` that belongs to position `i` of the broadcast shape.
let position (whole: Shape) (part: Shape) (i: int) : int =
    let strides = Shape.strides whole
    let own = Shape.strides part
    let mutable at = 0

    for axis in 0 .. part.Rank - 1 do
        let place = axis + whole.Rank - part.Rank
        let index = i / strides[place] % whole.Dims[place]

        if part.Dims[axis] <> 1 then
            at <- at + index * own[axis]

    at

/// Numbers agree to this many relative units, or both are NaN, or they are the same infinity or zero.
let same (tolerance: float) (message: string) (expected: float) (actual: float) : unit =
    let isSame =
        (Double.IsNaN expected && Double.IsNaN actual)
        || expected = actual
        || Math.Abs(actual - expected) <= tolerance * Math.Abs expected

    Expect.isTrue isSame $"{message}: got {actual:R}, expected {expected:R}"

let allSame (tolerance: float) (message: string) (expected: float[]) (actual: float[]) : unit =
    Expect.equal actual.Length expected.Length $"{message}: length"

    for i in 0 .. expected.Length - 1 do
        same tolerance $"{message} at {i}" expected[i] actual[i]
