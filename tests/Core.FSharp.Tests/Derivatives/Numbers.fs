/// Numbers, comparisons and differences that the tests of derivatives share.
module Optim.CoreTests.Derivatives.Numbers

open System
open Expecto
open Optim
open Optim.Core

/// Numbers from −1 to 1 that depend on the seed and the position only.
let noise (seed: int) (n: int) : float[] =
    Array.init n (fun i -> Math.Sin(float (i * 7919 + seed * 104729 + 1)))

let tensor (shape: int list) (values: float seq) : Tensor =
    Tensor.create shape (Array.ofSeq values)

let vector (values: float list) : Tensor = tensor [ values.Length ] values

/// A tensor of x's shape, element type and engine.
let like (x: Tensor) (values: float[]) : Tensor =
    Tensor.createOn x.Engine (x.Shape.ToArray()) values |> Tensor.cast x.DType

let noiseLike (x: Tensor) (seed: int) : Tensor = like x (noise seed x.Length)

let inner (a: Tensor) (b: Tensor) : float =
    Array.fold2 (fun total x y -> total + x * y) 0.0 (a.ToArray()) (b.ToArray())

/// Shapes agree and |actual − expected| ≤ tolerance · max(1, max |expected|) in every element; NaN only beside NaN.
let close (tolerance: float) (what: string) (expected: Tensor) (actual: Tensor) : unit =
    Expect.equal (actual.Shape.ToString()) (expected.Shape.ToString()) $"{what}: shape"
    let e, a = expected.ToArray(), actual.ToArray()

    let scale =
        e |> Array.fold (fun m v -> if Double.IsFinite v then max m (abs v) else m) 1.0

    for i in 0 .. e.Length - 1 do
        let same =
            (Double.IsNaN e[i] && Double.IsNaN a[i])
            || e[i] = a[i]
            || abs (a[i] - e[i]) <= tolerance * scale

        if not same then
            failtest $"{what}: element {i} is {a[i]:R}, expected {e[i]:R} (scale {scale:G3})"

let closeNumber (tolerance: float) (what: string) (expected: float) (actual: float) : unit =
    close tolerance what (Tensor.scalar expected) (Tensor.scalar actual)

/// The derivative of f along v by central differences of fourth order.
let differences (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : Tensor =
    let h = if x.DType = DType.Float32 then 0.02 else 1e-3
    let at (move: float) = f (x + move * v)
    let near, far = at h - at -h, at (2.0 * h) - at (-2.0 * h)
    (8.0 * near - far) / (12.0 * h)
