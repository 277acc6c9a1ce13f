module Optim.CoreTests.ManyTests

open System
open System.Threading
open FSharp.Reflection
open Expecto
open FsCheck
open Optim
open Optim.Core
open Optim.Solve

/// Every method that can work on many members at once.
let private inPlace: Method list = [
    Newton.create Newton.defaults
    Bfgs.create Bfgs.defaults
    Lbfgs.create Lbfgs.defaults
    GradientDescent.create GradientDescent.defaults
]

let private times = Tensor.ofSeq [ for j in 0..49 -> 0.1 * float j ]

let private decay: ManyObjective =
    ManyObjective.leastSquares
        "decay"
        (fun p data -> p[0] * Tensor.exp (-p[1] * times) + p[2] - data[0])

/// Decays of other amplitudes, rates and offsets, with noise; and starts in their neighborhood.
let private decays (members: int) (seed: int) : Tensor * Tensor =
    let random = Random seed
    let at = times.ToArray()

    let truth = [|
        for _ in 1..members do
            1.0 + 2.0 * random.NextDouble()
            0.3 + 1.2 * random.NextDouble()
            random.NextDouble()
    |]

    let measured = [|
        for i in 0 .. members - 1 do
            for t in at do
                truth[3 * i] * exp (-truth[3 * i + 1] * t)
                + truth[3 * i + 2]
                + 0.05 * (random.NextDouble() - 0.5)
    |]

    let starts = truth |> Array.map (fun x -> x * (0.8 + 0.4 * random.NextDouble()))
    Tensor.create [ members; 50 ] measured, Tensor.create [ members; 3 ] starts

/// As many steps differ by rounding only; in longer runs rounding may grow to anything.
let private short = 30L

/// The kind of a reason, without its numbers.
let private caseOf (reason: Reason) : string =
    (FSharpValue.GetUnionFields(reason, typeof<Reason>) |> fst).Name

/// The members' results are those of single runs: the same outcomes, and of short runs the same counts, and the same points
/// and values to 1e-10.
let private agrees
    (options: SolveOptions)
    (method: Method)
    (objective: ManyObjective)
    (data: Tensor list)
    (starts: Tensor)
    : unit =
    let many = Solver.minimizeManyWith options method objective data starts
    Expect.equal many.Count starts.Shape.Dims[0] "members"

    for i in 0 .. many.Count - 1 do
        let one =
            Solver.minimizeWith options method (objective.Of(i, Array.ofList data)) starts[i]

        let also = many[i]

        let name =
            $"{method.Name}, member {i}: {SolveResult.text one}, {Reason.text also.Reason}"

        Expect.equal also.Index i name
        Expect.equal also.Outcome one.Outcome name

        Expect.equal (caseOf also.Reason) (caseOf one.Reason) name

        // A fall without bound multiplies rounding at each step; where nothing improves, rounding alone decides where.
        let isDecided =
            caseOf one.Reason <> "Unbounded" && caseOf one.Reason <> "NoProgress"

        if one.Steps <= short && isDecided then
            Expect.equal also.Steps one.Steps name
            Expect.equal also.Evaluations one.Evaluations name
            let scale = (Tensor.norm one.Point).ToScalar()
            let distance = (Tensor.norm (one.Point - also.Point)).ToScalar()
            Expect.isLessThanOrEqual distance (1e-10 * scale) name

            if Double.IsFinite one.Value then
                let difference = abs (one.Value - also.Value)
                Expect.isLessThanOrEqual difference (1e-10 * (abs one.Value + 0.01)) name
            else
                Expect.isTrue (Double.IsNaN also.Value) name

