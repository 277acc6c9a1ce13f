namespace Optim.Descents

open System
open System.Collections.Generic
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// A pair of L-BFGS in memory that is used again.
[<Sealed>]
type internal PairInPlace(length: int) =
    /// s, the move (n).
    member val Move: float[] = AlignedArrays.zeros<float> length
    /// y, the change of the gradient (n).
    member val Change: float[] = AlignedArrays.zeros<float> length
    /// 1 / (yᵀ s).
    member val Rho: float = 0.0 with get, set
    /// The unit of s over that of y.
    member val Ratio: float = 1.0 with get, set
    /// alpha of the two-loop recursion, between its loops.
    member val Alpha: float = 0.0 with get, set

/// The twin of QuasiNewton.limitedMemory. Pairs in single precision are held as double numbers. The pairs lie in a ring with one spare place, into which the next pair is written
/// before it is known whether it can be trusted. Cost of a direction: 2 m + 1 passes over three vectors for m pairs.
[<Sealed>]
type internal LbfgsInPlace(length: int, pairType: DType, history: int) =
    inherit DescentInPlace<LbfgsMemory>(length)
    let places = min history (Int32.MaxValue - 1) + 1
    // Grows until the ring is closed, so that a long history costs nothing before it is used; short ones are made at once.
    let ring = List<PairInPlace>()

    do
        for _ in 1 .. min places (1024 / length) do
            ring.Add(PairInPlace length)

    let mutable count = 0
    let mutable newest = places - 1
    // γ = yᵀ s / yᵀ y of the newest pair.
    let mutable gamma = 1.0

    let next (place: int) =
        if place = places - 1 then 0 else place + 1

    let previous (place: int) =
        if place = 0 then places - 1 else place - 1

    let spare () : PairInPlace =
        let place = next newest

        if place = ring.Count then
            ring.Add(PairInPlace length)

        ring[place]

    /// The pair in the spare place becomes the newest.
    let keep (rho: float) (ratio: float) (yy: float) : unit =
        newest <- next newest
        count <- min (count + 1) history
        ring[newest].Rho <- rho
        ring[newest].Ratio <- ratio
        gamma <- ratio / (rho * yy)

    /// Rounds the pair in the spare place, and gives the ratio of its units.
    let round (pair: PairInPlace) (ss: float) (yy: float) : float =
        let moveUnit = QuasiNewton.exponent (sqrt ss)
        let changeUnit = QuasiNewton.exponent (sqrt yy)
        InPlace.roundToSingle length (Math.ScaleB(1.0, -moveUnit)) pair.Move
        InPlace.roundToSingle length (Math.ScaleB(1.0, -changeUnit)) pair.Change
        Math.ScaleB(1.0, moveUnit - changeUnit)

    let learn (ratio: float) (ys: float) (ss: float) (yy: float) : unit =
        if QuasiNewton.isCurved ys (sqrt ss) (sqrt yy) then
            keep (1.0 / ys) ratio yy

    override _.Forget() =
        count <- 0
        newest <- places - 1

    override _.Direct(at, along) =
        if count = 0 then
            InPlace.scale length -1.0 at.Gradient along
            1.0 / at.GradientNorm
        else
            // product: that of the vector so far with the half of a pair that is to be used next.
            let mutable place = newest
            let mutable source = at.Gradient
            let mutable product = InPlace.dot length ring[place].Move source

            for turn in 1..count do
                let pair = ring[place]
                pair.Alpha <- pair.Rho * product

                if turn < count then
                    place <- previous place
                    let following = ring[place].Move

                    product <-
                        InPlace.updateAndDot
                            length
                            source
                            -pair.Alpha
                            pair.Change
                            1.0
                            along
                            following
                else
                    product <-
                        InPlace.updateAndDot
                            length
                            source
                            -pair.Alpha
                            pair.Change
                            gamma
                            along
                            pair.Change

                source <- along

            for turn in 1..count do
                let pair = ring[place]
                let weight = pair.Ratio * pair.Alpha - pair.Rho * product

                if turn < count then
                    place <- next place
                    let following = ring[place].Change

                    product <-
                        InPlace.updateAndDot length along weight pair.Move 1.0 along following
                else
                    InPlace.updateAndDot length along weight pair.Move -1.0 along pair.Move
                    |> ignore

            1.0

    override _.Learn(before, after, _) =
        let pair = spare ()

        let struct (ys, ss, yy) =
            InPlace.pair
                length
                (struct (before.Point, after.Point))
                (struct (before.Gradient, after.Gradient))
                pair.Move
                pair.Change

        if pairType = DType.Float32 then
            let ratio = round pair ss yy
            let struct (ys, yy) = InPlace.dots length pair.Change pair.Move
            learn ratio ys (InPlace.dot length pair.Move pair.Move) yy
        else
            learn 1.0 ys ss yy

    override this.Load(memory) =
        this.Forget()
        let zero = Array.zeroCreate length
        let wide (x: Tensor) = (Tensor.cast DType.Float64 x).ToArray()

        for saved in List.rev (List.truncate history memory.Pairs) do
            let pair = spare ()

            // The same passes as in Learn, so that yᵀ y has the same bits as before it was saved.
            let struct (_, _, square) =
                InPlace.pair
                    length
                    (struct (zero, wide saved.Move))
                    (struct (zero, wide saved.Change))
                    pair.Move
                    pair.Change

            let yy =
                if pairType = DType.Float32 then
                    let struct (_, yy) = InPlace.dots length pair.Change pair.Move
                    yy
                else
                    square

            keep saved.Rho saved.Ratio yy

    override _.Save =
        fun tensor -> {
            Pairs = [
                for age in 0 .. count - 1 do
                    let pair =
                        ring[if age <= newest then
                                 newest - age
                             else
                                 newest - age + places]

                    {
                        Move = Tensor.cast pairType (tensor pair.Move)
                        Change = Tensor.cast pairType (tensor pair.Change)
                        Rho = pair.Rho
                        Ratio = pair.Ratio
                    }
            ]
        }

