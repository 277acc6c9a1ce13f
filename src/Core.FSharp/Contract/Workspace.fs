namespace Optim.Contract

open System
open Optim
open Optim.Managed
open Optim.Core

/// A question of a workspace. The answer is written into the workspace's own arrays.
[<Struct; RequireQualifiedAccess>]
type internal Ask =
    /// None: the step is done.
    | Nothing
    /// f at `Trial.Point`, to be written to `Trial.Value`.
    | Value
    /// f and ∇f at `Trial.Point`, to be written to `Trial.Value` and `Trial.Gradient`.
    | Gradient
    /// The whole Hessian at `Current.Point`, to be written to `Hessian`.
    | Hessian
    /// Leave to ask for products at `Current.Point`. It counts as a gradient; nothing is to be written.
    | Linearization
    /// H v for v = `Vector` at `Current.Point`, to be written to `Product`.
    | Product

/// Costs of questions.
[<RequireQualifiedAccess>]
module internal Ask =

    /// What the answer counts: values, gradients and curvature products, for a point of n numbers.
    let cost (n: int) (ask: Ask) : struct (int64 * int64 * int64) =
        match ask with
        | Ask.Nothing -> struct (0L, 0L, 0L)
        | Ask.Value -> struct (1L, 0L, 0L)
        | Ask.Gradient -> struct (1L, 1L, 0L)
        | Ask.Hessian -> struct (0L, 0L, int64 n)
        | Ask.Linearization -> struct (0L, 1L, 0L)
        | Ask.Product -> struct (0L, 0L, 1L)

/// A point with value and gradient, in memory that is used again.
[<Sealed>]
type internal Spot(length: int) =
    /// x (n).
    member val Point: float[] = AlignedArrays.zeros length
    /// ∇f(x) (n).
    member val Gradient: float[] = AlignedArrays.zeros length
    /// f(x).
    member val Value: float = nan with get, set
    /// The Euclidean norm of the gradient.
    member val GradientNorm: float = nan with get, set

