namespace Optim.Managed

open System

/// Special functions of one number, to a few units of the last place where they are well conditioned. The tables are
/// Chebyshev expansions, computed from the definitions with 50 digits.
[<AbstractClass; Sealed>]
type internal Special private () =

    // log Γ(1 + z) / (z (z − 1)) as a function of z in [0, 1].
    static let logGammaTable = [|
        0.49141539302938714
        -0.07611416167043585
        0.008432324965932778
        -0.001079493726328608
        0.00014900748003692963
        -2.1512399888556784e-05
        3.1979329860862186e-06
        -4.851693012139927e-07
        7.47148782116316e-08
        -1.1638296700170518e-08
        1.829400437118668e-09
        -2.8969180607129607e-10
        4.61570140620909e-11
        -7.392810230497983e-12
        1.1894280008333085e-12
        -1.9212068676522805e-13
        3.113975526387164e-14
        -5.0628432984486114e-15
        8.254150281631144e-16
        -1.3490578987574844e-16
        2.209876116782623e-17
        -3.6274129549239766e-18
        5.965430068821522e-19
    |]

    // B₂ₖ / (2k (2k − 1)), k = 1, 2, …: Stirling's series of log Γ.
    static let stirling = [|
        0.08333333333333333
        -0.002777777777777778
        0.0007936507936507937
        -0.0005952380952380953
        0.0008417508417508417
        -0.0019175269175269176
        0.00641025641025641
        -0.029550653594771242
    |]

    // B₂ₖ / 2k: the asymptotic series of the digamma function.
    static let digammaSeries = [|
        0.08333333333333333
        -0.008333333333333333
        0.003968253968253968
        -0.004166666666666667
        0.007575757575757576
        -0.021092796092796094
        0.08333333333333333
        -0.4432598039215686
    |]

    // B₂ₖ / (2k)!: the Euler-Maclaurin series.
    static let eulerMaclaurin = [|
        0.08333333333333333
        -0.001388888888888889
        3.306878306878307e-05
        -8.267195767195768e-07
        2.08767569878681e-08
        -5.284190138687493e-10
        1.3382536530684679e-11
        -3.3896802963225827e-13
        8.586062056277845e-15
        -2.174868698558062e-16
        5.5090028283602295e-18
        -1.3954464685812522e-19
    |]

    // Clenshaw's recurrence; t in [−1, 1].
    static let chebyshev (table: float[]) (t: float) : float =
        let mutable b1 = 0.0
        let mutable b2 = 0.0

        for i in table.Length - 1 .. -1 .. 1 do
            let b = 2.0 * t * b1 - b2 + table[i]
            b2 <- b1
            b1 <- b

        t * b1 - b2 + table[0]

    // c₀ + c₁ w + c₂ w² + …
    static let horner (coefficients: float[]) (w: float) : float =
        let mutable sum = 0.0

        for i in coefficients.Length - 1 .. -1 .. 0 do
            sum <- sum * w + coefficients[i]

        sum

    static let rec logGammaPositive (x: float) : float =
        if x >= 10.0 then
            if x > 1e306 && Double.IsInfinity(x * (Math.Log x - 1.0)) then
                Double.PositiveInfinity
            else
                let w = 1.0 / (x * x)
                (x - 0.5) * Math.Log x - x + 0.91893853320467274178 + horner stirling w / x
        elif x > 2.0 then
            // Γ(x) = (x − 1) (x − 2) … y Γ(y), y in (1, 2]
            let mutable y = x
            let mutable product = 1.0

            while y > 2.0 do
                y <- y - 1.0
                product <- product * y

            Math.Log product + logGammaPositive y
        elif x >= 1.0 then
            let z = x - 1.0
            z * (z - 1.0) * chebyshev logGammaTable (2.0 * z - 1.0)
        else
            // Γ(x) = Γ(1 + x) / x
            x * (x - 1.0) * chebyshev logGammaTable (2.0 * x - 1.0) - Math.Log x

    static let digammaPositive (x: float) : float =
        let mutable y = x
        let mutable sum = 0.0

        while y < 10.0 do
            sum <- sum + 1.0 / y
            y <- y + 1.0

        let w = 1.0 / (y * y)
        Math.Log y - 0.5 / y - w * horner digammaSeries w - sum

    // n! / x^(n + 1), without overflow on the way.
    static let factor (n: int) (x: float) : float =
        let mutable product = 1.0 / x

        for k in 1..n do
            product <- product * (float k / x)

        if product = 0.0 && n > 0 then
            Math.Exp(logGammaPositive (float n + 1.0) - (float n + 1.0) * Math.Log x)
        else
            product

    // n! ζ(n + 1, x) for n ≥ 1 and x > 0, by Euler and Maclaurin; all terms relative to x^−(n + 1).
    // Source: Johansson 2015, Rigorous high-precision computation of the Hurwitz zeta function, equation 5.
    static let zeta (n: int) (x: float) : float =
        let s = float n + 1.0
        let enough = 10.0 + s
        let mutable z = x
        let mutable sum = 0.0
        let mutable isDone = false

        while z < enough && not isDone do
            let term = Math.Pow(x / z, s)
            sum <- sum + term
            isDone <- term * (1.0 + z) < 1e-18 * sum
            z <- z + 1.0

        if not isDone then
            let r = Math.Pow(x / z, s)
            let mutable tail = z / (s - 1.0) + 0.5
            // rising = s (s + 1) … (s + 2j − 2) / z^(2j − 1)
            let mutable rising = s / z

            for j in 0 .. eulerMaclaurin.Length - 1 do
                tail <- tail + eulerMaclaurin[j] * rising
                let top = s + 2.0 * float j + 1.0
                rising <- rising * (top / z) * ((top + 1.0) / z)

            sum <- sum + r * tail

        factor n x * sum

    // The coefficients of the polynomial Pₙ with dⁿ cot(πx) / dxⁿ = πⁿ Pₙ(cot πx): P₀ = c, Pₙ₊₁ = −(1 + c²) Pₙ′.
    static let cotangentPolynomial (n: int) : float[] =
        let mutable p = [| 0.0; 1.0 |]

        for _ in 1..n do
            let next = Array.zeroCreate (p.Length + 1)

            for i in 1 .. p.Length - 1 do
                let d = float i * p[i]
                next[i - 1] <- next[i - 1] - d
                next[i + 1] <- next[i + 1] - d

            p <- next

        p

    // π dⁿ cot(πx) / dxⁿ for large n: the nearest poles, (−1)ⁿ n! Σ 1 / (x + k)^(n + 1).
    static let cotangentPoles (n: int) (x: float) : float =
        let r = x - Math.Round x
        let mutable sum = 0.0

        for k in 4..-1..-4 do
            let d = r + float k
            let term = factor n (Math.Abs d)
            sum <- sum + (if n % 2 = 0 && d < 0.0 then -term else term)

        if n % 2 = 0 then sum else -sum

    /// log |Γ(x)|; ∞ at 0, −1, −2 … and at both infinities.
    static member LogGamma(x: float) : float =
        if x > 0.0 then
            logGammaPositive x
        elif Double.IsNaN x then
            x
        elif x = Math.Floor x then
            Double.PositiveInfinity
        elif x > -0.5 then
            // Γ(x) = Γ(1 + x) / x: no difference of nearly equal numbers.
            logGammaPositive (1.0 + x) - Math.Log -x
        else
            // Γ(x) Γ(1 − x) = π / sin πx, and Γ(1 − x) = −x Γ(−x).
            1.1447298858494001741
            - Math.Log(Math.Abs(x * Double.SinPi x))
            - logGammaPositive -x

    /// Derivative number order + 1 of log Γ. At 0: ±∞ with the sign of the limit from x's side; at −1, −2, …: ∞ for
    /// odd orders, NaN for even ones, where the limits differ. order: 0 or more.
    static member Polygamma(order: int) : Func<float, float> =
        let isOdd = order % 2 = 1

        if order < 0 then
            raise (
                ArgumentOutOfRangeException(
                    nameof order,
                    $"Polygamma: the order is {order}, expected 0 or more"
                )
            )

        let positive (x: float) : float =
            if Double.IsPositiveInfinity x then
                if order = 0 then x
                elif isOdd then 0.0
                else -0.0
            elif order = 0 then
                digammaPositive x
            elif isOdd then
                zeta order x
            else
                -(zeta order x)

        let polynomial = if order < 30 then cotangentPolynomial order else [||]

        let cotangent (x: float) : float =
            if order < 30 then
                let r = x - Math.Round x
                let c = Double.CosPi r / Double.SinPi r
                Math.Pow(Math.PI, float order + 1.0) * horner polynomial c
            else
                cotangentPoles order x

        Func<float, float>(fun x ->
            if x > 0.0 then
                positive x
            elif Double.IsNaN x || Double.IsNegativeInfinity x then
                Double.NaN
            elif x = 0.0 then
                if isOdd then
                    Double.PositiveInfinity
                else
                    Double.NegativeInfinity * Math.CopySign(1.0, x)
            elif x = Math.Floor x then
                if isOdd then Double.PositiveInfinity else Double.NaN
            elif isOdd then
                -(positive (1.0 - x)) - cotangent x
            else
                positive (1.0 - x) - cotangent x
        )
