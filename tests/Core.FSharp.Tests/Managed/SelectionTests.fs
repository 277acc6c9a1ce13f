module Optim.CoreTests.SelectionTests

open Expecto
open Expecto.Flip
open FsCheck.FSharp
open Optim
open Optim.Managed
open Optim.CoreTests.Naive

let private numbered (dims: int[]) : int64[] =
    Array.init (length dims) (fun i -> int64 i + 1L)

/// A shape, an axis, and up to 12 positions of it.
let private selections =
    gen {
        let! dims, axis = shapesWithAxis

        let! count =
            if dims[axis] = 0 then
                Gen.constant 0
            else
                Gen.choose (0, 12)

        let! indices = Gen.arrayOfLength count (Gen.choose (0, max 0 (dims[axis] - 1)))
        return dims, axis, Array.map int64 indices
    }

/// A shape, an axis, another length of it, and a position for each element of the shape with that length.
let private gatherings =
    gen {
        let! dims, axis = shapesWithAxis
        let! count = if dims[axis] = 0 then Gen.constant 0 else Gen.choose (0, 7)
        let other = Array.updateAt axis count dims

        let! indices =
            Gen.arrayOfLength (length other) (Gen.choose (0, max 0 (dims[axis] - 1)))

        return dims, axis, other, Array.map int64 indices
    }

let private selected dims axis (indices: int64[]) (x: 'T[]) =
    build
        (Array.updateAt axis indices.Length dims)
        (fun index -> x[ravel dims (Array.updateAt axis (int indices[index[axis]]) index)])

/// Zeros with this length on the axis, to which each element is added at the position that `place` gives.
let private added
    dims
    axis
    length
    (place: int -> int[] -> int64)
    (add: 'T -> 'T -> 'T)
    zero
    (x: 'T[])
    =
    let target = Array.updateAt axis length dims
    let y = Array.create (Naive.length target) zero

    for i in 0 .. x.Length - 1 do
        let index = unravel dims i
        let at = ravel target (Array.updateAt axis (int (place i index)) index)
        y[at] <- add y[at] x[i]

    y

let private isEven (v: int64) = v % 2L = 0L

/// Runs one kernel for each element type against `added`.
let private addsRight
    dims
    axis
    length
    place
    indices
    kernelFloat
    kernelFloat32
    kernelInt64
    kernelBool
    =
    let x = numbered dims
    let count = Naive.length (Array.updateAt axis length dims)
    let from = shifted indices

    let run
        (kernel: int * int * 'T[] * int * int[] * int64[] * int * 'T[] * int -> unit)
        garbage
        add
        zero
        own
        =
        into garbage count (fun y at -> kernel (axis, length, shifted own, 3, dims, from, 3, y, at)) =
            added dims axis length place add zero own

    run kernelFloat 777.0 (+) 0.0 (Array.map float x)
    && run kernelFloat32 777.0f (+) 0.0f (Array.map float32 x)
    && run kernelInt64 777L (+) 0L x
    && run kernelBool true (||) false (Array.map isEven x)

let private indexAddsRight (dims: int[], axis, indices: int64[]) =
    let own = Array.updateAt axis indices.Length dims

    addsRight
        own
        axis
        dims[axis]
        (fun _ index -> indices[index[axis]])
        indices
        Selection.IndexAdd
        Selection.IndexAdd
        Selection.IndexAdd
        Selection.IndexAdd

let private scatterAddsRight (dims: int[], axis, other: int[], indices: int64[]) =
    addsRight
        other
        axis
        dims[axis]
        (fun i _ -> indices[i])
        indices
        Scattering.ScatterAdd
        Scattering.ScatterAdd
        Scattering.ScatterAdd
        Scattering.ScatterAdd

let private selectsRight (dims, axis, indices: int64[]) =
    let x = numbered dims
    let own = Array.updateAt axis indices.Length dims

    let y =
        into
            -1L
            (length own)
            (fun y at ->
                Selection.IndexSelect(
                    axis,
                    shifted x,
                    3,
                    dims,
                    shifted indices,
                    3,
                    indices.Length,
                    y,
                    at
                )
            )

    y = selected dims axis indices x

let private gathersRight (dims, axis, other: int[], indices: int64[]) =
    let x = numbered dims

    let y =
        into
            -1L
            (length other)
            (fun y at ->
                Scattering.Gather(axis, shifted x, 3, dims, shifted indices, 3, other, y, at)
            )

    let expected =
        build
            other
            (fun index ->
                x[ravel dims (Array.updateAt axis (int indices[ravel other index]) index)]
            )

    y = expected

[<Tests>]
let selection =
    testList "Managed.Selection" [
        law selections "selecting agrees with the definition" selectsRight
        law selections "adding at selected positions agrees with the definition" indexAddsRight
        law gatherings "gathering agrees with the definition" gathersRight
        law gatherings "adding at scattered positions agrees with the definition" scatterAddsRight

        testCase
            "large arrays, on all cores"
            (fun () ->
                for dims, axis, count in
                    [
                        [| 1000 |], 0, 300_001
                        [| 300; 10 |], 0, 40_001
                        [| 300; 1000 |], 1, 1001
                        [| 30; 10; 30 |], 1, 301
                    ] do
                    let indices = Array.init count (fun i -> int64 i * 7919L % int64 dims[axis])

                    Expect.isTrue $"select %A{dims}" (selectsRight (dims, axis, indices))
                    Expect.isTrue $"add %A{dims}" (indexAddsRight (dims, axis, indices))
                    let other = Array.updateAt axis count dims

                    let each =
                        Array.init (length other) (fun i -> int64 (i % 104_729 * 31 % dims[axis]))

                    Expect.isTrue $"gather %A{dims}" (gathersRight (dims, axis, other, each))
                    Expect.isTrue $"scatter %A{dims}" (scatterAddsRight (dims, axis, other, each))
            )

        testCase
            "an index outside the axis is named, and nothing is written"
            (fun () ->
                let x = [| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 |]
                let dims = [| 2; 3 |]

                for bad in [ -1L; 3L; 1L <<< 32; System.Int64.MinValue ] do
                    let three = [| 0L; bad; 1L |]
                    let six = [| 0L; bad; 1L; 0L; 0L; 0L |]
                    let y = Array.create 6 777.0

                    let check name kernel =
                        match
                            (try
                                kernel ()
                                None
                             with :? EngineException as e ->
                                 Some e)
                        with
                        | None -> failtest $"{name} accepted {bad}"
                        | Some e ->
                            Expect.equal "operation" name e.Operation
                            Expect.equal "device" "cpu" e.Device
                            Expect.stringContains "the index" $"index {bad} at position 1" e.Detail
                            Expect.stringContains "the shape" "(2, 3)" e.Shapes
                            Expect.equal "untouched" (Array.create 6 777.0) y

                    check
                        "IndexSelect"
                        (fun () -> Selection.IndexSelect(1, x, 0, dims, three, 0, 3, y, 0))

                    check
                        "IndexAdd"
                        (fun () -> Selection.IndexAdd(1, 3, x, 0, dims, three, 0, y, 0))

                    check "Gather" (fun () -> Scattering.Gather(1, x, 0, dims, six, 0, dims, y, 0))

                    check
                        "ScatterAdd"
                        (fun () -> Scattering.ScatterAdd(1, 3, x, 0, dims, six, 0, y, 0))
            )
    ]
