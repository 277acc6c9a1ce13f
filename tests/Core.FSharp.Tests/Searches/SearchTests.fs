module Optim.CoreTests.SearchTests

open System
open Expecto
open FsCheck
open Optim
open Optim.Core
open Optim.CoreTests.Rigs

/// A function of one variable with its slope.
[<NoComparison; NoEquality>]
type private Line = { Value: float -> float; Slope: float -> float }

let private at (line: Line) (size: float) : LinePoint = {
    Size = size
    Value = line.Value size
    Slope = line.Slope size
}

/// All trials of a search, and its last decision.
let private run (search: Search) (line: Line) (first: float) : LinePoint list * SearchDecision =
    let rec go (state: SearchState) (trials: LinePoint list) =
        if trials.Length > 200 then
            failtest "the search does not end"

        let trial = at line state.Trial

        match search.Next(state, trial) with
        | SearchDecision.Try next -> go next (trial :: trials)
        | other -> trial :: trials, other

    go (search.Start(at line 0.0, first, 0L)) []

/// A wavy function with slope below 0 at 0 that grows far away; beyond `edge` it is NaN.
let private wavy (seed: int64) (edge: float) : Line =
    let draws = Random.uniform (Key.ofSeed seed) 12

    let waves = [
        for i in 0..2 -> 2.0 * draws[3 * i] - 1.0, 5.0 * draws[3 * i + 1], 6.0 * draws[3 * i + 2]
    ]

    let growth = 0.05 + draws[9]

    let raw t =
        waves |> List.sumBy (fun (a, w, p) -> a * w * cos (w * t + p))

    let tilt = raw 0.0 + 0.1 + 3.0 * draws[10]

    {
        Value =
            fun t ->
                if t > edge then
                    nan
                else
                    (waves |> List.sumBy (fun (a, w, p) -> a * sin (w * t + p))) - tilt * t
                    + growth * t * t
        Slope = fun t -> if t > edge then nan else raw t - tilt + 2.0 * growth * t
    }

let private edgeOf (seed: int64) : float =
    let draw = (Random.uniform (Key.fold 1L (Key.ofSeed seed)) 2)
    if draw[0] < 0.5 then infinity else 0.01 + 3.0 * draw[1]

let private firstOf (seed: int64) : float =
    10.0 ** (4.0 * (Random.uniform (Key.fold 2L (Key.ofSeed seed)) 1)[0] - 2.0)

let private config = { FsCheckConfig.defaultConfig with maxTest = 500 }

[<Tests>]
let searches =
    testList "Line searches" [
        testPropertyWithConfig
            config
            "strong Wolfe accepts what fulfils both conditions"
            (fun (seed: int64) (isTight: bool) ->
                let options = {
                    StrongWolfe.defaults with
                        Curvature = (if isTight then 0.1 else 0.9)
                }

                let line = wavy seed (edgeOf seed)
                let origin = at line 0.0
                let trials, decision = run (StrongWolfe.create options) line (firstOf seed)
                let last = List.head trials

                match decision with
                | SearchDecision.Accept ->
                    let bound = origin.Value + options.Decrease * last.Size * origin.Slope
                    let slack = 64.0 * DType.Float64.Epsilon * abs origin.Value
                    Expect.isLessThanOrEqual last.Value (bound + slack) "sufficient decrease"

                    Expect.isLessThanOrEqual
                        (abs last.Slope)
                        (-options.Curvature * origin.Slope)
                        "flat enough"
                | SearchDecision.Settle size ->
                    // Where the function ends before it turns up, no size is flat enough.
                    Expect.isTrue (Double.IsFinite(edgeOf seed)) "only before an edge"
                    Expect.isLessThan (line.Value size) origin.Value "still lower"
                | SearchDecision.GiveUp detail -> failtest detail
                | SearchDecision.Try _ -> failtest "no end"
            )

        testPropertyWithConfig
            config
            "Armijo backtracks to the first sufficient decrease"
            (fun (seed: int64) ->
                let options = Armijo.defaults
                let line = wavy seed (edgeOf seed)
                let origin = at line 0.0
                let trials, decision = run (Armijo.create options) line (firstOf seed)

                let isEnough (p: LinePoint) =
                    p.Value <= origin.Value + options.Decrease * p.Size * origin.Slope

                Expect.equal decision SearchDecision.Accept "accepted"
                Expect.isTrue (isEnough (List.head trials)) "enough"
                Expect.all (List.tail trials) (isEnough >> not) "none before"

                for shorter, longer in List.pairwise trials do
                    let ratio = shorter.Size / longer.Size

                    Expect.isTrue
                        (ratio >= 0.0999999 && ratio <= options.Shrink * 1.0000001)
                        $"shrinks by {ratio}"
            )

        testCase
            "strong Wolfe takes a first trial that is good enough"
            (fun () ->
                let line = {
                    Value = (fun t -> (t - 1.0) * (t - 1.0))
                    Slope = (fun t -> 2.0 * (t - 1.0))
                }

                let trials, decision = run (StrongWolfe.create StrongWolfe.defaults) line 1.0
                Expect.equal (trials.Length, decision) (1, SearchDecision.Accept) "one trial"
            )

        testCase
            "the cubic's minimizer is exact for cubics"
            (fun () ->
                let line = {
                    Value = (fun t -> t * t * t - 3.0 * t + 1.0)
                    Slope = (fun t -> 3.0 * t * t - 3.0)
                }

                for a, b in [ 0.0, 2.0; 2.0, 0.0; 0.5, 5.0; -0.5, 1.25 ] do
                    close
                        1e-12
                        (StrongWolfe.cubicMinimizer (at line a) (at line b))
                        1.0
                        $"between {a} and {b}"
            )

        testCase
            "a line without lower bound is followed far"
            (fun () ->
                let line = { Value = (fun t -> -t); Slope = (fun _ -> -1.0) }
                let trials, _ = run (StrongWolfe.create StrongWolfe.defaults) line 1.0
                Expect.isLessThan (List.head trials).Value -1e100 "so far that it shows"
            )

        testCase
            "nothing but an ascent is given up"
            (fun () ->
                // The slope at 0 is a lie.
                let line = {
                    Value = (fun t -> t)
                    Slope = (fun t -> if t = 0.0 then -1.0 else 1.0)
                }

                for search in
                    [ StrongWolfe.create StrongWolfe.defaults; Armijo.create Armijo.defaults ] do
                    match run search line 1.0 with
                    | _, SearchDecision.GiveUp detail -> Expect.isNotEmpty detail "and says why"
                    | _, other -> failtest $"{search.Name}: {other}"
            )

        testCase
            "options outside their ranges are refused"
            (fun () ->
                let refuse (make: unit -> Search) (message: string) =
                    Expect.throwsT<ArgumentOutOfRangeException>
                        (fun () -> make () |> ignore)
                        message

                refuse
                    (fun () -> StrongWolfe.create { StrongWolfe.defaults with Decrease = 0.0 })
                    "c1 = 0"

                refuse
                    (fun () -> StrongWolfe.create { StrongWolfe.defaults with Curvature = 1e-5 })
                    "c2 < c1"

                refuse
                    (fun () -> StrongWolfe.create { StrongWolfe.defaults with Curvature = 1.0 })
                    "c2 = 1"

                refuse
                    (fun () -> StrongWolfe.create { StrongWolfe.defaults with MaxTrials = 0 })
                    "no trials"

                refuse (fun () -> Armijo.create { Armijo.defaults with Decrease = 0.6 }) "c > 1/2"
                refuse (fun () -> Armijo.create { Armijo.defaults with Decrease = nan }) "c is NaN"
                refuse (fun () -> Armijo.create { Armijo.defaults with Shrink = 1.0 }) "shrink = 1"
                refuse (fun () -> FixedSize.create 0.0) "size 0"
            )
    ]

