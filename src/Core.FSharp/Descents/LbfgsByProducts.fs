namespace Optim.Descents

open System
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// The twin of QuasiNewton.limitedMemory for long vectors and pairs in single precision. Both loops run on the inner products
/// of gradient and pairs, which are numbers; the pairs themselves are read twice a step, once for the products with what
/// is new and once, the other way round, for the direction. Cost of a direction and of learning: one pass over the pairs each.
/// Source: Chen, Wang & Zhou 2014, "Large-scale L-BFGS using MapReduce". Differs: products with a new pair are never taken
/// from differences of older ones.
[<Sealed>]
type internal LbfgsByProducts(length: int, history: int) =
    inherit DescentInPlace<LbfgsMemory>(length)
    let ring = LbfgsRing(length, history)

    let passes = LbfgsPasses(ring, length)
    // γ = yᵀ s / yᵀ y of the newest pair.
    let mutable gamma = 1.0
    // Whether gradientMoves and gradientChanges belong to the gradient at which the next direction is asked for.
    let mutable isCurrent = false
    // Rows of the matrices, and what the vectors hold, by places in the ring.
    let mutable stride = 0
    // Row j: sᵢᵀ yⱼ for all i that are older than j.
    let mutable moves: float[] = [||]
    // Row i: sᵢᵀ yⱼ for all j that are newer than i.
    let mutable movesAcross: float[] = [||]
    // yᵢᵀ yⱼ.
    let mutable changes: float[] = [||]
    let mutable gradientMoves: float[] = [||]
    let mutable gradientChanges: float[] = [||]

    /// Room for the products of one more pair.
    let grow () : unit =
        let wider = ring.Stride

        let widen (matrix: float[]) : float[] =
            let target = Array.zeroCreate (wider * wider)

            for row in 0 .. stride - 1 do
                Array.Copy(matrix, row * stride, target, row * wider, stride)

            target

        moves <- widen moves
        movesAcross <- widen movesAcross
        changes <- widen changes
        Array.Resize(&gradientMoves, wider)
        Array.Resize(&gradientChanges, wider)
        stride <- wider

    let spare () : int =
        let place = ring.Spare()

        if ring.Stride > stride then
            grow ()

        place

    /// The products of `many` pairs, back from one, with the gradient: from the sums.
    let noteGradient (from: int) (many: int) : unit =
        let mutable place = from

        for _ in 1..many do
            gradientMoves[place] <- passes.Total(place, 0)
            gradientChanges[place] <- passes.Total(place, 2)
            place <- ring.Previous place

    /// The products of a pair with itself and `many` older ones: from the sums.
    let noteChange (fresh: int) (many: int) : unit =
        let mutable place = ring.Previous fresh

        for _ in 1..many do
            let sy, yy = passes.Total(place, 1), passes.Total(place, 3)
            moves[fresh * stride + place] <- sy
            movesAcross[place * stride + fresh] <- sy
            changes[fresh * stride + place] <- yy
            changes[place * stride + fresh] <- yy
            place <- ring.Previous place

        changes[fresh * stride + fresh] <- passes.Total(fresh, 3)

    /// The pair in the spare place becomes the newest.
    let keep (rho: float) (ratio: float) : unit =
        ring.Keep()
        let place = ring.Newest
        ring[place].Rho <- rho
        ring[place].Ratio <- ratio
        gamma <- ratio / (rho * changes[place * stride + place])

    let copy (from: Tensor) (target: float32[]) : unit =
        let values = from.ToArray()

        for i in 0 .. length - 1 do
            target[i] <- float32 values[i]

    /// The two loops, on products: what the pairs count for in minus the direction, and the gradient's own weight.
    let weigh () : float =
        let mutable place = ring.Newest

        for turn in 1 .. ring.Count do
            let pair = ring[place]
            let alpha = pair.Rho * gradientMoves[place]
            pair.ChangeWeight <- alpha
            SinglePairs.addRow -alpha moves place gradientMoves
            SinglePairs.addRow -alpha changes place gradientChanges

            if turn < ring.Count then
                place <- ring.Previous place

        let factor = gamma
        InPlace.scale stride factor gradientChanges gradientChanges

        for turn in 1 .. ring.Count do
            let pair = ring[place]
            let alpha = pair.ChangeWeight
            let weight = pair.Ratio * alpha - pair.Rho * gradientChanges[place]
            pair.MoveWeight <- -weight
            pair.ChangeWeight <- factor * alpha
            SinglePairs.addRow weight movesAcross place gradientChanges

            if turn < ring.Count then
                place <- ring.Next place

        factor

    override _.Forget() = ring.Forget()

    override _.Direct(at, along) =
        if ring.Count = 0 then
            InPlace.scale length -1.0 at.Gradient along
            1.0 / at.GradientNorm
        else
            if not isCurrent then
                passes.Measure at.Gradient
                noteGradient ring.Newest ring.Count

            let factor = weigh ()
            isCurrent <- false
            passes.Combine(factor, at.Gradient, along)
            1.0

    override _.Measure(at, along) =
        if ring.Count = 0 then
            InPlace.dots length along at.Gradient
        else
            struct (passes.Total(0, 0), passes.Total(0, 1))

    override _.Learn(before, after, distance) =
        let place = spare ()
        // A full ring loses its oldest pair.
        let older = min ring.Count (history - 1)
        let moveExponent = QuasiNewton.exponent distance
        let changeExponent = QuasiNewton.exponent (before.GradientNorm + after.GradientNorm)

        passes.Learn(
            place,
            older,
            struct (before.Point, after.Point),
            struct (before.Gradient, after.Gradient),
            struct (Math.ScaleB(1.0, -moveExponent), Math.ScaleB(1.0, -changeExponent))
        )

        let ys, yy = passes.Total(place, 1), passes.Total(place, 3)

        if QuasiNewton.isCurved ys (sqrt passes.Square) (sqrt yy) then
            noteChange place older
            noteGradient place (older + 1)
            keep (1.0 / ys) (Math.ScaleB(1.0, moveExponent - changeExponent))
            isCurrent <- true
        else
            // The oldest pair stays.
            isCurrent <- false

    override this.Load(memory) =
        this.Forget()
        isCurrent <- false

        for saved in List.rev (List.truncate history memory.Pairs) do
            let place = spare ()
            let older = ring.Count
            copy saved.Move ring[place].Move
            copy saved.Change ring[place].Change
            passes.Recall(place, older)
            noteChange place older
            keep saved.Rho saved.Ratio

    override _.Save =
        fun tensor -> {
            Pairs = [
                for age in 0 .. ring.Count - 1 do
                    let pair = ring[ring.Back age]

                    let single (values: float32[]) =
                        Tensor.cast DType.Float32 (tensor (Array.map float values))

                    {
                        Move = single pair.Move
                        Change = single pair.Change
                        Rho = pair.Rho
                        Ratio = pair.Ratio
                    }
            ]
        }
