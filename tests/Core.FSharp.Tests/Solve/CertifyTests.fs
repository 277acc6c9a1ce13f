module Optim.CoreTests.CertifyTests

open Expecto
open Optim
open Optim.Core
open Optim.Solve

// ½ Σ λᵢ xᵢ² in turned coordinates: the Hessian Q diag(λ) Qᵀ with the reflection Q = I − 2 u uᵀ is not diagonal.
let private quadratic (curvatures: float[]) : Objective =
    let n = curvatures.Length
    let drawn = Tensor.ofArray (Random.normal (Key.ofSeed 5L) n |> Array.ofSeq)
    let u = drawn / Tensor.norm drawn
    let weights = Tensor.ofArray curvatures

    Objective.named
        "quadratic"
        (fun x ->
            let y = x - 2.0 * Tensor.dot u x * u
            0.5 * Tensor.sum (weights * Tensor.square y)
        )

let private find (curvatures: float[]) (seed: int64) : Finding =
    let objective = quadratic curvatures
    let point = Tensor.zeros (Shape.Of curvatures.Length)
    Certify.check objective (Key.ofSeed seed) 1e-6 (fun () -> true) point

let private smallest (finding: Finding) : float =
    match finding with
    | Finding.Confirmed { SmallestCurvature = ValueSome curvature } -> curvature
    | other -> failtest $"expected a confirmed minimum, got {other}"

let private repeated (values: float list) (n: int) : float[] =
    Array.init n (fun i -> values[i % values.Length])

[<Tests>]
let certificates =
    testList "Certificates of long points" [
        testCase
            "with few different curvatures the smallest one is found"
            (fun () ->
                for values in [ [ 3.0 ]; [ 1.0; 5.0 ]; [ 0.5; 2.0; 7.0; 11.0; 40.0 ] ] do
                    for seed in 1L .. 5L do
                        let found = smallest (find (repeated values 60) seed)
                        let expected = List.min values

                        Expect.isLessThanOrEqual
                            (abs (found - expected))
                            (1e-9 * List.max values)
                            $"{values}: {found}"
            )

        testCase
            "the smallest curvature is not found below the spectrum, also where directions lose their orthogonality"
            (fun () ->
                // The outliers converge after a few products; from then on rounding brings them in again.
                for lowest in [ 0.0; 4.0 ] do
                    let spread =
                        Array.init
                            200
                            (fun i ->
                                if i < 3 then
                                    1e8 * float (i + 1)
                                else
                                    lowest + float (i - 3)
                            )

                    for seed in 1L .. 20L do
                        let found = smallest (find spread seed)
                        Expect.isGreaterThanOrEqual found (lowest - 1e-6) $"{found}"
                        Expect.isLessThanOrEqual found (lowest + 196.0) $"{found}"
            )

        testCase
            "a flat direction is no saddle for Float32 either"
            (fun () ->
                for seed in 1L .. 20L do
                    let objective = quadratic (repeated [ 0.0; 1.0 ] 60)

                    let single =
                        Objective.named
                            "single"
                            (fun x ->
                                objective.Function(Tensor.cast DType.Float64 x)
                                |> Tensor.cast DType.Float32
                            )

                    let point = Tensor.cast DType.Float32 (Tensor.zeros (Shape.Of 60))
                    let found = Certify.check single (Key.ofSeed seed) 1e-6 (fun () -> true) point
                    Expect.isLessThanOrEqual (abs (smallest found)) 1e-6 $"{found}"
            )

        testCase
            "curvatures that are not finite are not certified"
            (fun () ->
                // At zero the value and the gradient of |x|³ᐟ² are zero, its curvature is not finite.
                let objective = Objective.named "cusp" (fun x -> Tensor.sum (Tensor.abs x ** 1.5))

                let point = Tensor.zeros (Shape.Of 40)

                match Certify.check objective (Key.ofSeed 1L) 1e-6 (fun () -> true) point with
                | Finding.Confirmed { SmallestCurvature = ValueNone } -> ()
                | other -> failtest $"expected a minimum without curvature, got {other}"
            )

        testCase
            "a negative curvature makes a saddle"
            (fun () ->
                for seed in 1L .. 5L do
                    let curvatures = repeated [ 1.0; 4.0; 9.0 ] 60
                    curvatures[17] <- -0.5

                    match find curvatures seed with
                    | Finding.Saddle(_, curvature) ->
                        Expect.isLessThanOrEqual (abs (curvature + 0.5)) 1e-8 $"{curvature}"
                    | other -> failtest $"expected a saddle, got {other}"
            )

        testCase
            "a curvature of zero in all directions is no saddle"
            (fun () -> Expect.equal (smallest (find (Array.zeroCreate 40) 1L)) 0.0 "curvature")
    ]
