namespace Optim.Core

open System
open System.Threading
open Optim
open Optim.Contract

/// A point at which value and gradient are known.
[<NoComparison; NoEquality>]
type Evaluation = {
    /// x (n).
    Point: Tensor
    /// f(x).
    Value: float
    /// ∇f(x) (n).
    Gradient: Tensor
    /// The Euclidean norm of the gradient.
    GradientNorm: float
}

/// What a method may ask about the objective. Answers are counted, and refused when the budget is spent: a step is then
/// abandoned and the run ends with the best point. Asking again for value and gradient of the last point costs nothing.
/// During one step all answers are about the same data.
[<Sealed>]
type Oracle
    internal
    (
        objective: Objective,
        budget: Budget,
        key: Key,
        elapsed: unit -> TimeSpan,
        token: CancellationToken
    ) =
    let mutable counts = Evaluations.none
    let mutable step = 0L
    let mutable sample = 0L
    let mutable last: Evaluation voption = ValueNone
    let mutable best: Evaluation voption = ValueNone

    let mutable arrays: ArrayAnswers voption = ValueNone

    /// The objective at arrays, where it has them and the point suits them.
    let arraysFor (point: Tensor) : ArrayAnswers voption =
        match objective.Arrays with
        | ValueSome make when
            not objective.IsStochastic
            && point.DType = DType.Float64
            && point.Rank = 1
            && Tensor.isManaged point
            ->
            match arrays with
            | ValueSome known when known.Function.Length = point.Length -> arrays
            | ValueSome _
            | ValueNone ->
                arrays <- ValueSome(ArrayAnswers(make point.Length))
                arrays
        | ValueSome _
        | ValueNone -> ValueNone

    // Asked once: comparing times allocates.
    let isTimed = budget.Time < TimeSpan.MaxValue

    let spent (resource: string) (limit: string) : Reason voption =
        ValueSome(Reason.Spent(resource, limit))

    /// Counts what the budget allows, or gives the reason why it does not.
    let trySpend
        (share: float)
        (values: int64)
        (gradients: int64)
        (products: int64)
        : Reason voption =
        token.ThrowIfCancellationRequested()
        let alone = max 0L (values - gradients)
        let cost = share * (float gradients + float alone / 3.0 + 2.0 * float products)

        if values > 0L && counts.Values + values > budget.Values then
            spent "values" $"{budget.Values}"
        elif gradients > 0L && counts.Gradients + gradients > budget.Gradients then
            spent "gradients" $"{budget.Gradients}"
        elif products > 0L && counts.Products + products > budget.Products then
            spent "curvature products" $"{budget.Products}"
        elif counts.GradientEquivalents + cost > budget.GradientEquivalents then
            spent "gradient equivalents" $"{budget.GradientEquivalents}"
        elif isTimed && elapsed () >= budget.Time then
            spent "time" $"{budget.Time}"
        else
            counts <- {
                Values = counts.Values + values
                Gradients = counts.Gradients + gradients
                Products = counts.Products + products
                GradientEquivalents = counts.GradientEquivalents + cost
            }

            ValueNone

    let spend (values: int64) (gradients: int64) (products: int64) : unit =
        match trySpend objective.Share values gradients products with
        | ValueSome reason -> raise (EvaluationRefused reason)
        | ValueNone -> ()

    /// Notes that the evaluation may be the best so far: finite, and lower than the others.
    let note (evaluation: Evaluation) : unit =
        last <- ValueSome evaluation

        match best with
        | ValueSome b when not (evaluation.Value < b.Value) -> ()
        | ValueSome _
        | ValueNone ->
            if Double.IsFinite evaluation.Value && Double.IsFinite evaluation.GradientNorm then
                best <- ValueSome evaluation

    let evaluate (point: Tensor) : Evaluation =
        match last with
        | ValueSome known when Object.ReferenceEquals(known.Point, point) -> known
        | ValueSome _
        | ValueNone ->
            spend 1L 1L 0L

            let struct (value, gradient) =
                match arraysFor point with
                | ValueSome arrays -> arrays.ValueAndGradient point
                | ValueNone ->
                    let value, gradient =
                        Derivatives.valueAndGrad (objective.FunctionAt sample) point

                    struct (value.ToScalar(), gradient)

            let evaluation = {
                Point = point
                Value = value
                Gradient = gradient
                GradientNorm = (Tensor.norm gradient).ToScalar()
            }

            note evaluation
            evaluation

    /// What is minimized.
    member _.Objective: Objective = objective

    /// The number of the current step, from 0.
    member _.Step: int64 = step

    /// Chance for this step: the same in every run with the same seed.
    member _.Key: Key = Key.fold step key

    /// What was asked so far.
    member _.Evaluations: Evaluations = counts

    /// f at a point (n). Cost: ⅓ gradient.
    member _.Value(point: Tensor) : float =
        match last with
        | ValueSome known when Object.ReferenceEquals(known.Point, point) -> known.Value
        | ValueSome _
        | ValueNone ->
            spend 1L 0L 0L

            match arraysFor point with
            | ValueSome arrays -> arrays.Value point
            | ValueNone -> (objective.FunctionAt sample point).ToScalar()

    /// f and its gradient at a point (n).
    member _.Evaluate(point: Tensor) : Evaluation = evaluate point

    /// f and its gradient at a point (n), as a pair.
    member _.ValueAndGradient(point: Tensor) : float * Tensor =
        let evaluation = evaluate point
        evaluation.Value, evaluation.Gradient

    /// The gradient (n) at a point (n).
    member _.Gradient(point: Tensor) : Tensor = (evaluate point).Gradient

    /// The map v ↦ H v at a point (n). Cost: 1 gradient now, and 2 for each product.
    member _.HessianProducts(point: Tensor) : Tensor -> Tensor =
        spend 0L 1L 0L

        let product =
            match arraysFor point with
            | ValueSome arrays -> arrays.HessianProducts point
            | ValueNone -> snd (Derivatives.gradAndHvp (objective.FunctionAt sample) point)

        fun v ->
            spend 0L 0L 1L
            product v

    /// The Hessian (n, n) at a point (n). Cost: n products.
    member _.Hessian(point: Tensor) : Tensor =
        spend 0L 0L (int64 point.Length)

        match arraysFor point with
        | ValueSome arrays -> arrays.Hessian point
        | ValueNone -> Derivatives.hessian (objective.FunctionAt sample) point

    /// The map v ↦ Jᵀ H J v with the Gauss-Newton matrix at a point (n). Cost: 1 gradient now, and 2 for each product.
    /// Errors: InvalidOperationException when the objective's composition is not known.
    member _.GaussNewtonProducts(point: Tensor) : Tensor -> Tensor =
        match objective.Composition with
        | ValueNone ->
            let message =
                $"the objective {objective.Name} does not say how it is composed of outputs and loss; "
                + "make it with Objective.composed or Objective.leastSquares"

            raise (InvalidOperationException message)
        | ValueSome composition ->
            spend 0L 1L 0L

            let product =
                Curvature.gaussNewtonProducts
                    (composition.OutputsAt sample)
                    (composition.LossAt sample)
                    point

            fun v ->
                spend 0L 0L 1L
                product v

    /// The objective at arrays, where it has them and the point suits them. This oracle uses the same one.
    member internal _.ArraysFor(point: Tensor) : ArrayFunction voption =
        arraysFor point |> ValueOption.map (fun arrays -> arrays.Function)

    /// Whether it answered by the objective at arrays.
    member internal _.UsesArrays: bool = arrays.IsSome

    /// The last point at which value and gradient were evaluated.
    member internal _.Last: Evaluation voption = last

    /// The point of the lowest value among those evaluated with finite value and gradient.
    member internal _.Best: Evaluation voption = best

    /// The number of the sample that the last answers were about.
    member internal _.Sample: int64 = sample

    /// Counts evaluations of the whole objective that the loop itself makes. Gives the reason where the budget forbids them.
    member internal _.TrySpend(values: int64, gradients: int64, products: int64) : Reason voption =
        trySpend 1.0 values gradients products

    /// Begins a step: from now on the answers are about sample `data` of the objective, which is the number of accepted
    /// steps before; so the trials of one search all see the same data.
    member internal _.Begin(number: int64, data: int64) : unit =
        if objective.IsStochastic && data <> sample then
            last <- ValueNone

        step <- number
        sample <- data

    /// Continues where another run stopped.
    member internal _.Restore
        (
            evaluations: Evaluations,
            bestSoFar: Evaluation voption,
            lastOne: Evaluation voption,
            lastSample: int64
        ) : unit =
        counts <- evaluations
        best <- bestSoFar
        sample <- lastSample
        last <- lastOne

    /// The tensors that the oracle holds.
    member internal _.Reach: Tensor seq =
        seq {
            for known in [ last; best ] do
                match known with
                | ValueSome e ->
                    e.Point
                    e.Gradient
                | ValueNone -> ()
        }
