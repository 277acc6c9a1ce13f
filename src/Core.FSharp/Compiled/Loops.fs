namespace Optim.Compiled

open Optim

/// What a loop does with a value of its body in every turn.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Effect =
    /// Writes it to memory.
    | Store of slot: int * at: Position * value: int
    /// Adds it to memory.
    | AddTo of slot: int * at: Position * value: int
    /// Adds it to the total that becomes a node of one element.
    | Total of node: int * value: int
    /// It is the value of a node of one element. Only outside of loops.
    | Define of node: int * value: int

/// Nested loops, the last one innermost, over Low[d] ≤ i[d] < Low[d] + Extents[d].
[<NoComparison; NoEquality>]
type internal Segment = {
    Low: int[]
    Extents: int[]
    Body: Body
    Effects: Effect list
}

/// Loops one after the other that together make some nodes of a graph, all of one element type.
[<NoComparison; NoEquality>]
type internal Loop = {
    DType: DType
    Segments: Segment list
    /// The nodes whose totals it makes.
    Totals: int list
}

/// The largest segment of a loop, cut into parts of equal size that threads compute side by side. Its first loop is over
/// the parts.
[<NoComparison; NoEquality>]
type internal Parts = {
    PartsType: DType
    Count: int
    Whole: Segment
    /// The nodes whose totals it makes: they are added to what is in memory.
    PartTotals: int list
}

/// Everything that happens in one stage, in order.
[<NoComparison; NoEquality>]
type internal Stage = {
    /// Nodes of one element, a list for each element type.
    Numbers: Segment list
    NumbersOf: DType list
    /// The nodes whose memory is zero before the loops.
    Cleared: int list
    Loops: Loop list
    Parts: Parts list
    Calls: int list
}

/// What becomes of a loop: a value in memory, a piece of one, or sums.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Root =
    | Value of node: int
    | Piece of node: int * piece: int
    | Sum of node: int
