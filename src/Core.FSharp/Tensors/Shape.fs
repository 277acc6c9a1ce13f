namespace Optim

open System
open System.Collections.Generic

/// The lengths of a tensor's axes, outermost first; () is a scalar. Immutable; equal when all lengths are equal.
[<Sealed>]
type Shape internal (dims: int[]) =
    let length =
        let mutable total = 1

        for n in dims do
            total <- Checked.(*) total n

        total

    let mutable tail: Shape | null = null

    static let scalar = Shape [||]

    /// The shape with these axis lengths, each 0 or more.
    static member Of([<ParamArray>] lengths: int[]) : Shape =
        ArgumentNullException.ThrowIfNull lengths

        for n in lengths do
            if n < 0 then
                raise (
                    ShapeException($"an axis has length {n}, expected 0 or more", nameof lengths)
                )

        if lengths.Length = 0 then
            scalar
        else
            Shape(Array.copy lengths)

    /// The shape of a single number: no axes, one element.
    static member Scalar: Shape = scalar

    /// The shape itself as an array that nobody may change.
    member internal _.Dims: int[] = dims

    /// The shape without its first axis; worked out once, because vmap asks for it at each operation.
    member internal _.Tail: Shape =
        match tail with
        | null ->
            let shape = Shape dims[1..]
            tail <- shape
            shape
        | shape -> shape

    /// The number of axes.
    member _.Rank: int = dims.Length

    /// The number of elements: the product of all lengths.
    member _.Length: int = length

    /// The length of one axis, counted from 0.
    member _.Item
        with get (axis: int): int = dims[axis]

    /// A fresh array of the lengths.
    member _.ToArray() : int[] = Array.copy dims

    /// "(3, 4)"; a scalar is "()".
    override _.ToString() =
        let inside = String.Join(", ", dims)
        $"({inside})"

    /// Equality of all lengths.
    override this.Equals(other: obj | null) =
        match other with
        | :? Shape as s -> this.SameAs s
        | _ -> false

    /// A hash of the lengths.
    override _.GetHashCode() =
        let mutable hash = HashCode()

        for n in dims do
            hash.Add n

        hash.ToHashCode()

    /// Whether the other shape has the same lengths.
    member internal this.SameAs(other: Shape) : bool =
        Object.ReferenceEquals(this, other) || dims.AsSpan().SequenceEqual(other.Dims)

    interface IEquatable<Shape> with
        member this.Equals(other: Shape | null) =
            match other with
            | null -> false
            | s -> this.SameAs s

    interface IReadOnlyList<int> with
        member _.Count = dims.Length

        member _.Item
            with get (axis: int) = dims[axis]

        member _.GetEnumerator() : IEnumerator<int> =
            (dims :> IEnumerable<int>).GetEnumerator()

        member _.GetEnumerator() : System.Collections.IEnumerator =
            (dims :> System.Collections.IEnumerable).GetEnumerator()

/// Calculations with shapes that several rooms share.
[<RequireQualifiedAccess>]
module internal Shape =

    /// The shape to which both broadcast, by NumPy's rule: aligned at the last axis, 1 stretches.
    let broadcast (operation: string) (a: Shape) (b: Shape) : Shape =
        if a.SameAs b then
            a
        else
            let da, db = a.Dims, b.Dims
            let rank = max da.Length db.Length

            let at (d: int[]) i =
                if i < rank - d.Length then 1 else d[i - rank + d.Length]

            let pick i =
                match at da i, at db i with
                | n, m when n = m -> n
                | 1, m -> m
                | n, 1 -> n
                | _ ->
                    raise (
                        ShapeException(
                            $"{operation}: shapes {a} and {b} do not broadcast together",
                            "b"
                        )
                    )

            let dims = Array.init rank pick

            if dims.AsSpan().SequenceEqual da then a
            elif dims.AsSpan().SequenceEqual db then b
            else Shape dims

    /// The axis counted from 0, where −1 means the last.
    let axis (operation: string) (shape: Shape) (axis: int) : int =
        let positive = if axis < 0 then axis + shape.Rank else axis

        if positive < 0 || positive >= shape.Rank then
            raise (
                ShapeException(
                    $"{operation}: axis {axis} does not exist in shape {shape}",
                    nameof axis
                )
            )

        positive

    /// Distinct axes, counted from 0 and ascending; an empty array of axes means all.
    let axes (operation: string) (shape: Shape) (wanted: int[]) : int[] =
        if wanted.Length = 0 then
            Array.init shape.Rank id
        else
            let sorted = wanted |> Array.map (axis operation shape) |> Array.sort

            for i in 1 .. sorted.Length - 1 do
                if sorted[i] = sorted[i - 1] then
                    raise (ShapeException($"{operation}: axis {sorted[i]} is named twice", "axes"))

            sorted

    /// The shape with the axes (ascending) set to length 1 when kept, else left out.
    let reduced (axes: int[]) (keep: bool) (shape: Shape) : Shape =
        let inside i = Array.BinarySearch(axes, i) >= 0

        if not keep && axes.Length = shape.Rank then
            Shape.Scalar
        elif keep then
            Shape(Array.mapi (fun i n -> if inside i then 1 else n) shape.Dims)
        else
            Shape [|
                for i in 0 .. shape.Rank - 1 do
                    if not (inside i) then
                        shape.Dims[i]
            |]

    /// The shape with an axis of this length put in front of axis `at`.
    let insert (at: int) (length: int) (shape: Shape) : Shape =
        Shape(Array.insertAt at length shape.Dims)

    /// The shape without its first axis.
    let tail (shape: Shape) : Shape = shape.Tail

    /// Row-major strides, in elements.
    let strides (shape: Shape) : int[] =
        let s = Array.zeroCreate shape.Rank
        let mutable step = 1

        for i in shape.Rank - 1 .. -1 .. 0 do
            s[i] <- step
            step <- step * shape.Dims[i]

        s
