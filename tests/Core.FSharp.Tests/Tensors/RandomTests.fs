module Optim.CoreTests.RandomTests

open System
open Expecto
open Optim
open Optim.Core

let private key: Key = Key.ofSeed 42L

/// Member access on a local copy: on a module's value it is a warning.
let private words (k: Key) : struct (uint64 * uint64) = struct (k.First, k.Second)

let private mean (values: float[]) : float = Array.average values

let private variance (values: float[]) : float =
    let m = mean values
    values |> Array.averageBy (fun x -> (x - m) * (x - m))

let private correlation (x: float[]) (y: float[]) : float =
    let mx, my = mean x, mean y
    let covariance = Array.map2 (fun a b -> (a - mx) * (b - my)) x y |> mean
    covariance / sqrt (variance x * variance y)

/// Σ (observed − expected)² / expected over equally likely cells.
let private chiSquare (counts: int[]) : float =
    let expected = float (Array.sum counts) / float counts.Length
    counts |> Array.sumBy (fun c -> (float c - expected) ** 2.0 / expected)

let private tally (cells: int) (positions: int seq) : int[] =
    let counts = Array.zeroCreate<int> cells

    for p in positions do
        counts[p] <- counts[p] + 1

    counts

/// χ² with d degrees has mean d and deviation √(2d): within five deviations. The seeds are fixed, so this cannot flicker.
let private expectFlat (counts: int[]) (message: string) : unit =
    let freedom = float (counts.Length - 1)
    let distance = abs (chiSquare counts - freedom) / sqrt (2.0 * freedom)
    Expect.isLessThan distance 5.0 message

let private philox =
    testList "Philox4x32-10" [
        let words (low: uint64) (high: uint64) = [
            uint32 low
            uint32 (low >>> 32)
            uint32 high
            uint32 (high >>> 32)
        ]

        // The vectors published with Random123 (kat_vectors): counter, key, result.
        for name, counter, secret, expected in
            [
                "zeros",
                struct (0UL, 0UL),
                0UL,
                [ 0x6627e8d5u; 0xe169c58du; 0xbc57ac4cu; 0x9b00dbd8u ]

                "ones",
                struct (UInt64.MaxValue, UInt64.MaxValue),
                UInt64.MaxValue,
                [ 0x408f276du; 0x41c83b0eu; 0xa20bc7c6u; 0x6d5451fdu ]

                "digits of pi",
                struct (0x85a308d3_243f6a88UL, 0x03707344_13198a2eUL),
                0x299f31d0_a4093822UL,
                [ 0xd16cfe09u; 0x94fdccebu; 0x5001e420u; 0x24126ea1u ]
            ] do
            testCase
                $"known answer: {name}"
                (fun () ->
                    let struct (low, high) = Philox.block counter secret
                    Expect.equal (words low high) expected "four words"
                )
    ]

let private keys =
    testList "Key" [
        testCase
            "equal seeds give equal keys, different seeds different ones"
            (fun () ->
                Expect.equal (Key.ofSeed 7L) (Key.ofSeed 7L) "equal"
                let many = [ for seed in -500L .. 500L -> Key.ofSeed seed ]
                Expect.equal (List.distinct many).Length 1001 "distinct"
            )

        testCase
            "the first numbers of seed 42 never change"
            (fun () ->
                // Pinned so that saved runs stay reproducible: seed → key → block 0 of Philox, as documented.
                let struct (first, second) = Philox.block (struct (42UL, 0UL)) 0UL

                Expect.equal (words key) (struct (first, second)) "the key's words"

                let struct (low, high) = Philox.block (struct (0UL, second)) first

                let unit (bits: uint64) =
                    float (bits >>> 11) / 9007199254740992.0

                Expect.equal (Random.uniform key 2) [| unit low; unit high |] "uniform"
            )

        testCase
            "a key is restored from its two words"
            (fun () ->
                let struct (first, second) = words key
                Expect.equal (Key.FromWords(first, second)) key "the same key"
            )

        testCase
            "split and fold give new keys, all different"
            (fun () ->
                let struct (left, right) = Key.split key
                let folded = [ for i in -200L .. 200L -> Key.fold i key ]
                let deeper = [ for k in [ left; right ] -> Key.fold 0L k ]
                let all = key :: left :: right :: folded @ deeper
                Expect.equal (List.distinct all).Length all.Length "distinct"
                let own = key
                Expect.equal (Key.fold 3L key) (own.Fold 3L) "the member is the function"
                Expect.equal (Key.split key) (own.Split()) "the member is the function"
                let struct (l, _) = Key.split (Key.fold Int64.MinValue key)
                Expect.notEqual l (Key.fold Int64.MinValue key) "the ends of int64 are indices too"
            )

        testCase
            "no child's words are among its parent's numbers"
            (fun () ->
                let own = key
                let drawn = set [ for i in 0UL .. 2000UL -> own.Block i ]
                let struct (left, right) = Key.split key
                let children = left :: right :: [ for i in 0L .. 500L -> Key.fold i key ]
                Expect.isFalse (children |> List.exists (words >> drawn.Contains)) "disjoint"
            )

        testCase
            "parent, children and folded keys draw uncorrelated numbers"
            (fun () ->
                let struct (left, right) = Key.split key
                let n = 40_000

                let streams =
                    [ key; left; right; Key.fold 0L key; Key.fold 1L key; Key.ofSeed 43L ]
                    |> List.map (fun k -> Random.normal k n)

                for i in 0 .. streams.Length - 1 do
                    for j in 0 .. i - 1 do
                        // Standard error 1/√n = 0.005.
                        Expect.isLessThan
                            (abs (correlation streams[i] streams[j]))
                            0.025
                            $"%d{i} and %d{j}"
            )
    ]

