namespace Optim.Core

open System
open Optim
open Optim.Contract
open Optim.Methods

/// Newton-CG in a trust region: the Newton equations solved by conjugate gradients, cut off at the region's boundary or at
/// the first direction of negative curvature. It never builds the Hessian.
/// Source: Steihaug 1983; Nocedal & Wright 2006, Algorithms 4.1 and 7.2.
/// Differs: the residual tolerance is min(½, √(|g| / |g₀|)) · |g| with g₀ at the start of the run, which does not depend on the scale
/// of the objective; and where the change of the value drowns in rounding, the model is believed.
/// Cost a step: 2 gradients and some products. Memory: about 8 points.
[<RequireQualifiedAccess>]
module NewtonCg =

    /// Exact Hessian, first radius 1.
    let defaults: NewtonCgOptions = {
        Matrix = CurvatureMatrix.Hessian
        InitialRadius = 1.0
        MaxRadius = 1e100
        AcceptAbove = 0.1
        MaxProducts = 250
    }

    /// Where the very first product is not finite, the model without curvature.
    let private orGradient
        (at: Evaluation)
        (radius: float)
        (result: SteihaugResult)
        : SteihaugResult =
        match result.End with
        | SteihaugEnd.NotFinite when result.ModelChange = 0.0 -> {
            result with
                Move = -(radius / at.GradientNorm) * at.Gradient
                ModelChange = -radius * at.GradientNorm
          }
        | SteihaugEnd.NotFinite
        | SteihaugEnd.Solved
        | SteihaugEnd.Boundary
        | SteihaugEnd.NegativeCurvature
        | SteihaugEnd.ProductsSpent -> result

    let private step
        (options: NewtonCgOptions)
        (oracle: Oracle)
        (point: Tensor)
        (state: NewtonCgState)
        : Step<NewtonCgState> =
        let at =
            if oracle.Objective.IsStochastic then
                oracle.Evaluate point
            else
                state.Current

        if at.GradientNorm = 0.0 && oracle.Objective.IsStochastic then
            // The next mini-batch may say more.
            Step.moved point 0.0 { state with Current = at }
        elif at.GradientNorm = 0.0 then
            Step.stuck point LineSearch.zeroGradient state
        elif TrustRegion.isExhausted state.Radius (Vector.norm point) then
            Step.stuck point TrustRegion.tooSmall state
        else
            let product =
                match options.Matrix with
                | CurvatureMatrix.Hessian -> oracle.HessianProducts point
                | CurvatureMatrix.GaussNewton -> oracle.GaussNewtonProducts point

            let tolerance =
                TrustRegion.forcing at.GradientNorm state.StartNorm * at.GradientNorm

            let most = min options.MaxProducts (max 1 point.Length)

            let result =
                Steihaug.solve product at.Gradient state.Radius tolerance most
                |> orGradient at state.Radius

            let target = point + result.Move
            let next = oracle.Evaluate target

            let ratio =
                TrustRegion.agreement
                    at.Point.DType.Epsilon
                    (struct (at.Value, at.GradientNorm))
                    (struct (next.Value, next.GradientNorm))
                    result.ModelChange

            let radius = TrustRegion.adjust options state.Radius ratio (Vector.norm result.Move)

            if ratio > options.AcceptAbove then
                Step.moved target (Vector.norm result.Move) {
                    state with
                        Current = next
                        Radius = radius
                }
            else
                Step.rejected point (Vector.norm result.Move) {
                    state with
                        Current = at
                        Radius = radius
                }

    /// The method with these options. Errors: ArgumentOutOfRangeException for options outside their ranges.
    let create (options: NewtonCgOptions) : Method =
        Check.positive (nameof options.InitialRadius) options.InitialRadius

        Check.within
            (nameof options.MaxRadius)
            options.InitialRadius
            Double.MaxValue
            options.MaxRadius

        Check.within (nameof options.AcceptAbove) 0.0 0.25 options.AcceptAbove
        Check.atLeast (nameof options.MaxProducts) 1 options.MaxProducts

        let init (oracle: Oracle) (point: Tensor) : NewtonCgState =
            let at = oracle.Evaluate point

            { Current = at; Radius = options.InitialRadius; StartNorm = at.GradientNorm }

        let method = Method.create "newton-cg" init (step options)

        match options.Matrix with
        | CurvatureMatrix.GaussNewton -> method
        | CurvatureMatrix.Hessian ->
            method
            |> Method.withTwin (fun length -> NewtonCgInPlace(length, options) :> Workspace)
