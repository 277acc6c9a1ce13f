namespace Optim.Core

open Optim

/// Models fitted to data by least squares; each objective says how it is composed, so Gauss-Newton methods apply.
[<RequireQualifiedAccess>]
module Fits =

    let private mgh (number: int) : string =
        $"Moré, Garbow & Hillstrom 1981, problem {number}"

    let private fit
        (name: string)
        (residuals: Tensor -> Tensor)
        (start: float list)
        (minimum: float)
        (minimizer: float list)
        : Problem = {
        Problem.create name (residuals >> Tensor.square >> Tensor.sum) start minimum minimizer with
            Objective = Problem.leastSquares name residuals
    }

    /// y = x₁ + u / (v x₂ + w x₃): 15 data.
    let bard: ProblemFamily =
        let y =
            Tensor.ofArray [|
                0.14
                0.18
                0.22
                0.25
                0.29
                0.32
                0.35
                0.39
                0.37
                0.58
                0.73
                0.96
                1.34
                2.10
                4.39
            |]

        let u = Tensor.range 15 + 1.0
        let v = 16.0 - u
        let w = Tensor.minimum u v

        let residuals (x: Tensor) =
            let beside = Tensor.alongside x
            let y, u, v, w = beside y, beside u, beside v, beside w
            y - (x[0] + u / (v * x[1] + w * x[2]))

        fit "bard" residuals [ 1.0; 1.0; 1.0 ] 8.2148773065789e-3 [
            0.0824105597
            1.1330360920
            2.3436951786
        ]
        |> Problem.single "Bard" (mgh 8)

    /// A rate of an enzyme reaction: y = x₁ (u² + u x₂) / (u² + u x₃ + x₄), 11 data.
    let kowalikOsborne: ProblemFamily =
        let y =
            Tensor.ofArray [|
                0.1957
                0.1947
                0.1735
                0.16
                0.0844
                0.0627
                0.0456
                0.0342
                0.0323
                0.0235
                0.0246
            |]

        let u =
            Tensor.ofArray [| 4.0; 2.0; 1.0; 0.5; 0.25; 0.167; 0.125; 0.1; 0.0833; 0.0714; 0.0625 |]

        let square = Tensor.square u

        let residuals (x: Tensor) =
            let beside = Tensor.alongside x
            let y, u, square = beside y, beside u, beside square
            y - x[0] * (square + u * x[1]) / (square + u * x[2] + x[3])

        fit "kowalik-osborne" residuals [ 0.25; 0.39; 0.415; 0.39 ] 3.0750560384924e-4 [
            0.1928069346
            0.1912823287
            0.1230565069
            0.1360623307
        ]
        |> Problem.single "Kowalik & Osborne" (mgh 15)

    /// Σ ((x₁ + t x₂ − eᵗ)² + (x₃ + x₄ sin t − cos t)²)² at t = 0.2, 0.4, …, 4.
    let brownDennis: ProblemFamily =
        let t = (Tensor.range 20 + 1.0) / 5.0
        let grown, sine, cosine = Tensor.exp t, Tensor.sin t, Tensor.cos t

        let residuals (x: Tensor) =
            let beside = Tensor.alongside x
            let t, grown, sine, cosine = beside t, beside grown, beside sine, beside cosine

            Tensor.square (x[0] + t * x[1] - grown)
            + Tensor.square (x[2] + x[3] * sine - cosine)

        fit "brown-dennis" residuals [ 25.0; 5.0; -5.0; -1.0 ] 85822.2016263563 [
            -11.5944399230
            13.2036300512
            -0.4034394881
            0.2367787746
        ]
        |> Problem.single "Brown & Dennis" (mgh 16)

    /// Σ (2 + 2 i − e^{i x₁} − e^{i x₂})² for i = 1, …, 10: values of 10⁹ not far from the start.
    let jennrichSampson: ProblemFamily =
        let i = Tensor.range 10 + 1.0

        let residuals (x: Tensor) =
            let beside = Tensor.alongside x
            let i = beside i
            2.0 + 2.0 * i - (Tensor.exp (i * x[0]) + Tensor.exp (i * x[1]))

        fit "jennrich-sampson" residuals [ 0.3; 0.4 ] 124.3621823556148 [
            0.2578252137
            0.2578252137
        ]
        |> Problem.single "Jennrich & Sampson" (mgh 6)

    /// Dental research, monomolecular adsorption: y = x₁ (1 − e^{−x₂ u}), 14 data. The variables differ in scale by a
    /// factor of 10⁶.
    let misra1a: ProblemFamily =
        let u =
            Tensor.ofArray [|
                77.6
                114.9
                141.1
                190.8
                239.9
                289.0
                332.8
                378.4
                434.8
                477.3
                536.8
                593.1
                689.1
                760.0
            |]

        let y =
            Tensor.ofArray [|
                10.07
                14.73
                17.94
                23.93
                29.61
                35.18
                40.02
                44.82
                50.76
                55.05
                61.01
                66.40
                75.47
                81.78
            |]

        let residuals (x: Tensor) =
            let beside = Tensor.alongside x
            let y, u = beside y, beside u
            y - x[0] * (1.0 - Tensor.exp (-(x[1] * u)))

        fit "misra1a" residuals [ 250.0; 5e-4 ] 0.12455138894 [ 238.94212918; 5.5015643181e-4 ]
        |> Problem.single
            "Misra1a"
            "NIST Statistical Reference Datasets, nonlinear regression; second start"
