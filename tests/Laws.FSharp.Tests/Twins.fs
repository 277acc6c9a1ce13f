/// The in-place twins of methods under the same laws.
module Optim.LawsTests.Twins

#nowarn "3559" // A method's state is of a type that is known only at run time.

open Optim
open Optim.Contract
open Optim.Core

/// One step of a workspace, answered by the oracle, so that it is counted and refused as the method's own step is.
let private step
    (oracle: Oracle)
    (workspace: Workspace)
    (point: Tensor)
    (state: (obj | null))
    : Step<obj | null> =
    let standing = workspace.Standing state
    workspace.Load(standing, standing, state)
    let copy (tensor: Tensor) (target: float[]) = tensor.CopyTo(System.Span target)
    let mutable target = point
    let mutable product = id<Tensor>
    let mutable ask = workspace.Begin()

    while ask <> Ask.Nothing do
        let trial = workspace.Trial

        match ask with
        | Ask.Nothing -> ()
        | Ask.Value -> trial.Value <- oracle.Value(Tensor.ofArray trial.Point)
        | Ask.Gradient ->
            target <- Tensor.ofArray trial.Point
            let value, gradient = oracle.ValueAndGradient target
            trial.Value <- value
            copy gradient trial.Gradient
        | Ask.Hessian -> copy (oracle.Hessian point) workspace.Hessian
        | Ask.Linearization -> product <- oracle.HessianProducts point
        | Ask.Product -> copy (product (Tensor.ofArray workspace.Vector)) workspace.Product

        ask <- workspace.Tell()

    let struct (_, _, _, next) = workspace.Save point

    {
        Point = if workspace.Accepted then target else point
        State = next
        Accepted = workspace.Accepted
        StepSize = workspace.StepSize
        Ending =
            match workspace.Trouble with
            | null -> Ending.Continue
            | detail -> Ending.Stuck detail
    }

/// The method as its twin does it, where steps see one function of Float64 points; elsewhere the method itself.
let ofMethod (method: Method) : Method voption =
    method.Twin
    |> ValueOption.map (fun twin ->
        Method(
            method.Name,
            method.LazyShape,
            (fun oracle point -> method.Init(oracle, point)),
            (fun oracle point state ->
                if oracle.Objective.IsStochastic || point.DType <> DType.Float64 then
                    method.Step(oracle, point, state)
                else
                    step oracle (twin point.Length) point state
            ),
            ValueNone
        )
    )
