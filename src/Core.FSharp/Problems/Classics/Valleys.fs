namespace Optim.Core

open Optim

/// Curved valleys: Rosenbrock's function and its kin.
[<RequireQualifiedAccess>]
module Valleys =

    let private mgh (number: int) : string =
        $"Moré, Garbow & Hillstrom 1981, problem {number}"

    /// −1.2, 1, −1.2, 1, …
    let private alternating (n: int) : float list =
        List.init n (fun i -> if i % 2 = 0 then -1.2 else 1.0)

    let private ones (n: int) : float list = List.replicate n 1.0

    /// Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² over neighbors. From n = 4 on there is a second minimizer near (−1, 1, …, 1).
    let private chained (x: Tensor) : Tensor =
        let before, after = x[.. x.Length - 2], x[1..]

        Tensor.sum (
            100.0 * Tensor.square (after - Tensor.square before)
            + Tensor.square (1.0 - before)
        )

    /// Σ 100 (x₂ᵢ − x₂ᵢ₋₁²)² + (1 − x₂ᵢ₋₁)² over separate pairs.
    let private extended (x: Tensor) : Tensor =
        let odd, even =
            Shaping.slice 0 0 (x.Length / 2) 2 x, Shaping.slice 0 1 (x.Length / 2) 2 x

        Tensor.sum (100.0 * Tensor.square (even - Tensor.square odd) + Tensor.square (1.0 - odd))

    /// Rosenbrock's function of two variables, chained for more.
    let rosenbrock: ProblemFamily =
        let create n =
            Problem.create "rosenbrock" chained (alternating n) 0.0 (ones n)

        Problem.family "Rosenbrock" "Rosenbrock 1960" (ProblemDimensions.AtLeast 2) 2 create

    /// Separate Rosenbrock functions of two variables each.
    let extendedRosenbrock: ProblemFamily =
        let create n =
            Problem.create "extended-rosenbrock" extended (alternating n) 0.0 (ones n)

        Problem.family "Extended Rosenbrock" (mgh 21) (ProblemDimensions.MultiplesOf 2) 10 create

    /// A valley that winds around the third axis; the angle jumps where the first coordinate is negative.
    let helicalValley: ProblemFamily =
        let f (x: Tensor) =
            let theta = Tensor.atan2 x[1] x[0] / (2.0 * System.Math.PI)
            let radius = Tensor.sqrt (Tensor.square x[0] + Tensor.square x[1])
            Problem.sumOfSquares [ 10.0 * (x[2] - 10.0 * theta); 10.0 * (radius - 1.0); x[2] ]

        Problem.create "helical-valley" f [ -1.0; 0.0; 0.0 ] 0.0 [ 1.0; 0.0; 0.0 ]
        |> Problem.single "Helical valley" (mgh 7)

    /// Four variables, a valley in two planes.
    let wood: ProblemFamily =
        let f (x: Tensor) =
            100.0 * Tensor.square (Tensor.square x[0] - x[1])
            + Tensor.square (x[0] - 1.0)
            + Tensor.square (x[2] - 1.0)
            + 90.0 * Tensor.square (Tensor.square x[2] - x[3])
            + 10.1 * (Tensor.square (x[1] - 1.0) + Tensor.square (x[3] - 1.0))
            + 19.8 * (x[1] - 1.0) * (x[3] - 1.0)

        Problem.create "wood" f [ -3.0; -1.0; -3.0; -1.0 ] 0.0 (ones 4)
        |> Problem.single "Wood" (mgh 14)

    /// Powell's singular function, in groups of four variables: the Hessian at the minimizer has rank 2 of 4.
    let powellSingular: ProblemFamily =
        let f (x: Tensor) =
            let part i = Shaping.slice 0 i (x.Length / 4) 4 x
            let a, b, c, d = part 0, part 1, part 2, part 3

            Tensor.sum (
                Tensor.square (a + 10.0 * b)
                + 5.0 * Tensor.square (c - d)
                + Tensor.square (Tensor.square (b - 2.0 * c))
                + 10.0 * Tensor.square (Tensor.square (a - d))
            )

        let create n =
            let start = List.init n (fun i -> [ 3.0; -1.0; 0.0; 1.0 ][i % 4])
            Problem.create "powell-singular" f start 0.0 (List.replicate n 0.0)

        Problem.family
            "Powell's singular function"
            (mgh 13)
            (ProblemDimensions.MultiplesOf 4)
            4
            create

    /// Three residuals that tempt towards infinity.
    let beale: ProblemFamily =
        let f (x: Tensor) =
            [ 1.5, 1.0; 2.25, 2.0; 2.625, 3.0 ]
            |> List.map (fun (c, i) -> c - x[0] * (1.0 - Tensor.power i x[1]))
            |> Problem.sumOfSquares

        Problem.create "beale" f [ 1.0; 1.0 ] 0.0 [ 3.0; 0.5 ]
        |> Problem.single "Beale" (mgh 5)

    /// Two minima of different depth; the usual start leads to the higher one.
    let freudensteinRoth: ProblemFamily =
        let f (x: Tensor) =
            Problem.sumOfSquares [
                -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1]
                -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]
            ]

        {
            Problem.create "freudenstein-roth" f [ 0.5; -2.0 ] 0.0 [ 5.0; 4.0 ] with
                LocalMinimizers = [ Tensor.ofArray [| 11.4127789870; -0.8968052529 |] ]
        }
        |> Problem.single "Freudenstein & Roth" (mgh 2)
