/// What must hold for every function and its derivatives, whatever they are.
module Optim.CoreTests.Derivatives.Rules

open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives.Numbers

/// A function with a point away from its kinks.
[<NoComparison; NoEquality>]
type Case = {
    Name: string
    /// The public functions that it stands for, as "Tensor.exp".
    Covers: string list
    Function: Tensor -> Tensor
    Point: Tensor
    /// How far the members of a batch lie from the point.
    Spread: float
    /// What differences may be off by.
    Tolerance: float
}

let case (name: string) (covers: string list) (f: Tensor -> Tensor) (point: Tensor) : Case = {
    Name = name
    Covers = covers
    Function = f
    Point = point
    Spread = 0.05
    Tolerance = 1e-7
}

/// The same case in single precision.
let single (c: Case) : Case = {
    c with
        Name = c.Name + ", Float32"
        Covers = []
        Point = Tensor.cast DType.Float32 c.Point
        Tolerance = 5e-3
}

/// The tolerance of identities, which hold to rounding.
let private rounding (c: Case) : float =
    if c.Point.DType = DType.Float32 then 2e-4 else 1e-9

let private members: int = 3

let private batch (c: Case) : Tensor[] =
    Array.init members (fun i -> c.Point + c.Spread * noiseLike c.Point (i + 10))

let private directions (like: Tensor) (seed: int) : Tensor[] =
    Array.init members (fun i -> noiseLike like (seed + i))

let private stack (parts: Tensor[]) : Tensor = Shaping.stack 0 parts

let private tangent (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : Tensor = snd (jvp f x v)
let private pulled (f: Tensor -> Tensor) (x: Tensor) (w: Tensor) : Tensor = (snd (vjp f x)) w

/// jvp against differences, vjp against jvp.
let firstOrder (c: Case) : unit =
    let f, x, tight = c.Function, c.Point, rounding c
    let v = noiseLike x 1
    let y, jv = jvp f x v
    close tight "the value of jvp" (f x) y
    close c.Tolerance "jvp against differences" (differences f x v) jv
    let y, pull = vjp f x
    close tight "the value of vjp" (f x) y
    let w = noiseLike y 2
    let back = pull w
    Expect.equal (back.Shape.ToString()) (x.Shape.ToString()) "the shape of the cotangent"
    closeNumber tight "<w, J v> = <Jᵀ w, v>" (inner w jv) (inner back v)
    close tight "linearize" jv ((snd (linearize f x)) v)
    close tight "a pull-back used again" back (pull w)

/// vmap of the function and of its derivatives against the loop.
let batching (c: Case) : unit =
    let f, x, tight = c.Function, c.Point, rounding c
    let same = close tight
    let xs = batch c
    let y = f x
    let vs, ws = directions x 20, directions y 30
    let looped = Array.map f xs |> stack
    same "vmap f" looped (vmap f (stack xs))

    same
        "vmap (vmap f)"
        (stack [| looped; looped |])
        (vmap (vmap f) (stack [| stack xs; stack xs |]))

    let both = Array.map2 (tangent f) xs vs |> stack
    same "vmap of jvp" both (vmap2 (tangent f) (stack xs) (stack vs))
    same "jvp of vmap" both (tangent (vmap f) (stack xs) (stack vs))

    same
        "vmap of jvp, tangents batched"
        (Array.map (tangent f x) vs |> stack)
        (vmap (tangent f x) (stack vs))

    same
        "vmap of jvp, points batched"
        (xs |> Array.map (fun x -> tangent f x vs[0]) |> stack)
        (vmap (fun x -> tangent f x vs[0]) (stack xs))

    let both = Array.map2 (pulled f) xs ws |> stack
    same "vmap of vjp" both (vmap2 (pulled f) (stack xs) (stack ws))
    same "vjp of vmap" both (pulled (vmap f) (stack xs) (stack ws))
    let _, pull = vjp f x
    same "vmap of a pull-back" (Array.map pull ws |> stack) (vmap pull (stack ws))

    same
        "vmap of vjp, points batched"
        (xs |> Array.map (fun x -> pulled f x ws[0]) |> stack)
        (vmap (fun x -> pulled f x ws[0]) (stack xs))

/// A number that depends on every element of f, not linearly.
let private summary (c: Case) : Tensor -> Tensor =
    let weights = noiseLike (c.Function c.Point) 3
    fun x -> Tensor.sum (weights * sin (c.Function x))

/// The Hessian product in all combinations of modes, and against differences of the gradient.
let secondOrder (c: Case) : unit =
    let x, tight = c.Point, rounding c
    let s = summary c
    let v, u = noiseLike x 4, noiseLike x 5
    let product = hvp s x v
    close c.Tolerance "H v against differences of the gradient" (differences (grad s) x v) product
    close tight "vjp of vjp" product (pulled (grad s) x v)
    close tight "vjp of jvp" product (grad (fun x -> tangent s x v) x)
    close tight "jvp of jvp" (Tensor.dot u product) (tangent (fun x -> tangent s x u) x v)
    close tight "curvatureAlong" (Tensor.dot v product) (curvatureAlong s x v)
    let vs = directions x 40
    let looped = Array.map (hvp s x) vs |> stack
    close tight "vmap of H v, directions batched" looped (vmap (hvp s x) (stack vs))

    close
        tight
        "vmap of vjp of vjp, directions batched"
        looped
        (vmap (snd (gradAndHvp s x)) (stack vs))

    let xs = batch c

    close
        tight
        "vmap of H v, points batched"
        (xs |> Array.map (fun x -> hvp s x v) |> stack)
        (vmap (fun x -> hvp s x v) (stack xs))

/// Third derivatives, in two ways and against differences of the Hessian product.
let thirdOrder (c: Case) : unit =
    let x, tight = c.Point, rounding c
    let s = summary c
    let v, u, w = noiseLike x 6, noiseLike x 7, noiseLike x 8
    let product (x: Tensor) = hvp s x v
    let forward = tangent product x u
    close (10.0 * c.Tolerance) "jvp of H v against differences" (differences product x u) forward
    closeNumber (10.0 * tight) "vjp of H v" (inner w forward) (inner (pulled product x w) u)
    let threefold = tangent (fun x -> tangent (fun x -> tangent s x w) x v) x u
    closeNumber (10.0 * tight) "jvp of jvp of jvp" (inner w forward) (threefold.ToScalar())

/// One test for each case and kind of check.
let tests (cases: Case list) : Test list = [
    for kind, check in
        [
            "first order", firstOrder
            "batching", batching
            "second order", secondOrder
            "third order", thirdOrder
        ] do
        testList kind [
            for c in cases do
                testCase c.Name (fun () -> check c)
        ]
]

// Functions of two tensors.

/// f of two tensors as functions of one vector that holds both, of the left alone and of the right alone.
let pairOf
    (name: string)
    (covers: string list)
    (f: Tensor -> Tensor -> Tensor)
    (a: Tensor)
    (b: Tensor)
    : Case list =
    let split (x: Tensor) =
        Shaping.reshape (a.Shape.ToArray()) x[.. a.Length - 1],
        Shaping.reshape (b.Shape.ToArray()) x[a.Length ..]

    let joined = Shaping.concat 0 [ Shaping.flatten a; Shaping.flatten b ]
    let name = $"{name} {a.Shape} {b.Shape}"

    [
        case name covers (fun x -> split x ||> f) joined
        case (name + ", left") [] (fun a -> f a (Tensor.alongside a b)) a
        case (name + ", right") [] (fun b -> f (Tensor.alongside b a) b) b
    ]
