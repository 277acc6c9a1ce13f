namespace Optim.Laws

open System
open System.Globalization

/// F# source text of data.
[<RequireQualifiedAccess>]
module internal Source =

    /// A float literal that gives exactly this number.
    let ofFloat (x: float) : string =
        if Double.IsNaN x then
            "nan"
        elif Double.IsInfinity x then
            if x > 0.0 then "infinity" else "-infinity"
        else
            let text = x.ToString("R", CultureInfo.InvariantCulture)

            if text.Contains '.' || text.Contains 'E' then
                text
            else
                text + ".0"

    /// A list literal.
    let ofFloats (xs: float list) : string =
        let inside = xs |> List.map ofFloat |> String.concat "; "
        $"[ {inside} ]"

    /// An int64 literal.
    let ofInt64 (n: int64) : string =
        n.ToString(CultureInfo.InvariantCulture) + "L"

    /// A truth literal.
    let ofBool (truth: bool) : string = if truth then "true" else "false"

/// A change of coordinates x = A z + b, fixed by a seed. Seed 0 stands for no change.
[<RequireQualifiedAccess>]
type Coordinates =
    /// x = z + b.
    | Shifted of seed: int64
    /// x = Q z with an orthogonal Q.
    | Rotated of seed: int64
    /// x = A z + b with a condition of A up to 10.
    | Affine of seed: int64

    /// The F# expression that gives this value.
    member coordinates.Source: string =
        match coordinates with
        | Coordinates.Shifted seed -> $"Coordinates.Shifted({Source.ofInt64 seed})"
        | Coordinates.Rotated seed -> $"Coordinates.Rotated({Source.ofInt64 seed})"
        | Coordinates.Affine seed -> $"Coordinates.Affine({Source.ofInt64 seed})"

    /// The F# expression.
    override coordinates.ToString() = coordinates.Source

/// A problem as printable data: its text is the F# expression that makes it again. `LawProblem.ofCase` builds it.
/// spectrum: curvatures; seed: fixes rotation, minimum, start or data, and 0 stands for none of the first three.
[<RequireQualifiedAccess>]
type ProblemCase =
    /// ½ (x − m)ᵀ Q Λ Qᵀ (x − m). spectrum: Λ, above 0.
    | Quadratic of spectrum: float list * seed: int64
    /// Σ ½ λ y² + Σ ¼ |λ| y⁴ over the negative λ, with y = Qᵀ (x − m): a strict saddle at m, minima where those y are ±1.
    /// isOnManifold: whether the start's y is 0 for all negative λ, so that the gradient leads to the saddle.
    | Saddle of spectrum: float list * seed: int64 * isOnManifold: bool
    /// Σ steepness · (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)². length: 2 or more.
    | Rosenbrock of length: int * steepness: float
    /// Mean logistic loss of random data + ½ penalty |w|², strictly convex. penalty: above 0.
    | Logistic of examples: int * features: int * penalty: float * seed: int64
    /// Half the mean squared error of a tanh network 2-3-1 on random data.
    | Network of examples: int * seed: int64
    /// Σ x − log x: NaN where an x is negative, least at ones. A start that is not above 0 has no finite value.
    | Barrier of start: float list
    /// slopesᵀ x from zeros: without lower bound, if a slope is not 0.
    | Linear of slopes: float list
    /// Σ x³: without lower bound, flat at zeros.
    | Cubic of start: float list
    /// −Σ exp x: without lower bound, overflows.
    | NegativeExponential of start: float list
    /// The constant 3.
    | Flat of start: float list
    /// Σ (x − 1)², plus 2 for each x above ½: it jumps, and the least value is at ½, where the gradient is not 0.
    | Stepped of start: float list
    /// A quadratic whose samples are tilted by random slopes of this size; the mean of the slopes is 0.
    | Noisy of spectrum: float list * noise: float * seed: int64
    /// A logistic regression seen through mini-batches in turn.
    | MiniBatches of batches: int * size: int * features: int * seed: int64
    /// factor · f. factor: above 0.
    | Scaled of factor: float * inner: ProblemCase
    /// f in other coordinates.
    | Moved of coordinates: Coordinates * inner: ProblemCase
    /// f with the right values, but gradients that are `factor` times the true ones.
    | WronglyDifferentiated of factor: float * inner: ProblemCase
    /// f, computed by compiled programs. inner: deterministic, and not WronglyDifferentiated, which reads numbers.
    | Compiled of inner: ProblemCase

    /// The F# expression that gives this value.
    member case.Source: string =
        let floats = Source.ofFloats
        let seeded (seed: int64) = Source.ofInt64 seed

        match case with
        | ProblemCase.Quadratic(spectrum, seed) ->
            $"ProblemCase.Quadratic({floats spectrum}, {seeded seed})"
        | ProblemCase.Saddle(spectrum, seed, isOnManifold) ->
            $"ProblemCase.Saddle({floats spectrum}, {seeded seed}, {Source.ofBool isOnManifold})"
        | ProblemCase.Rosenbrock(length, steepness) ->
            $"ProblemCase.Rosenbrock({length}, {Source.ofFloat steepness})"
        | ProblemCase.Logistic(examples, features, penalty, seed) ->
            $"ProblemCase.Logistic({examples}, {features}, {Source.ofFloat penalty}, {seeded seed})"
        | ProblemCase.Network(examples, seed) -> $"ProblemCase.Network({examples}, {seeded seed})"
        | ProblemCase.Barrier start -> $"ProblemCase.Barrier({floats start})"
        | ProblemCase.Linear slopes -> $"ProblemCase.Linear({floats slopes})"
        | ProblemCase.Cubic start -> $"ProblemCase.Cubic({floats start})"
        | ProblemCase.NegativeExponential start ->
            $"ProblemCase.NegativeExponential({floats start})"
        | ProblemCase.Flat start -> $"ProblemCase.Flat({floats start})"
        | ProblemCase.Stepped start -> $"ProblemCase.Stepped({floats start})"
        | ProblemCase.Noisy(spectrum, noise, seed) ->
            $"ProblemCase.Noisy({floats spectrum}, {Source.ofFloat noise}, {seeded seed})"
        | ProblemCase.MiniBatches(batches, size, features, seed) ->
            $"ProblemCase.MiniBatches({batches}, {size}, {features}, {seeded seed})"
        | ProblemCase.Scaled(factor, inner) ->
            $"ProblemCase.Scaled({Source.ofFloat factor}, {inner.Source})"
        | ProblemCase.Moved(coordinates, inner) ->
            $"ProblemCase.Moved({coordinates.Source}, {inner.Source})"
        | ProblemCase.WronglyDifferentiated(factor, inner) ->
            $"ProblemCase.WronglyDifferentiated({Source.ofFloat factor}, {inner.Source})"
        | ProblemCase.Compiled inner -> $"ProblemCase.Compiled({inner.Source})"

    /// The F# expression.
    override case.ToString() = case.Source
