namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door

open System.Runtime.CompilerServices
open Microsoft.FSharp.NativeInterop

/// Rows of full registers. All in bytes.
[<Struct; NoComparison; NoEquality>]
type internal Panel = {
    Start: nativeint
    /// From one row to the next.
    Step: nativeint
    /// The address one step after the last row.
    Stop: nativeint
}

module internal Panel =
    /// So many rows from an address on.
    let create (start: nativeint) (step: nativeint) (rows: int) : Panel = {
        Start = start
        Step = step
        Stop = start + nativeint rows * step
    }

/// Register tiles of one size below each other: what one call of a kernel computes.
/// Target (rows, columns) = Left (rows, inner) Panel (inner, columns), or += when it accumulates.
[<Struct; NoComparison; NoEquality>]
type internal Strip = {
    /// How many tiles.
    Tiles: int
    /// Its elements are read one by one and spread over the lanes.
    Left: MatrixView
    /// Bytes from the left rows of one tile to those of the next.
    LeftTileStep: nativeint
    /// Full registers of the right matrix, for the first terms of each sum.
    Panel: Panel
    /// The same for the last terms, where the matrix ends too early to be read by registers; or no rows.
    PanelEnd: Panel
    /// Where the result goes.
    Target: MatrixView
    /// Columns of the target that exist: at most the tile's, which is padded.
    Columns: int
    /// Whether the target's old elements are added.
    Accumulate: bool
}

/// Moves the existing part of a padded tile between scratch memory and a target that full registers cannot be stored to:
/// too narrow, or written with rows and columns exchanged.
[<AbstractClass; Sealed>]
type internal TileEdge<'T, 'V, 'L
    when 'T: unmanaged and 'V: struct and 'L: struct and 'L :> ILanes<'T, 'V>> =

    [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
    static member private Copy(source: nativeint, target: nativeint) : unit =
        NativePtr.write
            (NativePtr.ofNativeInt<'T> target)
            (NativePtr.read (NativePtr.ofNativeInt<'T> source))

    /// scratch := target.
    static member Read
        (target: MatrixView, rows: int, columns: int, scratch: nativeint, scratchStep: nativeint)
        : unit =
        for i in 0 .. rows - 1 do
            let mutable source = target.Data + nativeint i * target.RowStep
            let mutable into = scratch + nativeint i * scratchStep

            for _ in 1..columns do
                TileEdge<'T, 'V, 'L>.Copy(source, into)
                source <- source + target.ColumnStep
                into <- into + nativeint sizeof<'T>

    static member private WriteRows
        (target: MatrixView, rows: int, columns: int, scratch: nativeint, scratchStep: nativeint)
        : unit =
        let size = nativeint sizeof<'T>
        let register = nativeint 'L.Width * size
        let existing = nativeint columns * size
        let mutable into = target.Data
        let mutable source = scratch

        for _ in 1..rows do
            let mutable at = 0n

            while at + register <= existing do
                'L.Store(into + at, 'L.Load(source + at))
                at <- at + register

            while at < existing do
                TileEdge<'T, 'V, 'L>.Copy(source + at, into + at)
                at <- at + size

            into <- into + target.RowStep
            source <- source + scratchStep

    /// target := scratch.
    static member Write
        (target: MatrixView, rows: int, columns: int, scratch: nativeint, scratchStep: nativeint)
        : unit =
        if target.ColumnStep = nativeint sizeof<'T> then
            TileEdge<'T, 'V, 'L>.WriteRows(target, rows, columns, scratch, scratchStep)
        else
            for j in 0 .. columns - 1 do
                let mutable source = scratch + nativeint (j * sizeof<'T>)
                let mutable into = target.Data + nativeint j * target.ColumnStep

                for _ in 1..rows do
                    TileEdge<'T, 'V, 'L>.Copy(source, into)
                    source <- source + scratchStep
                    into <- into + target.RowStep
