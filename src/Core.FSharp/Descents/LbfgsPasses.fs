namespace Optim.Descents

open System
open System.Runtime.CompilerServices
open Optim.Managed

/// The passes of L-BFGS over its pairs, block by block, with the sums that run over them.
[<Sealed>]
type internal LbfgsPasses(ring: LbfgsRing, length: int) =
    let blocks = (length + SinglePairs.Block - 1) / SinglePairs.Block
    let wide = AlignedArrays.zeros<float> SinglePairs.Block
    let mutable sums: float[] = [||]
    // The block with a number, as a start and a length.
    let block (number: int) : struct (int * int) =
        let start = number * SinglePairs.Block
        struct (start, min SinglePairs.Block (length - start))

    let pair (place: int) : struct (float32[] * float32[]) =
        let pair = ring[place]
        struct (pair.Move, pair.Change)

    // Where the sums of the pair at a place begin.
    let sumsAt (place: int) : int = place * SinglePairs.Sums

    // Adds to the sums of `many` pairs, back from one, what a block contributes: the gradient from an index, and the change,
    // or whatever is in `wide`, from its start.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let addBlock
        (block: struct (int * int))
        (newest: int)
        (many: int)
        (gradient: struct (float[] * int))
        : unit =
        FullOptimization.atOnce ()
        let mutable place = newest
        let mutable left = many

        // Where fewer than three are left, the last one stands in, with sums that nobody reads.
        while left > 0 do
            let second = if left > 1 then ring.Previous place else place
            let third = if left > 2 then ring.Previous second else second

            SinglePairs.addProducts
                block
                (pair place)
                (pair second)
                (pair third)
                gradient
                wide
                sums
                (struct (sumsAt place,
                         (if left > 1 then sumsAt second else sumsAt ring.Stride),
                         (if left > 2 then sumsAt third else sumsAt ring.Stride)))

            place <- ring.Previous third
            left <- left - 3

    // The direction within a block.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let combineBlock
        (block: struct (int * int))
        (factor: float)
        (gradient: float[])
        (along: float[])
        : unit =
        FullOptimization.atOnce ()
        let mutable place = ring.Newest
        let mutable left = ring.Count
        let mutable scale = -factor
        let mutable source = gradient

        while left > 0 do
            let other = ring.Previous place
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
            place <- ring.Previous other
            left <- left - 2

    /// The square of the move that Learn wrote, in its unit.
    member val Square = 0.0 with get, private set

    /// One of the four sums of the pair at a place.
    member _.Total(place: int, sum: int) : float =
        SinglePairs.total sums (sumsAt place + sum * SinglePairs.Lanes)

    // No sums, with room for those of all pairs of the ring and one more.
    member private _.Clear() : unit =
        let room = (ring.Stride + 1) * SinglePairs.Sums

        if sums.Length < room then
            sums <- Array.zeroCreate room
        else
            Array.Clear sums

    /// Sums the products of all pairs with a gradient, in the order in which Learn does.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    member this.Measure(gradient: float[]) : unit =
        FullOptimization.atOnce ()
        this.Clear()

        for number in 0 .. blocks - 1 do
            let struct (start, _) as block = block number
            addBlock block ring.Newest ring.Count (struct (gradient, start))

    /// Writes the pair at a place from a move and a change of the gradient, times a scale each, and sums its products and those
    /// of `older` older ones with it and with the gradient after the move.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    member this.Learn
        (
            place: int,
            older: int,
            points: struct (float[] * float[]),
            gradients: struct (float[] * float[]),
            scales: struct (float * float)
        ) : unit =
        FullOptimization.atOnce ()
        this.Clear()
        let struct (_, gradient) = gradients
        let mutable square = 0.0

        for number in 0 .. blocks - 1 do
            let struct (start, _) as block = block number

            square <-
                square
                + SinglePairs.learn
                    block
                    points
                    gradients
                    scales
                    (pair place)
                    wide
                    sums
                    (sumsAt place)

            addBlock block (ring.Previous place) older (struct (gradient, start))

        this.Square <- square

    /// Sums the products of the pair at a place and `older` older ones with its change.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    member this.Recall(place: int, older: int) : unit =
        FullOptimization.atOnce ()
        this.Clear()

        for number in 0 .. blocks - 1 do
            let block = block number
            SinglePairs.widen block ring[place].Change wide
            addBlock block place (older + 1) (struct (wide, 0))

    /// Writes the direction from the weights of the pairs, and sums its products with the gradient and itself: the first two
    /// sums of the pair at place 0, until the next pass.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    member _.Combine(factor: float, gradient: float[], along: float[]) : unit =
        FullOptimization.atOnce ()
        Array.Clear(sums, 0, 2 * SinglePairs.Lanes)

        // The other way round than Learn, so that it begins with what is still in the cache.
        for number in blocks - 1 .. -1 .. 0 do
            let block = block number
            combineBlock block factor gradient along
            SinglePairs.addDots block along gradient sums
