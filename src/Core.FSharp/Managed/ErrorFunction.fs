namespace Optim.Managed

open System.Runtime.Intrinsics

/// The error function of a vector, to a few units of the last place, for erfc relative to its own size. The tables
/// are Chebyshev expansions, computed from the definitions with 50 digits.
[<AbstractClass; Sealed>]
type internal ErrorFunction private () =

    // erf x / x as a function of x² in [0, 1].
    static let nearTable = [|
        0.9754769393826541
        -0.14226120510371365
        0.010035582187599796
        -0.0005768764699767485
        2.741993125219606e-05
        -1.1043175507344507e-06
        3.8488755420345036e-08
        -1.1808582533875466e-09
        3.2334215826050907e-11
        -7.991015947004549e-13
        1.7990725113961456e-14
        -3.718635487818693e-16
        7.103599003714253e-18
    |]

    // exp(x²) erfc(x) (x + 3) as a function of (x − 3) / (x + 3), x ≥ 1, that is of [−1/2, 1].
    static let farTable = [|
        1.0079562350049418
        -0.5490126768722887
        0.12580111227947868
        -0.02371106682114769
        0.003493826709396227
        -0.0003518561958472471
        1.1298923957330527e-05
        3.2408778922433814e-06
        -5.385726065146947e-07
        -8.461490829396586e-10
        9.90400760701392e-09
        -7.036403532394811e-10
        -1.6664490601021765e-10
        2.4118928387840456e-11
        3.026091021264195e-12
        -6.931608397398304e-13
        -6.602633266894141e-14
        1.975220431651671e-14
        1.8533715691738844e-15
        -5.764938694712241e-16
        -6.603493630328276e-17
        1.6361813032735688e-17
        2.103767041281097e-18
    |]

    static let number (value: float) : Vector512<float> = Vector512.Create value

    // Clenshaw's recurrence; t in [−1, 1].
    static let chebyshev (table: float[]) (t: Vector512<float>) : Vector512<float> =
        let twice = t + t
        let mutable b1 = Vector512<float>.Zero
        let mutable b2 = Vector512<float>.Zero

        for i in table.Length - 1 .. -1 .. 1 do
            let b = Vector512.FusedMultiplyAdd(twice, b1, number table[i] - b2)
            b2 <- b1
            b1 <- b

        Vector512.FusedMultiplyAdd(t, b1, number table[0] - b2)

    // erf x for |x| < 1.
    static let near (x: Vector512<float>) : Vector512<float> =
        x * chebyshev nearTable (Vector512.FusedMultiplyAdd(x + x, x, number -1.0))

    // erfc a for a ≥ 1. The square's rounding error r matters, since it is multiplied by the exponential:
    // exp(−a²) = exp(−s) (1 − r) with s the rounded square. Beyond 28 the result is 0.
    static let far (a: Vector512<float>) : Vector512<float> =
        let a = Vector512.MinNative(a, number 28.0)
        let s = a * a
        let r = Vector512.FusedMultiplyAdd(a, a, -s)
        let e = Exponential.Of(-s) * (number 1.0 - r)
        let place = (a - number 3.0) / (a + number 3.0)
        let t = (place - number 0.25) * number (4.0 / 3.0)
        e * chebyshev farTable t / (a + number 3.0)

    /// erf x.
    static member Erf(x: Vector512<float>) : Vector512<float> =
        let a = Vector512.Abs x
        let isNear = Vector512.LessThan(a, number 1.0)

        if Vector512.EqualsAll(isNear.AsInt64(), Vector512<int64>.AllBitsSet) then
            near x
        else
            let outside = Vector512.CopySign(number 1.0 - far a, x)
            let result = Vector512.ConditionalSelect(isNear, near x, outside)
            Vector512.ConditionalSelect(Vector512.Equals(x, x), result, x)

    /// erfc x = 1 − erf x.
    static member Erfc(x: Vector512<float>) : Vector512<float> =
        let a = Vector512.Abs x
        let tail = far a

        let outside =
            Vector512.ConditionalSelect(Vector512.LessThan(x, number 0.0), number 2.0 - tail, tail)

        let isNear = Vector512.LessThan(a, number 1.0)
        let result = Vector512.ConditionalSelect(isNear, number 1.0 - near x, outside)
        Vector512.ConditionalSelect(Vector512.Equals(x, x), result, x)

/// The error function.
[<Struct>]
type internal ErfMap =
    interface IMap<float> with
        member _.Apply(x: Vector512<float>) : Vector512<float> = ErrorFunction.Erf x

/// The complementary error function.
[<Struct>]
type internal ErfcMap =
    interface IMap<float> with
        member _.Apply(x: Vector512<float>) : Vector512<float> = ErrorFunction.Erfc x
