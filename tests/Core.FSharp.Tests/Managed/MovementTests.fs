module Optim.CoreTests.MovementTests

open Expecto
open Expecto.Flip
open FsCheck.FSharp
open Optim
open Optim.Managed
open Optim.CoreTests.Naive

/// Elements that are all different.
let private numbered (dims: int[]) : int64[] =
    Array.init (length dims) (fun i -> int64 i + 1L)

let private permuted (dims: int[]) (axes: int[]) (x: 'T[]) =
    let target = Array.map (fun a -> dims[a]) axes

    build
        target
        (fun index ->
            x[ravel dims (Array.init dims.Length (fun a -> index[Array.findIndex ((=) a) axes]))]
        )

let private permutations =
    gen {
        let! dims = shapes
        let! axes = Gen.shuffle [| 0 .. dims.Length - 1 |]
        return dims, axes
    }

let private expanded (dims: int[]) (target: int[]) (x: 'T[]) =
    build
        target
        (fun index ->
            let own = Array.skip (target.Length - dims.Length) index
            x[ravel dims (Array.map2 (fun n i -> if n = 1 then 0 else i) dims own)]
        )

let private expansions =
    gen {
        let! target = shapes
        let! drop = Gen.choose (0, target.Length)
        let! ones = subset (target.Length - drop)

        let dims =
            Array.skip drop target
            |> Array.mapi (fun i n -> if Array.contains i ones then 1 else n)

        return dims, target
    }

let private slices =
    gen {
        let! dims = shapes
        let! r = ranges dims
        return dims, r
    }

let private assemblies =
    gen {
        let! dims = shapes
        let! count = Gen.choose (1, 4)
        let! r = Gen.arrayOfLength count (ranges dims)
        return dims, r
    }

let private part (start: int) (step: int) (count: int) : AxisRange = {
    Start = start
    Step = step
    Count = count
}

/// Cuts along one axis, in order, one after the other: what concatenating does.
let private concatenations =
    gen {
        let! dims, axis = shapesWithAxis
        let! cuts = Gen.arrayOf (Gen.choose (0, dims[axis]))
        let borders = Array.concat [ [| 0 |]; Array.sort cuts; [| dims[axis] |] ]

        let ranges =
            borders
            |> Array.pairwise
            |> Array.map (fun (first, next) ->
                dims
                |> Array.mapi (fun i n ->
                    if i = axis then part first 1 (next - first) else part 0 1 n
                )
            )

        return dims, ranges
    }

let private counts (r: AxisRange[]) =
    Array.map (fun (range: AxisRange) -> range.Count) r

/// Assembles numbered pieces of each element type and compares.
let private assemblesRight (dims: int[], ranges: AxisRange[][]) =
    let pieces =
        ranges
        |> Array.mapi (fun i r -> numbered (counts r) |> Array.map (fun v -> v + 1000L * int64 i))

    let starts = Array.create pieces.Length 3

    let run
        (garbage: 'T)
        add
        (zero: 'T)
        (convert: int64 -> 'T)
        (kernel: int[] * AxisRange[][] * 'T[][] * int[] * 'T[] * int -> unit)
        =
        let own = Array.map (Array.map convert) pieces

        let y =
            into
                garbage
                (length dims)
                (fun y at -> kernel (dims, ranges, Array.map shifted own, starts, y, at))

        y = assemble add dims ranges own zero

    run 777.0 (+) 0.0 float Movement.Assemble
    && run 777.0f (+) 0.0f float32 Movement.Assemble
    && run 777L (+) 0L id Movement.Assemble
    && run true (||) false (fun v -> v % 2L = 0L) Movement.Assemble

[<Tests>]
let movement =
    testList "Managed.Movement" [
        law
            permutations
            "permuting agrees with the definition"
            (fun (dims, axes) ->
                let x = numbered dims

                let y =
                    into
                        -1L
                        x.Length
                        (fun y at -> Movement.Permute(shifted x, 3, dims, axes, y, at))

                let truths = x |> Array.map (fun v -> v % 3L = 0L)

                let t =
                    into
                        true
                        x.Length
                        (fun y at -> Movement.Permute(shifted truths, 3, dims, axes, y, at))

                y = permuted dims axes x && t = permuted dims axes truths
            )

        law
            expansions
            "broadcasting agrees with the definition"
            (fun (dims, target) ->
                let x = numbered dims

                let y =
                    into
                        -1L
                        (length target)
                        (fun y at -> Movement.Expand(shifted x, 3, dims, target, y, at))

                y = expanded dims target x
            )

        law
            slices
            "slicing agrees with the definition"
            (fun (dims, ranges) ->
                let x = numbered dims
                let count = length (counts ranges)

                let y =
                    into -1L count (fun y at -> Movement.Slice(shifted x, 3, dims, ranges, y, at))

                let floats = Array.map float32 x

                let z =
                    into
                        -1.0f
                        count
                        (fun y at -> Movement.Slice(shifted floats, 3, dims, ranges, y, at))

                y = slice dims ranges x && z = slice dims ranges floats
            )

        law
            assemblies
            "assembling agrees with the definition, also where pieces overlap"
            assemblesRight
        law concatenations "assembling pieces that make up the whole" assemblesRight

        testCase
            "no pieces give zeros"
            (fun () ->
                into 777.0 6 (fun y at -> Movement.Assemble([| 2; 3 |], [||], [||], [||], y, at))
                |> Expect.equal "zeros" (Array.zeroCreate 6)
            )

        testCase
            "large arrays, on all cores"
            (fun () ->
                for dims, axes in
                    [
                        [| 1031; 515 |], [| 1; 0 |]
                        [| 33; 129; 131 |], [| 2; 1; 0 |]
                        [| 33; 129; 131 |], [| 1; 0; 2 |]
                        [| 33; 129; 131 |], [| 0; 2; 1 |]
                        [| 150_001; 2; 2 |], [| 0; 2; 1 |]
                        [| 3; 100_003; 2 |], [| 2; 1; 0 |]
                    ] do
                    let x = numbered dims

                    let y =
                        into -1L x.Length (fun y at -> Movement.Permute(x, 0, dims, axes, y, at))

                    Expect.isTrue $"permute %A{dims} %A{axes}" (y = permuted dims axes x)

                for dims, target in
                    [
                        [| 1 |], [| 300_001 |]
                        [| 3 |], [| 100_001; 3 |]
                        [| 600; 1 |], [| 600; 601 |]
                        [| 300_001 |], [| 2; 300_001 |]
                        [| 7; 1; 9; 1 |], [| 7; 80; 9; 81 |]
                    ] do
                    let x = numbered dims

                    let y =
                        into
                            -1L
                            (length target)
                            (fun y at -> Movement.Expand(x, 0, dims, target, y, at))

                    Expect.isTrue $"expand %A{dims} %A{target}" (y = expanded dims target x)

                for dims, ranges in
                    [
                        [| 450_000 |], [| part 449_999 -2 210_000 |]
                        [| 450_000 |], [| part 1 1 449_000 |]
                        [| 700; 700 |], [| part 699 -1 700; part 0 2 350 |]
                        [| 25; 100; 100 |], [| part 0 1 25; part 99 -1 99; part 1 1 99 |]
                        [| 2; 110_000; 2 |], [| part 0 1 2; part 0 1 110_000; part 0 1 1 |]
                    ] do
                    let x = numbered dims
                    let count = length (counts ranges)
                    let y = into -1L count (fun y at -> Movement.Slice(x, 0, dims, ranges, y, at))
                    Expect.isTrue $"slice %A{dims}" (y = slice dims ranges x)
                    Expect.isTrue $"assemble %A{dims}" (assemblesRight (dims, [| ranges |]))

                    Expect.isTrue
                        $"assemble twice %A{dims}"
                        (assemblesRight (dims, [| ranges; ranges |]))
            )
    ]
