namespace Optim.Laws

open Optim

/// How a tensor came to its memory: as it is, or as a view of another tensor of the same engine.
[<RequireQualifiedAccess>]
type internal Arrangement =
    /// From an array.
    | Fresh
    /// The last two axes of another tensor exchanged; two axes or more.
    | Transposed
    /// The inside of a tensor that is longer by two along each axis; one axis or more.
    | Inside
    /// Every second position of the first axis; one axis or more.
    | Stepped
    /// The last axis from its end; one axis or more.
    | Reversed
    /// A tensor with length 1 on the first axis, stretched; one axis or more, along which all numbers are equal.
    | Stretched
    /// A flat tensor in another shape.
    | Reshaped
    /// The columns of a matrix, one after the other, in another shape.
    | Reordered

    /// The name of the case alone.
    override arrangement.ToString() =
        match arrangement with
        | Arrangement.Fresh -> "fresh"
        | Arrangement.Transposed -> "transposed"
        | Arrangement.Inside -> "sliced from a larger one"
        | Arrangement.Stepped -> "every second row of another"
        | Arrangement.Reversed -> "reversed along its last axis"
        | Arrangement.Stretched -> "expanded along its first axis"
        | Arrangement.Reshaped -> "reshaped"
        | Arrangement.Reordered -> "transposed and reshaped"

/// Numbers and how they are to lie.
[<NoComparison; NoEquality>]
type internal Operand = { Plain: Plain; Arrangement: Arrangement }

/// Operands on an engine.
[<RequireQualifiedAccess>]
module internal Operand =

    let fresh (plain: Plain) : Operand = { Plain = plain; Arrangement = Arrangement.Fresh }

    let whole (n: int) : AxisRange = { Start = 0; Step = 1; Count = n }

    /// What lies between the elements of a view: never a right answer.
    let private filler (dtype: DType) : float =
        match dtype with
        | DType.Float64
        | DType.Float32 -> -777.25
        | DType.Int64 -> -777.0
        | DType.Bool -> 1.0

    /// A tensor in which the numbers lie at the ranges, among fillers.
    let private among (dims: int[]) (ranges: AxisRange[]) (x: Plain) : Plain =
        let numbers = Array.create (Plain.length dims) (filler x.Type)

        Plain.indices x.Dims
        |> Array.iteri (fun i index ->
            let at = Array.map2 (fun r k -> r.Start + k * r.Step) ranges index
            numbers[Plain.ravel dims at] <- x.Numbers[i]
        )

        Plain.create x.Type dims numbers

    let private sliced (engine: Engine) (dims: int[]) (ranges: AxisRange[]) (x: Plain) : Tensor =
        engine.Slice(ranges, Plain.toTensor engine (among dims ranges x))

    let private exchanged (axes: int[]) (x: Plain) : Plain =
        let dims = axes |> Array.map (fun axis -> x.Dims[axis])

        Plain.init
            x.Type
            dims
            (fun index ->
                let back = Array.zeroCreate axes.Length
                axes |> Array.iteri (fun i axis -> back[axis] <- index[i])
                x.Numbers[Plain.ravel x.Dims back]
            )

    /// The first divisor of n above 1, or 1.
    let private rows (n: int) : int =
        seq { 2 .. n / 2 } |> Seq.tryFind (fun d -> n % d = 0) |> Option.defaultValue 1

    /// The tensor with these numbers.
    let on (engine: Engine) (operand: Operand) : Tensor =
        let x = operand.Plain
        let rank = x.Dims.Length
        let shape = Shape.Of x.Dims

        match operand.Arrangement with
        | Arrangement.Fresh -> Plain.toTensor engine x
        | Arrangement.Transposed ->
            let axes =
                Array.init
                    rank
                    (fun i ->
                        if i = rank - 1 then rank - 2
                        elif i = rank - 2 then rank - 1
                        else i
                    )

            engine.Permute(axes, Plain.toTensor engine (exchanged axes x))
        | Arrangement.Inside ->
            let ranges = x.Dims |> Array.map (fun n -> { Start = 1; Step = 1; Count = n })
            sliced engine (x.Dims |> Array.map (fun n -> n + 2)) ranges x
        | Arrangement.Stepped ->
            let ranges = Array.map whole x.Dims
            ranges[0] <- { ranges[0] with Step = 2 }
            sliced engine (Array.updateAt 0 (2 * x.Dims[0]) x.Dims) ranges x
        | Arrangement.Reversed ->
            let ranges = Array.map whole x.Dims
            let n = x.Dims[rank - 1]
            ranges[rank - 1] <- { Start = max 0 (n - 1); Step = -1; Count = n }
            sliced engine x.Dims ranges x
        | Arrangement.Stretched ->
            let dims = Array.updateAt 0 1 x.Dims
            let first = Plain.create x.Type dims (Array.truncate (Plain.length dims) x.Numbers)

            if x.Dims[0] = 0 then
                Plain.toTensor engine x
            else
                engine.Expand(shape, Plain.toTensor engine first)
        | Arrangement.Reshaped ->
            let flat = Plain.create x.Type [| x.Numbers.Length |] x.Numbers
            engine.Reshape(shape, Plain.toTensor engine flat)
        | Arrangement.Reordered ->
            let m = rows x.Numbers.Length
            let n = if m = 0 then 0 else x.Numbers.Length / max 1 m
            let matrix = Plain.create x.Type [| m; n |] x.Numbers

            let turned =
                engine.Permute([| 1; 0 |], Plain.toTensor engine (exchanged [| 1; 0 |] matrix))

            engine.Reshape(shape, turned)

    /// "Float64 (2, 3) transposed".
    let text (operand: Operand) : string =
        $"{Plain.text operand.Plain} {operand.Arrangement}"
