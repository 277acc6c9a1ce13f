namespace Optim.Laws

open System

/// Functions that .NET lacks or computes with cancellation, as plain formulas in double precision.
[<RequireQualifiedAccess>]
module internal SpecialFunctions =

    /// exp x − 1. Source: Kahan, as in Higham 2002, section 1.14.1.
    let expm1 (x: float) : float =
        let u = exp x

        if u = 1.0 then x
        elif u - 1.0 = -1.0 then -1.0
        elif Double.IsInfinity u then u
        else (u - 1.0) * x / log u

    /// log (1 + x). Source: Kahan, as in Higham 2002, problem 1.5.
    let log1p (x: float) : float =
        let u = 1.0 + x

        if u = 1.0 then x
        elif Double.IsInfinity u || not (u > 0.0) then log u
        else log u * (x / (u - 1.0))

    let sigmoid (x: float) : float =
        if x >= 0.0 then
            1.0 / (1.0 + exp -x)
        else
            let e = exp x
            e / (1.0 + e)

    let softplus (x: float) : float =
        if Double.IsNaN x then
            nan
        else
            max x 0.0 + log1p (exp -(abs x))

    /// exp (−x²), with the rounding error of x² made good.
    let private gauss (x: float) : float =
        let square = x * x
        exp -square * (1.0 - Math.FusedMultiplyAdd(x, x, -square))

    /// 2/√π · exp (−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!: terms of one sign. For |x| < 3.
    let private erfSeries (x: float) : float =
        let mutable term = x
        let mutable sum = x
        let mutable n = 1.0

        while abs term > 1e-18 * abs sum do
            term <- term * 2.0 * x * x / (2.0 * n + 1.0)
            sum <- sum + term
            n <- n + 1.0

        2.0 / sqrt Math.PI * gauss x * sum

    /// exp (−x²) / √π / (x + ½/(x + 1/(x + 3/2/(x + …)))), from the inside out. For x ≥ 2.
    let private erfcFraction (x: float) : float =
        let mutable below = x

        for k in 200..-1..1 do
            below <- x + float k / 2.0 / below

        gauss x / sqrt Math.PI / below

    /// 1 − erf x.
    let rec erfc (x: float) : float =
        if Double.IsNaN x then
            nan
        elif x < 0.0 then
            2.0 - erfc -x
        elif x > 28.0 then
            0.0
        elif x >= 2.0 then
            erfcFraction x
        elif x <= 0.5 then
            1.0 - erfSeries x
        else
            // 1 − erf cancels here: Taylor's series of erfc around 2, whose derivatives are Hermite polynomials.
            let h = x - 2.0
            let slope = -2.0 / sqrt Math.PI * gauss 2.0
            let mutable before, here = 0.0, slope
            let mutable power, sum = h, erfcFraction 2.0 + slope * h

            for n in 2..80 do
                // f⁽ⁿ⁾ = −2 (x f⁽ⁿ⁻¹⁾ + (n − 2) f⁽ⁿ⁻²⁾)
                let next = -2.0 * (2.0 * here + float (n - 2) * before)
                before <- here
                here <- next
                power <- power * h / float n
                sum <- sum + here * power

            sum

    let erf (x: float) : float =
        if x = 0.0 then x
        elif abs x < 2.5 then erfSeries x
        elif x > 0.0 then 1.0 - erfc x
        else erfc -x - 1.0

    // Bernoulli numbers B₂, B₄, …, B₁₆.
    let private bernoulli: float[] = [|
        1.0 / 6.0
        -1.0 / 30.0
        1.0 / 42.0
        -1.0 / 30.0
        5.0 / 66.0
        -691.0 / 2730.0
        7.0 / 6.0
        -3617.0 / 510.0
    |]

    /// log |Γ x| by Stirling's series above 15, the recurrence below it and the reflection for negative x.
    /// Infinite at 0, −1, −2, …
    let rec logGamma (x: float) : float =
        if Double.IsNaN x then
            nan
        elif Double.IsInfinity x then
            infinity
        elif x <= 0.0 && Math.Floor x = x then
            infinity
        elif x < 0.0 then
            let nearest = x - Math.Round x
            log (Math.PI / abs (Math.Sin(Math.PI * nearest))) - logGamma (1.0 - x)
        else
            let mutable z, product = x, 1.0

            while z < 15.0 do
                product <- product * z
                z <- z + 1.0

            let series =
                bernoulli
                |> Array.mapi (fun i b ->
                    let k = float (2 * i + 2)
                    b / (k * (k - 1.0)) * z ** (1.0 - k)
                )
                |> Array.sum

            (z - 0.5) * log z - z + 0.5 * log (2.0 * Math.PI) + series - log product

    /// Derivative number order + 1 of log Γ by the asymptotic series above 25 and the recurrence below it. NaN at 0, −1, −2, …
    let polygamma (order: int) (x: float) : float =
        if Double.IsNaN x || (x <= 0.0 && Math.Floor x = x) then
            nan
        else
            let factorial (n: int) : float =
                Seq.fold (fun p k -> p * float k) 1.0 (seq { 1..n })

            let sign = if order % 2 = 0 then -1.0 else 1.0
            let mutable z, sum = x, 0.0

            while z < 25.0 do
                sum <- sum + sign * factorial order * z ** -(float order + 1.0)
                z <- z + 1.0

            let n = float order

            let first =
                if order = 0 then
                    log z - 0.5 / z
                else
                    sign
                    * (factorial (order - 1) * z ** -n + 0.5 * factorial order * z ** -(n + 1.0))

            let series =
                bernoulli
                |> Array.mapi (fun i b ->
                    let k = 2 * i + 2
                    // (k + n − 1)! / k!
                    let ratio =
                        Seq.fold (fun p j -> p * float j) 1.0 (seq { k + 1 .. k + order - 1 })

                    let ratio = if order = 0 then 1.0 / float k else ratio
                    b * ratio * z ** -(float k + n)
                )
                |> Array.sum

            sum + first + sign * series