/// The work is refused with an error of this type whose message has these words.
let private refused<'E when 'E :> exn> (words: string list) (work: unit -> ManyResult) : unit =
    Expect.throwsC
        (fun () -> work () |> ignore)
        (fun error ->
            Expect.isTrue (error :? 'E) (error.ToString())

            for word in words do
                Expect.stringContains error.Message word "message"
        )

let private quiet = { SolveOptions.defaults with TraceEvery = 0L }

/// Ends before searches along lines see nothing but rounding.
let private loose = { quiet with StopRules = [ StopRule.GradientBelow(0.0, 1e-6) ] }

/// A function with minima, saddles, regions without bound and regions without value, told apart by the member's data:
/// cos-like wells for 0, x³ for 1, √x for 2, a saddle x² − y² + y⁴ for 3.
let private mixed: ManyObjective =
    ManyObjective.withData
        "mixed"
        (fun p data ->
            let x, y, kind = p[0], p[1], data[0]
            let wells = Tensor.square (x * x - 1.0) + Tensor.square (y - x)
            let endless = x * x * x + y * y

            let is (k: float) =
                Tensor.equal kind (Tensor.fullLike kind k)
            // Elsewhere 1, so that an infinite slope at 0 does not meet the zero of a branch that is not taken.
            let rooted = Tensor.sqrt (Tensor.where (is 2.0) x (Tensor.onesLike x)) + y * y
            let saddle = x * x - y * y + Tensor.square (y * y)

            Tensor.where
                (is 0.0)
                wells
                (Tensor.where (is 1.0) endless (Tensor.where (is 2.0) rooted saddle))
        )

let private mixture (members: int) : Tensor * Tensor =
    let random = Random 5

    let starts = [|
        for i in 0 .. members - 1 do
            match i % 5 with
            | 3 ->
                random.NextDouble() + 0.5
                0.0
            | 4 ->
                -random.NextDouble()
                random.NextDouble()
            | _ ->
                random.NextDouble() + 0.5
                random.NextDouble()
    |]

    // Member 4 of each five is one whose start has no value.
    let kinds = [| for i in 0 .. members - 1 -> float (if i % 5 = 4 then 2 else i % 5) |]
    Tensor.create [ members ] kinds, Tensor.create [ members; 2 ] starts

let private starts (rows: float list list) : Tensor =
    Tensor.create [ rows.Length; rows.Head.Length ] (Array.ofList (List.concat rows))

let private rosenbrock =
    (Problems.find "rosenbrock" (ValueSome 2)).Objective.Function

let private grid (members: int) : Tensor =
    starts [ for i in 0 .. members - 1 -> [ -1.2 + 0.05 * float i; 1.0 - 0.03 * float i ] ]

let private bitsOf (result: ManyResult) : int64[] =
    Array.concat [
        result.Points.ToArray() |> Array.map BitConverter.DoubleToInt64Bits
        result.Values |> Array.map BitConverter.DoubleToInt64Bits
        result.Steps
    ]

[<Tests>]
let many =
    testList "Many" [
        for method in inPlace do
            testCase
                $"{method.Name}: fits equal single fits"
                (fun () ->
                    let y, start = decays 70 1
                    let isSlow = method.Name = "gradient-descent"
                    let steps = if isSlow then 10L else 1000L
                    let options = { loose with Budget = Budget.steps steps }
                    agrees options method decay [ y ] start
                )

        for method in List.truncate 3 inPlace do
            testCase
                $"{method.Name}: members that fail stand beside members that do not"
                (fun () ->
                    let kinds, start = mixture 40

                    agrees { quiet with Budget = Budget.steps 300L } method mixed [ kinds ] start
                )

        testCase
            "each outcome is its member's own"
            (fun () ->
                let kinds, start = mixture 25

                let result =
                    Solver.minimizeMany (Newton.create Newton.defaults) mixed [ kinds ] start

                for i in 0..24 do
                    let expected =
                        match i % 5 with
                        | 0 -> Outcome.Converged
                        | 3 -> Outcome.Stopped
                        | 4 -> Outcome.Failed
                        | _ -> result.Outcomes[i]

                    Expect.equal result.Outcomes[i] expected $"member {i}: {result[i].Reason}"

                Expect.equal
                    (result.CountOf Outcome.Converged
                     + result.CountOf Outcome.BudgetSpent
                     + result.CountOf Outcome.Stopped
                     + result.CountOf Outcome.Failed)
                    25
                    "each member is counted once"
            )

        testCase
            "every number of members is served, around the sizes of blocks too"
            (fun () ->
                let all = grid 140

                let reference =
                    Solver.minimizeMany
                        (Bfgs.create Bfgs.defaults)
                        (ManyObjective.ofFunction rosenbrock)
                        []
                        all

                Expect.equal (reference.CountOf Outcome.Converged) 140 "all converge"

                for count in [ 1; 2; 7; 8; 9; 31; 33; 63; 64; 65; 129 ] do
                    let some =
                        Solver.minimizeMany
                            (Bfgs.create Bfgs.defaults)
                            (ManyObjective.ofFunction rosenbrock)
                            []
                            all[.. count - 1]

                    Expect.equal some.Count count "members"

                    for i in 0 .. count - 1 do
                        Expect.equal some.Steps[i] reference.Steps[i] $"steps of {i} of {count}"

                        Expect.isLessThan
                            (Rigs.distance some[i].Point reference[i].Point)
                            1e-10
                            $"point of {i} of {count}"
            )

        testCase
            "no members give no results"
            (fun () ->
                let result =
                    Solver.minimizeMany
                        (Bfgs.create Bfgs.defaults)
                        (ManyObjective.ofFunction rosenbrock)
                        []
                        (Tensor.zeros [ 0; 2 ])

                Expect.equal result.Count 0 "members"
                Expect.sequenceEqual result.Points.Shape.Dims [ 0; 2 ] "points"
            )

        testCase
            "results depend neither on the number of threads nor on the order of members"
            (fun () ->
                let y, start = decays 300 2

                for method in [ Newton.create Newton.defaults; Lbfgs.create Lbfgs.defaults ] do
                    let solve workers =
                        Many.solve workers quiet method decay [| y |] start |> bitsOf

                    let one = solve 1
                    Expect.equal (solve 2) one "two threads"
                    Expect.equal (solve 5) one "five threads"

                    let turned =
                        Many.solve
                            2
                            quiet
                            method
                            decay
                            [| Shaping.flip 0 y |]
                            (Shaping.flip 0 start)

                    let straight = Many.solve 2 quiet method decay [| y |] start

                    for i in 0..299 do
                        Expect.equal
                            (Rigs.bits turned[299 - i].Point)
                            (Rigs.bits straight[i].Point)
                            $"member {i}"
            )

        testCase
            "budgets hold for each member"
            (fun () ->
                let y, start = decays 20 3

                for budget in
                    [
                        { Budget.unlimited with Values = 0L }
                        { Budget.unlimited with Values = 4L }
                        { Budget.unlimited with Gradients = 3L }
                        { Budget.unlimited with Products = 5L }
                        { Budget.unlimited with GradientEquivalents = 11.0 }
                        Budget.steps 0L
                        Budget.steps 5L
                    ] do
                    for method in List.truncate 3 inPlace do
                        agrees { quiet with Budget = budget } method decay [ y ] start
            )

        testCase
            "stop rules are those of single runs"
            (fun () ->
                let y, start = decays 20 4

                for rules in
                    [
                        [ StopRule.ValueBelow 0.02 ]
                        [ StopRule.ValueSettled(1e-8, 2) ]
                        [ StopRule.GradientBelow(1e-3, 0.0); StopRule.ValueSettled(1e-9, 3) ]
                        [ StopRule.GradientBelow(0.0, 0.1); StopRule.ValueBelow -1.0 ]
                    ] do
                    for method in List.truncate 3 inPlace do
                        for examines in [ true; false ] do
                            agrees
                                {
                                    quiet with
                                        StopRules = rules
                                        ExaminesCurvature = examines
                                        Budget = Budget.steps 60L
                                }
                                method
                                decay
                                [ y ]
                                start
            )

        testCase
            "long points are certified too"
            (fun () ->
                let far = (Problems.find "rosenbrock" (ValueSome 40)).Objective.Function

                let start =
                    starts [
                        for i in 0..4 -> [ for j in 0..39 -> 0.8 + 0.01 * float ((i + j) % 7) ]
                    ]

                agrees quiet (Lbfgs.create Lbfgs.defaults) (ManyObjective.ofFunction far) [] start
            )

        testCase
            "data may have any element type and any shape"
            (fun () ->
                let objective =
                    ManyObjective.withData
                        "chosen"
                        (fun x data ->
                            let wanted = Shaping.indexSelect 0 data[1] x
                            let scale = Tensor.cast DType.Float64 data[2]

                            Tensor.sum (Tensor.square (Tensor.matmul data[0] x - 1.0))
                            + Tensor.sum (Tensor.square (wanted - scale))
                        )

                let random = Random 9
                let a = Tensor.create [ 12; 2; 3 ] [| for _ in 1..72 -> random.NextDouble() |]

                let indices =
                    Tensor.cast
                        DType.Int64
                        (Tensor.create [ 12; 2 ] [| for i in 0..23 -> float (i % 3) |])

                let scale =
                    Tensor.cast
                        DType.Float32
                        (Tensor.create [ 12 ] [| for i in 0..11 -> float i |])

                agrees
                    quiet
                    (Bfgs.create Bfgs.defaults)
                    objective
                    [ a; indices; scale ]
                    (Tensor.ones [ 12; 3 ])
            )

        testCase
            "fitMany fits"
            (fun () ->
                let truth =
                    starts [ for i in 0..9 -> [ 1.0 + 0.1 * float i; 0.4 + 0.05 * float i; 0.3 ] ]

                let model (p: Tensor) =
                    p[0] * Tensor.exp (-p[1] * times) + p[2]

                let exact = Derivatives.vmap model truth

                let result =
                    Solver.fitMany
                        (fun p data -> model p - data[0])
                        [ exact ]
                        (Tensor.fullLike truth 0.7)

                Expect.equal (result.CountOf Outcome.Converged) 10 (string result)
                Expect.isLessThan (Rigs.distance result.Points truth) 1e-6 "parameters"
            )

        testCase
            "what cannot be done is refused, with the way out"
            (fun () ->
                let f = ManyObjective.ofFunction rosenbrock
                let bfgs = Bfgs.create Bfgs.defaults
                let two = Tensor.zeros [ 4; 2 ]

                refused<ArgumentException>
                    [ "adam"; "lbfgs"; "one by one" ]
                    (fun () -> Solver.minimizeMany (Adam.create Adam.defaults) f [] two)

                refused<ShapeException>
                    [ "starts" ]
                    (fun () -> Solver.minimizeMany bfgs f [] (Tensor.zeros [ 2 ]))

                refused<ShapeException>
                    [ "data[0]"; "3"; "4" ]
                    (fun () -> Solver.minimizeMany bfgs f [ Tensor.zeros [ 3; 5 ] ] two)

                refused<ArgumentException>
                    [ "Float32"; "Float64" ]
                    (fun () -> Solver.minimizeMany bfgs f [] (Tensor.cast DType.Float32 two))

                let branching =
                    ManyObjective.ofFunction (fun x ->
                        if x[0].ToScalar() > 0.0 then
                            Tensor.sum x
                        else
                            -Tensor.sum x
                    )

                refused<InvalidOperationException>
                    [ "one by one"; "where" ]
                    (fun () -> Solver.minimizeMany bfgs branching [] two)

                refused<ShapeException>
                    [ "single number" ]
                    (fun () -> Solver.minimizeMany bfgs (ManyObjective.ofFunction id) [] two)

                refused<ArgumentException>
                    [ "Observe" ]
                    (fun () ->
                        Solver.minimizeManyWith
                            { SolveOptions.defaults with Observe = fun _ _ -> () }
                            bfgs
                            f
                            []
                            two
                    )
            )

        testCase
            "a token abandons all"
            (fun () ->
                use source = new CancellationTokenSource()
                source.Cancel()

                Expect.throwsT<OperationCanceledException>
                    (fun () ->
                        Solver.minimizeManyWith
                            { quiet with Cancellation = source.Token }
                            (Bfgs.create Bfgs.defaults)
                            (ManyObjective.ofFunction rosenbrock)
                            []
                            (grid 200)
                        |> ignore
                    )
                    "cancelled"
            )
    ]

[<Tests>]
let laws =
    testList "Many, laws" [
        testProperty
            "random fits by any method equal single fits"
            (fun (seed: int) (PositiveInt which) (PositiveInt size) ->
                let method = inPlace[which % 3]
                let y, start = decays (1 + size % 40) (abs (seed % 100000))
                agrees loose method decay [ y ] start
            )
    ]