let private fillers =
    testList "Random" [
        testCase
            "a longer array begins with the shorter one"
            (fun () ->
                let stable (name: string) (fill: int -> 'a[]) =
                    let long = fill 700

                    for count in [ 0; 1; 2; 3; 64; 127; 128; 129; 256; 699 ] do
                        Expect.equal (fill count) long[.. count - 1] $"{name}, %d{count}"

                stable "uniform" (Random.uniform key)
                stable "normal" (Random.normal key)
                stable "rademacher" (Random.rademacher key)
                stable "bernoulli" (Random.bernoulli key 0.3)
                stable "integers" (Random.integers key -3L 11L)
                stable "integers, wide" (Random.integers key Int64.MinValue 1L)
            )

        testCase
            "uniform: in [0, 1), flat, with the right moments"
            (fun () ->
                let u = Random.uniform key 100_000
                Expect.isTrue (u |> Array.forall (fun x -> x >= 0.0 && x < 1.0)) "range"
                // Standard errors: 0.00091 for the mean, 0.00024 for the variance.
                Expect.isLessThan (abs (mean u - 0.5)) 0.004 "mean"
                Expect.isLessThan (abs (variance u - 1.0 / 12.0)) 0.001 "variance"
                expectFlat (u |> Seq.map (fun x -> int (x * 100.0)) |> tally 100) "cells"
                // Pairs of neighbours: serial dependence would show on the square.
                expectFlat
                    (u
                     |> Array.chunkBySize 2
                     |> Seq.map (fun p -> int (p[0] * 10.0) * 10 + int (p[1] * 10.0))
                     |> tally 100)
                    "squares"

                Expect.isTrue
                    (u |> Array.exists (fun x -> (x * 4294967296.0) % 1.0 <> 0.0))
                    "more than 32 bits"
            )

        testCase
            "normal: moments, tails and neighbours"
            (fun () ->
                let n = 100_000
                let z = Random.normal key n
                Expect.isTrue (z |> Array.forall Double.IsFinite) "finite"
                // Standard errors: 0.0032, 0.0045, 0.0077, 0.031.
                Expect.isLessThan (abs (mean z)) 0.016 "mean"
                Expect.isLessThan (abs (variance z - 1.0)) 0.022 "variance"

                Expect.isLessThan
                    (abs (z |> Array.averageBy (fun x -> x ** 3.0)))
                    0.04
                    "third moment"

                Expect.isLessThan
                    (abs ((z |> Array.averageBy (fun x -> x ** 4.0)) - 3.0))
                    0.15
                    "fourth moment"
                // P(|z| > 1.959964) = 0.05, deviation 0.0007.
                let beyond = z |> Array.filter (fun x -> abs x > 1.959964) |> Array.length
                Expect.isLessThan (abs (float beyond / float n - 0.05)) 0.0035 "tails"
                let even = Array.init (n / 2) (fun i -> z[2 * i])
                let odd = Array.init (n / 2) (fun i -> z[2 * i + 1])
                Expect.isLessThan (abs (correlation even odd)) 0.022 "the two of a pair"

                Expect.isLessThan
                    (abs (correlation (Array.map abs even) (Array.map abs odd)))
                    0.022
                    "their sizes"
            )

        testCase
            "rademacher: −1 and 1, each half of the time, at every bit"
            (fun () ->
                let s = Random.rademacher key 128_000
                Expect.isTrue (s |> Array.forall (fun x -> x = 1.0 || x = -1.0)) "signs"
                Expect.isLessThan (abs (mean s)) 0.014 "mean"

                for bit in 0..127 do
                    let own = Array.init 1000 (fun i -> s[128 * i + bit])
                    Expect.isLessThan (abs (mean own)) 0.16 $"bit %d{bit}"

                let runs = Array.pairwise s |> Array.averageBy (fun (a, b) -> a * b)
                Expect.isLessThan (abs runs) 0.014 "neighbours"
            )

        testCase
            "bernoulli: the probability, and both certainties"
            (fun () ->
                let share p =
                    Random.bernoulli key p 50_000
                    |> Array.averageBy (fun b -> if b then 1.0 else 0.0)

                Expect.isLessThan (abs (share 0.3 - 0.3)) 0.0103 "0.3"
                Expect.equal (share 0.0) 0.0 "never"
                Expect.equal (share 1.0) 1.0 "always"
            )

        testCase
            "integers: in range, each equally often"
            (fun () ->
                let drawn = Random.integers key -3L 4L 70_000
                expectFlat (drawn |> Seq.map (fun x -> int (x + 3L)) |> tally 7) "seven values"
                Expect.allEqual (Random.integers key 5L 6L 100) 5L "one value"
            )

        testCase
            "integers: wide ranges are unbiased where most draws must be repeated"
            (fun () ->
                // 2⁶³ + 1 values: nearly half of all 64-bit draws are rejected. A plain remainder would give 0 … twice as often.
                let drawn = Random.integers key Int64.MinValue 1L 40_000
                Expect.isTrue (drawn |> Array.forall (fun x -> x <= 0L)) "range"

                let cell (x: int64) =
                    int (min 7.0 ((float x + 9223372036854775808.0) / 9223372036854775808.0 * 8.0))

                expectFlat (drawn |> Seq.map cell |> tally 8) "eighths"
                let whole = Random.integers key Int64.MinValue Int64.MaxValue 40_000

                Expect.isLessThan
                    (abs (
                        float (whole |> Array.filter (fun x -> x < 0L) |> Array.length) / 40_000.0
                        - 0.5
                    ))
                    0.0125
                    "all of int64"

                Expect.equal (Array.distinct whole).Length 40_000 "no repetition"
            )

        testCase
            "permutation: every number once, every order equally often"
            (fun () ->
                for n in [ 0; 1; 2; 17; 1000 ] do
                    Expect.equal
                        (Random.permutation key n |> Array.sort)
                        (Array.init n id)
                        $"%d{n}"

                Expect.notEqual
                    (Random.permutation key 1000)
                    (Array.init 1000 id)
                    "not the identity"

                let orders =
                    [ 0L .. 5999L ]
                    |> List.countBy (fun i ->
                        Random.permutation (Key.fold i key) 3 |> List.ofArray
                    )

                Expect.equal orders.Length 6 "all six orders of three"
                expectFlat (orders |> List.map snd |> Array.ofList) "equally often"
                // Where 0 goes among ten.
                let places = [
                    for i in 0L .. 4999L ->
                        Array.IndexOf(Random.permutation (Key.fold i key) 10, 0)
                ]

                expectFlat (tally 10 places) "places"
            )

        testCase
            "wrong arguments are named"
            (fun () ->
                let parameterOf (act: unit -> unit) =
                    try
                        act ()
                        "nothing"
                    with :? ArgumentException as e ->
                        string e.ParamName

                Expect.equal
                    (parameterOf (fun () -> Random.uniform key -1 |> ignore))
                    "count"
                    "uniform"

                Expect.equal
                    (parameterOf (fun () -> Random.normal key -1 |> ignore))
                    "count"
                    "normal"

                Expect.equal
                    (parameterOf (fun () -> Random.rademacher key -1 |> ignore))
                    "count"
                    "rademacher"

                Expect.equal
                    (parameterOf (fun () -> Random.bernoulli key 1.5 3 |> ignore))
                    "probability"
                    "above 1"

                Expect.equal
                    (parameterOf (fun () -> Random.bernoulli key nan 3 |> ignore))
                    "probability"
                    "NaN"

                Expect.equal
                    (parameterOf (fun () -> Random.integers key 4L 4L 3 |> ignore))
                    "low"
                    "empty range"

                Expect.equal
                    (parameterOf (fun () -> Random.permutation key -2 |> ignore))
                    "n"
                    "permutation"
            )
    ]

[<Tests>]
let tests = testList "Random" [ philox; keys; fillers ]
