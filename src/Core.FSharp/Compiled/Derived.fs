namespace Optim.Compiled

open System
open System.Threading
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Managed
open Optim.Transforms

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
    let mutable forThree: ThreeArrays | null = null
    let offsets = [| 0; 0 |]

    /// As Session.ForThree, once there is a session.
    member _.ForThree: ThreeArrays | null = forThree

    /// Runs the program.
    member _.Run(inputs: Array[], outputs: Array[]) : unit =
        match session with
        | null ->
            let fresh = (program.At inputs).NewSession()
            session <- fresh
            forThree <- fresh.ForThree
            fresh.Run(inputs, offsets, outputs)
        | ready -> ready.Run(inputs, offsets, outputs)

/// How a Hessian is computed: a number of rows at a time, by a program. With all rows at once its only input is x;
/// otherwise x and a matrix V, and it gives V times the Hessian.
[<Sealed>]
type internal HessianProgram(rows: int, program: LazyProgram) =
    /// How many rows one run gives.
    member _.Rows: int = rows

    /// The program.
    member _.Program: LazyProgram = program

/// The compiled programs of a function of n numbers: shared by all that compute with it.
[<Sealed>]
type internal DerivedPrograms(f: Tensor -> Tensor, n: int) =
    let vector = Shape.Of n

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

    let products (inputs: Tensor[]) (directions: Tensor) : Tensor[] = [|
        vmap (hvp f inputs[0]) directions
    |]

    // As many rows at a time as eager Hessians take, in blocks of about the same size.
    let planHessian (x: float[]) : HessianProgram =
        let gradient =
            Recorder.record (fun inputs -> [| grad f inputs[0] |]) [| Tensor.ofArray x |]

        let largest =
            gradient.Nodes |> Array.fold (fun most node -> max most node.Shape.Length) 1

        let size = Chunks.size largest
        let blocks = (n + size - 1) / size
        let rows = (n + blocks - 1) / blocks

        let program =
            if blocks = 1 then
                LazyProgram([| vector |], (fun inputs -> products inputs (Tensor.identity n)))
            else
                let shapes = [| vector; Shape.Of(rows, n) |]
                LazyProgram(shapes, (fun inputs -> products inputs inputs[1]))

        HessianProgram(rows, program)

    let mutable hessian: HessianProgram | null = null

    /// n.
    member _.Length: int = n

    /// x to f x.
    member _.Value: LazyProgram = value

    /// x to f x and the gradient.
    member _.ValueAndGradient: LazyProgram = valueAndGradient

    /// x, v to the Hessian at x times v.
    member _.Product: LazyProgram = product

    /// The program for Hessians, planned at the first use with the point at hand.
    member _.Hessian(x: float[]) : HessianProgram =
        match Volatile.Read &hessian with
        | null ->
            let fresh = planHessian x

            match Interlocked.CompareExchange(&hessian, fresh, null) with
            | null -> fresh
            | first -> first
        | known -> known

/// One user's buffers for Hessians: rows of the identity and their products, when it takes several blocks.
[<Sealed>]
type internal HessianSession(hessian: HessianProgram, n: int) =
    let rows = hessian.Rows
    let session = LazySession hessian.Program
    let length = if rows = n then 0 else rows * n
    let directions: float[] = Array.zeroCreate length
    let products: float[] = Array.zeroCreate length
    let one: Array[] = Array.zeroCreate 1
    let two: Array[] = Array.zeroCreate 2
    let output: Array[] = Array.zeroCreate 1

    let byBlocks (x: float[]) (target: float[]) : unit =
        two[0] <- x
        two[1] <- directions
        output[0] <- products
        let mutable start = 0

        while start < n do
            // The last block begins early enough to be whole.
            let first = min start (n - rows)
            Array.Clear directions

            for i in 0 .. rows - 1 do
                directions[i * n + first + i] <- 1.0

            session.Run(two, output)
            Array.Copy(products, 0, target, first * n, rows * n)
            start <- start + rows

    /// The Hessian at x, row by row.
    member _.Run(x: float[], target: float[]) : unit =
        if rows = n then
            one[0] <- x
            output[0] <- target
            session.Run(one, output)
        else
            byBlocks x target

