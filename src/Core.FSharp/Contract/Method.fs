namespace Optim.Core

open System
open Optim
open Optim.Contract

/// What a method says at the end of a step.
[<RequireQualifiedAccess>]
type Ending =
    /// Go on.
    | Continue
    /// The method cannot improve the point any further, and why.
    | Stuck of detail: string

/// The result of one step.
[<NoComparison; NoEquality>]
type Step<'State> = {
    /// The point from which the next step continues (n).
    Point: Tensor
    /// What the next step remembers.
    State: 'State
    /// False when the step only tried a point and rejected it.
    Accepted: bool
    /// How far the step went along its direction, in the method's own units; for reports only.
    StepSize: float
    /// Whether the method can go on.
    Ending: Ending
}

/// The usual results of a step.
[<RequireQualifiedAccess>]
module Step =

    /// The method went to a point.
    let moved (point: Tensor) (stepSize: float) (state: 'State) : Step<'State> = {
        Point = point
        State = state
        Accepted = true
        StepSize = stepSize
        Ending = Ending.Continue
    }

    /// The method tried something and stays at the point.
    let rejected (point: Tensor) (stepSize: float) (state: 'State) : Step<'State> = {
        moved point stepSize state with
            Accepted = false
    }

    /// The method cannot go on from the point.
    let stuck (point: Tensor) (detail: string) (state: 'State) : Step<'State> = {
        moved point 0.0 state with
            Accepted = false
            Ending = Ending.Stuck detail
    }

    /// The same step with another state.
    let mapState (f: 'A -> 'B) (step: Step<'A>) : Step<'B> = {
        Point = step.Point
        State = f step.State
        Accepted = step.Accepted
        StepSize = step.StepSize
        Ending = step.Ending
    }

/// An optimization method: two pure functions and a name. The state holds only tensors, numbers, and records, unions,
/// lists or arrays of them, so that every run can be saved and resumed.
[<Sealed>]
type Method
    internal
    (
        name: string,
        shape: Lazy<StateShape>,
        init: Oracle -> Tensor -> (obj | null),
        step: Oracle -> Tensor -> (obj | null) -> Step<obj | null>,
        twin: (int -> Workspace) voption
    ) =
    /// The name in reports.
    member _.Name: string = name

    /// A workspace for points of n numbers that does in place what Init and Step do, where the method has one.
    member internal _.Twin: (int -> Workspace) voption = twin

    member internal _.LazyShape: Lazy<StateShape> = shape
    /// Errors: ArgumentException that names a part of the state whose type cannot be saved.
    member internal _.StateShape: StateShape = shape.Value
    member internal _.Init(oracle: Oracle, point: Tensor) : (obj | null) = init oracle point

    member internal _.Step(oracle: Oracle, point: Tensor, state: (obj | null)) : Step<obj | null> =
        step oracle point state

    /// The name.
    override _.ToString() = name

/// Methods from functions.
[<RequireQualifiedAccess>]
module Method =

    /// The method with this name, first state and step. A step may ask the oracle; it must not change anything outside.
    let create
        (name: string)
        (init: Oracle -> Tensor -> 'State)
        (step: Oracle -> Tensor -> 'State -> Step<'State>)
        : Method =
        let boxed (oracle: Oracle) (point: Tensor) (state: (obj | null)) : Step<obj | null> =
            step oracle point (unbox<'State> state) |> Step.mapState box

        Method(
            name,
            KnownShape<'State>.Value,
            (fun oracle point -> box (init oracle point)),
            boxed,
            ValueNone
        )

    /// The same method with an in-place twin: the same steps, up to the rounding of sums.
    let internal withTwin (twin: int -> Workspace) (method: Method) : Method =
        Method(
            method.Name,
            method.LazyShape,
            (fun oracle point -> method.Init(oracle, point)),
            (fun oracle point state -> method.Step(oracle, point, state)),
            ValueSome twin
        )

    /// The same method under another name.
    let rename (name: string) (method: Method) : Method =
        Method(
            name,
            method.LazyShape,
            (fun oracle point -> method.Init(oracle, point)),
            (fun oracle point state -> method.Step(oracle, point, state)),
            method.Twin
        )
