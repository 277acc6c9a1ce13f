namespace Optim.Descents

open System
open System.Collections.Generic
open Optim.Managed

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

/// The last pairs of L-BFGS, in places that are taken in turn. One place more than pairs are remembered, so that a pair can be
/// written before it is known whether it can be trusted.
[<Sealed>]
type internal LbfgsRing(length: int, history: int) =
    let places = min history (Int32.MaxValue - 1) + 1
    // Grows until the ring is closed, so that a long history costs nothing before it is used.
    let pairs = List<SinglePair>()

    /// How many pairs are remembered.
    member val Count = 0 with get, private set

    /// The place of the newest pair.
    member val Newest = places - 1 with get, private set

    /// At least how many places there are, in steps: a multiple of SinglePairs.Lanes.
    member val Stride = 0 with get, private set

    /// The pair at a place.
    member _.Item(place: int) : SinglePair = pairs[place]

    /// The place of the next newer pair.
    member _.Next(place: int) : int =
        if place = places - 1 then 0 else place + 1

    /// The place of the next older pair.
    member _.Previous(place: int) : int =
        if place = 0 then places - 1 else place - 1

    /// The place `age` pairs before the newest one.
    member ring.Back(age: int) : int =
        if age <= ring.Newest then
            ring.Newest - age
        else
            ring.Newest - age + places

    /// The place into which the next pair is written.
    member ring.Spare() : int =
        let place = ring.Next ring.Newest

        if place = pairs.Count then
            pairs.Add(SinglePair length)

            if pairs.Count > ring.Stride then
                ring.Stride <- max SinglePairs.Lanes (2 * ring.Stride)

        place

    /// The pair in the spare place becomes the newest.
    member ring.Keep() : unit =
        ring.Newest <- ring.Next ring.Newest
        ring.Count <- min (ring.Count + 1) history

    /// No pairs.
    member ring.Forget() : unit =
        ring.Count <- 0
        ring.Newest <- places - 1
