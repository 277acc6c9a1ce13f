namespace Optim.Solve

open System
open System.Runtime.InteropServices
open Optim
open Optim.Core
open Optim.Managed
open Optim.Contract

/// What a member wants to know next, at its `Point`.
[<Struct; RequireQualifiedAccess>]
type internal Request =
    /// Nothing: its run has ended.
    | Nothing
    /// Value and gradient.
    | Gradient
    /// Value, gradient and Hessian.
    | Hessian
    /// The product of the Hessian with `Vector`.
    | Product

/// What a member does with the next answer.
[<Struct; RequireQualifiedAccess>]
type private Phase =
    /// It is the start's.
    | Starting
    /// The workspace asked for it.
    | Stepping
    /// It certifies the start.
    | CertifyingStart
    /// It certifies the end of a step.
    | Certifying

/// What the members of one kind have in common.
[<NoComparison; NoEquality>]
type internal MemberPlan = {
    Options: SolveOptions
    Clock: RunClock
    /// Whether every evaluation brings the Hessian.
    AlwaysHessian: bool
    /// The objective of a member alone, for certificates of long points.
    Alone: int -> Objective
}

/// One member's run in its own memory, which is used again for another member afterwards. It never evaluates; it says what it
/// wants to know and is told. It counts, judges and ends as the loops of single runs do.
[<Sealed>]
type internal MemberRun(plan: MemberPlan, workspace: Workspace) =
    let n = workspace.Length
    let options = plan.Options

    // Only counts: a member's questions do not go through it. Certificates of long points are of the member's own objective.
    let oracle =
        Oracle(
            Objective.ofFunction id,
            options.Budget,
            Key.ofSeed options.Seed,
            (fun () -> plan.Clock.Elapsed),
            options.Cancellation
        )

    let judge = Judge(options, Objective.ofFunction id, oracle, plan.Clock)
    let isShort = n <= Certify.denseLimit
    let noQuietMoves = Rules.noQuietMoves options.StopRules

    // What was last evaluated, and where.
    let point: float[] = Array.zeroCreate n
    let gradient: float[] = Array.zeroCreate n

    let hessian: float[] =
        if workspace.Hessian.Length > 0 || options.ExaminesCurvature && isShort then
            Array.zeroCreate (n * n)
        else
            [||]

    let work: float[] = Array.zeroCreate hessian.Length
    let mutable value = nan
    let mutable knowsGradient = false
    let mutable knowsHessian = false
    let mutable vector = point

    let mutable index = -1
    let mutable phase = Phase.Starting
    let mutable ask = Ask.Nothing
    let mutable steps = 0L
    let mutable startNorm = nan
    let mutable limit = -1.0
    let mutable moveValue = nan
    let mutable quietMoves: int list = []
    let mutable saddleSince = -1L
    let mutable hasPoint = false
    let mutable isCertified = false
    let mutable reason: Reason | null = null

    let finish (why: Reason) : Request =
        reason <- why
        Request.Nothing

    let isKnown (x: float[]) : bool =
        MemoryMarshal
            .AsBytes(point.AsSpan())
            .SequenceEqual(Span.op_Implicit (MemoryMarshal.AsBytes(x.AsSpan())))

    /// Asks for an evaluation at x, by which everything known before is forgotten.
    let evaluateAt (x: float[]) (wish: Request) : Request =
        x.AsSpan().CopyTo(point.AsSpan())
        knowsGradient <- false
        knowsHessian <- false

        if plan.AlwaysHessian then Request.Hessian else wish

    /// Answers the workspace's question from what is known, if that is possible.
    let tryAnswer () : bool =
        match ask with
        | Ask.Nothing
        | Ask.Linearization -> true
        | Ask.Value
        | Ask.Gradient ->
            let trial = workspace.Trial

            if knowsGradient && isKnown trial.Point then
                trial.Value <- value

                if ask = Ask.Gradient then
                    gradient.AsSpan().CopyTo(trial.Gradient.AsSpan())

                true
            else
                false
        | Ask.Hessian ->
            if knowsHessian && isKnown workspace.Current.Point then
                hessian.AsSpan().CopyTo(workspace.Hessian.AsSpan())
                true
            else
                false
        | Ask.Product -> false

    let request () : Request =
        match ask with
        | Ask.Nothing
        | Ask.Linearization -> invalidOp "a question that needs no answer was asked"
        | Ask.Value
        | Ask.Gradient -> evaluateAt workspace.Trial.Point Request.Gradient
        | Ask.Hessian -> evaluateAt workspace.Current.Point Request.Hessian
        | Ask.Product ->
            evaluateAt workspace.Current.Point Request.Product |> ignore
            vector <- workspace.Vector
            Request.Product

    let count () : unit =
        let last = workspace.Last
        steps <- steps + 1L

        if not (startNorm > 0.0) then
            startNorm <- Bookkeeping.startNorm startNorm last.GradientNorm
            limit <- judge.Tolerance startNorm

        if workspace.Accepted then
            if not quietMoves.IsEmpty then
                quietMoves <- Rules.countQuiet options.StopRules moveValue last.Value quietMoves

            moveValue <- last.Value

    let mayMatter () : bool =
        let last = workspace.Last

        judge.MayMatter(
            last.Value,
            last.GradientNorm,
            limit,
            workspace.Accepted,
            not (isNull workspace.Trouble),
            saddleSince
        )
        || not quietMoves.IsEmpty && Rules.isQuiet options.StopRules quietMoves

    /// The certificate of a point too long for a Hessian. Gives the reason of an ending at a saddle.
    let certifyLong (insists: bool) : Reason voption =
        let last = workspace.Last

        let mayLook () =
            options.ExaminesCurvature
            && oracle.TrySpend(0L, Certify.gradients n, Certify.products n) = ValueNone

        let key = Key.fold -1L (Key.ofSeed options.Seed)
        let at = Tensor.ofArray last.Point

        match Certify.check (plan.Alone index) key limit mayLook at with
        | Finding.Confirmed _ ->
            isCertified <- true
            ValueNone
        | Finding.Refuted -> ValueNone
        | Finding.Saddle(norm, curvature) when saddleSince >= 0L || insists ->
            ValueSome(Reason.SaddlePoint(norm, curvature))
        | Finding.Saddle _ ->
            saddleSince <- steps
            ValueNone

    /// What the second look at a short point shows, of which value, gradient and perhaps Hessian are evaluated again.
    let certifyShort (insists: bool) : Reason voption =
        let norm = InPlace.norm n gradient

        if not (Double.IsFinite value && norm <= limit) then
            ValueNone
        elif
            not options.ExaminesCurvature
            || oracle.TrySpend(0L, Certify.gradients n, Certify.products n) <> ValueNone
        then
            isCertified <- true
            ValueNone
        else
            let smallest = Certify.descent n hessian work

            if smallest < 0.0 then
                if saddleSince >= 0L || insists then
                    ValueSome(Reason.SaddlePoint(norm, smallest))
                else
                    saddleSince <- steps
                    ValueNone
            else
                isCertified <- true
                ValueNone

    /// Begins to examine the last evaluation. Nothing: there is nothing to wait for.
    let examine (insists: bool) : Request =
        let last = workspace.Last

        if not (last.GradientNorm <= limit) then
            saddleSince <- -1L
            Request.Nothing
        elif EndTests.isLeaving steps saddleSince && not insists then
            Request.Nothing
        else
            match oracle.TrySpend(1L, 1L, 0L) with
            | ValueSome refusal -> finish refusal
            | ValueNone when options.ExaminesCurvature && not isShort ->
                match certifyLong insists with
                | ValueSome saddle -> finish saddle
                | ValueNone -> Request.Nothing
            | ValueNone ->
                evaluateAt
                    last.Point
                    (if options.ExaminesCurvature then
                         Request.Hessian
                     else
                         Request.Gradient)

    let isStuck () : bool = not (isNull workspace.Trouble)

    let isOver () : bool = isCertified || not (isNull reason)

    /// The tests after that of the gradient.
    let simpleEnd () : unit =
        let last = workspace.Last

        match Rules.simpleEnd options.StopRules last.Value quietMoves with
        | ValueSome why -> finish why |> ignore
        | ValueNone ->
            match workspace.Trouble with
            | null -> ()
            | detail -> finish (Reason.NoProgress detail) |> ignore

    /// Judges the step that ended. Nothing: it is decided.
    let judgeStep () : Request =
        let last = workspace.Last

        if EndTests.isTooLow last.Value then
            finish (Reason.Unbounded last.Value)
        elif
            workspace.Accepted
            && not (Double.IsFinite last.Value && Double.IsFinite last.GradientNorm)
        then
            finish (EndTests.notFinite steps last.Value last.GradientNorm)
        else
            let isCandidate =
                workspace.Accepted
                || Object.ReferenceEquals(last, workspace.Current)
                || last.Value <= workspace.Best.Value

            let wish =
                if isCandidate then
                    examine (isStuck ())
                else
                    Request.Nothing

            if wish = Request.Nothing && not (isOver ()) then
                simpleEnd ()

            wish

    /// Steps until something has to be evaluated or the run ends.
    let goOn () : Request =
        let mutable wish = Request.Nothing

        while wish = Request.Nothing && not (isOver ()) do
            if ask = Ask.Nothing then
                match judge.Refusal steps with
                | ValueSome why -> finish why |> ignore
                | ValueNone -> ask <- workspace.Begin()
            else
                ask <- workspace.Tell()

            if not (isOver ()) then
                if ask = Ask.Nothing then
                    count ()

                    if mayMatter () then
                        wish <- judgeStep ()

                        if wish <> Request.Nothing then
                            phase <- Phase.Certifying
                else
                    let struct (values, gradients, products) = Ask.cost n ask

                    match oracle.TrySpend(values, gradients, products) with
                    | ValueSome refusal ->
                        workspace.Abandon()
                        finish refusal |> ignore
                    | ValueNone ->
                        if not (tryAnswer ()) then
                            phase <- Phase.Stepping
                            wish <- request ()

        wish

    let begun () : Request =
        let norm = InPlace.norm n gradient

        if not (Double.IsFinite value && Double.IsFinite norm) then
            finish (Reason.StartNotFinite value)
        else
            let current = workspace.Current
            point.AsSpan().CopyTo(current.Point.AsSpan())
            gradient.AsSpan().CopyTo(current.Gradient.AsSpan())
            current.Value <- value
            current.GradientNorm <- norm
            workspace.Restart()
            hasPoint <- true
            startNorm <- norm
            limit <- judge.Tolerance norm
            moveValue <- value
            phase <- Phase.CertifyingStart
            let wish = examine false
            if wish = Request.Nothing then goOn () else wish

    /// The number of the member.
    member _.Index: int = index

    /// Where it wants to know something.
    member _.Point: float[] = point

    /// The vector of the product that it wants.
    member _.Vector: float[] = vector

    /// Where value, gradient and Hessian at `Point` are to be written. Empty Hessian: it is of no use.
    member _.Gradient: float[] = gradient

    /// n² numbers, or none.
    member _.Hessian: float[] = hessian

    /// Where a product is to be written.
    member _.Product: float[] = workspace.Product

    /// f at `Point`.
    member _.SetValue(f: float) : unit = value <- f

    /// Begins the run of another member, whose start is in `Point`.
    member _.Enter(number: int) : Request =
        index <- number
        phase <- Phase.Starting
        ask <- Ask.Nothing
        steps <- 0L
        startNorm <- nan
        limit <- -1.0
        moveValue <- nan
        quietMoves <- noQuietMoves
        saddleSince <- -1L
        hasPoint <- false
        isCertified <- false
        reason <- null
        knowsGradient <- false
        knowsHessian <- false
        oracle.Restore(Evaluations.none, ValueNone, ValueNone, 0L)

        match oracle.TrySpend(1L, 1L, 0L) with
        | ValueSome refusal -> finish refusal
        | ValueNone when plan.AlwaysHessian -> Request.Hessian
        | ValueNone -> Request.Gradient

    /// Takes note that the request was answered, and gives the next one.
    member _.Tell(answered: Request) : Request =
        knowsGradient <- answered <> Request.Product
        knowsHessian <- answered = Request.Hessian

        match phase with
        | Phase.Starting -> begun ()
        | Phase.Stepping ->
            if ask = Ask.Product || tryAnswer () then
                goOn ()
            else
                request ()
        | Phase.CertifyingStart ->
            match certifyShort false with
            | ValueSome saddle -> finish saddle
            | ValueNone -> goOn ()
        | Phase.Certifying ->
            match certifyShort (isStuck ()) with
            | ValueSome saddle -> finish saddle
            | ValueNone ->
                if not isCertified then
                    simpleEnd ()

                goOn ()

    /// Whether any evaluation was finite, so that Answer is one.
    member _.HasPoint: bool = hasPoint

    /// The point that is given back.
    member _.Answer: Spot = if isCertified then workspace.Last else workspace.Best

    /// The reason of its end; null where it converged.
    member _.Reason: Reason | null = reason

    /// The largest gradient norm with which it may converge.
    member _.Tolerance: float = limit

    /// Steps so far.
    member _.Steps: int64 = steps

    /// What was asked so far.
    member _.Evaluations: Evaluations = oracle.Evaluations
