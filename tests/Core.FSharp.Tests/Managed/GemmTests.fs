/// Matrix products of all sizes and batches against the plain triple loop, with every kind of register in both precisions.
module Optim.CoreTests.GemmTests

open Expecto
open FsCheck
open FsCheck.FSharp
open Optim.CoreTests.GemmCases

let private borders = [ 1; 2; 3; 5; 7; 8; 9; 15; 16; 17; 24; 31; 33; 40 ]

let private sizes =
    testList "sizes" [
        testCase
            "around the borders of tiles, all flags"
            (fun () ->
                for flag in flags do
                    for m in borders do
                        for n in borders do
                            for k in [ 1; 3; 8 ] do
                                allAgree 1 (plain flag m n k)
            )

        testCase
            "every length from 1 to 40"
            (fun () ->
                for flag in flags do
                    for length in 1..40 do
                        allAgree 1 (plain flag length 19 6)
                        allAgree 1 (plain flag 19 length 6)
                        allAgree 1 (plain flag 10 19 length)
            )

        testCase
            "cut into blocks"
            (fun () ->
                for flag in flags do
                    allAgree 1 (plain flag 70 33 257)
                    allAgree 1 (plain flag 5 70 600)
                    allAgree 2 (plain flag 261 75 130)
                    allAgree 1 (plain flag 137 2085 11)
                    allAgree 1 (plain flag 131 1035 270)
            )

        testCase
            "products with a vector"
            (fun () ->
                for flag in flags do
                    for length in [ 1; 2; 3; 4; 6; 17; 63; 64; 65; 130; 2500 ] do
                        for inner in [ 1; 3; 4; 5; 8; 18; 35; 131 ] do
                            allAgree 1 (plain flag length 1 inner)
                            allAgree 1 (plain flag 1 length inner)

                    allAgree 2 (plain flag 1201 1 1003)
                    allAgree 2 (plain flag 1 1201 1003)
            )
    ]

/// Batches with offsets, gaps between the products, and operands that all share.
let private anyCase: Gen<Case> =
    gen {
        let! batch = Gen.choose (1, 6)
        let! m = Gen.choose (1, 40)
        let! n = Gen.choose (1, 40)
        let! k = Gen.frequency [ 9, Gen.choose (1, 40); 1, Gen.choose (250, 530) ]
        let! flag = Gen.elements flags
        let! aStride = Gen.elements [ 0; m * k; m * k + 3 ]
        let! bStride = Gen.elements [ 0; k * n; k * n + 1 ]
        let! cStride = Gen.elements [ m * n; m * n + 2 ]
        let! aOffset = Gen.choose (0, 9)
        let! bOffset = Gen.choose (0, 9)
        let! cOffset = Gen.choose (0, 9)

        return {
            plain flag m n k with
                Batch = batch
                AOffset = aOffset
                AStride = aStride
                BOffset = bOffset
                BStride = bStride
                COffset = cOffset
                CStride = cStride
        }
    }

let private batches =
    testList "batches" [
        testCase
            "any size, offset and stride"
            (fun () ->
                Check.One(
                    Config.QuickThrowOnFailure.WithMaxTest 300,
                    Prop.forAll
                        (Arb.fromGen anyCase)
                        (fun case ->
                            allAgree 1 case
                            allAgree 2 case
                        )
                )
            )

        testCase
            "every way to share operands"
            (fun () ->
                for m, n, k in
                    [
                        17, 10, 12
                        1, 9, 7
                        9, 1, 7
                        1, 1, 5
                        10, 10, 1
                        1, 9, 1
                        5, 1, 1
                        10, 64, 33
                    ] do
                    for case in shared m n k 5 do
                        allAgree 1 case
            )

        testCase
            "threads share the work"
            (fun () ->
                for case in shared 64 10 128 20 @ shared 130 70 100 3 do
                    allAgree 2 case
            )
    ]

[<Tests>]
let gemm = testList "Gemm" [ sizes; batches ]
