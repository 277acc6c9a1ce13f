namespace Optim.Core

open System
open Optim

/// How the damping λ of saddle-free Newton is chosen.
[<RequireQualifiedAccess>]
type SaddleFreeDamping =
    /// Always this multiple of the largest |eigenvalue|, and the step taken whatever the value: 0 or more.
    | Fixed of relative: float
    /// The multiple of the largest |eigenvalue| that gives the lowest value, out of these; larger ones if none lowers it.
    | Best of relative: float list

/// Options of saddle-free Newton.
type SaddleFreeNewtonOptions = {
    /// Default: the best of 0, 1e-3, 1e-2, 0.1, 1 and 10 times the largest |eigenvalue|.
    Damping: SaddleFreeDamping
}

/// The state of saddle-free Newton.
[<NoComparison; NoEquality>]
type SaddleFreeNewtonState = {
    /// Value and gradient at the current point.
    Current: Evaluation
}

/// Saddle-free Newton with the exact Hessian H = V Λ Vᵀ: x ← x − V (|Λ| + λ I)⁻¹ Vᵀ g. It leaves saddles along directions of
/// negative curvature as fast as Newton's method approaches minima.
/// Source: Dauphin et al. 2014, "Identifying and attacking the saddle point problem", Algorithm 1 with an exact Hessian.
/// Differs: λ is relative to the largest |eigenvalue|, so that scaling the objective changes nothing; |Λ| is kept above
/// its rounding, 8 n ε times the largest; and where the gradient has no component along the direction of most negative curvature, as on the
/// stable manifold of a saddle, a move along it is added, the longest of a falling series that lowers the value enough.
/// Cost a step: 1 gradient, n Hessian products, 9 n³ operations, a value for each λ. Memory: 2 n² numbers.
[<RequireQualifiedAccess>]
module SaddleFreeNewton =

    /// The best of six dampings.
    let defaults: SaddleFreeNewtonOptions = {
        Damping = SaddleFreeDamping.Best [ 0.0; 1e-3; 1e-2; 0.1; 1.0; 10.0 ]
    }

    /// Tried one after the other when none of the options' dampings lowers the value.
    let private desperate: float list = [ 1e2; 1e3; 1e4; 1e6; 1e8; 1e10; 1e12 ]

    let private target
        (point: Tensor)
        (values: Tensor)
        (vectors: Tensor)
        (along: Tensor)
        (largest: float)
        (damping: float)
        =
        let size = Tensor.abs values
        // The rounding of the smallest eigenvalues.
        let floor =
            Tensor.fullLike values (8.0 * float values.Length * values.DType.Epsilon * largest)

        let scaled = along / (Tensor.maximum size floor + damping * largest)
        point - Tensor.matmul vectors scaled

    /// A point off the stable manifold of a saddle, if the gradient does not lead away from it.
    let private escape
        (oracle: Oracle)
        (at: Evaluation)
        (values: Tensor)
        (vectors: Tensor)
        (along: Tensor)
        (largest: float)
        (from: Tensor)
        : struct (Tensor * float) voption =
        let curvature = values[0].ToScalar()
        let reach = 1.0 + Vector.norm at.Point
        let slope = abs (along[0].ToScalar())
        let isLost = slope <= sqrt values.DType.Epsilon * abs curvature * reach

        if curvature < -1e-6 * largest && isLost then
            let v = Shaping.flatten (Shaping.slice 1 0 1 1 vectors)

            let candidates =
                [ 1.0; 0.3; 0.1; 0.03; 0.01; 1e-3; 1e-4 ]
                |> Seq.collect (fun t -> [ t * reach; -t * reach ])
                |> Seq.map (fun t -> t, from + t * v)

            candidates
            |> Seq.tryPick (fun (t, candidate) ->
                let value = oracle.Value candidate

                if value <= at.Value + 0.125 * curvature * t * t then
                    Some(struct (candidate, abs t))
                else
                    None
            )
            |> ValueOption.ofOption
        else
            ValueNone

    let private lowest
        (oracle: Oracle)
        (at: Evaluation)
        (candidates: Tensor list)
        : Tensor voption =
        let values =
            candidates |> List.map (fun candidate -> candidate, oracle.Value candidate)

        let lower = values |> List.filter (fun (_, value) -> value < at.Value)

        if lower.IsEmpty then
            ValueNone
        else
            ValueSome(fst (List.minBy snd lower))

    let private choose
        (options: SaddleFreeNewtonOptions)
        (oracle: Oracle)
        (at: Evaluation)
        (make: float -> Tensor)
        =
        match options.Damping with
        | SaddleFreeDamping.Fixed damping -> ValueSome(make damping)
        | SaddleFreeDamping.Best dampings ->
            match lowest oracle at (List.map make dampings) with
            | ValueSome found -> ValueSome found
            | ValueNone ->
                desperate
                |> Seq.tryPick (fun damping ->
                    lowest oracle at [ make damping ] |> ValueOption.toOption
                )
                |> ValueOption.ofOption

    /// The step with the least damping, if no value can tell good from bad there: at a point that curves upwards all
    /// around, whose promised decrease drowns in rounding. Then the gradient decides.
    let private believed
        (options: SaddleFreeNewtonOptions)
        (at: Evaluation)
        (values: Tensor)
        (make: float -> Tensor)
        =
        match options.Damping with
        | SaddleFreeDamping.Best dampings when values[0].ToScalar() > 0.0 ->
            let target = make (List.min dampings)
            let promised = 0.5 * Vector.dot at.Gradient (at.Point - target)

            if promised <= 64.0 * values.DType.Epsilon * abs at.Value then
                ValueSome target
            else
                ValueNone
        | SaddleFreeDamping.Best _
        | SaddleFreeDamping.Fixed _ -> ValueNone

    let private goTo
        (oracle: Oracle)
        (point: Tensor)
        (target: Tensor)
        (state: SaddleFreeNewtonState)
        =
        let next = oracle.Evaluate target

        if Double.IsFinite next.Value && Double.IsFinite next.GradientNorm then
            Step.moved target (Vector.norm (target - point)) { Current = next }
        else
            let detail =
                $"at the next point the value is {next.Value:g3} and the gradient norm {next.GradientNorm:g3}"

            Step.stuck point detail state

    let private goToBelieved
        (oracle: Oracle)
        (point: Tensor)
        (target: Tensor)
        (state: SaddleFreeNewtonState)
        =
        if (oracle.Evaluate target).GradientNorm < state.Current.GradientNorm then
            goTo oracle point target state
        else
            Step.stuck
                point
                "neither the value nor the gradient can be lowered beyond rounding"
                state

    let private step
        (options: SaddleFreeNewtonOptions)
        (oracle: Oracle)
        (point: Tensor)
        (state: SaddleFreeNewtonState)
        : Step<SaddleFreeNewtonState> =
        let at =
            if oracle.Objective.IsStochastic then
                oracle.Evaluate point
            else
                state.Current

        let struct (values, vectors) = Linalg.symmetricEigen (oracle.Hessian point)
        let largest = (Tensor.max (Tensor.abs values)).ToScalar()

        if not (Double.IsFinite largest) then
            Step.stuck point "the Hessian is not finite" state
        else
            let state = { Current = at }

            let largest =
                if largest > 0.0 then
                    largest
                elif at.GradientNorm > 0.0 then
                    at.GradientNorm / (1.0 + Vector.norm point)
                else
                    1.0

            let along = Tensor.matmul at.Gradient vectors

            let make damping =
                target point values vectors along largest damping

            match believed options at values make with
            | ValueSome target when at.GradientNorm > 0.0 -> goToBelieved oracle point target state
            | _ ->
                let chosen =
                    if at.GradientNorm > 0.0 then
                        choose options oracle at make
                    else
                        ValueNone

                match
                    escape
                        oracle
                        at
                        values
                        vectors
                        along
                        largest
                        (ValueOption.defaultValue point chosen),
                    chosen
                with
                | ValueSome(struct (candidate, _)), _
                | ValueNone, ValueSome candidate -> goTo oracle point candidate state
                | ValueNone, ValueNone when at.GradientNorm = 0.0 && oracle.Objective.IsStochastic ->
                    // The next mini-batch may say more.
                    Step.moved point 0.0 state
                | ValueNone, ValueNone when at.GradientNorm = 0.0 ->
                    Step.stuck
                        point
                        "the gradient is zero and no direction of negative curvature leads away"
                        state
                | ValueNone, ValueNone -> Step.stuck point "no damping lowers the value" state

    /// The method with these options. Errors: ArgumentException for an empty list of dampings or negative ones.
    let create (options: SaddleFreeNewtonOptions) : Method =
        let check (damping: float) =
            Check.within "damping" 0.0 Double.MaxValue damping

        match options.Damping with
        | SaddleFreeDamping.Fixed damping -> check damping
        | SaddleFreeDamping.Best dampings ->
            if dampings.IsEmpty then
                raise (
                    ArgumentException(
                        "Damping lists no number, expected one or more",
                        nameof options
                    )
                )

            List.iter check dampings

        let init (oracle: Oracle) (point: Tensor) : SaddleFreeNewtonState = {
            Current = oracle.Evaluate point
        }

        Method.create "saddle-free-newton" init (step options)