/// Lengths of arrays that a caller gave.
[<RequireQualifiedAccess>]
module private Lengths =

    /// Throws.
    let refuse (parameter: string) (expected: int) (values: float[]) : unit =
        let message = $"{parameter} has {values.Length} numbers, expected {expected}"
        raise (ArgumentException(message, parameter))

    /// Throws where the length is another. Only the comparison is worth its place in a call of a few nanoseconds.
    let inline check (parameter: string) (expected: int) (values: float[]) : unit =
        if values.Length <> expected then
            refuse parameter expected values

/// A function of n numbers at arrays, by compiled programs. guard: told of all that is given; null for none.
[<Sealed>]
type internal DerivedArrays(programs: DerivedPrograms, guard: Guard | null) =
    let n = programs.Length
    let value = LazySession programs.Value
    let valueAndGradient = LazySession programs.ValueAndGradient
    let product = LazySession programs.Product
    let mutable hessian: HessianSession | null = null
    let number: float[] = Array.zeroCreate 1
    let one: Array[] = Array.zeroCreate 1
    let two: Array[] = Array.zeroCreate 2
    let oneOut: Array[] = Array.zeroCreate 1
    let twoOut: Array[] = Array.zeroCreate 2

    // Storing into an array of arrays costs a look at types, more than the rest of a small call; mostly the same array
    // comes again.
    let put (into: Array[]) (i: int) (array: Array) : unit =
        if not (Object.ReferenceEquals(into[i], array)) then
            into[i] <- array

    let runValueAndGradient (x: float[]) (gradient: float[]) : unit =
        put one 0 x
        put twoOut 0 number
        put twoOut 1 gradient
        valueAndGradient.Run(one, twoOut)

    let runProduct (x: float[]) (v: float[]) (result: float[]) : unit =
        put two 0 x
        put two 1 v
        put oneOut 0 result
        product.Run(two, oneOut)

    interface ArrayFunction with
        member _.Length = n

        member _.Value(x) =
            Lengths.check (nameof x) n x
            put one 0 x
            put oneOut 0 number
            value.Run(one, oneOut)
            let y = number[0]

            match guard with
            | null -> ()
            | guard -> guard.Value(x, y)

            y

        member _.ValueAndGradient(x, gradient) =
            Lengths.check (nameof x) n x
            Lengths.check (nameof gradient) n gradient

            match valueAndGradient.ForThree with
            | null -> runValueAndGradient x gradient
            | loops -> loops.Run(x, number, gradient)

            let y = number[0]

            match guard with
            | null -> ()
            | guard -> guard.ValueAndGradient(x, y, gradient)

            y

        member _.HessianProduct(x, v, result) =
            Lengths.check (nameof x) n x
            Lengths.check (nameof v) n v
            Lengths.check "product" n result

            match product.ForThree with
            | null -> runProduct x v result
            | loops -> loops.Run(x, v, result)

            match guard with
            | null -> ()
            | guard -> guard.HessianProduct(x, v, result)

        member _.Hessian(x, target) =
            Lengths.check (nameof x) n x
            Lengths.check "hessian" (n * n) target

            match hessian with
            | null ->
                let fresh = HessianSession(programs.Hessian x, n)
                hessian <- fresh
                fresh.Run(x, target)
            | ready -> ready.Run(x, target)

            match guard with
            | null -> ()
            | guard -> guard.Hessian(x, target)

/// Functions of n numbers at arrays, from functions of tensors.
[<RequireQualifiedAccess>]
module internal Derived =

    /// f and its derivatives at arrays of n numbers, 1 or more, each compiled when it is first asked for. f: a vector (n)
    /// to one number. No calls allocate afterwards, apart from what Call says. For more threads make more of them, from
    /// the same programs.
    let arrays (f: Tensor -> Tensor) (n: int) : ArrayFunction =
        DerivedArrays(DerivedPrograms(f, n), null)
