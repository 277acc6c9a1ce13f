namespace Optim.Solve

open System
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks
open Optim
open Optim.Core
open Optim.Primitives
open Optim.Compiled
open Optim.Contract

/// Many members solved side by side.
[<RequireQualifiedAccess>]
module internal Many =

    /// The most members in one run of a program.
    [<Literal>]
    let private mostRows = 64

    /// Numbers of all rows together that stay in a processor's own cache.
    [<Literal>]
    let private cached = 65536L

    /// The members in one run of a program: 1, or a multiple of 8, so that every row is computed by the same instructions.
    /// It depends on nothing but the problem and how many members there are, so that count may change rounding. numbers: those of one member.
    let rowsFor (members: int) (numbers: int64) : int =
        let fits (rows: int) =
            int64 rows * numbers <= cached && int64 rows * 4L <= int64 members

        let rec most (rows: int) =
            if rows <= 8 || fits rows then rows else most (rows / 2)

        let rows = most mostRows

        if members = 1 || int64 rows * numbers > 16L * cached then
            1
        else
            rows

    let private checkKind (parameter: string) (x: Tensor) : unit =
        if x.Level > 0L then
            let message =
                $"{parameter} is being differentiated or batched, expected a plain tensor"

            raise (ArgumentException(message, parameter))

        if not (Tensor.isManaged x) then
            let message =
                $"{parameter} lies on {x.Device}, but many members at once are computed by programs of the managed engine; "
                + "bring it there with Tensor.moveTo Engines.managed, or solve the members one by one with Solver.minimize, "
                + "which works on every engine"

            raise (ArgumentException(message, parameter))

    let private checkOptions (options: SolveOptions) : unit =
        if SolveOptions.isObserved options 0L then
            let message = "Observe is set, but many members at once cannot be observed"
            raise (ArgumentException(message, nameof options))

        if options.Save.IsSome then
            let message = "Save is set, but runs of many members cannot be saved"
            raise (ArgumentException(message, nameof options))

    let private checkTensors (data: Tensor[]) (starts: Tensor) : unit =
        checkKind (nameof starts) starts
        Check.rank (nameof starts) 2 starts

        if starts.DType <> DType.Float64 then
            let message = $"starts has element type {starts.DType}, expected Float64"
            raise (ArgumentException(message, nameof starts))

        if starts.Shape.Dims[1] = 0 then
            raise (
                ShapeException("starts has points of no elements, expected one or more", "starts")
            )

        for k in 0 .. data.Length - 1 do
            let part = data[k]
            checkKind $"data[{k}]" part
            Check.rankAtLeast $"data[{k}]" 1 part

            if part.Shape.Dims[0] <> starts.Shape.Dims[0] then
                let message =
                    $"data[{k}] has {part.Shape.Dims[0]} members along axis 0, expected {starts.Shape.Dims[0]} as in starts"

                raise (ShapeException(message, nameof data))

    let private twinOf (method: Method) : int -> Workspace =
        match method.Twin with
        | ValueSome twin -> twin
        | ValueNone ->
            let names =
                Catalogue.all
                |> List.filter (fun info -> ValueOption.isSome (info.Create Map.empty).Twin)
                |> List.map _.Name
                |> String.concat ", "

            let message =
                $"the method {method.Name} cannot work on many members at once, because it has no form in place; take one of "
                + $"{names}, or solve the members one by one with Solver.minimize"

            raise (ArgumentException(message, nameof method))

    let private rawOf (x: Tensor) : Raw =
        match x with
        | :? Raw as raw -> raw
        | other -> invalidOp $"a concrete tensor has level {other.Level}"

    let private dataOf (x: Tensor) : MemberData =
        let raw = rawOf x
        let width = Shape.tail(x.Shape).Length

        match raw.Storage with
        | :? (float[]) as values -> MemberData<float>(values, raw.Offset, width)
        | :? (float32[]) as values -> MemberData<float32>(values, raw.Offset, width)
        | :? (int64[]) as values -> MemberData<int64>(values, raw.Offset, width)
        | :? (bool[]) as values -> MemberData<bool>(values, raw.Offset, width)
        | other -> invalidOp $"a managed tensor's memory is {other.GetType()}"

    /// Compiles before the threads start, so that they need not all do it, and the function's errors come first.
    let private prepare (program: LazyProgram) (rows: int) (n: int) (data: MemberData[]) : unit =
        let inputs = [|
            Array.zeroCreate<float>(rows * n) :> Array
            for part in data do
                part.Room rows
        |]

        try
            program.At inputs |> ignore
        with :? InvalidOperationException as error ->
            let message =
                "the function cannot be computed for many members at once; change it, or solve the members one by one with "
                + $"Solver.minimize: {error.Message}"

            raise (InvalidOperationException(message, error))

    let private remedy =
        "make what changes part of the data, take a new ManyObjective after a change, or solve the members one by one with "
        + "Solver.minimize"

    /// Refuses a program whose value or gradient at the first member's start is not the function's own.
    let private guard
        (objective: ManyObjective)
        (alone: Objective)
        (program: MemberProgram)
        (start: float[])
        : unit =
        program.SetVector(0, 0, start)
        program.SetData(0, 0)
        program.Run 1
        let n, results = start.Length, program.Outputs
        let gradient = results[1].AsSpan(0, n).ToArray()

        Guard("minimizeMany", remedy, objective.Name, alone.Function, n)
            .ValueAndGradient(start, results[0][0], gradient)

    /// Runs the work on so many threads; the first error of one is thrown.
    let private share (workers: int) (work: unit -> unit) : unit =
        if workers = 1 then
            work ()
        else
            try
                Parallel.For(0, workers, (fun (_: int) -> work ())) |> ignore
            with :? AggregateException as all ->
                ExceptionDispatchInfo.Capture(all.Flatten().InnerExceptions[0]).Throw()

    /// The results of all members. workers: the most threads.
    let solve
        (workers: int)
        (options: SolveOptions)
        (method: Method)
        (objective: ManyObjective)
        (data: Tensor[])
        (starts: Tensor)
        : ManyResult =
        checkOptions options
        checkTensors data starts
        let twin = twinOf method
        let clock = RunClock(options, TimeSpan.Zero)
        let count, n = starts.Shape.Dims[0], starts.Shape.Dims[1]
        let parts = data |> Array.map dataOf
        let kinds = data |> Array.map (fun x -> struct (Shape.tail x.Shape, x.DType))
        let trial = twin n
        let asksHessian = trial.Hessian.Length > 0
        let examinesShort = options.ExaminesCurvature && n <= Certify.denseLimit
        let alwaysHessian = asksHessian && n <= Certify.denseLimit

        let numbers =
            2L * int64 n
            + (if asksHessian then int64 n * int64 n else 0L)
            + (kinds |> Array.sumBy (fun (struct (shape, _)) -> int64 shape.Length))

        let rows = rowsFor count numbers
        let programs = objective.Programs(rows, n, kinds)

        let columns = {
            Points = Array.zeroCreate (count * n)
            Values = Array.zeroCreate count
            GradientNorms = Array.zeroCreate count
            Tolerances = Array.zeroCreate count
            Reasons = Array.zeroCreate count
            Steps = Array.zeroCreate count
            Evaluations = Array.zeroCreate count
        }

        if count > 0 then
            let queues =
                if alwaysHessian then
                    1
                else
                    1
                    + (if asksHessian || examinesShort then 1 else 0)
                    + (if trial.Product.Length > 0 then 1 else 0)

            let plan = {
                Options = options
                Clock = clock
                AlwaysHessian = alwaysHessian
                Alone = fun index -> objective.Of(index, data)
            }

            let program, results =
                if alwaysHessian then
                    programs.Hessians, [| 1; n; n * n |]
                else
                    programs.Gradients, [| 1; n |]

            prepare program rows n parts

            if examinesShort && not alwaysHessian then
                prepare programs.Hessians rows n parts

            let raw = rawOf starts
            let first = MemberData<float>((raw.Storage :?> float[]), raw.Offset, n)
            let start = Array.zeroCreate n
            first.Copy(0, start, 0)

            guard
                objective
                (plan.Alone 0)
                (MemberProgram(program, rows, 1, n, parts, results))
                start

            let taken = ref -1

            let next () : int =
                let index = Interlocked.Increment taken
                if index < count then index else -1

            share
                (min workers ((count + rows - 1) / rows))
                (fun () ->
                    MemberBlock(
                        programs,
                        plan,
                        (fun () -> twin n),
                        min count (queues * rows),
                        first,
                        parts,
                        columns,
                        next
                    )
                        .Run()
                )

        ManyResult(
            method.Name,
            Tensor.create [ count; n ] columns.Points,
            columns.Values,
            columns.GradientNorms,
            columns.Tolerances,
            columns.Reasons,
            columns.Steps,
            columns.Evaluations,
            clock.Elapsed
        )
