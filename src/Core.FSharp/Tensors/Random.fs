namespace Optim

open System
open System.Globalization
open System.Runtime.CompilerServices

/// A splittable, immutable source of randomness: 128 bits, of which 64 are the Philox key and 64 the upper half of every
/// counter. Equal keys give equal numbers, everywhere and always; to get new numbers, split or fold the key, and draw from
/// each key once. Two numbers hold it completely, so it is saved with any other state.
[<Struct; IsReadOnly; NoComparison>]
type Key private (first: uint64, second: uint64) =

    /// Counters at or above this mark derive keys; those below it draw numbers. So children never repeat their parent's draws.
    static member private DeriveMark = 1UL <<< 63

    /// The first of the two words that are this key; `Key.FromWords` takes them back.
    member _.First: uint64 = first

    /// The second of the two words that are this key.
    member _.Second: uint64 = second

    /// The key that consists of these two words. For restoring a saved key; to begin, use `Key.FromSeed`.
    static member FromWords(first: uint64, second: uint64) : Key = Key(first, second)

    /// The key of a seed. Every int64 is a legal seed; different seeds give different keys.
    static member FromSeed(seed: int64) : Key =
        let struct (low, high) = Philox.block (struct (uint64 seed, 0UL)) 0UL
        Key(low, high)

    /// 128 random bits. Blocks below 2⁶³ are this key's numbers.
    member internal _.Block(index: uint64) : struct (uint64 * uint64) =
        Philox.block (struct (index, second)) first

    /// Child key `number`, out of reach of this key's numbers.
    member internal key.Derive(number: uint64) : Key =
        let struct (low, high) = key.Block(Key.DeriveMark + number)
        Key(low, high)

    /// Two keys, independent of each other and of this key's own numbers.
    member key.Split() : struct (Key * Key) = struct (key.Derive 0UL, key.Derive 1UL)

    /// The key for a piece of data, such as a step's number; any int64. Independent for different indices, and of `Split`.
    member key.Fold(index: int64) : Key =
        let family: Key = key.Derive 2UL
        let struct (low, high) = family.Block(uint64 index)
        Key(low, high)

    /// Both words in hexadecimal.
    override _.ToString() : string =
        String.Format(CultureInfo.InvariantCulture, "Key({0:x16}, {1:x16})", first, second)

/// Functions on keys, for pipelines.
[<RequireQualifiedAccess>]
module Key =

    /// The key of a seed. Every int64 is a legal seed; different seeds give different keys.
    let ofSeed (seed: int64) : Key = Key.FromSeed seed

    /// Two keys, independent of each other and of the key's own numbers.
    let split (key: Key) : struct (Key * Key) = key.Split()

    /// The key for a piece of data, such as a step's number; any int64.
    let fold (index: int64) (key: Key) : Key = key.Fold index

namespace Optim.Core

open System
open Optim

