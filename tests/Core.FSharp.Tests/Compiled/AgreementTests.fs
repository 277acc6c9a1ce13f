module Optim.CoreTests.AgreementTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Compiled
open Optim.Core
open Optim.Core.Derivatives
open Optim.CoreTests.RandomFunctions
open Optim.CoreTests.Rounding

// Two right programs may differ by so many times the bound of a running error analysis.
let private factor = 8.0

let private run (program: Program) (inputs: Tensor[]) : float[][] =
    let graph = program.Graph
    let session = program.NewSession()
    let arrays = inputs |> Array.map (fun x -> x.Engine.ToArray x)

    let outputs =
        graph.Outputs
        |> Array.map (fun node ->
            Arrays.create graph.Nodes[node].DType graph.Nodes[node].Shape.Length
        )

    let behind (offset: int) (x: Tensor) (values: Array) : Array =
        let longer = Arrays.create x.DType (offset + values.Length)
        Array.Copy(values, 0, longer, offset, values.Length)
        longer

    // The second run must not depend on what the first left in the buffers, nor on where its inputs began.
    for turn in 0..1 do
        for output in outputs do
            Array.Clear output

        let offsets = arrays |> Array.mapi (fun k _ -> turn * (2 * k + 3))
        session.Run(Array.map3 behind offsets inputs arrays, offsets, outputs)

    Array.map2
        (fun node (values: Array) ->
            graph.Engine.OfArray(graph.Nodes[node].Shape, values).ToArray()
        )
        graph.Outputs
        outputs

let private compareWith
    (name: string)
    (text: string)
    (epsilon: float)
    (expected: (Tensor * Tensor)[])
    (actual: float[][])
    : unit =
    for k in 0 .. expected.Length - 1 do
        let value, bound = expected[k]
        let values, bounds = value.ToArray(), bound.ToArray()

        for i in 0 .. values.Length - 1 do
            let e, a = values[i], actual[k][i]
            let isSame = e = a || Double.IsNaN e && Double.IsNaN a

            if not isSame && not (abs (e - a) <= factor * epsilon * bounds[i]) then
                failtestf
                    "%s: output %d, element %d is %.17g, expected %.17g within %.3g\n%s"
                    name
                    k
                    i
                    a
                    e
                    (factor * epsilon * bounds[i])
                    text

// What a recorded graph becomes, under a name for messages.
let private replayed (raw: Graph) : (string * Program) list = [
    "replayed as recorded", Programs.replay raw
    "replayed", Programs.replay (Simplify.run raw)
]

let private compiled (raw: Graph) : (string * Program) list = [
    "compiled", Programs.ofGraph (Simplify.run raw)
]

/// Compares programs of f, recorded at one point, with f itself at another one.
/// False: f's choices hang on rounding, so nothing was compared.
let private agrees
    (programs: Graph -> (string * Program) list)
    (f: Tensor[] -> Tensor[])
    (recorded: Tensor[])
    (at: Tensor[])
    : bool =
    let expected, isOpen = Bounded.Run(f, at)

    if not isOpen then
        for name, program in programs (Recorder.record f recorded) do
            let text = Graph.text program.Graph
            compareWith name text at[0].DType.Epsilon expected (run program at)

    not isOpen

let private cases = 1000

// A function of a recipe, and its inputs from a seed.
let private property
    (programs: Graph -> (string * Program) list)
    (name: string)
    (f: Recipe -> Tensor[] -> Tensor[])
    (inputs: Recipe -> int -> Tensor[])
    : Test =
    testCase
        name
        (fun () ->
            let mutable compared = 0

            let check (recipe: Recipe) =
                let inputs = inputs recipe

                if agrees programs (f recipe) (inputs (recipe.Seed + 1)) (inputs recipe.Seed) then
                    compared <- compared + 1

            Check.One(
                Config.QuickThrowOnFailure
                    .WithMaxTest(cases)
                    .WithReplay(Some { Rnd = Rnd(20261124UL, 3UL); Size = None }),
                Prop.forAll recipes check
            )

            Expect.isGreaterThan compared (cases / 2) "most cases are compared"
        )

let private point (recipe: Recipe) (seed: int) : Tensor =
    numbers seed [ recipe.Length ] recipe.IsSingle

let private batch (recipe: Recipe) (seed: int) : Tensor =
    numbers seed [ 3; recipe.Length ] recipe.IsSingle

let private valueAndGradient (recipe: Recipe) (x: Tensor[]) : Tensor[] =
    let y, gradient = valueAndGrad (total recipe) x[0]
    [| y; gradient |]

let private product (recipe: Recipe) (x: Tensor[]) : Tensor[] = [| hvp (total recipe) x[0] x[1] |]

let private batched (recipe: Recipe) (x: Tensor[]) : Tensor[] = [|
    vmap (total recipe) x[0]
    vmap (grad (total recipe)) x[0]
|]

let private properties (programs: Graph -> (string * Program) list) : Test list = [
    property
        programs
        "values"
        (fun recipe x -> values recipe x[0])
        (fun recipe seed -> [| point recipe seed |])
    property
        programs
        "values and gradients"
        valueAndGradient
        (fun recipe seed -> [| point recipe seed |])
    property
        programs
        "Hessian products"
        product
        (fun recipe seed -> [| point recipe seed; point recipe (seed + 5) |])
    property programs "batches" batched (fun recipe seed -> [| batch recipe seed |])
]

[<Tests>]
let agreement =
    testList "Programs agree with eager functions" [
        testList "call by call" (properties replayed)
        testList "compiled" (properties compiled)
    ]
