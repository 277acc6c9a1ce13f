namespace Optim.Core

open System
open System.Globalization
open Optim
open Optim.Core.Derivatives

/// A component whose derivative does not agree with differences of the function's values.
[<NoComparison>]
type DerivativeMistake = {
    /// Its position in the flat gradient or product, from 0.
    Index: int
    /// The derivative by extrapolated central differences.
    Expected: float
    /// The derivative by the rules.
    Actual: float
    /// |actual − expected|; NaN when the actual is no number.
    Error: float
    /// How far the differences themselves may be off.
    Uncertainty: float
    /// All of this in words, with what the numbers suggest.
    Explanation: string
}

/// The result of comparing derivatives with differences.
[<NoComparison>]
type DerivativeReport = {
    /// The number of components compared.
    Compared: int
    /// The components that disagree, the worst first.
    Mistakes: DerivativeMistake list
    /// The positions where differences gave no usable number: the function is not finite, or has a kink or a jump, nearby.
    Undecided: int list
    /// The largest |actual − expected| / max(1, |expected|) among the components decided.
    LargestError: float
} with

    /// Whether at least one component was decided and none disagrees.
    member r.IsCorrect: bool =
        List.isEmpty r.Mistakes && List.length r.Undecided < r.Compared

    /// One line for each mistake under a summary.
    override r.ToString() =
        let summary =
            $"{r.Mistakes.Length} of {r.Compared} components are wrong, {r.Undecided.Length} undecided"

        String.Join("\n", summary :: (r.Mistakes |> List.map _.Explanation))

