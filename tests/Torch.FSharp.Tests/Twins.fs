/// The same tensors on libtorch and on the managed engine, in all the ways they can lie in memory.
module Optim.TorchTests.Twins

#nowarn "51" // addresses for libtorch's answers

open System
open Expecto
open Optim
open Optim.Core
open Optim.Torch

let managed: Engine = Engines.managed

/// libtorch on the processor.
let torch () : Engine = Torch.engine ()

/// Its device.
let internal device () : TorchDevice =
    match torch () with
    | :? TorchEngine as own -> own.Place
    | other -> failtest $"expected an engine of libtorch, got {other.Name}"

/// Numbers from −3 to 3 that depend on the seed and the position only.
let numbers (seed: int) (n: int) : float[] =
    Array.init
        n
        (fun i ->
            let mixed = uint64 (i + 1009 * seed + 1) * 0x9E3779B97F4A7C15UL
            let mixed = (mixed ^^^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9UL
            6.0 * float (mixed >>> 11) / float (1UL <<< 53) - 3.0
        )

let singles (seed: int) (n: int) : float32[] = Array.map float32 (numbers seed n)

let wholes (seed: int) (n: int) : int64[] =
    numbers seed n |> Array.map (fun v -> int64 (Math.Round(v * 3.0)))

let truths (seed: int) (n: int) : bool[] =
    numbers seed n |> Array.map (fun v -> v > 0.0)

/// The element types, by a function that makes their values.
let values (dtype: DType) (seed: int) (n: int) : Array =
    match dtype with
    | DType.Float64 -> numbers seed n
    | DType.Float32 -> singles seed n
    | DType.Int64 -> wholes seed n
    | DType.Bool -> truths seed n

let size (shape: int list) : int = List.fold (*) 1 shape

let private pick (values: Array) (positions: int[]) : Array =
    match values with
    | :? (float[]) as v -> Array.map (fun i -> v[i]) positions
    | :? (float32[]) as v -> Array.map (fun i -> v[i]) positions
    | :? (int64[]) as v -> Array.map (fun i -> v[i]) positions
    | :? (bool[]) as v -> Array.map (fun i -> v[i]) positions
    | other -> invalidOp $"{other.GetType()}"

/// Ways to lie in memory.
type Form =
    | Rows
    | Reversed
    | Spaced
    | Backwards

let forms = [ Rows; Reversed; Spaced; Backwards ]

/// The tensor of these values, row by row to the reader, which lies in memory in the given form.
let lay (engine: Engine) (form: Form) (shape: int list) (values: Array) : Tensor =
    let dims = Array.ofList shape
    let rank = dims.Length
    let whole = Shape.Of dims
    let strides = Shape.strides whole

    match form with
    | Rows -> engine.OfArray(whole, values)
    | Reversed ->
        // Stored with the axes in reverse order, and permuted back.
        let back = Array.init rank (fun i -> rank - 1 - i)
        let stored = Shape(Array.rev dims)
        let own = Shape.strides stored

        let positions =
            Array.init
                whole.Length
                (fun i ->
                    Seq.sum (
                        seq {
                            for axis in 0 .. rank - 1 do
                                i / own[axis] % stored.Dims[axis] * strides[rank - 1 - axis]
                        }
                    )
                )

        engine.Permute(back, engine.OfArray(stored, pick values positions))
    | Spaced ->
        // Every second element of a larger tensor, from the second on.
        if values.Length = 0 then
            engine.OfArray(whole, values)
        else
            let wide = Shape(Array.map (fun n -> 2 * n + 1) dims)
            let own = Shape.strides wide

            let positions =
                Array.init
                    wide.Length
                    (fun i ->
                        Seq.sum (
                            seq {
                                for axis in 0 .. rank - 1 do
                                    let at = i / own[axis] % wide.Dims[axis]
                                    min (at / 2) (dims[axis] - 1) * strides[axis]
                            }
                        )
                    )

            let ranges = dims |> Array.map (fun n -> { Start = 1; Step = 2; Count = n })
            // Elements 1, 3, 5 … hold positions 0, 1, 2 …
            engine.Slice(ranges, engine.OfArray(wide, pick values positions))
    | Backwards ->
        // Stored from the last to the first, and sliced backwards.
        let turned = Array.init values.Length (fun i -> values.Length - 1 - i)

        let ranges =
            dims |> Array.map (fun n -> { Start = max 0 (n - 1); Step = -1; Count = n })

        engine.Slice(ranges, engine.OfArray(whole, pick values turned))

/// libtorch's own description of the memory behind a tensor agrees with ours.
let honest (message: string) (x: Tensor) : unit =
    match x with
    | :? TorchTensor as t ->
        let handle = t.Borrow()
        let mutable code = -1
        Native.aoti_torch_get_dtype (handle, &&code) |> ignore
        let mutable rank = -1L
        Native.aoti_torch_get_dim (handle, &&rank) |> ignore
        let mutable sizes = 0n
        Native.aoti_torch_get_sizes (handle, &&sizes) |> ignore
        let mutable strides = 0n
        Native.aoti_torch_get_strides (handle, &&strides) |> ignore

        let read (at: nativeint) =
            ReadOnlySpan<int64>(at.ToPointer(), int rank).ToArray()

        let sizes, strides = read sizes, read strides
        t.GiveBack handle
        Expect.equal code (TorchDevice.CodeOf x.DType) $"{message}: element type"
        Expect.equal sizes (Array.map int64 x.Shape.Dims) $"{message}: shape"

        if x.Length > 0 then
            let own = Strides.spelled x.Shape t.Strides

            for axis in 0 .. x.Rank - 1 do
                if x.Shape.Dims[axis] <> 1 then
                    Expect.equal (int strides[axis]) own[axis] $"{message}: stride {axis}"
    | other -> failtest $"{message}: {other.GetType()} is no tensor of libtorch"

/// Numbers agree to this many units of 1 + |expected|, or both are NaN, or the same infinity.
let close (tolerance: float) (message: string) (expected: Tensor) (actual: Tensor) : unit =
    honest message actual
    Expect.equal actual.Shape expected.Shape $"{message}: shape"
    Expect.equal actual.DType expected.DType $"{message}: element type"
    let e, a = expected.ToArray(), actual.ToArray()

    for i in 0 .. e.Length - 1 do
        let isSame =
            (Double.IsNaN e[i] && Double.IsNaN a[i])
            || e[i] = a[i]
            || Math.Abs(a[i] - e[i]) <= tolerance * (1.0 + Math.Abs e[i])

        if not isSame then
            failtest $"{message} at {i}: got {a[i]:R}, expected {e[i]:R}"

/// What an operation gave, or the kind of exception.
let private outcome (work: unit -> Tensor) : Result<Tensor, Type> =
    try
        Ok(work ())
    with
    | :? ArgumentException as e -> Error(e.GetType())
    | :? EngineException as e -> Error(e.GetType())

/// The operation of libtorch agrees with that of the managed engine, however its operands lie in memory.
let agree
    (tolerance: float)
    (message: string)
    (inputs: (int list * Array) list)
    (work: Engine -> Tensor[] -> Tensor)
    : unit =
    let plain = [| for shape, values in inputs -> lay managed Rows shape values |]
    let expected = outcome (fun () -> work managed plain)

    for turn in 0..3 do
        for shift in 0 .. (if inputs.Length > 1 then 1 else 0) do
            let operands = [|
                for i, (shape, values) in List.indexed inputs ->
                    lay (torch ()) forms[(turn + i * shift) % 4] shape values
            |]

            let label = $"{message} ({forms[turn]}, {shift})"

            match expected, outcome (fun () -> work (torch ()) operands) with
            | Ok e, Ok a -> close tolerance label e a
            | Error e, Error a -> Expect.equal a e $"{label}: the kind of error"
            | Ok e, Error a -> failtest $"{label}: {a} instead of {e}"
            | Error e, Ok a -> failtest $"{label}: {a} instead of {e}"
