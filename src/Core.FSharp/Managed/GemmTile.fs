namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop

/// The kernel: tiles of 'R rows and 'C registers, all sums of a tile in registers at once.
/// Every element is one chain of multiply-adds in the order of the inner index, whatever the tile, so all tiles agree to the last bit.
[<AbstractClass; Sealed>]
type internal Tile<'T, 'V, 'L, 'R, 'C
    when 'T: unmanaged
    and 'V: struct
    and 'L: struct
    and 'L :> ILanes<'T, 'V>
    and 'R: struct
    and 'R :> ICount
    and 'C: struct
    and 'C :> ICount> =

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Put(address: nativeint, value: 'V, accumulate: bool) : unit =
        if accumulate then
            'L.Store(address, 'L.Add('L.Load address, value))
        else
            'L.Store(address, value)

    /// Computes the strip. That it takes memory from the stack has a second use: the compiler optimizes such loops at once.
    [<SkipLocalsInit>]
    static member Run(strip: inref<Strip>) : unit =
        let size = nativeint sizeof<'T>
        let register = nativeint 'L.Width * size
        let step1 = strip.Left.RowStep
        let step2 = step1 + step1
        let step3 = step2 + step1
        let step4 = step2 + step2
        let innerStep = strip.Left.ColumnStep
        let scratchStep = nativeint 'C.Value * register

        let existing = nativeint strip.Columns * size
        let whole = strip.Target.ColumnStep = size && existing = scratchStep

        // Where rows of the target follow each other at once, padding stored after one of them is overwritten by the next.
        let overlaps =
            not strip.Accumulate
            && strip.Target.ColumnStep = size
            && strip.Target.RowStep = existing
            && scratchStep - existing <= nativeint 'R.Value * existing

        // Eight rows of two registers of 64 bytes.
        let scratch = NativePtr.toNativeInt (NativePtr.stackalloc<byte> 1024)
        let mutable left = strip.Left.Data
        let mutable target = strip.Target

        for tile in 1 .. strip.Tiles do
            let direct = whole || (overlaps && tile < strip.Tiles)

            // No call may stand where the sums live: the compiler would keep them all in memory.
            if strip.Accumulate && not direct then
                TileEdge<'T, 'V, 'L>.Read(target, 'R.Value, strip.Columns, scratch, scratchStep)

            // In a large product the target has left the caches since its last block.
            if strip.Accumulate && Sse.IsSupported then
                let mutable row = target.Data

                for _ in 1 .. 'R.Value do
                    Sse.Prefetch0(row.ToPointer())
                    Sse.Prefetch0((row + register).ToPointer())
                    row <- row + target.RowStep

            let mutable c00 = 'L.Zero
            let mutable c01 = 'L.Zero
            let mutable c10 = 'L.Zero
            let mutable c11 = 'L.Zero
            let mutable c20 = 'L.Zero
            let mutable c21 = 'L.Zero
            let mutable c30 = 'L.Zero
            let mutable c31 = 'L.Zero
            let mutable c40 = 'L.Zero
            let mutable c41 = 'L.Zero
            let mutable c50 = 'L.Zero
            let mutable c51 = 'L.Zero
            let mutable c60 = 'L.Zero
            let mutable c61 = 'L.Zero
            let mutable c70 = 'L.Zero
            let mutable c71 = 'L.Zero
            let mutable a = left
            let mutable e = left + step4

            for part in 0..1 do
                let panel = if part = 0 then strip.Panel else strip.PanelEnd
                let mutable b = panel.Start

                while b <> panel.Stop do
                    let b0 = 'L.Load b
                    let b1 = if 'C.Value > 1 then 'L.Load(b + register) else b0

                    let x = 'L.Broadcast a
                    c00 <- 'L.MultiplyAdd(x, b0, c00)

                    if 'C.Value > 1 then
                        c01 <- 'L.MultiplyAdd(x, b1, c01)

                    if 'R.Value > 1 then
                        let x = 'L.Broadcast(a + step1)
                        c10 <- 'L.MultiplyAdd(x, b0, c10)

                        if 'C.Value > 1 then
                            c11 <- 'L.MultiplyAdd(x, b1, c11)

                    if 'R.Value > 2 then
                        let x = 'L.Broadcast(a + step2)
                        c20 <- 'L.MultiplyAdd(x, b0, c20)

                        if 'C.Value > 1 then
                            c21 <- 'L.MultiplyAdd(x, b1, c21)

                    if 'R.Value > 3 then
                        let x = 'L.Broadcast(a + step3)
                        c30 <- 'L.MultiplyAdd(x, b0, c30)

                        if 'C.Value > 1 then
                            c31 <- 'L.MultiplyAdd(x, b1, c31)

                    if 'R.Value > 4 then
                        let x = 'L.Broadcast e
                        c40 <- 'L.MultiplyAdd(x, b0, c40)

                        if 'C.Value > 1 then
                            c41 <- 'L.MultiplyAdd(x, b1, c41)

                    if 'R.Value > 5 then
                        let x = 'L.Broadcast(e + step1)
                        c50 <- 'L.MultiplyAdd(x, b0, c50)

                        if 'C.Value > 1 then
                            c51 <- 'L.MultiplyAdd(x, b1, c51)

                    if 'R.Value > 6 then
                        let x = 'L.Broadcast(e + step2)
                        c60 <- 'L.MultiplyAdd(x, b0, c60)

                        if 'C.Value > 1 then
                            c61 <- 'L.MultiplyAdd(x, b1, c61)

                    if 'R.Value > 7 then
                        let x = 'L.Broadcast(e + step3)
                        c70 <- 'L.MultiplyAdd(x, b0, c70)

                        if 'C.Value > 1 then
                            c71 <- 'L.MultiplyAdd(x, b1, c71)

                    a <- a + innerStep
                    e <- e + innerStep
                    b <- b + panel.Step

            let into = if direct then target.Data else scratch
            let intoStep = if direct then target.RowStep else scratchStep

            let mutable row = into
            Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c00, strip.Accumulate)

            if 'C.Value > 1 then
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c01, strip.Accumulate)

            if 'R.Value > 1 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c10, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c11, strip.Accumulate)

            if 'R.Value > 2 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c20, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c21, strip.Accumulate)

            if 'R.Value > 3 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c30, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c31, strip.Accumulate)

            if 'R.Value > 4 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c40, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c41, strip.Accumulate)

            if 'R.Value > 5 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c50, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c51, strip.Accumulate)

            if 'R.Value > 6 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c60, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c61, strip.Accumulate)

            if 'R.Value > 7 then
                row <- row + intoStep
                Tile<'T, 'V, 'L, 'R, 'C>.Put(row, c70, strip.Accumulate)

                if 'C.Value > 1 then
                    Tile<'T, 'V, 'L, 'R, 'C>.Put(row + register, c71, strip.Accumulate)

            if not direct then
                TileEdge<'T, 'V, 'L>.Write(target, 'R.Value, strip.Columns, scratch, scratchStep)

            left <- left + strip.LeftTileStep

            target <- { target with Data = target.Data + nativeint 'R.Value * target.RowStep }

/// The tiles of one machine, chosen by height and width when the program runs.
[<AbstractClass; Sealed>]
type internal Tiles<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    static member private OfWidth<'C when 'C: struct and 'C :> ICount>
        (rows: int, strip: inref<Strip>)
        : unit =
        match rows with
        | 1 -> Tile<'T, 'V, 'L, Count1, 'C>.Run &strip
        | 2 -> Tile<'T, 'V, 'L, Count2, 'C>.Run &strip
        | 3 -> Tile<'T, 'V, 'L, Count3, 'C>.Run &strip
        | 4 -> Tile<'T, 'V, 'L, Count4, 'C>.Run &strip
        | 5 -> Tile<'T, 'V, 'L, Count5, 'C>.Run &strip
        | 6 -> Tile<'T, 'V, 'L, Count6, 'C>.Run &strip
        | 7 -> Tile<'T, 'V, 'L, Count7, 'C>.Run &strip
        | _ -> Tile<'T, 'V, 'L, Count8, 'C>.Run &strip

    /// Computes a strip of tiles with 1 to 8 rows, and two registers wide or one.
    static member Run(rows: int, wide: bool, strip: inref<Strip>) : unit =
        if wide then
            Tiles<'T, 'V, 'L>.OfWidth<Count2>(rows, &strip)
        else
            Tiles<'T, 'V, 'L>.OfWidth<Count1>(rows, &strip)
