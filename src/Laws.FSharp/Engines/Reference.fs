namespace Optim.Laws

open System
open Optim

/// What each operation means for single numbers, and how exactly engines compute it.
[<RequireQualifiedAccess>]
module internal Reference =

    /// The function of one number of the type, which holds an exponent too.
    let unary (kind: Unary) (dtype: DType) (x: float) : float =
        let truth (b: bool) = if b then 1.0 else 0.0

        match kind with
        | Unary.Exp -> exp x
        | Unary.Expm1 -> SpecialFunctions.expm1 x
        | Unary.Log -> log x
        | Unary.Log1p -> SpecialFunctions.log1p x
        | Unary.Sqrt -> sqrt x
        | Unary.Square -> x * x
        | Unary.Reciprocal -> 1.0 / x
        | Unary.Power exponent -> Math.Pow(x, Plain.round dtype exponent)
        | Unary.Abs -> abs x
        | Unary.Sign -> if Double.IsNaN x then nan else float (sign x)
        | Unary.Floor -> Math.Floor x
        | Unary.Ceiling -> Math.Ceiling x
        | Unary.Round -> Math.Round(x, MidpointRounding.ToEven)
        | Unary.Sin -> Math.Sin x
        | Unary.Cos -> Math.Cos x
        | Unary.Tan -> Math.Tan x
        | Unary.Asin -> Math.Asin x
        | Unary.Acos -> Math.Acos x
        | Unary.Atan -> Math.Atan x
        | Unary.Sinh -> Math.Sinh x
        | Unary.Cosh -> Math.Cosh x
        | Unary.Tanh -> Math.Tanh x
        | Unary.Asinh -> Math.Asinh x
        | Unary.Acosh -> Math.Acosh x
        | Unary.Atanh -> Math.Atanh x
        | Unary.Sigmoid -> SpecialFunctions.sigmoid x
        | Unary.Softplus -> SpecialFunctions.softplus x
        | Unary.Relu -> if Double.IsNaN x || x > 0.0 then x else 0.0
        | Unary.Erf -> SpecialFunctions.erf x
        | Unary.Erfc -> SpecialFunctions.erfc x
        | Unary.LogGamma -> SpecialFunctions.logGamma x
        | Unary.Polygamma order -> SpecialFunctions.polygamma order x
        | Unary.IsNaN -> truth (Double.IsNaN x)
        | Unary.IsFinite -> truth (Double.IsFinite x)
        | Unary.Not -> truth (x = 0.0)

    /// How close the function of one number comes, and why no closer.
    let unaryCloseness (kind: Unary) : Closeness =
        match kind with
        // IEEE 754 leaves no choice.
        | Unary.Square
        | Unary.Reciprocal
        | Unary.Abs
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.IsNaN
        | Unary.IsFinite
        | Unary.Not -> Closeness.Exact
        // Vector libraries round the last bit of a square root either way.
        | Unary.Sqrt -> Closeness.Ulps 1.0
        // Either zero is a right sign of 0, and a right maximum of 0 and −0.
        | Unary.Sign
        | Unary.Relu -> Closeness.Equal
        // Vector libraries promise 1 to 3.5 units in the last place, and the formulas here have half a unit of their own.
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Power _
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh -> Closeness.Ulps 4.0
        // 1 / (1 + exp (−x)): exp overflows where the result is below the normal numbers.
        | Unary.Sigmoid -> Closeness.UlpsOrUnderflow 4.0
        | Unary.Softplus -> Closeness.UlpsOrUnderflow 4.0
        | Unary.Erf -> Closeness.Ulps 8.0
        // exp (−x²) carries the rounding error of x², up to 700 units; good ones split x².
        | Unary.Erfc -> Closeness.UlpsOrUnderflow 64.0
        // Zeros at 1 and 2 and between the negative poles: the error counts against 1 there.
        | Unary.LogGamma -> Closeness.Epsilons(512.0, 1.0)
        | Unary.Polygamma _ -> Closeness.Epsilons(4096.0, 1.0)

    /// The function of two numbers.
    let binary (kind: Binary) (a: float) (b: float) : float =
        match kind with
        | Binary.Add -> a + b
        | Binary.Subtract -> a - b
        | Binary.Multiply -> a * b
        | Binary.Divide -> a / b
        | Binary.Power -> Math.Pow(a, b)
        | Binary.Atan2 -> Math.Atan2(a, b)
        | Binary.Maximum ->
            if Double.IsNaN a || Double.IsNaN b then nan
            elif a > b then a
            else b
        | Binary.Minimum ->
            if Double.IsNaN a || Double.IsNaN b then nan
            elif a < b then a
            else b
        | Binary.TanhGradient -> b * (1.0 - a * a)
        | Binary.SigmoidGradient -> b * (a * (1.0 - a))
        | Binary.ReluGradient -> if a > 0.0 then b else 0.0

    /// How close the function of two numbers comes.
    let binaryCloseness (kind: Binary) (a: float) (b: float) : Closeness =
        match kind with
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide -> Closeness.Exact
        | Binary.Maximum
        | Binary.Minimum
        | Binary.ReluGradient -> Closeness.Equal
        | Binary.Power
        | Binary.Atan2 -> Closeness.Ulps 4.0
        // 1 − y² and 1 − y cancel near 1: the error counts against the factors before the subtraction.
        | Binary.TanhGradient -> Closeness.EpsilonsOrUnderflow(4.0, abs b * (1.0 + a * a))
        | Binary.SigmoidGradient ->
            Closeness.EpsilonsOrUnderflow(4.0, abs b * abs a * (1.0 + abs a))

    /// Whether the comparison holds.
    let compare (kind: Comparison) (a: float) (b: float) : bool =
        match kind with
        | Comparison.Equal -> a = b
        | Comparison.NotEqual -> a <> b
        | Comparison.Less -> a < b
        | Comparison.LessEqual -> a <= b
        | Comparison.Greater -> a > b
        | Comparison.GreaterEqual -> a >= b

    /// The sum with the rounding errors made good. Source: Neumaier 1974. NaN and infinities as IEEE 754 adds them.
    let sum (xs: float[]) : float =
        let mutable total, error = 0.0, 0.0

        for x in xs do
            let next = total + x

            error <-
                error
                + (if abs total >= abs x then
                       (total - next) + x
                   else
                       (x - next) + total)

            total <- next

        if Double.IsFinite total then total + error else total

    /// The reduction of numbers.
    let reduce (kind: Reduction) (xs: float[]) : float =
        let hasNaN = Array.exists Double.IsNaN xs

        match kind with
        | Reduction.Sum -> sum xs
        | Reduction.Product -> Array.fold (*) 1.0 xs
        | Reduction.Maximum -> if hasNaN then nan else Array.fold max -infinity xs
        | Reduction.Minimum -> if hasNaN then nan else Array.fold min infinity xs
        | Reduction.LogSumExp ->
            let largest = if hasNaN then nan else Array.fold max -infinity xs

            if Double.IsFinite largest then
                largest + log (sum (Array.map (fun x -> exp (x - largest)) xs))
            else
                largest

    /// How close the reduction of numbers comes.
    let reduceCloseness (kind: Reduction) (xs: float[]) : Closeness =
        let count = float (max 1 xs.Length)
        let weight = xs |> Array.sumBy abs

        match kind with
        // Any order of n − 1 additions: (n − 1) ε Σ |x|. Source: Higham 2002, section 4.2.
        | Reduction.Sum when Double.IsFinite weight -> Closeness.Epsilons(count, weight)
        | Reduction.Sum -> Closeness.Equal
        | Reduction.Product -> Closeness.Epsilons(count, 0.0)
        | Reduction.Maximum
        | Reduction.Minimum -> Closeness.Equal
        // The sum of exponentials is exact to n ε, its logarithm to that in absolute terms.
        | Reduction.LogSumExp -> Closeness.Epsilons(count + 4.0, 1.0)