/// The twin of QuasiNewton.dense.
[<Sealed>]
type internal BfgsInPlace(length: int) =
    inherit DescentInPlace<BfgsMemory>(length)
    let move = AlignedArrays.zeros<float> length
    let change = AlignedArrays.zeros<float> length
    let image = AlignedArrays.zeros<float> length
    // n² numbers once there was an update.
    let mutable inverse: float[] = [||]
    let mutable hasInverse = false

    let makeRoom () : unit =
        if inverse.Length = 0 then
            inverse <- Array.zeroCreate (length * length)

        hasInverse <- true

    override _.Forget() = hasInverse <- false

    override _.Direct(at, along) =
        if hasInverse then
            InPlaceMatrix.multiply length -1.0 inverse at.Gradient along
            1.0
        else
            InPlace.scale length -1.0 at.Gradient along
            1.0 / at.GradientNorm

    override _.Learn(before, after, _) =
        let struct (ys, ss, yy) =
            InPlace.pair
                length
                (struct (before.Point, after.Point))
                (struct (before.Gradient, after.Gradient))
                move
                change

        if QuasiNewton.isCurved ys (sqrt ss) (sqrt yy) then
            if not hasInverse then
                makeRoom ()
                InPlaceMatrix.setIdentity length (ys / yy) inverse

            let rho = 1.0 / ys
            InPlaceMatrix.multiply length 1.0 inverse change image
            let weight = rho * (1.0 + rho * InPlace.dot length change image)
            InPlaceMatrix.updateBfgs length rho weight move image inverse

    override _.Load(memory) =
        match memory.Inverse with
        | ValueNone -> hasInverse <- false
        | ValueSome saved ->
            makeRoom ()
            saved.CopyTo(inverse.AsSpan())

    override _.Save =
        fun _ -> {
            Inverse =
                if hasInverse then
                    ValueSome(Tensor.create [ length; length ] inverse)
                else
                    ValueNone
        }
