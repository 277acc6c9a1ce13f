/// Matrix products and the plain triple loop. Elements are small whole numbers, so every right answer is exact.
module internal Optim.CoreTests.GemmCases

open System
open Expecto
open Optim.Managed

/// What the tests need to know of an element type.
[<NoComparison; NoEquality>]
type Precision<'T> = {
    Of: int -> 'T
    Nan: 'T
    Infinity: 'T
    IsNan: 'T -> bool
    Kernels: GemmTile -> GemmKernels<'T>
}

let double: Precision<float> = {
    Of = float
    Nan = nan
    Infinity = infinity
    IsNan = Double.IsNaN
    Kernels = GemmTile.float64
}

let single: Precision<float32> = {
    Of = float32
    Nan = nanf
    Infinity = infinityf
    IsNan = Single.IsNaN
    Kernels = GemmTile.float32
}

let tiles = [ GemmTile.Vector512; GemmTile.Vector256; GemmTile.Vector128; GemmTile.Scalar ]

let flags = [ false, false; true, false; false, true; true, true ]

/// One batched product; strides of A and B of 0 share the operand.
type Case = {
    Batch: int
    Ta: bool
    Tb: bool
    M: int
    N: int
    K: int
    AOffset: int
    AStride: int
    BOffset: int
    BStride: int
    COffset: int
    CStride: int
}

let plain (ta: bool, tb: bool) (m: int) (n: int) (k: int) : Case = {
    Batch = 1
    Ta = ta
    Tb = tb
    M = m
    N = n
    K = k
    AOffset = 0
    AStride = 0
    BOffset = 0
    BStride = 0
    COffset = 0
    CStride = 0
}

let lengthOf (batch: int) (offset: int) (stride: int) (size: int) : int =
    offset + (batch - 1) * stride + size

/// Whole numbers from −8 to 8 in an order without a pattern.
let numbers (seed: int) (length: int) : int[] =
    let random = Random seed
    Array.init length (fun _ -> random.Next(-8, 9))

let operands (case: Case) : int[] * int[] =
    numbers 1 (lengthOf case.Batch case.AOffset case.AStride (case.M * case.K)),
    numbers 2 (lengthOf case.Batch case.BOffset case.BStride (case.K * case.N))

let private untouched = 12345

/// The triple loop. Elements of C that belong to no product are `untouched`.
let private naive (case: Case) (a: int[]) (b: int[]) : int[] =
    let c =
        Array.create (lengthOf case.Batch case.COffset case.CStride (case.M * case.N) + 5) untouched

    for q in 0 .. case.Batch - 1 do
        let a0, b0 = case.AOffset + q * case.AStride, case.BOffset + q * case.BStride

        for i in 0 .. case.M - 1 do
            for j in 0 .. case.N - 1 do
                let mutable sum = 0

                for p in 0 .. case.K - 1 do
                    let x =
                        if case.Ta then
                            a[a0 + p * case.M + i]
                        else
                            a[a0 + i * case.K + p]

                    let y =
                        if case.Tb then
                            b[b0 + j * case.K + p]
                        else
                            b[b0 + p * case.N + j]

                    sum <- sum + x * y

                c[case.COffset + q * case.CStride + i * case.N + j] <- sum

    c

let compute
    (kernels: GemmKernels<'T>)
    (threads: int)
    (case: Case)
    (a: 'T[])
    (b: 'T[])
    (c: 'T[])
    : unit =
    Gemm.Run(
        kernels,
        threads,
        case.Batch,
        case.Ta,
        case.Tb,
        case.M,
        case.N,
        case.K,
        a,
        case.AOffset,
        case.AStride,
        b,
        case.BOffset,
        case.BStride,
        c,
        case.COffset,
        case.CStride
    )

/// Fails when a kernel differs from the triple loop anywhere.
let private agrees
    (precision: Precision<'T>)
    (case: Case)
    (threads: int)
    (a: int[])
    (b: int[])
    (expected: int[])
    : unit =
    let right = Array.map precision.Of expected
    let a, b = Array.map precision.Of a, Array.map precision.Of b

    for tile in tiles do
        let c = Array.create right.Length (precision.Of untouched)

        for q in 0 .. case.Batch - 1 do
            Array.fill c (case.COffset + q * case.CStride) (case.M * case.N) precision.Nan

        compute (precision.Kernels tile) threads case a b c

        if right <> c then
            let at = Seq.findIndex (fun i -> right[i] <> c[i]) (seq { 0 .. c.Length - 1 })

            failtest
                $"{typeof<'T>.Name} {tile} {threads} threads: C[{at}] is {c[at]}, expected {right[at]}: {case}"

/// Holds all kernels, in both precisions, against the triple loop.
let allAgree (threads: int) (case: Case) : unit =
    let a, b = operands case
    let expected = naive case a b
    agrees double case threads a b expected
    agrees single case threads a b expected

/// The case with all sixteen choices of flags and shared operands.
let shared (m: int) (n: int) (k: int) (batch: int) : Case list = [
    for ta, tb in flags do
        for aStride in [ 0; m * k ] do
            for bStride in [ 0; k * n ] do
                {
                    plain (ta, tb) m n k with
                        Batch = batch
                        AStride = aStride
                        BStride = bStride
                        CStride = m * n
                }
]
