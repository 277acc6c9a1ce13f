namespace Optim.Compiled

open System
open Optim

/// The buffers of a plan, and the arrays of each step put together. Only what lies with the caller is filled in at a run.
[<Sealed>]
type internal ReplaySession(plan: Plan) =
    inherit Session()

    let nothing: Array = Array.zeroCreate<float> 0

    let buffers =
        plan.Buffers
        |> Array.map (fun struct (dtype, length) -> Arrays.create dtype length)

    let arrayOf (place: Place) : Array =
        match place with
        | Place.Input _
        | Place.Output _ -> nothing
        | Place.Buffer(index, _) -> buffers[index]
        | Place.Fixed(array, _) -> array

    let offsetOf (place: Place) : int =
        match place with
        | Place.Input(_, offset)
        | Place.Output(_, offset)
        | Place.Buffer(_, offset)
        | Place.Fixed(_, offset) -> offset

    let steps = plan.Steps
    let operands = steps |> Array.map (fun step -> step.Operands |> Array.map arrayOf)
    let offsets = steps |> Array.map (fun step -> step.Operands |> Array.map offsetOf)
    let results = steps |> Array.map (fun step -> arrayOf step.Result)

    // Which operands and results lie with the caller: step, operand, position.
    let operandsAt (choose: Place -> int voption) = [|
        for s in 0 .. steps.Length - 1 do
            for k in 0 .. steps[s].Operands.Length - 1 do
                match choose steps[s].Operands[k] with
                | ValueSome position -> struct (s, k, position)
                | ValueNone -> ()
    |]

    let inputPosition (place: Place) =
        match place with
        | Place.Input(position, _) -> ValueSome position
        | Place.Output _
        | Place.Buffer _
        | Place.Fixed _ -> ValueNone

    let outputPosition (place: Place) =
        match place with
        | Place.Output(position, _) -> ValueSome position
        | Place.Input _
        | Place.Buffer _
        | Place.Fixed _ -> ValueNone

    let fromInputs = operandsAt inputPosition
    let fromOutputs = operandsAt outputPosition

    let intoOutputs = [|
        for s in 0 .. steps.Length - 1 do
            match outputPosition steps[s].Result with
            | ValueSome position -> struct (s, position)
            | ValueNone -> ()
    |]

    // The arrays of the caller are not kept alive.
    let forget () =
        for struct (s, k, _) in fromInputs do
            operands[s][k] <- nothing

        for struct (s, k, _) in fromOutputs do
            operands[s][k] <- nothing

        for struct (s, _) in intoOutputs do
            results[s] <- nothing

    override _.Run(inputs, starts, outputs) =
        for struct (s, k, position) in fromInputs do
            operands[s][k] <- inputs[position]
            offsets[s][k] <- starts[position] + offsetOf steps[s].Operands[k]

        for struct (s, k, position) in fromOutputs do
            operands[s][k] <- outputs[position]

        for struct (s, position) in intoOutputs do
            results[s] <- outputs[position]

        for s in 0 .. steps.Length - 1 do
            steps[s].Call.Run(operands[s], offsets[s], results[s], offsetOf steps[s].Result)

        for struct (place, position, length) in plan.Copies do
            match place with
            | Place.Input(i, offset) ->
                Array.Copy(inputs[i], starts[i] + offset, outputs[position], 0, length)
            | Place.Output(i, offset) ->
                Array.Copy(outputs[i], offset, outputs[position], 0, length)
            | Place.Buffer(i, offset) ->
                Array.Copy(buffers[i], offset, outputs[position], 0, length)
            | Place.Fixed(array, offset) -> Array.Copy(array, offset, outputs[position], 0, length)

        forget ()

/// A graph as a row of calls into buffers that were planned once. On the managed engine.
[<Sealed>]
type internal ReplayProgram(graph: Graph) =
    inherit Program(graph)

    let plan = Plan.ofGraph graph

    override _.Description =
        let bytes =
            plan.Buffers |> Array.sumBy (fun struct (d, n) -> int64 d.Size * int64 n)

        $"{plan.Steps.Length} calls one after the other, {plan.Buffers.Length} buffers of {bytes} bytes"

    override _.NewSession() = ReplaySession plan
