/// A second engine, and what is the same on both.
module Optim.CoreTests.Engines.Mirrors

open System
open Expecto
open Optim
open Optim.Core
open Optim.Testing

let mirror: Engine = MirrorEngine.Instance

/// The tensor on the mirror engine.
let there (x: Tensor) : Tensor = Tensor.moveTo mirror x

/// The same shape, element type and bits, the first on the managed engine and the second on the mirror.
let same (what: string) (here: Tensor) (other: Tensor) : unit =
    Expect.equal here.Device Device.Cpu $"{what}: the device of the first"
    Expect.equal other.Device mirror.Device $"{what}: the device of the second"
    Expect.equal (other.Shape.ToString()) (here.Shape.ToString()) $"{what}: shape"
    Expect.equal other.DType here.DType $"{what}: element type"

    let bits (x: Tensor) =
        x.ToArray() |> Array.map BitConverter.DoubleToInt64Bits

    Expect.equal (bits other) (bits here) $"{what}: elements"

/// The exception that work ends with, which holds all the words.
let refused<'E when 'E :> exn> (words: string list) (work: unit -> unit) : unit =
    Expect.throwsC
        work
        (fun error ->
            Expect.isTrue (error :? 'E) (error.ToString())

            for word in words do
                Expect.stringContains error.Message word "message"
        )

/// A test whose two sides are computed anew, a second and a third time, when they differ. The runtime replaces precompiled
/// library code (sines and the like) by recompiled code in the middle of a process, and its last bits differ: with
/// DOTNET_ReadyToRun=0 the managed engine agrees with itself always. Two sides that do not straddle that moment are equal
/// to the bit, and a true difference is there each time.
let settled (name: string) (work: unit -> unit) : Test =
    let rec attempt (left: int) =
        try
            work ()
        with :? AssertException when left > 1 ->
            attempt (left - 1)

    testCase name (fun () -> attempt 3)
