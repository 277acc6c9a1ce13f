namespace Optim.Descents

open System
open System.Collections.Generic
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// A pair of L-BFGS in single precision, in memory that is used again.
[<Sealed>]
type internal SinglePair(length: int) =
    /// s in its unit (n).
    member val Move: float32[] = AlignedArrays.zeros<float32> length
    /// y in its unit (n).
    member val Change: float32[] = AlignedArrays.zeros<float32> length
    /// 1 / (yᵀ s), in these units.
    member val Rho: float = 0.0 with get, set
    /// The unit of s over that of y.
    member val Ratio: float = 1.0 with get, set
    /// What s and y count for in the direction.
    member val MoveWeight: float = 0.0 with get, set
    member val ChangeWeight: float = 0.0 with get, set

/// The twin of QuasiNewton.limitedMemory for long vectors and pairs in single precision. Both loops run on the inner products
/// of gradient and pairs, which are numbers; the pairs themselves are read twice a step, once for the products with what
/// is new and once, the other way round, for the direction. Cost of a direction and of learning: one pass over the pairs each.
/// Source: Chen, Wang & Zhou 2014, "Large-scale L-BFGS using MapReduce". Differs: products with a new pair are never taken
/// from differences of older ones.
[<Sealed>]
type internal LbfgsByProducts(length: int, history: int) =
    inherit DescentInPlace<LbfgsMemory>(length)
    let places = min history (Int32.MaxValue - 1) + 1
    // Grows until the ring is closed, so that a long history costs nothing before it is used.
    let ring = List<SinglePair>()
    let wide = AlignedArrays.zeros<float> SinglePairs.Block
    let mutable count = 0
    let mutable newest = places - 1
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
    let mutable sums: float[] = [||]

    let next (place: int) =
        if place = places - 1 then 0 else place + 1

    let previous (place: int) =
        if place = 0 then places - 1 else place - 1

    /// Room for the products of one more pair.
    let grow () : unit =
        let wider = max SinglePairs.Lanes (2 * stride)

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
        sums <- Array.zeroCreate ((wider + 1) * SinglePairs.Sums)
        stride <- wider

    /// The place into which the next pair is written before it is known whether it can be trusted.
    let spare () : int =
        let place = next newest

        if place = ring.Count then
            ring.Add(SinglePair length)

            if ring.Count > stride then
                grow ()

        place

    /// Adds to the sums of `many` pairs, back from one, what a block contributes: the gradient from an index, and the change, or
    /// whatever is in `wide`, from its start.
    let addBlock
        (block: struct (int * int))
        (newest: int)
        (many: int)
        (gradient: struct (float[] * int))
        : unit =
        let mutable place = newest
        let mutable left = many

        while left > 0 do
            let other = previous place
            let first = ring[place]
            let second = if left > 1 then ring[other] else first
            let spare = if left > 1 then other else stride

            SinglePairs.addProducts
                block
                (struct (first.Move, first.Change))
                (struct (second.Move, second.Change))
                gradient
                wide
                sums
                (struct (place * SinglePairs.Sums, spare * SinglePairs.Sums))

            place <- previous other
            left <- left - 2

    let total (place: int) (sum: int) : float =
        SinglePairs.total sums (place * SinglePairs.Sums + sum * SinglePairs.Lanes)

    /// The products of `many` pairs, back from one, with the gradient: from the sums.
    let noteGradient (from: int) (many: int) : unit =
        let mutable place = from

        for _ in 1..many do
            gradientMoves[place] <- total place 0
            gradientChanges[place] <- total place 2
            place <- previous place

    /// The products of a pair with itself and `many` older ones: from the sums.
    let noteChange (fresh: int) (many: int) : unit =
        let mutable place = previous fresh

        for _ in 1..many do
            let sy, yy = total place 1, total place 3
            moves[fresh * stride + place] <- sy
            movesAcross[place * stride + fresh] <- sy
            changes[fresh * stride + place] <- yy
            changes[place * stride + fresh] <- yy
            place <- previous place

        changes[fresh * stride + fresh] <- total fresh 3

    /// The pair in the spare place becomes the newest.
    let keep (place: int) (rho: float) (ratio: float) : unit =
        newest <- place
        count <- min (count + 1) history
        ring[newest].Rho <- rho
        ring[newest].Ratio <- ratio
        gamma <- ratio / (rho * changes[place * stride + place])

    let copy (from: Tensor) (target: float32[]) : unit =
        let values = from.ToArray()

        for i in 0 .. length - 1 do
            target[i] <- float32 values[i]

    /// The block that begins at an index.
    let block (start: int) : struct (int * int) =
        struct (start, min SinglePairs.Block (length - start))

    /// The products of all pairs with a gradient, in the order in which Learn sums them.
    let measure (gradient: float[]) : unit =
        Array.Clear sums

        for start in 0 .. SinglePairs.Block .. length - 1 do
            addBlock (block start) newest count (struct (gradient, start))

        noteGradient newest count

    /// The two loops, on products: what the pairs count for in minus the direction, and the gradient's own weight.
    let weigh () : float =
        let mutable place = newest

        for turn in 1..count do
            let pair = ring[place]
            let alpha = pair.Rho * gradientMoves[place]
            pair.ChangeWeight <- alpha
            SinglePairs.addRow -alpha moves place gradientMoves
            SinglePairs.addRow -alpha changes place gradientChanges

            if turn < count then
                place <- previous place

        let factor = gamma
        InPlace.scale stride factor gradientChanges gradientChanges

        for turn in 1..count do
            let pair = ring[place]
            let alpha = pair.ChangeWeight
            let weight = pair.Ratio * alpha - pair.Rho * gradientChanges[place]
            pair.MoveWeight <- -weight
            pair.ChangeWeight <- factor * alpha
            SinglePairs.addRow weight movesAcross place gradientChanges

            if turn < count then
                place <- next place

        factor

    /// The direction within a block.
    let combineBlock
        (block: struct (int * int))
        (factor: float)
        (gradient: float[])
        (along: float[])
        : unit =
        let mutable place = newest
        let mutable left = count
        let mutable scale = -factor
        let mutable source = gradient

        while left > 0 do
            let other = previous place
            let first = ring[place]

            let second =
                if left > 1 then
                    let second = ring[other]
                    struct (second.MoveWeight, second.Move, second.ChangeWeight, second.Change)
                else
                    struct (0.0, first.Move, 0.0, first.Change)

            SinglePairs.combine
                block
                (struct (scale, source))
                (struct (first.MoveWeight, first.Move, first.ChangeWeight, first.Change))
                second
                along

            scale <- 1.0
            source <- along
            place <- previous other
            left <- left - 2

    override _.Forget() =
        count <- 0
        newest <- places - 1

    override _.Direct(at, along) =
        if count = 0 then
            InPlace.scale length -1.0 at.Gradient along
            1.0 / at.GradientNorm
        else
            if not isCurrent then
                measure at.Gradient

            let factor = weigh ()
            isCurrent <- false
            Array.Clear(sums, 0, 2 * SinglePairs.Lanes)

            // The other way round than Learn, so that it begins with what is still in the cache.
            for number in (length - 1) / SinglePairs.Block .. -1 .. 0 do
                let block = block (number * SinglePairs.Block)
                combineBlock block factor at.Gradient along
                SinglePairs.addDots block along at.Gradient sums

            1.0

    override _.Measure(at, along) =
        if count = 0 then
            InPlace.dots length along at.Gradient
        else
            struct (SinglePairs.total sums 0, SinglePairs.total sums SinglePairs.Lanes)

    override _.Learn(before, after, distance) =
        let fresh = spare ()
        let pair = ring[fresh]
        let moveExponent = QuasiNewton.exponent distance
        let changeExponent = QuasiNewton.exponent (before.GradientNorm + after.GradientNorm)
        let moveScale = Math.ScaleB(1.0, -moveExponent)
        let changeScale = Math.ScaleB(1.0, -changeExponent)
        Array.Clear sums
        // A full ring loses its oldest pair.
        let older = min count (history - 1)
        let mutable square = 0.0

        for start in 0 .. SinglePairs.Block .. length - 1 do
            let block = block start
            let points = struct (before.Point, after.Point)
            square <- square + SinglePairs.difference block points moveScale pair.Move wide
            let gradients = struct (before.Gradient, after.Gradient)

            SinglePairs.difference block gradients changeScale pair.Change wide |> ignore
            addBlock block fresh (older + 1) (struct (after.Gradient, start))

        let ys, yy = total fresh 1, total fresh 3

        if QuasiNewton.isCurved ys (sqrt square) (sqrt yy) then
            noteChange fresh older
            noteGradient fresh (older + 1)
            keep fresh (1.0 / ys) (Math.ScaleB(1.0, moveExponent - changeExponent))
            isCurrent <- true
        else
            // The oldest pair stays.
            isCurrent <- false

    override this.Load(memory) =
        this.Forget()
        isCurrent <- false

        for saved in List.rev (List.truncate history memory.Pairs) do
            let fresh = spare ()
            let pair = ring[fresh]
            copy saved.Move pair.Move
            copy saved.Change pair.Change
            Array.Clear sums

            for start in 0 .. SinglePairs.Block .. length - 1 do
                SinglePairs.widen (block start) pair.Change wide
                addBlock (block start) fresh (count + 1) (struct (wide, 0))

            noteChange fresh count
            keep fresh saved.Rho saved.Ratio

    override _.Save =
        fun tensor -> {
            Pairs = [
                for age in 0 .. count - 1 do
                    let pair =
                        ring[if age <= newest then
                                 newest - age
                             else
                                 newest - age + places]

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
