/// Comparisons up to rounding, and derivatives by differences, for the tests of problems.
module Optim.CoreTests.Near

open Expecto
open Optim
open Optim.Core

/// Element by element: |a − b| ≤ tolerance · max (1, |b|), and equal lengths.
let expectArray (tolerance: float) (expected: float[]) (actual: float[]) (message: string) : unit =
    Expect.hasLength actual expected.Length message

    for i in 0 .. expected.Length - 1 do
        let distance = abs (actual[i] - expected[i])

        if not (distance <= tolerance * max 1.0 (abs expected[i])) then
            failtest
                $"{message}: element {i} is {actual[i]}, expected {expected[i]} up to {tolerance}"

/// As expectArray, and equal shapes.
let expectTensor (tolerance: float) (expected: Tensor) (actual: Tensor) (message: string) : unit =
    Expect.equal actual.Shape expected.Shape message
    expectArray tolerance (expected.ToArray()) (actual.ToArray()) message

let expectNumber (tolerance: float) (expected: float) (actual: float) (message: string) : unit =
    expectArray tolerance [| expected |] [| actual |] message

/// The gradient by central differences of step h.
let gradient (h: float) (f: Tensor -> Tensor) (x: Tensor) : float[] =
    let at = x.ToArray()

    let moved (i: int) (by: float) =
        let y = Array.copy at
        y[i] <- y[i] + by
        (f (Tensor.ofArray y)).ToScalar()

    Array.init at.Length (fun i -> (moved i h - moved i -h) / (2.0 * h))

let raises<'E when 'E :> exn> (fragments: string list) (work: unit -> unit) : unit =
    let message =
        try
            work ()
            None
        with :? 'E as error ->
            Some error.Message

    match message with
    | None -> failtest $"nothing was refused, expected {typeof<'E>.Name}"
    | Some text ->
        for fragment in fragments do
            Expect.stringContains text fragment "the message"
