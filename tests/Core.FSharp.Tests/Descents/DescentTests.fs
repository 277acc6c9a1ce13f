module Optim.CoreTests.DescentTests

open System
open Expecto
open FsCheck
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

let private spectrum = Quadratics.logarithmicSpectrum 100.0 8

let private matrix (seed: int64) : Tensor =
    Quadratics.matrixOf (Key.ofSeed seed) spectrum

let private normal (seed: int64) (n: int) : Tensor = Tensor.normal (Key.ofSeed seed) [ n ]

/// Moves s with changes y = A s of a quadratic's gradient.
let private pairs (a: Tensor) (count: int) : (Tensor * Tensor) list = [
    for i in 1..count do
        let s = normal (100L + int64 i) 8
        s, Tensor.matmul a s
]

let private dot (a: Tensor) (b: Tensor) : float = float (Tensor.dot a b)

let private remembered (moves: (Tensor * Tensor) list) : CurvaturePair list =
    moves
    |> List.map (fun (s, y) -> {
        Move = s
        Change = y
        Rho = 1.0 / dot y s
        Ratio = 1.0
    })
    |> List.rev

/// (I − rho s yᵀ) H (I − rho y sᵀ) + rho s sᵀ, as it is written.
let private plainUpdate (h: Tensor) (s: Tensor, y: Tensor) : Tensor =
    let rho = 1.0 / dot y s
    let left = Tensor.identity 8 - rho * Tensor.outer s y

    Tensor.matmul (Tensor.matmul left h) (Shaping.transpose left)
    + rho * Tensor.outer s s

let private largest (a: Tensor) : float = float (Tensor.max (Tensor.abs a))

/// A search that finds the minimum along a line of a quadratic, by one trial and the secant.
let exact: Search = {
    new Search with
        member _.Name = "exact"
        member _.Needs = TrialNeeds.ValueAndSlope
        member _.Start(origin, first, _) = Search.start origin first

        member _.Next(state, trial) =
            if state.Trials > 0 then
                SearchDecision.Accept
            else
                let s0, s1 = state.Origin.Slope, trial.Slope
                SearchDecision.Try { state with Trial = -s0 * trial.Size / (s1 - s0); Trials = 1 }
}

/// The points of linear conjugate gradients for ½ (x − 1)ᵀ A (x − 1) from 0.
let private conjugateGradients (a: Tensor) (steps: int) : Tensor list =
    let rec go (x: Tensor) (r: Tensor) (d: Tensor) (left: int) : Tensor list =
        if left = 0 then
            [ x ]
        else
            let ad = Tensor.matmul a d
            let alpha = dot r r / dot d ad
            let next = r - alpha * ad
            x :: go (x + alpha * d) next (next + dot next next / dot r r * d) (left - 1)

    let r = Tensor.matmul a (Tensor.ones [ 8 ])
    go (Tensor.zeros [ 8 ]) r r steps

let private onQuadratic (method: Method) (seed: int64) : Tensor list * SolveResult =
    let a = matrix seed

    let f (x: Tensor) =
        let z = x - 1.0
        0.5 * Tensor.dot z (Tensor.matmul a z)

    let objective = Objective.ofFunction f
    let start = Tensor.zeros [ 8 ]
    path 60L timeless method objective start, Solver.minimizeWith timeless method objective start

