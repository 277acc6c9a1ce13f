/// Slow and obvious: tensors as an array with a shape, every kernel as arithmetic on positions. And random ones.
module Optim.CoreTests.Naive

open FsCheck
open FsCheck.FSharp
open Optim

let length (dims: int[]) : int = Array.fold (*) 1 dims

/// The multi-index of a flat position.
let unravel (dims: int[]) (position: int) : int[] =
    let index = Array.zeroCreate dims.Length
    let mutable rest = position

    for i in dims.Length - 1 .. -1 .. 0 do
        index[i] <- rest % dims[i]
        rest <- rest / dims[i]

    index

/// The flat position of a multi-index.
let ravel (dims: int[]) (index: int[]) : int =
    Array.fold2 (fun total n i -> total * n + i) 0 dims index

/// Moves a multi-index to the next one in row-major order.
let private advance (dims: int[]) (index: int[]) : unit =
    let mutable axis = dims.Length - 1

    while axis >= 0 && index[axis] = dims[axis] - 1 do
        index[axis] <- 0
        axis <- axis - 1

    if axis >= 0 then
        index[axis] <- index[axis] + 1

/// The array of this shape whose element at each multi-index is given. The index array is one and the same each time.
let build (dims: int[]) (element: int[] -> 'T) : 'T[] =
    let index = Array.zeroCreate dims.Length

    Array.init
        (length dims)
        (fun _ ->
            let value = element index
            advance dims index
            value
        )

/// The elements that meet in each element of a reduction over the axes (kept with length 1), in row-major order.
let groups (dims: int[]) (axes: int[]) (x: 'T[]) : 'T[][] =
    let kept = dims |> Array.mapi (fun i n -> if Array.contains i axes then 1 else n)
    let results = Array.init (length kept) (fun _ -> ResizeArray<'T>())
    let index = Array.zeroCreate dims.Length

    for value in x do
        let mutable at = 0

        for i in 0 .. dims.Length - 1 do
            at <- at * kept[i] + (if kept[i] = 1 then 0 else index[i])

        results[at].Add value
        advance dims index

    results |> Array.map _.ToArray()

let positions (r: AxisRange) : int[] =
    Array.init r.Count (fun k -> r.Start + k * r.Step)

let slice (dims: int[]) (ranges: AxisRange[]) (x: 'T[]) : 'T[] =
    let inside = Array.map positions ranges

    build
        (Array.map _.Count ranges)
        (fun index -> x[ravel dims (Array.map2 (fun (p: int[]) i -> p[i]) inside index)])

let assemble
    (add: 'T -> 'T -> 'T)
    (dims: int[])
    (ranges: AxisRange[][])
    (pieces: 'T[][])
    (zero: 'T)
    : 'T[] =
    let result = Array.create (length dims) zero

    for r, piece in Array.zip ranges pieces do
        let inside = Array.map positions r

        piece
        |> Array.iteri (fun position value ->
            let index = unravel (Array.map _.Count r) position
            let i = ravel dims (Array.map2 (fun (p: int[]) k -> p[k]) inside index)
            result[i] <- add result[i] value
        )

    result

let cumulative (add: 'T -> 'T -> 'T) (axis: int) (isReversed: bool) (dims: int[]) (x: 'T[]) : 'T[] =
    build
        dims
        (fun index ->
            let upTo =
                if isReversed then
                    [ dims[axis] - 1 .. -1 .. index[axis] ]
                else
                    [ 0 .. index[axis] ]

            upTo
            |> List.map (fun k -> x[ravel dims (Array.updateAt axis k index)])
            |> List.reduce add
        )

/// Shapes of rank 0 to 4, with axes of length 0 and 1 among them, and now and then a long axis.
let shapes: Gen<int[]> =
    gen {
        let! rank = Gen.choose (0, 4)

        let short =
            Gen.frequency [
                1, Gen.constant 0
                4, Gen.constant 1
                12, Gen.choose (2, 5)
                4, Gen.choose (6, 19)
            ]

        let! dims = Gen.arrayOfLength rank short
        let! stretch = Gen.choose (0, 3)
        let! by = Gen.choose (20, 300)

        return
            if stretch = 0 && rank > 0 && length dims < 400 then
                Array.updateAt 0 by dims
            else
                dims
    }

/// Shapes with at least one axis, and one of their axes.
let shapesWithAxis: Gen<int[] * int> =
    gen {
        let! dims = shapes |> Gen.where (fun d -> d.Length > 0)
        let! axis = Gen.choose (0, dims.Length - 1)
        return dims, axis
    }

let subset (rank: int) : Gen<int[]> =
    Gen.arrayOfLength rank (Gen.elements [ true; false ])
    |> Gen.map (fun chosen -> [|
        for i in 0 .. rank - 1 do
            if chosen[i] then
                i
    |])

/// A range inside an axis: forwards or backwards, also empty.
let range (n: int) : Gen<AxisRange> =
    gen {
        if n = 0 then
            return { Start = 0; Step = 1; Count = 0 }
        else
            let! start = Gen.choose (0, n - 1)
            let! step = Gen.elements [ 1; 1; 1; 2; 3; -1; -2 ]

            let most =
                if step > 0 then
                    1 + (n - 1 - start) / step
                else
                    1 + start / -step

            let! isWhole = Gen.choose (0, 2)
            let! count = Gen.choose (0, most)

            return
                if isWhole = 0 then
                    { Start = 0; Step = 1; Count = n }
                else
                    { Start = start; Step = step; Count = count }
    }

let ranges (dims: int[]) : Gen<AxisRange[]> = Gen.collectToArray range dims

/// Small whole numbers, so that every order of additions gives the same sum.
let whole: Gen<float> = Gen.choose (-9, 9) |> Gen.map float

/// Elements of which some are NaN, infinite or equal to others.
let wild: Gen<float> =
    Gen.frequency [
        1, Gen.constant nan
        1, Gen.constant infinity
        1, Gen.constant -infinity
        17, whole
    ]

/// The elements behind an offset of 3, as kernels get them.
let shifted (x: 'T[]) : 'T[] = Array.append (Array.zeroCreate 3) x

/// Runs a kernel on a destination that holds garbage before, behind an offset of 2, and checks that nothing outside
/// of it was written.
let into (garbage: 'T) (count: int) (kernel: 'T[] -> int -> unit) : 'T[] =
    let y = Array.create (count + 5) garbage
    kernel y 2

    if
        y[0] <> garbage
        || y[1] <> garbage
        || Array.exists ((<>) garbage) y[count + 2 ..]
    then
        invalidOp "a kernel wrote outside of its destination"

    Array.sub y 2 count

/// Equality that also holds between NaN and NaN.
let same (a: float[]) (b: float[]) : bool =
    a.Length = b.Length
    && Array.forall2 (fun (x: float) (y: float) -> x.Equals y || x = y) a b

/// A test that a property holds for 400 random cases.
let law (cases: Gen<'T>) (name: string) (holds: 'T -> bool) : Expecto.Test =
    let config = Config.QuickThrowOnFailure.WithMaxTest(400).WithQuietOnSuccess true
    Expecto.Tests.testCase name (fun () -> Check.One(config, Prop.forAll (Arb.fromGen cases) holds))
