/// Optimizers with one deliberate fault each.
module Optim.LawsTests.Faulty

open System
open System.Collections.Generic
open Optim
open Optim.Core

/// x − rate · g, and what else a step does.
let private descending (name: string) (step: Oracle -> Tensor -> Evaluation -> Tensor) : Method =
    Method.create
        name
        (fun _ _ -> ())
        (fun oracle point () ->
            let at = oracle.Evaluate point
            Step.moved (step oracle point at) 0.1 ()
        )

let private plain (point: Tensor) (at: Evaluation) : Tensor = point - 0.1 * at.Gradient

/// Goes up.
let uphill () : Method =
    descending "uphill" (fun _ point at -> point + 0.1 * at.Gradient)

/// Asks the function itself for values, so that nobody counts them.
let spendthrift () : Method =
    descending
        "spendthrift"
        (fun oracle point at ->
            [ 1.0; 0.3; 0.1; 0.03; 0.01 ]
            |> List.map (fun rate -> point - rate * at.Gradient)
            |> List.minBy (fun target -> (oracle.Objective.Function target).ToScalar())
        )

/// Differentiates the function itself, so that nobody counts it.
let smuggler () : Method =
    Method.create
        "smuggler"
        (fun _ _ -> ())
        (fun oracle point () ->
            Step.moved (point - 0.1 * Derivatives.grad oracle.Objective.Function point) 0.1 ()
        )

/// Counts its steps where nobody sees it.
let secretive () : Method =
    let mutable count = 0

    let step (oracle: Oracle) (point: Tensor) () : Step<unit> =
        count <- count + 1
        Step.moved (point - 0.5 / float (1 + count) * oracle.Gradient point) 0.1 ()

    Method.create "secretive" (fun _ _ -> ()) (fun oracle point state -> step oracle point state)

/// Draws from chance that no seed fixes.
let moody () : Method =
    descending "moody" (fun _ point at -> point - 0.1 * Random.Shared.NextDouble() * at.Gradient)

/// Keeps its velocity in a dictionary, by the number of the step.
let hoarder () : Method =
    let velocities = Dictionary<int64, float[]>()

    let before (oracle: Oracle) (length: int) : float[] =
        match velocities.TryGetValue(oracle.Step - 1L) with
        | true, known when oracle.Step > 0L && known.Length = length -> known
        | _ -> Array.zeroCreate length

    descending
        "hoarder"
        (fun oracle point at ->
            let velocity = 0.5 * Tensor.ofArray (before oracle point.Length) - 0.1 * at.Gradient
            velocities[oracle.Step] <- velocity.ToArray()
            point + velocity
        )

/// Loses its head after three steps.
let dizzy () : Method =
    Method.create
        "dizzy"
        (fun _ _ -> 0)
        (fun oracle point count ->
            let target = plain point (oracle.Evaluate point)
            Step.moved (if count = 3 then target * nan else target) 0.1 (count + 1)
        )

/// Gives back a longer point.
let growing () : Method =
    descending "growing" (fun _ point at -> Shaping.concat 0 [ plain point at; Tensor.zeros [ 1 ] ])

/// Counts in double precision only.
let coarse () : Method =
    descending "coarse" (fun _ point at -> Tensor.cast DType.Float64 (plain point at))

/// Throws where a value is not a number.
let fragile () : Method =
    descending
        "fragile"
        (fun _ point at ->
            if Double.IsFinite at.Value then
                point - at.Gradient
            else
                raise (ArithmeticException "the value is not finite")
        )

/// Throws when a small move along −g does not lower the value.
let trusting () : Method =
    descending
        "trusting"
        (fun oracle point at ->
            let target = point - 1e-4 / (1.0 + at.GradientNorm) * at.Gradient

            if oracle.Value target > at.Value then
                raise (InvalidOperationException "gradients never lie")

            target
        )

/// What no file can hold.
[<NoComparison; NoEquality>]
type Unsavable = { Rate: unit -> float }

/// Has a function in its state.
let unsavable () : Method =
    Method.create
        "unsavable"
        (fun _ _ -> { Rate = fun () -> 0.1 })
        (fun oracle point state ->
            Step.moved (point - state.Rate() * oracle.Gradient point) 0.1 state
        )

/// Remembers a tensor by its identity, which no file keeps.
[<ReferenceEquality>]
type Possessive = { Mine: Tensor; Moves: int64 }

/// Goes on only from the very tensor that it has left behind.
let possessive () : Method =
    Method.create
        "possessive"
        (fun _ point -> { Mine = point + 0.0; Moves = 0L })
        (fun oracle point state ->
            let target = plain point (oracle.Evaluate point)
            let weight = if state.Mine.GetHashCode() % 2 = 0 then 1.0 else 0.5
            Step.moved (weight * target) 0.1 { Mine = target + 0.0; Moves = state.Moves + 1L }
        )

/// Newton's method for another function, whose minimum is closer to 0.
let mistaken () : Method =
    Method.create
        "mistaken"
        (fun _ _ -> ())
        (fun oracle point () ->
            let at = oracle.Evaluate point
            let pulled = at.Gradient + 0.01 * point
            Step.moved (point - Linalg.solve (oracle.Hessian point) pulled) 1.0 ()
        )

/// Thinks that it has arrived when it is near.
let content () : Method =
    Method.create
        "content"
        (fun oracle point -> oracle.Evaluate(point).GradientNorm)
        (fun oracle point first ->
            let at = oracle.Evaluate point

            if at.GradientNorm <= 0.1 * first then
                Step.stuck point "this will do" first
            else
                Step.moved (plain point at) 0.1 first
        )

/// Does nothing.
let idle () : Method =
    descending "idle" (fun _ point _ -> point + 0.0)