[<Tests>]
let quasiNewton =
    testList "Quasi-Newton" [
        testCase
            "the update of the inverse is the formula as it is written"
            (fun () ->
                for seed in 1L .. 5L do
                    let h = matrix (seed + 50L)
                    let s, y = List.head (pairs (matrix seed) 1)
                    let updated = QuasiNewton.updateInverse h s y

                    close
                        (1e-12 * largest updated)
                        (largest (updated - plainUpdate h (s, y)))
                        0.0
                        "formula"

                    close 1e-10 (largest (Tensor.matmul updated y - s)) 0.0 "secant equation"
                    close 1e-13 (largest (updated - Shaping.transpose updated)) 0.0 "symmetric"
                    let struct (values, _) = Linalg.symmetricEigen updated
                    Expect.isGreaterThan (float values[0]) 0.0 "positive definite"
            )

        testCase
            "two loops are the dense recursion from a multiple of the identity"
            (fun () ->
                for count in [ 1; 3; 8 ] do
                    let moves = pairs (matrix 1L) count
                    let s, y = List.last moves
                    let first = dot y s / dot y y * Tensor.identity 8
                    let dense = moves |> List.fold plainUpdate first
                    let g = normal 9L 8
                    let loops = QuasiNewton.twoLoop (remembered moves) g
                    close 1e-9 (largest (loops - Tensor.matmul dense g)) 0.0 $"{count} pairs"

                    close
                        1e-10
                        (largest (QuasiNewton.twoLoop (remembered moves) y - s))
                        0.0
                        "secant equation"
            )

        testCase
            "without pairs two loops change nothing"
            (fun () ->
                let g = normal 3L 8
                Expect.equal (bits (QuasiNewton.twoLoop [] g)) (bits g) "the gradient"
            )

        for history in [ 1; 2; 8 ] do
            testCase
                $"with exact searches L-BFGS with {history} pairs is linear conjugate gradients"
                (fun () ->
                    let method =
                        LineSearch.create
                            "exact-lbfgs"
                            (QuasiNewton.limitedMemory DType.Float64 history)
                            exact

                    for seed in 1L .. 3L do
                        let points, result = onQuadratic method seed
                        let expected = conjugateGradients (matrix seed) 8

                        for k in 0..7 do
                            close 1e-6 (distance points[k] expected[k]) 0.0 $"point {k}"

                        Expect.equal result.Outcome Outcome.Converged "outcome"

                        Expect.isLessThanOrEqual
                            result.Steps
                            18L
                            "two trials a move, n moves and one to polish"
                )

        testCase
            "with exact searches BFGS is linear conjugate gradients and ends with the inverse Hessian"
            (fun () ->
                for seed in 1L .. 3L do
                    let a = matrix seed

                    let points, _ =
                        onQuadratic (LineSearch.create "exact-bfgs" QuasiNewton.dense exact) seed

                    for point, expected in Seq.zip points (conjugateGradients a 8) do
                        close 1e-6 (distance point expected) 0.0 "point"

                    let evaluate (x: Tensor) : Evaluation =
                        let g = Tensor.matmul a (x - 1.0)

                        {
                            Point = x
                            Value = 0.5 * dot g (x - 1.0)
                            Gradient = g
                            GradientNorm = length g
                        }

                    let learn memory (before, after) =
                        QuasiNewton.dense.Learn memory (evaluate before) (evaluate after)

                    let memory =
                        points
                        |> List.truncate 9
                        |> List.pairwise
                        |> List.fold learn { Inverse = ValueNone }

                    match memory.Inverse with
                    | ValueSome h ->
                        close 1e-5 (largest (Tensor.matmul h a - Tensor.identity 8)) 0.0 "H A = I"
                    | ValueNone -> failtest "nothing was learned"
            )

        testCase
            "pairs in single precision are rounded by element, whatever the units of points and gradients"
            (fun () ->
                let descent = QuasiNewton.limitedMemory DType.Float32 5

                let learned (point: float) (gradient: float) : LbfgsMemory =
                    let at (x: Tensor) (g: Tensor) : Evaluation = {
                        Point = point * x
                        Value = 0.0
                        Gradient = gradient * g
                        GradientNorm = length (gradient * g)
                    }

                    let spread = Tensor.ofArray (Array.init 8 (fun i -> 10.0 ** float (-4 * i)))

                    ({ Pairs = [] }, [ 1L .. 4L ])
                    ||> List.fold (fun memory seed ->
                        let x, s = normal seed 8, spread * normal (10L + seed) 8
                        let y = s * spread
                        descent.Learn memory (at (0.0 * x) (0.0 * x)) (at s y)
                    )

                let g = normal 9L 8
                let usual = learned 1.0 1.0
                Expect.hasLength usual.Pairs 4 "pairs"

                for pair in usual.Pairs do
                    Expect.equal pair.Move.DType DType.Float32 "move"
                    Expect.equal pair.Change.DType DType.Float32 "change"

                let move = 1.0 * Tensor.cast DType.Float64 usual.Pairs.Head.Move

                let exact =
                    Tensor.ofArray (Array.init 8 (fun i -> 10.0 ** float (-4 * i))) * normal 14L 8

                let unit = move[0].ToScalar() / exact[0].ToScalar()
                let errors = Tensor.abs (move / (unit * exact) - 1.0)
                Expect.isLessThan (largest errors) 1.3e-7 "digits of each element"

                for point, gradient in [ 200, -200; -200, 200; 300, 300; -250, 0 ] do
                    let point, gradient = Math.ScaleB(1.0, point), Math.ScaleB(1.0, gradient)
                    let other = QuasiNewton.twoLoop (learned point gradient).Pairs g
                    let expected = (point / gradient) * QuasiNewton.twoLoop usual.Pairs g
                    Expect.isTrue (Double.IsFinite(length other)) "finite"
                    Expect.equal (bits other) (bits expected) $"{point}, {gradient}"
            )

        testCase
            "pairs without curvature are left out"
            (fun () ->
                let at (x: float) (g: float) : Evaluation = {
                    Point = Tensor.ofArray [| x |]
                    Value = 0.0
                    Gradient = Tensor.ofArray [| g |]
                    GradientNorm = abs g
                }

                let memory =
                    (QuasiNewton.limitedMemory DType.Float64 5).Learn
                        { Pairs = [] }
                        (at 0.0 1.0)
                        (at 1.0 0.5)

                Expect.isEmpty memory.Pairs "the gradient fell along the move"

                let memory =
                    (QuasiNewton.limitedMemory DType.Float64 5).Learn
                        { Pairs = [] }
                        (at 0.0 1.0)
                        (at 1.0 2.0)

                Expect.hasLength memory.Pairs 1 "the gradient grew along the move"
            )
    ]

