namespace Optim.Laws

open System
open Optim
open Optim.Core

/// A problem with what is known about it.
[<NoComparison; NoEquality>]
type LawProblem = {
    /// What it was made from.
    Case: ProblemCase
    /// What is minimized. It says how it is composed, so that it has a Gauss-Newton matrix.
    Objective: Objective
    /// Where runs start (n).
    Start: Tensor
    /// The value of the whole objective, by hand-written arithmetic.
    ValueAt: float[] -> float
    /// Its gradient, by hand-written arithmetic, also where the objective's own derivative is wrong.
    GradientAt: float[] -> float[]
    /// The least value, where it is known.
    Least: float voption
}

/// Problems from cases.
[<RequireQualifiedAccess>]
module LawProblem =

    /// A problem of a deterministic function, whose outputs are the point itself, so that it has a Gauss-Newton matrix.
    let private make
        (case: ProblemCase)
        (start: float[])
        (formula: Formula)
        (f: Tensor -> Tensor)
        : LawProblem = {
        Case = case
        Objective = Objective.composed "problem" (fun x -> x) f
        Start = Tensor.ofArray start
        ValueAt = formula.Value
        GradientAt = formula.Gradient
        Least = ValueNone
    }

    let private sampled
        (share: float)
        (at: int64 -> Tensor -> Tensor)
        (problem: LawProblem)
        : LawProblem =
        let objective = Objective.sampled "samples" share problem.Objective.Function at

        {
            problem with
                Objective = {
                    objective with
                        Composition = ValueSome { OutputsAt = (fun _ x -> x); LossAt = at }
                }
        }

    let private center (seed: int64) (length: int) : float[] =
        if seed = 0L then
            Array.zeroCreate length
        else
            Floats.normal seed 1L length

    let private matrix (rows: float[][]) : Tensor =
        Tensor.ofRows (rows |> Seq.map Seq.ofArray)

    let private quadratic (case: ProblemCase) (spectrum: float list) (seed: int64) : LawProblem =
        let curvatures = Array.ofList spectrum
        let n = curvatures.Length
        let axes, m = Floats.rotation seed n, center seed n
        let formula = Formula.wells axes curvatures (Array.zeroCreate n) m

        let offset =
            if seed = 0L then
                Array.create n 1.0
            else
                Floats.normal seed 2L n

        let columns = Floats.transpose axes

        let a =
            matrix (
                columns
                |> Array.map (fun row -> Floats.times columns (Array.map2 (*) curvatures row))
            )

        let minimum = Tensor.ofArray m

        let f (x: Tensor) =
            let d = x - Tensor.alongside x minimum
            0.5 * Tensor.dot d (Tensor.matmul (Tensor.alongside x a) d)

        { make case (Floats.add m offset) formula f with Least = ValueSome 0.0 }

    let private saddle
        (case: ProblemCase)
        (spectrum: float list)
        (seed: int64)
        (isOnManifold: bool)
        : LawProblem =
        let curvatures = Array.ofList spectrum
        let n = curvatures.Length
        let quartic = curvatures |> Array.map (fun c -> max 0.0 -c)
        let axes, m = Floats.rotation seed n, center seed n
        let formula = Formula.wells axes curvatures quartic m

        let wide =
            if seed = 0L then
                Array.create n 0.5
            else
                Floats.normal seed 2L n

        let y0 =
            Array.map2 (fun c y -> if c < 0.0 && isOnManifold then 0.0 else y) curvatures wide

        let start = Floats.add m (Floats.times (Floats.transpose axes) y0)
        let turn, minimum = matrix axes, Tensor.ofArray m
        let l, q = Tensor.ofArray curvatures, Tensor.ofArray quartic

        let f (x: Tensor) =
            let here = Tensor.alongside x
            let squares = Tensor.square (Tensor.matmul (here turn) (x - here minimum))

            0.5 * Tensor.sum (here l * squares)
            + 0.25 * Tensor.sum (here q * Tensor.square squares)

        { make case start formula f with Least = ValueSome(-0.25 * Array.sum quartic) }

    let private rosenbrock (case: ProblemCase) (length: int) (steepness: float) : LawProblem =
        let start = Array.init length (fun i -> if i % 2 = 0 then -1.2 else 1.0)

        let f (x: Tensor) =
            let a, b = x[0 .. length - 2], x[1 .. length - 1]

            steepness * Tensor.sum (Tensor.square (b - Tensor.square a))
            + Tensor.sum (Tensor.square (1.0 - a))

        { make case start (Formula.rosenbrock steepness) f with Least = ValueSome 0.0 }

    /// Rows and labels ±1 of a noisy linear rule.
    let private labelled (examples: int) (features: int) (seed: int64) : float[][] * float[] =
        let rows = Floats.normal seed 3L (examples * features) |> Array.chunkBySize features
        let rule, noise = Floats.normal seed 4L features, Floats.normal seed 5L examples

        let label (row: float[]) (e: float) =
            if Floats.dot rule row + e > 0.0 then 1.0 else -1.0

        rows, Array.map2 label rows noise

    let private logisticLoss
        (rows: float[][])
        (labels: float[])
        (penalty: float)
        : Tensor -> Tensor =
        let x, y = matrix rows, Tensor.ofArray labels

        fun w ->
            let margins = Tensor.alongside w y * Tensor.matmul (Tensor.alongside w x) w
            Tensor.mean (Tensor.softplus -margins) + 0.5 * penalty * Tensor.dot w w

    let private logistic
        (case: ProblemCase)
        (examples: int)
        (features: int)
        (penalty: float)
        (seed: int64)
        : LawProblem =
        let rows, labels = labelled examples features seed

        make
            case
            (Array.zeroCreate features)
            (Formula.logistic rows labels penalty)
            (logisticLoss rows labels penalty)

    let private network (case: ProblemCase) (examples: int) (seed: int64) : LawProblem =
        let inputs = Floats.normal seed 6L (2 * examples) |> Array.chunkBySize 2
        let targets = inputs |> Array.map (fun u -> sin u[0] + 0.5 * u[1])
        let x, t = matrix inputs, Tensor.ofArray targets

        let outputs (p: Tensor) =
            let weights = Shaping.reshape [ 3; 2 ] p[0..5]
            let x = Tensor.alongside p x
            let hidden = Tensor.tanh (Tensor.matmul x (Shaping.transpose weights) + p[6..8])
            Tensor.matmul hidden p[9..11] + p[12]

        let loss (z: Tensor) =
            0.5 * Tensor.mean (Tensor.square (z - Tensor.alongside z t))

        let start = Floats.scale 0.5 (Floats.normal seed 7L 13)

        {
            make case start (Formula.network inputs targets) (outputs >> loss) with
                Objective = Objective.composed "problem" outputs loss
        }

    let private stepped (case: ProblemCase) (start: float list) : LawProblem =
        let value (x: float) =
            (x - 1.0) * (x - 1.0) + (if x > 0.5 then 2.0 else 0.0)

        let f (x: Tensor) =
            let isBehind = Tensor.greater x (Tensor.fullLike x 0.5)
            let jumps = Tensor.where isBehind (Tensor.fullLike x 2.0) (Tensor.zerosLike x)
            Tensor.sum (Tensor.square (x - 1.0)) + Tensor.sum jumps

        make case (Array.ofList start) (Formula.separable value (fun x -> 2.0 * (x - 1.0))) f

    let private noisy
        (case: ProblemCase)
        (spectrum: float list)
        (noise: float)
        (seed: int64)
        : LawProblem =
        let whole = quadratic case spectrum seed
        let n = spectrum.Length
        let minimum = Tensor.ofArray (center seed n)

        let at (k: int64) : Tensor -> Tensor =
            let tilt =
                Tensor.ofArray (Floats.scale noise (Floats.normal (seed + 1L) (2000L + k) n))

            fun x ->
                let here = Tensor.alongside x
                whole.Objective.Function x + Tensor.dot (here tilt) (x - here minimum)

        // So far away that the noise is small beside the way to go.
        let far =
            Floats.normal seed 2L n |> Array.map (fun y -> if y < 0.0 then -2.0 else 2.0)

        sampled 0.25 at { whole with Start = Tensor.ofArray (Floats.add (center seed n) far) }

    let private miniBatches
        (case: ProblemCase)
        (batches: int)
        (size: int)
        (features: int)
        (seed: int64)
        : LawProblem =
        let penalty = 0.01
        let rows, labels = labelled (batches * size) features seed
        let parts = Array.zip (Array.chunkBySize size rows) (Array.chunkBySize size labels)

        let losses =
            parts |> Array.map (fun (rows, labels) -> logisticLoss rows labels penalty)

        let start = Array.zeroCreate features

        let whole =
            make
                case
                start
                (Formula.logistic rows labels penalty)
                (logisticLoss rows labels penalty)

        whole
        |> sampled (1.0 / float batches) (fun k -> losses[int (k % int64 batches)])

    let private moved
        (case: ProblemCase)
        (coordinates: Coordinates)
        (inner: LawProblem)
        : LawProblem =
        let map = Coordinates.map inner.Start.Length coordinates
        let a, b = matrix map.Matrix, Tensor.ofArray map.Shift

        let formula =
            Formula.moved map { Value = inner.ValueAt; Gradient = inner.GradientAt }

        let start =
            Floats.times map.Inverse (Floats.subtract (inner.Start.ToArray()) map.Shift)

        let change (z: Tensor) =
            Tensor.matmul (Tensor.alongside z a) z + Tensor.alongside z b

        let problem = {
            make case start formula (change >> inner.Objective.Function) with
                Least = inner.Least
        }

        if Objective.isCompiled inner.Objective then
            { problem with Objective = Objective.compile problem.Objective }
        else
            problem

    /// The value of f with `factor` times its derivatives: the part that derivatives see is scaled.
    let private wronglyDifferentiated (factor: float) (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let numbers = Tensor.alongside x (Tensor.ofArray (x.ToArray()))
        let fixedValue = f (Tensor.cast x.DType numbers)
        fixedValue + factor * (f x - fixedValue)

    /// The problem of a case. Moved and WronglyDifferentiated take deterministic problems.
    let rec ofCase (case: ProblemCase) : LawProblem =
        let elementwise (start: float list) value slope f =
            make case (Array.ofList start) (Formula.separable value slope) f

        match case with
        | ProblemCase.Quadratic(spectrum, seed) -> quadratic case spectrum seed
        | ProblemCase.Saddle(spectrum, seed, isOnManifold) -> saddle case spectrum seed isOnManifold
        | ProblemCase.Rosenbrock(length, steepness) -> rosenbrock case length steepness
        | ProblemCase.Logistic(examples, features, penalty, seed) ->
            logistic case examples features penalty seed
        | ProblemCase.Network(examples, seed) -> network case examples seed
        | ProblemCase.Barrier start ->
            let f (x: Tensor) = Tensor.sum (x - Tensor.log x)
            let problem = elementwise start (fun x -> x - log x) (fun x -> 1.0 - 1.0 / x) f
            { problem with Least = ValueSome(float start.Length) }
        | ProblemCase.Linear slopes ->
            let c = Array.ofList slopes
            let tensor = Tensor.ofArray c

            let f (x: Tensor) =
                Tensor.dot (Tensor.alongside x tensor) x

            make case (Array.zeroCreate c.Length) (Formula.linear c) f
        | ProblemCase.Cubic start ->
            elementwise
                start
                (fun x -> x * x * x)
                (fun x -> 3.0 * x * x)
                (fun x -> Tensor.sum (x * x * x))
        | ProblemCase.NegativeExponential start ->
            elementwise
                start
                (fun x -> -(exp x))
                (fun x -> -(exp x))
                (fun x -> -(Tensor.sum (Tensor.exp x)))
        | ProblemCase.Flat start ->
            let constant: Formula = { Value = (fun _ -> 3.0); Gradient = Array.map (fun _ -> 0.0) }
            make case (Array.ofList start) constant (fun x -> 0.0 * Tensor.sum x + 3.0)
        | ProblemCase.Stepped start -> stepped case start
        | ProblemCase.Noisy(spectrum, noise, seed) -> noisy case spectrum noise seed
        | ProblemCase.MiniBatches(batches, size, features, seed) ->
            miniBatches case batches size features seed
        | ProblemCase.Scaled(factor, inner) ->
            let inner = ofCase inner

            let formula =
                Formula.scaled factor { Value = inner.ValueAt; Gradient = inner.GradientAt }

            {
                Case = case
                Objective = Objective.scaled factor inner.Objective
                Start = inner.Start
                ValueAt = formula.Value
                GradientAt = formula.Gradient
                Least = inner.Least |> ValueOption.map (fun least -> factor * least)
            }
        | ProblemCase.Moved(coordinates, inner) -> moved case coordinates (ofCase inner)
        | ProblemCase.WronglyDifferentiated(factor, inner) ->
            let inner = ofCase inner
            let f = wronglyDifferentiated factor inner.Objective.Function
            { inner with Case = case; Objective = Objective.composed "problem" (fun x -> x) f }
        | ProblemCase.Compiled inner ->
            let inner = ofCase inner
            { inner with Case = case; Objective = Objective.compile inner.Objective }

    /// The same problem with its start, and so its runs, on an engine. Its constants follow the points.
    let moveTo (engine: Engine) (problem: LawProblem) : LawProblem = {
        problem with
            Start = Tensor.moveTo engine problem.Start
    }

    /// The problem of a case, with its start on an engine.
    let ofCaseOn (engine: Engine) (case: ProblemCase) : LawProblem = moveTo engine (ofCase case)

    /// The value at a point, as the objective computes it where the problem's start lies.
    let computed (problem: LawProblem) (point: float[]) : float =
        let point = Tensor.alongside problem.Start (Tensor.ofArray point)
        (problem.Objective.Function point).ToScalar()

    /// The norm of the hand-written gradient at a point.
    let gradientNorm (problem: LawProblem) (point: float[]) : float =
        Floats.norm (problem.GradientAt point)

    /// The smallest curvature and the largest absolute one at a point, by differences of the hand-written gradient.
    let curvatures (problem: LawProblem) (point: float[]) : struct (float * float) =
        let rows =
            Formula.hessian { Value = problem.ValueAt; Gradient = problem.GradientAt } point

        let struct (values, _) = Linalg.symmetricEigen (matrix rows)
        struct ((Tensor.min values).ToScalar(), (Tensor.max (Tensor.abs values)).ToScalar())
