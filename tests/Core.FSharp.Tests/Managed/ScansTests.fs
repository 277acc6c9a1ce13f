module Optim.CoreTests.ScansTests

open System
open Expecto
open Expecto.Flip
open FsCheck.FSharp
open Optim
open Optim.Managed
open Optim.CoreTests.Naive

let private case element =
    gen {
        let! dims, axis = shapesWithAxis
        let! x = Gen.arrayOfLength (length dims) element
        let! flag = Gen.elements [ true; false ]
        return dims, axis, flag, x
    }

let private sumsRight (dims: int[], axis, isReversed, x: float[]) =
    let run (garbage: 'T) own add (kernel: int * bool * 'T[] * int * int[] * 'T[] * int -> unit) =
        into garbage x.Length (fun y at -> kernel (axis, isReversed, shifted own, 3, dims, y, at)) =
            cumulative add axis isReversed dims own

    run 777.0 x (+) Scans.CumulativeSum
    && run 777.0f (Array.map float32 x) (+) Scans.CumulativeSum
    && run 777L (Array.map int64 x) (+) Scans.CumulativeSum

/// The position the definition names: the first NaN, else the first of the largest (smallest).
let private best (largest: bool) (xs: float[]) : int64 =
    match Array.tryFindIndex Double.IsNaN xs with
    | Some i -> int64 i
    | None ->
        let extreme = if largest then Array.max xs else Array.min xs
        int64 (Array.findIndex ((=) extreme) xs)

let private findsRight (dims: int[], axis: int, largest, x: float[]) =
    if dims[axis] = 0 then
        true
    else
        let count = length dims / dims[axis]

        let run
            (convert: float -> 'T)
            (back: 'T -> float)
            (kernel: bool * int * 'T[] * int * int[] * int64[] * int -> unit)
            =
            let own = Array.map convert x

            into 777L count (fun y at -> kernel (largest, axis, shifted own, 3, dims, y, at)) =
                (groups dims [| axis |] (Array.map back own) |> Array.map (best largest))

        run id id Scans.ArgReduce
        && run float32 float Scans.ArgReduce
        && run (fun v -> if Double.IsFinite v then int64 v else 4L) float Scans.ArgReduce
        && run (fun v -> v > 3.0) (fun b -> if b then 1.0 else 0.0) Scans.ArgReduce

[<Tests>]
let scans =
    testList "Managed.Scans" [
        law (case whole) "running sums agree with the definition" sumsRight
        law (case wild) "positions of the largest and smallest agree with the definition" findsRight

        testCase
            "large arrays, on all cores"
            (fun () ->
                for dims, axis in
                    [
                        [| 700; 300 |], 1
                        [| 300; 700 |], 0
                        [| 7; 11; 3001 |], 1
                        [| 120; 11; 200 |], 1
                    ] do
                    let x = Array.init (length dims) (fun i -> float (i * 7 % 1009 - 300))
                    let running = build dims (fun index -> x[ravel dims index])

                    // Row by row along the axis, which is the definition without its square cost.
                    for i in 0 .. x.Length - 1 do
                        let index = unravel dims i

                        if index[axis] > 0 then
                            let before = ravel dims (Array.updateAt axis (index[axis] - 1) index)
                            running[i] <- running[i] + running[before]

                    let y =
                        into
                            0.5
                            x.Length
                            (fun y at -> Scans.CumulativeSum(axis, false, x, 0, dims, y, at))

                    Expect.isTrue $"sums %A{dims}" (y = running)
                    Expect.isTrue $"largest %A{dims}" (findsRight (dims, axis, true, x))
                    Expect.isTrue $"smallest %A{dims}" (findsRight (dims, axis, false, x))
            )

        testCase
            "running sums of float32 are kept in float"
            (fun () ->
                let x = Array.create 100_000 0.1f
                let y = Array.zeroCreate x.Length
                Scans.CumulativeSum(0, false, x, 0, [| x.Length |], y, 0)
                Expect.equal "the last" (float32 (float 0.1f * 100_000.0)) y[x.Length - 1]
            )

        testCase
            "nothing has no largest"
            (fun () ->
                Expect.throwsT<EngineException>
                    "no elements"
                    (fun () ->
                        Scans.ArgReduce(
                            true,
                            1,
                            Array.empty<float>,
                            0,
                            [| 2; 0 |],
                            [| 0L; 0L |],
                            0
                        )
                    )
            )
    ]
