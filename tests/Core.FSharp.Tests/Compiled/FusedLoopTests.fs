/// Fused loops at sizes around the length of a vector, the length of a partial sum and the cutting into parts: at each, the
/// values, gradients, Hessian products and batches of functions that move elements in every way.
module Optim.CoreTests.FusedLoopTests

open System
open Expecto
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Core.Derivatives

let private points (n: int) : Tensor =
    Tensor.ofArray (Array.init n (fun i -> sin (float i * 1.7) + 1.2))

let private directions (n: int) : Tensor =
    Tensor.ofArray (Array.init n (fun i -> cos (float i)))

/// The largest difference, as a part of the largest element.
let private difference (expected: Tensor) (actual: Tensor) : float =
    let expected, actual = expected.ToArray(), actual.ToArray()
    let size = expected |> Array.map abs |> Array.max

    Array.map2
        (fun (a: float) b -> if a.Equals b then 0.0 else abs (a - b) / (size + 1e-300))
        expected
        actual
    |> Array.max

let private agrees (name: string) (epsilon: float) (f: Tensor -> Tensor) (x: Tensor) : unit =
    let found = difference (f x) (Compile.compile f x)
    // Written so that NaN fails.
    Expect.isTrue (found <= epsilon) $"{name}: compiled and eager differ by a part {found:g3}"

/// All but the last element.
let private before (x: Tensor) : Tensor = x[.. x.Length - 2]

let private chain (x: Tensor) : Tensor =
    let a, b = before x, x[1..]

    100.0 * Tensor.sum (Tensor.square (b - Tensor.square a))
    + Tensor.sum (Tensor.square (1.0 - a))

let private rowsOf (columns: int) (x: Tensor) : Tensor =
    Shaping.reshape [ x.Length / columns; columns ] x

/// Name, the least length, of which the length is a multiple, the function.
let private functions: (string * int * int * (Tensor -> Tensor)) list = [
    "a chain", 2, 1, chain
    "second differences",
    5,
    1,
    fun x ->
        let n = x.Length
        Tensor.sum (exp (x[0 .. n - 3] - 2.0 * x[1 .. n - 2] + x[2..]))
    "differences of differences",
    5,
    1,
    fun x ->
        let d = x[1..] - before x
        let e = d[1..] * before d
        Tensor.sum (sin e) + Tensor.sum (Tensor.square d)
    "every fourth",
    4,
    4,
    fun x ->
        let part i = Shaping.slice 0 i (x.Length / 4) 4 x

        Tensor.sum (Tensor.square (part 0 + 10.0 * part 1))
        + Tensor.sum (Tensor.square (part 2 - part 3) * part 0)
    "backwards", 2, 1, (fun x -> Tensor.sum (x * Shaping.flip 0 x * tanh x))
    "sums of rows", 6, 6, fun x -> Tensor.sum (log (Tensor.sumOver [ 1 ] (exp -(rowsOf 6 x))))
    "sums of columns",
    6,
    6,
    fun x -> Tensor.sum (sqrt (Tensor.sumOver [ 0 ] (Tensor.square (rowsOf 6 x))))
    "a row for all rows",
    6,
    6,
    fun x ->
        let m = rowsOf 6 x
        Tensor.sum (tanh (m + m[0]) * Tensor.sumKeep [ 1 ] m)
    "a transposed matrix",
    6,
    6,
    fun x ->
        let m = rowsOf 6 x
        let t = Shaping.transpose m

        Tensor.sum (Tensor.square (Tensor.matmul t m))
        + Tensor.sum (t * Tensor.sumKeep [ 0 ] t)
    "three axes",
    12,
    12,
    fun x ->
        let m = Shaping.reshape [ x.Length / 12; 4; 3 ] x

        Tensor.sum (Tensor.square (Tensor.sumOver [ 1 ] m))
        + Tensor.sum (exp (0.001 * Tensor.sumOver [ 0; 2 ] (m * m)))
    "choices",
    2,
    1,
    fun x ->
        let one = Tensor.onesLike (Tensor.sum x)

        Tensor.sum (Tensor.where (Tensor.greater x one) (Tensor.square x) (Tensor.abs (x - 2.0)))
        + Tensor.sum (Tensor.maximum x (1.1 * one))
    "a deviation",
    2,
    1,
    fun x ->
        let centred = x - Tensor.mean x
        sqrt (Tensor.mean (Tensor.square centred)) + Tensor.logSumExp x
    "joined",
    3,
    1,
    fun x ->
        let y = Shaping.concat 0 [ x[1..]; sin x; x[0..0] ]
        Tensor.sum (y * Shaping.flip 0 y)
    "softmax", 6, 6, (fun x -> Tensor.sum (Tensor.square (Tensor.softmax 1 (rowsOf 6 x))))
    "special functions",
    1,
    1,
    fun x ->
        Tensor.sum (
            Tensor.power 2.5 x
            + Tensor.pow x (0.5 * x)
            + Tensor.erf x
            + Tensor.logGamma x
            + Tensor.sigmoid x * Tensor.softplus x
        )
]