/// Arrays of random numbers from a key. Value i depends on the key and on i alone: a longer array begins with the shorter one,
/// and any part can be computed anywhere. `count` is 0 or more; a negative one is an ArgumentOutOfRangeException.
/// Two fillers given the same key use the same bits: split the key between uses.
[<RequireQualifiedAccess>]
module Random =

    /// Child keys of the key's own, beside the ones that `Split` and `Fold` take.
    [<Literal>]
    let private RetryFamily = 3UL

    let private checkCount (count: int) : unit =
        ArgumentOutOfRangeException.ThrowIfNegative(count, nameof count)

    /// In [0, 1): the upper 53 bits as a multiple of 2⁻⁵³.
    let private toUnit (bits: uint64) : float =
        float (bits >>> 11) * Math.ScaleB(1.0, -53)

    /// The 64 bits of value i: half of block i / 2.
    let private wordAt (key: Key) (index: int) : uint64 =
        let struct (low, high) = key.Block(uint64 (index / 2))
        if index % 2 = 0 then low else high

    /// `count` values made in pairs, each pair from one block of 128 bits.
    let private inPairs
        (count: int)
        (key: Key)
        (pair: struct (uint64 * uint64) -> struct (float * float))
        : float[] =
        checkCount count
        let values = GC.AllocateUninitializedArray<float> count

        for block in 0 .. (count - 1) / 2 do
            let struct (even, odd) = pair (key.Block(uint64 block))

            if 2 * block < count then
                values[2 * block] <- even

            if 2 * block + 1 < count then
                values[2 * block + 1] <- odd

        values

    /// Independent uniform numbers in [0, 1), multiples of 2⁻⁵³. Result: (count).
    let uniform (key: Key) (count: int) : float[] =
        inPairs count key (fun (struct (low, high)) -> struct (toUnit low, toUnit high))

    /// Independent standard normal numbers, magnitude below 8.6. Result: (count).
    /// z₀ = √(−2 ln u) cos 2πv, z₁ = √(−2 ln u) sin 2πv with u in (0, 1], v in [0, 1).
    /// The last bit may differ between platforms, as their logarithm and sine do. Source: Box & Muller 1958.
    let normal (key: Key) (count: int) : float[] =
        inPairs
            count
            key
            (fun (struct (low, high)) ->
                let radius = Math.Sqrt(-2.0 * Math.Log(1.0 - toUnit low))
                let struct (sine, cosine) = Math.SinCos(2.0 * Math.PI * toUnit high)
                struct (radius * cosine, radius * sine)
            )

    /// Independent signs, −1 or 1 with equal chance. Result: (count). One bit a value.
    let rademacher (key: Key) (count: int) : float[] =
        checkCount count
        let values = GC.AllocateUninitializedArray<float> count

        for block in 0 .. (count - 1) / 128 do
            let struct (low, high) = key.Block(uint64 block)

            for bit in 0 .. min 128 (count - 128 * block) - 1 do
                let word = if bit < 64 then low else high
                let isSet = (word >>> (bit &&& 63)) &&& 1UL = 1UL
                values[128 * block + bit] <- if isSet then 1.0 else -1.0

        values

    /// Independent events, true with the given probability, exact to 2⁻⁵³. Result: (count).
    /// probability: in [0, 1]; 0 is never and 1 always true. Otherwise an ArgumentOutOfRangeException.
    let bernoulli (key: Key) (probability: float) (count: int) : bool[] =
        if not (probability >= 0.0 && probability <= 1.0) then
            raise (
                ArgumentOutOfRangeException(
                    nameof probability,
                    probability,
                    "The probability must lie in [0, 1]."
                )
            )

        uniform key count |> Array.map (fun u -> u < probability)

    /// A number below `range` for value i, without bias. Source: Lemire 2019, "Fast random integer generation in an interval";
    /// a rejected draw is repeated from a key of value i's own.
    let private below (range: uint64) (retries: Key) (key: Key) (index: int) : uint64 =
        let rejected = (0UL - range) % range
        let mutable low = 0UL
        let mutable high = Math.BigMul(wordAt key index, range, &low)

        if low < rejected then
            let own = retries.Fold(int64 index)
            let mutable attempt = 0

            while low < rejected do
                high <- Math.BigMul(wordAt own attempt, range, &low)
                attempt <- attempt + 1

        high

    /// Independent whole numbers, each of low, low + 1, …, high − 1 with equal chance. Result: (count).
    /// low < high, otherwise an ArgumentException; the whole range of int64 is legal.
    let integers (key: Key) (low: int64) (high: int64) (count: int) : int64[] =
        checkCount count

        if low >= high then
            raise (
                ArgumentException(
                    $"low is %d{low}, expected less than high, which is %d{high}.",
                    nameof low
                )
            )

        let range = uint64 high - uint64 low
        let retries = key.Derive RetryFamily
        Array.init count (fun i -> int64 (uint64 low + below range retries key i))

    /// 0, 1, …, n − 1 in random order, every order with equal chance (up to the 2¹²⁸ keys). Result: (n).
    /// Not prefix-stable: each n has its own order. Source: Durstenfeld 1964 (the Fisher–Yates shuffle).
    let permutation (key: Key) (n: int) : int[] =
        ArgumentOutOfRangeException.ThrowIfNegative(n, nameof n)
        let order = Array.init n id
        let retries = key.Derive RetryFamily

        for i in n - 1 .. -1 .. 1 do
            let j = int (below (uint64 i + 1UL) retries key i)
            let kept = order[i]
            order[i] <- order[j]
            order[j] <- kept

        order
