namespace Optim.Benchmarks.Sections

open System
open System.Diagnostics
open Optim
open Optim.Core
open Optim.Torch
open Optim.Benchmarks

/// How often a step of each method calls into libtorch.
[<RequireQualifiedAccess>]
module EngineCrossings =

    let private sizes = Digits.all.Head

    let private options (steps: int64) : SolveOptions = {
        SolveOptions.defaults with
            Budget = Budget.steps steps
            StopRules = []
            TraceEvery = 0L
            ExaminesCurvature = false
    }

    /// Calls and seconds for a step: the difference between a longer and a shorter run, so that what is done once does
    /// not count.
    let private perStep
        (method: Method)
        (objective: Objective)
        (start: Tensor)
        : (float * float) option =
        let run (steps: int64) : int64 * float * int64 =
            let calls, clock = Torch.crossings (), Stopwatch.StartNew()
            let result = Solver.minimizeWith (options steps) method objective start
            Torch.crossings () - calls, clock.Elapsed.TotalSeconds, result.Steps

        run 1L |> ignore
        let calls2, seconds2, steps2 = run 2L
        let calls6, seconds6, steps6 = run 6L

        if steps6 = steps2 then
            None
        else
            let steps = float (steps6 - steps2)
            Some(float (calls6 - calls2) / steps, (seconds6 - seconds2) / steps)

    let private row (engine: Engine) (info: MethodInfo) : Row =
        let task = Digits.taskOn engine sizes
        let objective = Objective.eager (Objective.ofFunction task.Loss)

        {
            Name = info.Name
            Cells =
                match perStep (info.Create Map.empty) objective task.Start with
                | Some(calls, seconds) -> [
                    Cell.number "calls a step" calls
                    Cell.number "us a step" (seconds / 1e-6)
                    Cell.number "us a call" (seconds / calls / 1e-6)
                  ]
                | None -> [ Cell.missing "calls a step" "ended before" ]
        }

    /// The table.
    let measure () : Section = {
        Name = "engines"
        Tables = [
            {
                Title = $"Calls into libtorch: {sizes} on {Digits.Batch} digits, by method"
                Unit = ""
                Rows =
                    match Contest.torch with
                    | Ok engine -> Catalogue.all |> List.map (row engine)
                    | Error why -> [
                        { Name = "none"; Cells = [ Cell.missing "calls a step" why ] }
                      ]
                Notes = [
                    "the difference between runs of 6 and of 2 steps; all calls count, those that only read a length or free a tensor, too"
                ]
            }
        ]
        Bars = []
    }
