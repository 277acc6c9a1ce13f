namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp

/// FsCheck generators of problems, with shrinkers that stay in the same family.
[<RequireQualifiedAccess>]
module ProblemGenerators =

    let private seeds: Gen<int64> = Gen.choose (1, 99_999) |> Gen.map int64

    /// A number with three significant digits, so that counterexamples are short.
    let private rounded (x: float) : float =
        Double.Parse(
            x.ToString("G3", Globalization.CultureInfo.InvariantCulture),
            Globalization.CultureInfo.InvariantCulture
        )

    let private between (low: float) (high: float) : Gen<float> =
        Gen.choose (0, 1_000)
        |> Gen.map (fun k -> rounded (low + (high - low) * float k / 1000.0))

    let private oneOf (values: 'T list) : Gen<'T> = Gen.elements values

    let private points (low: float) (high: float) : Gen<float list> =
        gen {
            let! n = Gen.choose (1, 3)
            return! Gen.listOfLength n (between low high)
        }

    /// Curvatures from 1 down to 1 / κ, with log κ uniform up to the condition.
    let private spectra (condition: float) : Gen<float list> =
        gen {
            let! n = Gen.choose (1, 8)
            let! part = between 0.0 1.0
            let! inner = Gen.listOfLength n (between 0.0 1.0)
            let smallest = condition ** -part

            return
                inner
                |> List.mapi (fun i u ->
                    if i = 0 then 1.0
                    elif i = n - 1 then rounded smallest
                    else rounded (smallest ** u)
                )
        }

    let private shrinkSeed (seed: int64) : int64 seq =
        [ 0L; 1L; seed / 2L ] |> Seq.filter (fun s -> s < seed) |> Seq.distinct

    /// Lists with one element less, or one element more like 1.
    let private shrinkList (xs: float list) : float list seq =
        seq {
            if xs.Length > 1 then
                for i in 0 .. xs.Length - 1 do
                    List.removeAt i xs

            for i in 0 .. xs.Length - 1 do
                if abs xs[i] <> 1.0 then
                    List.updateAt i (float (sign xs[i])) xs
        }

    /// Simpler cases of the same family.
    let rec shrink (case: ProblemCase) : ProblemCase seq =
        match case with
        | ProblemCase.Quadratic(spectrum, seed) ->
            seq {
                for s in shrinkList spectrum do
                    ProblemCase.Quadratic(s, seed)

                for k in shrinkSeed seed do
                    ProblemCase.Quadratic(spectrum, k)
            }
        | ProblemCase.Saddle(spectrum, seed, isOnManifold) ->
            seq {
                for s in shrinkList spectrum do
                    if List.exists (fun c -> c < 0.0) s && List.exists (fun c -> c > 0.0) s then
                        ProblemCase.Saddle(s, seed, isOnManifold)

                for k in shrinkSeed seed do
                    ProblemCase.Saddle(spectrum, k, isOnManifold)
            }
        | ProblemCase.Rosenbrock(length, steepness) ->
            seq {
                if length > 2 then
                    ProblemCase.Rosenbrock(2, steepness)

                if steepness <> 1.0 then
                    ProblemCase.Rosenbrock(length, 1.0)
            }
        | ProblemCase.Logistic(examples, features, penalty, seed) ->
            seq {
                if features > 1 then
                    ProblemCase.Logistic(examples, features - 1, penalty, seed)

                if examples > 2 then
                    ProblemCase.Logistic(examples / 2, features, penalty, seed)

                for k in shrinkSeed seed do
                    if k > 0L then
                        ProblemCase.Logistic(examples, features, penalty, k)
            }
        | ProblemCase.Network(examples, seed) ->
            seq {
                if examples > 1 then
                    ProblemCase.Network(examples / 2, seed)

                for k in shrinkSeed seed do
                    if k > 0L then
                        ProblemCase.Network(examples, k)
            }
        | ProblemCase.Barrier start -> Seq.map ProblemCase.Barrier (shrinkList start)
        | ProblemCase.Linear slopes -> Seq.map ProblemCase.Linear (shrinkList slopes)
        | ProblemCase.Cubic start -> Seq.map ProblemCase.Cubic (shrinkList start)
        | ProblemCase.NegativeExponential start ->
            Seq.map ProblemCase.NegativeExponential (shrinkList start)
        | ProblemCase.Flat start -> Seq.map ProblemCase.Flat (shrinkList start)
        | ProblemCase.Stepped start -> Seq.map ProblemCase.Stepped (shrinkList start)
        | ProblemCase.Noisy(spectrum, noise, seed) ->
            seq {
                for s in shrinkList spectrum do
                    ProblemCase.Noisy(s, noise, seed)

                for k in shrinkSeed seed do
                    ProblemCase.Noisy(spectrum, noise, k)
            }
        | ProblemCase.MiniBatches(batches, size, features, seed) ->
            seq {
                if features > 1 then
                    ProblemCase.MiniBatches(batches, size, features - 1, seed)

                for k in shrinkSeed seed do
                    if k > 0L then
                        ProblemCase.MiniBatches(batches, size, features, k)
            }
        | ProblemCase.Scaled(factor, inner) ->
            shrink inner |> Seq.map (fun c -> ProblemCase.Scaled(factor, c))
        | ProblemCase.Moved(coordinates, inner) ->
            shrink inner |> Seq.map (fun c -> ProblemCase.Moved(coordinates, c))
        | ProblemCase.WronglyDifferentiated(factor, inner) ->
            shrink inner |> Seq.map (fun c -> ProblemCase.WronglyDifferentiated(factor, c))
        | ProblemCase.Compiled inner -> shrink inner |> Seq.map ProblemCase.Compiled

    let private withShrinks (cases: Gen<ProblemCase>) : Arbitrary<ProblemCase> =
        Arb.fromGenShrink (cases, shrink)

    let private quadratics (condition: float) : Gen<ProblemCase> =
        Gen.map2 (fun s k -> ProblemCase.Quadratic(s, k)) (spectra condition) seeds

    /// Convex quadratics of 1 to 8 variables, curvatures between 1 / condition and 1. condition: 1 or more.
    let quadratic (condition: float) : Arbitrary<ProblemCase> = withShrinks (quadratics condition)

    let private saddles (isOnManifold: bool) : Gen<ProblemCase> =
        gen {
            let! positive = Gen.choose (1, 3)
            let! negative = Gen.choose (1, 2)
            let! up = Gen.listOfLength positive (between 0.2 2.0)
            let! down = Gen.listOfLength negative (between -2.0 -0.2)
            let! seed = Gen.oneof [ Gen.constant 0L; seeds ]
            return ProblemCase.Saddle(up @ down, seed, isOnManifold)
        }

    /// Functions with a strict saddle and minima beside it. isOnManifold: whether the gradient leads from the start to
    /// the saddle, exactly for seed 0, to rounding for others.
    let saddle (isOnManifold: bool) : Arbitrary<ProblemCase> = withShrinks (saddles isOnManifold)

    let private rosenbrocks (steepest: float) : Gen<ProblemCase> =
        Gen.map2
            (fun n s -> ProblemCase.Rosenbrock(n, s))
            (Gen.choose (2, 5))
            (oneOf (List.filter (fun s -> s <= steepest) [ 1.0; 10.0; 100.0 ]))

    /// Rosenbrock functions of 2 to 5 variables.
    let rosenbrock: Arbitrary<ProblemCase> = withShrinks (rosenbrocks 100.0)

    let private logistics: Gen<ProblemCase> =
        gen {
            let! examples = Gen.choose (4, 20)
            let! features = Gen.choose (1, 4)
            let! penalty = oneOf [ 0.01; 0.1; 1.0 ]
            let! seed = seeds
            return ProblemCase.Logistic(examples, features, penalty, seed)
        }

    /// Strictly convex logistic regressions.
    let logistic: Arbitrary<ProblemCase> = withShrinks logistics

    let private networks: Gen<ProblemCase> =
        Gen.map2 (fun m k -> ProblemCase.Network(m, k)) (Gen.choose (3, 10)) seeds

    /// Small networks.
    let network: Arbitrary<ProblemCase> = withShrinks networks

    let private barriers: Gen<ProblemCase> =
        Gen.map ProblemCase.Barrier (points 0.05 20.0)

    /// Functions that are NaN in half-spaces, started where they are finite.
    let barrier: Arbitrary<ProblemCase> = withShrinks barriers

    let private unboundeds: Gen<ProblemCase> =
        Gen.oneof [
            Gen.map ProblemCase.Linear (points -2.0 2.0)
            Gen.map ProblemCase.Cubic (points -2.0 2.0)
            Gen.map ProblemCase.NegativeExponential (points -2.0 5.0)
        ]

    /// Functions without lower bound.
    let unbounded: Arbitrary<ProblemCase> = withShrinks unboundeds

    let private oddities: Gen<ProblemCase> =
        Gen.oneof [
            Gen.map ProblemCase.Flat (points -2.0 2.0)
            Gen.map ProblemCase.Stepped (points -2.0 2.0)
            Gen.map ProblemCase.Barrier (points -2.0 2.0)
            Gen.map ProblemCase.NegativeExponential (points 600.0 720.0)
        ]

    /// Flat and discontinuous functions, and starts without finite value or just below overflow.
    let odd: Arbitrary<ProblemCase> = withShrinks oddities

    let private noises: Gen<ProblemCase> =
        gen {
            let! spectrum = spectra 10.0
            let! seed = seeds
            return ProblemCase.Noisy(spectrum, 0.05, seed)
        }

    /// Quadratics of condition up to 10 that steps see with noise.
    let noisy: Arbitrary<ProblemCase> = withShrinks noises

    let private batches: Gen<ProblemCase> =
        gen {
            let! count = Gen.choose (2, 5)
            let! size = Gen.choose (3, 8)
            let! features = Gen.choose (1, 4)
            let! seed = seeds
            return ProblemCase.MiniBatches(count, size, features, seed)
        }

    /// Objectives that steps see through samples.
    let stochastic: Arbitrary<ProblemCase> = withShrinks (Gen.oneof [ noises; batches ])

    let private smooths: Gen<ProblemCase> =
        Gen.oneof [ quadratics 100.0; rosenbrocks 100.0; logistics; networks; barriers ]

    /// Smooth functions with a least value: quadratics, Rosenbrock functions, logistic regressions, networks, barriers.
    let smooth: Arbitrary<ProblemCase> = withShrinks smooths

    /// Smooth strictly convex functions: quadratics, logistic regressions, barriers.
    let convex: Arbitrary<ProblemCase> =
        withShrinks (Gen.oneof [ quadratics 100.0; logistics; barriers ])

    /// Functions whose least value line searches and trust regions find from afar in a few hundred steps.
    let solvable: Arbitrary<ProblemCase> =
        withShrinks (Gen.oneof [ quadratics 1e4; rosenbrocks 100.0; logistics; barriers ])

    /// The same case times 1e-12 or 1e12.
    let scaled (cases: Arbitrary<ProblemCase>) : Arbitrary<ProblemCase> =
        withShrinks (
            Gen.map2
                (fun factor case -> ProblemCase.Scaled(factor, case))
                (oneOf [ 1e-12; 1e12 ])
                (Arb.toGen cases)
        )

    /// The same case in other coordinates, made from a seed.
    let moved
        (coordinates: int64 -> Coordinates)
        (cases: Arbitrary<ProblemCase>)
        : Arbitrary<ProblemCase> =
        withShrinks (
            Gen.map2
                (fun seed case -> ProblemCase.Moved(coordinates seed, case))
                seeds
                (Arb.toGen cases)
        )

    /// The same case compiled, where it can be: not on samples, and not with a wrong derivative, which reads numbers.
    let compiled (cases: Arbitrary<ProblemCase>) : Arbitrary<ProblemCase> =
        let compile (case: ProblemCase) : ProblemCase =
            match case with
            | ProblemCase.Noisy _
            | ProblemCase.MiniBatches _
            | ProblemCase.WronglyDifferentiated _
            | ProblemCase.Compiled _ -> case
            | _ -> ProblemCase.Compiled case

        withShrinks (Gen.map compile (Arb.toGen cases))

    /// Smooth functions whose gradients come out with a wrong sign or size.
    let wronglyDifferentiated: Arbitrary<ProblemCase> =
        withShrinks (
            Gen.map2
                (fun factor case -> ProblemCase.WronglyDifferentiated(factor, case))
                (oneOf [ -1.0; -0.1; 0.5; 3.0 ])
                smooths
        )

    /// Every deterministic family with right derivatives.
    let deterministic: Arbitrary<ProblemCase> =
        withShrinks (
            Gen.frequency [
                1, quadratics 1e6
                4, smooths
                2, saddles true
                1, saddles false
                2, unboundeds
                2, oddities
                2, Arb.toGen (scaled (withShrinks smooths))
            ]
        )

    /// Every family with right derivatives.
    let any: Arbitrary<ProblemCase> =
        withShrinks (Gen.frequency [ 6, Arb.toGen deterministic; 1, noises; 1, batches ])
