namespace Optim

/// The Philox4x32-10 counter-based generator: a keyed bijection of 128-bit counters whose outputs pass as random.
/// Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
[<RequireQualifiedAccess>]
module internal Philox =

    [<Literal>]
    let private Multiplier0 = 0xD2511F53u

    [<Literal>]
    let private Multiplier1 = 0xCD9E8D57u

    [<Literal>]
    let private Weyl0 = 0x9E3779B9u

    [<Literal>]
    let private Weyl1 = 0xBB67AE85u

    /// 128 random bits as (low, high) for a counter (low, high) and a 64-bit key; in each 64-bit word the algorithm's
    /// earlier 32-bit word is the lower half. Ten rounds, about forty cycles.
    let block
        (struct (counterLow: uint64, counterHigh: uint64))
        (key: uint64)
        : struct (uint64 * uint64) =
        let mutable c0 = uint32 counterLow
        let mutable c1 = uint32 (counterLow >>> 32)
        let mutable c2 = uint32 counterHigh
        let mutable c3 = uint32 (counterHigh >>> 32)
        let mutable k0 = uint32 key
        let mutable k1 = uint32 (key >>> 32)

        for _ in 1..10 do
            let product0 = uint64 Multiplier0 * uint64 c0
            let product1 = uint64 Multiplier1 * uint64 c2
            c0 <- uint32 (product1 >>> 32) ^^^ c1 ^^^ k0
            c1 <- uint32 product1
            c2 <- uint32 (product0 >>> 32) ^^^ c3 ^^^ k1
            c3 <- uint32 product0
            k0 <- k0 + Weyl0
            k1 <- k1 + Weyl1

        struct (uint64 c0 ||| (uint64 c1 <<< 32), uint64 c2 ||| (uint64 c3 <<< 32))
