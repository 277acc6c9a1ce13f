/// What the tests of methods and of the loop share.
module Optim.CoreTests.Rigs

open System
open System.Threading
open Expecto
open Optim
open Optim.Core

/// All methods of the catalogue with their defaults.
let methods: Method list =
    Catalogue.all |> List.map (fun info -> info.Create Map.empty)

/// The methods that search along a line or in a region instead of following a rate.
let searching: Method list =
    Catalogue.all
    |> List.filter (fun info -> info.Traits.IsMonotone)
    |> List.map (fun info -> info.Create Map.empty)

/// The problem with this name in its default dimension.
let problem (name: string) : Problem = Problems.find name ValueNone

/// A clock that advances by this much each time somebody looks.
type StepClock(step: TimeSpan) =
    inherit TimeProvider()
    let mutable now = 0L
    override _.TimestampFrequency = TimeSpan.TicksPerSecond

    override _.GetTimestamp() =
        now <- now + step.Ticks
        now

    /// Lets time pass.
    member _.Advance(time: TimeSpan) = now <- now + time.Ticks

/// Options under which a run is the same every time, to the last bit of its report.
let timeless: SolveOptions = { SolveOptions.defaults with Clock = StepClock TimeSpan.Zero }

/// An objective that counts by itself how often its function is called.
let counted (objective: Objective) : Objective * (unit -> int64) =
    let calls = ref 0L

    let counting (f: Tensor -> Tensor) (x: Tensor) =
        calls.Value <- calls.Value + 1L
        f x

    {
        objective with
            Function = counting objective.Function
            FunctionAt = fun k -> counting (objective.FunctionAt k)
    },
    fun () -> calls.Value

/// The bits of a tensor's elements.
let bits (x: Tensor) : int64[] =
    x.ToArray() |> Array.map BitConverter.DoubleToInt64Bits

/// The accepted points of at most `steps` steps, the start first.
let path
    (steps: int64)
    (options: SolveOptions)
    (method: Method)
    (objective: Objective)
    (start: Tensor)
    : Tensor list =
    let points = ref [ start ]

    let observe (report: StepReport) (point: Tensor) =
        if report.Accepted then
            points.Value <- point :: points.Value

    let options = { options with Observe = observe; Budget = Budget.steps steps }

    Solver.minimizeWith options method objective start |> ignore
    List.rev points.Value

/// The largest difference of two points.
let distance (a: Tensor) (b: Tensor) : float =
    Array.map2 (fun x y -> abs (x - y)) (a.ToArray()) (b.ToArray()) |> Array.max

/// |x| as a number.
let length (x: Tensor) : float = (Tensor.norm x).ToScalar()

/// An oracle without limits, for parts of methods.
let oracle (objective: Objective) : Oracle =
    Oracle(
        objective,
        Budget.unlimited,
        Key.ofSeed 0L,
        (fun () -> TimeSpan.Zero),
        CancellationToken.None
    )

/// The two numbers agree up to an absolute tolerance.
let close (tolerance: float) (actual: float) (expected: float) (message: string) : unit =
    if not (abs (actual - expected) <= tolerance) then
        failtest $"{message}: {actual:R}, expected {expected:R} to within {tolerance}"

/// The point after exactly this many steps.
let after (steps: int64) (method: Method) (objective: Objective) (start: Tensor) : Tensor =
    let options = { timeless with StopRules = [] }
    (fst (Solver.startFor steps options method objective start)).Point
