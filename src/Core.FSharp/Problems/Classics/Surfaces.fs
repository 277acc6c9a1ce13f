namespace Optim.Core

open Optim

/// Small smooth surfaces with several minima, saddles, and edges.
[<RequireQualifiedAccess>]
module Surfaces =

    /// (x² + y − 11)² + (x + y² − 7)²: four minima of value 0.
    let himmelblau: ProblemFamily =
        let f (x: Tensor) =
            Problem.sumOfSquares [
                Tensor.square x[0] + x[1] - 11.0
                x[0] + Tensor.square x[1] - 7.0
            ]

        let others = [
            [| -2.805118086952745; 3.131312518250573 |]
            [| -3.779310253377747; -3.283185991286170 |]
            [| 3.584428340330492; -1.848126526964404 |]
        ]

        let problem = Problem.create "himmelblau" f [ 0.0; 0.0 ] 0.0 [ 3.0; 2.0 ]

        { problem with Minimizers = problem.Minimizers @ List.map Tensor.ofArray others }
        |> Problem.single "Himmelblau" "Himmelblau 1972"

    /// (x + 2 y − 7)² + (2 x + y − 5)², a quadratic.
    let booth: ProblemFamily =
        let f (x: Tensor) =
            Problem.sumOfSquares [ x[0] + 2.0 * x[1] - 7.0; 2.0 * x[0] + x[1] - 5.0 ]

        Problem.create "booth" f [ -5.0; 5.0 ] 0.0 [ 1.0; 3.0 ]
        |> Problem.single "Booth" "Booth 1960"

    /// ½ Σ xᵢ⁴ − 16 xᵢ² + 5 xᵢ: two minima in each coordinate, a maximum between them, where the start lies.
    let styblinskiTang: ProblemFamily =
        let f (x: Tensor) =
            let square = Tensor.square x
            0.5 * Tensor.sum (Tensor.square square - 16.0 * square + 5.0 * x)

        let create n =
            let lowest = -39.16616570377142 * float n

            Problem.create
                "styblinski-tang"
                f
                (List.replicate n 0.0)
                lowest
                (List.replicate n -2.903534027771177)

        Problem.family
            "Styblinski & Tang"
            "Styblinski & Tang 1990"
            (ProblemDimensions.AtLeast 1)
            2
            create

    /// Σ xᵢ − log xᵢ: convex, and no number where a coordinate is negative.
    let logBarrier: ProblemFamily =
        let f (x: Tensor) = Tensor.sum (x - Tensor.log x)

        let create n =
            let start = List.init n (fun i -> if i % 2 = 0 then 50.0 else 20.0)
            Problem.create "log-barrier" f start (float n) (List.replicate n 1.0)

        Problem.family "Logarithmic barrier" "Σ x − log x" (ProblemDimensions.AtLeast 1) 2 create

    /// x² − y² + y⁴/4: a strict saddle at 0, minima at (0, ±√2). The start lies close to the saddle's stable manifold.
    let saddle: ProblemFamily =
        let f (x: Tensor) =
            Tensor.square x[0] - Tensor.square x[1] + Tensor.power 4.0 x[1] / 4.0

        let problem = Problem.create "saddle" f [ 1.0; 1e-3 ] -1.0 [ 0.0; sqrt 2.0 ]

        { problem with Minimizers = problem.Minimizers @ [ Tensor.ofArray [| 0.0; -(sqrt 2.0) |] ] }
        |> Problem.single
            "Saddle between two minima"
            "Dauphin et al. 2014, figure 1, with a quartic term"

    /// ¼ x₁⁴ − ½ x₁² + ½ Σ i xᵢ² over i ≥ 2: the start lies on the stable manifold of the saddle at 0, so that no gradient
    /// points away from it.
    let strictSaddle: ProblemFamily =
        let create n =
            let weights =
                Tensor.ofArray (Array.init n (fun i -> if i = 0 then 0.0 else float (i + 1)))

            let f (x: Tensor) =
                Tensor.power 4.0 x[0] / 4.0 - 0.5 * Tensor.square x[0]
                + 0.5 * Tensor.sum (Tensor.alongside x weights * Tensor.square x)

            let point first = first :: List.replicate (n - 1) 0.0

            let problem =
                Problem.create
                    "strict-saddle"
                    f
                    (0.0 :: List.replicate (n - 1) 1.0)
                    -0.25
                    (point 1.0)

            { problem with Minimizers = problem.Minimizers @ [ Tensor.ofSeq (point -1.0) ] }

        Problem.family
            "Strict saddle"
            "a start on its stable manifold"
            (ProblemDimensions.AtLeast 2)
            4
            create
