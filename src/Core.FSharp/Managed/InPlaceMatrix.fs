namespace Optim.Managed

open System

/// The loops over square matrices of the in-place methods: float64, (n, n), row by row from the array's start. No allocation.
[<RequireQualifiedAccess>]
module internal InPlaceMatrix =

    /// Smaller matrices take plain loops.
    [<Literal>]
    let private Few = 8

    let private row (n: int) (a: float[]) (i: int) : Span<float> = a.AsSpan(i * n, n)

    /// target = factor · A x. Cost: n².
    let multiply (n: int) (factor: float) (a: float[]) (x: float[]) (target: float[]) : unit =
        if n < Few then
            for i in 0 .. n - 1 do
                let mutable total = 0.0

                for j in 0 .. n - 1 do
                    total <- total + a[i * n + j] * x[j]

                target[i] <- factor * total
        else
            for i in 0 .. n - 1 do
                target[i] <- factor * FactorVector.dot (row n a i) (x.AsSpan(0, n))

    /// A ← factor · I.
    let setIdentity (n: int) (factor: float) (a: float[]) : unit =
        Array.Clear(a, 0, n * n)

        for i in 0 .. n - 1 do
            a[i * n + i] <- factor

    /// A ← A − rho (s hᵀ + h sᵀ) + weight s sᵀ, for h = A y the BFGS update. Cost: one pass.
    let updateBfgs
        (n: int)
        (rho: float)
        (weight: float)
        (s: float[])
        (h: float[])
        (a: float[])
        : unit =
        if n < Few then
            for i in 0 .. n - 1 do
                let along, across = weight * s[i] - rho * h[i], -rho * s[i]

                for j in 0 .. n - 1 do
                    a[i * n + j] <- a[i * n + j] + across * h[j] + along * s[j]
        else
            for i in 0 .. n - 1 do
                let target = row n a i
                FactorVector.addScaled (-rho * s[i]) (h.AsSpan(0, n)) target
                FactorVector.addScaled (weight * s[i] - rho * h[i]) (s.AsSpan(0, n)) target

    /// The smallest number on the diagonal.
    let smallestOnDiagonal (n: int) (a: float[]) : float =
        let mutable least = a[0]

        for i in 1 .. n - 1 do
            least <- Math.Min(least, a[i * n + i])

        least

    /// target = (A + Aᵀ) / 2 + shift · I. Only the lower triangle of target is written.
    let symmetricPart (n: int) (shift: float) (a: float[]) (target: float[]) : unit =
        for i in 0 .. n - 1 do
            for j in 0 .. i - 1 do
                target[i * n + j] <- 0.5 * (a[i * n + j] + a[j * n + i])

            target[i * n + i] <- a[i * n + i] + shift

    /// x ← (L Lᵀ)⁻¹ x for a lower factor. Cost: 2 n².
    let solveCholesky (n: int) (l: float[]) (x: float[]) : unit =
        if n < Few then
            for i in 0 .. n - 1 do
                let mutable rest = x[i]

                for j in 0 .. i - 1 do
                    rest <- rest - l[i * n + j] * x[j]

                x[i] <- rest / l[i * n + i]

            for i in n - 1 .. -1 .. 0 do
                x[i] <- x[i] / l[i * n + i]

                for j in 0 .. i - 1 do
                    x[j] <- x[j] - l[i * n + j] * x[i]
        else
            for i in 0 .. n - 1 do
                let known = FactorVector.dot (l.AsSpan(i * n, i)) (x.AsSpan(0, i))
                x[i] <- (x[i] - known) / l[i * n + i]

            for i in n - 1 .. -1 .. 0 do
                x[i] <- x[i] / l[i * n + i]
                FactorVector.addScaled -x[i] (l.AsSpan(i * n, i)) (x.AsSpan(0, i))
