namespace Optim.Core

open Optim

/// The size a schedule gives, accepted without looking: classical gradient descent, pure Newton.
[<RequireQualifiedAccess>]
module FixedSize =

    /// The search that takes the schedule's rate times the direction. Trials need no slope.
    let scheduled (schedule: Schedule) : Search =
        Schedule.check (nameof schedule) schedule

        {
            new Search with
                member _.Name = "fixed"
                member _.Needs = TrialNeeds.Nothing

                member _.Start(origin, _, step) =
                    Search.start origin (Schedule.rate step schedule)

                member _.Next(_, _) = SearchDecision.Accept
        }

    /// The search that takes `size` times the direction. size: finite, above 0.
    let create (size: float) : Search = scheduled (Schedule.Constant size)
