namespace Optim.Laws

open System
open Optim

/// A tensor as the laws see it: numbers in row-major order. Float32 numbers are representable in Float32, Int64 numbers
/// are whole and below 2⁵³, truth values are 0 and 1.
[<NoComparison; NoEquality>]
type internal Plain = { Type: DType; Dims: int[]; Numbers: float[] }

/// Slow and obvious arithmetic on positions: the laws' own truth, apart from any engine.
[<RequireQualifiedAccess>]
module internal Plain =

    let length (dims: int[]) : int = Array.fold (*) 1 dims

    /// The multi-index of a flat position.
    let unravel (dims: int[]) (position: int) : int[] =
        let index = Array.zeroCreate dims.Length
        let mutable rest = position

        for axis in dims.Length - 1 .. -1 .. 0 do
            index[axis] <- rest % dims[axis]
            rest <- rest / dims[axis]

        index

    /// The flat position of a multi-index.
    let ravel (dims: int[]) (index: int[]) : int =
        Array.fold2 (fun total n i -> total * n + i) 0 dims index

    /// The multi-indices of a shape in row-major order.
    let indices (dims: int[]) : int[][] = Array.init (length dims) (unravel dims)

    /// The position in an operand of shape `part` that meets a multi-index of the broadcast shape.
    let met (part: int[]) (index: int[]) : int =
        let skipped = index.Length - part.Length

        part
        |> Array.mapi (fun axis n -> if n = 1 then 0 else index[axis + skipped])
        |> ravel part

    /// The shape to which shapes broadcast that do.
    let broadcast (a: int[]) (b: int[]) : int[] =
        let rank = max a.Length b.Length

        let at (dims: int[]) (axis: int) =
            if axis < rank - dims.Length then
                1
            else
                dims[axis - rank + dims.Length]

        Array.init rank (fun axis -> if at a axis = 1 then at b axis else at a axis)

    /// A number as the element type holds it.
    let round (dtype: DType) (x: float) : float =
        match dtype with
        | DType.Float32 -> float (float32 x)
        | DType.Float64
        | DType.Int64
        | DType.Bool -> x

    let create (dtype: DType) (dims: int[]) (numbers: float[]) : Plain = {
        Type = dtype
        Dims = dims
        Numbers = numbers
    }

    /// The tensor of this shape whose number at each multi-index is given.
    let init (dtype: DType) (dims: int[]) (number: int[] -> float) : Plain =
        create dtype dims (indices dims |> Array.map number)

    /// The array that an engine takes.
    let toArray (x: Plain) : Array =
        match x.Type with
        | DType.Float64 -> Array.copy x.Numbers
        | DType.Float32 -> Array.map float32 x.Numbers
        | DType.Int64 -> Array.map int64 x.Numbers
        | DType.Bool -> Array.map (fun v -> v <> 0.0) x.Numbers

    let private ofArray (values: Array) : float[] =
        match values with
        | :? (float[]) as v -> v
        | :? (float32[]) as v -> Array.map float v
        | :? (int64[]) as v -> Array.map float v
        | :? (bool[]) as v -> Array.map (fun b -> if b then 1.0 else 0.0) v
        | other -> invalidOp $"an engine gave an array of type {other.GetType()}"

    /// What a tensor of the engine holds.
    let ofTensor (engine: Engine) (x: Tensor) : Plain = {
        Type = x.DType
        Dims = x.Shape.ToArray()
        Numbers = ofArray (engine.ToArray x)
    }

    /// The tensor of an engine with these numbers.
    let toTensor (engine: Engine) (x: Plain) : Tensor =
        engine.OfArray(Shape.Of x.Dims, toArray x)

    /// "Float64 (2, 3)".
    let text (x: Plain) : string = $"{x.Type} {Shape.Of x.Dims}"

    let private bits (x: float) : int64 =
        if Double.IsNaN x then
            -1L
        else
            BitConverter.DoubleToInt64Bits x

    /// Whether two numbers are the same, with the sign of zero; NaN is NaN.
    let isSame (a: float) (b: float) : bool = bits a = bits b

    /// "[1, 0, 2]".
    let place (dims: int[]) (position: int) : string =
        let inside = unravel dims position |> Array.map string |> String.concat ", "
        $"[{inside}]"

    /// How many elements of how many, in words; nothing for one of one.
    let share (count: int) (all: int) : string =
        if all = 1 then
            ""
        else
            $" ({count} of {all} elements are wrong)"

    /// The first difference in type, shape or any bit, in words.
    let difference (expected: Plain) (actual: Plain) : string voption =
        if expected.Type <> actual.Type || expected.Dims <> actual.Dims then
            ValueSome $"it is {text actual}, expected {text expected}"
        else
            let wrong = [|
                for i in 0 .. expected.Numbers.Length - 1 do
                    if not (isSame expected.Numbers[i] actual.Numbers[i]) then
                        i
            |]

            if wrong.Length = 0 then
                ValueNone
            else
                let i = wrong[0]
                let seen, right = actual.Numbers[i], expected.Numbers[i]
                let share = share wrong.Length expected.Numbers.Length
                ValueSome $"element {place expected.Dims i} is {seen:R}, expected {right:R}{share}"
