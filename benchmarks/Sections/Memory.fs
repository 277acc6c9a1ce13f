namespace Optim.Benchmarks.Sections

open System
open Optim
open Optim.Core
open Optim.Benchmarks

/// Whether memory stays flat over very many steps.
[<RequireQualifiedAccess>]
module Memory =

    /// A run whose memory is watched.
    [<NoComparison; NoEquality>]
    type private Watched = {
        Name: string
        Method: Method
        Variables: int
        Steps: int64
    }

    let private adam = Adam.create { Adam.defaults with Rate = Schedule.Constant 1e-5 }

    /// Rates so small that no run ends before its budget.
    let private runs = [
        {
            Name = "Adam, n = 2"
            Method = adam
            Variables = 2
            Steps = 1_000_000L
        }
        {
            Name = "SGD, n = 1000"
            Method = Sgd.create { Sgd.defaults with Rate = Schedule.Constant 1e-9; Momentum = 0.9 }
            Variables = 1000
            Steps = 100_000L
        }
        {
            Name = "Adam, n = 100000"
            Method = adam
            Variables = 100_000
            Steps = 3_000L
        }
        {
            Name = "L-BFGS, n = 100000"
            Method = Lbfgs.create Lbfgs.defaults
            Variables = 100_000
            Steps = 500L
        }
    ]

    /// Where the run is looked at: the first tenth, the middle, the end.
    let private marks (steps: int64) : int64 list = [ steps / 10L; steps / 2L; steps ]

    let private watch (run: Watched) : Row * float =
        let resident = Collections.Generic.Dictionary<int64, float>()
        let marks = marks run.Steps
        let mutable allocated = 0L

        let options = {
            SolveOptions.defaults with
                Budget = Budget.steps run.Steps
                StopRules = []
                TraceEvery = 0L
                ExaminesCurvature = false
                Observe =
                    fun report _ ->
                        if List.contains report.Step marks then
                            resident[report.Step] <- Machine.residentMemory ()

                            if report.Step = marks.Head then
                                allocated <- GC.GetTotalAllocatedBytes true
        }

        let problem = Chain.problem run.Variables
        let result = Solver.minimizeWith options run.Method problem.Objective problem.Start
        let bytes = GC.GetTotalAllocatedBytes true - allocated
        let measured = float (result.Steps - marks.Head)

        let at (step: int64) : float =
            match resident.TryGetValue step with
            | true, value -> value
            | _ -> nan

        let live = float (GC.GetTotalMemory true) / 1048576.0

        let cells = [
            Cell.number "first tenth" (at marks[0])
            Cell.number "middle" (at marks[1])
            Cell.number "end" (at marks[2])
            Cell.number "alive after" live
            Cell.number "us / step" (1e6 * result.Elapsed.TotalSeconds / float result.Steps)
            Cell.number "B / step" (float bytes / measured)
        ]

        { Row.Name = $"{run.Name}, {result.Steps} steps"; Cells = cells }, at marks[2] - at marks[0]

    /// The table; the aim is that nothing grows after the first tenth, but for what a collector keeps in hand.
    let measure () : Section =
        let watched = runs |> List.map watch

        {
            Name = "memory"
            Tables = [
                {
                    Title = "Resident memory of a run"
                    Unit = "MiB"
                    Rows = List.map fst watched
                    Notes = [
                        "alive after: what the collector finds in use at the end, with the buffers that wait in the pool"
                    ]
                }
            ]
            Bars = [
                for row, growth in watched do
                    Bar.atMost $"{row.Name}: growth after the first tenth" "MiB" 16.0 growth
            ]
        }