// Around 8 and 16 lanes, and around the 2,048 and 4,096 elements of partial sums.
let private lengths =
    [ 1..9 ]
    @ [ 12; 15; 16; 17; 24; 31; 32; 33; 48; 60; 96; 252; 4096; 4104; 4999; 6000 ]

let private cases (check: string -> (Tensor -> Tensor) -> int -> unit) : Test list = [
    for name, least, multiple, f in functions do
        testCase
            name
            (fun () ->
                for n in lengths do
                    if n >= least && n % multiple = 0 then
                        check $"{name}, {n} elements" f n
            )
]

[<Tests>]
let tests =
    testList "Fused loops" [
        testList
            "values and gradients"
            (cases (fun name f n ->
                agrees name 1e-13 f (points n)
                agrees name 1e-13 (grad f) (points n)
            ))
        testList
            "Hessian products"
            (cases (fun name f n -> agrees name 1e-13 (fun x -> hvp f x (directions n)) (points n)))
        testList
            "single precision"
            (cases (fun name f n ->
                if n <= 60 then
                    agrees name 1e-5 (grad f) (Tensor.cast DType.Float32 (points n))
            ))
        testList
            "batches"
            (cases (fun name f n ->
                if n <= 96 then
                    agrees name 1e-13 (vmap (grad f)) (Shaping.reshape [ 4; n ] (points (4 * n)))
            ))

        testCase
            "what loops reach by address outlives collections"
            (fun () ->
                let n = 1000
                let f = Derived.arrays chain n
                let x, gradient = (points n).ToArray(), Array.zeroCreate n
                let value = f.ValueAndGradient(x, gradient)
                let expected = Array.copy gradient

                for _ in 1..5 do
                    GC.Collect()
                    GC.WaitForPendingFinalizers()
                    // Takes the place of whatever pinned memory was given up.
                    let other = Array.init 500 (fun _ -> GC.AllocateArray<float>(8, true))
                    other |> Array.iter (fun a -> Array.Fill(a, nan))
                    Expect.equal (f.ValueAndGradient(x, gradient)) value "value"
                    Expect.equal gradient expected "gradient"
                    GC.KeepAlive other
            )

        testCase
            "loops long enough for parts agree, and do not depend on the run"
            (fun () ->
                let n = 3_000_017
                let x = points n
                agrees "value" 1e-13 chain x
                agrees "gradient" 1e-13 (grad chain) x
                let m = Shaping.reshape [ n / 100; 100 ] (x[0 .. n / 100 * 100 - 1])

                let f (axis: int) (m: Tensor) =
                    Tensor.sumOver [ axis ] (Tensor.square m + sin m)

                agrees "rows" 1e-13 (f 1) m
                agrees "columns" 1e-13 (f 0) m
                let total = Compile.compile (fun m -> Tensor.sum (Tensor.square m + sin m))
                Expect.equal ((total m).ToScalar()) ((total m).ToScalar()) "bit by bit"
            )
    ]
