namespace Optim.Methods

open System
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// What the step of a NewtonCgInPlace waits for.
[<Struct; RequireQualifiedAccess>]
type internal NewtonCgPhase =
    /// The next step.
    | Idle
    /// Leave to ask for products.
    | Linearizing
    /// A product with the conjugate direction.
    | Multiplying
    /// Value and gradient at the trial.
    | Arriving

/// The in-place twin of NewtonCg with the exact Hessian, for deterministic objectives: the same process as Steihaug.solve,
/// interrupted at each product. p: move, hp: H p, r: residual, d: conjugate direction, hd: H d.
[<Sealed>]
type internal NewtonCgInPlace(length: int, options: NewtonCgOptions) =
    inherit Workspace(length)
    let mutable p = AlignedArrays.zeros length
    let mutable next = AlignedArrays.zeros length
    let hp = AlignedArrays.zeros length
    let r = AlignedArrays.zeros length
    let d = AlignedArrays.zeros length
    let hd = AlignedArrays.zeros length
    let most = min options.MaxProducts (max 1 length)
    let mutable radius = options.InitialRadius
    let mutable startNorm = nan
    let mutable phase = NewtonCgPhase.Idle
    // Of the process under way.
    let mutable rr = 0.0
    let mutable tolerance = 0.0
    let mutable products = 0
    let mutable modelChange = 0.0
    let mutable moveLength = 0.0

    override _.Vector = d
    override _.Product = hd

    override this.Forget() =
        radius <- options.InitialRadius
        startNorm <- this.Current.GradientNorm

    member private this.Ended(accepted: bool, trouble: string | null) : Ask =
        phase <- NewtonCgPhase.Idle
        this.Accepted <- accepted
        this.Trouble <- trouble
        Ask.Nothing

    member private this.Stuck(detail: string) : Ask =
        this.StepSize <- 0.0
        this.Ended(false, detail)

    /// The process has ended with p.
    member private this.GoTo(isNotFinite: bool) : Ask =
        let at = this.Current
        modelChange <- InPlace.dot length at.Gradient p + 0.5 * InPlace.dot length p hp

        if isNotFinite && modelChange = 0.0 then
            // Where the very first product is not finite, the model without curvature.
            InPlace.scale length (-(radius / at.GradientNorm)) at.Gradient p
            modelChange <- -radius * at.GradientNorm

        moveLength <- InPlace.norm length p
        InPlace.move length at.Point 1.0 p (this.TakeTrial()).Point
        phase <- NewtonCgPhase.Arriving
        Ask.Gradient

    member private this.GoOn() : Ask =
        if sqrt rr <= tolerance || products >= most then
            this.GoTo false
        else
            phase <- NewtonCgPhase.Multiplying
            Ask.Product

    member private this.StopAt(tau: float) : Ask =
        InPlace.move length p tau d p
        InPlace.move length hp tau hd hp
        this.GoTo false

    /// H d is known.
    member private this.Advance() : Ask =
        products <- products + 1
        let struct (curvature, dd) = InPlace.dots length d hd
        let struct (pd, pp) = InPlace.dots length p d
        let struct (behind, ahead) = Steihaug.boundary dd pd pp radius

        if not (Double.IsFinite curvature) then
            this.GoTo true
        elif curvature <= 0.0 then
            let rd = InPlace.dot length r d
            this.StopAt(Steihaug.lower rd curvature behind ahead)
        else
            let alpha = rr / curvature
            InPlace.move length p alpha d next

            if InPlace.norm length next >= radius then
                this.StopAt ahead
            else
                let before = p
                p <- next
                next <- before
                InPlace.move length r alpha hd r
                InPlace.move length hp alpha hd hp
                let following = InPlace.dot length r r
                InPlace.scale length (following / rr) d d
                InPlace.move length d -1.0 r d
                rr <- following
                this.GoOn()

    member private this.Linearized() : Ask =
        let at = this.Current
        tolerance <- TrustRegion.forcing at.GradientNorm startNorm * at.GradientNorm
        products <- 0
        Array.Clear p
        Array.Clear hp
        Array.Copy(at.Gradient, r, length)
        InPlace.scale length -1.0 at.Gradient d
        rr <- InPlace.dot length r r
        this.GoOn()

    member private this.Arrived() : Ask =
        let at, trial = this.Current, this.Trial
        trial.GradientNorm <- InPlace.norm length trial.Gradient
        this.NoteTrial()

        let ratio =
            TrustRegion.agreement
                DType.Float64.Epsilon
                (struct (at.Value, at.GradientNorm))
                (struct (trial.Value, trial.GradientNorm))
                modelChange

        radius <- TrustRegion.adjust options radius ratio moveLength
        this.StepSize <- moveLength

        if ratio > options.AcceptAbove then
            this.MoveToTrial()
            this.Ended(true, null)
        else
            this.Ended(false, null)

    override this.Begin() =
        if this.Current.GradientNorm = 0.0 then
            this.Stuck LineSearch.zeroGradient
        elif TrustRegion.isExhausted radius (InPlace.norm length this.Current.Point) then
            this.Stuck TrustRegion.tooSmall
        else
            phase <- NewtonCgPhase.Linearizing
            Ask.Linearization

    override this.Tell() =
        match phase with
        | NewtonCgPhase.Idle -> invalidOp "a workspace was told an answer that it did not ask for"
        | NewtonCgPhase.Linearizing -> this.Linearized()
        | NewtonCgPhase.Multiplying -> this.Advance()
        | NewtonCgPhase.Arriving -> this.Arrived()

    override _.Abandon() = phase <- NewtonCgPhase.Idle
    override _.Standing(saved) = (unbox<NewtonCgState> saved).Current

    override _.LoadState(saved) =
        let saved = unbox<NewtonCgState> saved
        radius <- saved.Radius
        startNorm <- saved.StartNorm
        phase <- NewtonCgPhase.Idle

    override _.SaveState(from, _) =
        box { Current = from; Radius = radius; StartNorm = startNorm }