/// Comparison of derivatives with differences of values, for finding mistakes in hand-written rules.
[<RequireQualifiedAccess>]
module GradientCheck =

    /// Extrapolated values of central differences d(h) = (f(x + h) − f(x − h)) / 2h of each of many components, with
    /// estimates of their errors. d: from a step to the differences of all components.
    /// Source: Ridders 1982, "Accurate computation of F′(x) and F′(x) F″(x)": Richardson's extrapolation for a sequence of
    /// steps, of which each component keeps the entry of least estimated error.
    let private extrapolated
        (first: float)
        (levels: int)
        (d: float -> float[])
        : struct (float * float)[] =
        let rows = Array.init levels (fun i -> d (first / Math.Pow(2.0, float i)))

        Array.init
            rows[0].Length
            (fun part ->
                let mutable best = struct (nan, infinity)
                let mutable previous: float[] = [||]

                for i in 0 .. levels - 1 do
                    let row = Array.zeroCreate (i + 1)
                    row[0] <- rows[i][part]

                    for j in 1..i do
                        let weight = Math.Pow(4.0, float j)
                        row[j] <- (weight * row[j - 1] - previous[j - 1]) / (weight - 1.0)

                        let error =
                            max (abs (row[j] - row[j - 1])) (abs (row[j] - previous[j - 1]))

                        let struct (_, least) = best

                        if error < least then
                            best <- struct (row[j], error)

                    previous <- row

                best
            )

    let private number (value: float) : string =
        value.ToString("G7", CultureInfo.InvariantCulture)

    /// What a wrong component suggests.
    let private suggestion (expected: float) (actual: float) : string =
        let near a b = abs (a - b) <= 1e-3 * abs b

        if not (Double.IsFinite actual) then
            "it is not finite"
        elif actual = 0.0 then
            "it is 0: a term is missing or a rule returns zeros"
        elif near actual -expected then
            "the sign is wrong"
        elif near expected 0.0 then
            "it should be 0"
        elif near (actual / expected) (Math.Round(actual / expected)) then
            $"it is {number (Math.Round(actual / expected))} times too large"
        elif near (expected / actual) (Math.Round(expected / actual)) then
            $"it is {number (Math.Round(expected / actual))} times too small"
        else
            $"it is off by {number (100.0 * abs (actual / expected - 1.0))} %%"

    let private compare
        (what: string)
        (epsilon: float)
        (expected: struct (float * float)[])
        (actual: float[])
        =
        // Relative to the component and to the largest of all: a component much smaller than the rest has their rounding.
        let tolerance = Math.Pow(epsilon, 0.375)

        let finite =
            expected |> Array.filter (fun struct (value, _) -> Double.IsFinite value)

        let scale = finite |> Array.fold (fun m struct (value, _) -> max m (abs value)) 0.0

        let judged =
            Array.zip expected actual
            |> Array.mapi (fun index (struct (value, uncertainty), got) ->
                let error = abs (got - value)

                let allowed =
                    tolerance * max (abs value) (0.01 * scale) + 10.0 * uncertainty + epsilon

                let decided = uncertainty <= 1e-2 * max (abs value) (max scale 1e-6)

                let mistake = {
                    Index = index
                    Expected = value
                    Actual = got
                    Error = error
                    Uncertainty = uncertainty
                    Explanation =
                        $"component {index} of the {what} is {number got}, but differences of the function give "
                        + $"{number value}: {suggestion value got}"
                }

                struct (mistake, decided, not (error <= allowed))
            )

        {
            Compared = actual.Length
            Mistakes =
                judged
                |> Array.filter (fun struct (_, decided, isWrong) -> decided && isWrong)
                |> Array.map (fun struct (mistake, _, _) -> mistake)
                |> Array.sortByDescending (fun m ->
                    if Double.IsFinite m.Error then m.Error else infinity
                )
                |> List.ofArray
            Undecided = [
                for struct (mistake, decided, _) in judged do
                    if not decided then
                        mistake.Index
            ]
            LargestError =
                judged
                |> Array.fold
                    (fun largest struct (m, decided, _) ->
                        if decided then
                            max largest (m.Error / max 1.0 (abs m.Expected))
                        else
                            largest
                    )
                    0.0
        }

    let private elements (x: Tensor) : float[] = x.ToArray()

    let private like (x: Tensor) (values: float[]) : Tensor =
        Tensor.createOn x.Engine (x.Shape.ToArray()) values |> Tensor.cast x.DType

    // The number that the element type holds.
    let private rounded (dtype: DType) (value: float) : float =
        if dtype = DType.Float32 then
            float (float32 value)
        else
            value

    // The first step: the error of extrapolation falls with a high power of it, that of rounding rises with 1/step.
    let private firstStep (x: Tensor) (size: float) : float =
        8.0 * Math.Pow(x.DType.Epsilon, 0.2) * max size 0.1

    [<Literal>]
    let private levels = 5

    /// The gradient of f at x, compared with differences of f: which components are wrong, and how. f gives one number.
    /// A component is wrong when |actual − expected| > ε^(3/8) max(|expected|, 0.01 max |expected|) + 10 uncertainty, about
    /// 1e-6 relatively in Float64. Cost: 10 values of f for each component of x. Choose a point without kinks nearby.
    let checkGradients (f: Tensor -> Tensor) (x: Tensor) : DerivativeReport =
        Check.floating (nameof x) x
        let gradient = elements (grad f x)
        let start = elements x

        let expected =
            Array.init
                start.Length
                (fun i ->
                    let valueAt (value: float) : float =
                        (f (like x (Array.updateAt i value start))).ToScalar()

                    let difference (h: float) : float[] =
                        let up, down =
                            rounded x.DType (start[i] + h), rounded x.DType (start[i] - h)

                        [| (valueAt up - valueAt down) / (up - down) |]

                    (extrapolated (firstStep x (abs start[i])) levels difference)[0]
                )

        compare "gradient" x.DType.Epsilon expected gradient

    /// The product H v of f's Hessian at x, compared with differences of the gradient along v. What counts as wrong: as
    /// checkGradients. A wrong gradient gives differences that are consistently wrong, so check that first.
    /// v: the shape of x, not 0. Cost: 10 gradients.
    let checkHessianProduct (f: Tensor -> Tensor) (x: Tensor) (v: Tensor) : DerivativeReport =
        Check.floating (nameof x) x
        Check.shape (nameof v) x.Shape v
        Check.sameDevice (nameof v) x v
        let product = elements (hvp f x v)
        let start, direction = elements x, elements v
        let longest = direction |> Array.fold (fun m d -> max m (abs d)) 0.0

        if longest = 0.0 then
            raise (ArgumentException("v is 0, expected a direction", nameof v))

        let size = start |> Array.fold (fun m value -> max m (abs value)) 0.0

        let gradientAt (move: float) =
            elements (grad f (like x (Array.map2 (fun a d -> a + move * d) start direction)))

        let difference (h: float) : float[] =
            Array.map2 (fun up down -> (up - down) / (2.0 * h)) (gradientAt h) (gradientAt -h)

        let expected = extrapolated (firstStep x size / longest) levels difference
        compare "Hessian product" x.DType.Epsilon expected product
