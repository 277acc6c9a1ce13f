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

    /// Calls for a step, the difference between a longer and a shorter run, so that what is done once does not count; and
    /// the seconds for a call in the longer one. None when the method ends before.
    let private perStep
        (method: Method)
        (objective: Objective)
        (start: Tensor)
        : (float * float) option =
        let run (steps: int64) : struct (int64 * int64 * float) =
            let calls, clock = Torch.crossings (), Stopwatch.StartNew()
            let result = Solver.minimizeWith (options steps) method objective start
            struct (result.Steps, Torch.crossings () - calls, clock.Elapsed.TotalSeconds)

        run 1L |> ignore
        let struct (steps2, calls2, _) = run 2L
        let struct (steps6, calls6, seconds6) = run 6L

        if steps6 = steps2 then
            None
        else
            Some(float (calls6 - calls2) / float (steps6 - steps2), seconds6 / float calls6)

    let private row (engine: Engine) (info: MethodInfo) : Row =
        let task = Digits.taskOn engine sizes
        let objective = Objective.eager (Objective.ofFunction task.Loss)

        {
            Name = info.Name
            Cells =
                match perStep (info.Create Map.empty) objective task.Start with
                | Some(calls, seconds) -> [
                    Cell.number "calls a step" calls
                    Cell.number "us a call" (seconds / 1e-6)
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
                    | Error _ -> [ { Name = "none"; Cells = [ Contest.absent ] } ]
                Notes = [
                    "the difference between runs of 6 and of 2 steps; all calls count, those that only read a length or free a tensor, too"
                ]
            }
        ]
        Bars = []
    }