/// A symmetric matrix with eigenvalues of both signs.
let private indefinite (seed: int64) : Tensor =
    let values =
        Array.map (fun (u: float) -> 20.0 * u - 6.0) (Random.uniform (Key.ofSeed seed) 8)

    let struct (q, _) =
        Linalg.qr (Tensor.normal (Key.fold 1L (Key.ofSeed seed)) [ 8; 8 ])

    let a = Tensor.matmul (q * Tensor.ofArray values) (Shaping.transpose q)
    0.5 * (a + Shaping.transpose a)

[<Tests>]
let steihaug =
    testList "Steihaug" [
        testPropertyWithConfig
            { FsCheckConfig.defaultConfig with maxTest = 100 }
            "moves grow, the model falls, and it is at least as low as at the Cauchy point"
            (fun (seed: int64) ->
                let h, g = indefinite seed, normal seed 8

                let radius =
                    10.0 ** (3.0 * (Random.uniform (Key.fold 2L (Key.ofSeed seed)) 1)[0] - 2.0)

                let model (p: Tensor) =
                    dot g p + 0.5 * dot p (Tensor.matmul h p)

                let upTo most =
                    Steihaug.solve (Tensor.matmul h) g radius 1e-12 most

                let results = [ for most in 0..8 -> upTo most ]

                for result in results do
                    close
                        (1e-9 * (1.0 + abs result.ModelChange))
                        result.ModelChange
                        (model result.Move)
                        "model"

                    Expect.isLessThanOrEqual
                        (length result.Move)
                        (radius * (1.0 + 1e-12))
                        "inside the region"

                for before, after in List.pairwise results do
                    if before.End = SteihaugEnd.ProductsSpent then
                        Expect.isGreaterThan (length after.Move) (length before.Move) "norms grow"
                        Expect.isLessThan after.ModelChange before.ModelChange "the model falls"

                let last = List.last results

                match last.End with
                | SteihaugEnd.Boundary
                | SteihaugEnd.NegativeCurvature ->
                    close (1e-10 * radius) (length last.Move) radius "on the boundary"
                | SteihaugEnd.Solved ->
                    close 1e-8 (largest (Tensor.matmul h last.Move + g)) 0.0 "Newton equations"
                | SteihaugEnd.ProductsSpent -> ()
                | SteihaugEnd.NotFinite -> failtest "all is finite"

                let gg, curvature = dot g g, dot g (Tensor.matmul h g)
                let most = radius / sqrt gg
                let t = if curvature <= 0.0 then most else min most (gg / curvature)

                Expect.isLessThanOrEqual
                    last.ModelChange
                    (model (-t * g) + 1e-12)
                    "the Cauchy point"
            )

        testCase
            "inside a large region it solves the Newton equations in n products"
            (fun () ->
                let a, g = matrix 4L, normal 5L 8
                let result = Steihaug.solve (Tensor.matmul a) g 1e6 1e-9 100
                Expect.equal result.End SteihaugEnd.Solved "solved"
                Expect.isLessThanOrEqual result.Products 10 "about n products"
                close 1e-9 (largest (result.Move + Linalg.solve a g)) 0.0 "the Newton step"
            )

        testCase
            "a product that is not finite ends it"
            (fun () ->
                let result = Steihaug.solve (fun v -> v * nan) (normal 5L 8) 1.0 1e-9 100
                Expect.equal result.End SteihaugEnd.NotFinite "end"
                Expect.equal result.ModelChange 0.0 "no move"
            )
    ]

