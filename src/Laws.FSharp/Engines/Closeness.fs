namespace Optim.Laws

open System
open Optim

/// How far a number may be from the true one.
[<RequireQualifiedAccess>]
type internal Closeness =
    /// The true number rounded to the element type, with the sign of zero.
    | Exact
    /// The true number rounded to the element type; either zero.
    | Equal
    /// |actual − true| ≤ count · the distance between neighbours at the true number.
    | Ulps of count: float
    /// |actual − true| ≤ count · ε · max(|true|, scale) with the element type's ε.
    | Epsilons of count: float * scale: float
    /// As Epsilons, but numbers below the smallest normal one may also come out as another such number or 0.
    | EpsilonsOrUnderflow of count: float * scale: float
    /// As Ulps, with the same exception.
    | UlpsOrUnderflow of count: float

/// Comparisons of results with the truth.
[<RequireQualifiedAccess>]
module internal Closeness =

    let private smallestNormal (dtype: DType) : float =
        match dtype with
        | DType.Float32 -> 1.1754943508222875e-38
        | DType.Float64
        | DType.Int64
        | DType.Bool -> 2.2250738585072014e-308

    /// The distance from |x| to the next larger number of the type.
    let private spacing (dtype: DType) (x: float) : float =
        match dtype with
        | DType.Float32 -> float (MathF.BitIncrement(float32 (abs x))) - float (float32 (abs x))
        | DType.Float64
        | DType.Int64
        | DType.Bool -> Math.BitIncrement(abs x) - abs x

    /// Whether the number is as close to the true one as asked.
    let holds (dtype: DType) (closeness: Closeness) (truth: float) (actual: float) : bool =
        let rounded = Plain.round dtype truth

        if Double.IsNaN truth || Double.IsNaN actual then
            Double.IsNaN truth && Double.IsNaN actual
        else
            match closeness with
            | Closeness.Exact -> Plain.isSame rounded actual
            | Closeness.Equal -> rounded = actual
            | Closeness.Ulps count ->
                rounded = actual || abs (actual - truth) <= count * spacing dtype truth
            | Closeness.Epsilons(count, scale) ->
                rounded = actual
                || abs (actual - truth) <= count * dtype.Epsilon * max (abs truth) scale
            | Closeness.EpsilonsOrUnderflow(count, scale) ->
                rounded = actual
                || abs (actual - truth)
                   <= count * dtype.Epsilon * max (abs truth) scale + smallestNormal dtype
            | Closeness.UlpsOrUnderflow count ->
                rounded = actual
                || abs (actual - truth) <= count * spacing dtype truth + smallestNormal dtype

    /// What is wrong with a result. truth: unrounded; closeness of each element; inputs: what went into an element.
    let complaint
        (truth: Plain)
        (closeness: int -> Closeness)
        (inputs: int -> string)
        (actual: Plain)
        : string voption =
        if truth.Type <> actual.Type || truth.Dims <> actual.Dims then
            ValueSome $"the result is {Plain.text actual}, expected {Plain.text truth}"
        else
            let isWrong (i: int) =
                not (holds truth.Type (closeness i) truth.Numbers[i] actual.Numbers[i])

            let wrong = Array.filter isWrong [| 0 .. truth.Numbers.Length - 1 |]

            if wrong.Length = 0 then
                ValueNone
            else
                let i = wrong[0]
                let right, seen = Plain.round truth.Type truth.Numbers[i], actual.Numbers[i]
                let place = Plain.place truth.Dims i
                let share = Plain.share wrong.Length truth.Numbers.Length
                ValueSome $"element {place}{inputs i} is {seen:R}, expected {right:R}{share}"
