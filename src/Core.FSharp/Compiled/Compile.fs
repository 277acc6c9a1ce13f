namespace Optim.Core

open System
open System.Threading
open Optim
open Optim.Compiled

/// A function of tensors that is recorded when it is first called with inputs of given shapes and element types, and
/// from then on runs as one compiled program of what it did. Any number of threads may call it.
/// The function must do the same operations for all inputs of the same shapes: what it captures is read once and kept, and
/// reading a number of a value that depends on the inputs is refused. Inside grad, vmap and the like it calls the
/// function itself, so derivatives are right but not compiled: compile the derivative instead, as in compile (grad f).
[<Sealed>]
type CompiledFunction internal (f: Tensor[] -> Tensor[]) =
    // As many combinations of shapes are kept; a caller with ever new shapes compiles again and again anyway.
    static let capacity = 32
    let mutable known: Specialization[] = [||]
    // The function is the caller's, who may lock it too.
    let changing = obj ()

    let remember (inputs: Tensor[]) (fresh: Specialization) : Specialization =
        // Another thread may have compiled the same meanwhile.
        let add () =
            match known |> Array.tryFind (fun one -> one.Fits inputs) with
            | Some there -> there
            | None ->
                let kept = known |> Array.truncate (capacity - 1)
                Volatile.Write(&known, Array.append [| fresh |] kept)
                fresh

        lock changing add

    let compile (inputs: Tensor[]) : Specialization =
        remember inputs (Specialization.Of(f, inputs))

    let find (inputs: Tensor[]) : Specialization =
        let all = Volatile.Read &known
        let i = all |> Array.tryFindIndex (fun one -> one.Fits inputs)

        match i with
        | Some i -> all[i]
        | None -> compile inputs

    /// The results for these inputs, one or more. The first call with inputs of new shapes or element types compiles.
    /// Errors: those of the function; InvalidOperationException when it reads a number of a value that depends on the inputs.
    member _.Invoke(inputs: Tensor[]) : Tensor[] =
        ArgumentNullException.ThrowIfNull inputs

        if inputs.Length = 0 then
            raise (ArgumentException("inputs has no tensor, expected one or more", nameof inputs))

        if inputs |> Array.exists (fun x -> x.Level > 0L) then
            f inputs
        else
            (find inputs).Run inputs

    /// The programs so far, one line each, the newest first: the shapes of the inputs, what it consists of, and how long
    /// compiling took. Empty before the first call.
    member _.Description: string =
        let line (one: Specialization) =
            let inputs =
                one.Inputs
                |> Array.map (fun struct (shape, dtype) -> $"{dtype} {shape}")
                |> String.concat ", "

            let milliseconds =
                one.Time.TotalMilliseconds.ToString(
                    "F1",
                    Globalization.CultureInfo.InvariantCulture
                )

            $"{inputs}: {one.Program.Description}; compiled in {milliseconds} ms"

        Volatile.Read &known |> Array.map line |> String.concat "\n"

    /// The time that compiling took so far, for all programs together.
    member _.CompileTime: TimeSpan =
        Volatile.Read &known |> Array.fold (fun sum one -> sum + one.Time) TimeSpan.Zero

/// Compiled functions of tensors: recorded once, simplified, and run as fused loops without levels, tapes or intermediate
/// tensors. The results differ from those of the function by rounding only. See CompiledFunction for what may be compiled.
module Compile =

    /// A function of many tensors with many results, compiled.
    let compileMany (f: Tensor[] -> Tensor[]) : CompiledFunction = CompiledFunction f

    /// f compiled: compile f, compile (grad f), compile (hessian f), compile (vmap f).
    let compile (f: Tensor -> Tensor) : Tensor -> Tensor =
        let compiled = compileMany (fun inputs -> [| f inputs[0] |])
        fun x -> compiled.Invoke([| x |])[0]

    /// A function of two tensors, compiled: compile2 (hvp f).
    let compile2 (f: Tensor -> Tensor -> Tensor) : Tensor -> Tensor -> Tensor =
        let compiled = compileMany (fun inputs -> [| f inputs[0] inputs[1] |])
        fun x v -> compiled.Invoke([| x; v |])[0]

    /// A function with two results, compiled: compilePair (valueAndGrad f), compilePair (gradAndHessian f).
    let compilePair (f: Tensor -> Tensor * Tensor) : Tensor -> Tensor * Tensor =
        let both (inputs: Tensor[]) =
            let a, b = f inputs[0]
            [| a; b |]

        let compiled = compileMany both

        fun x ->
            let results = compiled.Invoke [| x |]
            results[0], results[1]