[<Tests>]
let newtonDirections =
    testList "Newton directions" [
        for modification in
            [
                HessianModification.Cholesky
                HessianModification.Absolute
                HessianModification.Floor
            ] do
            testCase
                $"{modification}: the Newton step where the Hessian is positive definite"
                (fun () ->
                    let a, g = matrix 4L, normal 5L 8
                    let x = NewtonDirection.solve modification a g
                    close 1e-10 (largest (Tensor.matmul a x - g)) 0.0 "equations"
                )

            testCase
                $"{modification}: descends everywhere, whatever the scale"
                (fun () ->
                    for seed in 1L .. 20L do
                        let h, g = indefinite seed, normal (seed + 1L) 8
                        let x = NewtonDirection.solve modification h g
                        Expect.isGreaterThan (dot g x) 0.0 "gᵀ B⁻¹ g"
                        let scale = 2.0 ** -50.0
                        let scaled = NewtonDirection.solve modification (scale * h) (scale * g)
                        close (1e-12 * largest x) (largest (scaled - x)) 0.0 "the same direction"
                )

        testCase
            "absolute eigenvalues are saddle-free Newton's"
            (fun () ->
                let h, g = indefinite 7L, normal 8L 8
                let struct (values, vectors) = Linalg.symmetricEigen h
                let expected = Tensor.matmul vectors (Tensor.matmul g vectors / Tensor.abs values)
                let x = NewtonDirection.solve HessianModification.Absolute h g
                close 1e-10 (largest (x - expected)) 0.0 "V |Λ|⁻¹ Vᵀ g"
            )

        testCase
            "a Hessian that is not finite gives no direction, and the method goes on"
            (fun () ->
                let h = Tensor.full [ 3; 3 ] nan
                let x = NewtonDirection.solve HessianModification.Cholesky h (Tensor.ones [ 3 ])
                Expect.isTrue (Double.IsNaN(float x[0])) "no number"
                // The second derivative of |x|^1.5 is infinite at 0, where one coordinate starts.
                let f (x: Tensor) =
                    Tensor.sum (Tensor.power 1.5 (Tensor.abs (x - 1.0)) + Tensor.square x)

                let result =
                    Solver.minimizeWith
                        timeless
                        (Newton.create Newton.defaults)
                        (Objective.ofFunction f)
                        (Tensor.ofArray [| 1.0; 3.0 |])

                Expect.isLessThan
                    result.Value
                    (float (f (Tensor.ofArray [| 1.0; 3.0 |])))
                    "lower than at the start"
            )
    ]
