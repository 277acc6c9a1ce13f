/// The table of derivatives on a second engine: the same bits as on the managed one.
module Optim.CoreTests.Engines.MirrorRulesTests

open Expecto
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.Derivatives
open Optim.CoreTests.Derivatives.Rules
open Optim.CoreTests.Engines.Mirrors

/// What rules give at a point, by name.
let private results (c: Case) (x: Tensor) : (string * Tensor) list =
    let f = c.Function
    let v, u = Numbers.noiseLike x 1, Numbers.noiseLike x 2
    let y = f x
    let w = Numbers.noiseLike y 3
    let xs = Shaping.stack 0 [ x; x + c.Spread * v; x + c.Spread * u ]
    let weights = Numbers.noiseLike y 4
    let scalar (x: Tensor) = Tensor.sum (weights * sin (f x))

    [
        "value", y
        "jvp", snd (jvp f x v)
        "vjp", (snd (vjp f x)) w
        "vmap", vmap f xs
        "vmap of jvp", vmap (fun x -> snd (jvp f x v)) xs
        "vmap of vjp", vmap (fun x -> (snd (vjp f x)) w) xs
        "Hessian product", hvp scalar x v
        "vmap of Hessian products", vmap (fun x -> hvp scalar x v) xs
        "third derivative", snd (jvp (fun x -> hvp scalar x v) x u)
    ]

[<Tests>]
let rules =
    testList "Rules on a second engine" [
        for c in RulesTests.table do
            settled
                c.Name
                (fun () ->
                    let here, other = results c c.Point, results c (there c.Point)

                    for (name, a), (_, b) in List.zip here other do
                        // Functions that move have their results where they went.
                        if a.Device = Device.Cpu then
                            same name a b
                        else
                            Expect.equal b.Device a.Device $"{name}: device"
                            Expect.equal (b.ToArray()) (a.ToArray()) $"{name}: elements"
                )
    ]
