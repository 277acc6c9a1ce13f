module Optim.CoreTests.RandomFunctions

open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core
open Optim.Primitives

/// One operation of a random function: what it does, on which values so far, and with which parameters. Any numbers make
/// sense: each picks among what is possible at its place.
type Step = {
    Code: int
    A: int
    B: int
    P: int
}

/// A random function of a vector.
type Recipe = {
    Length: int
    IsSingle: bool
    Steps: Step list
    Seed: int
}

/// A value with a bound of its elements.
[<NoComparison; NoEquality>]
type private Value = { Tensor: Tensor; Bound: float }

/// Choices one after the other, all fixed by a number.
type private Choices(start: int) =
    let mutable state = uint64 start * 6364136223846793005UL + 1442695040888963407UL

    member _.Below(count: int) : int =
        state <- state * 6364136223846793005UL + 1442695040888963407UL
        int ((state >>> 33) % uint64 count)

    member this.Of(options: 'T list) : 'T = options[this.Below options.Length]

/// Numbers between −2 and 2, fixed by a seed.
let numbers (seed: int) (shape: int list) (isSingle: bool) : Tensor =
    let x = Tensor.normal (Key.FromSeed(int64 seed)) shape |> Tensor.clamp -2.0 2.0
    if isSingle then Tensor.cast DType.Float32 x else x

let private constant (seed: int) (like: Tensor) : Tensor =
    Tensor.cast like.DType (numbers seed (List.ofArray like.Shape.Dims) false)

let private largest = 300

let private unary (c: Choices) (v: Value) : Value =
    let x = v.Tensor
    let bounded = if v.Bound > 3.0 then Tensor.tanh x else x

    match c.Below 22 with
    | 0 -> { Tensor = sin x; Bound = 1.0 }
    | 1 -> { Tensor = cos x; Bound = 1.0 }
    | 2 -> { Tensor = tanh x; Bound = 1.0 }
    | 3 -> { Tensor = Tensor.sigmoid x; Bound = 1.0 }
    | 4 -> { Tensor = Tensor.softplus x; Bound = v.Bound + 1.0 }
    | 5 -> { Tensor = Tensor.relu x; Bound = v.Bound }
    | 6
    | 7
    | 8 -> { Tensor = Tensor.square x; Bound = v.Bound * v.Bound }
    | 9 -> { Tensor = Tensor.abs x; Bound = v.Bound }
    | 10
    | 11 -> { Tensor = exp bounded; Bound = 21.0 }
    | 12 -> { Tensor = Tensor.erf x; Bound = 1.0 }
    | 13 -> { Tensor = atan x; Bound = 1.6 }
    | 14 -> { Tensor = Tensor.expm1 bounded; Bound = 21.0 }
    | 15 -> { Tensor = sqrt (Tensor.square x + 1.0); Bound = v.Bound + 1.0 }
    | 16 -> { Tensor = Tensor.log1p (Tensor.square x); Bound = v.Bound + 1.0 }
    | 17 -> { Tensor = Tensor.reciprocal (Tensor.square x + 1.0); Bound = 1.0 }
    | 18 -> { Tensor = Tensor.power (c.Of [ 1.0; 2.0; 3.0 ]) bounded; Bound = 27.0 }
    | 19 -> { Tensor = c.Of [ Tensor.floor; Tensor.round; Tensor.sign ] x; Bound = v.Bound + 1.0 }
    | 20 -> { Tensor = log (Tensor.square x + 0.5); Bound = v.Bound + 1.0 }
    | _ -> { Tensor = Tensor.power 1.5 (Tensor.square bounded + 0.1); Bound = 30.0 }

let private binary (c: Choices) (a: Value) (b: Value) : Value =
    let x, y = a.Tensor, b.Tensor

    match c.Below 14 with
    | 0
    | 1 -> { Tensor = x + y; Bound = a.Bound + b.Bound }
    | 2
    | 3 -> { Tensor = x - y; Bound = a.Bound + b.Bound }
    | 4
    | 5
    | 6 -> { Tensor = x * y; Bound = a.Bound * b.Bound }
    | 7 -> { Tensor = Tensor.maximum x y; Bound = max a.Bound b.Bound }
    | 8 -> { Tensor = Tensor.minimum x y; Bound = max a.Bound b.Bound }
    | 9 -> { Tensor = x / (Tensor.square y + 1.0); Bound = a.Bound }
    | 10 -> { Tensor = Tensor.atan2 x (Tensor.square y + 0.5); Bound = 2.0 }
    | 11 -> { Tensor = Tensor.pow (Tensor.square (tanh x) + 0.5) (tanh y); Bound = 2.0 }
    | 12 -> { Tensor = Tensor.where (Tensor.greater x y) x (0.5 * y); Bound = max a.Bound b.Bound }
    | _ -> { Tensor = Tensor.cast x.DType (Tensor.less x y) * x; Bound = a.Bound }

let private axisOf (c: Choices) (x: Tensor) : int = c.Below(max 1 x.Rank)

let private moved (c: Choices) (x: Tensor) : Tensor =
    let axis = axisOf c x
    let n = if x.Rank = 0 then 1 else x.Shape.Dims[axis]

    match c.Below 10 with
    | _ when x.Rank = 0 -> Shaping.reshape (c.Of [ [ 1 ]; [ 1; 1 ] ]) x
    | 0
    | 1 ->
        let start = c.Below n
        Shaping.slice axis start (1 + c.Below(n - start)) 1 x
    | 2 ->
        let step = 1 + c.Below 3
        let start = c.Below n
        Shaping.slice axis start (1 + (n - 1 - start) / step) step x
    | 3 -> Shaping.flip axis x
    | 4 -> Shaping.pad axis (c.Below 3) (c.Below 3) x
    | 5 ->
        let divisors = [ 1 .. x.Length ] |> List.filter (fun d -> x.Length % d = 0)
        Shaping.reshape [ c.Of divisors; -1 ] x
    | 6 -> Shaping.flatten x
    | 7 ->
        if x.Rank < 4 then
            Shaping.unsqueeze (c.Below(x.Rank + 1)) x
        else
            x
    | 8 ->
        let order = [ 0 .. x.Rank - 1 ] |> List.sortBy (fun _ -> c.Below 1000)
        Shaping.permute order x
    | _ ->
        let count = 2 + c.Below 3

        if x.Length * count <= largest && x.Rank < 4 then
            Shaping.expand (count :: List.ofArray x.Shape.Dims) x
        else
            x

let private joined (c: Choices) (x: Tensor) (y: Tensor) : Tensor =
    if x.Rank = 0 || not (x.Shape.SameAs y.Shape) || 2 * x.Length > largest then
        x
    else
        Shaping.concat (axisOf c x) [ x; y ]

let private folded (c: Choices) (v: Value) : Value =
    let x = v.Tensor
    let axes = [ 0 .. x.Rank - 1 ] |> List.filter (fun _ -> c.Below 2 = 0)
    let axes = if axes.IsEmpty && x.Rank > 0 then [ 0 ] else axes
    let count = axes |> List.fold (fun n axis -> n * x.Shape.Dims[axis]) 1

    match c.Below 8 with
    | _ when x.Rank = 0 -> v
    | 0
    | 1 -> { Tensor = Tensor.sumOver axes x; Bound = v.Bound * float count }
    | 2 -> { Tensor = Tensor.sumKeep axes x; Bound = v.Bound * float count }
    | 3 -> { Tensor = Tensor.meanOver axes x; Bound = v.Bound }
    | 4 -> { Tensor = Tensor.maxOver axes x; Bound = v.Bound }
    | 5 -> { Tensor = Tensor.logSumExpOver axes x; Bound = v.Bound + 6.0 }
    | 6 -> { Tensor = Tensor.softmax axes.Head x; Bound = 1.0 }
    | _ -> { Tensor = Tensor.prodOver [ axes.Head ] (tanh x); Bound = 1.0 }

let private scanned (c: Choices) (v: Value) : Value =
    let x = v.Tensor

    if x.Rank = 0 then
        v
    else
        let axis = axisOf c x

        {
            Tensor = CumulativeSum.Apply(axis, c.Below 2 = 0, x)
            Bound = v.Bound * float x.Shape.Dims[axis]
        }

let private matrixProduct (c: Choices) (v: Value) (w: Value) : Value =
    let x = v.Tensor

    if x.Rank < 1 || x.Length > 200 then
        v
    else
        let x = if x.Rank = 1 then Shaping.unsqueeze 0 x else x
        let columns = x.Shape.Dims[x.Rank - 1]

        let y =
            match c.Below 3 with
            | 0 -> Shaping.transpose x
            | 1 when w.Tensor.Length % columns = 0 && w.Tensor.Length > 0 ->
                Shaping.reshape [ columns; -1 ] w.Tensor
            | _ -> Tensor.cast x.DType (numbers (c.Below 99) [ columns; 1 + c.Below 4 ] false)

        {
            Tensor = Tensor.matmul x y
            Bound = v.Bound * (max v.Bound (max w.Bound 2.0)) * float columns
        }

let private chosen (c: Choices) (v: Value) : Value =
    let x = v.Tensor

    if x.Rank = 0 then
        v
    else
        let axis = axisOf c x
        let n = x.Shape.Dims[axis]

        match c.Below 4 with
        | 0 ->
            let indices = Tensor.indices (List.init (1 + c.Below 4) (fun _ -> c.Below n))
            { v with Tensor = Shaping.indexSelect axis indices x }
        | 1 ->
            let indices = Tensor.indices (List.init n (fun _ -> c.Below 3))

            { Tensor = Shaping.indexAdd axis 3 indices x; Bound = v.Bound * float n }
        | 2 ->
            let indices = Array.init x.Length (fun _ -> int64 (c.Below n))
            { v with Tensor = Shaping.gather axis (Tensor.create x.Shape indices) x }
        | _ ->
            let indices = Array.init x.Length (fun _ -> int64 (c.Below(n + 1)))

            {
                Tensor = Shaping.scatterAdd axis (n + 1) (Tensor.create x.Shape indices) x
                Bound = v.Bound * float n
            }

let private broadcasts (a: Tensor) (b: Tensor) : bool =
    try
        (Shape.broadcast "test" a.Shape b.Shape).Length <= largest
    with :? ShapeException ->
        false

let private apply (pool: Value list) (step: Step) : Value =
    let pick (k: int) = pool[abs k % pool.Length]
    let a = pick step.A
    let c = Choices step.P

    // The first value from B on that goes together with a, or a itself.
    let partner =
        [ 0 .. pool.Length - 1 ]
        |> List.map (fun k -> pick (abs step.B % 1000 + k))
        |> List.tryFind (fun b -> broadcasts a.Tensor b.Tensor)
        |> Option.defaultValue a

    let made =
        match abs step.Code % 16 with
        | 0
        | 1 ->
            let scale = c.Of [ 1.0; -1.0; 2.0; 0.5; -3.0; 0.1; 10.0 ]
            let shift = c.Of [ 0.0; 0.0; 1.0; -2.0; 0.3 ]

            { Tensor = scale * a.Tensor + shift; Bound = abs scale * a.Bound + abs shift }
        | 2
        | 3 -> unary c a
        | 4
        | 5
        | 6 -> binary c a partner
        | 7
        | 8 -> { a with Tensor = moved c a.Tensor }
        | 9 -> { Tensor = joined c a.Tensor partner.Tensor; Bound = max a.Bound partner.Bound }
        | 10 -> folded c a
        | 11 -> matrixProduct c a partner
        | 12 -> if c.Below 2 = 0 then scanned c a else chosen c a
        | 13 ->
            // A stencil: neighbours along the first axis.
            let x = a.Tensor

            if x.Rank = 0 || x.Shape.Dims[0] < 2 then
                a
            else
                let n = x.Shape.Dims[0]

                {
                    Tensor = x[1..] - 0.5 * Tensor.square x[.. n - 2]
                    Bound = a.Bound + 0.5 * a.Bound * a.Bound
                }
        | 14 ->
            let k = constant (c.Below 1000) a.Tensor

            {
                Tensor = c.Of [ a.Tensor + k; a.Tensor * k; k - a.Tensor ]
                Bound = 2.0 * a.Bound + 2.0
            }
        | _ ->
            if a.Tensor.DType = DType.Float32 then
                {
                    a with
                        Tensor =
                            Tensor.cast DType.Float32 (sin (Tensor.cast DType.Float64 a.Tensor))
                }
            else
                {
                    Tensor = a.Tensor * Tensor.sum partner.Tensor
                    Bound = a.Bound * partner.Bound * float partner.Tensor.Length
                }

    // Values stay in a range where nothing overflows and functions are well conditioned.
    if made.Bound > 50.0 then
        { Tensor = tanh (0.1 * made.Tensor); Bound = 1.0 }
    else
        made

let private run (recipe: Recipe) (x: Tensor) : Value list =
    let step (pool: Value list) (step: Step) = apply pool step :: pool
    recipe.Steps |> List.fold step [ { Tensor = x; Bound = 2.0 } ]

/// The last values that a recipe makes.
let values (recipe: Recipe) (x: Tensor) : Tensor[] =
    run recipe x |> List.truncate 4 |> List.map (fun v -> v.Tensor) |> Array.ofList

/// One number from a recipe.
let total (recipe: Recipe) (x: Tensor) : Tensor =
    values recipe x
    |> Array.map (fun v -> Tensor.mean (v * constant (v.Rank + 7) v))
    |> Array.reduce (+)

/// Random recipes.
let recipes: Arbitrary<Recipe> =
    let number = Gen.choose (0, 100_000)

    let step =
        gen {
            let! code = Gen.choose (0, 15)
            let! a = Gen.frequency [ 3, Gen.choose (0, 2); 1, Gen.choose (0, 9) ]
            let! b = Gen.choose (0, 9)
            let! p = number

            return {
                Code = code
                A = a
                B = b
                P = p
            }
        }

    let recipe =
        gen {
            let! length = Gen.elements [ 1; 2; 3; 4; 6; 8; 12; 17; 24; 40; 67 ]
            let! isSingle = Gen.frequency [ 2, Gen.constant false; 1, Gen.constant true ]
            let! count = Gen.choose (1, 14)
            let! steps = Gen.listOfLength count step
            let! seed = number

            return {
                Length = length
                IsSingle = isSingle
                Steps = steps
                Seed = seed
            }
        }

    let shrink (recipe: Recipe) =
        seq {
            for i in 0 .. recipe.Steps.Length - 1 do
                { recipe with Steps = List.removeAt i recipe.Steps }

            if recipe.Length > 1 then
                { recipe with Length = recipe.Length / 2 }

            if recipe.IsSingle then
                { recipe with IsSingle = false }
        }

    Arb.fromGenShrink (recipe, shrink)
