namespace Optim.Solve

open System
open Optim
open Optim.Core
open Optim.Contract
open Optim.Compiled

/// One data tensor of all members, of which rows are copied into a block's rows.
[<AbstractClass>]
type internal MemberData() =
    /// An array for so many rows.
    abstract Room: rows: int -> Array
    /// Copies the part of a member to a row of such an array.
    abstract Copy: index: int * room: Array * row: int -> unit

/// Data of one element type. width: the numbers of one member.
[<Sealed>]
type internal MemberData<'T>(source: 'T[], offset: int, width: int) =
    inherit MemberData()
    override _.Room(rows) = Array.zeroCreate<'T>(rows * width)

    override _.Copy(index, room, row) =
        let target = (room :?> 'T[]).AsSpan(row * width, width)
        source.AsSpan(offset + index * width, width).CopyTo target

/// Where the results of all members go.
[<NoComparison; NoEquality>]
type internal MemberColumns = {
    Points: float[]
    Values: float[]
    GradientNorms: float[]
    Tolerances: float[]
    Reasons: (Reason | null)[]
    Steps: int64[]
    Evaluations: Evaluations[]
}

/// Members that wait for the same kind of answer, first come, first served.
[<Sealed>]
type internal MemberQueue(capacity: int) =
    let places: int[] = Array.zeroCreate capacity
    let mutable first = 0
    let mutable count = 0
    /// How many wait.
    member _.Count: int = count

    /// Joins the queue.
    member _.Add(place: int) : unit =
        let last = first + count
        places[if last >= capacity then last - capacity else last] <- place
        count <- count + 1

    /// Leaves the queue.
    member _.Take() : int =
        let place = places[first]
        first <- if first + 1 = capacity then 0 else first + 1
        count <- count - 1
        place

/// One program of a block and the memory of its rows. vectors: points, and directions if it has them.
[<Sealed>]
type internal MemberProgram
    (program: LazyProgram, rows: int, vectors: int, n: int, data: MemberData[], results: int[]) =
    let inputs: Array[] = [|
        for _ in 1..vectors do
            Array.zeroCreate<float>(rows * n) :> Array
        for part in data do
            part.Room rows
    |]

    let outputs =
        results |> Array.map (fun width -> Array.zeroCreate<float>(rows * width))

    let asArrays = outputs |> Array.map (fun output -> output :> Array)
    let offsets: int[] = Array.zeroCreate inputs.Length
    let session = lazy ((program.At inputs).NewSession())

    /// Results by rows, one array for each.
    member _.Outputs: float[][] = outputs

    /// Writes a vector of a row.
    member _.SetVector(which: int, row: int, vector: float[]) : unit =
        vector.AsSpan().CopyTo((inputs[which] :?> float[]).AsSpan(row * n, n))

    /// Writes the data of a row.
    member _.SetData(row: int, index: int) : unit =
        for k in 0 .. data.Length - 1 do
            data[k].Copy(index, inputs[vectors + k], row)

    /// Computes the first `count` rows. The others repeat row 0, because a program computes all, and may throw on what no
    /// member has.
    member _.Run(count: int) : unit =
        for input in inputs do
            let width = input.Length / rows

            for row in count .. rows - 1 do
                Array.Copy(input, 0, input, row * width, width)

        session.Value.Run(inputs, offsets, asArrays)

/// One thread's work: some members at a time, of which as many as a program has rows are evaluated together, whichever wait for
/// the same kind of answer. There are so many that mostly a whole block waits. A member that ends makes room for the next.
/// What a member gets does not depend on the others, so neither do the results. (Blocks of other sizes differ in rounding.)
[<Sealed>]
type internal MemberBlock
    (
        programs: BatchPrograms,
        plan: MemberPlan,
        workspace: unit -> Workspace,
        places: int,
        starts: MemberData<float>,
        data: MemberData[],
        columns: MemberColumns,
        next: unit -> int
    ) =
    let rows, n = programs.Rows, programs.Length
    let members = Array.init places (fun _ -> MemberRun(plan, workspace ()))

    // Lazy: a method that never asks should not pay the memory, of a Hessian least of all.
    let gradients = lazy MemberProgram(programs.Gradients, rows, 1, n, data, [| 1; n |])

    let hessians =
        lazy MemberProgram(programs.Hessians, rows, 1, n, data, [| 1; n; n * n |])

    let products = lazy MemberProgram(programs.Products, rows, 2, n, data, [| n |])
    let gradientQueue = MemberQueue places
    let hessianQueue = MemberQueue places
    let productQueue = MemberQueue places
    let active: int[] = Array.zeroCreate rows

    let store (ended: MemberRun) : unit =
        let i = ended.Index
        columns.Reasons[i] <- ended.Reason
        columns.Tolerances[i] <- ended.Tolerance
        columns.Steps[i] <- ended.Steps
        columns.Evaluations[i] <- ended.Evaluations

        if ended.HasPoint then
            let answer = ended.Answer
            answer.Point.AsSpan().CopyTo(columns.Points.AsSpan(i * n, n))
            columns.Values[i] <- answer.Value
            columns.GradientNorms[i] <- answer.GradientNorm
        else
            starts.Copy(i, columns.Points, i)
            columns.Values[i] <- nan
            columns.GradientNorms[i] <- nan

    /// The next member takes the place: its first request, or Nothing when there is no member any more.
    let renew (place: int) : Request =
        let one = members[place]
        let mutable request = Request.Nothing
        let mutable index = next ()

        while index >= 0 && request = Request.Nothing do
            starts.Copy(index, one.Point, 0)
            request <- one.Enter index

            if request = Request.Nothing then
                store one
                index <- next ()

        request

    let queue (place: int) (request: Request) : unit =
        match request with
        | Request.Gradient -> gradientQueue.Add place
        | Request.Hessian -> hessianQueue.Add place
        | Request.Product -> productQueue.Add place
        | Request.Nothing -> ()

    /// Queues a member; one that has ended makes room for the next.
    let settle (place: int) (request: Request) : unit =
        if request = Request.Nothing then
            store members[place]
            queue place (renew place)
        else
            queue place request

    let load (program: MemberProgram) (queue: MemberQueue) : int =
        let count = min rows queue.Count

        for row in 0 .. count - 1 do
            let place = queue.Take()
            let one = members[place]
            active[row] <- place
            program.SetVector(0, row, one.Point)
            program.SetData(row, one.Index)

        count

    let answerGradients () : unit =
        let program = gradients.Value
        let count = load program gradientQueue
        program.Run count
        let results = program.Outputs

        for row in 0 .. count - 1 do
            let one = members[active[row]]
            one.SetValue(results[0][row])
            results[1].AsSpan(row * n, n).CopyTo(one.Gradient.AsSpan())
            settle active[row] (one.Tell Request.Gradient)

    let answerHessians () : unit =
        let program = hessians.Value
        let count = load program hessianQueue
        program.Run count
        let results = program.Outputs

        for row in 0 .. count - 1 do
            let one = members[active[row]]
            one.SetValue(results[0][row])
            results[1].AsSpan(row * n, n).CopyTo(one.Gradient.AsSpan())
            results[2].AsSpan(row * n * n, n * n).CopyTo(one.Hessian.AsSpan())
            settle active[row] (one.Tell Request.Hessian)

    let answerProducts () : unit =
        let program = products.Value
        let count = load program productQueue

        for row in 0 .. count - 1 do
            program.SetVector(1, row, members[active[row]].Vector)

        program.Run count
        let results = program.Outputs

        for row in 0 .. count - 1 do
            let one = members[active[row]]
            results[0].AsSpan(row * n, n).CopyTo(one.Product.AsSpan())
            settle active[row] (one.Tell Request.Product)

    /// Solves members as long as there are any.
    member _.Run() : unit =
        for place in 0 .. places - 1 do
            queue place (renew place)

        let mutable isWorking = true

        while isWorking do
            // The longest queue: with enough members it fills a block.
            let most = max gradientQueue.Count (max hessianQueue.Count productQueue.Count)

            if most = 0 then isWorking <- false
            elif most = gradientQueue.Count then answerGradients ()
            elif most = hessianQueue.Count then answerHessians ()
            else answerProducts ()