[<Tests>]
let schedules =
    testList "Schedules" [
        testCase
            "rates follow their formulas"
            (fun () ->
                let rates (schedule: Schedule) = [
                    for k in [ 0L; 1L; 4L; 10L; 25L ] -> Schedule.rate k schedule
                ]

                let same (schedule: Schedule) (expected: float list) (name: string) =
                    List.iter2 (fun a e -> close 1e-15 a e name) (rates schedule) expected

                same (Schedule.Constant 0.3) [ 0.3; 0.3; 0.3; 0.3; 0.3 ] "constant"
                same (Schedule.StepDecay(1.0, 0.5, 4L)) [ 1.0; 1.0; 0.5; 0.25; 0.015625 ] "steps"

                same
                    (Schedule.Exponential(2.0, 0.5))
                    [ 2.0; 1.0; 0.125; 2.0 / 1024.0; 2.0 ** -24.0 ]
                    "exponential"

                same
                    (Schedule.Inverse(1.0, 1.0))
                    [ 1.0; 0.5; 0.2; 1.0 / 11.0; 1.0 / 26.0 ]
                    "inverse"

                let cosine k =
                    0.1 + 0.45 * (1.0 + cos (Math.PI * k / 20.0))

                same
                    (Schedule.Cosine(1.0, 0.1, 20L))
                    [ 1.0; cosine 1.0; cosine 4.0; 0.55; 0.1 ]
                    "cosine"

                same
                    (Schedule.WarmUp(5L, Schedule.Exponential(1.0, 0.5)))
                    [ 0.2; 0.4; 1.0; 2.0 ** -5.0; 2.0 ** -20.0 ]
                    "warm-up"
            )

        testCase
            "a method follows its schedule"
            (fun () ->
                let schedule = Schedule.WarmUp(3L, Schedule.StepDecay(0.1, 0.5, 2L))
                let sgd = Sgd.create { Sgd.defaults with Rate = schedule }
                let p = problem "booth"
                let options = { timeless with Budget = Budget.steps 8L }
                let result = Solver.minimizeWith options sgd p.Objective p.Start
                let rates = result.Trace |> List.map (fun r -> r.StepSize)
                Expect.equal rates [ for k in 0L .. 7L -> Schedule.rate k schedule ] "rates"
            )

        testCase
            "illegal schedules are refused"
            (fun () ->
                for schedule in
                    [
                        Schedule.Constant 0.0
                        Schedule.Constant nan
                        Schedule.StepDecay(0.1, 0.5, 0L)
                        Schedule.Exponential(0.1, -1.0)
                        Schedule.Inverse(0.1, -1.0)
                        Schedule.Cosine(0.1, 0.2, 10L)
                        Schedule.WarmUp(0L, Schedule.Constant 0.1)
                        Schedule.WarmUp(5L, Schedule.Constant -0.1)
                    ] do
                    Expect.throwsT<ArgumentOutOfRangeException>
                        (fun () -> Sgd.create { Sgd.defaults with Rate = schedule } |> ignore)
                        $"{schedule}"
            )
    ]