/// A method at work in its own memory: the in-place twin of the method's pure functions for points of n numbers.
/// It never evaluates anything. A step is `Begin`, and then `Tell` for each question that was answered, until the question
/// is Nothing. What it remembers of a run that goes on is the pure state, which `Load` and `Save` convert bit by bit.
/// One thread at a time. Allocates nothing between Load and Save, unless a step ends in trouble that has to be described.
[<AbstractClass>]
type internal Workspace(length: int) =
    // Current, Last and Best may be three different spots, so a fourth is always free for the next trial.
    let spots = Array.init 4 (fun _ -> Spot length)
    let mutable current = spots[0]
    let mutable last = spots[0]
    let mutable best = spots[0]
    let mutable trial = spots[1]

    let isFree (spot: Spot) : bool =
        not (
            Object.ReferenceEquals(spot, current)
            || Object.ReferenceEquals(spot, last)
            || Object.ReferenceEquals(spot, best)
        )

    let copy (evaluation: Evaluation) (spot: Spot) : unit =
        evaluation.Point.CopyTo(spot.Point.AsSpan())
        evaluation.Gradient.CopyTo(spot.Gradient.AsSpan())
        spot.Value <- evaluation.Value
        spot.GradientNorm <- evaluation.GradientNorm

    /// n.
    member _.Length: int = length
    /// The point from which the next step goes.
    member _.Current: Spot = current
    /// The last point at which value and gradient were evaluated.
    member _.Last: Spot = last
    /// The lowest finite evaluation so far.
    member _.Best: Spot = best
    /// The point of the question, where that is Value or Gradient.
    member _.Trial: Spot = trial
    /// The vector of the question, where that is Product.
    abstract Vector: float[]
    default _.Vector = Array.Empty()
    /// Where the answer to Product goes.
    abstract Product: float[]
    default _.Product = Array.Empty()
    /// Where the answer to Hessian goes: n² numbers, row by row.
    abstract Hessian: float[]
    default _.Hessian = Array.Empty()

    /// Whether the step that ended went to another point.
    member val Accepted: bool = false with get, set
    /// How far it went, in the method's own units.
    member val StepSize: float = 0.0 with get, set
    /// Why the method cannot go on; null where it can.
    member val Trouble: string | null = null with get, set

    /// Forgets everything: the method's first state at `Current`, whose point, value, gradient and norm the caller has written.
    member workspace.Restart() : unit =
        last <- current
        best <- current
        workspace.Forget()

    /// Goes on with a run. The three evaluations are one where their points are.
    member workspace.Load(lastOne: Evaluation, lowest: Evaluation, state: (obj | null)) : unit =
        let from = workspace.Standing state
        current <- spots[0]
        copy from current

        let spotOf (evaluation: Evaluation) (known: Evaluation) (spot: Spot) (other: Spot) : Spot =
            if Object.ReferenceEquals(evaluation.Point, known.Point) then
                spot
            else
                copy evaluation other
                other

        last <- spotOf lastOne from current spots[1]

        best <-
            if Object.ReferenceEquals(lowest.Point, from.Point) then
                current
            else
                spotOf lowest lastOne last spots[2]

        workspace.LoadState state

    /// The present evaluations (current, last, best) as immutable ones on the engine of `like`, and the method's pure state.
    /// Evaluations at one spot become one.
    member workspace.Save
        (like: Tensor)
        : struct (Evaluation * Evaluation * Evaluation * (obj | null)) =
        let tensor (values: float[]) = like.Engine.OfArray(like.Shape, values)

        let freeze (spot: Spot) : Evaluation = {
            Point = tensor spot.Point
            Value = spot.Value
            Gradient = tensor spot.Gradient
            GradientNorm = spot.GradientNorm
        }

        let from = freeze current

        let lastOne =
            if Object.ReferenceEquals(last, current) then
                from
            else
                freeze last

        let lowest =
            if Object.ReferenceEquals(best, current) then from
            elif Object.ReferenceEquals(best, last) then lastOne
            else freeze best

        struct (from, lastOne, lowest, workspace.SaveState(from, tensor))

    /// Begins a step and gives its first question.
    abstract Begin: unit -> Ask
    /// Takes note that the last question was answered, and gives the next one.
    abstract Tell: unit -> Ask
    /// Takes back a step that was begun: as if `Begin` had not been called, but for what was evaluated.
    abstract Abandon: unit -> unit
    /// The method's first state at `Current`.
    abstract Forget: unit -> unit
    /// The evaluation at the point where the pure state stands.
    abstract Standing: state: (obj | null) -> Evaluation
    /// The method's pure state into the workspace; `Current` is loaded already.
    abstract LoadState: state: (obj | null) -> unit
    /// The method's pure state. from: what `Current` has become; tensor: makes a tensor of a copy of n numbers.
    abstract SaveState: from: Evaluation * tensor: (float[] -> Tensor) -> (obj | null)

    /// Turns to a spot that is in no other use, for the next trial.
    member internal _.TakeTrial() : Spot =
        let mutable i = 0

        while not (isFree spots[i]) do
            i <- i + 1

        trial <- spots[i]
        trial

    /// The trial, evaluated with its gradient and norm, is the last evaluation, and the best if it is finite and lower.
    member internal _.NoteTrial() : unit =
        last <- trial

        if
            trial.Value < best.Value
            && Double.IsFinite trial.Value
            && Double.IsFinite trial.GradientNorm
        then
            best <- trial

    /// The trial is accepted.
    member internal _.MoveToTrial() : unit = current <- trial

    /// Answers a question by an array function.
    member workspace.Answer(ask: Ask, f: ArrayFunction) : unit =
        match ask with
        | Ask.Nothing
        | Ask.Linearization -> ()
        | Ask.Value -> trial.Value <- f.Value trial.Point
        | Ask.Gradient -> trial.Value <- f.ValueAndGradient(trial.Point, trial.Gradient)
        | Ask.Hessian -> f.Hessian(current.Point, workspace.Hessian)
        | Ask.Product -> f.HessianProduct(current.Point, workspace.Vector, workspace.Product)
