module Optim.CoreTests.SinglePairsTests

open Expecto
open Optim
open Optim.Core
open Optim.Managed

let private numbers (seed: int64) (n: int) : float[] =
    Random.normal (Key.ofSeed seed) n |> Array.ofSeq

let private singles (seed: int64) (n: int) : float32[] = Array.map float32 (numbers seed n)

let private close (tolerance: float) (actual: float) (expected: float) (message: string) : unit =
    Expect.isLessThanOrEqual (abs (actual - expected)) tolerance $"{message}: {actual}, {expected}"

let private dot (a: float32[]) (b: float[]) (start: int) (length: int) : float =
    Seq.sum (seq { for i in start .. start + length - 1 -> float a[i] * b[i] })

let private lengths = [ 1; 7; 8; 9; 15; 16; 17; 31; 32; 33; 100; 1024 ]

[<Tests>]
let singlePairs =
    testList "Single pairs" [
        for length in lengths do
            for start in [ 0; 5 ] do
                let n = start + length + 3
                let block = struct (start, length)
                let name = $"{length} numbers from {start}"

                testCase
                    $"pairs of {name} are rounded once, with the sums that their products have to the last bit"
                    (fun () ->
                        let before, after = numbers 1L n, numbers 2L n
                        let gradientBefore, gradient = numbers 3L n, numbers 4L n
                        let s, y = Array.create n 7.0f, Array.create n 7.0f
                        let wide = Array.create (length + 1) 7.0
                        let already = numbers 9L (3 * SinglePairs.Sums)
                        let sums = Array.copy already
                        let moveScale = 1024.0
                        let changeScale = 0.125

                        let square =
                            SinglePairs.learn
                                block
                                (struct (before, after))
                                (struct (gradientBefore, gradient))
                                (struct (moveScale, changeScale))
                                (struct (s, y))
                                wide
                                sums
                                SinglePairs.Sums

                        let mutable expected = 0.0

                        for i in 0 .. n - 1 do
                            if i >= start && i < start + length then
                                let move = float32 (moveScale * (after[i] - before[i]))
                                Expect.equal s[i] move "move"
                                let change = changeScale * (gradient[i] - gradientBefore[i])
                                Expect.equal y[i] (float32 change) "change"
                                Expect.equal wide[i - start] (float y[i]) "wide"
                                expected <- expected + float move * float move
                            else
                                Expect.equal s[i] 7.0f "move outside"
                                Expect.equal y[i] 7.0f "change outside"

                        Expect.equal wide[length] 7.0 "beyond"
                        close (1e-14 * expected) square expected "square"
                        let own = SinglePairs.Sums
                        let other, another = 0, 2 * SinglePairs.Sums

                        for offsets in
                            [
                                struct (own, other, another)
                                struct (other, own, another)
                                struct (other, another, own)
                            ] do
                            let again = Array.copy already

                            SinglePairs.addProducts
                                block
                                (struct (s, y))
                                (struct (s, y))
                                (struct (s, y))
                                (struct (gradient, start))
                                wide
                                again
                                offsets

                            Expect.sequenceEqual
                                (Array.sub sums own SinglePairs.Sums)
                                (Array.sub again own SinglePairs.Sums)
                                $"sums at {offsets}"
                    )

                testCase
                    $"products of {name} are added to the sums"
                    (fun () ->
                        let s = Array.init 6 (fun i -> singles (int64 i) n)
                        let g, v = numbers 10L n, numbers 11L length
                        let sums = Array.zeroCreate (3 * SinglePairs.Sums)

                        for _ in 1..2 do
                            SinglePairs.addProducts
                                block
                                (struct (s[0], s[1]))
                                (struct (s[2], s[3]))
                                (struct (s[4], s[5]))
                                (struct (g, start))
                                v
                                sums
                                (struct (SinglePairs.Sums, 0, 2 * SinglePairs.Sums))

                        let shifted = Array.append (Array.zeroCreate start) v

                        for i in 0..5 do
                            let pair = [ 1; 0; 2 ][i / 2]

                            let offset = pair * SinglePairs.Sums + i % 2 * 2 * SinglePairs.Lanes

                            let size = 1e-13 * float n

                            close
                                size
                                (SinglePairs.total sums offset)
                                (2.0 * dot s[i] g start length)
                                $"g, {i}"

                            close
                                size
                                (SinglePairs.total sums (offset + SinglePairs.Lanes))
                                (2.0 * dot s[i] shifted start length)
                                $"v, {i}"
                    )

                testCase
                    $"combinations of {name}"
                    (fun () ->
                        let s = Array.init 4 (fun i -> singles (int64 i) n)
                        let at (vector: int) (i: int) : float = float (s[vector][i])
                        let x = numbers 10L n
                        let target = Array.copy x

                        SinglePairs.combine
                            block
                            (struct (-2.0, target))
                            (struct (3.0, s[0], 0.5, s[1]))
                            (struct (-1.5, s[2], 0.25, s[3]))
                            target

                        for i in 0 .. n - 1 do
                            let expected =
                                if i >= start && i < start + length then
                                    -2.0 * x[i] + 3.0 * at 0 i + 0.5 * at 1 i - 1.5 * at 2 i
                                    + 0.25 * at 3 i
                                else
                                    x[i]

                            close 1e-13 target[i] expected $"number {i}"
                    )

                testCase
                    $"dots of {name}"
                    (fun () ->
                        let a, b = numbers 1L n, numbers 2L n
                        let sums = Array.zeroCreate (2 * SinglePairs.Lanes)
                        SinglePairs.addDots block a b sums
                        let part (x: float[]) = Array.sub x start length

                        close
                            (1e-14 * float n)
                            (SinglePairs.total sums 0)
                            (Array.sum (Array.map2 (*) (part a) (part b)))
                            "ab"

                        close
                            (1e-14 * float n)
                            (SinglePairs.total sums SinglePairs.Lanes)
                            (Array.sum (Array.map2 (*) (part a) (part a)))
                            "aa"
                    )
    ]
