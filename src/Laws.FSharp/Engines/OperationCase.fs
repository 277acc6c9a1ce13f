namespace Optim.Laws

open Optim

/// One call of one operation, with what is known of its result.
[<NoComparison; NoEquality>]
type internal OperationCase = {
    /// The operation with its parameters, as printed.
    Call: string
    Operands: Operand list
    Run: Engine -> Tensor list -> Tensor
    /// What is wrong with a result.
    Judge: Plain -> string voption
}

/// Calls of operations.
[<RequireQualifiedAccess>]
module internal OperationCase =

    /// A call whose result is known number by number.
    let ofTruth
        (call: string)
        (operands: Operand list)
        (run: Engine -> Tensor list -> Tensor)
        (closeness: int -> Closeness)
        (inputs: int -> string)
        (truth: Plain)
        : OperationCase = {
        Call = call
        Operands = operands
        Run = run
        Judge = Closeness.complaint truth closeness inputs
    }

    /// A call whose result is a rearrangement or an exact sum of numbers.
    let ofExact
        (call: string)
        (operands: Operand list)
        (run: Engine -> Tensor list -> Tensor)
        (truth: Plain)
        : OperationCase =
        ofTruth call operands run (fun _ -> Closeness.Equal) (fun _ -> "") truth

    /// "Add of Float64 (2, 3) fresh and Float64 (3) reversed along its last axis".
    let text (case: OperationCase) : string =
        let operands = case.Operands |> List.map Operand.text |> String.concat " and "

        if case.Operands.IsEmpty then
            case.Call
        else
            $"{case.Call} of {operands}"

    /// What is wrong with the engine's answer. The operands lie on the engine before.
    let examine (engine: Engine) (case: OperationCase) : string voption =
        let inputs = case.Operands |> List.map (Operand.on engine)

        let misplaced =
            List.zip case.Operands inputs
            |> Law.tryFirst (fun (operand, x) ->
                Plain.difference operand.Plain (Plain.ofTensor engine x)
                |> ValueOption.map (fun difference ->
                    $"the operand, {Operand.text operand}, is wrong before the call: {difference}"
                )
            )

        match misplaced with
        | ValueSome complaint -> ValueSome complaint
        | ValueNone -> case.Judge(Plain.ofTensor engine (case.Run engine inputs))

    /// The answer's numbers.
    let answer (engine: Engine) (case: OperationCase) : Plain =
        case.Operands
        |> List.map (Operand.on engine)
        |> case.Run engine
        |> Plain.ofTensor engine
