namespace Optim.Benchmarks

open System
open System.Threading.Tasks
open Optim
open Optim.Core
open Optim.Benchmarks.Twins

/// Many small fits: y = a exp(−b t) + c at the same places, each with numbers and noise of its own.
[<NoComparison; NoEquality>]
type Decays = {
    /// The places (points).
    Times: float[]
    /// The measured values, fit by fit (fits, points).
    Values: float[]
    Fits: int
}

/// Data of fits, and fits by hand.
[<RequireQualifiedAccess>]
module Decays =

    /// How many points a fit has.
    [<Literal>]
    let Points = 50

    /// The greatest component of the gradient of ½ Σ r² at the end of a fit.
    [<Literal>]
    let Tolerance = 1e-8

    /// So many fits: a in [1, 3], b in [0.5, 2], c in [0, 1], t in [0, 4], and noise with deviation 0.02.
    let create (fits: int) : Decays =
        let times = Array.init Points (fun i -> 4.0 * float i / float (Points - 1))
        let struct (truth, noise) = Key.split (Key.ofSeed 1L)
        let u = Random.uniform truth (3 * fits)
        let e = Random.normal noise (fits * Points)

        let value (i: int) : float =
            let fit = i / Points
            let a, b, c = 1.0 + 2.0 * u[3 * fit], 0.5 + 1.5 * u[3 * fit + 1], u[3 * fit + 2]
            a * exp (-b * times[i % Points]) + c + 0.02 * e[i]

        { Times = times; Values = Array.init (fits * Points) value; Fits = fits }

    /// The values of one fit (points).
    let valuesOf (fit: int) (decays: Decays) : float[] =
        Array.sub decays.Values (fit * Points) Points

    /// a, b, c where the fits start (fits, 3), as the data suggest: b = 1, c the last value, a what the first has more.
    let starts (decays: Decays) : float[] = [|
        for fit in 0 .. decays.Fits - 1 do
            let last = decays.Values[fit * Points + Points - 1]
            decays.Values[fit * Points] - last
            1.0
            last
    |]

    /// a, b, c of all fits (fits, 3), by the loop a person writes for this function, on all cores.
    let byHand (decays: Decays) : float[] =
        let found = starts decays

        let fit (i: int) : unit =
            let p = Span(found, 3 * i, 3)
            let y = ReadOnlySpan(decays.Values, i * Points, Points)

            if not (ExponentialFit.Fit(ReadOnlySpan decays.Times, y, p, Tolerance)) then
                invalidOp $"fit {i} by hand did not converge"

        Parallel.For(0, decays.Fits, fit) |> ignore
        found
