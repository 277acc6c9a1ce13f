namespace Optim.Compiled

open System
open System.Threading
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Managed

/// One of the programs of a function of n numbers, compiled at the first use with the numbers at hand.
/// shapes: of its inputs, all Float64.
[<Sealed>]
type internal LazyProgram(shapes: Shape[], f: Tensor[] -> Tensor[]) =
    let mutable program: Program | null = null

    let compile (arrays: Array[]) : Program =
        let engine = ManagedEngine.Instance :> Engine
        use _ = engine.Detach()

        let inputs =
            Array.map2 (fun shape array -> engine.OfArray(shape, array)) shapes arrays

        Recorder.record f inputs |> Simplify.run |> Programs.ofGraph

    /// The program; arrays as for a run of it.
    member _.At(arrays: Array[]) : Program =
        match Volatile.Read &program with
        | null ->
            let fresh = compile arrays

            // Of threads that compile at the same time, the first one counts.
            match Interlocked.CompareExchange(&program, fresh, null) with
            | null -> fresh
            | first -> first
        | known -> known

    /// The program, if it was needed so far.
    member _.Known: Program | null = Volatile.Read &program

/// One user's session of a lazy program.
[<Sealed>]
type internal LazySession(program: LazyProgram) =
    let mutable session: Session | null = null
    let offsets = [| 0; 0 |]

    /// Runs the program.
    member _.Run(inputs: Array[], outputs: Array[]) : unit =
        match session with
        | null ->
            let fresh = (program.At inputs).NewSession()
            session <- fresh
            fresh.Run(inputs, offsets, outputs)
        | ready -> ready.Run(inputs, offsets, outputs)

/// The compiled programs of a function of n numbers: shared by all that compute with it.
[<Sealed>]
type internal DerivedPrograms(f: Tensor -> Tensor, n: int) =
    // A Hessian of at most this order is one program; larger ones are computed a block of rows at a time.
    static let largestWhole = 64
    static let block = 32

    let vector = Shape.Of n
    let rows = if n <= largestWhole then n else block

    let number (y: Tensor) : Tensor =
        if y.Length <> 1 then
            let message = $"the function's value has shape {y.Shape}, expected a single number"
            raise (ShapeException(message, "f"))

        y

    let value = LazyProgram([| vector |], (fun inputs -> [| number (f inputs[0]) |]))

    let valueAndGradient =
        let both (inputs: Tensor[]) =
            let y, gradient = valueAndGrad f inputs[0]
            [| y; gradient |]

        LazyProgram([| vector |], both)

    let product =
        LazyProgram([| vector; vector |], (fun inputs -> [| hvp f inputs[0] inputs[1] |]))

    let hessian =
        if rows = n then
            LazyProgram([| vector |], (fun inputs -> [| hessian f inputs[0] |]))
        else
            LazyProgram(
                [| vector; Shape.Of(rows, n) |],
                (fun inputs -> [| vmap (hvp f inputs[0]) inputs[1] |])
            )

    /// n.
    member _.Length: int = n

    /// How many rows of the Hessian one run of its program gives: n, or fewer.
    member _.HessianRows: int = rows

    /// x to f x.
    member _.Value: LazyProgram = value

    /// x to f x and the gradient.
    member _.ValueAndGradient: LazyProgram = valueAndGradient

    /// x, v to the Hessian at x times v.
    member _.Product: LazyProgram = product

    /// x to the Hessian at x; when it is computed by blocks, x and a matrix V to the rows of V times the Hessian.
    member _.Hessian: LazyProgram = hessian

/// A function of n numbers at arrays, by compiled programs.
[<Sealed>]
type internal DerivedArrays(programs: DerivedPrograms) =
    let n = programs.Length
    let rows = programs.HessianRows
    let value = LazySession programs.Value
    let valueAndGradient = LazySession programs.ValueAndGradient
    let product = LazySession programs.Product
    let hessian = LazySession programs.Hessian
    let number: float[] = Array.zeroCreate 1
    let one: Array[] = Array.zeroCreate 1
    let two: Array[] = Array.zeroCreate 2
    let oneOut: Array[] = Array.zeroCreate 1
    let twoOut: Array[] = Array.zeroCreate 2
    // Rows of the identity and their products, for a Hessian by blocks.
    let mutable directions: float[] = [||]
    let mutable products: float[] = [||]

    /// Storing into an array of arrays costs a look at its type; mostly the same array comes again.
    let put (into: Array[]) (i: int) (array: Array) : unit =
        if not (Object.ReferenceEquals(into[i], array)) then
            into[i] <- array

    let check (parameter: string) (expected: int) (values: float[]) : unit =
        if values.Length <> expected then
            let message = $"{parameter} has {values.Length} numbers, expected {expected}"
            raise (ArgumentException(message, parameter))

    let hessianByBlocks (x: float[]) (target: float[]) : unit =
        if directions.Length = 0 then
            directions <- Array.zeroCreate (rows * n)
            products <- Array.zeroCreate (rows * n)

        put two 0 x
        put two 1 directions
        put oneOut 0 products
        let mutable start = 0

        while start < n do
            // The last block begins early enough to be whole.
            let first = min start (n - rows)
            Array.Clear directions

            for i in 0 .. rows - 1 do
                directions[i * n + first + i] <- 1.0

            hessian.Run(two, oneOut)
            Array.Copy(products, 0, target, first * n, rows * n)
            start <- start + rows

    interface ArrayFunction with
        member _.Length = n

        member _.Value(x) =
            check (nameof x) n x
            put one 0 x
            put oneOut 0 number
            value.Run(one, oneOut)
            number[0]

        member _.ValueAndGradient(x, gradient) =
            check (nameof x) n x
            check (nameof gradient) n gradient
            put one 0 x
            put twoOut 0 number
            put twoOut 1 gradient
            valueAndGradient.Run(one, twoOut)
            number[0]

        member _.HessianProduct(x, v, result) =
            check (nameof x) n x
            check (nameof v) n v
            check "product" n result
            put two 0 x
            put two 1 v
            put oneOut 0 result
            product.Run(two, oneOut)

        member _.Hessian(x, target) =
            check (nameof x) n x
            check "hessian" (n * n) target

            if rows = n then
                put one 0 x
                put oneOut 0 target
                hessian.Run(one, oneOut)
            else
                hessianByBlocks x target

/// Functions of n numbers at arrays, from functions of tensors.
[<RequireQualifiedAccess>]
module internal Derived =

    /// f and its derivatives at arrays of n numbers, 1 or more, each compiled when it is first asked for. f: a vector (n)
    /// to one number. No calls allocate afterwards, apart from what Call says. For more threads make more of them, from
    /// the same programs.
    let arrays (f: Tensor -> Tensor) (n: int) : ArrayFunction = DerivedArrays(DerivedPrograms(f, n))
