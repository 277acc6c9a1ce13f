namespace Optim.Compiled

open System
open System.Collections.Generic
open Optim

/// A position that is linear in the counters i of nested loops: Base + Σ Coefficients[d] i[d].
type internal Position = { Base: int; Coefficients: int[] }

/// Calculations with positions.
[<RequireQualifiedAccess>]
module internal Position =

    /// The same place in every turn of `loops` loops.
    let constant (loops: int) (at: int) : Position = {
        Base = at
        Coefficients = Array.zeroCreate loops
    }

    /// The counter of one loop.
    let counter (loops: int) (loop: int) : Position = {
        Base = 0
        Coefficients = Array.init loops (fun d -> if d = loop then 1 else 0)
    }

    /// start + step · position.
    let affine (start: int) (step: int) (position: Position) : Position = {
        Base = start + step * position.Base
        Coefficients = position.Coefficients |> Array.map (fun c -> step * c)
    }

    /// The sum of both.
    let add (a: Position) (b: Position) : Position = {
        Base = a.Base + b.Base
        Coefficients = Array.map2 (+) a.Coefficients b.Coefficients
    }

    /// The place in memory, row by row, of the element at these positions along the axes of a shape.
    let inMemory (loops: int) (shape: Shape) (positions: Position[]) : Position =
        Array.map2 (affine 0) (Shape.strides shape) positions
        |> Array.fold add (constant loops 0)

/// What one step of a loop's body does.
[<RequireQualifiedAccess; NoComparison>]
type internal Instruction =
    /// A number, as its bits, so that −0 and NaN are told apart.
    | Number of bits: int64
    /// An element of the memory of a slot.
    | Load of slot: int * at: Position
    /// As Load, from truth values.
    | LoadTruth of slot: int * at: Position
    /// The value of a graph's node of one element that was computed before the loop.
    | Scalar of node: int
    | Unary of Unary
    | Binary of Binary
    | Or
    | And
    | Compare of Comparison
    | Where
    | TruthAsNumber

/// One value inside a loop's body.
[<NoComparison; NoEquality>]
type internal Expression = {
    Instruction: Instruction
    /// Earlier expressions of the same body.
    Arguments: int[]
    /// Bit d is set when the value varies with the counter of loop d.
    Varies: int
}

/// The expressions of one loop's body, each kept once.
[<Sealed>]
type internal Body() =
    let all = List<Expression>()
    let known = Dictionary<struct (Instruction * int[]), int>(HashIdentity.Structural)

    /// In an order in which they can be computed.
    member _.All: IReadOnlyList<Expression> = all

    /// The expression with this instruction and arguments.
    member _.Add(instruction: Instruction, arguments: int[]) : int =
        let key = struct (instruction, arguments)

        match known.TryGetValue key with
        | true, index -> index
        | false, _ ->
            let own =
                match instruction with
                | Instruction.Load(_, at)
                | Instruction.LoadTruth(_, at) ->
                    at.Coefficients
                    |> Array.mapi (fun d c -> if c <> 0 then 1 <<< d else 0)
                    |> Array.fold (|||) 0
                | _ -> 0

            all.Add {
                Instruction = instruction
                Arguments = arguments
                Varies = arguments |> Array.fold (fun mask i -> mask ||| all[i].Varies) own
            }

            known[key] <- all.Count - 1
            all.Count - 1

    /// A number.
    member body.Number(value: float) : int =
        body.Add(Instruction.Number(BitConverter.DoubleToInt64Bits value), [||])
